"""Pictures of a map: as a heat map over the photograph, block by block, and written to a file."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import storage
from .errors import MapError
from .region_map import BLOCK

# Dark to bright, perceptually even: importance 0, 1/4, 1/2, 3/4, 1.
_HEAT = np.array([(13, 8, 60), (92, 18, 110), (188, 55, 84), (243, 120, 25), (252, 230, 120)], dtype=np.float64)


def overlay(image: Image.Image, importance: NDArray[np.floating]) -> Image.Image:
    """The photograph in gray, coloured by importance from dark blue (0) over red to yellow (1).

    Args:
        importance: 0..1, shape (rows, cols), at any resolution; it covers the whole photograph.

    Returns:
        An RGB image of the photograph's size.

    Raises:
        MapError: the map is not two-dimensional, is empty, or has values outside 0..1.
    """
    values = np.asarray(importance, dtype=np.float32)
    if values.ndim != 2 or values.size == 0 or not (values.min() >= 0 and values.max() <= 1):
        raise MapError(f"Importance is an array (rows, cols) of values from 0 to 1, not one of shape {values.shape}.")
    resized = np.asarray(Image.fromarray(values).resize(image.size, Image.Resampling.BICUBIC))
    gray = np.asarray(image.convert("L"))
    drawn = np.empty((*gray.shape, 3), dtype=np.uint8)
    for row, (heat, lightness) in enumerate(zip(resized, gray, strict=True)):  # whole pictures of indices are large
        drawn[row] = _colours()[np.rint(255 * np.clip(heat, 0, 1)).astype(np.uint8), lightness]  # bicubic overshoots
    return Image.fromarray(drawn)


@functools.cache
def _colours() -> NDArray[np.uint8]:
    """By importance and by gray, each 0 to 255: the colour."""
    place = np.linspace(0, len(_HEAT) - 1, 256)
    heat = np.stack([np.interp(place, np.arange(len(_HEAT)), channel) for channel in _HEAT.T], axis=-1)
    return np.clip(heat[:, None] * (0.45 + 0.75 * np.linspace(0, 1, 256))[:, None], 0, 255).astype(np.uint8)


def on_pixels(
    blocks: NDArray[np.float32], size: tuple[int, int], block: tuple[float, float] = (BLOCK, BLOCK)
) -> NDArray[np.float32]:
    """The value of its block for each pixel of a picture of `size` (width, height), shape (height, width).

    `block` is the (width, height) in pixels that a value stands for; the last ones may reach over the picture's edge.
    """
    columns, rows = ((np.arange(side) / step).astype(np.intp) for side, step in zip(size, block, strict=True))
    return blocks[np.ix_(rows, columns)]


def write(picture: Image.Image, location: str, **options: Any) -> None:
    """Store the picture, completely or not at all, in the format that the name's suffix stands for, with its options.

    Raises ValueError for a suffix that Pillow does not know, OSError if it cannot be written.
    """
    suffix = Path(location).suffix
    picture_format = Image.registered_extensions().get(suffix.lower())
    if picture_format is None:
        raise ValueError(f"unknown file extension: {suffix}")
    file = io.BytesIO()
    picture.save(file, picture_format, **options)
    storage.write(location, file.getvalue())
