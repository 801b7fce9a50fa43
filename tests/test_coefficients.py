"""Unquantised coefficients: those of an orthonormal DCT, of every component, by every kernel the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy_jpeg
import pytest
from helper import PHOTOGRAPHS, photograph, read_levels
from kernels import FAST_KERNELS
from region_files import FORMS, HALVINGS, SIZES, STEP_SCALES, picture_of, random_map, rows_of, settings_for

from pyregjpeg import native
from pyregjpeg.errors import CodecError


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("halving", HALVINGS.values(), ids=HALVINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_they_are_those_of_an_orthonormal_dct(size: tuple[int, int], halving: int, mode: str) -> None:
    picture = picture_of(size, mode)
    factor = halving if mode == "RGB" else 1
    planes = native.coefficients(settings_for(picture, random_map(size, 2), factor), rows_of(picture))
    expected = numpy_jpeg.coefficients(picture, factor)
    for plane, values in zip(planes, expected, strict=True):
        assert plane.dtype == np.float32
        assert plane.shape == (*values.shape[:2], 64)
        assert np.abs(plane - values.reshape(plane.shape)).max() < 1e-3


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_quantised_they_are_the_levels_that_the_encoder_writes(form: dict[str, bool]) -> None:
    picture = np.asarray(photograph("coffee"))
    size = (picture.shape[1], picture.shape[0])
    settings = settings_for(picture, random_map(size, 2), 2, **form)
    planes, levels = (
        native.coefficients(settings, rows_of(picture)),
        read_levels(native.encode(settings, rows_of(picture)))[0],
    )
    for plane, written, component in zip(planes, levels, settings.components, strict=True):
        steps = settings.tables[component.table] * STEP_SCALES[component.block_levels][..., np.newaxis]
        differing = np.rint(plane / steps) != written.reshape(plane.shape)
        assert differing.mean() < 1e-4


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_kernel_gives_the_generic_kernels_coefficients(
    name: str, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = np.asarray(photograph(name, "L"))
    settings = settings_for(picture, random_map((picture.shape[1], picture.shape[0]), 1))
    monkeypatch.setenv("PYREGJPEG_SIMD", "generic")
    [expected] = native.coefficients(settings, rows_of(picture))
    monkeypatch.setenv("PYREGJPEG_SIMD", kernel)
    [plane] = native.coefficients(settings, rows_of(picture))
    assert plane.tobytes() == expected.tobytes()


def test_a_picture_that_the_rows_do_not_make_up_is_refused() -> None:
    picture = picture_of((33, 17), "L")
    settings = settings_for(picture, random_map((33, 17), 1))
    with pytest.raises(CodecError, match="17 rows, but 16 were given"):
        native.coefficients(settings, rows_of(picture[:16]))
    with pytest.raises(CodecError, match="component 0 has 3 x 7 blocks"):
        native.coefficients(dataclasses.replace(settings, width=50), rows_of(picture))
