"""transcode() of damaged files: refused in libjpeg's words, or, if told to keep going, mended."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from damaged import NOTHING_MATTERS, error_of, mended, payload_of
from helper import (
    APP0,
    APP14,
    COM,
    SOF_BASELINE,
    SOS,
    mean_difference,
    opened,
    payloads,
    read_levels,
    segments,
)
from jpeg_sources import (
    EOI,
    SIZE,
    SOI,
    adobe,
    changed,
    jpeg_of,
    judged_levels,
    program,
    segment,
    with_segments,
)

import pyregjpeg
from pyregjpeg import transcoding

KINDS = ("4:2:0", "progressive", "restart markers", "a scan for each component", "arithmetic", "CMYK", "grey")


def start_of_scan(jpeg: bytes) -> int:
    return 2 + sum(len(payload) + 4 for _, payload in segments(jpeg))


def places(jpeg: bytes) -> list[int]:
    """At and around the start of each segment, in its length and in its middle, and all over the scans."""
    found, place = {1}, 2
    for _, payload in segments(jpeg):
        found |= {place, place + 1, place + 2, place + 3, place + 4, place + 4 + len(payload) // 2}
        place += 4 + len(payload)
    return sorted({*found, *range(place, len(jpeg) - 2, len(jpeg) // 20), len(jpeg) - 2, len(jpeg) - 1})


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_breaks_off_is_refused_wherever_that_is(kind: str) -> None:
    jpeg = with_segments(jpeg_of(kind), (COM, b"comment"))
    for place in places(jpeg):
        assert "Premature end of JPEG file" in error_of(jpeg[:place])


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_breaks_off_in_a_scan_is_mended(kind: str) -> None:
    jpeg = with_segments(jpeg_of(kind), (COM, b"comment"))
    scan = start_of_scan(jpeg)
    end = jpeg.find(b"\xff\xc4", scan)  # a Huffman table that breaks off cannot be mended
    for place in places(jpeg):
        if scan <= place < (len(jpeg) if end < 0 else end):
            result = mended(jpeg[:place])
            assert (result.damage, result.kept) == ("Premature end of JPEG file", False)
            assert (opened(result.jpeg).size, opened(result.jpeg).mode) == (SIZE, opened(jpeg).mode)
            assert payloads(result.jpeg, COM) == [b"comment"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_breaks_off_elsewhere_is_mended_or_refused(kind: str) -> None:
    jpeg = jpeg_of(kind)
    for place in places(jpeg):
        try:
            result = transcoding.transcoded(jpeg[:place], damaged="keep-going", region_map=NOTHING_MATTERS)
        except pyregjpeg.CodecError:
            assert place < start_of_scan(jpeg) or kind in ("progressive", "a scan for each component")
        else:
            assert result.damage
            assert program("djpeg", "-strict", stdin=result.jpeg)


@pytest.mark.parametrize("kind", ["4:2:0", "restart markers", "progressive", "arithmetic"])
def test_what_is_left_of_a_file_stays_what_it_was(kind: str) -> None:
    jpeg = jpeg_of(kind)
    result = mended(jpeg[: len(jpeg) * 9 // 10], background_quality=100)
    top = (0, 0, SIZE[0], SIZE[1] // 2)
    assert mean_difference(opened(result.jpeg).crop(top), opened(jpeg).crop(top)) < (5 if kind == "progressive" else 1)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "progressive"])
def test_damage_within_a_scan_is_refused_in_libjpegs_words_or_mended(kind: str) -> None:
    jpeg = jpeg_of(kind)
    scan = start_of_scan(jpeg)
    refused = 0
    for place in range(scan + 20, len(jpeg) - 20, len(jpeg) // 30):
        damaged = jpeg[:place] + b"\xff\x00\xff\x00\x12" + jpeg[place + 5 :]
        result = mended(damaged)
        if result.damage:
            assert error_of(damaged) == result.damage
            refused += 1
    assert refused > 5


@pytest.mark.parametrize("kind", ["a scan for each component", "progressive"])
@pytest.mark.parametrize("late", [adobe(0), segment(APP0, b"JFIF\0\1\1\0\0\1\0\1\0\0")])
def test_markers_of_colours_that_come_too_late_to_count_are_refused(kind: str, late: bytes) -> None:
    jpeg = changed(jpeg_of(kind), lambda marker, payload: None if marker == APP0 else payload)
    assert "after the first scan" in error_of(jpeg[:-2] + late + EOI)
    assert "after the first scan" in error_of(jpeg[:-2] + late + EOI, damaged="keep-going")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("4:2:0", payload_of(APP0, 5, 9)),
        ("YCbCr by Adobe's marker", payload_of(APP14, 11, 9)),
        ("YCCK", payload_of(APP14, 11, 9)),
        ("CMYK", payload_of(APP14, 11, 1)),
    ],
)
def test_headers_that_libjpeg_warns_of_say_afterwards_what_it_makes_of_them(
    kind: str, change: Callable[[int, bytes], bytes]
) -> None:
    damaged = changed(jpeg_of(kind), change)
    result = mended(damaged, background_quality=100)
    assert error_of(damaged) == result.damage != ""
    for plane, other in zip(judged_levels(result.jpeg)[0], judged_levels(jpeg_of(kind))[0], strict=True):
        assert np.array_equal(plane, other)
    assert opened(result.jpeg).tobytes() == opened(damaged).tobytes()


def test_a_component_without_a_scan_is_refused_or_left_empty() -> None:
    jpeg = jpeg_of("tables redefined")
    last = jpeg.rindex(bytes((0xFF, SOS)))
    damaged = jpeg[:last] + EOI
    assert error_of(damaged) == "one of the components has no scan"
    result = mended(damaged)
    assert result.damage == "one of the components has no scan"
    assert not read_levels(result.jpeg)[0][2].any()


@pytest.mark.parametrize("table", [1, 4, 63, 255])
def test_a_component_with_neither_scan_nor_table_is_refused(table: int) -> None:
    jpeg = jpeg_of("tables redefined")
    without_scan = jpeg[: jpeg.rindex(bytes((0xFF, SOS)))] + EOI
    damaged = changed(without_scan, payload_of(SOF_BASELINE, 14, table))
    assert error_of(damaged) == "one of the components has no scan"
    assert error_of(damaged, damaged="keep-going") == "one of the components has no quantisation table"


def test_nothing_but_damage_is_refused() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        assert error_of(SOI + random.bytes(300), damaged="keep-going")
