"""Files with a scale of the quantisation steps for each region: their pictures, maps and settings."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy_jpeg
from helper import photograph
from numpy.typing import NDArray

from pyregjpeg import native
from pyregjpeg.native import Component, Settings
from pyregjpeg.quantization import ANNEX_K

FACTORS = np.arange(2, 51)
STEP_SCALES = (50 / FACTORS).astype(np.float32)
FORMS: dict[str, dict[str, Any]] = {
    "standard Huffman tables": {"optimize": False},
    "optimised": {},
    "progressive": {"scans": "progressive"},
    "smallest": {"scans": "smallest", "search_scans": True},
}
HALVINGS = {"4:4:4": 1, "4:2:0": 2}
SIZES = ((1, 1), (33, 17), (16, 16), (131, 77))  # width, height


def picture_of(size: tuple[int, int], mode: str) -> NDArray[np.uint8]:
    return np.asarray(photograph("astronaut", mode).resize(size))


def random_map(size: tuple[int, int], planes: int) -> NDArray[np.uint8]:
    """A level of STEP_SCALES for each region."""
    return np.random.default_rng(7).integers(0, len(FACTORS), (planes, *numpy_jpeg.region_grid(*size)), dtype=np.uint8)


def settings_for(
    picture: NDArray[np.uint8], of_regions: NDArray[np.uint8], halving: int = 1, **changes: Any
) -> Settings:
    """Those of a file whose regions have the levels that the map says."""
    height, width = picture.shape[:2]
    components = []
    for number, grid in enumerate(numpy_jpeg.block_grids(width, height, halving, 1 if picture.ndim == 2 else 3)):
        side = 2 if number == 0 else 2 // halving
        levels = numpy_jpeg.of_blocks(of_regions[min(number, 1)], grid, side)
        factor = halving if number == 0 else 1
        components.append(Component(factor, factor, min(number, 1), levels))
    settings = Settings(
        width=width,
        height=height,
        pixels="L" if picture.ndim == 2 else "RGB",
        components=tuple(components),
        tables=np.array(ANNEX_K, dtype=np.uint16)[: len(of_regions)],
        allowances=np.zeros(len(STEP_SCALES), dtype=np.float32),
        step_scales=STEP_SCALES,
    )
    return dataclasses.replace(settings, **changes)


def rows_of(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [picture.reshape(len(picture), -1)]


def region_file(picture: NDArray[np.uint8], of_regions: NDArray[np.uint8], halving: int = 1, **changes: Any) -> bytes:
    return native.encode(settings_for(picture, of_regions, halving, **changes), rows_of(picture))
