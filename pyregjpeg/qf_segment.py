"""The APP9 segment of the overhead-free dialect: what a decoder has to know besides the levels.

A body, split where it does not fit into one segment. It begins with 11 bytes: version; planes, 1 (luma) or 2 (with
chroma); the smallest and the largest QF of luma and of chroma; the check in four bytes, big-endian; the length of the
predictor's name. The name follows, and the first 8 bytes of the SHA-256 of the predictor's .onnx file, then what is
told of the map: corrections to the predictor (corrections.py), packed. Where the map is told whole, as what each QF is
above the smallest one, there is neither name nor digest.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from . import packing
from .errors import CodecError
from .metadata import APP9, LARGEST_PAYLOAD, QF_MAP_SIGNATURE, segment

Limits = tuple[tuple[int, int], tuple[int, int]]  # the smallest and the largest QF of luma, and of chroma

VERSION = 1
REGION = 16  # pixels of luma
SMALLEST_QF, LARGEST_QF = 2, 50
DIGEST_BYTES = 8

_HEAD = struct.Struct(">BB4sIB")
_SOS = 0xDA
_MOST_SEGMENTS = 1000  # real files have a few dozen; each costs a seek
_NUMBERS = 2  # bytes after the signature: which part it is, from 1, and of how many


@dataclass(frozen=True)
class QfSegment:
    """What the segments tell.

    The limits of chroma are (50, 50) where there is none. `predictor` is the name of the one that the map was told for
    and `digest` the beginning of its SHA-256; both empty where the map is told whole. `told` is what is told of it;
    `check` is `check_of` the size, the levels and the true map.
    """

    planes: int
    limits: Limits
    predictor: str
    digest: bytes
    told: bytes
    check: int

    def numbers(self, size: tuple[int, int]) -> NDArray[np.int64]:
        """What is told of each region of a picture of `size`, (planes, rows, columns); CodecError where it is damaged.

        Of a map told whole, by how much a QF is above the smallest one; else its correction, 0 where there is none.
        """
        return packing.unpacked(self.told, (self.planes, *region_grid(size)))

    def written(self) -> bytes:
        """The complete marker segments; CodecError where there would be more than 255."""
        name = self.predictor.encode("ascii")
        limits = bytes(limit for pair in self.limits for limit in pair)
        body = _HEAD.pack(VERSION, self.planes, limits, self.check, len(name)) + name + self.digest + self.told
        room = LARGEST_PAYLOAD - len(QF_MAP_SIGNATURE) - _NUMBERS
        parts = [body[start : start + room] for start in range(0, len(body), room)]
        if len(parts) > 255:
            raise CodecError("The picture has more regions than an overhead-free file can tell of.")
        return b"".join(
            segment(APP9, QF_MAP_SIGNATURE + bytes((number, len(parts))) + part)
            for number, part in enumerate(parts, start=1)
        )


def region_grid(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of regions of a picture of `size` (width, height)."""
    return math.ceil(size[1] / REGION), math.ceil(size[0] / REGION)


def is_in(file: IO[bytes]) -> bool:
    """Whether one of ours is among the segments before the picture; reads no more than where each of them begins."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        start = file.read(4 + len(QF_MAP_SIGNATURE))
        if len(start) < 4 or start[0] != 0xFF or start[1] == _SOS:
            return False
        if start[1] == 0xFF:  # a fill byte
            file.seek(1 - len(start), io.SEEK_CUR)
        elif start[1] == APP9 and start[4:] == QF_MAP_SIGNATURE:
            return True
        else:
            file.seek(2 + int.from_bytes(start[2:4], "big") - len(start), io.SEEK_CUR)
    return False


def payloads(segments: Iterable[tuple[int, bytes]]) -> list[bytes]:
    """Those that are ours, of segments as `Reader.segments` has them; none in a file of the standard dialect."""
    return [payload for marker, payload in segments if marker == APP9 and payload.startswith(QF_MAP_SIGNATURE)]


def read(payloads: Sequence[bytes]) -> QfSegment:
    """What our segments of one file tell, in whatever order; CodecError where they are damaged or some are missing."""
    body = b"".join(_in_order(payloads))
    if not body or body[0] != VERSION:
        known = f"is of version {body[0]}" if body else "is empty"
        raise CodecError(f"The QF map segment {known}; this pyregjpeg reads version {VERSION}.")
    try:
        _, planes, four, check, name_length = _HEAD.unpack_from(body)
        name = body[_HEAD.size : _HEAD.size + name_length].decode("ascii")
    except (struct.error, UnicodeDecodeError):
        raise CodecError("The QF map segment of the file is damaged.") from None
    place = _HEAD.size + name_length
    digest = body[place : place + DIGEST_BYTES] if name else b""
    luma, chroma = (four[0], four[1]), (four[2], four[3])
    in_range = all(SMALLEST_QF <= low <= high <= LARGEST_QF for low, high in (luma, chroma))
    if planes not in (1, 2) or not in_range or len(name) != name_length or len(digest) != (DIGEST_BYTES if name else 0):
        raise CodecError("The QF map segment of the file is damaged.")
    return QfSegment(planes, (luma, chroma), name, digest, body[place + len(digest) :], check)


def check_of(size: tuple[int, int], levels: Iterable[NDArray[np.int16]], factors: NDArray[np.uint8]) -> int:
    """CRC-32 of the true map, the (width, height) of the picture and its levels.

    Other software may have altered the levels, turned the picture, or cropped it within its last blocks.
    """
    check = zlib.crc32(np.array(size, dtype="<u4").tobytes(), zlib.crc32(factors.tobytes()))
    for plane in levels:
        check = zlib.crc32(np.ascontiguousarray(plane, dtype="<i2").data, check)
    return check


def _in_order(payloads: Sequence[bytes]) -> Iterator[bytes]:
    if not payloads:
        raise CodecError("This is no overhead-free file: it has no QF map segment.")
    parts = {}
    counts = set()
    for payload in payloads:
        numbers = payload[len(QF_MAP_SIGNATURE) :][:_NUMBERS]
        if len(numbers) < _NUMBERS:
            raise CodecError("The QF map segment of the file is damaged.")
        parts[numbers[0]] = payload[len(QF_MAP_SIGNATURE) + _NUMBERS :]
        counts.add(numbers[1])
    if len(counts) > 1 or len(parts) != len(payloads) or sorted(parts) != list(range(1, counts.pop() + 1)):
        raise CodecError("The QF map segments of the file are incomplete, or there are too many.")
    return (parts[number] for number in sorted(parts))
