"""The marker segments of a JPEG file: walking them, those between scans too, and saying what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import ExifTags, Image

from .errors import CodecError
from .metadata import APP1, APP2, APP9, COM, EXIF_SIGNATURE, ICC_SIGNATURE, QF_MAP_SIGNATURE, XMP_SIGNATURE

# ITU-T T.81, table B.1; SOF0 to SOF15 are the frames, with DHT, JPG and DAC among their numbers.
SOF0, DHT, JPG, DAC, RST0, RST7, SOI, EOI, SOS = 0xC0, 0xC4, 0xC8, 0xCC, 0xD0, 0xD7, 0xD8, 0xD9, 0xDA
DQT, DNL, DRI, DHP, EXP, JPG0, TEM = 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xF0, 0x01
APP0, APP13, APP14, APP15 = 0xE0, 0xED, 0xEE, 0xEF
FRAMES = frozenset(range(SOF0, SOF0 + 16)) - {DHT, JPG, DAC}

EXTENDED_XMP_SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
MPF_SIGNATURE = b"MPF\0"

# A real file has a few hundred at most; of empty ones, 4 bytes each, a hostile file holds any number.
MOST_SEGMENTS = 10_000

_STANDALONE = frozenset((TEM, SOI, EOI, *range(RST0, RST7 + 1)))
_NAMES = {
    **{RST0 + number: f"RST{number}" for number in range(8)},
    **{APP0 + number: f"APP{number}" for number in range(16)},
    **{JPG0 + number: f"JPG{number}" for number in range(14)},
    **{marker: f"SOF{marker - SOF0}" for marker in FRAMES},
    **{DHT: "DHT", JPG: "JPG", DAC: "DAC", SOI: "SOI", EOI: "EOI", SOS: "SOS", DQT: "DQT", DNL: "DNL", DRI: "DRI"},
    **{DHP: "DHP", EXP: "EXP", TEM: "TEM", COM: "COM"},
}
_CONTENTS = (
    *((marker, b"", "frame") for marker in sorted(FRAMES)),
    (DQT, b"", "quantisation tables"),
    (DHT, b"", "Huffman tables"),
    (DAC, b"", "arithmetic conditioning"),
    (DRI, b"", "restart interval"),
    (SOS, b"", "scan"),
    (APP0, b"JFIF\0", "JFIF"),
    (APP0, b"JFXX\0", "JFIF extension"),
    (APP1, EXIF_SIGNATURE, "EXIF"),
    (APP1, XMP_SIGNATURE, "XMP"),
    (APP1, EXTENDED_XMP_SIGNATURE, "extended XMP"),
    (APP2, ICC_SIGNATURE, "ICC profile"),
    (APP2, MPF_SIGNATURE, "MPF"),
    (APP9, QF_MAP_SIGNATURE, "QF map"),
    (APP13, b"Photoshop 3.0\0", "Photoshop"),
    (APP14, b"Adobe", "Adobe"),
    (COM, b"", "comment"),
)

# The marker after any fill bytes; the end of a scan's data, where FF is followed neither by zero nor by a restart; and
# the words that name an APPn segment not listed above.
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SIGNATURE = re.compile(rb"[\x20-\x7e]{2,40}")


@dataclass(frozen=True)
class Segment:
    """A marker: its second byte, where in the file its first byte is, and what follows the length."""

    marker: int
    offset: int
    payload: bytes

    @property
    def size(self) -> int:
        """The bytes that it has in the file, marker and length included."""
        return 2 if self.marker in _STANDALONE else 4 + len(self.payload)

    @property
    def end(self) -> int:
        """Where in the file the next thing begins: after SOS the scan's data."""
        return self.offset + self.size


def segments(jpeg: bytes) -> Iterator[Segment]:
    """The markers from SOI to EOI in their order; restart markers are part of their scan and left out.

    Raises CodecError where anything else stands in a marker's place and where the file breaks off.
    """
    if not jpeg.startswith(b"\xff\xd8"):
        raise CodecError("This is not a JPEG file: it does not begin with FF D8.")
    yield Segment(SOI, 0, b"")
    place = 2
    for _ in range(MOST_SEGMENTS):
        segment = _segment_at(jpeg, place)
        yield segment
        if segment.marker == EOI:
            return
        place = segment.end
        if segment.marker == SOS:
            following = _AFTER_SCAN.search(jpeg, place)
            if following is None:
                raise CodecError(f"The file breaks off within the scan that begins at byte {segment.offset}.")
            place = following.start()
    raise CodecError(f"The file has more than {MOST_SEGMENTS} marker segments.")


