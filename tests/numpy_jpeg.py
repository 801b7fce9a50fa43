"""JPEG in numpy with a scale of the steps for each region: what the C code is held against.

Colour conversion, sampling and the inverse DCT are libjpeg's integers; the forward DCT is block_rule's, in double
precision. Pictures are uint8, RGB (height, width, 3) or grey (height, width); scales are float32 (planes, rows,
columns), planes being luma and chroma, or luma alone, and a region 16x16 pixels of luma.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import block_rule
import numpy as np
from numpy.typing import NDArray

REGION = 16

# 65536ths, as libjpeg rounds them; the rows are Y, Cb, Cr.
_TO_YCC = np.array(((19595, 38470, 7471), (-11059, -21709, 32768), (32768, -27439, -5329)))
_TO_YCC_OFFSETS = np.array((32768, 128 * 65536 + 32767, 128 * 65536 + 32767))

# One pass of jidctint.c in 8192ths: eight coefficients to the first half of eight samples; the second mirrors it.
_ISLOW_HALF = np.array(
    (
        (8192, 11363, 10703, 9633, 8192, 6437, 4433, 2260),
        (8192, 9633, 4433, -2259, -8192, -11362, -10704, -6436),
        (8192, 6437, -4433, -11362, -8192, 2261, 10704, 9633),
        (8192, 2260, -10703, -6436, 8192, 9633, -4433, -11363),
    )
)
_ISLOW = np.concatenate((_ISLOW_HALF, _ISLOW_HALF[::-1] * np.tile((1, -1), 4)))


def region_grid(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of regions."""
    return -(-height // REGION), -(-width // REGION)


def block_grids(width: int, height: int, halving: int, count: int) -> list[tuple[int, int]]:
    """Rows and columns of blocks of each of 1 or 3 components; halving is 2 in 4:2:0, else 1."""
    return [block_rule.grid(width, height, factor, factor) for factor in (1, halving, halving)[:count]]


def of_blocks(of_regions: NDArray[Any], grid: tuple[int, ...], side: int) -> NDArray[Any]:
    """What each region has, for each block, of which `side` times `side` are in a region."""
    return of_regions.repeat(side, axis=0).repeat(side, axis=1)[: grid[0], : grid[1]]


def coefficients(picture: NDArray[np.uint8], halving: int = 1) -> list[NDArray[np.float64]]:
    """The unquantised coefficients of each component, (block rows, block columns, 8, 8)."""
    if picture.ndim == 2:
        return [block_rule.coefficients(picture)]
    ycc = (picture.astype(np.int64) @ _TO_YCC.T + _TO_YCC_OFFSETS) >> 16
    planes = [plane.astype(np.uint8) for plane in np.moveaxis(ycc, -1, 0)]
    if halving == 2:
        planes[1:] = [_halved(plane) for plane in planes[1:]]
    return [block_rule.coefficients(plane) for plane in planes]


def decoded(
    levels: Sequence[NDArray[np.int16]],
    tables: Sequence[NDArray[np.uint16]],
    scales: NDArray[np.float32],
    size: tuple[int, int],
    halving: int = 1,
) -> NDArray[np.uint8]:
    """The picture that levels (block rows, block columns, 8, 8) show, dequantised region by region."""
    width, height = size
    planes = []
    for number, (plane, table) in enumerate(zip(levels, tables, strict=True)):
        factor = 1 if number == 0 else halving
        scale = of_blocks(scales[min(number, len(scales) - 1)], plane.shape[:2], REGION // (8 * factor))
        steps = table.reshape(8, 8).astype(np.float32) * scale[..., np.newaxis, np.newaxis]
        values = np.clip(np.rint(plane.astype(np.float32) * steps), -32768, 32767)
        samples = _inverse_dct(values.astype(np.int64))[: -(-height // factor), : -(-width // factor)]
        planes.append(_doubled(samples)[:height, :width] if factor == 2 else samples)
    return planes[0].astype(np.uint8) if len(planes) == 1 else _to_rgb(*planes)


def _halved(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of 2x2 samples; libjpeg rounds halves down in even columns and up in odd ones."""
    height, width = plane.shape
    whole = -(-width // 16) * 16
    wide = np.pad(plane.astype(np.int64), ((0, height % 2), (0, whole - width)), mode="edge")
    sums = wide[::2, ::2] + wide[::2, 1::2] + wide[1::2, ::2] + wide[1::2, 1::2]
    halved: NDArray[np.uint8] = ((sums + np.tile((1, 2), whole // 4)) >> 2).astype(np.uint8)
    return halved


def _doubled(plane: NDArray[np.int64]) -> NDArray[np.int64]:
    """libjpeg's triangle filter, 3/4 of the nearer sample and 1/4 of the other; planes up to 2 wide are repeated."""
    if plane.shape[1] <= 2:
        return plane.repeat(2, axis=0).repeat(2, axis=1)
    padded = np.pad(plane, ((1, 1), (0, 0)), mode="edge")
    rows = np.stack((3 * plane + padded[:-2], 3 * plane + padded[2:]), axis=1).reshape(-1, plane.shape[1])
    padded = np.pad(rows, ((0, 0), (1, 1)), mode="edge")
    pairs = np.stack((3 * rows + padded[:, :-2] + 8, 3 * rows + padded[:, 2:] + 7), axis=2)
    doubled: NDArray[np.int64] = pairs.reshape(len(rows), -1) >> 4
    return doubled


def _inverse_dct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Samples (height, width), 0..255, by libjpeg's accurate integer DCT."""
    columns = (_ISLOW @ values + 2**10) >> 11
    blocks = np.clip(((columns @ _ISLOW.T + 2**17) >> 18) + 128, 0, 255)
    return blocks.swapaxes(1, 2).reshape(8 * values.shape[0], 8 * values.shape[1])


def _to_rgb(luma: NDArray[np.int64], blue: NDArray[np.int64], red: NDArray[np.int64]) -> NDArray[np.uint8]:
    blue, red = blue - 128, red - 128
    bands = (
        luma + ((91881 * red + 32768) >> 16),
        luma + ((-22554 * blue - 46802 * red + 32768) >> 16),
        luma + ((116130 * blue + 32768) >> 16),
    )
    return np.clip(np.stack(bands, axis=-1), 0, 255).astype(np.uint8)
