"""How good a map is: recall of objects, area under the curve, contrast, each with its interval over pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.composites import KINDS

Plane = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
MapOf = Callable[[Image.Image], Plane]  # a way to make a map of a picture, in 0..1

RESAMPLED = 2000  # times
MOST_COVERED = 0.6  # of a photograph, for its area under the curve to count: of little outside, it says little
AREAS = (20, 30, 40)  # per cent of the picture

SMALL, UP_TO_THREE, LARGE = KINDS[:4], KINDS[:3], KINDS[4:6]  # kinds of composites

Record = dict[str, Any]  # of one map of one picture


def judge(plane: Plane, masks: Sequence[Mask], size: tuple[int, int]) -> Record:
    """The record of a map of a picture of `size` (width, height) that has objects where the masks are.

    `objects`, `covered` (their share of the picture), `high` (the share that is more important than a half) and, if
    there is an object and something outside of it, `found_20`, `found_30`, `found_40`, `auc` and `contrast`.
    """
    sized = at_size(plane, size)
    mask = np.logical_or.reduce([np.zeros(sized.shape, dtype=bool), *masks])
    record: Record = {"objects": len(masks), "covered": float(mask.mean()), "high": float((sized > 0.5).mean())}
    if 0 < record["covered"] < 1:
        record |= {f"found_{area}": found(sized, masks, area / 100) for area in AREAS}
        record |= {"auc": area_under_curve(sized, mask), "contrast": contrast(sized, mask)}
    return record


def at_size(plane: Plane, size: tuple[int, int]) -> NDArray[np.float32]:
    """`plane` brought onto a picture of `size` (width, height), between its values in proportion."""
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def found(plane: Plane, masks: Sequence[Mask], share: float) -> int:
    """How many of the objects lie, by half or more, in the most important `share` of the picture.

    Where an object is larger than that share, half of the share has to lie in the object. Places as important as the
    last that fits share the room that is left for them: a flat map finds nothing that is smaller than half a picture.
    """
    room = share * plane.size
    places = max(1, round(room))
    last = np.partition(plane, plane.size - places, axis=None)[plane.size - places]
    above, level = plane > last, plane == last
    weights = above + level * ((places - above.sum()) / level.sum())
    return sum(bool(weights[mask].sum() >= min(mask.sum(), room) / 2) for mask in masks)


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


def summary_of_composites(records: Sequence[Record]) -> dict[str, Any]:
    """Of composites, whose records have a `kind` too: means with their intervals; recall in per cent of objects, small
    ones unless the name says otherwise."""

    def of(kinds: Sequence[str], name: str, per: str | None = None) -> list[float]:
        chosen = [record for record in records if record["kind"] in kinds and name in record]
        weights = None if per is None else [record[per] for record in chosen]
        scale = 1 if per is None else 100
        return [scale * value for value in interval([record[name] for record in chosen], weights)]

    return {
        "pictures": len(records),
        **{f"recall_{area}": of(SMALL, f"found_{area}", "objects") for area in AREAS},
        "recall_30_up_to_3": of(UP_TO_THREE, "found_30", "objects"),
        **{f"recall_30_{kind}": of([kind], "found_30", "objects") for kind in KINDS if kind != "empty"},
        "auc": of(SMALL, "auc"),
        "auc_large": of(LARGE, "auc"),
        "contrast": of(SMALL, "contrast"),
        "high_in_empty": of(["empty"], "high"),
        "high_otherwise": of(SMALL, "high"),
    }


def summary_of_source(records: Sequence[Record]) -> dict[str, Any]:
    """Of photographs: recall in per cent of objects, area under the curve, each with its interval over photographs."""
    judged = [record for record in records if "auc" in record]
    objects = [record["objects"] for record in judged]
    curves = [record["auc"] for record in judged if record["covered"] <= MOST_COVERED]
    return {
        "pictures": len(judged),
        "objects": sum(objects),
        **{
            f"recall_{area}": [100 * mean for mean in interval([record[f"found_{area}"] for record in judged], objects)]
            for area in AREAS
        },
        "auc": list(interval(curves)),
        "auc_pictures": len(curves),
    }
