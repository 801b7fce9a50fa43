"""transcode() of files that no encoder writes: refused in libjpeg's words, whatever their headers claim."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from damaged import NOTHING_MATTERS, error_of, mended, payload_of
from helper import DHT, DQT, SOF_BASELINE, SOS, opened, read_levels
from jpeg_sources import changed, grey_jpeg, jpeg_of, program, with_scans
from PIL import Image

import pyregjpeg

STEPS = np.full((8, 8), 3, dtype=np.uint16)


def frame(**fields: int) -> Callable[[int, bytes], bytes]:
    """A change of the frame's header."""

    def change(marker: int, payload: bytes) -> bytes:
        if marker != SOF_BASELINE:
            return payload
        named = dict(
            zip(("precision", "height", "width", "components"), struct.unpack(">BHHB", payload[:6]), strict=True)
        )
        named.update({name: value for name, value in fields.items() if name in named})
        parts = bytearray(payload[6:])
        parts[1] = fields.get("sampling", parts[1])
        parts[2] = fields.get("table", parts[2])
        return struct.pack(">BHHB", *named.values()) + bytes(parts)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (frame(precision=12), "precision 12|8 bits"),
        (frame(precision=16), "precision 16|8 bits"),
        (frame(width=0), "Empty JPEG image"),
        (frame(height=0), "Empty JPEG image"),
        (frame(width=65535), "Maximum supported image dimension is 65500"),
        (frame(components=0), "Empty JPEG image|Bogus marker length"),
        (frame(components=4), "Bogus marker length"),
        (frame(sampling=0x00), "Bogus sampling factors"),
        (frame(sampling=0x51), "Bogus sampling factors"),
        (frame(table=3), "Quantization table 0x03 was not defined"),
        (frame(table=9), "Quantization table 0x09 was not defined"),
        (payload_of(DQT, 0, 0x07), "Bogus DQT index 7"),
        (payload_of(DQT, 1, 0), "a quantisation step is 1 to 32767"),
        (payload_of(DQT, 64, 0), "a quantisation step is 1 to 32767"),
        (payload_of(DHT, 0, 0x05), "Bogus DHT index 5"),
        (payload_of(DHT, 1, 3), "Bogus Huffman table definition"),
        (payload_of(DHT, 16, 255), "Bogus Huffman table definition"),
        (payload_of(SOS, 0, 0), "Invalid SOS|Bogus marker length|Sampling|scan"),
        (payload_of(SOS, 1, 77), "Invalid component ID 77 in SOS"),
        (payload_of(SOS, 2, 0x33), "Huffman table 0x(03|13|33) was not defined"),
        (payload_of(SOS, 7, 5), "Invalid SOS parameters for sequential JPEG"),
    ],
)
def test_what_headers_cannot_mean_is_refused_in_libjpegs_words(
    change: Callable[[int, bytes], bytes], words: str
) -> None:
    damaged = changed(jpeg_of("4:2:0"), change)
    with pytest.raises(pyregjpeg.CodecError, match=words):
        pyregjpeg.transcode(damaged, region_map=NOTHING_MATTERS)


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD])
def test_lossless_and_hierarchical_jpegs_are_refused(marker: int) -> None:
    jpeg = jpeg_of("grey").replace(b"\xff\xc0", bytes((0xFF, marker)), 1)
    for predictor in (0, 1):
        assert error_of(changed(jpeg, payload_of(SOS, 3, predictor, 0)), damaged="keep-going")


@pytest.mark.parametrize("length", [0, 1])
@pytest.mark.parametrize("marker", [DQT, DHT, SOF_BASELINE, 0xDD])
def test_a_segment_shorter_than_its_length_is_refused(marker: int, length: int) -> None:
    jpeg = jpeg_of("4:2:0")
    damaged = jpeg[:2] + bytes((0xFF, marker, 0, length)) + jpeg[2:]
    assert "Bogus marker length" in error_of(damaged)


