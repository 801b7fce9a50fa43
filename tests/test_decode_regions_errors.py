"""decode_regions: what it cannot decode is refused, in libjpeg's words or in ours, and never a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy_jpeg
import pytest
from damaged import payload_of
from helper import DQT, SOF_BASELINE, SOS, photograph, saved
from jpeg_sources import EOI, SIZE, SOI, changed, jpeg_of, with_scans
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg.errors import CodecError
from pyregjpeg.reader import decode_regions

GRID = numpy_jpeg.region_grid(*SIZE)
KINDS = ("4:2:0", "4:4:4", "progressive", "a scan for each component", "restart markers", "arithmetic", "grey")


def ones(planes: int = 2, rows: int = GRID[0], columns: int = GRID[1]) -> NDArray[np.float32]:
    return np.ones((planes, rows, columns), dtype=np.float32)


def ones_for(kind: str) -> NDArray[np.float32]:
    return ones(1 if kind == "grey" else 2)


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("4:2:0", (1, 14, 20), "2 x 14 x 20 regions, its scales are 1 x 14 x 20"),
        ("4:2:0", (3, 14, 20), "2 x 14 x 20 regions, its scales are 3 x 14 x 20"),
        ("grey", (2, 14, 20), "1 x 14 x 20 regions, its scales are 2 x 14 x 20"),
        ("4:4:4", (2, 20, 14), "2 x 14 x 20 regions, its scales are 2 x 20 x 14"),
        ("4:2:0", (2, 13, 20), "2 x 14 x 20 regions, its scales are 2 x 13 x 20"),
        ("4:2:0", (2, 14, 21), "2 x 14 x 20 regions, its scales are 2 x 14 x 21"),
        ("4:2:0", (2, 0, 0), "2 x 14 x 20 regions, its scales are 2 x 0 x 0"),
        ("4:2:0", (14, 20), r"not of shape \(14, 20\)"),
        ("4:2:0", (1, 2, 14, 20), r"not of shape \(1, 2, 14, 20\)"),
    ],
)
def test_scales_that_are_not_the_pictures_regions_are_refused(kind: str, shape: Any, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        decode_regions(jpeg_of(kind), np.ones(shape, dtype=np.float32))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf, -np.inf, 0.01, 40000.0, 1e38])
@pytest.mark.parametrize("place", [(0, 0, 0), (0, 13, 19), (1, 7, 3), (1, 13, 19)])
def test_a_scale_that_makes_no_step_is_refused_wherever_it_is(place: tuple[int, int, int], scale: float) -> None:
    scales = ones()
    scales[place] = scale
    for kind in ("4:2:0", "progressive"):
        with pytest.raises(CodecError, match="a scaled quantisation step is 1 to 32767"):
            decode_regions(jpeg_of(kind), scales)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("4:2:2", "only JPEGs of 4:4:4 or 4:2:0"),
        ("4:4:0", "only JPEGs of 4:4:4 or 4:2:0"),
        ("4:1:1", "only JPEGs of 4:4:4 or 4:2:0"),
        ("4:1:0", "only JPEGs of 4:4:4 or 4:2:0"),
        ("3x1", "only JPEGs of 4:4:4 or 4:2:0"),
        ("4x4", "only JPEGs of 4:4:4 or 4:2:0"),
        ("chroma of two samplings", "only JPEGs of 4:4:4 or 4:2:0"),
        ("more chroma than luma", "only JPEGs of 4:4:4 or 4:2:0"),
        ("factors that are no multiples", "only JPEGs of 4:4:4 or 4:2:0"),
        ("rows of 3 to 2", "only JPEGs of 4:4:4 or 4:2:0"),
        ("two components", "only JPEGs of YCbCr or grey"),
        ("RGB", "only JPEGs of YCbCr or grey"),
        ("CMYK", "only JPEGs of YCbCr or grey"),
        ("YCCK 4:2:0", "only JPEGs of YCbCr or grey"),
    ],
)
def test_files_of_other_colours_or_samplings_are_refused(kind: str, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        decode_regions(jpeg_of(kind), ones())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_breaks_off_is_refused_wherever_that_is(kind: str) -> None:
    jpeg = jpeg_of(kind)
    for size in [*range(2, 40), *range(40, len(jpeg) - 2, len(jpeg) // 40), len(jpeg) - 2, len(jpeg) - 1]:
        with pytest.raises(CodecError, match="Premature end of JPEG file"):
            decode_regions(jpeg[:size], ones_for(kind))


@pytest.mark.parametrize("kind", ["4:2:0", "4:4:4", "grey"])
def test_damage_within_a_scan_is_refused_in_libjpegs_words(kind: str) -> None:
    jpeg = jpeg_of(kind)
    middle = len(jpeg) // 2
    with pytest.raises(CodecError, match="Corrupt JPEG data"):
        decode_regions(jpeg[:middle] + b"\xff\xd3" + jpeg[middle + 2 :], ones_for(kind))


def test_a_component_without_a_scan_is_refused() -> None:
    jpeg = jpeg_of("tables redefined")
    with pytest.raises(CodecError, match="one of the components has no scan"):
        decode_regions(jpeg[: jpeg.rindex(bytes((0xFF, SOS)))] + EOI, ones())


def test_a_file_without_tables_is_refused() -> None:
    jpeg = changed(jpeg_of("4:2:0"), lambda marker, payload: None if marker == DQT else payload)
    with pytest.raises(CodecError, match="Quantization table 0x00 was not defined"):
        decode_regions(jpeg, ones())


@pytest.mark.parametrize("precision", [2, 7, 9, 12, 16])
def test_other_than_8_bits_are_refused(precision: int) -> None:
    jpeg = changed(jpeg_of("4:2:0"), payload_of(SOF_BASELINE, 0, precision))
    with pytest.raises(CodecError, match=r"8 bits|precision"):
        decode_regions(jpeg, ones())


@pytest.mark.parametrize("predictor", range(8))
def test_lossless_files_are_refused(predictor: int) -> None:
    """Some libjpegs read them; the header is one, whatever follows it."""
    jpeg = changed(jpeg_of("4:4:4"), payload_of(SOS, 7, predictor, 0))
    with pytest.raises(CodecError, match="only JPEGs of DCT coefficients"):
        decode_regions(jpeg, ones())
    with pytest.raises(CodecError, match=r"DCT coefficients|SOF type"):
        decode_regions(jpeg.replace(b"\xff\xc0", b"\xff\xc3"), ones())


def test_a_picture_of_more_pixels_than_twice_pillows_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", SIZE[0] * SIZE[1] // 2 - 1)
    with pytest.raises(Image.DecompressionBombError, match=f"{SIZE[0] * SIZE[1]} pixels"):
        decode_regions(jpeg_of("4:2:0"), ones())


def test_more_than_100_scans_are_refused() -> None:
    assert decode_regions(with_scans(100), ones(2, 1, 1)).shape == (16, 16, 3)
    with pytest.raises(CodecError, match="more than 100 scans"):
        decode_regions(with_scans(101), ones(2, 1, 1))


@pytest.mark.parametrize(
    ("jpeg", "message"),
    [
        (b"", "Empty input file"),
        (SOI + EOI, "JPEG datastream contains no image"),
        (saved(photograph("gravel"), "PNG"), "Not a JPEG file: starts with 0x89 0x50"),
    ],
)
def test_what_is_no_jpeg_is_refused_in_libjpegs_words(jpeg: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        decode_regions(jpeg, ones())


@pytest.mark.parametrize("kernel", ["avx512", "generi"])
def test_an_unknown_kernel_is_refused_by_name(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYREGJPEG_SIMD", kernel)
    with pytest.raises(CodecError, match=f"no block kernel '{kernel}'"):
        decode_regions(jpeg_of("4:2:0"), ones())
