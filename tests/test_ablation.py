"""The comparison without each lever: a lever changes the file, and only what it says."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from helper import IMAGES
from PIL import Image

from benchmarks.ablation import LEVERS, encoded
from benchmarks.peers import OURS, VARIANTS, Picture
from pyregjpeg import codec, native

CHANGED = {
    "tables (Annex K's instead)": {"tables"},
    "dead zone (rounding instead)": {"allowances"},
    "weights by frequency (their mean instead)": {"weights"},
    "trellis (the dead zone instead)": {"trellis", "weights", "masking", "tail"},
    "masking": {"masking"},
    "dropped tails": {"tail"},
    "chroma sharpening": {"chroma_sharpening"},
    "deringing": {"deringing"},
    "progressive scans (sequential instead)": {"scans"},
    "search of scans (a rule instead)": {"search_scans"},
}


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    """One with white and black in it, and one on which a search of scans finds better ones."""
    return [Picture.of(Image.open(IMAGES / f"{name}.webp").convert("RGB")) for name in ("astronaut", "gravel")]


@pytest.mark.parametrize("variant", LEVERS)
def test_all_on_is_what_the_options_write(variant: str, pictures: list[Picture]) -> None:
    assert encoded(pictures[0], variant, 75, None) == OURS[variant](pictures[0], 75)


@pytest.mark.parametrize(("variant", "lever"), [(variant, lever) for variant in LEVERS for lever in LEVERS[variant]])
def test_a_lever_changes_what_it_says_and_the_file(variant: str, lever: str, pictures: list[Picture]) -> None:
    def prepared(**changed: str) -> native.Settings:
        options = {**VARIANTS[variant], "quality": 75, "background_quality": 75, **changed}
        return codec.prepare(pictures[0].array, options).settings

    settings = prepared()
    without = LEVERS[variant][lever](settings, prepared)
    changed = {
        field.name
        for field in fields(settings)
        if not np.array_equal(getattr(settings, field.name), getattr(without, field.name))
        if field.name != "components"
    }
    assert changed == CHANGED[lever]
    off = LEVERS[variant][lever]
    assert any(encoded(picture, variant, 75, off) != encoded(picture, variant, 75, None) for picture in pictures)


def test_nearest_levels_take_more_bytes_than_a_dead_zone(pictures: list[Picture]) -> None:
    rounded = encoded(pictures[0], "fast", 75, LEVERS["fast"]["dead zone (rounding instead)"])
    assert len(rounded) > len(encoded(pictures[0], "fast", 75, None))
