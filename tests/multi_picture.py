"""Files of several pictures with a directory (CIPA DC-007), by Pillow and by hand, and what readers find in them."""

from __future__ import annotations

import io
import struct

from helper import APP1, APP2, COM, photograph, saved
from jpeg_sources import EOI, SOI, jpeg_of, with_segments
from PIL import Image, ImageSequence
from PIL.MpoImagePlugin import MpoImageFile

ORIENTED = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x06\0\0\0\0\0\0"


def by_pillow() -> bytes:
    file = io.BytesIO()
    first, second = photograph("coffee"), photograph("chelsea")
    first.save(file, "MPO", save_all=True, append_images=[second], exif=ORIENTED, quality=95)
    return file.getvalue()


def by_hand() -> bytes:
    """Three pictures, the other byte order, and a segment after the directory."""
    second, third = saved(photograph("chelsea"), "JPEG"), saved(photograph("gravel"), "JPEG")

    def first(size: int, base: int) -> bytes:
        entries = [(0x20030000, size, 0), (0x20002, len(second), size - base)]
        entries.append((0x20002, len(third), size - base + len(second)))
        tiff = b"MM\0*" + struct.pack(">IH", 8, 3)
        for tag, kind, count, value in ((0xB000, 7, 4, 0x30313030), (0xB001, 4, 1, 3), (0xB002, 7, 48, 50)):
            tiff += struct.pack(">HHII", tag, kind, count, value)
        tiff += bytes(4) + b"".join(struct.pack(">IIIHH", *entry, 0, 0) for entry in entries)
        return with_segments(jpeg_of("4:2:0"), (APP1, ORIENTED), (APP2, b"MPF\0" + tiff), (COM, b"comment"))

    start = first(0, 0)
    return first(len(start), start.index(b"MPF\0") + 4) + second + third


def frames(jpeg: bytes) -> list[bytes]:
    """The pixels of each picture that Pillow finds by the directory."""
    with Image.open(io.BytesIO(jpeg)) as image:
        assert isinstance(image, MpoImageFile)
        return [frame.tobytes() for frame in ImageSequence.Iterator(image)]


def parts(jpeg: bytes) -> list[bytes]:
    """Each picture's part of the file; they follow one another."""
    *pieces, last = jpeg.split(EOI + SOI)
    first, *others = [piece + EOI for piece in pieces]
    return [first, *[SOI + other for other in [*others, last]]]
