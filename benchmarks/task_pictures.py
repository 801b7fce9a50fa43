"""The pictures that networks are asked about: at a classifier's size, and larger ones that are scaled down for it.

Each set is there twice, of photographs set aside for judging, and of others, on which a design may be tried.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .photographs import HIDES_COMPRESSION, Photograph, photographs

SMALL_SIDE = 224  # what most classifiers see
LARGE_SIDE = 512
SHORT_SIDE = 768  # of a photograph that large pictures are cut from
CROPS = 3
MOST_SMALL = 80
VALIDATION = slice(7, None, 8)  # of imagenet_train: what training/qf_data.py puts aside for validation


@dataclass(frozen=True)
class TaskPicture:
    """A square picture in RGB and the photograph that it was cut from."""

    photograph: str
    image: Image.Image


def small(root: Path, judging: bool) -> list[TaskPicture]:
    """The middle of photographs of ImageNet, 224x224: eighty at even steps of those that are scaled down enough."""
    chosen = photographs("imagenet_test", root) if judging else photographs("imagenet_train", root)[VALIDATION]
    pictures = []
    for photograph in chosen:
        image = _whole(photograph)
        side = min(image.size)
        if side >= SMALL_SIDE * HIDES_COMPRESSION:
            [middle] = crops(image, side, 1)
            pictures.append(TaskPicture(photograph.name, middle.resize((SMALL_SIDE,) * 2, Image.Resampling.LANCZOS)))
    count = min(MOST_SMALL, len(pictures))
    return [pictures[number * len(pictures) // count] for number in range(count)]


def large(root: Path, judging: bool) -> list[TaskPicture]:
    """Squares of 512x512: two of each of Kodak and three of each of "large", or three of each of "wallpapers"."""
    if not judging:
        return list(_large_crops(photographs("wallpapers", root)))
    kodak = [
        TaskPicture(photograph.name, square)
        for photograph in photographs("kodak", root)
        for square in crops(photograph.load(), LARGE_SIDE, 2)
    ]
    return [*kodak, *_large_crops(photographs("large", root))]


def _large_crops(chosen: Sequence[Photograph]) -> Iterable[TaskPicture]:
    """Three of each photograph, its short side brought to SHORT_SIDE, so that its own compression does not show."""
    for photograph in chosen:
        image = _whole(photograph)
        factor = max(HIDES_COMPRESSION, min(image.size) / SHORT_SIDE)
        image = image.resize((round(image.width / factor), round(image.height / factor)), Image.Resampling.LANCZOS)
        yield from (TaskPicture(photograph.name, square) for square in crops(image, LARGE_SIDE, CROPS))


def crops(image: Image.Image, side: int, count: int) -> list[Image.Image]:
    """`count` squares at even steps from one end to the other, in the middle of the short side; one: in the middle."""
    shares = [0.5] if count == 1 else [number / (count - 1) for number in range(count)]
    wide = image.width >= image.height
    boxes = []
    for share in shares:
        left = round((image.width - side) * (share if wide else 0.5))
        upper = round((image.height - side) * (0.5 if wide else share))
        boxes.append((left, upper, left + side, upper + side))
    return [image.crop(box) for box in boxes]


def _whole(photograph: Photograph) -> Image.Image:
    return Image.open(io.BytesIO(photograph.read())).convert("RGB")
