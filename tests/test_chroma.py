"""Sharpened chroma: which samples it gives, what it is good for, and which components are left as they are."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import block_rule
import numpy as np
import numpy_jpeg
import pytest
from helper import COLOUR_PHOTOGRAPHS, mean_square_error, opened, photograph, read_levels
from kernels import FAST_KERNELS, encoded_by
from numpy.typing import NDArray
from PIL import Image
from region_files import FORMS, picture_of

from pyregjpeg import native
from pyregjpeg.errors import CodecError
from pyregjpeg.native import Component, Pixels, Settings
from pyregjpeg.quantization import annex_k

SAMPLINGS = {"4:2:0": (2, 2), "4:2:2": (2, 1)}
SIZES = ((5, 1), (6, 40), (33, 17), (16, 16), (131, 77), (512, 96))  # width, height
STRENGTH = 0.5


def settings_for(
    picture: NDArray[np.uint8], sampling: tuple[int, int] = (2, 2), quality: int = 90, **changes: Any
) -> Settings:
    height, width = picture.shape[:2]
    h, v = sampling
    levels = [np.zeros(block_rule.grid(width, height), dtype=np.uint8)]
    levels += [np.zeros(block_rule.grid(width, height, h, v), dtype=np.uint8)] * 2
    samplings = ((h, v), (1, 1), (1, 1))
    settings = Settings(
        width=width,
        height=height,
        pixels="RGB",
        components=tuple(Component(*samplings[i], min(i, 1), levels[i]) for i in range(3)),
        tables=annex_k(quality),
        allowances=np.zeros(1, dtype=np.float32),
    )
    return dataclasses.replace(settings, **changes)


def encoded(picture: NDArray[np.uint8], sampling: tuple[int, int] = (2, 2), **changes: Any) -> bytes:
    return native.encode(settings_for(picture, sampling, **changes), [picture.reshape(len(picture), -1)])


def halved(plane: NDArray[np.uint8], h: int, v: int) -> NDArray[np.int64]:
    """Means as libjpeg rounds them: alternately down and up, for whole blocks, filled up from the picture's edge."""
    height, width = plane.shape
    rows, columns = -(-height // v), -(-width // h)
    padded = np.pad(plane.astype(np.int64), ((0, rows * v - height), (0, columns * h - width)), mode="edge")
    sums = padded.reshape(rows, v, columns, h).sum(axis=(1, 3))
    bias = np.resize((0, 1) if v == 1 else (1, 2), columns)
    block_rows, block_columns = block_rule.grid(width, height, h, v)
    means = (sums + bias) >> v
    return np.pad(means, ((0, 8 * block_rows - rows), (0, 8 * block_columns - columns)), mode="edge")


def sharpened(plane: NDArray[np.int64], strength: float, v: int) -> NDArray[np.uint8]:
    """Away from the mean of the four neighbours; where rows are not halved those above and below are the same again."""
    padded = np.pad(plane, 1, mode="edge")
    above, below = (padded[:-2, 1:-1], padded[2:, 1:-1]) if v == 2 else (plane, plane)
    neighbours = above + below + padded[1:-1, :-2] + padded[1:-1, 2:]
    moved = plane + np.floor(strength / 4 * (4 * plane - neighbours) + 0.5).astype(np.int64)
    return np.clip(moved, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("strength", [0.0625, 0.5, 2.0])
@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_its_coefficients_are_those_of_the_sharpened_samples(
    size: tuple[int, int], sampling: tuple[int, int], strength: float
) -> None:
    picture = picture_of(size, "RGB")
    settings = settings_for(picture, sampling, chroma_sharpening=strength)
    strips = np.array_split(picture.reshape(len(picture), -1), 3)
    luma, *chroma = native.coefficients(settings, strips)
    ycc = ((picture.astype(np.int64) @ numpy_jpeg._TO_YCC.T + numpy_jpeg._TO_YCC_OFFSETS) >> 16).astype(np.uint8)
    expected = block_rule.coefficients(ycc[..., 0])
    assert np.abs(luma - expected.reshape(luma.shape)).max() < 1e-3
    for number, plane in enumerate(chroma, start=1):
        samples = sharpened(halved(ycc[..., number], *sampling), strength, sampling[1])
        expected = block_rule.coefficients(samples)
        assert np.abs(plane - expected.reshape(plane.shape)).max() < 1e-3


@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
def test_pillow_shows_colours_nearer_to_the_photographs(name: str, sampling: tuple[int, int]) -> None:
    original = photograph(name)
    plain, sharp = (
        mean_square_error(original, opened(encoded(np.asarray(original), sampling, quality=95, **changes)))
        for changes in ({}, {"chroma_sharpening": STRENGTH})
    )
    assert sharp < 0.98 * plain


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_file_has_the_same_levels_and_only_chroma_differs(form: dict[str, bool]) -> None:
    picture = np.asarray(photograph("coffee"))
    plain = read_levels(encoded(picture))[0]
    expected = read_levels(encoded(picture, chroma_sharpening=STRENGTH))[0]
    found = read_levels(encoded(picture, chroma_sharpening=STRENGTH, **form))[0]
    for ours, theirs in zip(found, expected, strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(plain[0], found[0])
    assert not np.array_equal(plain[1], found[1])
    assert not np.array_equal(plain[2], found[2])


def test_kept_coefficients_give_the_file_that_the_pixels_give() -> None:
    picture = np.asarray(photograph("coffee"))
    settings = settings_for(picture, chroma_sharpening=STRENGTH)
    rows = [picture.reshape(len(picture), -1)]
    with native.Coefficients(settings, rows) as kept:
        assert kept.encode(settings) == native.encode(settings, rows)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
def test_every_kernel_gives_the_generic_kernels_bytes(kernel: str) -> None:
    picture = np.asarray(photograph("coffee"))
    settings = settings_for(picture, chroma_sharpening=STRENGTH)
    rows = picture.reshape(len(picture), -1)
    assert encoded_by(kernel, settings, rows) == encoded_by("generic", settings, rows)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_chroma_so_narrow_that_decoders_repeat_it_stays(width: int) -> None:
    picture = picture_of((width, 50), "RGB")
    assert encoded(picture, chroma_sharpening=STRENGTH) == encoded(picture)


def test_chroma_of_full_size_stays() -> None:
    picture = np.asarray(photograph("coffee"))
    assert encoded(picture, (1, 1), chroma_sharpening=STRENGTH) == encoded(picture, (1, 1))


@pytest.mark.parametrize(("mode", "changes"), [("CMYK", {}), ("RGB", {"keep_rgb": True})])
def test_halved_components_that_are_not_chroma_stay(mode: Pixels, changes: dict[str, bool]) -> None:
    picture = np.asarray(photograph("coffee").convert(mode))
    settings = settings_for(picture, pixels=mode, **changes)
    components = (*settings.components, *settings.components[1:2])[: len(mode)]
    settings = dataclasses.replace(settings, components=components)
    rows = [picture.reshape(len(picture), -1)]
    assert native.encode(dataclasses.replace(settings, chroma_sharpening=1), rows) == native.encode(settings, rows)


@pytest.mark.parametrize("strength", [-0.1, 2.1, float("nan"), float("inf")])
def test_other_strengths_are_refused(strength: float) -> None:
    with pytest.raises(CodecError, match="chroma is sharpened by 0 to 2"):
        encoded(picture_of((16, 16), "RGB"), chroma_sharpening=strength)


def test_missing_rows_are_refused_all_the_same() -> None:
    picture = picture_of((33, 40), "RGB")
    settings = settings_for(picture, chroma_sharpening=STRENGTH)
    with pytest.raises(CodecError, match="has 40 rows"):
        native.encode(settings, [picture[:24].reshape(24, -1)])


def test_colours_at_the_ends_of_the_range_stay_in_it() -> None:
    stripes = np.zeros((48, 64, 3), dtype=np.uint8)
    stripes[:, ::4] = stripes[:, 1::4] = (0, 0, 255)
    stripes[:, 2::4] = stripes[:, 3::4] = (255, 255, 0)
    decoded = Image.open(io.BytesIO(encoded(stripes, quality=100, chroma_sharpening=2))).convert("YCbCr")
    blue = np.asarray(decoded)[..., 1].astype(int)
    assert (blue[:, 4:-4:4] > 150).all()  # wrapped around they would be dark
    assert (blue[:, 6:-4:4] < 105).all()
