"""Recall, area under the curve and contrast of maps, on cases small enough to work out by hand; the simple maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helper import photograph
from numpy.typing import NDArray

from training.map_scores import (
    area_under_curve,
    at_size,
    contrast,
    found,
    interval,
    judge,
    summary_of_composites,
    summary_of_source,
)
from training.simple_maps import centre_gaussian, energy, rarity, spectral_residual, stretched, together

RISING = np.arange(100, dtype=np.float64).reshape(10, 10)  # the last three rows are its most important 30 %


def rows(first: int, last: int) -> NDArray[np.bool_]:
    """A mask of whole rows of RISING."""
    mask = np.zeros((10, 10), dtype=bool)
    mask[first : last + 1] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "share", "count"),
    [
        (rows(9, 9), 0.3, 1),
        (rows(6, 7), 0.3, 1),  # exactly half of it
        (rows(5, 7), 0.3, 0),  # a third
        (rows(5, 7), 0.4, 1),
        (rows(0, 9), 0.3, 1),  # larger than the share: all of the share lies in it
        (rows(0, 8), 0.2, 1),  # half of the share does
        (rows(0, 7), 0.2, 0),
    ],
)
def test_an_object_is_found_by_half(mask: NDArray[np.bool_], share: float, count: int) -> None:
    assert found(RISING, [mask], share) == count


def test_each_object_counts() -> None:
    assert found(RISING, [rows(9, 9), rows(0, 0), rows(7, 7)], 0.3) == 2


def test_a_flat_map_finds_nothing() -> None:
    assert found(np.ones((10, 10)), [rows(0, 0), rows(9, 9)], 0.3) == 0


@pytest.mark.parametrize(
    ("mask", "count"),
    [
        (rows(0, 0), 1),  # of the 40 % that are equal, half has room in 20 %
        (rows(4, 4), 0),
        (rows(3, 6), 0),  # a quarter of it is among them, and of that a half has room
    ],
)
def test_places_that_are_equally_important_share_the_room(mask: NDArray[np.bool_], count: int) -> None:
    assert found(rows(0, 3).astype(np.float64), [mask], 0.2) == count


def test_a_picture_is_judged_by_all_its_objects() -> None:
    record = judge(RISING / 99, [rows(9, 9), rows(0, 0), rows(7, 7)], (10, 10))
    assert (record["objects"], record["covered"]) == (3, pytest.approx(0.3))
    assert [record[f"found_{area}"] for area in (20, 30, 40)] == [1, 2, 2]
    assert record["high"] == pytest.approx(0.5)
    assert record["auc"] == pytest.approx(area_under_curve(RISING, rows(9, 9) | rows(0, 0) | rows(7, 7)))


@pytest.mark.parametrize("masks", [[], [rows(0, 9)]])
def test_without_an_inside_or_an_outside_there_is_nothing_to_find(masks: list[NDArray[np.bool_]]) -> None:
    assert judge(RISING, masks, (10, 10)).keys() == {"objects", "covered", "high"}


def test_of_composites_small_objects_count_alike_and_kinds_are_told_apart() -> None:
    def record(kind: str, objects: int, hits: int, auc: float) -> dict[str, Any]:
        hits_at = {f"found_{area}": hits for area in (20, 30, 40)}
        return {"kind": kind, "objects": objects, "high": auc / 2, "auc": auc, "contrast": 0.1, **hits_at}

    records = [record("1", 1, 1, 0.9), record("2", 2, 1, 0.8), record("3", 3, 3, 0.7), record("4-5", 4, 1, 0.6)]
    records += [record("large", 1, 0, 0.5), record("frame-filling", 1, 1, 0.3), {"kind": "empty", "high": 0.05}]
    summed = summary_of_composites(records)
    assert summed["recall_30"][0] == pytest.approx(60)
    assert summed["recall_30_up_to_3"][0] == pytest.approx(100 * 5 / 6)
    assert [summed[f"recall_30_{kind}"][0] for kind in ("2", "4-5", "large")] == [50, 25, 0]
    assert (summed["auc"][0], summed["auc_large"][0]) == (pytest.approx(0.75), pytest.approx(0.4))
    assert (summed["high_in_empty"][0], summed["pictures"]) == (0.05, 7)


def test_of_photographs_objects_count_alike_and_crowded_ones_have_no_curve() -> None:
    one = {"objects": 1, "covered": 0.1, "found_20": 1, "found_30": 1, "found_40": 1, "auc": 0.9}
    crowded = {"objects": 3, "covered": 0.7, "found_20": 0, "found_30": 1, "found_40": 2, "auc": 0.1}
    full = {"objects": 1, "covered": 1.0}
    summed = summary_of_source([one, crowded, full])
    assert (summed["pictures"], summed["objects"], summed["auc_pictures"]) == (2, 4, 1)
    assert [summed[f"recall_{area}"][0] for area in (20, 30, 40)] == [25, 50, 75]
    assert summed["auc"][0] == 0.9


def test_the_area_under_the_curve_counts_pairs() -> None:
    plane = np.array([[0.1, 0.4, 0.4, 0.9]])
    assert area_under_curve(plane, np.array([[False, False, True, True]])) == (1 + 0.5 + 1 + 1) / 4
    assert area_under_curve(np.zeros((1, 4)), np.array([[True, False, True, False]])) == 0.5


def test_contrast_is_the_difference_of_means() -> None:
    assert contrast(RISING, rows(9, 9)) == pytest.approx(94.5 - 44.5)


def test_the_interval_is_of_totals_over_weights_and_holds_the_mean() -> None:
    mean, low, high = interval([1, 2, 0, 3], [1, 3, 2, 4])
    assert mean == 0.6
    assert 0 <= low < mean < high <= 1
    assert interval([2, 2, 2]) == (2, 2, 2)


def test_a_map_covers_the_picture() -> None:
    sized = at_size(np.array([[0.0, 1.0]]), (8, 3))
    assert sized.shape == (3, 8)
    assert (sized[:, 0].max(), sized[:, -1].min()) == (0, 1)


def test_the_simple_maps_are_where_they_should_be() -> None:
    image = photograph("astronaut")
    centre = centre_gaussian(image)
    assert centre.argmax() // 32 in (15, 16)
    assert np.ptp(spectral_residual(image)) > 0
    features = np.random.default_rng(0).normal(size=(8, 6, 9))
    features[:, 2, 3] += 9
    assert np.unravel_index(energy(features).argmax(), (6, 9)) == (2, 3)
    assert np.unravel_index(rarity(features).argmax(), (6, 9)) == (2, 3)
    assert np.unravel_index(together(rarity(features), energy(features)).argmax(), (6, 9)) == (2, 3)


def test_a_stretched_map_reaches_from_0_to_1_and_a_flat_one_is_0() -> None:
    assert stretched(np.array([[-3.0, 1.0, 5.0]])).tolist() == [[0, 0.5, 1]]
    assert stretched(np.full((2, 2), 7.0)).max() == 0
