"""The composite of 2017: its six rules on maps made by hand, its search, and where its pixels come from."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helper import photograph
from PIL import Image

from benchmarks import composite_2017 as composite

# 0.05, 0.15 .. 0.95 in two rows: each value is alone in its decile.
TENTHS = (np.arange(10, dtype=np.float32).reshape(2, 5) + 0.5) / 10


@pytest.fixture
def picture() -> Image.Image:
    return photograph("coffee")


@pytest.mark.parametrize(
    ("rule", "qualities"),
    [
        (composite.above_mean, [70] * 5 + [100] * 5),
        (composite.linear, [20, 20, *(100 * np.arange(5, 20, 2) / 19)]),
        (composite.deciles, [20, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (composite.four_bands, [50] * 2 + [70] * 4 + [90] * 3 + [100]),
        (composite.median_30_90, [30] * 5 + [90] * 5),
        (composite.median_80_100, [80] * 5 + [100] * 5),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_rule_gives_the_papers_qualities(rule: composite.Rule, qualities: list[float]) -> None:
    assert rule(TENTHS).ravel() == pytest.approx(qualities)
    assert rule(TENTHS[::-1, ::-1]).ravel() == pytest.approx(qualities[::-1])


def test_there_are_six_rules() -> None:
    assert len(set(composite.RULES)) == 6


@pytest.mark.parametrize("rule", composite.RULES)
def test_qualities_stay_within_twenty_and_hundred(rule: composite.Rule) -> None:
    maps = [np.random.default_rng(0).random((9, 7)), np.eye(8), np.zeros((3, 4)), np.full((2, 2), 0.1), np.ones((1, 1))]
    for region_map in maps:
        qualities = rule(region_map.astype(np.float32))
        assert qualities.shape == region_map.shape
        assert qualities.min() >= 20
        assert qualities.max() <= 100


def test_only_above_the_mean_is_above_it() -> None:
    assert np.unique(composite.above_mean(np.full((31, 17), 0.1, dtype=np.float32))).tolist() == [70]


def test_one_object_on_an_empty_map_is_in_the_highest_band() -> None:
    region_map = np.zeros((10, 10), dtype=np.float32)
    region_map[0, :5] = 1
    # Nothing is below the percentiles of 0, so the background reaches all but the highest.
    assert composite.median_30_90(region_map).min() == 90
    region_map[:, :6] = 1
    assert np.array_equal(composite.median_30_90(region_map), np.where(region_map > 0, 90, 30))


def test_a_composite_at_one_level_is_that_jpeg(picture: Image.Image) -> None:
    qualities = np.full((picture.height, picture.width), 72.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70, subsampling=2)
    decoded = np.asarray(Image.open(file))
    assert np.array_equal(np.asarray(composite.composite(picture, qualities)), decoded)


def test_a_composite_takes_each_pixel_from_its_own_level(picture: Image.Image) -> None:
    half = picture.width // 2
    qualities = np.full((picture.height, picture.width), 10.0)
    qualities[:, half:] = 100
    mixed = np.asarray(composite.composite(picture, qualities))
    coarse = np.asarray(composite.composite(picture, np.full_like(qualities, 10)))
    fine = np.asarray(composite.composite(picture, np.full_like(qualities, 100)))
    assert np.array_equal(mixed[:, :half], coarse[:, :half])
    assert np.array_equal(mixed[:, half:], fine[:, half:])


def test_the_search_stops_at_the_first_file_that_is_small_enough(picture: Image.Image) -> None:
    sizes = {quality: len(_jpeg(picture, quality)) for quality in range(1, 91)}
    quality, encoded = composite.search(picture, sizes[50])
    assert quality == max(q for q, size in sizes.items() if size <= sizes[50])
    assert encoded == _jpeg(picture, quality)


def test_a_file_may_be_larger_by_the_percentage(picture: Image.Image) -> None:
    plain_size = len(_jpeg(picture, 50))
    sizes = [len(composite.search(picture, plain_size, percent)[1]) for percent in (0, 5, 20)]
    assert sizes[0] <= plain_size < sizes[1] <= 1.05 * plain_size < sizes[2] <= 1.2 * plain_size


def test_the_search_starts_at_ninety_and_ends_at_one(picture: Image.Image) -> None:
    assert composite.search(picture, 10**9)[0] == 90
    assert composite.search(picture, 0)[0] == 1


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=2, optimize=True)
    return file.getvalue()
