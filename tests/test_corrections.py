"""Corrections to a predicted QF map give the exact map on every machine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pyregjpeg.corrections import MARGIN, corrected, steps_to

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=9)
FACTORS = hnp.arrays(np.uint8, st.shared(SHAPES, key="shape"), elements=st.integers(2, 50))
PREDICTED = hnp.arrays(np.float32, st.shared(SHAPES, key="shape"), elements=st.floats(2, 50, width=32))
MOVED = hnp.arrays(np.float32, st.shared(SHAPES, key="shape"), elements=st.floats(-0.046875, 0.046875, width=32))


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
