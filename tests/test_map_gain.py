"""Bytes that a map gains: below 1 where it holds the object, above 1 where it misses it, 1 for a flat map."""

from __future__ import annotations

import numpy as np
import pytest
from helper import photograph
from numpy.typing import NDArray
from PIL import Image

from training.composites import Composite
from training.map_gain import Gain, Scene, compare, scenes_of_composites, scenes_of_photographs, summary
from training.real_masks import Labelled


def cat_and_mask(side: int = 96) -> tuple[Image.Image, NDArray[np.bool_]]:
    """The face of a cat on a rocket, and the square that it was pasted in."""
    image = photograph("rocket")
    image.paste(photograph("chelsea").crop((80, 30, 80 + side, 30 + side)), (32, 64))
    mask = np.zeros((image.height, image.width), dtype=bool)
    mask[64 : 64 + side, 32 : 32 + side] = True
    return image, mask


SCENE = Scene(0, "small", *cat_and_mask())


def test_the_masks_gain_and_what_misses_the_object_loses() -> None:
    gains = compare(
        SCENE,
        SCENE,
        {
            "masks": lambda scene, _: scene.mask,
            "all but the masks": lambda scene, _: ~scene.mask,
            "flat": lambda *_: np.ones((1, 1), dtype=np.float32),
        },
    )
    ratios = {name: gain.ratio or np.nan for name, gain in gains.items()}
    assert ratios["flat"] == pytest.approx(1, abs=0.02)
    assert ratios["masks"] < 0.9
    assert ratios["all but the masks"] > 1.1
    assert gains["masks"].psnr == pytest.approx(gains["flat"].psnr, abs=0.2)
    assert gains["masks"].size < gains["flat"].size


def test_a_drive_is_handed_this_scene_and_the_other() -> None:
    other = Scene(1, "small", *cat_and_mask(64))
    seen = []

    def drive(*scenes: Scene) -> NDArray[np.bool_]:
        seen.append(scenes)
        return SCENE.mask

    compare(SCENE, other, {"drive": drive})
    assert seen == [(SCENE, other)]


def test_composites_without_objects_are_left_out_and_the_others_keep_their_number() -> None:
    image, mask = cat_and_mask()
    empty = Composite("empty", image, (), ())
    made = [Composite("1", image, ("cat",), (mask,)), empty, Composite("large", image, ("cat", "dog"), (mask, ~mask))]
    scenes = list(scenes_of_composites(made))
    assert [(scene.number, scene.group, scene.mask.mean()) for scene in scenes] == [
        (0, "small", mask.mean()),
        (2, "large", 1),
    ]


def test_photographs_and_masks_are_scaled_down_together_and_grouped_by_what_is_covered() -> None:
    image, mask = cat_and_mask()
    everything = np.ones_like(mask)
    half = np.arange(mask.shape[1])[np.newaxis] < mask.shape[1] // 2
    found = [Labelled(image, masks) for masks in ((mask,), (everything,), (mask, half & everything))]
    few, many = scenes_of_photographs(found)
    assert few.image.size == (round(image.width / 1.5), round(image.height / 1.5))
    assert few.mask.shape == few.image.size[::-1]
    assert few.mask.mean() == pytest.approx(mask.mean(), rel=0.05)
    assert few.mask[64 * 2 // 3 + 10, 32 * 2 // 3 + 10]
    assert (few.group, many.group) == ("up to 15 %", "more")


def test_the_summary_is_the_geometric_mean_by_group_and_counts_what_the_curve_reaches() -> None:
    gains = [
        Gain("small", 100, 30, 0.5),
        Gain("small", 300, 32, 2),
        Gain("large", 200, 34, 0.8),
        Gain("more", 1, 1, 1),
    ]
    summed = summary([*gains, Gain("small", 400, 33, None)])
    assert summed["groups"]["small"]["geometric_mean"] == pytest.approx(1)
    assert summed["groups"]["large"]["geometric_mean"] == pytest.approx(0.8)
    assert (summed["all"]["pictures"], summed["pictures"]) == (4, 5)
    assert summed["bytes"] == pytest.approx((100 + 300 + 200 + 1 + 400) / 5)
