"""Region maps: from arrays, images, files and boxes to the importance of each 8x8 block of the picture.

A map is in the picture's own pixel axes, before any EXIF orientation is applied, and covers the whole picture at
whatever resolution it has. Sizes are (width, height) as in Pillow, arrays (rows, cols).
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from .errors import MapError

BLOCK = 8
LEVELS = 64  # steps of importance that the encoder tells apart

Transpose = Image.Transpose
# EXIF orientations: what turns the stored picture upright, and what turns a map of it back.
TURNS = {
    2: (Transpose.FLIP_LEFT_RIGHT, Transpose.FLIP_LEFT_RIGHT),
    3: (Transpose.ROTATE_180, Transpose.ROTATE_180),
    4: (Transpose.FLIP_TOP_BOTTOM, Transpose.FLIP_TOP_BOTTOM),
    5: (Transpose.TRANSPOSE, Transpose.TRANSPOSE),
    6: (Transpose.ROTATE_270, Transpose.ROTATE_90),
    7: (Transpose.TRANSVERSE, Transpose.TRANSVERSE),
    8: (Transpose.ROTATE_90, Transpose.ROTATE_270),
}

Box: TypeAlias = Sequence[float]
RegionMap: TypeAlias = "NDArray[np.generic] | Image.Image | str | os.PathLike[str] | Sequence[Box]"


def block_importance(region_map: RegionMap, size: tuple[int, int]) -> NDArray[np.float32]:
    """Importance 0..1 of each 8x8 block of a picture, float32 of shape (ceil(H / 8), ceil(W / 8)).

    Where the map is finer than the blocks, a block takes the maximum over the pixels that it covers; where it is
    coarser, bilinear interpolation; a map of exactly that shape is taken as it is. A box counts for every block that it
    touches, the highest importance where boxes overlap.

    `region_map`: an array (rows, cols) of float 0..1, uint8 0..255 or bool; an image of mode 1, L, RGB (its luma),
    I;16 or F; the path of an image or of a .npy file; or boxes (left, upper, right, lower) in pixels, each with an
    importance 0..1 as fifth number if it is not 1. Raises MapError for any other and for empty maps, NaN, values
    out of range and boxes that do not overlap the picture.
    """
    if isinstance(region_map, (list, tuple)):
        return _from_boxes(region_map, size)
    values = _values(region_map)
    for side in (size[1], size[0]):
        values = _on_blocks(values, side).T
    return _scaled(values)


def importance(region_map: RegionMap) -> NDArray[np.float32]:
    """Importance 0..1 in the map's own resolution, float32 (rows, cols); boxes have none and are refused.

    For the rest, `region_map` and errors are those of `block_importance`.
    """
    return _scaled(_values(region_map))


def turns(image: Image.Image) -> tuple[Transpose, Transpose] | None:
    """How to turn the picture upright and a map of it back, by its EXIF orientation; None where it is upright."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF makes Pillow raise errors of many kinds, and says nothing about what is up
        return None
    return TURNS.get(orientation) if isinstance(orientation, int) else None


