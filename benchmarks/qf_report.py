"""The tables and the figures of QF maps and their predictor, made of the answers about each picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .qf_arms import ARMS, OWN, PILLOW, UNCORRECTED, Prediction, qualities_of
from .report import print_table
from .task_asking import AGREEMENT, CONFIDENCE, Answers
from .task_report import (
    Curves,
    as_dicts,
    compared,
    counted,
    curves_as_dicts,
    report_gains,
    report_shares,
    shared_size,
    sweeps,
)

# What a map gains by itself: against the same dialect with a map that knows nothing of the picture.
CONTRASTS = (
    (OWN, "overhead-free, flat"),
    (OWN, "overhead-free, heaped in the middle"),
    (OWN, "overhead-free, another picture's map"),
    (OWN, UNCORRECTED),
    ("standard, qf", "standard, flat"),
    ("standard, qf", "standard, another picture's qf"),
    ("standard, msroi", "standard, centre Gaussian"),
)


def report_setting(
    setting: str, found: Sequence[Answers], predictions: Sequence[list[Prediction]]
) -> tuple[dict[str, Any], Curves]:
    """Print the tables of one setting; its figures, and its curves. Predictions are of the files of OWN."""
    curves = sweeps(found)
    gains = {arm: compared(found, curves, arm, PILLOW) for arm in ARMS if arm != PILLOW}
    against_mozjpeg = {arm: compared(found, curves, arm, "mozjpeg") for arm in (OWN, "standard, qf", "standard, msroi")}
    contrasts = {f"{arm} / {rival.split(', ')[-1]}": compared(found, curves, arm, rival) for arm, rival in CONTRASTS}
    pictures = counted(found, curves)
    numbers = ", ".join(f"{name.split(',')[0]} {count}" for name, count in pictures.items())
    report_gains(f"**{setting}: bytes at equal answers, against Pillow** (95 %; pictures: {numbers})", gains)
    report_gains(f"**{setting}: against mozjpeg**", against_mozjpeg)
    report_gains(f"**{setting}: what the map gains by itself**", contrasts)
    size = shared_size(curves, list(ARMS))
    title = f"**{setting}: answers at {size / 1000:.2f} kB a picture**"
    answers = report_shares(title, curves, size, {AGREEMENT: "same class", CONFIDENCE: "sure of it"})
    figures = {
        "pictures": pictures,
        "photographs": len({each.photograph for each in found}),
        "qualities": {arm: qualities_of(arm) for arm in ARMS},
        "against Pillow": as_dicts(gains),
        "against mozjpeg": as_dicts(against_mozjpeg),
        "of the map": as_dicts(contrasts),
        "at equal bytes": answers,
        "predictor": report_predictor(setting, predictions),
        "curves": curves_as_dicts(curves),
    }
    return figures, curves


def report_predictor(setting: str, found: Sequence[list[Prediction]]) -> dict[str, dict[str, float]]:
    """By strength: how much of the map the predictor tells, and what it takes to tell the rest, or all of it."""
    figures, rows = {}, []
    for place, strength in enumerate(qualities_of(OWN)):
        seen = [each[place] for each in found]

        def mean(name: str, seen: Sequence[Prediction] = seen) -> float:
            return float(np.mean([getattr(one, name) for one in seen]))

        luma, chroma = np.mean([one.right for one in seen], axis=0).tolist()
        off_luma, off_chroma = np.mean([one.off_by for one in seen], axis=0).tolist()
        whole, told = mean("file_bytes"), mean("told_bytes")
        figures[str(strength)] = {
            "luma right": luma,
            "chroma right": chroma,
            "luma off by": off_luma,
            "chroma off by": off_chroma,
            "file, bytes": whole,
            "map in it, bytes": told,
            "map in it, per cent": 100 * told / whole,
            "corrections to the predictor, bytes": mean("correction_bytes"),
            "map told whole, bytes": mean("whole_bytes"),
            "map by zlib, bytes": mean("zlib_bytes"),
            "files that use the predictor": mean("used"),
        }
        rows.append(
            [
                str(strength),
                f"{luma:.0%}, {chroma:.0%}",
                f"{off_luma:.2f}, {off_chroma:.2f}",
                f"{whole:.0f}",
                f"{told:.0f} ({100 * told / whole:.1f} %)",
                *(f"{mean(name):.0f}" for name in ("correction_bytes", "whole_bytes", "zlib_bytes")),
                f"{mean('used'):.0%}",
            ]
        )
    headers = ["strength of the map", "told rightly, luma and chroma", "off by", "file, bytes", "the map in it"]
    headers += ["corrections to the predictor", "map told whole", "by zlib", "files that use the predictor"]
    print_table(f"**{setting}: the predictor**", headers, rows)
    return figures
