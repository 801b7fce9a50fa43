"""What the tests share: photographs, saving, and readers of JPEG files that are not the code under test."""

from __future__ import annotations

import functools
import io
import math
import tempfile
from pathlib import Path
from typing import Any

import jpeglib  # type: ignore[import-untyped, unused-ignore]
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

import pyregjpeg

IMAGES = Path(__file__).with_name("images")
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "gravel", "rocket")
COLOUR_PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
ODD_SIZED = "coffee"  # 317x211

SOF_BASELINE, SOF_EXTENDED, SOF_PROGRESSIVE = 0xC0, 0xC1, 0xC2
DHT, SOS, DQT, DRI, COM, APP0, APP1, APP2, APP14 = 0xC4, 0xDA, 0xDB, 0xDD, 0xFE, 0xE0, 0xE1, 0xE2, 0xEE
FRAMES = (SOF_BASELINE, SOF_EXTENDED, SOF_PROGRESSIVE)

Segment = tuple[int, bytes]  # the marker's second byte and what follows the length


@functools.cache
def _photograph(name: str, mode: str) -> Image.Image:
    return Image.open(IMAGES / f"{name}.webp").convert(mode)


def photograph(name: str, mode: str = "RGB") -> Image.Image:
    """A photograph of tests/images that the caller may change."""
    return _photograph(name, mode).copy()


def saved(image: Image.Image, format: str = "REGIONJPEG", **options: Any) -> bytes:  # noqa: A002, Pillow's name
    """The bytes that image.save writes."""
    file = io.BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def flat(picture: Image.Image | NDArray[np.uint8], quality: int = 75, **options: Any) -> bytes:
    """Encoded with importance 1 everywhere: what a person gets who only wants a JPEG."""
    return pyregjpeg.encode(picture, quality=quality, background_quality=quality, **options)


def opened(jpeg: bytes) -> JpegImageFile:
    """As Pillow's own JPEG plugin decodes it."""
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    assert isinstance(image, JpegImageFile)
    image.load()
    return image


def with_pillows_tables(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with the tables that Pillow has for them."""
    gives_tables = "qtables" in options or isinstance(options.get("quality"), str)
    return options if gives_tables else {**options, "tables": "annex-k"}


def roundtrip(image: Image.Image, **options: Any) -> JpegImageFile:
    return opened(saved(image, **options))


def segments(jpeg: bytes) -> list[Segment]:
    """The marker segments up to and with the first SOS."""
    assert jpeg[:2] == b"\xff\xd8"
    found: list[Segment] = []
    place = 2
    while not found or found[-1][0] != SOS:
        assert jpeg[place] == 0xFF, f"no marker at byte {place}"
        length = int.from_bytes(jpeg[place + 2 : place + 4], "big")
        found.append((jpeg[place + 1], jpeg[place + 4 : place + 2 + length]))
        place += 2 + length
    return found


def payloads(jpeg: bytes, *markers: int) -> list[bytes]:
    return [payload for marker, payload in segments(jpeg) if marker in markers]


def all_but_huffman(jpeg: bytes) -> list[Segment]:
    """All segments whose content does not depend on the levels, as the scans of a progressive file do."""
    found = segments(jpeg)
    varying = (DHT, SOS) if any(marker == SOF_PROGRESSIVE for marker, _ in found) else (DHT,)
    return [segment for segment in found if segment[0] not in varying]


def read_levels(jpeg: bytes) -> tuple[list[NDArray[np.int16]], list[NDArray[np.uint16]]]:
    """For each component its levels (rows, columns, 8, 8) and its quantisation table (8, 8), read by jpeglib."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jpg")
        path.write_bytes(jpeg)
        read = jpeglib.read_dct(str(path))
        planes = [plane for plane in (read.Y, read.Cb, read.Cr, read.K) if plane is not None]
    return planes, [read.qt[number] for number in read.quant_tbl_no]


def mean_square_error(one: Image.Image, other: Image.Image) -> float:
    return float(np.square(np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)).mean())


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of the samples."""
    assert (one.mode, one.size) == (other.mode, other.size)
    return float(np.abs(np.asarray(one, dtype=np.int16) - np.asarray(other, dtype=np.int16)).mean())


def assert_same_headers(ours: bytes, pillows: bytes) -> None:
    """Every segment but Huffman tables and progressive scans is Pillow's, byte for byte and in the same order."""
    assert all_but_huffman(ours) == all_but_huffman(pillows)


def assert_as_good(original: Image.Image, ours: bytes, pillows: bytes) -> None:
    """Decoded, both are of one mode and size and, within 1 dB, as far from the original."""
    our_picture, their_picture = opened(ours), opened(pillows)
    assert (our_picture.mode, our_picture.size) == (their_picture.mode, their_picture.size)
    expected = original.convert(their_picture.mode)
    ratio = mean_square_error(expected, our_picture) / mean_square_error(expected, their_picture)
    assert abs(10 * math.log10(ratio)) < 1
