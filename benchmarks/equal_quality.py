"""Bytes of one encoder over bytes of another at equal quality, and what that says about more than one picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped]


@dataclass(frozen=True)
class RatePoint:
    """One encoding of a picture: its size in bytes and its quality by some metric where more is better."""

    size: float
    metric: float


class RateCurve:
    """Size of one picture by one encoder as a function of the metric, between the points that were measured.

    The logarithm of the size is interpolated by a monotone cubic (PCHIP): unlike a fitted polynomial it goes through
    every point and never overshoots.
    """

    def __init__(self, points: Iterable[RatePoint]) -> None:
        rising: list[RatePoint] = []
        for point in sorted(points, key=lambda point: point.size):
            # Nobody would choose a larger file of lower quality, and the curve would be ambiguous there.
            if math.isfinite(point.metric) and (not rising or point.metric > rising[-1].metric):
                rising.append(point)
        if len(rising) < 2:
            raise ValueError("A rate curve needs at least two points of different size and metric.")
        self.lowest, self.highest = rising[0].metric, rising[-1].metric
        self._log_size = PchipInterpolator([p.metric for p in rising], np.log([p.size for p in rising]))

    def size_at(self, metric: float) -> float | None:
        """Bytes needed for this value of the metric; None outside the measured range, for nothing is extrapolated."""
        if not self.lowest <= metric <= self.highest:
            return None
        return float(np.exp(self._log_size(metric)))

    def ratio_to(self, rival: RatePoint) -> float | None:
        """Our bytes over the rival's at the rival's quality: below 1 where we are smaller, None outside the range."""
        size = self.size_at(rival.metric)
        return None if size is None else size / rival.size


@dataclass(frozen=True)
class RatioSummary:
    """Ratios over pictures: geometric mean with its 95 % interval, and the median."""

    geometric_mean: float
    low: float
    high: float
    median: float
    pictures: int

    def __str__(self) -> str:
        return f"{self.geometric_mean:.3f} ({self.low:.3f}..{self.high:.3f})"


def summarize(ratios: Sequence[float], resamples: int = 4000, seed: int = 0) -> RatioSummary:
    """Summary of one ratio per picture; the interval is the percentile bootstrap over pictures."""
    if not ratios:
        raise ValueError("There is no ratio to summarise: the curves of the two encoders do not overlap.")
    logarithms: NDArray[np.float64] = np.log(np.asarray(ratios, dtype=np.float64))
    draws = np.random.default_rng(seed).integers(len(logarithms), size=(resamples, len(logarithms)))
    low, high = np.percentile(logarithms[draws].mean(axis=1), (2.5, 97.5))
    return RatioSummary(
        geometric_mean=float(np.exp(logarithms.mean())),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        median=float(np.exp(np.median(logarithms))),
        pictures=len(logarithms),
    )
