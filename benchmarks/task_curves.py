"""What a network's answers cost in bytes: curves over a sweep of qualities, and the gain of one arm over another.

The method: mean bytes over mean distance of the answers, each over all pictures at one quality; a parabola fitted
through the logarithms; the difference between two parabolas, averaged over the distances that both sweeps reached. So
nothing is extrapolated. Intervals are 95 %, by a paired bootstrap over photographs: crops of one are drawn together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
NARROWEST = math.log(1.2)  # what both sweeps reach has to span: less is no curve
PLACES = 33  # at which two parabolas are compared

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Sweep:
    """One arm over its qualities, all values (pictures, qualities).

    Bytes of the file; distance of the network's answer from that on the clean picture; and of a classifier by name what
    else was measured, 0 to 1.
    """

    sizes: Values
    distances: Values
    shares: Mapping[str, Values]


@dataclass(frozen=True)
class Gain:
    """Bytes against those of a rival at the same distance, in per cent, below 0 where the arm is smaller.

    `of_medians` is of curves over the median distance instead of the mean; `lowest` and `highest` are the mean
    distances between which was averaged.
    """

    percent: float
    low: float
    high: float
    of_medians: float | None
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.percent:+.1f} ({self.low:+.1f}..{self.high:+.1f})"


def gain(arm: Sweep, rival: Sweep, photographs: NDArray[np.int64]) -> Gain | None:
    """Of `arm` over `rival`, both of the same pictures; None where they hardly reach the same distances.

    `photographs` numbers the photograph that each picture was cut from.
    """
    whole = np.ones((1, len(photographs)))
    [found] = _percent(_means(arm, whole), _means(rival, whole))
    if math.isnan(found):
        return None
    weights = resampled(photographs)
    spread = _percent(_means(arm, weights), _means(rival, weights))
    low, high = np.nanpercentile(spread, (2.5, 97.5))
    [of_medians] = _percent(_medians(arm, whole), _medians(rival, whole))
    [lowest], [highest] = (np.exp(limit) for limit in _shared(_means(arm, whole)[1], _means(rival, whole)[1]))
    return Gain(found, float(low), float(high), None if math.isnan(of_medians) else float(of_medians), lowest, highest)


def resampled(photographs: NDArray[np.int64], resamples: int = RESAMPLES, seed: int = 0) -> Values:
    """How often each picture counts in each resample, (resamples, pictures); every call draws the same."""
    names, of_picture = np.unique(photographs, return_inverse=True)
    draws = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    counts = np.stack([np.bincount(draw, minlength=len(names)) for draw in draws])
    return counts[:, of_picture].astype(np.float64)


def at_size(values: Values, sizes: Values, size: float) -> float | None:
    """The mean of `values` (pictures, qualities) at mean bytes of `size`, on the line between two qualities."""
    mean_sizes = sizes.mean(axis=0)
    if not mean_sizes.min() <= size <= mean_sizes.max():
        return None
    order = np.argsort(mean_sizes)
    return float(np.interp(math.log(size), np.log(mean_sizes[order]), values.mean(axis=0)[order]))


def _means(sweep: Sweep, weights: Values) -> tuple[Values, Values]:
    """Logarithms of mean bytes and of mean distance, both (resamples, qualities)."""
    total = weights.sum(axis=1, keepdims=True)
    return np.log(weights @ sweep.sizes / total), np.log(weights @ sweep.distances / total)


def _medians(sweep: Sweep, weights: Values) -> tuple[Values, Values]:
    """The same with the median distance of all pictures; resamples are not asked for."""
    log_sizes, _ = _means(sweep, weights)
    return log_sizes, np.log(np.median(sweep.distances, axis=0))[None]


def _shared(one: Values, other: Values) -> tuple[Values, Values]:
    """Lowest and highest logarithm of the distances, (resamples,), that both sweeps reach."""
    return np.maximum(one.min(axis=1), other.min(axis=1)), np.minimum(one.max(axis=1), other.max(axis=1))


def _percent(arm: tuple[Values, Values], rival: tuple[Values, Values]) -> Values:
    """The gain in each resample, NaN where the sweeps part."""
    lowest, highest = _shared(arm[1], rival[1])
    places = lowest[:, None] + (highest - lowest)[:, None] * np.linspace(0, 1, PLACES)
    difference = (_parabola(*arm, places) - _parabola(*rival, places)).mean(axis=1)
    return np.where(highest - lowest >= NARROWEST, 100 * np.expm1(difference), np.nan)


def _parabola(log_sizes: Values, log_distances: Values, places: Values) -> Values:
    """Least squares of log_sizes over log_distances, both (resamples, qualities), at `places` (resamples, n)."""
    middle = log_distances.mean(axis=1, keepdims=True)
    powers = np.arange(3)
    coefficients = np.linalg.pinv((log_distances - middle)[..., None] ** powers) @ log_sizes[..., None]
    fitted: Values = (((places - middle)[..., None] ** powers) @ coefficients)[..., 0]
    return fitted
