"""The rule of purpose="machine": what errors count, by frequency and by the map, and that the least is looked for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from block_rule import coefficients
from helper import COLOUR_PHOTOGRAPHS, PHOTOGRAPHS, photograph, read_levels
from machine_families import AVERAGE, HALF, LUMA, family_at
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import codec, native, region_map
from pyregjpeg.machine_rule import AVERAGE as AVERAGE_LEVEL
from pyregjpeg.machine_rule import OCTAVES, MachineRule
from pyregjpeg.machine_tables import Found
from pyregjpeg.options import SaveOptions
from pyregjpeg.picture_map import PictureMap
from pyregjpeg.quantization import LOW_FREQUENCIES

FOUND = Found(
    subsampling="4:2:0",
    fisher=np.stack([np.geomspace(1, 0.01, 64), np.geomspace(0.2, 0.001, 64), np.geomspace(0.1, 0.001, 64)]),
    steps=np.full((3, 64), 20.0),
    qualities=np.array([1, 100]),
    scales=np.array([5.0, 0.1]),
    bit=0.03,
    luma_strength=0.8,
    chroma_strength=0.2,
)
RULE = MachineRule(FOUND, chroma_area=4)
TABLES = np.stack([np.arange(5, 69), np.arange(9, 73)]).astype(np.uint16)
RATIO = 2


def picture(name: str, mode: str = "RGB") -> Image.Image:
    """With sides that can be halved."""
    image = photograph(name, mode)
    return image.crop((0, 0, image.width // RATIO * RATIO, image.height // RATIO * RATIO))


def settings_of(image: Image.Image, **options: Any) -> native.Settings:
    """What the encoder is told of a picture that the network sees in half its size."""
    given = {"purpose": "machine", "region_map": AVERAGE, "machine_size": min(image.size) // RATIO, **options}
    return codec.prepare(image, given).settings


def counts(settings: native.Settings, component: int = 0) -> NDArray[np.float64]:
    """How much the errors of each block count, by what the encoder is told."""
    of_levels: NDArray[np.float64] = family_at(RATIO)["bit"] / settings.allowances.astype(np.float64)
    return of_levels[settings.components[component].block_levels]


@pytest.mark.parametrize("kinds", [[0], [0, 1], [0, 0], [0, 1, 1, 0]])
def test_a_weight_is_what_a_squared_step_of_luma_means_over_what_this_one_does(kinds: list[int]) -> None:
    tables = np.resize(TABLES, (len(kinds), 64))
    weights = RULE.weights_of(tables, kinds)
    of_a_step = FOUND.fisher[kinds] * tables.astype(np.float64) ** 2
    assert weights * of_a_step == pytest.approx(np.full(of_a_step.shape, weights[0, 0] * of_a_step[0, 0]), rel=1e-5)
    assert np.log(weights[0, LOW_FREQUENCIES]).mean() == pytest.approx(0, abs=1e-6)


def test_weights_are_finite_whatever_errors_mean() -> None:
    fisher = np.resize([1e-300, 1e300, 1.0], (3, 64))
    found = dataclasses.replace(FOUND, fisher=fisher)
    weights = MachineRule(found, chroma_area=4).weights_of(TABLES, [0, 1])
    assert np.all(np.isfinite(weights) & (weights > 0))


def test_importance_is_octaves_around_the_average_and_less_of_them_for_chroma() -> None:
    for importance in np.linspace(0, 1, 9, dtype=np.float32):
        given = {"purpose": "machine", "region_map": np.full((1, 1), importance)}
        options = SaveOptions.from_keywords(given)
        its_map = PictureMap(options, (8, 8), lambda _: Image.new("L", (8, 8)))
        allotment = RULE.allotment(its_map, options, TABLES[0], 75)
        [luma, chroma] = (np.log2(FOUND.bit / allotment.allowances[levels]).item() for levels in allotment.levels)
        a_level = OCTAVES * FOUND.luma_strength / (region_map.LEVELS - 1) + 1e-6
        assert luma == pytest.approx(OCTAVES * FOUND.luma_strength * (importance - 0.5), abs=a_level)
        assert chroma == pytest.approx(OCTAVES * FOUND.chroma_strength * (importance - 0.5), abs=a_level)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_in_a_flat_map_a_bit_may_cost_the_same_everywhere(subsampling: int) -> None:
    settings = settings_of(picture("coffee"), subsampling=subsampling)
    assert region_map.to_levels(AVERAGE.astype(np.float32)) == AVERAGE_LEVEL
    for component in range(3):
        assert np.unique(counts(settings, component)) == pytest.approx([1])


def test_chroma_takes_less_of_the_map_than_luma() -> None:
    family = family_at(RATIO)
    for importance in (0.0, 1.0):
        settings = settings_of(picture("coffee"), region_map=np.full((1, 1), importance))
        [luma], [cb], [cr] = (np.unique(np.log2(counts(settings, component))) for component in range(3))
        share = family["chroma_strength"] / family["luma_strength"]
        assert cb == cr == pytest.approx(luma * share, abs=OCTAVES / (region_map.LEVELS - 1))


def test_components_without_chroma_are_all_lumas() -> None:
    for image, options in ((picture("coffee"), {"keep_rgb": True}), (picture("coffee", "CMYK"), {})):
        settings = settings_of(image, region_map=np.ones((1, 1)), **options)
        assert len({np.unique(counts(settings, number)).item() for number in range(len(settings.components))}) == 1
        assert len({component.table for component in settings.components}) == 1


def test_one_table_for_all_counts_as_lumas() -> None:
    settings = settings_of(picture("coffee"), qtables=[[7] * 64])
    assert settings.weights is not None
    assert settings.weights.shape == (1, 64)
    fisher = np.array(family_at(RATIO)["fisher"][LUMA])
    assert settings.weights[0, 1] / settings.weights[0, 16] == pytest.approx(fisher[16] / fisher[1])


def test_nothing_is_done_to_the_samples() -> None:
    settings = settings_of(picture("coffee"))
    assert (settings.chroma_sharpening, settings.deringing, settings.masking, settings.tail) == (0, False, 0, 0)
    assert settings.trellis


@pytest.mark.parametrize("effort", ["fast", "best"])
@pytest.mark.parametrize("component", [0, 1])
@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
def test_more_importance_keeps_more_levels(name: str, component: int, effort: str) -> None:
    image = photograph(name, "YCbCr")
    kept = []
    for importance in (0.0, 0.5, 1.0):
        options = {"region_map": np.full((1, 1), importance), "quality": 90, "effort": effort, "machine_size": 256}
        levels, _ = read_levels(pyregjpeg.encode(image, purpose="machine", **options))
        kept.append(np.count_nonzero(levels[component]))
    assert kept == sorted(set(kept))


def test_a_map_moves_levels_to_where_it_is_more_important() -> None:
    image = photograph("gravel", "L")
    half = np.array([[0.25, 0.75]])
    kept = []
    for importance in (half, half[:, ::-1]):
        [levels], _ = read_levels(pyregjpeg.encode(image, purpose="machine", region_map=importance.repeat(64, axis=1)))
        kept.append(np.count_nonzero(levels[:, : levels.shape[1] // 2]))
    assert kept[0] < kept[1]


class Squares:
    """A grey picture in equal steps, and the J = sum of fisher * m * (c - v)^2 + lambda * bits of its files' own bytes.

    Lambda is several times that of the family, so that there is more to choose.
    """

    DEARER = 4

    def __init__(self, name: str, importance: NDArray[np.floating]) -> None:
        self.image = picture(name, "L")
        settings = settings_of(self.image, region_map=importance, qtables=[[20] * 64])
        self.settings = dataclasses.replace(settings, allowances=settings.allowances * self.DEARER)
        self.fisher = np.array(family_at(RATIO)["fisher"][LUMA]).reshape(8, 8)
        table = self.settings.tables[0].astype(np.float64)
        of_low = np.log(self.fisher.ravel() * table**2)[LOW_FREQUENCIES]
        self.of_a_bit = self.DEARER * family_at(RATIO)["bit"] * np.exp(of_low.mean())
        self.counts = counts(settings)

    def total(self, **changes: Any) -> float:
        """J of the file of these settings but for the changes."""
        samples = np.asarray(self.image)
        jpeg = native.encode(dataclasses.replace(self.settings, **changes), [samples])
        [levels], [table] = read_levels(jpeg)
        errors = (coefficients(samples) - levels * table.astype(np.float64)) ** 2
        means: NDArray[np.float64] = (self.fisher * errors).sum(axis=(2, 3)) * self.counts
        return float(means.sum() + self.of_a_bit * 8 * len(jpeg))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_what_is_chosen_costs_less_than_what_else_could_be(name: str) -> None:
    """Than the nearest levels, than all frequencies or all blocks counting the same, and than more or fewer bits."""
    importance = np.random.default_rng(5).random((8, 8))
    squares = Squares(name, importance)
    settings = squares.settings
    chosen = squares.total()
    assert chosen < 0.98 * squares.total(allowances=np.zeros_like(settings.allowances))
    assert chosen < 0.98 * squares.total(weights=np.ones_like(settings.tables, dtype=np.float32))
    assert chosen < 0.98 * squares.total(
        allowances=np.full_like(settings.allowances, settings.allowances[AVERAGE_LEVEL])
    )
    assert chosen < 0.98 * squares.total(allowances=settings.allowances * 8)
    assert chosen < 0.98 * squares.total(allowances=settings.allowances / 8)


def test_the_fisher_weights_of_chroma_are_those_of_its_table() -> None:
    settings = settings_of(picture("coffee"), subsampling=2)
    family = family_at(RATIO)
    means = np.array([family["fisher"][plane] for plane in (LUMA, HALF)]) * settings.tables.astype(np.float64) ** 2
    assert settings.weights is not None
    inside = (settings.weights > 2e-6) & (settings.weights < 5e5)
    assert inside.sum() > 32
    assert (settings.weights * means)[inside] == pytest.approx(settings.weights[0, 0] * means[0, 0], rel=1e-5)
