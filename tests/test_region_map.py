"""Region maps: whatever the caller gives becomes the importance of each 8x8 block, or one sentence of MapError."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import photograph
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg.region_map import LEVELS, block_importance, feathered, grid_shape, importance, subsampled, to_levels

SIZE = (50, 30)  # width, height: 7 x 4 blocks, the last of each row 2 pixels wide, of each column 6 high
ROWS, COLUMNS = 4, 7
UNIT = st.floats(0, 1, width=32)


def axis_by_definition(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The first axis, which spans `side` pixels, on the grid of blocks, one block after the other."""
    cells, blocks = len(values), math.ceil(side / 8)
    if cells == blocks:
        return values
    on_blocks = np.empty((blocks, values.shape[1]))
    for block in range(blocks):
        start, end = 8 * block, min(8 * block + 8, side)
        if cells > blocks:
            covered = [cell for cell in range(cells) if cell * side < end * cells and (cell + 1) * side > start * cells]
            on_blocks[block] = values[covered].max(axis=0)
        else:
            centres = (np.arange(cells) + 0.5) * side / cells
            for column in range(values.shape[1]):
                on_blocks[block, column] = np.interp((start + end) / 2, centres, values[:, column])
    return on_blocks


def by_definition(values: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    by_rows = axis_by_definition(values.astype(np.float64), size[1])
    by_both: NDArray[np.float64] = axis_by_definition(by_rows.T, size[0]).T
    return by_both


def mask_of(width: int, height: int, left: int, upper: int, right: int, lower: int) -> NDArray[np.bool_]:
    mask = np.zeros((height, width), dtype=bool)
    mask[upper:lower, left:right] = True
    return mask


@settings(deadline=None)
@given(
    values=npst.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=UNIT),
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
)
def test_any_map_on_any_picture_is_resampled_as_defined(values: NDArray[np.float32], size: tuple[int, int]) -> None:
    blocks = block_importance(values, size)
    assert blocks.dtype == np.float32
    assert blocks.shape == grid_shape(size)
    assert blocks == pytest.approx(by_definition(values, size), abs=1e-6)


@settings(deadline=None)
@given(
    values=npst.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30))),
    size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
)
def test_uint8_maps_run_from_0_to_255(values: NDArray[np.uint8], size: tuple[int, int]) -> None:
    assert block_importance(values, size) == pytest.approx(by_definition(values / 255, size), abs=1.01 / 255)


@settings(deadline=None)
@given(
    values=npst.arrays(np.bool_, st.tuples(st.integers(1, 70), st.integers(1, 70))),
    size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
)
def test_a_bool_map_is_0_and_1(values: NDArray[np.bool_], size: tuple[int, int]) -> None:
    assert block_importance(values, size) == pytest.approx(by_definition(values, size), abs=1e-6)


def test_a_map_of_one_value_for_each_block_is_taken_as_it_is() -> None:
    values = np.random.default_rng(0).random((ROWS, COLUMNS), dtype=np.float32)
    assert np.array_equal(block_importance(values, SIZE), values)


def test_one_marked_pixel_makes_its_whole_block_important() -> None:
    blocks = block_importance(mask_of(*SIZE, 16, 23, 17, 24), SIZE)
    assert np.argwhere(blocks).tolist() == [[2, 2]]
    assert blocks[2, 2] == 1


def test_the_last_blocks_see_the_pixels_that_the_picture_still_has() -> None:
    assert np.argwhere(block_importance(mask_of(*SIZE, 48, 24, 49, 25), SIZE)).tolist() == [[3, 6]]


def test_a_single_value_covers_the_picture() -> None:
    assert np.array_equal(block_importance(np.array([[0.25]]), SIZE), np.full((ROWS, COLUMNS), 0.25, dtype=np.float32))


def test_a_coarse_map_changes_evenly_between_its_values() -> None:
    [row] = block_importance(np.array([[0.0, 1.0]]), (80, 8))
    assert row == pytest.approx(np.clip((np.arange(10) * 8 + 4 - 20) / 40, 0, 1))


@pytest.mark.parametrize("mode", ["1", "L", "F", "I;16"])
def test_an_image_of_every_admitted_mode_says_what_its_array_says(mode: str) -> None:
    mask = mask_of(*SIZE, 10, 3, 30, 20)
    if mode == "1":
        image = Image.fromarray(mask)
    elif mode == "I;16":
        image = Image.fromarray(mask.astype(np.uint16) * 65535)
    else:
        image = Image.fromarray(mask.astype(np.uint8) * 255).convert("L")
        image = image if mode == "L" else Image.fromarray(mask.astype(np.float32))
    assert image.mode == mode
    assert np.array_equal(block_importance(image, SIZE), block_importance(mask, SIZE))


def test_an_rgb_image_counts_by_its_luma() -> None:
    image = photograph("chelsea")
    assert np.array_equal(block_importance(image, SIZE), block_importance(image.convert("L"), SIZE))


def test_a_sixteen_bit_image_keeps_its_precision() -> None:
    image = Image.fromarray(np.array([[0, 1000, 65535]], dtype=np.uint16))
    assert block_importance(image, (24, 8)) == pytest.approx(np.array([[0, 1000 / 65535, 1]]))


