"""The Huffman tables of optimised sequential files, against those that libjpeg-turbo's own tools make."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest
from helper import DHT, PHOTOGRAPHS, flat, payloads, photograph, read_levels, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from noisy_images import noisy_images
from PIL import Image

import pyregjpeg


def optimized_by_jpegtran(jpeg: bytes, *arguments: str) -> bytes:
    command = ["jpegtran", "-copy", "all", "-optimize", *arguments]
    return subprocess.run(command, input=jpeg, capture_output=True, check=True).stdout


def code_lengths(jpeg: bytes) -> list[int]:
    """The lengths of all codes of all tables."""
    lengths: list[int] = []
    for payload in payloads(jpeg, DHT):
        while payload:
            counts = payload[1:17]
            lengths += [length for length, count in enumerate(counts, start=1) for _ in range(count)]
            payload = payload[17 + sum(counts) :]
    return lengths


def size_of_codes(jpeg: bytes) -> int:
    """Bytes without the zeros that are stuffed behind bytes of 255, of which one table may make more than another."""
    return len(jpeg) - jpeg.count(b"\xff\0")


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("quality", [10, 75, 100])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 2}, {"restart_marker_blocks": 3}, {"subsampling": 1}])
def test_no_file_gets_smaller_by_jpegtran(name: str, quality: int, options: dict[str, Any]) -> None:
    jpeg = flat(photograph(name), quality, **options)
    restarts = ["-restart", "2"] if "restart_marker_rows" in options else []
    restarts = ["-restart", "3B"] if "restart_marker_blocks" in options else restarts
    theirs = optimized_by_jpegtran(jpeg, *restarts)
    # No limited length is quite optimal, and each restart interval is filled up to a whole byte, as it happens.
    assert size_of_codes(jpeg) <= size_of_codes(theirs) + (12 if restarts else 4)
    assert all(np.array_equal(*planes) for planes in zip(read_levels(jpeg)[0], read_levels(theirs)[0], strict=True))


def test_a_picture_of_nothing_has_tables_of_one_code() -> None:
    jpeg = flat(np.full((64, 64), 128, dtype=np.uint8))
    assert code_lengths(jpeg) == [1, 1]
    assert not any(plane.any() for plane in read_levels(jpeg)[0])


@settings(deadline=None, max_examples=60)
@given(
    image=noisy_images(),
    subsampling=st.integers(0, 2),
    quality=st.integers(1, 100),
    restart=st.integers(0, 5),
)
def test_every_level_is_coded_whatever_the_picture(
    image: Image.Image, subsampling: int, quality: int, restart: int
) -> None:
    options = {"subsampling": subsampling, "restart_marker_blocks": restart}
    jpeg, plain = flat(image, quality, **options), flat(image, quality, optimize=False, **options)
    assert all(np.array_equal(*planes) for planes in zip(read_levels(jpeg)[0], read_levels(plain)[0], strict=True))
    assert max(code_lengths(jpeg)) <= 16


def test_rare_symbols_get_codes_of_at_most_16_bits() -> None:
    """Noise of eight strengths, each a quarter as frequent as the one before, makes a deep tree."""
    random = np.random.default_rng(1)
    samples = np.full((8 * 260, 8 * 130), 128, dtype=np.uint8)
    for depth in range(8):
        blocks = random.integers(0, [260, 130], (max(1, 20000 >> (2 * depth)), 2))
        for row, column in blocks:
            block = samples[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
            block += random.integers(-(2**depth) // 2, 2**depth // 2 + 1, (8, 8)).astype(np.uint8)
    jpeg = flat(samples, 100)
    assert max(code_lengths(jpeg)) == 16
    assert size_of_codes(jpeg) <= size_of_codes(optimized_by_jpegtran(jpeg)) + 4


def test_transcoding_makes_such_tables_too() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=90)
    ours = pyregjpeg.transcode(source, background_quality=90)
    assert size_of_codes(ours) <= size_of_codes(optimized_by_jpegtran(source)) + 4
