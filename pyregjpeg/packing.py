"""Planes of small whole numbers in few bytes: what is told of a QF map.

Numbers (planes, rows, columns) are coded in one of four forms, whichever is shortest: the second plane as it is or less
the first, and then both as they are or as what they differ by from a prediction out of their left and upper neighbours,
the median edge detector of JPEG-LS (ITU-T T.87). What is not zero is coded by the run of zeros before it and by its
size, each in Rice codes: a number's high bits in unary, its k low bits as they are. A byte has the form and both k; the
count of what is not zero follows, then all runs and sizes in unary, then the low bits of the runs and of the sizes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .errors import CodecError

_PREDICTED, _LESS_FIRST = 1, 2  # the bits of a form
_RUN_BITS, _SIZE_BITS = tuple(range(16)), (0, 1, 3, 5)  # what k may be

Numbers = NDArray[np.int64]


def packed(numbers: Numbers) -> bytes:
    """Numbers from -64 to 63 as bytes; none where all are zero."""
    if not numbers.any():
        return b""
    less_first = numbers.copy()
    less_first[1:] -= numbers[0]
    forms = (numbers, _differences(numbers), less_first, _differences(less_first))
    return min((_packed(form, values) for form, values in enumerate(forms[: 2 * len(numbers)])), key=len)


def unpacked(stream: bytes, shape: tuple[int, int, int]) -> Numbers:
    """The numbers that were packed; CodecError for a stream that holds none that fit the shape."""
    if not stream:
        return np.zeros(shape, dtype=np.int64)
    total = int(np.prod(shape))
    if len(stream) > 2 * total + 16:  # longer than the longest, and a bomb
        raise _damaged()
    form, run_bits, size_bits = stream[0] & 3, _RUN_BITS[stream[0] >> 2 & 15], _SIZE_BITS[stream[0] >> 6]
    start = 1 + _count_bytes(total)
    count = int.from_bytes(stream[1:start], "big")
    bits = np.unpackbits(np.frombuffer(stream, dtype=np.uint8)[start:])
    ends = np.flatnonzero(bits)[: 2 * count]
    place = int(ends[-1]) + 1 if len(ends) else 0
    rest = bits[place:]
    in_low = count * (run_bits + size_bits)
    if len(ends) != 2 * count or not in_low <= len(rest) < in_low + 8 or rest[in_low:].any():
        raise _damaged()
    high = np.diff(ends, prepend=-1) - 1
    runs = (high[:count] << run_bits) + _whole(rest[: count * run_bits], run_bits, count)
    sizes = (high[count:] << size_bits) + _whole(rest[count * run_bits : in_low], size_bits, count) + 1
    places = np.cumsum(runs + 1) - 1
    if count and places[-1] >= total:
        raise _damaged()
    values = np.zeros(total, dtype=np.int64)
    values[places] = np.where(sizes % 2, -(sizes + 1) // 2, sizes // 2)
    numbers = _undone(values.reshape(shape)) if form & _PREDICTED else values.reshape(shape)
    if form & _LESS_FIRST:
        numbers[1:] += numbers[0]
    return numbers


def _packed(form: int, numbers: Numbers) -> bytes:
    values = numbers.ravel()
    places = np.flatnonzero(values)
    runs = np.diff(places, prepend=-1) - 1
    sizes = np.where(values < 0, -2 * values - 1, 2 * values)[places] - 1
    run_bits, size_bits = _best(runs, _RUN_BITS), _best(sizes, _SIZE_BITS)
    ends = np.cumsum(np.concatenate((runs >> run_bits, sizes >> size_bits)) + 1) - 1
    unary = np.zeros(ends[-1] + 1, dtype=np.uint8)
    unary[ends] = 1
    bits = np.concatenate((unary, _low(runs, run_bits), _low(sizes, size_bits)))
    head = form | _RUN_BITS.index(run_bits) << 2 | _SIZE_BITS.index(size_bits) << 6
    return bytes([head]) + len(places).to_bytes(_count_bytes(values.size), "big") + np.packbits(bits).tobytes()


def _best(numbers: Numbers, choices: tuple[int, ...]) -> int:
    return min(choices, key=lambda k: int((numbers >> k).sum()) + k * numbers.size)


def _low(numbers: Numbers, count: int) -> NDArray[np.uint8]:
    """The low bits of each, the lowest first."""
    return (numbers[:, np.newaxis] >> np.arange(count) & 1).astype(np.uint8).ravel()


def _whole(bits: NDArray[np.uint8], count: int, numbers: int) -> Numbers:
    whole: Numbers = (bits.reshape(numbers, count).astype(np.int64) << np.arange(count)).sum(axis=1)
    return whole


def _count_bytes(total: int) -> int:
    return (total.bit_length() + 7) // 8


def _differences(numbers: Numbers) -> Numbers:
    bordered = np.pad(numbers, ((0, 0), (1, 0), (1, 0)))
    return numbers - _predicted(bordered[:, 1:, :-1], bordered[:, :-1, 1:], bordered[:, :-1, :-1])


def _undone(differences: Numbers) -> Numbers:
    """The numbers with these differences, one diagonal at a time: each needs nothing but the two before it."""
    planes, rows, columns = differences.shape
    bordered = np.zeros((planes, rows + 1, columns + 1), dtype=np.int64)
    for diagonal in range(rows + columns - 1):
        row = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        column = diagonal - row
        predicted = _predicted(bordered[:, row + 1, column], bordered[:, row, column + 1], bordered[:, row, column])
        bordered[:, row + 1, column + 1] = predicted + differences[:, row, column]
    return bordered[:, 1:, 1:]


def _predicted(left: Numbers, above: Numbers, between: Numbers) -> Numbers:
    clipped: Numbers = np.clip(left + above - between, np.minimum(left, above), np.maximum(left, above))
    return clipped


def _damaged() -> CodecError:
    return CodecError("The QF map of the file is damaged.")
