"""Qualities: Pillow's own tables at every quality, and allowances that lose what they are calibrated to lose."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from helper import DQT, PHOTOGRAPHS, flat, opened, payloads, photograph, saved
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegPresets import presets

import pyregjpeg
from pyregjpeg import quantization
from pyregjpeg.metrics import psnr_y
from pyregjpeg.region_map import LEVELS

CALIBRATED = [(quality, background) for quality in (60, 75, 90) for background in (10, 20, 30, 50)]


@functools.cache
def mean_psnr(quality: int, background_quality: int | None = None, importance: float = 1) -> float:
    """Mean luma PSNR over the test photographs: of plain JPEG, or with that importance everywhere."""
    figures = []
    for name in PHOTOGRAPHS:
        image = photograph(name)
        if background_quality is None:
            jpeg = saved(image, "JPEG", quality=quality)
        else:
            importance_map = np.full((1, 1), float(importance))
            qualities = {"quality": quality, "background_quality": background_quality}
            jpeg = saved(image, region_map=importance_map, tables="annex-k", **qualities)
        figures.append(psnr_y(image, opened(jpeg)))
    return float(np.mean(figures))


@pytest.mark.parametrize("quality", range(1, 101))
def test_tables_are_pillows_at_every_quality(quality: int) -> None:
    pillows = opened(saved(Image.new("RGB", (8, 8)), "JPEG", quality=quality)).quantization
    ours = quantization.annex_k(quality)
    assert [ours[0].tolist(), ours[1].tolist()] == [pillows[0], pillows[1]]


@pytest.mark.parametrize("quality", [1, 24, 25, 50, 51, 75, 99, 100])
def test_the_files_tables_are_pillows_segments(quality: int) -> None:
    image = photograph("chelsea")
    assert payloads(flat(image, quality, tables="annex-k"), DQT) == payloads(saved(image, "JPEG", quality=quality), DQT)


@pytest.mark.parametrize("name", presets)
def test_a_presets_tables_are_pillows_segments(name: str) -> None:
    image = photograph("chelsea")
    ours = pyregjpeg.encode(image, quality=name, region_map=np.ones((1, 1)))
    assert payloads(ours, DQT) == payloads(saved(image, "JPEG", quality=name), DQT)


def low_frequency_mean(table: NDArray[np.uint16]) -> float:
    return float(table[quantization.LOW_FREQUENCIES].mean())


def test_the_equivalent_quality_of_annex_k_is_that_quality() -> None:
    means = [low_frequency_mean(quantization.annex_k(quality)[0]) for quality in range(1, 101)]
    unique = [quality for quality in range(1, 101) if means.count(means[quality - 1]) == 1]
    assert len(unique) > 90
    assert [quantization.equivalent_quality(quantization.annex_k(quality)[0]) for quality in unique] == unique


@pytest.mark.parametrize("preset", presets)
def test_a_presets_equivalent_quality_is_the_nearest(preset: str) -> None:
    quantization_tables: Any = presets[preset]["quantization"]
    table = np.array(quantization_tables[0], dtype=np.uint16)
    mean = low_frequency_mean(table)
    distances = [abs(low_frequency_mean(quantization.annex_k(quality)[0]) - mean) for quality in range(1, 101)]
    assert distances[quantization.equivalent_quality(table) - 1] == min(distances)


@given(quality=st.integers(1, 100), data=st.data())
def test_less_importance_never_has_less_allowance(quality: int, data: st.DataObject) -> None:
    background_quality = data.draw(st.integers(1, quality))
    allowances = quantization.allowances(quantization.annex_k(quality)[0], quality, background_quality, LEVELS)
    assert len(allowances) == LEVELS
    assert np.all(np.isfinite(allowances))
    assert np.all(np.diff(allowances) <= 0)
    assert allowances[-1] >= 0


@given(quality=st.integers(1, 100), data=st.data())
def test_a_lower_background_quality_never_has_less_allowance(quality: int, data: st.DataObject) -> None:
    table = quantization.annex_k(quality)[0]
    lower, higher = sorted(data.draw(st.tuples(st.integers(1, quality), st.integers(1, quality))))
    of_lower = quantization.allowances(table, quality, lower, LEVELS)
    assert np.all(of_lower >= quantization.allowances(table, quality, higher, LEVELS))


@given(quality=st.integers(1, 100))
def test_a_flat_map_has_one_allowance(quality: int) -> None:
    allowances = quantization.allowances(quantization.annex_k(quality)[0], quality, quality, LEVELS)
    assert np.all(allowances == allowances[-1])


@pytest.mark.parametrize(("quality", "background_quality"), CALIBRATED)
def test_importance_0_has_the_psnr_of_plain_jpeg_at_background_quality(quality: int, background_quality: int) -> None:
    expected = mean_psnr(background_quality)
    assert mean_psnr(quality, background_quality, 0) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(("quality", "background_quality"), CALIBRATED)
def test_importance_1_is_near_plain_jpeg_at_quality(quality: int, background_quality: int) -> None:
    assert mean_psnr(quality, background_quality, 1) == pytest.approx(mean_psnr(quality), abs=0.3)


@pytest.mark.parametrize("importance", [0.25, 0.5, 0.75])
@pytest.mark.parametrize(("quality", "background_quality"), [(60, 20), (75, 10), (75, 30), (90, 30), (90, 50)])
def test_importance_in_between_falls_in_proportion(quality: int, background_quality: int, importance: float) -> None:
    background, important = (mean_psnr(quality, background_quality, end) for end in (0, 1))
    expected = background + importance * (important - background)
    assert mean_psnr(quality, background_quality, importance) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(("quality", "lower"), [(75, 44), (100, 90), (50, 50), (2, 1), (90, 10)])
def test_a_quality_is_found_by_how_far_it_lies_below(quality: int, lower: int) -> None:
    high, low = quantization.plain_psnr(np.array([quality, lower], np.uint8))
    assert quantization.quality_below(quality, high - low) == lower


def test_no_quality_lies_below_1_or_above_the_quality_itself() -> None:
    assert quantization.quality_below(60, 100.0) == 1
    assert quantization.quality_below(60, 0.0) == 60
    assert quantization.quality_below(1, 3.0) == 1
