"""JPEGs of every kind that a transcoder meets, made by other encoders, and by hand where none of these makes them."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from helper import APP0, APP14, DHT, DQT, SOF_BASELINE, SOS, Segment, photograph, read_levels, saved, segments
from numpy.typing import NDArray
from PIL import Image

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SOF_ARITHMETIC, SOF_ARITHMETIC_PROGRESSIVE, DAC = 0xC9, 0xCA, 0xCC
PHOTOGRAPH, SIZE = "coffee", (317, 211)  # neither side is a multiple of anything

Levels = tuple[list[NDArray[np.int16]], list[NDArray[np.uint16]]]


def program(*words: str | Path, stdin: bytes = b"") -> bytes:
    """What a program of libjpeg-turbo writes to its standard output; it has to be content with its input."""
    path = shutil.which(words[0])
    assert path is not None, f"{words[0]} is not installed (Debian: libjpeg-turbo-progs)"
    done = subprocess.run([path, *words[1:]], input=stdin, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def cjpeg(image: Image.Image, *options: str | Path) -> bytes:
    return program("cjpeg", *options, stdin=saved(image, "PPM"))


def cmyk(image: Image.Image) -> Image.Image:
    """With something to see in each band; Pillow leaves black empty."""
    return Image.merge("CMYK", [*image.convert("CMYK").split()[:3], image.convert("L")])


def with_script(image: Image.Image, script: str) -> bytes:
    """Written by cjpeg in the scans that the script names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scans.txt")
        path.write_text(script, "ascii")
        return cjpeg(image, "-scans", path)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def adobe(transform: int) -> bytes:
    return segment(APP14, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def changed(jpeg: bytes, change: Callable[[int, bytes], bytes | None]) -> bytes:
    """The file with each segment's payload replaced by what `change` makes of it, None for none."""
    header = segments(jpeg)
    scan = jpeg[2 + sum(len(payload) + 4 for _, payload in header) :]
    payloads = [(marker, change(marker, payload)) for marker, payload in header]
    return SOI + b"".join(segment(marker, payload) for marker, payload in payloads if payload is not None) + scan


def with_segments(jpeg: bytes, *added: Segment) -> bytes:
    """The file with these segments at its start, after a JFIF header that it may have."""
    place = 2
    if jpeg[3] == APP0:
        place += 2 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:place] + b"".join(segment(*one) for one in added) + jpeg[place:]


def without(jpeg: bytes, *markers: int) -> bytes:
    return changed(jpeg, lambda marker, payload: None if marker in markers else payload)


def with_component_ids(jpeg: bytes, *ids: int) -> bytes:
    """Of a file with one scan."""

    def change(marker: int, payload: bytes) -> bytes:
        fields = bytearray(payload)
        if marker == SOF_BASELINE:
            fields[6::3] = bytes(ids)
        if marker == SOS:
            fields[1:-3:2] = bytes(ids)
        return bytes(fields)

    return changed(jpeg, change)


