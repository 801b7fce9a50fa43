"""Corrections: what a file tells of its QF map where the predictor alone would not give every decoder the true one.

A decoder's own arithmetic may move what the predictor says by less than MARGIN. So a correction is a number of steps,
each a little shorter than 1, that brings the predicted value to within a half less MARGIN of the true one: rounded, the
two then agree on every machine. Where the predictor is that near by itself, the correction is 0.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from .errors import CodecError

MARGIN = 0.05
STEP = 1 - 2 * MARGIN  # the longest with which every true value can be reached

_PLAIN, _DIFFERENCES = 0, 1
_STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE)
_RAW_DEFLATE = -15
_DAMAGED = "The QF map of the file is damaged."


def steps_to(factors: NDArray[np.uint8], predicted: NDArray[np.float32]) -> NDArray[np.int64]:
    """The corrections to what was predicted, both of one shape, that lead to the true factors."""
    distance = factors - predicted.astype(np.float64)
    steps = np.ceil((np.abs(distance) - (0.5 - MARGIN)) / STEP)
    return np.copysign(np.maximum(steps, 0), distance).astype(np.int64)


def corrected(predicted: NDArray[np.float32], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """The true factors, of corrections and of a prediction that is off by less than MARGIN from the encoder's."""
    return np.rint(predicted.astype(np.float64) + STEP * steps).astype(np.int64)


def packed(numbers: NDArray[np.int64]) -> bytes:
    """Planes of numbers (planes, rows, columns), small ones and alike as a rule, as few bytes; none for all zeros.

    The numbers themselves or their differences, whichever are shorter by Deflate.
    """
    if not numbers.any():
        return b""
    return min(
        (
            bytes([form]) + _deflated(_unsigned(values).tobytes(), strategy)
            for form, values in ((_PLAIN, numbers), (_DIFFERENCES, _differences(numbers)))
            for strategy in _STRATEGIES
        ),
        key=len,
    )


def unpacked(stream: bytes, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """The numbers that were packed; CodecError for a stream that is none of that shape."""
    if not stream:
        return np.zeros(shape, dtype=np.int64)
    form, count = stream[0], int(np.prod(shape))
    inflating = zlib.decompressobj(_RAW_DEFLATE)
    try:
        content = inflating.decompress(stream[1:], count + 1)  # never more than that in memory
    except zlib.error as error:
        raise CodecError(_DAMAGED) from error
    if form not in (_PLAIN, _DIFFERENCES) or len(content) != count or not inflating.eof or inflating.unused_data:
        raise CodecError(_DAMAGED)
    numbers = _signed(np.frombuffer(content, dtype=np.uint8).reshape(shape))
    return _sums(numbers) if form == _DIFFERENCES else numbers


def _deflated(content: bytes, strategy: int) -> bytes:
    deflating = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, 9, strategy)
    return deflating.compress(content) + deflating.flush()


def _differences(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each number to its left neighbour, in the first column to the one above."""
    differences = np.diff(numbers, axis=2, prepend=0)
    differences[:, 1:, 0] -= numbers[:, :-1, 0]
    return differences


def _sums(differences: NDArray[np.int64]) -> NDArray[np.int64]:
    differences[:, :, 0] = differences[:, :, 0].cumsum(axis=1)
    sums: NDArray[np.int64] = differences.cumsum(axis=2)
    return sums


def _unsigned(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """0, -1, 1, -2, 2, ... as 0, 1, 2, 3, 4, ...; what becomes of two factors is never beyond 127."""
    return np.where(numbers < 0, -2 * numbers - 1, 2 * numbers).astype(np.uint8)


def _signed(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    wide = values.astype(np.int64)
    return np.where(wide % 2, -(wide + 1) // 2, wide // 2)
