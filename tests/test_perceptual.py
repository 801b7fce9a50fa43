"""tables="perceptual": what is in the file, the rule that goes with it, and what its qualities mean."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from block_rule import coefficients, rule
from helper import PHOTOGRAPHS, photograph, read_levels
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import pyregjpeg
from pyregjpeg import perceptual, region_map
from pyregjpeg.metrics import psnr_y, ssimulacra2

LEVELS = region_map.LEVELS


def encoded(image: Image.Image, **options: Any) -> bytes:
    flat = {} if "region_map" in options else {"background_quality": options.get("quality", 75)}
    return pyregjpeg.encode(image, tables="perceptual", **{**flat, **options})


def plain(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def decoded(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def test_a_higher_quality_never_has_a_coarser_step() -> None:
    tables = np.array([perceptual.tables(quality) for quality in range(1, 101)], dtype=np.int64)
    assert np.all(np.diff(tables, axis=0) <= 0)
    assert tables.min() >= 1
    assert tables.max() <= 255


@given(st.integers(1, 100), st.data())
def test_less_importance_or_a_lower_background_never_has_less_allowance(quality: int, data: st.DataObject) -> None:
    lower, higher = sorted(data.draw(st.tuples(*[st.integers(1, quality)] * 2)))
    of_lower, of_higher = (perceptual.allowances(quality, background, LEVELS) for background in (lower, higher))
    assert np.all(np.isfinite(of_lower))
    assert np.all(np.diff(of_lower) <= 0)
    assert np.all(of_lower >= of_higher * (1 - 1e-6))
    assert of_lower[-1] == pytest.approx(1)
    assert np.all(perceptual.allowances(quality, quality, LEVELS) == 1)


@pytest.mark.parametrize("quality", [10, 50, 75, 95])
def test_the_file_has_the_tables(quality: int) -> None:
    found = Image.open(io.BytesIO(encoded(photograph("coffee"), quality=quality))).quantization  # type: ignore[attr-defined]
    assert np.array_equal([found[0], found[1]], perceptual.tables(quality))
    assert not np.array_equal([found[0], found[1]], pyregjpeg.quantization.annex_k(quality))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("background", [20, 60])
def test_the_levels_follow_the_rule_with_its_weights(name: str, background: int) -> None:
    image = photograph(name, "L")
    rows, columns = region_map.grid_shape(image.size)
    importance = np.linspace(0, 1, rows * columns, dtype=np.float32).reshape(rows, columns)
    jpeg = encoded(image, background_quality=background, region_map=importance, feather=0)
    [levels], [table] = read_levels(jpeg)
    allowances = perceptual.allowances(75, background, LEVELS).astype(np.float64)[region_map.to_levels(importance)]
    expected, close = rule(coefficients(np.asarray(image)), table, allowances, perceptual.weights()[0])
    assert close.mean() < 0.002
    assert np.array_equal(levels[~close], expected[~close])


@pytest.mark.parametrize("quality", [40, 75, 90])
def test_fewer_bytes_than_annex_k_for_the_same_ssimulacra2(quality: int) -> None:
    ratios, differences = [], []
    for name in PHOTOGRAPHS:
        image = photograph(name)
        ours, theirs = encoded(image, quality=quality), plain(image, quality)
        ratios.append(len(ours) / len(theirs))
        differences.append(ssimulacra2(image, decoded(ours)) - ssimulacra2(image, decoded(theirs)))
    assert np.exp(np.mean(np.log(ratios))) < 0.92
    assert abs(np.mean(differences)) < 2


@pytest.mark.parametrize("background", [20, 40])
def test_importance_0_has_about_the_psnr_of_plain_jpeg_at_the_background_quality(background: int) -> None:
    differences = []
    for name in PHOTOGRAPHS:
        image = photograph(name)
        ours = encoded(image, background_quality=background, region_map=np.zeros((1, 1)))
        differences.append(psnr_y(image, decoded(ours)) - psnr_y(image, decoded(plain(image, background))))
    assert abs(np.mean(differences)) < 0.8


def test_tables_that_are_given_exclude_others() -> None:
    image = photograph("coffee")
    with pytest.raises(pyregjpeg.OptionError, match="exclude each other"):
        pyregjpeg.encode(image, tables="perceptual", qtables="web_low", background_quality=75)
    with pytest.raises(pyregjpeg.OptionError, match="'annex-k' or 'perceptual', not 'flat'"):
        pyregjpeg.encode(image, tables="flat")
    with pytest.raises(pyregjpeg.OptionError, match="tables"):
        pyregjpeg.encode(image, tables="perceptual", overhead_free=True)


def test_transcoding_takes_the_larger_of_each_step() -> None:
    source = plain(photograph("coffee"), 90)
    jpeg = pyregjpeg.transcode(source, quality=75, background_quality=75, tables="perceptual")
    _, tables = read_levels(jpeg)
    _, before = read_levels(source)
    wanted = np.maximum(np.reshape(before, (-1, 64)), perceptual.tables(75)[[0, 1, 1]])
    assert np.array_equal(np.reshape(tables, (-1, 64)), wanted)
