"""Does a map miss no object? Recall of the objects in composites, for our models and for simpler maps.

    python -m training.evaluate_maps

An object is found at X % when at least half of its mask, or of X % of the picture where the mask is larger than that,
lies in the most important X % of the picture. Needs the extras [train] and [bench].

Intervals are over pictures: of one set of composites (--composites-seed), of the weights that are registered. How much
a model changes with the seed that it was trained with, they do not say.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.photographs import add_photographs_option
from benchmarks.report import print_table, write_results
from training.compared_maps import all_maps
from training.composites import KINDS, composites
from training.map_models import MODELS
from training.map_scores import AREAS, Record, judge, summary_of_composites
from training.onnx_files import WEIGHTS
from training.reference_networks import add_references_options, skipped

RESULTS = Path("training/results")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--half", choices=("train", "test"), default="test", help="of the cut-outs and the scenery")
    parser.add_argument("--count", type=int, default=490, help="how many composites")
    parser.add_argument("--composites-seed", type=int, default=0, help="of the composites; nothing is trained here")
    parser.add_argument("--cards", action="store_true", help="write the figures of our models into their cards")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the JSON (default: %(default)s)")
    add_references_options(parser)
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of training runs to compare with")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    maps = all_maps(arguments.references, arguments.runs)
    records: dict[str, list[Record]] = {name: [] for name in maps}
    made = composites(arguments.photographs, arguments.half, arguments.count, arguments.composites_seed)
    for number, composite in enumerate(made):
        for name, map_of in maps.items():
            if not skipped(name, number, arguments.isnet_count):
                of_picture = judge(map_of(composite.image), composite.masks, composite.image.size)
                records[name].append({"kind": composite.kind, **of_picture})

    results = {name: summary_of_composites(of_map) for name, of_map in records.items()}
    seed = arguments.composites_seed
    print(f"{arguments.count} composites of the {arguments.half} half, made with seed {seed}; intervals over pictures")
    show(results)
    settings = {"half": arguments.half, "composites": arguments.count, "composites_seed": seed}
    write_results(arguments.output, "evaluate_maps", {**settings, "maps": results})
    if arguments.cards:
        write_cards(results)


def show(results: Mapping[str, Mapping[str, Any]]) -> None:
    by_kind = [f"recall_30_{kind}" for kind in KINDS if kind != "empty"]
    most = max(means["pictures"] for means in results.values())
    rows = [
        [
            name if means["pictures"] == most else f"{name}, {means['pictures']} pictures",
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
    for name in MODELS:
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
