"""Bits counted in training/ are those of real files."""

from __future__ import annotations

import numpy as np
import pytest
from helper import photograph, read_levels, saved
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from training.code_lengths import ZIGZAG, code_lengths, coded_symbols, huffman_lengths, scan_order  # noqa: E402
from training.differentiable_jpeg import Subsampling  # noqa: E402


def scan_bits(jpeg: bytes) -> int:
    """Bits between SOS and EOI without stuffed bytes: the codes and the padding of the last byte."""
    start = jpeg.rindex(b"\xff\xda")
    start += 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big")
    return 8 * len(jpeg[start:-2].replace(b"\xff\x00", b"\xff"))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("quality", [3, 10, 50, 95])
def test_bits_are_those_of_pillows_optimised_file(quality: int, subsampling: Subsampling) -> None:
    image = photograph("astronaut")
    assert image.size == (256, 256)
    jpeg = saved(image, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    levels = [plane.reshape(*plane.shape[:2], 64).astype(np.int32) for plane in read_levels(jpeg)[0]]
    counted = sum(int(bits.sum()) for bits in code_lengths(levels, subsampling))
    assert counted == pytest.approx(scan_bits(jpeg), rel=1e-3, abs=8)


def block(**levels: int) -> NDArray[np.int32]:
    """A block with these levels at places of the zigzag order, as in block(z5=-3)."""
    coded = np.zeros(64, np.int32)
    for place, level in levels.items():
        coded[ZIGZAG[int(place[1:])]] = level
    return coded


def test_symbols_are_runs_and_sizes() -> None:
    symbols = coded_symbols(np.array([block(z0=5, z1=-1, z20=4), block(z0=5), block(z0=4, z63=1)]))
    assert symbols.dc.tolist() == [3, 0, 1]
    of_blocks = [sorted(symbols.ac[symbols.belongs == number].tolist()) for number in range(3)]
    assert of_blocks == [[0x00, 0x01, 0x23, 0xF0], [0x00], [0xE1, 0xF0, 0xF0, 0xF0]]


def test_no_code_is_longer_than_jpeg_admits_and_one_stays_free() -> None:
    counts = np.zeros(256, np.int64)
    counts[:30] = 2 ** np.arange(30)
    lengths = huffman_lengths(counts)[:30]
    assert lengths.max() == 16
    assert (0.5**lengths).sum() < 1


def test_luma_of_420_goes_mcu_by_mcu() -> None:
    numbers = np.arange(16).reshape(4, 4, 1)
    assert scan_order(numbers, 2)[:, 0].tolist() == [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]
    assert scan_order(torch.tensor(numbers), 1)[:, 0].tolist() == list(range(16))
