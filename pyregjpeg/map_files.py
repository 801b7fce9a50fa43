"""Region maps for many pictures: one file for all of them, or a folder in which each finds its own by name."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from . import storage
from .errors import MapError
from .region_map import RegionMap

SUFFIXES = (".png", ".npy", ".pgm", ".tif", ".tiff", ".bmp", ".webp", ".jpg", ".jpeg")


@dataclass(frozen=True)
class MapFile:
    """The content of a file that holds a region map."""

    location: str
    content: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    def region_map(self) -> RegionMap:
        """The map, as the encoder takes it; MapError if the file holds none."""
        try:
            if self.location.endswith(".npy"):
                return np.load(io.BytesIO(self.content), allow_pickle=False)  # type: ignore[no-any-return]
            image = Image.open(io.BytesIO(self.content))
            image.load()
            return image
        except Exception as error:  # a damaged file makes Pillow and numpy raise errors of many kinds
            raise MapError(f"The region map {self.location!r} cannot be read: {error}") from error


def read(location: str, name: str) -> MapFile:
    """The map for the picture `name`, a path without suffix: `location` itself, or a file in the folder that it is.

    In a folder it has the picture's name, in the picture's own subfolder or in none. MapError if there is no such file,
    OSError if it cannot be read.
    """
    if storage.is_folder(location):
        location = _find(location, name)
    return MapFile(location, storage.read(location))


def _find(folder: str, name: str) -> str:
    stem = os.path.basename(name)  # noqa: PTH119, a location need be no path
    for path in dict.fromkeys((name, stem)):
        for suffix in SUFFIXES:
            location = storage.join(folder, path + suffix)
            if storage.size(location) is not None:
                return location
    raise MapError(f"There is no region map for it: {folder} holds no {stem}.png, and none with another suffix")
