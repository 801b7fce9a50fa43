"""Metadata: the segments are Pillow's, byte for byte and in the same order; what does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest
from helper import (
    APP2,
    COM,
    all_but_huffman,
    assert_same_headers,
    flat,
    opened,
    payloads,
    photograph,
    roundtrip,
    saved,
)
from PIL import Image, ImageCms

import pyregjpeg
from pyregjpeg.errors import MetadataError, OptionError
from pyregjpeg.metadata import segments

EXTRA = b"\xff\xe5\x00\x06abcd\xff\xe6\x00\x03x"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation
    exif[0x010E] = "a cup of coffee"
    return exif


AS_PILLOW: dict[str, dict[str, Any]] = {
    "nothing": {},
    "dpi": {"dpi": (300, 150)},
    "fractions of dpi": {"dpi": (72.4, 95.5)},
    "dpi as a list": {"dpi": [96, 96]},
    "no dpi": {"dpi": (0, 0)},
    "dpi of one side": {"dpi": (0, 72)},
    "negative dpi": {"dpi": (-1, 72)},
    "dpi of 16 bits": {"dpi": (65535, 65535)},
    "exif": {"exif": exif()},
    "exif in bytes": {"exif": exif().tobytes()},
    "exif without its signature": {"exif": b"anything"},
    "largest exif": {"exif": b"x" * 65533},
    "empty exif": {"exif": b""},
    "icc": {"icc_profile": SRGB},
    "icc in one full chunk": {"icc_profile": b"i" * 65519},
    "icc one byte too long for a chunk": {"icc_profile": b"i" * 65520},
    "icc in many chunks": {"icc_profile": bytes(range(256)) * 1000},
    "no icc": {"icc_profile": None},
    "xmp": {"xmp": XMP},
    "largest xmp": {"xmp": b"x" * 65504},
    "no xmp": {"xmp": None},
    "comment": {"comment": b"bytes \xff\x00"},
    "comment as text": {"comment": "text"},
    "comment beyond ascii": {"comment": "Käse 🧀"},
    "no comment": {"comment": None},
    "empty comment": {"comment": ""},
    "extra": {"extra": EXTRA},
    "all": {
        "extra": EXTRA,
        "comment": "all",
        "exif": exif(),
        "icc_profile": SRGB,
        "xmp": XMP,
        "dpi": (72, 72),
        "progressive": True,
    },
}

# Where Pillow raises, with the same words where it has any.
REFUSED: dict[str, tuple[dict[str, Any], str | None]] = {
    "exif": ({"exif": b"x" * 65534}, "EXIF data is too long"),
    "xmp": ({"xmp": b"x" * 65505}, "XMP data is too long"),
    "exif that is text": ({"exif": "text"}, None),
    "exif that is a number": ({"exif": 5}, None),
    "exif that is a list": ({"exif": [1, 2]}, None),
    "icc that is text": ({"icc_profile": "text"}, None),
    "icc that is a number": ({"icc_profile": 5}, None),
    "xmp that is text": ({"xmp": "text"}, None),
    "comment that is a number": ({"comment": 5}, None),
    "extra that is text": ({"extra": "text"}, None),
    "extra that is a number": ({"extra": 5}, None),
    "dpi that is a number": ({"dpi": 72}, None),
    "dpi of one number": ({"dpi": (72,)}, None),
    "dpi of three numbers": ({"dpi": (72, 72, 72)}, None),
    "dpi that is text": ({"dpi": "72"}, None),
    "dpi that is NaN": ({"dpi": (float("nan"), 72)}, None),
}


@pytest.mark.parametrize("options", AS_PILLOW.values(), ids=AS_PILLOW)
def test_segments_are_pillows(options: dict[str, Any]) -> None:
    image = photograph("coffee")
    assert_same_headers(flat(image, tables="annex-k", **options), saved(image, "JPEG", quality=75, **options))


@pytest.mark.parametrize("comment", [b"from the picture", "as text"])
def test_a_pictures_own_comment_is_kept_as_pillow_keeps_it(comment: bytes | str) -> None:
    image = photograph("coffee")
    image.info["comment"] = comment
    ours = flat(image, tables="annex-k")
    assert_same_headers(ours, saved(image, "JPEG", quality=75))
    assert len(payloads(ours, COM)) == 1


@pytest.mark.parametrize("comment", [None, b"", "", b"another"])
def test_a_comment_that_is_given_replaces_the_pictures_own(comment: bytes | str | None) -> None:
    image = photograph("coffee")
    image.info["comment"] = b"from the picture"
    ours = flat(image, tables="annex-k", comment=comment)
    assert_same_headers(ours, saved(image, "JPEG", quality=75, comment=comment))


def test_other_metadata_of_the_picture_is_not_written_as_pillow_writes_none() -> None:
    image = photograph("coffee")
    image.info.update(dpi=(300, 300), exif=exif().tobytes(), icc_profile=SRGB, xmp=XMP)
    assert all_but_huffman(flat(image)) == all_but_huffman(flat(photograph("coffee")))


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_what_pillow_refuses_is_refused_with_an_error_of_its_type(options: dict[str, Any], message: str | None) -> None:
    image = photograph("coffee")
    with pytest.raises((ValueError, TypeError)) as pillows:
        saved(image, "JPEG", **options)
    with pytest.raises(type(pillows.value), match=message) as ours:
        flat(image, **options)
    assert isinstance(ours.value, pyregjpeg.RegionJpegError)


def test_a_comment_as_long_as_a_marker_can_hold_is_written() -> None:  # Pillow before version 13 fails here
    assert payloads(flat(photograph("coffee"), comment=b"c" * 65533), COM) == [b"c" * 65533]


@pytest.mark.parametrize(
    "comment", [b"c" * 65534, "c" * 65534, "ä" * 33000], ids=["bytes", "text", "text once encoded"]
)
def test_a_comment_longer_than_a_marker_can_hold_is_refused(comment: bytes | str) -> None:
    with pytest.raises(MetadataError, match="Comment is too long"):
        flat(photograph("coffee"), comment=comment)


def test_a_text_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(MetadataError, match="UTF-8"):
        flat(photograph("coffee"), comment="\ud800")


def test_an_icc_profile_of_more_than_255_chunks_is_refused() -> None:
    with pytest.raises(MetadataError, match="ICC profile is too long"):
        segments(icc_profile=bytes(65519 * 255 + 1))


def test_the_largest_icc_profile_has_255_numbered_chunks() -> None:
    written = flat(photograph("gravel"), icc_profile=bytes(65519 * 255))
    numbers = [(chunk[12], chunk[13]) for chunk in payloads(written, APP2)]
    assert numbers == [(number, 255) for number in range(1, 256)]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
@pytest.mark.parametrize("name", ["exif", "icc_profile", "xmp", "comment", "extra"])
def test_any_bytes_like_object_is_bytes(name: str, kind: Any) -> None:
    image = photograph("gravel")
    given: dict[str, Any] = {name: kind(EXTRA)}
    expected: dict[str, Any] = {name: EXTRA}
    assert flat(image, **given) == flat(image, **expected)


def test_infinite_dpi_are_refused() -> None:
    with pytest.raises(OptionError, match="dpi"):
        flat(photograph("gravel"), dpi=(float("inf"), 72))


def test_what_was_saved_is_read_back() -> None:
    image = roundtrip(
        photograph("coffee"),
        region_map=[(0, 0, 50, 50)],
        dpi=(300, 300),
        exif=exif(),
        icc_profile=SRGB,
        xmp=XMP,
        comment=b"hello",
    )
    assert image.info["dpi"] == (300, 300)
    assert image.info["icc_profile"] == SRGB
    assert image.info["xmp"] == XMP
    assert image.info["comment"] == b"hello"
    assert dict(image.getexif()) == dict(exif())


@pytest.mark.parametrize("name", ["exif", "icc_profile", "xmp", "comment"])
def test_what_a_jpeg_says_of_itself_can_be_passed_on(name: str) -> None:
    options: dict[str, Any] = {"exif": exif().tobytes(), "icc_profile": SRGB, "xmp": XMP, "comment": b"hello"}
    source = opened(saved(photograph("coffee"), "JPEG", **options))
    assert roundtrip(source, region_map=[(0, 0, 9, 9)], **{name: source.info[name]}).info[name] == source.info[name]
