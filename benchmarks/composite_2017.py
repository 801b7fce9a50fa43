"""The method of Prakash et al. (DCC 2017, arXiv 1612.08712), the baseline that our block rule replaces.

The picture is encoded at ten qualities, each pixel is taken from the decoded version that its map value asks for, and
the composite is encoded once more. Six rules say which quality a map value asks for, always within 20..100.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEVELS = np.arange(10, 101, 10)
SEARCH_FROM = 90  # the highest final quality

Qualities: TypeAlias = NDArray[np.float64]
Rule: TypeAlias = Callable[[NDArray[np.float32]], Qualities]


def above_mean(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's first rule: 100 above the mean of the map, 70 elsewhere."""
    return np.where(region_map > region_map.mean(dtype=np.float64), 100.0, 70.0)


def linear(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's second rule: quality in proportion to map over its maximum."""
    largest = float(region_map.max())
    share = region_map / largest if largest > 0 else np.ones_like(region_map)
    return _kept(100 * share.astype(np.float64))


def deciles(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's third rule: 10 times the decile, 1 to 10, in which a value falls."""
    return _kept(10 * (1 + _band(region_map, range(10, 100, 10)).astype(np.float64)))


def four_bands(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's fourth rule: 50, 70, 90 and 100, parted by the 20th, 60th and 90th percentile."""
    return np.array([50.0, 70.0, 90.0, 100.0])[_band(region_map, (20, 60, 90))]


def median_30_90(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's fifth rule: 30 below the median, 90 elsewhere."""
    return np.array([30.0, 90.0])[_band(region_map, (50,))]


def median_80_100(region_map: NDArray[np.float32]) -> Qualities:
    """The paper's sixth rule: 80 below the median, 100 elsewhere."""
    return np.array([80.0, 100.0])[_band(region_map, (50,))]


RULES: tuple[Rule, ...] = (above_mean, linear, deciles, four_bands, median_30_90, median_80_100)


def between(background: int) -> Rule:
    """A rule of our own for comparing: importance 0 asks for `background`, importance 1 for 100."""

    def rule(region_map: NDArray[np.float32]) -> Qualities:
        return background + (100 - background) * region_map.astype(np.float64)

    return rule


def _band(region_map: NDArray[np.float32], percentiles: Iterable[int]) -> NDArray[np.int64]:
    """How many of the map's percentiles each value reaches; a value that equals one belongs above it."""
    edges = np.percentile(region_map.astype(np.float64), list(percentiles))
    return np.searchsorted(edges, region_map, side="right")


def _kept(qualities: Qualities) -> Qualities:
    """Within 20..100; the rules that name their qualities cannot leave it."""
    return np.clip(qualities, 20, 100)


def encode(image: Image.Image, region_map: NDArray[np.float32], rule: Rule, final_quality: int) -> bytes:
    """The composite as a JPEG in 4:2:0 with optimised Huffman tables.

    Args:
        region_map: importance 0..1 of every pixel, shape (height, width).
    """
    return _jpeg(composite(image, rule(region_map)), final_quality)


def search(composited: Image.Image, plain_size: int, larger_percent: float = 0) -> tuple[int, bytes]:
    """The paper's search for the final quality: the first, from 90 downward, whose file is not too large.

    Args:
        composited: what `composite` returns.
        plain_size: bytes of the plain JPEG to keep to; in the paper that is at quality 50.
        larger_percent: how much larger than that the file may be.

    Returns:
        The quality and the file; at quality 1 the file whatever its size.
    """
    limit = plain_size * (1 + larger_percent / 100)
    for quality in range(SEARCH_FROM, 0, -1):
        encoded = _jpeg(composited, quality)
        if len(encoded) <= limit:
            break
    return quality, encoded


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
