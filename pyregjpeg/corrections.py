"""Corrections: what a file tells of its QF map where the predictor alone would not give every decoder the true one.

A decoder's own arithmetic may move what the predictor says by less than MARGIN. So a correction is a number of steps,
each a little shorter than 1, that brings the predicted value to within a half less MARGIN of the true one: rounded, the
two then agree on every machine. Where the predictor is that near by itself, the correction is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.05
STEP = 1 - 2 * MARGIN  # the longest with which every true value can be reached


def steps_to(factors: NDArray[np.uint8], predicted: NDArray[np.float32]) -> NDArray[np.int64]:
    """The corrections to what was predicted, both of one shape, that lead to the true factors."""
    distance = factors - predicted.astype(np.float64)
    steps = np.ceil((np.abs(distance) - (0.5 - MARGIN)) / STEP)
    return np.copysign(np.maximum(steps, 0), distance).astype(np.int64)


def corrected(predicted: NDArray[np.float32], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """The true factors, of corrections and of a prediction that is off by less than MARGIN from the encoder's."""
    return np.rint(predicted.astype(np.float64) + STEP * steps).astype(np.int64)
