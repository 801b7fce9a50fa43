"""The rule of csrc/block.h once more, in numpy and double precision: what the levels in a file are held against."""

from __future__ import annotations

import numpy as np
from jpeg_sources import ZIGZAG
from numpy.typing import NDArray


def grid(width: int, height: int, h_factor: int = 1, v_factor: int = 1) -> tuple[int, int]:
    """Block rows and columns of a component with one sample for h_factor x v_factor pixels."""
    return -(-height // (8 * v_factor)), -(-width // (8 * h_factor))


def coefficients(samples: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The orthonormal DCT, in double precision, of each 8x8 block; sides are padded by their last sample."""
    rows, columns = grid(samples.shape[1], samples.shape[0])
    padding = ((0, 8 * rows - samples.shape[0]), (0, 8 * columns - samples.shape[1]))
    padded = np.pad(samples.astype(np.float64) - 128, padding, mode="edge")
    blocks = padded.reshape(rows, 8, columns, 8).swapaxes(1, 2)
    frequency, place = np.mgrid[0:8, 0:8]
    basis = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    transformed: NDArray[np.float64] = basis @ blocks @ basis.T
    return transformed


def rule(
    values: NDArray[np.float64],
    table: NDArray[np.uint16],
    allowances: NDArray[np.float64],
    weights: NDArray[np.float32] | None = None,
    masking: float = 0.0,
    tail: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The levels by csrc/block.h's rule, and where the decision is so close that float32 may decide otherwise.

    `allowances` has one entry for each block, `weights` one for each frequency; without them it is 1 over the step.
    `masking` and `tail` are those of csrc/masking.h.
    """
    shares, close_share = _shares(values, masking)
    allowances = allowances * shares
    steps = table.reshape(8, 8).astype(np.float64)
    rounded = np.rint(values / steps)
    levels, close = _kept(values, rounded, steps, allowances, 1 / steps if weights is None else weights.reshape(8, 8))
    tolerance = 1e-3 + 1e-5 * np.abs(values)
    close |= np.abs(np.abs(values / steps - np.trunc(values / steps)) - 0.5) * steps < tolerance
    close |= close_share[..., np.newaxis, np.newaxis]
    lowest = np.full((8, 8), -1023)
    lowest[0, 0] = -1024
    levels = np.clip(levels, lowest, 1023)
    if tail > 0:
        of_places = 1 / steps if weights is None else weights.reshape(8, 8)
        limits = (1 + tail) * 2 * allowances[..., np.newaxis, np.newaxis] * of_places
        for block in np.ndindex(levels.shape[:2]):
            _drop_tail(levels[block], values[block] / steps, limits[block], close[block])
    return levels, close


def _shares(values: NDArray[np.float64], masking: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """By how much each block's allowance is larger for its contrast, and where that is between two values."""
    root = np.sqrt(2) * np.cos(np.arange(8) * np.pi / 16)
    root[0] = 1
    squares = (8 * values * root * root[:, np.newaxis]) ** 2
    squares[..., 0, 0] = 0
    octaves, within = np.divmod(np.log2(squares.sum(axis=(-2, -1)) + 2.0**13), 1)
    quarters = (2**within - 1) * 4
    close = np.abs(quarters - np.rint(quarters)) < 1e-3
    shares = 2.0 ** ((octaves - 19) * masking) * (1 + np.floor(quarters) / 4) ** masking
    flat = (octaves == 13) & (quarters < 0.5)  # less contrast than that there is not
    return shares, close & ~flat & (masking > 0)


def _drop_tail(
    levels: NDArray[np.float64], in_steps: NDArray[np.float64], limits: NDArray[np.float64], close: NDArray[np.bool_]
) -> None:
    """Set the block's last levels to 0 as long as there are two zeros or more before them and they add little error."""
    in_zigzag = [divmod(place, 8) for place in ZIGZAG]
    while places := [at for at in range(1, 64) if levels[in_zigzag[at]] != 0]:
        last = in_zigzag[places[-1]]
        gain = levels[last] * (2 * in_steps[last] - levels[last])
        if places[-1] - (places[-2] if len(places) > 1 else 0) <= 2 or gain >= limits[last]:
            close |= bool(abs(gain - limits[last]) < 1e-4 * (1 + gain))
            return
        close |= bool(abs(gain - limits[last]) < 1e-4 * (1 + gain))
        levels[last] = 0


def requantized(
    levels: NDArray[np.int16], old: NDArray[np.uint16], new: NDArray[np.uint16], allowances: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """As `rule`, of a file's levels by its `old` table: their coefficients are exact, and ties go toward zero."""
    values, steps = levels.astype(np.float64) * old.reshape(8, 8), new.reshape(8, 8).astype(np.float64)
    rounded = np.sign(values) * np.ceil(np.abs(values) / steps - 0.5)
    return _kept(values, rounded, steps, allowances, 1 / steps)


def _kept(
    values: NDArray[np.float64],
    rounded: NDArray[np.float64],
    steps: NDArray[np.float64],
    allowances: NDArray[np.float64],
    weights: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The rounded levels without those that the allowances let go, and where that is too close to call."""
    saved_error = values**2 - (values - rounded * steps) ** 2
    limit = 2 * np.broadcast_to(allowances[..., np.newaxis, np.newaxis], values.shape) * weights * steps**2
    levels = np.where(saved_error < limit, 0, rounded)
    levels[..., 0, 0] = rounded[..., 0, 0]
    tolerance = 1e-3 + 1e-5 * np.abs(values)
    return levels, (rounded != 0) & (np.abs(saved_error - limit) < 2 * tolerance * (np.abs(values) + steps))
