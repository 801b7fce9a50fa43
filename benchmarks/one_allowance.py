"""A picture by our encoder with any tables and one allowance for all its blocks, for what is fitted or calibrated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg import native, pixels, region_map


def with_one_allowance(
    picture: Image.Image,
    tables: NDArray[np.uint16],
    allowance: float,
    weights: NDArray[np.float32] | None = None,
    **settings: Any,
) -> bytes:
    """A 4:2:0 file with the tables (2, 64) of luma and chroma; the other settings are those of native.Settings."""
    levels = np.zeros(region_map.grid_shape(picture.size), dtype=np.uint8)
    chroma = region_map.subsampled(levels, 2, 2)
    chosen = native.Settings(
        width=picture.width,
        height=picture.height,
        pixels="RGBX",
        components=(
            native.Component(2, 2, 0, levels),
            native.Component(1, 1, 1, chroma),
            native.Component(1, 1, 1, chroma),
        ),
        tables=tables,
        weights=weights,
        allowances=np.array([allowance], dtype=np.float32),
        **{"optimize": False, **settings},
    )
    return native.encode(chosen, pixels.image_strips(picture))
