"""What a map gains in bytes on one picture with known objects, and on many."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

import pyregjpeg
from benchmarks.equal_quality import RateCurve, RatePoint, summarize
from pyregjpeg.metrics import psnr_y
from training.composites import KINDS, Composite
from training.map_scores import Mask, Plane

QUALITY, BACKGROUND_QUALITY = 75, 30
FLAT_QUALITIES = (20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 73, 77, 80, 85)
GROUPS = {"small": KINDS[:4], "large": KINDS[4:5], "frame-filling": KINDS[5:6]}  # kinds of composites

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
