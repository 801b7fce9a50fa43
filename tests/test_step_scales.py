"""Steps scaled by the map: levels are coefficients divided by table and scale, rounded; the file has the tables."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy_jpeg
import pytest
from helper import PHOTOGRAPHS, photograph, read_levels
from kernels import FAST_KERNELS, encoded_by
from numpy.typing import NDArray
from region_files import FORMS, HALVINGS, SIZES, STEP_SCALES, picture_of, random_map, rows_of, settings_for

from pyregjpeg import native
from pyregjpeg.errors import CodecError
from pyregjpeg.native import Settings
from pyregjpeg.quantization import ANNEX_K
from pyregjpeg.reader import Reader


def assert_levels_are_rounded_quotients(jpeg: bytes, picture: NDArray[np.uint8], settings: Settings) -> None:
    planes, tables = read_levels(jpeg)
    halving = settings.components[0].h_samp
    for plane, table, values, component in zip(
        planes, tables, numpy_jpeg.coefficients(picture, halving), settings.components, strict=True
    ):
        assert np.array_equal(table, np.reshape(ANNEX_K[component.table], (8, 8)))
        scales = STEP_SCALES.astype(np.float64)[component.block_levels]
        quotients = values / (table * scales[..., np.newaxis, np.newaxis])
        close = np.abs(np.abs(quotients - np.trunc(quotients)) - 0.5) < 1e-4
        assert close.mean() < 0.001 or quotients.size < 2000
        assert np.array_equal(plane[~close], np.rint(quotients)[~close])
        assert np.abs(plane - quotients).max() < 0.501


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("halving", HALVINGS.values(), ids=HALVINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_levels_of_colour_are_coefficients_by_table_and_scale(
    size: tuple[int, int], halving: int, form: dict[str, Any]
) -> None:
    picture = picture_of(size, "RGB")
    settings = settings_for(picture, random_map(size, 2), halving, **form)
    assert_levels_are_rounded_quotients(native.encode(settings, rows_of(picture)), picture, settings)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_levels_of_grey_are_coefficients_by_table_and_scale(size: tuple[int, int], form: dict[str, Any]) -> None:
    picture = picture_of(size, "L")
    settings = settings_for(picture, random_map(size, 1), **form)
    assert_levels_are_rounded_quotients(native.encode(settings, rows_of(picture)), picture, settings)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_kept_coefficients_make_the_same_file_of_scaled_steps(form: dict[str, Any]) -> None:
    picture = picture_of((131, 77), "RGB")
    settings = settings_for(picture, random_map((131, 77), 2), 2, **form)
    with native.Coefficients(settings, rows_of(picture)) as kept:
        planes, _ = read_levels(kept.encode(settings))
    expected, _ = read_levels(native.encode(settings, rows_of(picture)))
    assert all(np.array_equal(*both) for both in zip(planes, expected, strict=True))
    assert planes[0].any()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_scales_of_one_change_no_byte(form: dict[str, Any]) -> None:
    picture = picture_of((131, 77), "RGB")
    levels = random_map((131, 77), 2) % 3
    allowances = np.array([40, 3, 0], dtype=np.float32)
    plain = settings_for(picture, levels, 2, allowances=allowances, step_scales=None, **form)
    scaled = dataclasses.replace(plain, step_scales=np.ones(3, dtype=np.float32))
    assert native.encode(scaled, rows_of(picture)) == native.encode(plain, rows_of(picture))


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_kernel_gives_the_generic_kernels_bytes_with_scaled_steps(name: str, kernel: str) -> None:
    picture = np.asarray(photograph(name, "L"))
    settings = settings_for(picture, random_map(picture.shape[::-1], 1))
    assert encoded_by(kernel, settings, picture) == encoded_by("generic", settings, picture)


def test_levels_of_another_file_are_requantised_to_scaled_steps() -> None:
    picture = picture_of((131, 77), "L")
    fine = settings_for(picture, random_map((131, 77), 1), tables=np.full((1, 64), 3, np.uint16), step_scales=None)
    source = native.encode(fine, rows_of(picture))
    coarse = settings_for(picture, random_map((131, 77), 1))
    with Reader(source) as reader:
        [written], _ = read_levels(reader.transcode(coarse))
    values = read_levels(source)[0][0].astype(np.float64) * 3
    scales = STEP_SCALES.astype(np.float64)[coarse.components[0].block_levels][..., np.newaxis, np.newaxis]
    quotients = np.abs(values) / (np.reshape(ANNEX_K[0], (8, 8)) * scales)
    close = np.abs(quotients % 1 - 0.5) < 2e-6 * (1 + quotients)
    assert close.mean() < 0.01
    assert np.array_equal(written[~close], (np.sign(values) * np.rint(quotients))[~close])


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ([0], "scaled quantisation step is 1 to 32767"),
        ([-1], "scaled quantisation step is 1 to 32767"),
        ([np.nan], "scaled quantisation step is 1 to 32767"),
        ([np.inf], "scaled quantisation step is 1 to 32767"),
        ([400], "scaled quantisation step is 1 to 32767"),
        ([0.09], "scaled quantisation step is 1 to 32767"),
        ([1, 1], r"1 map levels have scales of shape \(2,\)"),
        ([[1]], r"1 map levels have scales of shape \(1, 1\)"),
        ([], r"1 map levels have scales of shape \(0,\)"),
    ],
)
def test_scales_that_make_no_levels_are_refused(scales: Any, message: str) -> None:
    rows = np.zeros((8, 8), dtype=np.uint8)
    one_level = {"allowances": np.zeros(1, np.float32), "step_scales": np.array(scales, dtype=np.float32)}
    settings = settings_for(rows, np.zeros((1, 1, 1), np.uint8), **one_level)
    with pytest.raises(CodecError, match=message):
        native.encode(settings, [rows])
    plain = native.encode(dataclasses.replace(settings, step_scales=None), [rows])
    with Reader(plain) as reader, pytest.raises(CodecError, match=message):
        reader.transcode(settings)
