"""A fuzz body: any bytes become a damaged JPEG and options; transcode() refuses them or writes a file without damage.

test_fuzz.py runs this file, as a program of its own, on a fixed number of cases; a fuzzer such as atheris calls
fuzz_one with bytes of its own. `python tests/fuzz_transcode.py CASES SEED` runs as many as one likes.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_encode import Source
from helper import APP0, APP1, APP2, APP14, COM, SOS
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from jpeg_sources import SOI, jpeg_of, segment, with_segments
from PIL import Image
from tiny_model import brightness_network, model_file

import pyregjpeg
from pyregjpeg.map_model import MapModel, load_model
from pyregjpeg.reader import Reader

KINDS = (
    "4:2:0",
    "grey",
    "progressive",
    "restart markers",
    "a scan for each component",
    "a progression of its own",
    "arithmetic",
    "arithmetic, progressive",
    "16-bit tables",
    "4:1:1",
    "RGB",
    "CMYK",
    "YCCK 4:2:0",
    "tables redefined",
    "factors that are no multiples",
    "two components",
)
SIZES = ((41, 27), (8, 8), (1, 1), (100, 75))
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x06\0\0\0\0\0\0"  # turned by 90 degrees
MPF = b"MPF\0II*\0\x08\0\0\0\x01\0\x02\xb0\x07\0\x20\0\0\0\x1a\0\0\0\0\0\0\0" + bytes(range(32))
METADATA = (
    (APP1, EXIF),
    (APP1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
    (APP2, b"ICC_PROFILE\0\1\1" + bytes(130)),
    (APP2, MPF),
    (APP14, b"Adobe\0\x64\0\0\0\0\1"),
    (COM, b"text"),
    (0xED, b"Photoshop 3.0\08BIM"),
)
MARKERS = (0x01, 0xC0, 0xC2, 0xC4, 0xC8, 0xC9, 0xCC, 0xD0, 0xD7, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xE0, 0xE1, 0xE2)
MARKERS += (0xEE, 0xFE, 0xFF, 0x00)
BYTES = (0, 1, 2, 3, 7, 8, 0x11, 0x22, 0x41, 0x44, 63, 64, 127, 128, 254, 255)
OWN_ERRORS = (pyregjpeg.RegionJpegError, Image.DecompressionBombError)
# What libjpeg reads the levels of, but does not decode.
NO_DECODER = (b"Fractional sampling", b"Unsupported color conversion", b"output must be grayscale or RGB")
MAX_PIXELS = 400_000


@cache
def model() -> MapModel:
    with tempfile.TemporaryDirectory() as folder:
        return load_model(model_file(Path(folder), brightness_network()))


def pieces(jpeg: bytes) -> list[bytes]:
    """Cut before each marker, that of a segment together with what follows it."""
    cuts = [place for place in range(len(jpeg) - 1) if jpeg[place] == 0xFF and jpeg[place + 1] not in (0x00, 0xFF)]
    return [jpeg[start:end] for start, end in zip([0, *cuts], [*cuts, len(jpeg)], strict=True)]


def damaged_once(jpeg: bytes, source: Source) -> bytes:
    kind, place = source.below(12), source.below(len(jpeg) + 1)
    if source.below(2):  # most of what can go wrong is in the headers
        place = min(place, source.below(700))
    if kind == 0:
        return jpeg[:place]
    if kind == 1:
        return jpeg[:place] + jpeg[place + source.below(40) :]
    if kind == 2:
        return jpeg[:place] + source.bytes(source.below(6)) + jpeg[place:]
    if kind == 3:
        return jpeg[:place] + bytes((0xFF, source.one_of(MARKERS))) + source.bytes(source.below(5)) + jpeg[place:]
    if kind == 4:
        return jpeg[:place] + segment(source.one_of(MARKERS), source.bytes(source.below(30))) + jpeg[place:]
    if kind == 5:
        return jpeg + source.bytes(source.below(40))
    if kind < 9:
        return moved(pieces(jpeg), source)
    changed = bytearray(jpeg or b"\0")
    place %= len(changed)
    changed[place] = changed[place] ^ 1 << source.below(8) if kind == 9 else source.one_of(BYTES)
    return bytes(changed)


def moved(parts: list[bytes], source: Source) -> bytes:
    """A piece is dropped, doubled or put elsewhere, or one of another file comes in."""
    first, second, kind = source.below(len(parts)), source.below(len(parts)), source.below(5)
    if kind == 0:
        del parts[first]
    elif kind == 1:
        parts.insert(second, parts[first])
    elif kind == 2:
        parts[first], parts[second] = parts[second], parts[first]
    elif kind == 3:
        parts.insert(second, source.one_of(pieces(sound(source))))
    else:
        place = parts[first][:3] and source.below(len(parts[first]))
        parts[first] = parts[first][: place or 0]
    return b"".join(parts)


def sound(source: Source) -> bytes:
    jpeg = jpeg_of(source.one_of(KINDS), source.one_of(SIZES))
    added = [one for one in METADATA if source.below(4) == 0]
    rest = jpeg_of("grey", (8, 8)) if source.below(8) == 0 else b""
    return with_segments(jpeg, *added) + rest


def options(source: Source) -> dict[str, Any]:
    importance = np.frombuffer(source.bytes(12), dtype=np.uint8).reshape(3, 4)
    drawn: dict[str, Any] = {
        "quality": source.one_of((1, 10, 50, 90, 100)),
        "background_quality": source.one_of((1, 100)),
        "progressive": source.one_of((True, False)),
        "optimize": source.one_of((False, True)),
        "effort": source.one_of(("best", "fast")),
        "tables": source.one_of(("annex-k", "perceptual")),
        "restart_marker_blocks": source.one_of((0, 1, 5, 65535)),
        "restart_marker_rows": source.one_of((0, 1, 65535)),
        "strip": source.one_of((("exif",), ("all",), ("icc", "xmp"), ("comment", "exif"))),
    }
    given = source.below(6)
    chosen = {name: value for name, value in drawn.items() if source.below(8) < given}
    if chosen.get("background_quality", 1) > chosen.get("quality", 100):
        del chosen["background_quality"]
    how = {"region_map": importance} if source.below(3) else {"map_model": model()}
    return {**chosen, **how, "damaged": source.one_of(("refuse", "keep-going")), "allow_larger": source.below(2) == 1}


def djpeg(jpeg: bytes) -> bytes | None:
    """The pixels, or None where there is no way to decode such a file; a warning is a failure."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # a sanitizer's
    done = subprocess.run(["djpeg"], input=jpeg, capture_output=True, env=environment, check=False)
    if any(words in done.stderr for words in NO_DECODER):
        return None
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return done.stdout


