"""The arithmetic under figures of rate and task: known gains are found, nothing is invented or extrapolated."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.task_curves import Sweep, at_size, gain, resampled

PICTURES = 40
PHOTOGRAPHS = np.arange(PICTURES) // 2  # two crops of each


def sweep(seed: int, scale: float = 1.0, lowest: float = 0.2, highest: float = 2.0, noise: float = 0.0) -> Sweep:
    """An arm whose mean distance goes down from `highest` to `lowest` as its bytes grow; `scale` times the bytes.

    Pictures differ in size and in distance by factors that are the same for every arm; `noise` is an arm's own.
    """
    random, own = np.random.default_rng(0), np.random.default_rng(seed)
    mean = np.geomspace(highest, lowest, 5)
    of_picture, hard = random.lognormal(0, 0.4, (2, PICTURES, 1))
    distances = hard / hard.mean() * mean * own.lognormal(0, noise, (PICTURES, 5))
    sizes = scale * 3000 * of_picture * mean ** (-0.4 - 0.1 * np.log(mean))
    return Sweep(sizes, distances, {})


@pytest.mark.parametrize("percent", [-30, -5, 0, 12])
def test_a_known_shift_is_found_exactly(percent: float) -> None:
    found = gain(sweep(1, 1 + percent / 100), sweep(2), PHOTOGRAPHS)
    assert found is not None
    assert found.percent == pytest.approx(percent, abs=1e-6)
    assert found.of_medians == pytest.approx(percent, abs=1e-6)
    assert found.low == pytest.approx(percent, abs=1e-6)  # every picture is smaller by as much


def test_a_shift_is_found_between_the_points_of_another_sweep() -> None:
    found = gain(sweep(1, 0.8, 0.3, 3.0), sweep(2), PHOTOGRAPHS)
    assert found is not None
    assert found.percent == pytest.approx(-20, abs=0.1)
    assert found.lowest == pytest.approx(0.3)
    assert found.highest == pytest.approx(2.0)


def test_the_same_arm_with_other_noise_is_zero_within_the_interval_about_nineteen_times_in_twenty() -> None:
    found = [gain(sweep(2 * seed, noise=0.5), sweep(2 * seed + 1, noise=0.5), PHOTOGRAPHS) for seed in range(40)]
    held = sum(one is not None and one.low <= 0 <= one.high for one in found)
    assert held >= 34
    assert all(one is not None and one.high - one.low > 1 for one in found)  # the noise is there to be seen


def test_an_arm_against_itself_is_zero() -> None:
    found = gain(sweep(1, noise=0.5), sweep(1, noise=0.5), PHOTOGRAPHS)
    assert found is not None
    assert (found.percent, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-9)


@pytest.mark.parametrize(("lowest", "highest"), [(2.0, 20.0), (1.8, 20.0), (0.01, 0.2)])
def test_sweeps_that_hardly_meet_give_no_figure(lowest: float, highest: float) -> None:
    assert gain(sweep(1, lowest=lowest, highest=highest), sweep(2), PHOTOGRAPHS) is None


def test_nothing_is_compared_beyond_what_both_reach() -> None:
    better_beyond = sweep(1, 1.0, 0.2, 2.0)
    better_beyond.sizes[:, 3:] *= 0.5  # at distances below 0.6 only
    found = gain(better_beyond, sweep(2, 1.0, 0.7, 2.0), PHOTOGRAPHS)
    everywhere = gain(better_beyond, sweep(2), PHOTOGRAPHS)
    assert found is not None
    assert everywhere is not None
    assert found.lowest == pytest.approx(0.7)
    assert abs(found.percent) < abs(everywhere.percent) / 2


def test_crops_of_one_photograph_are_drawn_together() -> None:
    weights = resampled(PHOTOGRAPHS, 50)
    assert (weights[:, ::2] == weights[:, 1::2]).all()
    assert (weights.sum(axis=1) == PICTURES).all()
    assert weights.max() > 1


def test_the_interval_is_wider_where_pictures_are_of_few_photographs() -> None:
    one, other = sweep(1), sweep(2)
    one.distances[:] *= np.random.default_rng(3).lognormal(0, 0.5, (5, 1, 5)).repeat(8, axis=1).reshape(PICTURES, 5)
    apart, together = gain(one, other, np.arange(PICTURES)), gain(one, other, np.arange(PICTURES) // 8)
    assert apart is not None
    assert together is not None
    assert apart.percent == pytest.approx(together.percent)
    assert together.high - together.low > 1.3 * (apart.high - apart.low)


def test_a_figure_at_a_size_lies_on_the_line_between_two_and_is_none_outside() -> None:
    sizes = np.array([[100.0, 400.0], [100.0, 400.0]])
    values = np.array([[0.0, 1.0], [1.0, 1.0]])
    assert at_size(values, sizes, 200) == pytest.approx(0.75)
    assert at_size(values, sizes, 100) == pytest.approx(0.5)
    assert at_size(values, sizes, 99) is None
    assert at_size(values, sizes, 401) is None
