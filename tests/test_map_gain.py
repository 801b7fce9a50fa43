"""Bytes that a map gains: below 1 where it holds the object, above 1 where it misses it, 1 for a flat map."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from helper import photograph
from PIL import Image

from training.composites import Composite
from training.map_gain import Gain, compare, numbered_pairs, summary, union


def scene(kind: str = "1", side: int = 96) -> Composite:
    """The face of a cat on a rocket, its mask the square that it was pasted in."""
    image = photograph("rocket")
    image.paste(photograph("chelsea").crop((80, 30, 80 + side, 30 + side)), (32, 64))
    mask = np.zeros((image.height, image.width), dtype=bool)
    mask[64 : 64 + side, 32 : 32 + side] = True
    return Composite(kind, image, (mask,))


def test_the_masks_gain_and_what_misses_the_object_loses() -> None:
    picture = scene()
    gains = compare(
        picture,
        picture,
        {
            "masks": lambda this, _: union(this),
            "all but the masks": lambda this, _: ~union(this),
            "flat": lambda *_: np.ones((1, 1), dtype=np.float32),
        },
    )
    ratios = {name: gain.ratio for name, gain in gains.items()}
    assert ratios["flat"] == pytest.approx(1, abs=0.02)
    assert ratios["masks"] is not None
    assert ratios["masks"] < 0.9
    assert ratios["all but the masks"] is not None
    assert ratios["all but the masks"] > 1.1
    assert gains["masks"].psnr == pytest.approx(gains["flat"].psnr, abs=0.2)
    assert gains["masks"].size < gains["flat"].size


def test_a_drive_is_handed_this_picture_and_the_other() -> None:
    this, other = scene(), scene(side=64)
    seen = []

    def drive(*pictures: Composite) -> np.ndarray:
        seen.append(pictures)
        return union(this)

    compare(this, other, {"drive": drive})
    assert seen == [(this, other)]


def test_pictures_without_objects_are_neither_judged_nor_lent() -> None:
    empty = Composite("empty", Image.new("RGB", (8, 8)), ())
    first, second, third = scene("1"), scene("2"), scene("3")
    numbered = list(numbered_pairs([first, empty, second, third]))
    assert [number for number, _ in numbered] == [2, 3]
    assert [pair for _, pair in numbered] == [(after, before) for before, after in pairwise([first, second, third])]


def test_the_summary_is_the_geometric_mean_by_group_and_counts_what_the_curve_reaches() -> None:
    gains = [
        Gain("1", 100, 30, 0.5),
        Gain("4-5", 300, 32, 2),
        Gain("large", 200, 34, 0.8),
        Gain("frame-filling", 1, 1, 1),
    ]
    summed = summary([*gains, Gain("2", 400, 33, None)])
    assert summed["small"]["geometric_mean"] == pytest.approx(1)
    assert summed["large"]["geometric_mean"] == pytest.approx(0.8)
    assert (summed["all"]["pictures"], summed["pictures"]) == (4, 5)
    assert summed["bytes"] == pytest.approx((100 + 300 + 200 + 1 + 400) / 5)