def check_written(damaged: bytes, jpeg: bytes, chosen: dict[str, Any]) -> None:
    keep_going = chosen["damaged"] == "keep-going"
    with Reader(damaged, keep_going=keep_going) as before, Reader(jpeg) as after:
        assert after.warning == ""
        assert (before.size, before.grids, before.samplings) == (after.size, after.grids, after.samplings)
        if chosen.get("background_quality") == 100 and "quality" not in chosen:
            for plane, written in zip(before.levels(), after.levels(), strict=True):
                assert np.array_equal(plane, written)
            if not before.warning and not before.progressive:
                assert djpeg(jpeg) == djpeg(damaged)
        kept = chosen["allow_larger"] or before.warning or len(jpeg) <= len(damaged)
        assert kept
    pixels = djpeg(jpeg)
    if pixels is not None:
        with Image.open(io.BytesIO(bare(jpeg)), formats=["JPEG"]) as image:
            image.load()
            assert image.size == after.size


def bare(jpeg: bytes) -> bytes:
    """Without the segments that libjpeg does not look at: damaged ones keep Pillow from opening a file."""
    end, place = jpeg.index(bytes((0xFF, SOS))), 2
    needed = [SOI]
    while place < end:
        marker, payload = (
            jpeg[place + 1],
            jpeg[place + 4 : place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")],
        )
        if marker == 0xFF:  # fills up
            place += 1
            continue
        jfif = marker == APP0 and payload.startswith(b"JFIF\0") and len(payload) >= 14
        adobe = marker == APP14 and payload.startswith(b"Adobe") and len(payload) >= 12
        if jfif or adobe or marker < APP0:
            needed.append(segment(marker, payload))
        place += 4 + len(payload)
    return b"".join([*needed, jpeg[place:]])


def fuzz_one(data: bytes) -> bool:
    """Whether a file was written. Any error but ours, or a file that decoders complain of, is a bug."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # so that a claim of many pixels costs neither time nor memory
    source = Source(data)
    chosen = options(source)
    jpeg = sound(source)
    for _ in range(source.below(5)):
        jpeg = damaged_once(jpeg, source)
    try:
        written = pyregjpeg.transcode(jpeg, **chosen)
    except OWN_ERRORS as error:
        refused = str(error)
    else:
        check_written(jpeg, written, chosen)
        return True
    assert refused
    assert "\n" not in refused
    return False


def main(arguments: Sequence[str], body: Callable[[bytes], bool] = fuzz_one) -> None:
    """As many cases as the first argument says, always the same for one seed, the second argument."""
    cases, start = (int(argument) for argument in arguments)
    count = 0

    @seed(start)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.binary(min_size=150, max_size=250))
    def run(data: bytes) -> None:
        nonlocal count
        count += body(data)

    run()
    print(f"{count} of {cases} were not refused")


if __name__ == "__main__":
    main(sys.argv[1:])