FINE_TABLES = [[3 + frequency // step for frequency in range(64)] for step in (3, 2, 1)]
COARSE_TABLES = [[10 + step * frequency for frequency in range(64)] for step in (5, 8)]  # up to 514
PROGRESSION = """
0,1,2: 0-0, 0, 1;
0: 1-63, 0, 2;
2: 1-63, 0, 1;
1: 1-63, 0, 0;
0: 1-63, 2, 1;
0,1,2: 0-0, 1, 0;
2: 1-63, 1, 0;
0: 1-63, 1, 0;
"""

WRITTEN_BY_CJPEG: dict[str, tuple[str, ...]] = {
    "4:4:4": ("-sample", "1x1"),
    "4:2:2": ("-sample", "2x1"),
    "4:4:0": ("-sample", "1x2"),
    "4:2:0": ("-sample", "2x2"),
    "4:1:1": ("-sample", "4x1"),
    "4:1:0": ("-sample", "4x2"),
    "3x1": ("-sample", "3x1"),
    "chroma of two samplings": ("-sample", "2x2,1x2,2x1"),
    "more chroma than luma": ("-sample", "1x1,2x2,1x1"),
    "optimised": ("-optimize",),
    "progressive": ("-progressive",),
    "restart markers": ("-restart", "1"),
    "restart markers, progressive": ("-progressive", "-restart", "3B"),
    "arithmetic": ("-arithmetic",),
    "arithmetic, progressive": ("-arithmetic", "-progressive", "-restart", "2"),
    "finest tables": ("-quality", "100", "-sample", "1x1"),
    "grey": ("-grayscale",),
    "grey in factors of 2": ("-grayscale", "-sample", "2x2"),
    "RGB": ("-rgb",),
}

MADE_OF_THOSE: dict[str, Callable[[Image.Image], bytes]] = {
    "a scan for each component": lambda image: with_script(image, "0;\n1;\n2;\n"),
    "luma last": lambda image: with_script(image, "1,2;\n0;\n"),
    "16-bit tables": lambda image: saved(image, "JPEG", qtables=COARSE_TABLES),
    "three tables": lambda image: saved(image, "JPEG", qtables=FINE_TABLES),
    "a progression of its own": lambda image: with_script(image, PROGRESSION),
    "no JFIF marker": lambda image: without(cjpeg(image), APP0),
    "YCbCr by Adobe's marker": lambda image: SOI + adobe(1) + without(cjpeg(image), APP0)[2:],
    "unknown component ids": lambda image: with_component_ids(without(cjpeg(image), APP0), 0, 1, 2),
    "components of one name": lambda image: with_component_ids(without(cjpeg(image), APP0), 7, 7, 7),
    "RGB by Adobe's marker": lambda image: with_component_ids(cjpeg(image, "-rgb"), 1, 2, 3),
    "RGB by component ids": lambda image: without(cjpeg(image, "-rgb"), APP14),
    "CMYK": lambda image: saved(cmyk(image), "JPEG"),
    "CMYK without Adobe's marker": lambda image: without(saved(cmyk(image), "JPEG"), APP14),
    "YCCK": lambda image: SOI + adobe(2) + without(saved(cmyk(image), "JPEG"), APP14)[2:],
}

# In each of these the components have tables of their own, defined in one slot before their scans.
FACTORS_BY_HAND: dict[str, list[tuple[int, int]]] = {
    "YCCK 4:2:0": [(2, 2), (1, 1), (1, 1), (2, 2)],
    "tables redefined": [(1, 1), (1, 1), (1, 1)],
    "factors that are no multiples": [(3, 1), (2, 1), (1, 1)],
    "rows of 3 to 2": [(1, 3), (1, 2), (1, 1)],
    "two components": [(2, 1), (1, 1)],
    "too many blocks for one scan": [(2, 2), (2, 2), (2, 2)],
    "4x4": [(4, 4), (1, 1), (1, 1)],
}
KINDS = (*WRITTEN_BY_CJPEG, *MADE_OF_THOSE, *FACTORS_BY_HAND)
UNDECODABLE = ("factors that are no multiples", "rows of 3 to 2", "two components")  # but their levels can be read


@functools.cache
def jpeg_of(kind: str, size: tuple[int, int] = SIZE) -> bytes:
    """The photograph, at that size, as a JPEG of one of the KINDS."""
    if kind in FACTORS_BY_HAND:
        head = adobe(2) if kind == "YCCK 4:2:0" else b""
        return assembled(planes_by_hand(kind, size), FACTORS_BY_HAND[kind], size, head)
    image = photograph(PHOTOGRAPH)
    if size != SIZE:
        image = image.resize(size)
    if kind in WRITTEN_BY_CJPEG:
        return cjpeg(image, *WRITTEN_BY_CJPEG[kind])
    return MADE_OF_THOSE[kind](image)


def levels_of(kind: str, size: tuple[int, int] = SIZE) -> Levels:
    """The levels and tables of that file, not read by the code under test."""
    if kind in FACTORS_BY_HAND:
        parts = [read_levels(part) for part in planes_by_hand(kind, size)]
        return [levels for [levels], _ in parts], [table for _, [table] in parts]
    jpeg = jpeg_of(kind, size)
    if kind == "components of one name":  # jpeglib tells components apart by theirs
        jpeg = with_component_ids(jpeg, 1, 2, 3)
    return judged_levels(jpeg)


def judged_levels(jpeg: bytes) -> Levels:
    """As helper.read_levels, also of arithmetic coding, which jpeglib does not read."""
    frames = [marker for marker, _ in segments(jpeg) if marker in (SOF_ARITHMETIC, SOF_ARITHMETIC_PROGRESSIVE)]
    return read_levels(program("jpegtran", stdin=jpeg) if frames else jpeg)


def planes_by_hand(kind: str, size: tuple[int, int]) -> list[bytes]:
    """A grey JPEG for each component."""
    factors = FACTORS_BY_HAND[kind]
    h_max, v_max = max(h_samp for h_samp, _ in factors), max(v_samp for _, v_samp in factors)
    bands = cmyk(photograph(PHOTOGRAPH).resize(size)).split()
    return [
        saved(band.resize((-(-size[0] * h_samp // h_max), -(-size[1] * v_samp // v_max))), "JPEG", quality=quality)
        for band, (h_samp, v_samp), quality in zip(bands, factors, (85, 60, 40, 90), strict=False)
    ]


def assembled(parts: Sequence[bytes], factors: Sequence[tuple[int, int]], size: tuple[int, int], head: bytes) -> bytes:
    """One scan for each of the parts, which are grey JPEGs of Pillow's; its table is defined before its scan."""
    frame = b"\x08" + size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big") + bytes([len(parts)])
    for number, (h_samp, v_samp) in enumerate(factors, start=1):
        frame += bytes((number, h_samp << 4 | v_samp, 0))
    jpeg = SOI + head + segment(SOF_BASELINE, frame)
    for number, part in enumerate(parts, start=1):
        header = segments(part)
        scan = part[2 + sum(len(payload) + 4 for _, payload in header) : -len(EOI)]
        jpeg += b"".join(segment(marker, payload) for marker, payload in header if marker in (DQT, DHT))
        jpeg += segment(SOS, bytes((1, number, 0, 0, 63, 0))) + scan
    return jpeg + EOI


def frame_of(jpeg: bytes) -> bytes:
    """The payload of the frame's header."""
    [frame] = [payload for marker, payload in segments(jpeg) if 0xC0 <= marker <= 0xCF and marker not in (DHT, DAC)]
    return frame


def samplings(jpeg: bytes) -> list[tuple[int, int]]:
    """The sampling factors (horizontal, vertical) of each component."""
    return [(factors >> 4, factors & 15) for factors in frame_of(jpeg)[7::3]]


def with_scans(count: int) -> bytes:
    """The scan of the first component is there again and again."""
    jpeg = jpeg_of("a scan for each component", (16, 16))
    first = jpeg.index(bytes((0xFF, SOS)))
    second = jpeg.index(b"\xff\xc4", first)  # each scan has a Huffman table of its own
    return jpeg[:first] + jpeg[first:second] * (count - 2) + jpeg[second:]


ZIGZAG = sorted(range(64), key=lambda at: (at // 8 + at % 8, at // 8 if (at // 8 + at % 8) % 2 else at % 8))
DC_SYMBOLS = bytes(range(16))
AC_SYMBOLS = bytes([0x00, 0xF0]) + bytes(run << 4 | size for run in range(16) for size in range(1, 16))


def grey_jpeg(levels: NDArray[np.int16], table: NDArray[np.uint16]) -> bytes:
    """A grey JPEG of these levels (rows, columns, 8, 8), in whatever range; every Huffman code has 8 bits."""
    rows, columns = levels.shape[:2]
    jpeg = SOI + segment(DQT, b"\x10" + table.ravel()[ZIGZAG].astype(">u2").tobytes())
    jpeg += segment(SOF_BASELINE, struct.pack(">BHHB3B", 8, 8 * rows, 8 * columns, 1, 1, 0x11, 0))
    for number, symbols in ((0x00, DC_SYMBOLS), (0x10, AC_SYMBOLS)):
        jpeg += segment(DHT, bytes([number]) + bytes(7) + bytes([len(symbols)]) + bytes(8) + symbols)
    bits, before = "", 0
    for block in levels.reshape(-1, 64)[:, ZIGZAG].tolist():
        bits += _coded(DC_SYMBOLS, 0, block[0] - before)
        before, run = block[0], 0
        for level in block[1:]:
            if level == 0:
                run += 1
                continue
            bits += run // 16 * f"{AC_SYMBOLS.index(0xF0):08b}" + _coded(AC_SYMBOLS, run % 16, level)
            run = 0
        bits += f"{AC_SYMBOLS.index(0):08b}" if run else ""
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return jpeg + segment(SOS, b"\1\1\0\0\x3f\0") + scan + EOI


def _coded(symbols: bytes, run: int, value: int) -> str:
    size = abs(value).bit_length()
    code = f"{symbols.index(run << 4 | size):08b}"
    return code + (f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else "")