def _segment_at(jpeg: bytes, place: int) -> Segment:
    found = _MARKER.match(jpeg, place)
    if found is None:
        raise CodecError(f"The file breaks off or is damaged: there is no marker at byte {place}.")
    marker, offset = found[1][0], found.end() - 2
    if marker in _STANDALONE:
        return Segment(marker, offset, b"")
    length = int.from_bytes(jpeg[offset + 2 : offset + 4], "big")  # counts itself
    payload = jpeg[offset + 4 : offset + 2 + length]
    if len(payload) + 2 != length:
        raise CodecError(f"The file breaks off or is damaged: the {name(marker)} at byte {offset} is cut short.")
    return Segment(marker, offset, payload)


def name(marker: int) -> str:
    """The marker's name in the standard, or its number where it has none."""
    return _NAMES.get(marker, f"FF{marker:02X}")


def contents(segment: Segment) -> str:
    """What the segment holds: "scan", "EXIF", "ICC profile", ..., or the signature of an APPn that is none of these."""
    for marker, signature, what in _CONTENTS:
        if segment.marker == marker and segment.payload.startswith(signature):
            return what
    found = _SIGNATURE.match(segment.payload) if name(segment.marker).startswith("APP") else None
    return found[0].decode("ascii") if found else ""


def detail(segment: Segment) -> str:
    """What else is worth saying of it, such as "orientation 6" or "chunk 1 of 2"; often nothing."""
    describe = _DETAILS.get(contents(segment))
    try:
        return describe(segment.payload) if describe else ""
    except IndexError:  # it is too short to say so
        return ""


def huffman_tables(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """The tables of a DHT segment: class and number in one byte, and the 16 counts with the symbols."""
    while payload:
        size = 17 + sum(payload[1:17])
        yield payload[0], payload[1:size]
        payload = payload[size:]


def orientation(exif: bytes) -> int | None:
    """The orientation, 1 to 8, in the payload of an EXIF segment; None where it says nothing of it."""
    try:
        tags = Image.Exif()
        tags.load(exif)
        value = tags.get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF makes Pillow raise errors of many kinds, and says nothing about what is up
        return None
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def _number(payload: bytes, place: int, size: int = 2) -> int:
    return int.from_bytes(payload[place : place + size], "big")


def _frame(payload: bytes) -> str:
    return f"{_number(payload, 3)}x{_number(payload, 1)} of {payload[0]} bits, components {payload[5]}"


def _quantization(payload: bytes) -> str:
    tables = []
    while payload:
        wide, number = divmod(payload[0], 16)
        tables.append(f"{number} of 16 bits" if wide else f"{number}")
        payload = payload[129 if wide else 65 :]
    return ", ".join(tables)


def _huffman(payload: bytes) -> str:
    return ", ".join(f"{'AC' if kind >> 4 else 'DC'} {kind & 15}" for kind, _ in huffman_tables(payload))


def _jfif(payload: bytes) -> str:
    across, down = _number(payload, 8), _number(payload, 10)
    density = {0: f"pixels {across}:{down}", 1: f"{across}x{down} dpi", 2: f"{across}x{down} per cm"}
    return f"version {payload[5]}.{payload[6]:02}, {density.get(payload[7], 'no density')}"


def _exif(payload: bytes) -> str:
    turned = orientation(payload)
    return f"orientation {turned}" if turned else ""


def _extended_xmp(payload: bytes) -> str:
    return f"from byte {_number(payload, 71, 4)} of {_number(payload, 67, 4)}"  # after the signature and a digest


def _comment(payload: bytes) -> str:
    text = payload[:60].decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


_DETAILS: dict[str, Callable[[bytes], str]] = {
    "frame": _frame,
    "quantisation tables": _quantization,
    "Huffman tables": _huffman,
    "restart interval": lambda payload: f"{_number(payload, 0)} MCUs",
    "JFIF": _jfif,
    "EXIF": _exif,
    "extended XMP": _extended_xmp,
    "ICC profile": lambda payload: f"chunk {payload[12]} of {payload[13]}",
    "QF map": lambda payload: f"part {payload[6]} of {payload[7]}",
    "Adobe": lambda payload: f"transform {payload[11]}",
    "comment": _comment,
}
