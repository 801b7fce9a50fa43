"""decode_regions: levels dequantised region by region show the pixels that a model of libjpeg in numpy has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy_jpeg
import pytest
from helper import COLOUR_PHOTOGRAPHS, mean_difference, opened, photograph
from helper import read_levels as read_by_jpeglib
from jpeg_sources import SIZE, grey_jpeg, jpeg_of, levels_of, program
from kernels import FAST_KERNELS
from numpy.typing import NDArray
from PIL import Image
from region_files import FORMS, HALVINGS, SIZES, STEP_SCALES, picture_of, random_map, region_file

from pyregjpeg.reader import decode_regions

TINY = ((2, 40), (4, 4), (5, 3), (8, 8), (18, 6))  # narrow chroma is not smoothed
TOOLS = (("-progressive",), ("-optimize",), ("-restart", "1"), ("-progressive", "-restart", "3B"), ("-arithmetic",))
# Of these every file is of YCbCr in 4:4:4 or 4:2:0, or grey; with 2 if it is in 4:2:0.
KINDS = {
    "4:4:4": 1,
    "4:2:0": 2,
    "optimised": 2,
    "progressive": 2,
    "restart markers": 2,
    "restart markers, progressive": 2,
    "arithmetic": 2,
    "arithmetic, progressive": 2,
    "grey": 1,
    "grey in factors of 2": 1,
    "a scan for each component": 2,
    "luma last": 2,
    "a progression of its own": 2,
    "16-bit tables": 2,
    "three tables": 2,
    "finest tables": 1,
    "tables redefined": 1,
    "too many blocks for one scan": 1,
    "YCbCr by Adobe's marker": 2,
}


def scales_for(jpeg: bytes, low: int = 0) -> NDArray[np.float32]:
    """Random ones that fit the file; from the finer end only, if low."""
    image = opened(jpeg)
    return STEP_SCALES[np.maximum(random_map(image.size, 1 if image.mode == "L" else 2), low)]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("halving", HALVINGS.values(), ids=HALVINGS)
@pytest.mark.parametrize("size", [*SIZES, *TINY], ids=str)
def test_pixels_of_colour_are_those_of_a_model_of_libjpeg(
    size: tuple[int, int], halving: int, form: dict[str, Any]
) -> None:
    of_regions = random_map(size, 2)
    jpeg = region_file(picture_of(size, "RGB"), of_regions, halving, **form)
    pixels = decode_regions(jpeg, STEP_SCALES[of_regions])
    assert (pixels.dtype, pixels.shape) == (np.uint8, (size[1], size[0], 3))
    assert np.array_equal(pixels, numpy_jpeg.decoded(*read_by_jpeglib(jpeg), STEP_SCALES[of_regions], size, halving))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("size", [*SIZES, *TINY], ids=str)
def test_pixels_of_grey_are_those_of_a_model_of_libjpeg(size: tuple[int, int], form: dict[str, Any]) -> None:
    of_regions = random_map(size, 1)
    jpeg = region_file(picture_of(size, "L"), of_regions, **form)
    pixels = decode_regions(jpeg, STEP_SCALES[of_regions])
    assert (pixels.dtype, pixels.shape) == (np.uint8, (size[1], size[0]))
    assert np.array_equal(pixels, numpy_jpeg.decoded(*read_by_jpeglib(jpeg), STEP_SCALES[of_regions], size))


@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
def test_pixels_of_photographs_are_those_of_a_model_of_libjpeg(name: str) -> None:
    image = photograph(name)
    of_regions = random_map(image.size, 2)
    jpeg = region_file(np.asarray(image), of_regions, 2)
    expected = numpy_jpeg.decoded(*read_by_jpeglib(jpeg), STEP_SCALES[of_regions], image.size, 2)
    assert np.array_equal(decode_regions(jpeg, STEP_SCALES[of_regions]), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [SIZE, (50, 17)], ids=str)
def test_scales_of_one_show_what_pillow_shows(kind: str, size: tuple[int, int]) -> None:
    jpeg = jpeg_of(kind, size)
    assert np.array_equal(decode_regions(jpeg, np.ones_like(scales_for(jpeg))), np.asarray(opened(jpeg)))


@pytest.mark.parametrize("kind", KINDS)
def test_other_encoders_files_are_dequantised_by_their_own_tables(kind: str) -> None:
    jpeg = jpeg_of(kind)
    scales = scales_for(jpeg, low=40)
    assert np.array_equal(decode_regions(jpeg, scales), numpy_jpeg.decoded(*levels_of(kind), scales, SIZE, KINDS[kind]))


@pytest.mark.parametrize("halving", HALVINGS.values(), ids=HALVINGS)
@pytest.mark.parametrize("options", TOOLS, ids=" ".join)
def test_copies_that_jpegtran_makes_show_the_same_pixels(options: tuple[str, ...], halving: int) -> None:
    of_regions = random_map((131, 77), 2)
    jpeg = region_file(picture_of((131, 77), "RGB"), of_regions, halving, optimize=False)
    copy = program("jpegtran", "-copy", "all", *options, stdin=jpeg)
    assert copy != jpeg
    assert np.array_equal(decode_regions(copy, STEP_SCALES[of_regions]), decode_regions(jpeg, STEP_SCALES[of_regions]))


def test_a_region_is_the_nearer_to_the_picture_the_finer_its_steps() -> None:
    image = photograph("astronaut")
    left_finer = np.full_like(random_map(image.size, 2), 8)
    left_finer[..., :8] = len(STEP_SCALES) - 1
    shown = []
    for of_regions in (left_finer, left_finer[..., ::-1].copy()):
        jpeg = region_file(np.asarray(image), of_regions, 2)
        shown.append(Image.fromarray(decode_regions(jpeg, STEP_SCALES[of_regions])))
    for half, (finer, coarser) in (((0, 0, 128, 256), shown), ((128, 0, 256, 256), shown[::-1])):
        original = image.crop(half)
        assert mean_difference(finer.crop(half), original) < 0.7 * mean_difference(coarser.crop(half), original)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("largest", [100, 32767])
def test_every_kernel_gives_the_generic_kernels_pixels(
    largest: int, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(3)
    levels = random.integers(-largest, largest, (6, 9, 8, 8), dtype=np.int16, endpoint=True)
    levels[..., 0, 0] //= 2  # the difference of two has to fit into 15 bits
    jpeg = grey_jpeg(levels, random.integers(10, 100, (8, 8), dtype=np.uint16))
    monkeypatch.setenv("PYREGJPEG_SIMD", "generic")
    expected = decode_regions(jpeg, scales_for(jpeg))
    monkeypatch.setenv("PYREGJPEG_SIMD", kernel)
    assert np.array_equal(decode_regions(jpeg, scales_for(jpeg)), expected)


def test_scales_may_lie_in_memory_in_any_order_and_be_of_any_float() -> None:
    jpeg = jpeg_of("4:2:0")
    scales = scales_for(jpeg)
    expected = decode_regions(jpeg, scales)
    assert np.array_equal(decode_regions(jpeg, np.asfortranarray(scales)), expected)
    assert np.array_equal(decode_regions(jpeg, scales[:, ::-1].copy()[:, ::-1].astype(np.float64)), expected)


def test_many_threads_decode_at_once() -> None:
    jpegs = [jpeg_of(kind) for kind in ("4:2:0", "progressive", "grey", "4:4:4")] * 8
    expected = [decode_regions(jpeg, scales_for(jpeg)) for jpeg in jpegs]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda jpeg: decode_regions(jpeg, scales_for(jpeg)), jpegs))
    assert all(np.array_equal(*both) for both in zip(found, expected, strict=True))