@pytest.mark.parametrize("as_text", [True, False])
def test_the_path_of_an_image_is_the_image(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "map.png"
    mask = mask_of(*SIZE, 10, 3, 30, 20)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    assert np.array_equal(block_importance(str(path) if as_text else path, SIZE), block_importance(mask, SIZE))


def test_the_path_of_an_npy_file_is_its_array(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((9, 13))
    np.save(tmp_path / "map.npy", values)
    assert np.array_equal(block_importance(tmp_path / "map.npy", SIZE), block_importance(values, SIZE))


@pytest.mark.parametrize("values", [np.array([[0, 51, 255]], dtype=np.uint8), np.array([[0.0, 0.2, 1.0]])])
def test_importance_is_the_map_in_its_own_resolution(values: NDArray[np.generic], tmp_path: Path) -> None:
    np.save(tmp_path / "map.npy", values)
    for region_map in (values, tmp_path / "map.npy"):
        assert importance(region_map).dtype == np.float32
        assert importance(region_map) == pytest.approx(np.array([[0, 0.2, 1]]))


def test_an_array_is_the_same_whatever_its_memory_order() -> None:
    values = np.random.default_rng(0).random((40, 60))
    expected = block_importance(values, SIZE)
    assert np.array_equal(block_importance(np.asfortranarray(values), SIZE), expected)
    assert np.array_equal(block_importance(values.T.copy().T[::-1][::-1], SIZE), expected)


def test_the_callers_map_is_not_changed() -> None:
    values = np.random.default_rng(0).random((40, 60))
    before = values.copy()
    feathered(to_levels(block_importance(values, SIZE)), 2)
    assert np.array_equal(values, before)


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 100), st.integers(1, 100)),
    corners=st.tuples(*[st.integers(0, 99)] * 4),
)
def test_a_box_counts_for_every_block_that_it_touches(
    size: tuple[int, int], corners: tuple[int, int, int, int]
) -> None:
    left, right = sorted(corner % size[0] for corner in corners[:2])
    upper, lower = sorted(corner % size[1] for corner in corners[2:])
    box = (left, upper, right + 1, lower + 1)
    assert np.array_equal(block_importance([box], size), block_importance(mask_of(*size, *box), size))


def test_a_box_may_end_between_pixels() -> None:
    assert np.argwhere(block_importance([(7.5, 0, 8.5, 7.9)], SIZE)).tolist() == [[0, 0], [0, 1]]


def test_a_box_is_cut_to_the_picture() -> None:
    assert np.array_equal(block_importance([(-10, -10, 9000, 12)], SIZE), block_importance([(0, 0, 50, 12)], SIZE))


def test_where_boxes_overlap_the_most_important_counts() -> None:
    [row] = block_importance([(0, 0, 24, 8, 0.75), (8, 0, 16, 8, 0.25), (16, 0, 32, 8)], (40, 8))
    assert row.tolist() == [0.75, 0.75, 1, 1, 0]


def test_boxes_may_be_tuples_lists_or_arrays() -> None:
    expected = block_importance([(8, 8, 20, 20)], SIZE)
    same: list[Any] = [((8, 8, 20, 20),), [[8, 8, 20, 20]], [np.array([8, 8, 20, 20])]]
    for boxes in same:
        assert np.array_equal(block_importance(boxes, SIZE), expected)


@settings(deadline=None)
@given(
    levels=npst.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, LEVELS - 1)),
    feather=st.integers(0, 20),
)
def test_feathering_never_lowers_a_block_nor_raises_one_above_the_most_important(
    levels: NDArray[np.uint8], feather: int
) -> None:
    raised = feathered(levels, feather)
    assert np.all(raised >= levels)
    assert raised.max() == levels.max()


def test_importance_falls_off_evenly_over_as_many_blocks_as_asked_for() -> None:
    levels = np.zeros((1, 9), dtype=np.uint8)
    levels[0, 4] = 60
    assert feathered(levels, 3)[0].tolist() == [0, 15, 30, 45, 60, 45, 30, 15, 0]


def test_importance_falls_off_in_all_directions_to_the_surroundings() -> None:
    levels = np.full((5, 5), 20, dtype=np.uint8)
    levels[2, 2] = 60
    expected = np.pad(np.pad([[60]], 1, constant_values=40), 1, constant_values=20)
    assert np.array_equal(feathered(levels, 1), expected)


def test_feather_0_leaves_the_map_as_it_is() -> None:
    levels = np.random.default_rng(0).integers(0, LEVELS, (5, 6), dtype=np.uint8)
    assert np.array_equal(feathered(levels, 0), levels)


def test_a_feather_larger_than_any_picture_takes_no_longer_than_the_picture_needs() -> None:
    levels = np.zeros((4, 4), dtype=np.uint8)
    levels[0, 0] = LEVELS - 1
    assert feathered(levels, 10**9).min() == LEVELS - 1


@given(
    levels=npst.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
)
def test_a_chroma_block_takes_the_most_important_luma_block_that_it_covers(
    levels: NDArray[np.uint8], rows: int, columns: int
) -> None:
    expected = [
        [levels[row : row + rows, column : column + columns].max() for column in range(0, levels.shape[1], columns)]
        for row in range(0, levels.shape[0], rows)
    ]
    assert subsampled(levels, rows, columns).tolist() == expected


@given(importance=UNIT)
def test_levels_divide_importance_evenly(importance: float) -> None:
    level = int(to_levels(np.array([[importance]], dtype=np.float32))[0, 0])
    assert abs(level / (LEVELS - 1) - importance) <= 0.5 / (LEVELS - 1) + 1e-6


def test_there_are_at_least_32_levels() -> None:
    assert LEVELS >= 32
    assert to_levels(np.array([[0, 1]], dtype=np.float32)).tolist() == [[0, LEVELS - 1]]
