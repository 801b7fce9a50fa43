"""How good a map is: recall of objects, area under the curve, contrast, each with its interval over pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

RESAMPLED = 2000  # times


def at_size(plane: Plane, size: tuple[int, int]) -> NDArray[np.float32]:
    """`plane` brought onto a picture of `size` (width, height), between its values in proportion."""
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def found(plane: Plane, masks: Sequence[Mask], share: float) -> int:
    """How many of the objects lie, by half or more, in the most important `share` of the picture.

    Where an object is larger than that share, half of the share has to lie in the object. Of values that are equal
    to the last one that fits, none counts: a flat map finds nothing.
    """
    room = share * plane.size
    important = plane > np.sort(plane, axis=None)[max(0, plane.size - 1 - round(room))]
    return sum(bool(important[mask].sum() >= min(mask.sum(), room) / 2) for mask in masks)


def area_under_curve(plane: Plane, mask: Mask) -> float:
    """The chance that a place inside `mask` is more important than one outside; of equal ones, half count."""
    values, ranks, counts = np.unique(plane, return_inverse=True, return_counts=True)
    inside = np.bincount(ranks.ravel()[mask.ravel()], minlength=values.size)
    outside = counts - inside
    below = np.cumsum(outside) - outside
    return float((inside * (below + outside / 2)).sum() / inside.sum() / outside.sum())


def contrast(plane: Plane, mask: Mask) -> float:
    """Mean importance inside `mask` minus that outside."""
    return float(plane[mask].mean() - plane[~mask].mean())


def interval(totals: Sequence[float], weights: Sequence[float] | None = None) -> tuple[float, float, float]:
    """The mean over pictures, total over weight, and its 95 % interval, bootstrapped over pictures."""
    above = np.asarray(totals, dtype=np.float64)
    below = np.ones_like(above) if weights is None else np.asarray(weights, dtype=np.float64)
    drawn = np.random.default_rng(0).integers(len(above), size=(RESAMPLED, len(above)))
    low, high = np.percentile(above[drawn].sum(axis=1) / below[drawn].sum(axis=1), [2.5, 97.5])
    return float(above.sum() / below.sum()), float(low), float(high)
