"""How many bits Huffman coding takes for each block of a picture, counted in numpy, independently of the C code.

Levels are (rows, columns, 64) in natural order, luma first, of a baseline file with optimised tables, one pair of them
for luma and one for both chroma components. Sides are whole MCUs.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.differentiable_jpeg import Subsampling

Levels = NDArray[np.int32]
Bits = NDArray[np.int64]

SYMBOLS = 256
END_OF_BLOCK, SIXTEEN_ZEROS = 0x00, 0xF0
LONGEST_CODE = 16


def zigzag_order() -> NDArray[np.intp]:
    """The places (64,) of the natural order, in the order in which they are coded."""
    rows, columns = np.divmod(np.arange(64), 8)
    diagonals = rows + columns
    return np.lexsort((np.where(diagonals % 2, rows, columns), diagonals))


ZIGZAG = zigzag_order()


def scan_order(plane: Any, blocks_each_way: int) -> Any:
    """The blocks (..., rows * columns, 64) of an array or tensor (..., rows, columns, 64) in the order of the file.

    An MCU has `blocks_each_way` squared blocks of the component.
    """
    *first, rows, columns, places = plane.shape
    side = blocks_each_way
    if side == 1:
        return plane.reshape(*first, rows * columns, places)
    split = plane.reshape(*first, rows // side, side, columns // side, side, places)
    return split.swapaxes(-4, -3).reshape(*first, rows * columns, places)


def code_lengths(levels: Sequence[Levels], subsampling: Subsampling) -> list[Bits]:
    """For each component the bits of its blocks, in the order of the file, with the picture's own optimal tables."""
    scans = [
        coded_symbols(scan_order(plane, 2 if number == 0 and subsampling == "4:2:0" else 1))
        for number, plane in enumerate(levels)
    ]
    lengths = []
    for group in (scans[:1], scans[1:]):
        dc = huffman_lengths(np.sum([np.bincount(scan.dc, minlength=SYMBOLS) for scan in group], axis=0))
        ac = huffman_lengths(np.sum([np.bincount(scan.ac, minlength=SYMBOLS) for scan in group], axis=0))
        lengths += [scan.bits(dc, ac) for scan in group]
    return lengths


class CodedSymbols:
    """The symbols of a component: `dc` (blocks,), and of all blocks `ac` with the block that each `belongs` to."""

    def __init__(self, dc: NDArray[np.int64], ac: NDArray[np.int64], belongs: NDArray[np.int64]) -> None:
        self.dc, self.ac, self.belongs = dc, ac, belongs

    def bits(self, dc_lengths: Bits, ac_lengths: Bits) -> Bits:
        """Of each block: its codes, and behind each as many bits as the symbol's last four say."""
        of_ac = np.bincount(self.belongs, ac_lengths[self.ac] + self.ac % 16, minlength=len(self.dc))
        return of_ac.astype(np.int64) + dc_lengths[self.dc] + self.dc


def coded_symbols(blocks: Levels) -> CodedSymbols:
    """What stands in the file for blocks (n, 64) that follow each other."""
    coded = blocks[:, ZIGZAG]
    differences = np.diff(coded[:, 0], prepend=0)
    within, places = np.nonzero(coded[:, 1:])
    places += 1
    first_of_block = np.diff(within, prepend=-1) > 0
    before = np.where(first_of_block, 0, np.concatenate(([0], places[:-1])))
    runs = places - before - 1
    symbols = (runs % 16) * 16 + bit_lengths(coded[within, places])
    ended_early = np.setdiff1d(np.arange(len(coded)), within[places == 63])
    zeros = np.repeat(within, runs // 16)
    ac = np.concatenate((symbols, np.full(len(ended_early), END_OF_BLOCK), np.full(len(zeros), SIXTEEN_ZEROS)))
    return CodedSymbols(bit_lengths(differences), ac, np.concatenate((within, ended_early, zeros)))


def bit_lengths(values: NDArray[Any]) -> NDArray[np.int64]:
    """How many bits the magnitude of each has: 0 for 0, 1 for 1 and -1, 2 for 2 and 3."""
    return np.frexp(np.abs(values).astype(np.float64))[1].astype(np.int64)


def huffman_lengths(counts: NDArray[np.int64]) -> Bits:
    """The length of each symbol's code (256,), at most 16, with the code of all ones left free as JPEG asks."""
    counts = counts.copy()
    while True:
        lengths = _unlimited_lengths(counts)
        if lengths.max() <= LONGEST_CODE:
            return lengths
        counts = np.where(counts > 0, (counts + 1) // 2, 0)  # flatter, until no code is too long


def _unlimited_lengths(counts: NDArray[np.int64]) -> Bits:
    lengths = np.zeros(SYMBOLS + 1, dtype=np.int64)
    heap = [(int(counts[symbol]), int(symbol), [int(symbol)]) for symbol in np.flatnonzero(counts)]
    heap.append((0, SYMBOLS, [SYMBOLS]))  # gets the longest code, which is all ones
    heapq.heapify(heap)
    while len(heap) > 1:
        (one_count, _, one), (other_count, tie, other) = heapq.heappop(heap), heapq.heappop(heap)
        lengths[one + other] += 1
        heapq.heappush(heap, (one_count + other_count, tie, one + other))
    return lengths[:SYMBOLS]
