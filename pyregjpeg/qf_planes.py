"""What the networks of QF maps are handed: the blocks of a picture in YCbCr 4:2:0, as coefficients or as levels.

Luma is (rows, columns, 64), both made even by repeating the last ones, chroma (2, rows / 2, columns / 2, 64); a grey
picture has chroma of zeros. A region is 16x16 pixels of luma: four blocks of luma, one of each chroma.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import native, pixels, region_map
from .errors import MapError, ModelError

Planes = tuple[NDArray[np.float32], NDArray[np.float32]]

_AS_IT_IS = ("1", "L", "RGB", "RGBX", "YCbCr")  # other modes have no YCbCr of their own


def of_picture(image: Image.Image) -> Planes:
    """The unquantised coefficients of an image of any mode; MapError if it has no pixels."""
    if 0 in image.size:
        raise MapError(f"A picture of {image.width}x{image.height} pixels has no region map")
    picture = pixels.picture_of(image if image.mode in _AS_IT_IS else image.convert("RGB"))
    luma = np.zeros(region_map.grid_shape(picture.size), np.uint8)
    if picture.layout.pixels == "L":
        components = [native.Component(1, 1, 0, luma)]
    else:
        components = [native.Component(2, 2, 0, luma), *[native.Component(1, 1, 0, luma[::2, ::2])] * 2]
    settings = native.Settings(
        width=picture.size[0],
        height=picture.size[1],
        pixels=picture.layout.pixels,
        components=tuple(components),
        tables=np.ones((1, 64), np.uint16),
        allowances=np.zeros(1, np.float32),
    )
    return _planes(native.coefficients(settings, picture.strips()))


def of_levels(levels: Sequence[NDArray[np.int16]]) -> Planes:
    """The levels of a file in 4:2:0, in 4:4:4 or grey, as `read_levels` gives them.

    In 4:4:4 the mean of a region's four blocks stands for its one block of 4:2:0. ModelError for others.
    """
    return _planes([plane.reshape(*plane.shape[:2], 64).astype(np.float32) for plane in levels])


def _planes(components: Sequence[NDArray[np.float32]]) -> Planes:
    luma = _even(components[0])
    shape = (luma.shape[0] // 2, luma.shape[1] // 2, 64)
    if len(components) == 1:
        return luma, np.zeros((2, *shape), np.float32)
    chroma = [plane if plane.shape == shape else _means(plane) for plane in components[1:]]
    if [plane.shape for plane in chroma] != [shape, shape]:
        raise ModelError("A QF map is of a picture in 4:2:0, in 4:4:4 or grey")
    return luma, np.stack(chroma)


def _even(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = plane.shape[:2]
    return np.pad(plane, ((0, rows % 2), (0, columns % 2), (0, 0)), mode="edge") if rows % 2 or columns % 2 else plane


def _means(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    even = _even(plane)
    means: NDArray[np.float32] = (even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]) / np.float32(4)
    return means
