"""A fuzz body: any bytes become a damaged JPEG and scales; decode_regions() refuses them or shows what it should.

test_fuzz.py runs this file, as a program of its own, on a fixed number of cases; a fuzzer such as atheris calls
fuzz_one with bytes of its own. `python tests/fuzz_decode.py CASES SEED` runs as many as one likes.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy_jpeg
from fuzz_encode import Source
from fuzz_transcode import MAX_PIXELS, OWN_ERRORS, damaged_once, main
from jpeg_sources import jpeg_of
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg.errors import CodecError
from pyregjpeg.reader import Reader, decode_regions

KINDS = (
    "4:2:0",
    "4:4:4",
    "grey",
    "grey in factors of 2",
    "progressive",
    "restart markers",
    "a scan for each component",
    "a progression of its own",
    "arithmetic",
    "arithmetic, progressive",
    "tables redefined",
    "16-bit tables",
    "4:2:2",
)
SIZES = ((41, 27), (8, 8), (1, 1), (100, 75))
SCALES = (0.5, 1.0, 50 / 49, 2.0, 25.0)
WRONG_SCALES = (0.0, -1.0, 1e-9, 1e9, float("inf"), float("nan"))
EXACT = 2000  # the sum of a block's coefficients up to which libjpeg's inverse DCT does not overflow


def scales_for(size: tuple[int, int], planes: int, source: Source) -> NDArray[np.float32]:
    """Most of them fit."""
    shape = [planes, -(-size[1] // 16), -(-size[0] // 16)]
    if source.below(16) == 0:
        shape[source.below(3)] = source.below(9)
    chosen = [source.one_of(SCALES) for _ in range(1 + source.below(5))]
    scales = np.resize(np.array(chosen, dtype=np.float32), shape)
    if source.below(16) == 0 and scales.size:
        scales.flat[source.below(scales.size)] = source.one_of(WRONG_SCALES)
    return scales


def check_pixels(jpeg: bytes, scales: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
    """Where no coefficient is beyond what an encoder makes, the pixels are those of the model in numpy."""
    try:
        with Reader(jpeg) as reader:
            levels, tables, size = reader.levels(), reader.tables, reader.size
            halving = 2 if len(levels) == 3 and reader.samplings[0] != reader.samplings[1] else 1
    except CodecError as error:  # of concern to who writes a new file, not to who decodes
        if "a marker that says what the colours are" not in str(error):
            raise
        return
    sums = [
        np.abs(plane * table.reshape(8, 8).astype(float)).sum(axis=(2, 3))
        for plane, table in zip(levels, tables, strict=True)
    ]
    if max(plane.max() for plane in sums) * scales.max() < EXACT:
        assert np.array_equal(pixels, numpy_jpeg.decoded(levels, list(tables), scales, size, halving))


def fuzz_one(data: bytes) -> bool:
    """Whether there were pixels. Any error but ours, or other pixels, is a bug."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # so that a claim of many pixels costs neither time nor memory
    source = Source(data)
    size, kind = source.one_of(SIZES), source.one_of(KINDS)
    scales = scales_for(size, 1 if kind.startswith("grey") else 2, source)
    jpeg = jpeg_of(kind, size)
    for _ in range(source.below(3)):
        jpeg = damaged_once(jpeg, source)
    try:
        pixels = decode_regions(jpeg, scales)
    except OWN_ERRORS as error:
        refused = str(error)
    else:
        assert scales.shape == (pixels.ndim - 1, -(-len(pixels) // 16), -(-pixels.shape[1] // 16))
        check_pixels(jpeg, scales, pixels)
        return True
    assert refused
    assert "\n" not in refused
    return False


if __name__ == "__main__":
    main(sys.argv[1:], fuzz_one)
