"""A fuzz body: any bytes become a picture, a map and options, and encode() either refuses them or writes a file.

pytest runs it on a fixed corpus (test_fuzz.py); a fuzzer such as atheris calls fuzz_one with bytes of its own.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg

T = TypeVar("T")

MODES = ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr", "RGBA", "P")
QUALITIES = (-1, 0, 1, 10, 30, 50, 75, 90, 95, 100, 101, 2**40, "web_low", "maximum", "keep", "", None)
NUMBERS = (-(2**40), -1, 0, 1, 2, 3, 7, 100, 255, 256, 65535, 65536, 2**31, 2**63, 0.5, float("nan"), None, "1", True)
DTYPES = ("float16", "float32", "float64", "uint8", "bool", "float32", "int32")


class Source:
    """Draws values from bytes until they end, zeros from then on."""

    def __init__(self, content: bytes) -> None:
        self.stream = io.BytesIO(content)

    def bytes(self, count: int) -> bytes:
        return self.stream.read(count).ljust(count, b"\0")

    def below(self, bound: int) -> int:
        return int.from_bytes(self.bytes(2), "little") % bound

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]


def picture(source: Source) -> Image.Image | NDArray[np.uint8]:
    width, height = source.below(70), source.below(70)
    pixels = np.resize(np.frombuffer(source.bytes(40), dtype=np.uint8), (height, width, 3))
    if source.below(3) == 0:
        return np.asarray(pixels[:: source.one_of((1, -1, 2)), :: source.one_of((1, -1, 3))])
    mode = source.one_of(MODES)
    return Image.fromarray(pixels).convert(mode) if pixels.size else Image.new(mode, (width, height))


def region_map(source: Source) -> Any:
    kind = source.below(6)
    if kind == 0:
        return [[source.one_of(NUMBERS) for _ in range(source.below(7))] for _ in range(source.below(3))]
    if kind == 1:
        return [tuple(source.below(80) - 5 for _ in range(4))]
    dtype = np.dtype(source.one_of(DTYPES))
    rows, columns = source.below(40), source.below(40)
    if kind == 2:
        values = np.frombuffer(source.bytes(dtype.itemsize * 8), dtype=np.uint8 if dtype.kind == "b" else dtype)
        return np.resize(values, (rows, columns)).astype(dtype)  # NaN and infinities among them
    return np.resize(np.frombuffer(source.bytes(8), dtype=np.uint8) / 255, (rows, columns)).astype(dtype)


def options(source: Source) -> dict[str, Any]:
    tables = [[source.one_of((1, 16, 255, 256, 32767)) for _ in range(64)] for _ in range(source.below(6))]
    drawn: dict[str, Any] = {
        "quality": source.one_of(QUALITIES),
        "subsampling": source.one_of((-1, 0, 1, 2, 3, "4:2:0", "keep", "?", None)),
        "qtables": source.one_of((None, None, None, tables, "keep", "1 2 3")),
        "background_quality": source.one_of((None, 1, 20, *NUMBERS)),
        "feather": source.one_of(NUMBERS),
        "optimize": source.one_of((True, False, None)),
        "progressive": source.one_of((True, False, None)),
        "tables": source.one_of(("annex-k", "perceptual", None)),
        "effort": source.one_of(("best", "best", "fast", None)),
        "keep_rgb": source.one_of((True, False)),
        "smooth": source.one_of(NUMBERS),
        "restart_marker_blocks": source.one_of(NUMBERS),
        "restart_marker_rows": source.one_of(NUMBERS),
        "streamtype": source.one_of(NUMBERS),
        "dpi": (source.one_of(NUMBERS), source.one_of(NUMBERS)),
        "comment": source.one_of((None, "text", "\ud800", b"x" * 65534, 5)),
        "icc_profile": source.one_of((None, b"icc" * source.below(70000), 5)),
        "exif": source.one_of((b"", b"x" * source.below(66000), Image.Exif())),
    }
    given = source.below(4)  # most options at their defaults, or no picture would ever be written
    return {name: value for name, value in drawn.items() if source.below(20) < given}


def fuzz_one(data: bytes) -> bool:
    """Whether a file was written. Any error but ours, or a file that Pillow reads differently, is a bug."""
    source = Source(data)
    image = picture(source)
    try:
        jpeg = pyregjpeg.encode(image, **{"region_map": region_map(source), **options(source)})
    except pyregjpeg.RegionJpegError:
        return False
    decoded = Image.open(io.BytesIO(jpeg))
    decoded.load()
    assert decoded.size == (image.size if isinstance(image, Image.Image) else image.shape[1::-1])
    return True
