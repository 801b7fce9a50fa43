"""Composites: the same from the same seed, exact masks, and subjects that are in one half only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training import composites
from training.composites import KINDS, SHOWN, Composite, CutOut, compose, list_cut_outs, subject

SCENERY = Image.new("RGB", (240, 160), (40, 60, 80))
CUT_OUTS = [
    CutOut(name, Image.new("RGBA", size, (220, 90, 30, 255)))
    for name, size in {"wide": (150, 100), "tall": (90, 130), "square": (120, 120)}.items()
]


def composite(kind: str, seed: int) -> Composite:
    return compose(kind, SCENERY, CUT_OUTS, np.random.default_rng(seed))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_picture_and_masks(kind: str) -> None:
    one, same, other = (composite(kind, seed) for seed in (1, 1, 2))
    assert one.image == same.image
    assert all(map(np.array_equal, one.masks, same.masks))
    assert (one.image != other.image) == (kind != "empty")


@pytest.mark.parametrize(("kind", "counts"), [("1", {1}), ("2", {2}), ("3", {3}), ("4-5", {4, 5}), ("empty", {0})])
def test_a_kind_has_as_many_objects_as_it_says(kind: str, counts: set[int]) -> None:
    assert {len(composite(kind, seed).masks) for seed in range(8)} == counts


@pytest.mark.parametrize(
    ("kind", "least", "most"), [("1", 0.02, 0.12), ("large", 0.2, 0.45), ("frame-filling", 0.5, 0.8)]
)
def test_an_object_has_the_size_of_its_kind(kind: str, least: float, most: float) -> None:
    for seed in range(8):
        for mask in composite(kind, seed).masks:
            assert SHOWN * least <= mask.mean() <= most * 1.05  # softened edges move it a little


@pytest.mark.parametrize("seed", range(6))
def test_the_masks_are_where_the_picture_changed_and_never_overlap(seed: int) -> None:
    made = composite("4-5", seed)
    assert np.sum(made.masks, axis=0).max() == 1
    distance = np.abs(np.asarray(made.image, dtype=int) - np.asarray(SCENERY, dtype=int)).sum(axis=2)
    inside = np.logical_or.reduce(made.masks)
    assert distance[inside].min() > 60
    assert (distance[~inside] > 150).mean() < 0.01  # of the soft edges only


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("little-penguin", "penguin"),
        ("gnu-baby-stand", "gnu"),
        ("flower10", "flower"),
        ("rooster", "chicken"),
        ("lionfish", "lionfish"),
        ("guitar_electric_bass", "guitar"),
    ],
)
def test_a_subject_is_what_the_cut_out_shows(name: str, shows: str) -> None:
    assert subject(name) == shows


def test_the_halves_share_no_subject(tmp_path: Path) -> None:
    names = "penguin little-penguin crow owl pelican magpie hen rooster turkey vulture"
    folder = tmp_path / composites.STAMPS / "animals/birds"
    folder.mkdir(parents=True)
    for name in [*names.split(), "crow_mirror"]:
        Image.new("RGBA", (200, 150)).save(folder / f"{name}.png")
    Image.new("RGBA", (60, 50)).save(folder / "tiny.png")
    train, test = ({path.stem for path in list_cut_outs(tmp_path, half)} for half in composites.HALVES)
    assert train | test == set(names.split())
    assert train
    assert test
    assert not {subject(name) for name in train} & {subject(name) for name in test}
