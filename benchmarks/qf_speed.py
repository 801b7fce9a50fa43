"""What QF maps cost in time: generator and predictor by size of the picture, over Pillow's optimised save of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import pyregjpeg
from pyregjpeg import qf_predictor
from pyregjpeg.map_model import load_model
from pyregjpeg.qf_model import QfModel

from .encode_speed import TIMED_BY_SIZE, save
from .photographs import photographs
from .report import geometric_mean, print_table
from .timing import time_interleaved

SIZES = (0.2, 1, 2, 12)  # megapixels
PILLOW, GENERATOR, PREDICTOR = "Pillow", "generator", "predictor"


def time_networks(root: Path, rounds: int, quick: bool) -> dict[str, Any]:
    """By size: Pillow's milliseconds, and of each network its own and their ratio to Pillow's.

    Geometric means over photographs of medians over rounds; `low` and `high` are the means of the 10th and 90th
    percentile of the ratios within rounds.
    """
    model, predictor = load_model("qf"), qf_predictor.default_predictor()
    assert isinstance(model, QfModel)
    chosen = [each for each in photographs("large", root) if each.name in TIMED_BY_SIZE]
    results: dict[str, Any] = {}
    for megapixels in SIZES[:2] if quick else SIZES:
        timed = []
        for photograph in chosen:
            image = photograph.load(megapixels)
            factors = model.factors(image)
            limits = [(int(plane.min()), int(plane.max())) for plane in factors]
            levels = pyregjpeg.read_levels(pyregjpeg.encode(image, overhead_free=True, subsampling="4:2:0"))
            tasks: dict[str, Callable[[], object]] = {
                PILLOW: partial(save, image, "JPEG", quality=75, optimize=True),
                GENERATOR: partial(model.factors, image),
                PREDICTOR: partial(predictor.predict, levels, limits),
            }
            timed.append(time_interleaved(tasks, rounds))
        results[f"{megapixels:g} MP"] = {
            f"{PILLOW}, ms": geometric_mean([1000 * float(np.median(seconds[PILLOW])) for seconds in timed]),
            **{name: _over_pillow(timed, name) for name in (GENERATOR, PREDICTOR)},
        }
    return results


def _over_pillow(timed: list[Any], name: str) -> dict[str, float]:
    ratios = [np.median(seconds[name]) / np.median(seconds[PILLOW]) for seconds in timed]
    percentiles = [np.percentile(seconds[name] / seconds[PILLOW], (10, 90)) for seconds in timed]
    low, high = (geometric_mean(list(values)) for values in zip(*percentiles, strict=True))
    return {
        "ms": geometric_mean([1000 * float(np.median(seconds[name])) for seconds in timed]),
        "over Pillow": geometric_mean(ratios),
        "low": low,
        "high": high,
    }


def report_speed(results: dict[str, Any]) -> None:
    rows = []
    for size, found in results.items():
        cells = [size]
        for name in (GENERATOR, PREDICTOR):
            one = found[name]
            cells += [f"{one['over Pillow']:.2f} ({one['low']:.2f}..{one['high']:.2f})", f"{one['ms']:.0f} ms"]
        rows.append([*cells, f"{found[f'{PILLOW}, ms']:.0f} ms"])
    headers = [
        "picture",
        "generator / Pillow",
        "generator",
        "predictor / Pillow",
        "predictor",
        "Pillow, optimised, q75",
    ]
    print_table("**Time of the networks** (10th..90th percentile of rounds)", headers, rows)
