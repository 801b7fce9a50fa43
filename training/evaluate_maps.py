"""Does a map miss no object? Recall of the objects in composites, for our models and for simpler maps.

    python -m training.evaluate_maps

An object is found at X % when at least half of its mask, or of X % of the picture where the mask is larger than that,
lies in the most important X % of the picture. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.photographs import add_photographs_option
from benchmarks.report import print_table, write_results
from pyregjpeg.map_model import load_model, to_pixels
from training.composites import KINDS, Composite, composites
from training.export import MODELS, WEIGHTS
from training.map_scores import Plane, area_under_curve, at_size, contrast, found, interval
from training.msroi_energy import MsroiEnergy
from training.msroi_lite0 import MsroiLite0
from training.simple_maps import centre_gaussian, energy, rarity, spectral_residual, together

AREAS = (20, 30, 40)  # per cent of the picture
SMALL = KINDS[:4]
UP_TO_THREE = KINDS[:3]
RESULTS = Path("training/results")

Record = dict[str, Any]  # of one picture: kind, objects, found_20, found_30, found_40, auc, contrast, high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--half", choices=("train", "test"), default="test", help="of the cut-outs and the scenery")
    parser.add_argument("--count", type=int, default=490, help="how many composites")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cards", action="store_true", help="write the figures of our models into their cards")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the JSON (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    maps = all_maps()
    records: dict[str, list[Record]] = {name: [] for name in maps}
    for composite in composites(arguments.photographs, arguments.half, arguments.count, arguments.seed):
        for name, map_of in maps.items():
            records[name].append(judge(composite, map_of(composite.image)))

    results = {name: summary(of_map) for name, of_map in records.items()}
    show(results)
    settings = {"half": arguments.half, "composites": arguments.count, "seed": arguments.seed}
    write_results(arguments.output, "evaluate_maps", {**settings, "maps": results})
    if arguments.cards:
        write_cards(results)


def all_maps() -> dict[str, Callable[[Image.Image], Plane]]:
    """Every map that is compared, as a function of the picture."""
    combination, trunk = MsroiLite0().eval(), MsroiEnergy().eval()
    random = np.random.default_rng(0)

    def class_map(image: Image.Image) -> Plane:
        with torch.inference_mode():
            _, features, scores = combination(torch.tensor(to_pixels(image, MODELS["msroi-2017"].card)))
            weights = combination.classifier.weight[scores[0].argmax()]
            return np.asarray(torch.tensordot(weights, features[0], dims=1))

    def read(image: Image.Image, *blocks: int) -> list[Plane]:
        """The features (channels, rows, cols) that come out of these blocks of Lite0."""
        pixels = torch.tensor(to_pixels(image, MODELS["msroi"].card))
        with torch.inference_mode():
            return [features[0].numpy() for features in trunk.features(pixels, blocks)]

    ours = {name: load_model(name).predict for name in MODELS}
    others: dict[str, Callable[[Image.Image], Plane]] = {
        "class activation map": class_map,
        "E: feature energy": lambda image: together(*map(energy, read(image, 4, 10, 15))),
        "R: rarity": lambda image: rarity(*read(image, 10)),
        "E + R": lambda image: together(*map(energy, read(image, 4, 10, 15)), rarity(*read(image, 10))),
        "msroi + R": lambda image: together(ours["msroi"](image), rarity(*read(image, 10))),
        "spectral residual": spectral_residual,
        "centre Gaussian": centre_gaussian,
        "random": lambda image: random.random((image.height // 16, image.width // 16)),
    }
    return {**ours, **{name: partial(_stretched, map_of) for name, map_of in others.items()}}


def _stretched(map_of: Callable[[Image.Image], Plane], image: Image.Image) -> Plane:
    plane = map_of(image)
    return (plane - plane.min()) / (plane.max() - plane.min())


def judge(composite: Composite, plane: Plane) -> Record:
    """The record of one picture; `high` is the share of it that is more important than a half."""
    sized = at_size(plane, composite.image.size)
    record: Record = {"kind": composite.kind, "objects": len(composite.masks), "high": float((sized > 0.5).mean())}
    if composite.masks:
        mask = np.logical_or.reduce(composite.masks)
        record |= {f"found_{area}": found(sized, composite.masks, area / 100) for area in AREAS}
        record |= {"auc": area_under_curve(sized, mask), "contrast": contrast(sized, mask)}
    return record


def summary(records: Sequence[Record]) -> dict[str, Any]:
    """Means with their intervals; recall in per cent of the objects, of small ones unless the name says otherwise."""

    def of(kinds: Sequence[str], name: str, per: str | None = None) -> list[float]:
        chosen = [record for record in records if record["kind"] in kinds and name in record]
        weights = None if per is None else [record[per] for record in chosen]
        scale = 1 if per is None else 100
        return [scale * value for value in interval([record[name] for record in chosen], weights)]

    return {
        **{f"recall_{area}": of(SMALL, f"found_{area}", "objects") for area in AREAS},
        "recall_30_up_to_3": of(UP_TO_THREE, "found_30", "objects"),
        **{f"recall_30_{kind}": of([kind], "found_30", "objects") for kind in KINDS if kind != "empty"},
        "auc": of(SMALL, "auc"),
        "auc_large": of(KINDS[4:6], "auc"),
        "contrast": of(SMALL, "contrast"),
        "high_in_empty": of(["empty"], "high"),
        "high_otherwise": of(SMALL, "high"),
    }


def show(results: Mapping[str, Mapping[str, Any]]) -> None:
    by_kind = [f"recall_30_{kind}" for kind in KINDS if kind != "empty"]
    rows = [
        [
            name,
            *(f"{means[kind][0]:.0f}" for kind in by_kind),
            "/".join(f"{means[f'recall_{area}'][0]:.0f}" for area in AREAS),
            f"{means['recall_30'][1]:.0f}..{means['recall_30'][2]:.0f}",
            f"{means['auc'][0]:.3f}",
            f"{means['auc_large'][0]:.2f}",
            f"{means['contrast'][0]:.2f}",
        ]
        for name, means in results.items()
    ]
    headers = ["map", *(kind.removeprefix("recall_30_") for kind in by_kind), "@20/30/40 %", "95 %", "AUC"]
    print_table(
        "Recall at 30 % by number of objects, in per cent; at three areas, small objects; interval at 30 %",
        [*headers, "AUC, large", "inside - outside"],
        rows,
    )
    for name in ("msroi", "msroi-2017"):
        empty, other = (results[name][key][0] for key in ("high_in_empty", "high_otherwise"))
        print(f"{name}: {empty:.0%} of an empty scene is above 0.5, {other:.0%} of one with small objects")


def write_cards(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Into the cards of our models: recall at 30 % of the area, in per cent, and area under the curve."""
    for name in MODELS:
        path = WEIGHTS / f"{name}.json"
        card = json.loads(path.read_text("utf-8"))
        figures = {
            "recall_at_30_percent_1_to_3_objects": round(results[name]["recall_30_up_to_3"][0], 1),
            "recall_at_30_percent_4_or_5_objects": round(results[name]["recall_30_4-5"][0], 1),
            "area_under_curve": round(results[name]["auc"][0], 3),
        }
        card["measured"] |= figures
        path.write_text(json.dumps(card, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
