"""Folders of JPEGs to run command lines on, made once of the photographs: quality 90, 4:2:0, by Pillow."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .photographs import Photograph, centre_box, photographs

QUALITY = 90
MIXED = 200
SIDES_OVER = (1, 1.5, 2, 3)  # each photograph of `large` and `wallpapers` is there in these sizes
LARGEST = 12  # megapixels; of one such size are the files of `large_files`
MAP_SIDE = 512


@dataclass(frozen=True)
class Folder:
    """JPEG files, and what they amount to."""

    path: Path
    files: tuple[Path, ...]
    megapixels: float
    bytes: int

    @classmethod
    def at(cls, path: Path) -> Folder:
        files = tuple(sorted(path.glob("*.jpg")))
        pixels = 0
        for file in files:
            with Image.open(file) as image:
                pixels += image.width * image.height
        return cls(path, files, pixels / 1e6, sum(file.stat().st_size for file in files))


def mixed_files(root: Path, folder: Path, quick: bool) -> Folder:
    """Two hundred files of 0.01 to 12 megapixels, large and small as they come."""
    return _folder(folder, _shuffled(list(_mixed(root))[:: 20 if quick else 1]))


def large_files(root: Path, folder: Path, quick: bool) -> Folder:
    """Files of 12 megapixels: the photographs that have them, each eight times, for a run has to take a while."""
    found = [photograph for photograph in photographs("large", root) if _megapixels(photograph) >= LARGEST]
    return _folder(folder, [(photograph, 1.0) for photograph in found] * (1 if quick else 8))


def centre_map(path: Path) -> Path:
    """Write the map of a box in the middle with 40 % of the area, for pictures of any size."""
    region_map = Image.new("L", (MAP_SIDE, MAP_SIDE))
    region_map.paste(255, centre_box(region_map.size))
    path.parent.mkdir(parents=True, exist_ok=True)
    region_map.save(path)
    return path


def _mixed(root: Path) -> Iterator[tuple[Photograph, float]]:
    """Photographs, and what their sides are divided by."""
    chosen = [*photographs("large", root), *photographs("wallpapers", root)]
    yield from ((photograph, over) for photograph in chosen for over in SIDES_OVER)
    small = photographs("imagenet_test", root)[: MIXED - len(chosen) * len(SIDES_OVER)]
    yield from ((photograph, 1.0) for photograph in small)


def _shuffled(chosen: list[tuple[Photograph, float]]) -> list[tuple[Photograph, float]]:
    return random.Random(0).sample(chosen, len(chosen))


def _megapixels(photograph: Photograph) -> float:
    image = photograph.load()
    return image.width * image.height / 1e6


def _folder(folder: Path, chosen: Iterable[tuple[Photograph, float]]) -> Folder:
    folder.mkdir(parents=True)
    for index, (photograph, over) in enumerate(chosen):
        image = photograph.load(LARGEST)
        if over > 1:
            size = (round(image.width / over), round(image.height / over))
            image = image.resize(size, Image.Resampling.LANCZOS)
        image.save(folder / f"{index:03}-{photograph.name}.jpg", quality=QUALITY, subsampling=2)
    return Folder.at(folder)