def to_levels(blocks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Importance 0..1 as map levels 0..LEVELS - 1."""
    return np.rint(blocks * (LEVELS - 1)).astype(np.uint8)


def feathered(levels: NDArray[np.uint8], feather: int) -> NDArray[np.uint8]:
    """Let importance fall off linearly to the surroundings over `feather` blocks; no block is ever lowered."""
    raised = levels
    reach = levels
    for distance in range(1, min(feather, max(levels.shape)) + 1):  # from there on no block is out of reach
        reach = _neighbourhood_maximum(reach)
        share = round(256 * (1 - distance / (feather + 1)))  # fixed point: a level times 256 fits into 16 bits
        above = (reach - levels).astype(np.uint16)
        raised = np.maximum(raised, levels + ((above * share + 128) >> 8).astype(np.uint8))
    return raised


def subsampled(
    levels: NDArray[np.uint8], rows_per_block: int | Fraction, columns_per_block: int | Fraction
) -> NDArray[np.uint8]:
    """The levels of a subsampled component: each block takes the most important of those that it covers."""
    for size in (rows_per_block, columns_per_block):
        levels = _group_maximum(levels, size).T
    return levels


def grid_shape(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of 8x8 blocks of a picture of `size` (width, height)."""
    return math.ceil(size[1] / BLOCK), math.ceil(size[0] / BLOCK)


def _values(region_map: RegionMap) -> NDArray[np.generic]:
    """What the map says, checked, in the scale of its type."""
    if isinstance(region_map, (str, os.PathLike)):
        region_map = _read(Path(region_map))
    if isinstance(region_map, Image.Image):
        region_map = _from_image(region_map)
    values = np.asarray(region_map)
    _check(values)
    return values


def _scaled(values: NDArray[np.generic]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = values.astype(np.float32)
    if values.dtype == np.uint8:
        scaled /= 255
    return scaled


def _read(path: Path) -> NDArray[np.generic] | Image.Image:
    try:
        if path.suffix == ".npy":
            array: NDArray[np.generic] = np.load(path, allow_pickle=False)
            return array
        image = Image.open(path)
        image.load()
        return image
    except Exception as error:  # a damaged file makes Pillow and numpy raise errors of many kinds
        raise MapError(f"The region map {str(path)!r} cannot be read: {error}") from error


def _from_image(image: Image.Image) -> NDArray[np.generic]:
    if image.mode == "RGB":
        image = image.convert("L")
    if image.mode == "I;16":
        return np.asarray(image, dtype=np.float64) / 65535
    if image.mode not in ("1", "L", "F"):
        raise MapError(f"A region map image is of mode 1, L, RGB, I;16 or F, not {image.mode}; convert it to L first.")
    return np.asarray(image)


def _check(values: NDArray[np.generic]) -> None:
    if values.ndim != 2 or values.size == 0:
        raise MapError(f"A region map has the shape (rows, cols), both at least 1, not {values.shape}.")
    if values.dtype in (np.uint8, np.bool_):
        return
    if not np.issubdtype(values.dtype, np.floating):
        raise MapError(f"A region map is of float 0..1, uint8 0..255 or bool, not {values.dtype}.")
    # Written so that NaN, which compares false, is refused too.
    if not (values.min() >= 0 and values.max() <= 1):
        raise MapError("A float region map has values from 0 to 1 only: no NaN, no infinity, nothing outside.")


def _on_blocks(values: NDArray[np.generic], side: int) -> NDArray[np.generic]:
    """Bring the first axis, which spans `side` pixels, onto the grid of blocks."""
    cells, blocks = len(values), math.ceil(side / BLOCK)
    if cells == blocks:
        return values
    edges = [min(BLOCK * block, side) for block in range(blocks + 1)]
    if cells > blocks:
        maxima = np.empty((blocks, values.shape[1]), dtype=values.dtype)
        for block in range(blocks):
            first, end = edges[block] * cells // side, -(-edges[block + 1] * cells // side)
            values[first:end].max(axis=0, out=maxima[block])
        return maxima
    centres = (np.array(edges[:-1]) + np.array(edges[1:])) / 2
    position = np.clip(centres * cells / side - 0.5, 0, cells - 1)
    before = position.astype(np.intp)
    after = np.minimum(before + 1, cells - 1)
    weight = (position - before).astype(np.float32).reshape(-1, 1)
    # uint8 stays in its range 0..255 here and is scaled once, after both axes.
    interpolated: NDArray[np.generic] = values[before] * (1 - weight) + values[after] * weight
    return np.rint(interpolated).astype(np.uint8) if values.dtype == np.uint8 else interpolated


def _group_maximum(levels: NDArray[np.uint8], size: int | Fraction) -> NDArray[np.uint8]:
    """The maximum of each `size` rows that follow one another; the last group may be smaller."""
    if size == 1:
        return levels
    if size.denominator > 1:
        ends = [
            (math.floor(size * group), math.ceil(size * (group + 1))) for group in range(math.ceil(len(levels) / size))
        ]
        return np.stack([levels[first:end].max(axis=0) for first, end in ends])
    step = int(size)
    maximum: NDArray[np.uint8] = levels[::step].copy(order="K")
    for offset in range(1, step):
        others = levels[offset::step]
        np.maximum(maximum[: len(others)], others, out=maximum[: len(others)])
    return maximum


def _neighbourhood_maximum(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The maximum of each 3x3 neighbourhood."""
    for _ in range(2):
        reached = blocks.copy(order="K")
        np.maximum(reached[1:], blocks[:-1], out=reached[1:])
        np.maximum(reached[:-1], blocks[1:], out=reached[:-1])
        blocks = reached.T
    return blocks


def _from_boxes(boxes: Sequence[Box], size: tuple[int, int]) -> NDArray[np.float32]:
    if not boxes:
        raise MapError("A list of boxes holds at least one; for nothing important pass numpy.zeros((1, 1)).")
    blocks = np.zeros(grid_shape(size), dtype=np.float32)
    for box in boxes:
        left, upper, right, lower, importance = _checked_box(box, size)
        rows = slice(math.floor(upper / BLOCK), math.ceil(lower / BLOCK))
        columns = slice(math.floor(left / BLOCK), math.ceil(right / BLOCK))
        blocks[rows, columns] = np.maximum(blocks[rows, columns], importance)
    return blocks


def _checked_box(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float, float]:
    """The box cut to the picture, with its importance."""
    try:
        numbers = [float(number) for number in box]
    except (TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) not in (4, 5) or not all(math.isfinite(number) for number in numbers):
        raise MapError(f"A box is (left, upper, right, lower) or (left, upper, right, lower, importance), not {box!r}.")
    left, upper, right, lower = numbers[:4]
    importance = numbers[4] if len(numbers) == 5 else 1.0
    if not 0 <= importance <= 1:
        raise MapError(f"A box's importance is from 0 to 1, not {importance:g}.")
    width, height = size
    left, upper, right, lower = max(left, 0), max(upper, 0), min(right, width), min(lower, height)
    if left >= right or upper >= lower:
        raise MapError(f"The box {box!r} is empty or outside the picture of {width} x {height} pixels.")
    return left, upper, right, lower, importance
