"""reader: levels, tables, sizes and segments are those that jpeglib and the file itself tell of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from helper import APP0, APP1, COM, SOS, photograph, saved, segments
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_sources import (
    EOI,
    KINDS,
    SIZE,
    SOI,
    grey_jpeg,
    jpeg_of,
    levels_of,
    samplings,
    segment,
    with_segments,
)
from PIL import Image

import pyregjpeg
from pyregjpeg.reader import Reader, read_levels

ADDED = [(APP1, b"one"), (COM, b"two"), (0xEF, b""), (COM, b""), (APP1, b"x" * 65533), (COM, b"two")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [SIZE, (1, 1), (50, 17)], ids=str)
def test_levels_tables_sizes_and_samplings_are_the_files(kind: str, size: tuple[int, int]) -> None:
    jpeg = jpeg_of(kind, size)
    levels, tables = levels_of(kind, size)
    with Reader(jpeg) as reader:
        assert reader.size == size
        assert reader.samplings == samplings(jpeg)
        assert reader.grids == [plane.shape[:2] for plane in levels]
        for table, expected_table in zip(reader.tables, tables, strict=True):
            assert np.array_equal(table, expected_table.ravel())
        for plane, expected in zip(reader.levels(), levels, strict=True):
            assert np.array_equal(plane, expected)
        assert (reader.end, reader.warning) == (len(jpeg), "")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_known_which_components_are_chroma_and_what_is_progressive(kind: str) -> None:
    with Reader(jpeg_of(kind)) as reader:
        assert reader.has_chroma == (not kind.startswith(("grey", "RGB", "CMYK", "two components")))
        assert reader.progressive == (kind == "a progression of its own" or kind.endswith("progressive"))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), largest=st.sampled_from([0, 1, 100, 1023, 32767]), step=st.integers(1, 65535))
def test_read_levels_reads_whatever_stands_in_the_file(seed: int, largest: int, step: int) -> None:
    random = np.random.default_rng(seed)
    levels = random.integers(-largest, largest, (2, 3, 8, 8), dtype=np.int16, endpoint=True)
    levels[..., 0, 0] //= 2  # the difference of two has to fit into 15 bits
    [read] = read_levels(grey_jpeg(levels, np.full((8, 8), step, dtype=np.uint16)))
    assert np.array_equal(read, levels)


def test_segments_are_all_those_of_the_file_in_order() -> None:
    with Reader(with_segments(jpeg_of("4:2:0"), *ADDED)) as reader:
        assert reader.segments[1:] == ADDED
        assert reader.segments[0][0] == APP0


@pytest.mark.parametrize("kind", ["progressive", "a scan for each component"])
def test_segments_between_scans_are_found(kind: str) -> None:
    jpeg = jpeg_of(kind)
    second = jpeg.index(bytes((0xFF, SOS)), jpeg.index(bytes((0xFF, SOS))) + 2)
    if jpeg.rindex(b"\xff\xc4", 0, second) > jpeg.index(bytes((0xFF, SOS))):
        second = jpeg.rindex(b"\xff\xc4", 0, second)
    with Reader(jpeg[:second] + segment(COM, b"between") + jpeg[second:]) as reader:
        assert reader.segments[1:] == [(COM, b"between")]


@pytest.mark.parametrize(
    "rest", [b"\0", b"more", saved(photograph("gravel"), "JPEG"), b"\xff", SOI, 70000 * b"\0"], ids=len
)
def test_the_end_is_that_of_the_first_picture(rest: bytes) -> None:
    jpeg = jpeg_of("4:2:0")
    with Reader(jpeg + rest) as reader:
        assert (reader.end, reader.warning) == (len(jpeg), "")


def test_a_file_that_breaks_off_ends_at_its_end() -> None:
    jpeg = jpeg_of("4:2:0")
    for size in range(len(jpeg) - 2, len(jpeg) // 2, -97):
        with Reader(jpeg[:size], keep_going=True) as reader:
            assert reader.end == size
            assert reader.warning == "Premature end of JPEG file"


@pytest.mark.parametrize("kind", ["4:2:0", "progressive", "arithmetic"])
def test_levels_before_the_damage_are_read(kind: str) -> None:
    jpeg = jpeg_of(kind)
    with Reader(jpeg[: len(jpeg) // 2], keep_going=True) as reader:
        luma = reader.levels()[0]
    assert np.array_equal(luma[:3], levels_of(kind)[0][0][:3]) == (kind != "progressive")
    assert luma[:3].any()


def test_a_picture_of_more_pixels_than_twice_pillows_limit_is_refused_as_pillow_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jpeg = jpeg_of("4:2:0")
    pixels = SIZE[0] * SIZE[1]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels // 2 - 1)
    with pytest.raises(Image.DecompressionBombError, match=f"{pixels} pixels"):
        read_levels(jpeg)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels // 2 + 1)
    with pytest.warns(Image.DecompressionBombWarning, match=f"{pixels} pixels"):
        read_levels(jpeg)
    for limit in (pixels, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_levels(jpeg)


@pytest.mark.parametrize(
    ("jpeg", "message"),
    [
        (b"", "Empty input file"),
        (b"\xff", "Premature end of JPEG file"),
        (SOI, "Premature end of JPEG file"),
        (SOI + EOI, "JPEG datastream contains no image"),
        (b"GIF89a", "Not a JPEG file: starts with 0x47 0x49"),
        (saved(photograph("gravel"), "PNG"), "Not a JPEG file: starts with 0x89 0x50"),
    ],
)
def test_what_is_no_jpeg_is_refused_in_libjpegs_words(jpeg: bytes, message: str) -> None:
    with pytest.raises(pyregjpeg.CodecError, match=message):
        read_levels(jpeg)


def test_segments_of_a_file_are_what_the_tests_reader_says() -> None:
    jpeg = with_segments(jpeg_of("CMYK"), *ADDED)
    with Reader(jpeg) as reader:
        assert reader.segments == [one for one in segments(jpeg) if one[0] >= APP0]
