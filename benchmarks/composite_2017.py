"""The method of Prakash et al. (DCC 2017, arXiv 1612.08712), the baseline that our block rule replaces.

The picture is encoded at ten qualities, each pixel is taken from the decoded version that its map value asks for, and
the composite is encoded once more.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEVELS = np.arange(10, 101, 10)

Qualities: TypeAlias = NDArray[np.float64]
Rule: TypeAlias = Callable[[NDArray[np.float32]], Qualities]


def linear(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's second rule: quality in proportion to map over its maximum, kept within 20..100."""
    largest = float(region_map.max())
    share = region_map / largest if largest > 0 else np.ones_like(region_map)
    return np.clip(100 * share.astype(np.float64), 20, 100)


def between(background: int) -> Rule:
    """A rule of our own for comparing: importance 0 asks for `background`, importance 1 for 100."""

    def rule(region_map: NDArray[np.float32]) -> Qualities:
        return background + (100 - background) * region_map.astype(np.float64)

    return rule


def encode(image: Image.Image, region_map: NDArray[np.float32], rule: Rule, final_quality: int) -> bytes:
    """The composite as a JPEG in 4:2:0 with optimised Huffman tables.

    Args:
        region_map: importance 0..1 of every pixel, shape (height, width).
    """
    return _jpeg(composite(image, rule(region_map)), final_quality)


def composite(image: Image.Image, qualities: Qualities) -> Image.Image:
    """Each pixel from the JPEG of the level nearest to its quality; levels that no pixel asks for are not encoded."""
    levels = LEVELS[np.clip(np.rint(qualities / 10).astype(int) - 1, 0, len(LEVELS) - 1)]
    pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
    for level in np.unique(levels):
        decoded = np.asarray(Image.open(io.BytesIO(_jpeg(image, int(level)))))
        np.copyto(pixels, decoded, where=(levels == level)[..., None])
    return Image.fromarray(pixels)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=2, optimize=True)
    return file.getvalue()
