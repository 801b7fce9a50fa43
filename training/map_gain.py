"""What a map gains in bytes on one picture with known objects, composite or photograph, and on many."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

import pyregjpeg
from benchmarks.equal_quality import RateCurve, RatePoint, summarize
from benchmarks.photographs import HIDES_COMPRESSION
from pyregjpeg.metrics import psnr_y
from training.composites import KINDS, Composite
from training.map_scores import Mask, Plane
from training.real_masks import Labelled

QUALITY, BACKGROUND_QUALITY = 75, 30
FLAT_QUALITIES = (20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 73, 77, 80, 85)
GROUPS = {**dict.fromkeys(KINDS[:4], "small"), "large": "large", "frame-filling": "frame-filling"}  # of composites
COVERED = {0.15: "up to 15 %", 0.4: "15 to 40 %", 1.0: "more"}  # groups of photographs, by the share that objects cover
ALL_GROUPS = (*dict.fromkeys(GROUPS.values()), *COVERED.values())


@dataclass(frozen=True)
class Scene:
    """A picture, where in it (height, width) an object is, the group that it counts in, and its place among all."""

    number: int
    group: str
    image: Image.Image
    mask: Mask


Drive = Callable[[Scene, Scene], Plane | Mask]  # of a picture, and of another one: the map to encode it with


@dataclass(frozen=True)
class Gain:
    """One picture with one map: bytes, luma PSNR in dB inside the masks, bytes over those of a flat map at that PSNR.

    `ratio` is None where the flat map's curve does not reach that PSNR.
    """

    group: str
    size: int
    psnr: float
    ratio: float | None


def scenes_of_composites(made: Iterable[Composite]) -> Iterator[Scene]:
    """Those that have objects."""
    for number, picture in enumerate(made):
        if picture.masks:
            yield Scene(number, GROUPS[picture.kind], picture.image, np.logical_or.reduce(picture.masks))


def scenes_of_photographs(found: Iterable[Labelled]) -> Iterator[Scene]:
    """Scaled down, so that sizes are not those of pictures that were JPEG already; none that is all object."""
    for number, photograph in enumerate(found):
        width, height = photograph.image.size
        size = (round(width / HIDES_COMPRESSION), round(height / HIDES_COMPRESSION))
        image = photograph.image.resize(size, Image.Resampling.LANCZOS)
        mask = np.asarray(Image.fromarray(np.logical_or.reduce(photograph.masks)).resize(size))
        if not mask.all():
            group = next(name for most, name in COVERED.items() if mask.mean() <= most)
            yield Scene(number, group, image, mask)


def compare(scene: Scene, other: Scene, drives: Mapping[str, Drive]) -> dict[str, Gain]:
    """The gain of each map on one picture; `other` is the picture whose map may be borrowed."""

    def point(region_map: Plane | Mask | None, quality: int, background_quality: int) -> RatePoint:
        encoded = pyregjpeg.encode(
            scene.image,
            region_map=region_map,
            quality=quality,
            background_quality=background_quality,
            tables="annex-k",
        )
        return RatePoint(len(encoded), psnr_y(scene.image, Image.open(io.BytesIO(encoded)), scene.mask))

    curve = RateCurve(point(None, quality, quality) for quality in FLAT_QUALITIES)
    gains = {}
    for name, drive in drives.items():
        driven = point(drive(scene, other), QUALITY, BACKGROUND_QUALITY)
        flat_size = curve.size_at(driven.metric)
        ratio = None if flat_size is None else driven.size / flat_size
        gains[name] = Gain(scene.group, int(driven.size), driven.metric, ratio)
    return gains


def summary(gains: Sequence[Gain]) -> dict[str, Any]:
    """Bytes over those of a flat map, as geometric means with their 95 % intervals over pictures; means of the rest."""
    reached = [(gain.group, gain.ratio) for gain in gains if gain.ratio is not None]
    groups = {name: [ratio for group, ratio in reached if group == name] for name in ALL_GROUPS}
    return {
        "pictures": len(gains),
        "all": asdict(summarize([ratio for _, ratio in reached])),
        "groups": {group: asdict(summarize(ratios)) for group, ratios in groups.items() if ratios},
        "psnr": float(np.mean([gain.psnr for gain in gains])),
        "bytes": float(np.mean([gain.size for gain in gains])),
    }
