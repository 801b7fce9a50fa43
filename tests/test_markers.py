"""The walk over a file's markers: what is found, what it is called, and what is refused."""

from __future__ import annotations

import contextlib
import io
import struct
import time

import pytest
from helper import COM, photograph, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pyregjpeg import markers
from pyregjpeg.errors import CodecError
from pyregjpeg.markers import Segment, contents, detail, name, segments

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def segment(marker: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def names(jpeg: bytes) -> list[str]:
    return [name(found.marker) for found in segments(jpeg)]


def described(marker: int, payload: bytes) -> tuple[str, str]:
    found = Segment(marker, 0, payload)
    return contents(found), detail(found)


def test_the_segments_and_the_scans_make_up_the_file() -> None:
    jpeg = saved(photograph("coffee"), "JPEG", progressive=True, restart_marker_rows=1)
    rebuilt, found = b"", list(segments(jpeg))
    for one, following in zip(found, [*found[1:], None], strict=True):
        assert one.offset == len(rebuilt)
        rebuilt += segment(one.marker, one.payload) if one.size > 2 else bytes((0xFF, one.marker))
        assert one.end == len(rebuilt)
        if following:
            rebuilt += jpeg[one.end : following.offset]
            assert one.marker == markers.SOS or one.end == following.offset
    assert rebuilt == jpeg
    assert sum(one.marker == markers.SOS for one in found) == 10


def test_restart_markers_and_stuffed_bytes_are_part_of_the_scan() -> None:
    data = b"\x12\xff\x00\x34\xff\xd0\x56\xff\xff\x00\xff\xff\xd7\x78"
    jpeg = SOI + segment(markers.SOS, b"abc") + data + segment(markers.DHT) + segment(markers.SOS) + b"\x01" + EOI
    assert names(jpeg) == ["SOI", "SOS", "DHT", "SOS", "EOI"]
    assert [found.offset for found in segments(jpeg)][2] == 2 + 7 + len(data)


def test_fill_bytes_before_a_marker_are_passed_over() -> None:
    jpeg = SOI + b"\xff\xff" + segment(COM, b"text") + b"\xff" + EOI
    assert [(found.marker, found.offset, found.payload) for found in segments(jpeg)] == [
        (markers.SOI, 0, b""),
        (COM, 4, b"text"),
        (markers.EOI, 13, b""),
    ]


def test_what_follows_the_end_is_not_looked_at() -> None:
    assert names(SOI + EOI + b"\xff\xe0 no segment") == ["SOI", "EOI"]


@pytest.mark.parametrize(
    ("jpeg", "reason"),
    [
        (b"", "not a JPEG file"),
        (b"\x89PNG\r\n", "not a JPEG file"),
        (SOI, "no marker at byte 2"),
        (SOI + segment(COM, b"ab") + b"junk" + EOI, "no marker at byte 8"),
        (SOI + b"\xff\xff\xff", "no marker at byte 2"),
        (SOI + b"\xff\x00" + EOI, "no marker at byte 2"),
        (SOI + b"\xff\xe1\x00\x01" + EOI, "the APP1 at byte 2 is cut short"),
        (SOI + b"\xff\xe1\x00", "the APP1 at byte 2 is cut short"),
        (SOI + b"\xff\xe1", "the APP1 at byte 2 is cut short"),
        (SOI + segment(COM, b"abc")[:-1], "the COM at byte 2 is cut short"),
        (SOI + segment(markers.SOS, b"abc") + b"\x12\xff\xd0\xff\x00\x34", "within the scan that begins at byte 2"),
        (SOI + segment(COM) * 10_001 + EOI, "more than 10000 marker segments"),
    ],
)
def test_a_damaged_file_is_refused_in_one_sentence(jpeg: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        list(segments(jpeg))


@pytest.mark.parametrize("filler", [b"\xff", b"\xff\x00", b"\xff\xd0"])
def test_a_long_scan_of_anything_takes_no_longer_than_reading_it(filler: bytes) -> None:
    start = time.perf_counter()
    with pytest.raises(CodecError):
        list(segments(SOI + segment(markers.SOS) + filler * 2_000_000))
    with pytest.raises(CodecError):
        list(segments(SOI + filler * 2_000_000))
    assert time.perf_counter() - start < 5


@given(st.binary(max_size=300), st.sampled_from(sorted(markers._NAMES)), st.binary(max_size=40))
@settings(max_examples=500)
def test_any_bytes_are_walked_or_refused(content: bytes, marker: int, payload: bytes) -> None:
    jpeg = SOI + segment(marker, payload) + content
    with contextlib.suppress(CodecError):
        for found in segments(jpeg):
            assert jpeg[found.offset : found.offset + 2] == bytes((0xFF, found.marker))
            assert found.end <= len(jpeg)
            assert isinstance(contents(found) + detail(found), str)


@given(st.sampled_from([(marker, signature) for marker, signature, _ in markers._CONTENTS]), st.binary(max_size=80))
@settings(max_examples=1000)
def test_any_payload_is_described(kind: tuple[int, bytes], rest: bytes) -> None:
    what, said = described(kind[0], kind[1] + rest)
    assert what
    assert said.isprintable()


@pytest.mark.parametrize(
    ("marker", "payload", "expected"),
    [
        (0xE0, b"JFIF\0\1\2\1\0\x48\0\x90\0\0", ("JFIF", "version 1.02, 72x144 dpi")),
        (0xE0, b"JFIF\0\1\1\2\0\x1c\0\x1c\0\0", ("JFIF", "version 1.01, 28x28 per cm")),
        (0xE0, b"JFXX\0\x10", ("JFIF extension", "")),
        (0xE1, b"Exif\0\0damaged", ("EXIF", "")),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>", ("XMP", "")),
        (
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", 70000, 65400) + b"<x/>",
            ("extended XMP", "from byte 65400 of 70000"),
        ),
        (0xE2, b"ICC_PROFILE\0\2\5profile", ("ICC profile", "chunk 2 of 5")),
        (0xE2, b"MPF\0II*\0", ("MPF", "")),
        (0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0", ("urn:iso:std:iso:ts:21496:-1", "")),
        (0xED, b"Photoshop 3.0\x008BIM", ("Photoshop", "")),
        (0xEE, b"Adobe\0\x64\0\0\0\0\2", ("Adobe", "transform 2")),
        (0xEE, b"Adobe\0", ("Adobe", "")),
        (0xE5, b"\1\2\3", ("", "")),
        (0xFE, "Straße\x1b[31m\r\n".encode(), ("comment", "Straße [31m")),
        (0xFE, b"\xff\xfe", ("comment", "��")),
        (0xDD, b"\1\4", ("restart interval", "260 MCUs")),
        (0xDB, b"\0" + b"\1" * 64 + b"\x13" + b"\0\1" * 64, ("quantisation tables", "0, 3 of 16 bits")),
        (0xC4, b"\x01\1" + b"\0" * 15 + b"\7" + b"\x10\0\2" + b"\0" * 14 + b"\7\7", ("Huffman tables", "DC 1, AC 0")),
        (0xC1, b"\x0c\1\0\2\0\3", ("frame", "512x256 of 12 bits, components 3")),
    ],
)
def test_a_segment_says_what_it_is(marker: int, payload: bytes, expected: tuple[str, str]) -> None:
    assert described(marker, payload) == expected


@pytest.mark.parametrize("orientation", [1, 6, 8])
@pytest.mark.parametrize("order", [">", "<"])
def test_exif_says_how_the_picture_is_turned(orientation: int, order: str) -> None:
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = orientation
    assert described(0xE1, exif.tobytes()) == ("EXIF", f"orientation {orientation}")


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_there_is_not_is_none(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert described(0xE1, exif.tobytes()) == ("EXIF", "")


def test_pillow_lists_the_same_application_segments() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a cup"
    jpeg = saved(photograph("coffee"), "JPEG", exif=exif, icc_profile=b"p" * 70_000, xmp=b"<x/>", comment="a cup")
    pillows = [(marker, payload) for marker, payload in Image.open(io.BytesIO(jpeg)).applist]  # type: ignore[attr-defined]
    ours = [(name(found.marker), found.payload) for found in segments(jpeg)]
    assert [found for found in ours if found[0].startswith(("APP", "COM"))] == pillows
