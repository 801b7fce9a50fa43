"""Metadata as JPEG marker segments: EXIF, extra markers, XMP, ICC, comment, in the order that Pillow keeps."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image

from .errors import MetadataError, OptionError

# A marker's length field counts itself and has 16 bits.
LARGEST_PAYLOAD = 65533
EXIF_SIGNATURE = b"Exif\0\0"
XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
ICC_SIGNATURE = b"ICC_PROFILE\0"
QF_MAP_SIGNATURE = b"QFMap\0"  # our own; in APP9 other software has nothing but Media Jukebox's, which says so

APP1, APP2, APP9, COM = 0xE1, 0xE2, 0xE9, 0xFE


def segments(
    *,
    exif: bytes | Image.Exif = b"",
    xmp: bytes | None = None,
    icc_profile: bytes | None = None,
    extra: bytes = b"",
    comment: bytes | str | None = None,
) -> bytes:
    """Complete marker segments, to follow the JFIF and Adobe headers.

    `exif` begins with its own signature, as Image.Exif.tobytes() gives it; `extra` are ready-made segments. An ICC
    profile is split into as many chunks as it needs (ICC.1, annex B.4). Raises MetadataError where something does not
    fit into its marker, OptionError where something is not bytes.
    """
    exif_bytes = exif.tobytes() if isinstance(exif, Image.Exif) else _bytes("exif", exif)
    comment_bytes = _encoded(comment) if isinstance(comment, str) else _bytes("comment", comment)
    written = b""
    if exif_bytes:
        written += segment(APP1, exif_bytes, "EXIF data")
    written += _bytes("extra", extra)
    if xmp:
        written += segment(APP1, XMP_SIGNATURE + _bytes("xmp", xmp), "XMP data")
    written += b"".join(_icc_chunks(_bytes("icc_profile", icc_profile)))
    if comment_bytes:
        written += segment(COM, comment_bytes, "Comment")
    return written


def _encoded(comment: str) -> bytes:
    try:
        return comment.encode()
    except UnicodeEncodeError as error:
        raise MetadataError(f"The comment cannot be stored as UTF-8: {error}") from error


def _bytes(name: str, value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise OptionError(f"{name} is bytes, not {type(value).__name__}")


def segment(marker: int, payload: bytes, what: str = "A segment") -> bytes:
    """A complete marker segment; MetadataError if the payload does not fit into one."""
    if len(payload) > LARGEST_PAYLOAD:
        raise MetadataError(f"{what} is too long")
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _icc_chunks(profile: bytes) -> Iterator[bytes]:
    largest = LARGEST_PAYLOAD - len(ICC_SIGNATURE) - 2
    chunks = [profile[start : start + largest] for start in range(0, len(profile), largest)]
    if len(chunks) > 255:
        raise MetadataError("ICC profile is too long")
    for number, chunk in enumerate(chunks, start=1):
        yield segment(APP2, ICC_SIGNATURE + bytes((number, len(chunks))) + chunk, "ICC profile")
