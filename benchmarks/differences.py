"""How much more one method has of a figure than another, picture by picture, and what that says about more pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Figures:
    """One file: its bytes and its figures by name, such as "PSNR inside"."""

    photograph: str
    category: str
    plain_quality: int
    method: str
    size: int
    values: dict[str, float]


@dataclass(frozen=True)
class Difference:
    """Over pictures: the mean with its 95 % interval, and the share that is above zero."""

    mean: float
    low: float
    high: float
    won: float


def by_photograph(found: Sequence[Figures], method: str, rival: str, name: str) -> dict[str, float]:
    """How much more of the figure the method has than its rival; `found` holds one size."""
    values = {(item.photograph, item.method): item.values[name] for item in found}
    pictures = dict.fromkeys(item.photograph for item in found)
    return {picture: values[picture, method] - values[picture, rival] for picture in pictures}


def over_photographs(found: Sequence[Figures], method: str, rival: str, name: str) -> Difference:
    return summarize(list(by_photograph(found, method, rival, name).values()))


def by_category(found: Sequence[Figures], method: str, rival: str, name: str) -> dict[str, Difference]:
    categories = dict.fromkeys(item.category for item in found)
    return {
        category: over_photographs([item for item in found if item.category == category], method, rival, name)
        for category in categories
    }


def summarize(gains: Sequence[float], resamples: int = 4000, seed: int = 0) -> Difference:
    """Mean of one difference per picture; the interval is the percentile bootstrap over pictures."""
    values = np.asarray(gains, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), (2.5, 97.5))
    return Difference(float(values.mean()), float(low), float(high), float((values > 0).mean()))
