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

LEFT_OUT = ("Grad-CAM", "R: rarity", "E + R")  # told apart on composites
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
    show(results)
    write_results(arguments.output, "evaluate_real", results)


def show(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """One row per map, two columns per source."""
    most = {source: max(means["pictures"] for means in of_source.values()) for source, of_source in results.items()}
    headers, rows = ["map"], {name: [name] for name in next(iter(results.values()))}
    for source, of_source in results.items():
        headers += [f"{source}: {most[source]} photographs", "AUC"]
        for name, means in of_source.items():
            recall = "/".join(f"{means[f'recall_{area}'][0]:.0f}" for area in AREAS)
            _, low, high = means["recall_30"]
            of_fewer = "" if means["pictures"] == most[source] else f", of {means['pictures']}"
            rows[name] += [f"{recall} ({low:.0f}..{high:.0f}){of_fewer}", f"{means['auc'][0]:.3f}"]
    print_table("Objects found @20/30/40 %, in per cent (95 % at 30, over photographs)", headers, list(rows.values()))


if __name__ == "__main__":
    main()