@pytest.mark.parametrize("damaged", ["refuse", "keep-going"])
def test_more_than_100_scans_are_refused(damaged: str) -> None:
    assert pyregjpeg.transcode(with_scans(100), region_map=NOTHING_MATTERS)
    assert error_of(with_scans(101), damaged=damaged) == "the file has more than 100 scans"


@pytest.mark.parametrize("side", [20000, 65500])
@pytest.mark.parametrize("damaged", ["refuse", "keep-going"])
def test_a_claim_of_huge_sides_is_refused_as_pillow_refuses_it(side: int, damaged: str) -> None:
    jpeg = changed(jpeg_of("4:2:0"), frame(width=side, height=side))
    with pytest.raises(Image.DecompressionBombError):
        opened(jpeg)
    with pytest.raises(Image.DecompressionBombError, match=f"{side * side} pixels"):
        pyregjpeg.transcode(jpeg, damaged=damaged)


def levels_with(value: int, frequency: int) -> Any:
    levels = np.zeros((2, 2, 8, 8), dtype=np.int16)
    levels[1, 1].flat[frequency] = value
    return levels


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize(
    ("value", "frequency"), [(1024, 0), (-1025, 0), (1024, 1), (-1024, 1), (1024, 63), (32767, 5), (16383, 0)]
)
def test_levels_that_no_encoder_can_code_are_refused(
    value: int, frequency: int, optimize: bool, progressive: bool
) -> None:
    jpeg = grey_jpeg(levels_with(value, frequency), STEPS)
    options: dict[str, Any] = {"optimize": optimize, "progressive": progressive}
    assert error_of(jpeg, **options) == "a coefficient is out of the range of JPEG's codes"
    result = mended(jpeg, **options)
    assert result.damage == "a coefficient is out of the range of JPEG's codes"
    limits = (-1024, 1023) if frequency == 0 else (-1023, 1023)
    assert np.array_equal(read_levels(result.jpeg)[0][0], levels_with(value, frequency).clip(*limits))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize(("value", "frequency"), [(1023, 0), (-1024, 0), (1023, 1), (-1023, 1), (-1023, 63)])
def test_the_largest_levels_that_can_be_coded_are(
    value: int, frequency: int, optimize: bool, progressive: bool
) -> None:
    levels = levels_with(value, frequency)
    options: dict[str, Any] = {"optimize": optimize, "progressive": progressive, "allow_larger": True}
    jpeg = pyregjpeg.transcode(grey_jpeg(levels, STEPS), background_quality=100, **options)
    assert np.array_equal(read_levels(jpeg)[0][0], levels)
    assert program("djpeg", "-strict", stdin=jpeg)


def test_levels_that_coarser_tables_bring_into_range_are_written() -> None:
    source = grey_jpeg(levels_with(2000, 1), np.ones((8, 8), dtype=np.uint16))
    jpeg = pyregjpeg.transcode(source, quality=50, region_map=NOTHING_MATTERS, tables="annex-k")
    assert read_levels(jpeg)[0][0][1, 1, 0, 1] == round(2000 / 11)


@pytest.mark.parametrize("value", [1023, -1023])
def test_best_effort_bears_more_contrast_than_pixels_can_have(value: int) -> None:
    levels = np.full((2, 2, 8, 8), value, dtype=np.int16)
    source = grey_jpeg(levels, np.full((8, 8), 32767, dtype=np.uint16))
    options: dict[str, Any] = {"effort": "best", "background_quality": 1, "allow_larger": True}
    kept = pyregjpeg.transcode(source, region_map=np.ones((1, 1)), **options)
    assert np.array_equal(read_levels(kept)[0][0], levels)
    masked = read_levels(pyregjpeg.transcode(source, region_map=NOTHING_MATTERS, **options))[0][0]
    assert np.all((masked == levels) | (masked == 0))
