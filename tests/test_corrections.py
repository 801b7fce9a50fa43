"""Corrections to a predicted QF map: few bytes, and the exact map on every machine."""

from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pyregjpeg.corrections import MARGIN, corrected, packed, steps_to, unpacked
from pyregjpeg.errors import CodecError

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=9)
FACTORS = hnp.arrays(np.uint8, st.shared(SHAPES, key="shape"), elements=st.integers(2, 50))
PREDICTED = hnp.arrays(np.float32, st.shared(SHAPES, key="shape"), elements=st.floats(2, 50, width=32))
MOVED = hnp.arrays(np.float32, st.shared(SHAPES, key="shape"), elements=st.floats(-0.046875, 0.046875, width=32))
SMALL_NUMBERS = hnp.arrays(np.int64, SHAPES, elements=st.integers(-53, 53))


def map_like_a_networks(rows: int, columns: int) -> NDArray[np.uint8]:
    """Smooth, with some noise, both planes of one character."""
    random = np.random.default_rng(3)
    down, across = np.mgrid[:rows, :columns]
    smooth = 14 + 6 * np.sin(down / 5) * np.cos(across / 7)
    return np.rint(smooth + random.normal(0, 0.6, (2, rows, columns))).astype(np.uint8)


@given(FACTORS, PREDICTED, MOVED)
def test_a_prediction_that_another_machine_moves_gives_the_true_factors(
    factors: NDArray[np.uint8], predicted: NDArray[np.float32], moved: NDArray[np.float32]
) -> None:
    steps = steps_to(factors, predicted)
    assert np.array_equal(corrected(predicted, steps), factors)
    assert np.array_equal(corrected(predicted + moved, steps), factors)


@given(FACTORS, PREDICTED)
def test_only_what_is_wrong_or_near_a_rounding_boundary_is_told(
    factors: NDArray[np.uint8], predicted: NDArray[np.float32]
) -> None:
    clearly_right = np.abs(factors - predicted.astype(np.float64)) <= 0.5 - MARGIN
    assert np.array_equal(steps_to(factors, predicted) == 0, clearly_right)


@pytest.mark.parametrize(("predicted", "steps"), [(9.55, 0), (9.54, 1), (8.66, 1), (8.64, 2), (10.45, 0), (10.46, -1)])
def test_steps_are_as_long_as_they_may_be(predicted: float, steps: int) -> None:
    told = steps_to(np.full((1, 1, 1), 10, np.uint8), np.full((1, 1, 1), predicted, np.float32))
    assert told.item() == steps


@given(SMALL_NUMBERS)
def test_what_is_packed_comes_back(numbers: NDArray[np.int64]) -> None:
    assert np.array_equal(unpacked(packed(numbers), numbers.shape), numbers)


def test_nothing_to_tell_takes_no_bytes() -> None:
    assert packed(np.zeros((2, 30, 40), dtype=np.int64)) == b""


def test_a_map_takes_fewer_bytes_than_zlib_makes_of_it() -> None:
    factors = map_like_a_networks(30, 40)
    assert len(packed(factors.astype(np.int64) - factors.min())) < 0.85 * len(zlib.compress(factors.tobytes(), 9))


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_are_numbers_or_a_codec_error(stream: bytes) -> None:
    try:
        numbers = unpacked(stream, (2, 3, 4))
    except CodecError:
        return
    assert numbers.shape == (2, 3, 4)


@pytest.mark.parametrize("shape", [(1, 3, 4), (2, 3, 5), (2, 4, 4)])
def test_numbers_of_another_shape_are_refused(shape: tuple[int, int, int]) -> None:
    stream = packed(np.arange(24).reshape(2, 3, 4))
    with pytest.raises(CodecError, match="damaged"):
        unpacked(stream, shape)


def test_bytes_after_the_numbers_are_refused() -> None:
    with pytest.raises(CodecError, match="damaged"):
        unpacked(packed(np.arange(24).reshape(2, 3, 4)) + b"\0", (2, 3, 4))


def test_a_bomb_takes_no_more_memory_than_the_map() -> None:
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = b"\0" + deflating.compress(bytes(50_000_000)) + deflating.flush()
    tracemalloc.start()
    try:
        with pytest.raises(CodecError, match="damaged"):
            unpacked(stream, (2, 30, 40))
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
