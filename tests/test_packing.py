"""Planes of small numbers come back from few bytes, and other bytes are refused."""

from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pyregjpeg.errors import CodecError
from pyregjpeg.packing import packed, unpacked

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=9)
SMALL_NUMBERS = hnp.arrays(np.int64, SHAPES, elements=st.integers(-54, 54))
SPARSE_NUMBERS = hnp.arrays(np.int64, SHAPES, elements=st.integers(-2, 2), fill=st.just(0))


def map_like_a_networks(rows: int, columns: int) -> NDArray[np.uint8]:
    """Smooth, with some noise, both planes of one character."""
    random = np.random.default_rng(3)
    down, across = np.mgrid[:rows, :columns]
    smooth = 14 + 6 * np.sin(down / 5) * np.cos(across / 7)
    return np.rint(smooth + random.normal(0, 0.6, (2, rows, columns))).astype(np.uint8)


@given(SMALL_NUMBERS | SPARSE_NUMBERS)
def test_what_is_packed_comes_back(numbers: NDArray[np.int64]) -> None:
    assert np.array_equal(unpacked(packed(numbers), numbers.shape), numbers)


def test_nothing_to_tell_takes_no_bytes() -> None:
    assert packed(np.zeros((2, 30, 40), dtype=np.int64)) == b""


def test_a_map_takes_fewer_bytes_than_zlib_makes_of_it() -> None:
    factors = map_like_a_networks(30, 40)
    numbers = factors.astype(np.int64) - factors.min()
    assert len(packed(numbers)) < 0.7 * len(zlib.compress(numbers.astype(np.uint8).tobytes(), 9))


def test_a_few_corrections_take_little_more_than_a_byte_each() -> None:
    numbers = np.zeros((2, 30, 40), dtype=np.int64)
    numbers[np.unravel_index(np.random.default_rng(2).choice(2400, 100, replace=False), numbers.shape)] = 1
    assert len(packed(numbers)) < 115


def test_the_largest_numbers_are_no_bomb() -> None:
    checks = np.where(np.indices((2, 30, 40)).sum(axis=0) % 2, 63, -64)
    assert np.array_equal(unpacked(packed(checks), checks.shape), checks)
    noise = np.random.default_rng(4).integers(-64, 64, (2, 30, 40))
    assert np.array_equal(unpacked(packed(noise), noise.shape), noise)


def test_a_second_plane_like_the_first_takes_next_to_nothing() -> None:
    [plane, _] = map_like_a_networks(30, 40).astype(np.int64) - 8
    assert len(packed(np.stack([plane, plane]))) <= len(packed(plane[np.newaxis])) + 1


def test_a_box_takes_few_bytes() -> None:
    numbers = np.zeros((2, 30, 40), dtype=np.int64)
    numbers[:, 10:20, 5:30] = 48
    assert len(packed(numbers)) < 30


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_are_numbers_or_a_codec_error(stream: bytes) -> None:
    try:
        numbers = unpacked(stream, (2, 3, 4))
    except CodecError:
        return
    assert numbers.shape == (2, 3, 4)


@pytest.mark.parametrize("shape", [(1, 3, 4), (2, 3, 3), (2, 2, 4), (20, 30, 40)])
def test_numbers_that_do_not_fit_the_shape_are_refused(shape: tuple[int, int, int]) -> None:
    stream = packed(np.random.default_rng(4).integers(1, 60, (2, 3, 4)))
    with pytest.raises(CodecError, match="damaged"):
        unpacked(stream, shape)


def test_bytes_after_the_numbers_are_refused() -> None:
    with pytest.raises(CodecError, match="damaged"):
        unpacked(packed(np.arange(24).reshape(2, 3, 4)) + b"\0", (2, 3, 4))


def test_a_bomb_takes_no_more_memory_than_the_map() -> None:
    streams = [b"\0\0\5" + bytes([255]) * size for size in (10_000_000, 4000)]
    tracemalloc.start()
    try:
        for stream in streams:
            with pytest.raises(CodecError, match="damaged"):
                unpacked(stream, (2, 30, 40))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
