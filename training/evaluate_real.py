"""Does a map miss no object in photographs that others marked? Recall by source, for our models and for other maps.

    python -m training.evaluate_real

A map that was made with composites flatters itself on composites: this is the check. Objects are those of
training/real_masks.py; found is as in training.evaluate_maps. A photograph whose objects cover more than 60 %
of it counts for recall, but has no area under the curve. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.photographs import add_photographs_option
from benchmarks.report import print_table, write_results
from training.compared_maps import all_maps
from training.map_scores import AREAS, Record, judge, summary_of_source
from training.real_masks import SOURCES, labelled
from training.reference_networks import add_references_options, skipped

LEFT_OUT = ("Grad-CAM", "R: rarity", "E + R", "msroi + R")  # told apart on composites
RESULTS = Path("training/results")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--sources", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the JSON (default: %(default)s)")
    add_references_options(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    maps = {name: map_of for name, map_of in all_maps(arguments.references).items() if name not in LEFT_OUT}
    results: dict[str, dict[str, Any]] = {}
    for source in arguments.sources:
        records: dict[str, list[Record]] = {name: [] for name in maps}
        for number, photograph in enumerate(labelled(source, arguments.photographs)):
            for name, map_of in maps.items():
                if not skipped(name, number, arguments.isnet_count):
                    records[name].append(judge(map_of(photograph.image), photograph.masks, photograph.image.size))
        results[source] = {name: summary_of_source(of_map) for name, of_map in records.items()}
        show(source, results[source])
    write_results(arguments.output, "evaluate_real", results)


def show(source: str, results: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [
        [
            name,
            f"{means['pictures']}, {means['objects']}",
            "/".join(f"{means[f'recall_{area}'][0]:.0f}" for area in AREAS),
            f"{means['recall_30'][1]:.0f}..{means['recall_30'][2]:.0f}",
            f"{means['auc'][0]:.3f}",
            f"{means['auc'][1]:.2f}..{means['auc'][2]:.2f}",
        ]
        for name, means in results.items()
    ]
    headers = ["map", "pictures, objects", "found @20/30/40 %", "95 % at 30", "AUC", "95 %"]
    print_table(f"{source}: objects found, in per cent", headers, rows)


if __name__ == "__main__":
    main()
