"""What a transcoded JPEG carries over from its source: APPn and COM segments, and what follows the picture's end."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterable, Iterator

from PIL import ExifTags, Image

from .markers import APP0, APP14, APP15, EOI, EXTENDED_XMP_SIGNATURE, MPF_SIGNATURE, orientation
from .metadata import APP1, APP2, COM, EXIF_SIGNATURE, ICC_SIGNATURE, XMP_SIGNATURE, segment

Segment = tuple[int, bytes]  # the marker's second byte and what follows the length

STRIPPABLE = ("exif", "icc", "xmp", "comment", "all")
JFIF_SIGNATURE, ADOBE_SIGNATURE = b"JFIF\0", b"Adobe"
# Not 0xFF as part of a scan, as filling between segments, or with what has no length: TEM, restart markers, SOI.
_MARKER = re.compile(rb"\xff[^\0\xff\x01\xd0-\xd8]", re.DOTALL)
MP_ENTRY_TAG, MP_ENTRY_SIZE = 0xB002, 16  # CIPA DC-007, 5.2.3


def carried(segments: Iterable[Segment], strip: Collection[str]) -> list[bytes]:
    """For each segment what stands for it in the new file: the segment itself, or nothing if it is to be stripped.

    "all" leaves those that decoding needs: JFIF's and Adobe's. Where EXIF data that goes says how the picture is
    turned, a segment with that alone takes its place, so that the picture stays upright.
    """
    return [_carried(marker, payload, set(strip)) for marker, payload in segments]


def understood(segments: Iterable[Segment], component_count: int) -> Iterator[Segment]:
    """The segments, with JFIF's and Adobe's saying what libjpeg makes of them where it warns of what they say."""
    colours = {3: (1, b"\0\1"), 4: (2, b"\0\2")}  # of an unknown transform: YCbCr and YCCK, jdapimin.c
    for marker, payload in segments:
        if marker == APP0 and payload.startswith(JFIF_SIGNATURE) and len(payload) > 5:
            yield marker, payload[:5] + b"\1" + payload[6:]  # the major version
        elif marker == APP14 and payload.startswith(ADOBE_SIGNATURE) and component_count in colours:
            assumed, known = colours[component_count]
            transform = payload[11:12] if payload[11:12] in known else bytes([assumed])
            yield marker, payload[:11] + transform + payload[12:]
        else:
            yield marker, payload


def spliced(jpeg: bytes, carried: Iterable[bytes]) -> bytes:
    """The file, which libjpeg reads without a warning, otherwise untouched with each of its segments replaced."""
    pieces, end = [], 0
    for (start, following), standing in zip(_places(jpeg), carried, strict=True):
        pieces += [jpeg[end:start], standing]
        end = following
    return b"".join([*pieces, jpeg[end:]])


def with_rest(jpeg: bytes, source: bytes, end: int, segments: Iterable[Segment]) -> bytes:
    """The new file, followed by what stood in its source after the `end` of the picture: more pictures, a video.

    The directory of a multi-picture file (CIPA DC-007) is brought up to date in the new file, which has it unchanged.
    """
    rest = source[end:]
    if not rest or jpeg == source[:end]:
        return jpeg + rest
    payload = next((data for marker, data in segments if _is_directory(marker, data)), None)
    directory = segment(APP2, payload) if payload is not None else b""
    if payload is not None and directory in jpeg:
        # Offsets count from the directory's own place.
        moved_by = (len(jpeg) - jpeg.index(directory)) - (end - source.index(directory))
        jpeg = jpeg.replace(directory, segment(APP2, _mended(payload, moved_by, len(jpeg))), 1)
    return jpeg + rest


def _is_directory(marker: int, payload: bytes) -> bool:
    return marker == APP2 and payload.startswith(MPF_SIGNATURE)


def _places(jpeg: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each APPn and COM segment, to the end of the picture."""
    place = 2
    while (found := _MARKER.search(jpeg, place)) and found[0][1] != EOI:
        marker, start = found[0][1], found.start()
        length = int.from_bytes(jpeg[start + 2 : start + 4], "big")
        place = start + 2 + max(length, 2)
        if (marker == COM or APP0 <= marker <= APP15) and length >= 2:  # a shorter one libjpeg passes over
            yield start, place


def _carried(marker: int, payload: bytes, strip: set[str]) -> bytes:
    kind = _kind(marker, payload)
    if kind == "exif" and strip & {"exif", "all"}:
        return _orientation_alone(payload)
    if kind in strip or ("all" in strip and kind != "needed"):
        return b""
    return segment(marker, payload)


def _kind(marker: int, payload: bytes) -> str:
    if marker == COM:
        return "comment"
    for kind, of_marker, signature in _SIGNATURES:
        if marker == of_marker and payload.startswith(signature):
            return kind
    return "other"


_SIGNATURES = (
    ("exif", APP1, EXIF_SIGNATURE),
    ("xmp", APP1, XMP_SIGNATURE),
    ("xmp", APP1, EXTENDED_XMP_SIGNATURE),
    ("icc", APP2, ICC_SIGNATURE),
    ("needed", APP0, JFIF_SIGNATURE),
    ("needed", APP14, ADOBE_SIGNATURE),
)


def _orientation_alone(payload: bytes) -> bytes:
    turned = orientation(payload)
    if turned in (None, 1):  # 1 is upright
        return b""
    alone = Image.Exif()
    alone[ExifTags.Base.Orientation] = turned
    return segment(APP1, alone.tobytes())


def _mended(payload: bytes, moved_by: int, first_size: int) -> bytes:
    """The directory of pictures, with the first one's new size and the others where they are now.

    A directory that cannot be read stays as it is.
    """
    tiff = bytearray(payload[len(MPF_SIGNATURE) :])
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    try:
        if order is None:
            return payload
        (directory,) = struct.unpack_from(f"{order}4xI", tiff)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for number in range(count):
            tag, _, size, place = struct.unpack_from(f"{order}HHII", tiff, directory + 2 + 12 * number)
            if tag != MP_ENTRY_TAG:
                continue
            for entry in range(place, place + size, MP_ENTRY_SIZE):
                _, offset = struct.unpack_from(f"{order}4xII", tiff, entry)
                if offset == 0:
                    struct.pack_into(f"{order}I", tiff, entry + 4, first_size)
                else:
                    struct.pack_into(f"{order}I", tiff, entry + 8, offset + moved_by)
            break
    except struct.error:
        return payload
    return MPF_SIGNATURE + bytes(tiff)
