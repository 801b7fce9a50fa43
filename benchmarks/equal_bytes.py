"""Files of a given number of bytes: the composite of 2017, REGIONJPEG and its controls, each at the quality that fits.

All have Annex K's tables at a quality that need not be a whole number, for whole numbers are too far apart in size.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg.quantization import ANNEX_K

from . import composite_2017
from .region_figures import on_pixels

SIZE_TOLERANCE = 0.01
OURS, STRONGER, FLAT = "REGIONJPEG", "REGIONJPEG, background 0.4", "flat map"
COMPOSITE, PLAIN = "composite of 2017", "plain JPEG"
STRONGER_RATIO = 0.4  # of background_quality to quality

Tables: TypeAlias = NDArray[np.int64]
Encoder: TypeAlias = Callable[[Tables, float], bytes]


def tables_at(quality: float) -> Tables:
    """Annex K's tables (2, 64) at a quality that need not be a whole number, by libjpeg's formula."""
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    scaled: Tables = np.clip(np.floor(ANNEX_K * (percent / 100) + 0.5), 1, 255).astype(np.int64)
    return scaled


def at_size(encode: Encoder, size: int) -> bytes:
    """The file nearest to `size` that bisection finds: over the quality, then over steps between two tables.

    Where many steps round up at the same quality the size jumps; then some of them are taken from either side.

    Raises:
        RuntimeError: it is more than 1 % off.
    """
    nearest = b""

    def is_too_large(tables: Tables, quality: float) -> bool:
        nonlocal nearest
        encoded = encode(tables, quality)
        if abs(len(encoded) - size) < abs(len(nearest) - size):
            nearest = encoded
        return len(encoded) > size

    def is_near(share: float = 1) -> bool:
        return abs(len(nearest) / size - 1) < SIZE_TOLERANCE * share

    low, high = 1.0, 99.5
    for _ in range(16):
        quality = (low + high) / 2
        low, high = (low, quality) if is_too_large(tables_at(quality), quality) else (quality, high)
        if is_near(0.1):
            return nearest
    coarse, fine = tables_at(low), tables_at(high)
    few, many = 0, coarse.size
    while many - few > 1 and not is_near():
        taken = (few + many) // 2
        mixed = np.where(np.arange(coarse.size).reshape(coarse.shape) < taken, fine, coarse)
        few, many = (few, taken) if is_too_large(mixed, low) else (taken, many)
    if not is_near():
        raise RuntimeError(f"No quality gives {size} bytes; the nearest is {len(nearest)}.")
    return nearest


def encoders(image: Image.Image, region_map: NDArray[np.float32]) -> dict[str, Encoder]:
    """The ways of spending a number of bytes, each as a function of the tables and the quality they stand for."""
    composite = composite_2017.composite(image, composite_2017.four_bands(on_pixels(region_map, image.size)))

    def composited(tables: Tables, _quality: float) -> bytes:
        file = io.BytesIO()
        composite.save(file, "JPEG", qtables=tables.tolist(), subsampling=2, optimize=True)
        return file.getvalue()

    def ours(tables: Tables, **options: Any) -> bytes:
        return pyregjpeg.encode(image, qtables=tables.tolist(), subsampling=2, **options)

    everywhere = np.ones((1, 1), dtype=np.float32)
    return {
        COMPOSITE: composited,
        FLAT: lambda tables, _: ours(tables, region_map=everywhere),
        STRONGER: lambda tables, quality: ours(
            tables, region_map=region_map, background_quality=max(1, round(STRONGER_RATIO * quality))
        ),
        OURS: lambda tables, _: ours(tables, region_map=region_map),
    }
