"""The tables of purpose="machine": as found at the ratios that were looked at, interpolated between, and in order."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine_families import CONTENT, FAMILIES, FULL, HALF, LUMA, RATIOS, steps_of
from numpy.typing import NDArray

from pyregjpeg import machine_tables
from pyregjpeg.machine_tables import PLANES, found, ratio_of
from pyregjpeg.options import DEFAULT_QUALITY
from pyregjpeg.quantization import LOW_FREQUENCIES

NUMBERS = ("bit", "luma_strength", "chroma_strength")


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Families that differ in everything, read in the place of those that are shipped."""
    content = copy.deepcopy(CONTENT)
    random = np.random.default_rng(7)
    for family in content["families"]:
        for name in ("fisher", "steps"):
            family[name] = {plane: random.uniform(0.1, 50, 64).tolist() for plane in PLANES}
        family["scales"] = sorted(random.uniform(0.05, 12, len(content["qualities"])).tolist(), reverse=True)
        family.update({name: random.uniform(0.05, 1) for name in NUMBERS})
        family["subsampling"] = str(random.choice(["4:2:0", "4:2:2", "4:4:4"]))
    path = tmp_path / "families.json"
    path.write_text(json.dumps(content), "utf-8")
    caches = (machine_tables._content, machine_tables.found)
    with monkeypatch.context() as patched:
        patched.setattr(machine_tables, "TABLES", path)
        for cache in caches:
            cache.cache_clear()
        yield content["families"]
    for cache in caches:
        cache.cache_clear()


def test_what_is_shipped_is_complete_and_possible() -> None:
    assert RATIOS == [1, 1.5, 2, 3, 4, 6, machine_tables.LARGEST_RATIO]
    qualities = CONTENT["qualities"]
    assert (qualities[0], qualities[-1], sorted(set(qualities))) == (1, 100, qualities)
    assert {"name", "version", "description", "training_data", "networks", "licence", "method"} <= set(CONTENT["card"])
    for family in FAMILIES:
        assert family["subsampling"] in ("4:2:0", "4:2:2", "4:4:4")
        assert np.all(np.diff(family["scales"]) <= 0)
        assert len(family["scales"]) == len(qualities)
        for name in ("fisher", "steps"):
            numbers = np.array([family[name][plane] for plane in PLANES])
            assert numbers.shape == (3, 64)
            assert np.all(np.isfinite(numbers) & (numbers > 0))
        assert family["bit"] > 0
        assert 0 < family["chroma_strength"] <= family["luma_strength"]


@pytest.mark.parametrize("number", range(len(FAMILIES)))
def test_a_ratio_that_has_a_family_has_what_was_found(made_up: list[dict[str, Any]], number: int) -> None:
    family, at_it = made_up[number], found(RATIOS[number])
    for name in ("fisher", "steps"):
        assert getattr(at_it, name) == pytest.approx(np.array([family[name][plane] for plane in PLANES]))
    assert at_it.scales == pytest.approx(np.array(family["scales"]))
    assert [getattr(at_it, name) for name in NUMBERS] == pytest.approx([family[name] for name in NUMBERS])
    assert at_it.subsampling == family["subsampling"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("lower", range(len(FAMILIES) - 1))
def test_between_two_all_is_interpolated(made_up: list[dict[str, Any]], lower: int, share: float) -> None:
    one, other = made_up[lower : lower + 2]
    between = found(one["ratio"] ** (1 - share) * other["ratio"] ** share)
    for name in ("fisher", "steps"):
        of_one, of_other = (np.array([family[name][plane] for plane in PLANES]) for family in (one, other))
        assert getattr(between, name) == pytest.approx(of_one ** (1 - share) * of_other**share)
    scales = np.array(one["scales"]) ** (1 - share) * np.array(other["scales"]) ** share
    assert between.scales == pytest.approx(scales)
    assert between.bit == pytest.approx(one["bit"] ** (1 - share) * other["bit"] ** share)
    for name in ("luma_strength", "chroma_strength"):
        assert getattr(between, name) == pytest.approx((1 - share) * one[name] + share * other[name])
    if share != 0.5:
        assert between.subsampling == (one if share < 0.5 else other)["subsampling"]


def tables_of(ratio: float, quality: int, area: float = 1) -> NDArray[np.uint16]:
    """Luma's and chroma's."""
    of_ratio = found(ratio)
    return of_ratio.tables(of_ratio.scale_of(quality), area)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("area", "planes"), [(1, [FULL]), (2, [HALF, FULL]), (4, [HALF]), (8, [HALF]), (0.5, [FULL])])
def test_chroma_has_the_steps_of_its_size(ratio: float, area: float, planes: list[str]) -> None:
    for quality in (1, 33, 75, 100):
        luma, chroma = tables_of(ratio, quality, area)
        assert np.array_equal(luma, steps_of(ratio, quality, LUMA))
        assert np.array_equal(chroma, steps_of(ratio, quality, *planes))


def test_the_fisher_weights_of_chroma_are_those_of_its_size() -> None:
    _, half, full = found(2).fisher
    for area, chroma in ((1, full), (2, np.sqrt(half * full)), (4, half)):
        assert found(2).fisher_of(area)[1] == pytest.approx(chroma)


@given(ratio=st.floats(1, 8), area=st.sampled_from([1, 2, 4]))
def test_a_higher_quality_never_has_a_larger_step(ratio: float, area: int) -> None:
    tables = np.array([tables_of(ratio, quality, area) for quality in range(1, 101)], dtype=np.int64)
    assert tables.min() >= 1
    assert tables.max() <= 255
    assert np.all(np.diff(tables, axis=0) <= 0)
    assert np.any(tables[0] > tables[-1])


@given(ratio=st.floats(1, 8), quality=st.integers(1, 100))
def test_a_table_amounts_to_the_quality_that_it_is_of(ratio: float, quality: int) -> None:
    table = tables_of(ratio, quality)[0]
    again = tables_of(ratio, found(ratio).equivalent_quality(table))[0]
    assert again[LOW_FREQUENCIES].mean() == table[LOW_FREQUENCIES].mean()


def test_a_coarser_table_amounts_to_less() -> None:
    table = tables_of(2, DEFAULT_QUALITY)[0]
    qualities = [found(2).equivalent_quality(np.minimum(table * factor, 65535)) for factor in (1, 2, 200)]
    assert qualities[0] > qualities[1] > qualities[2] == 1


def test_where_steps_are_cut_off_a_bit_may_cost_as_much_more_as_they_would_be_larger() -> None:
    of_ratio = found(2)
    low = of_ratio.steps[0, LOW_FREQUENCIES]
    largest_whole = 255 / low.max()
    assert of_ratio.bit_at(0.5 * largest_whole) == of_ratio.bit_at(largest_whole) == of_ratio.bit
    all_cut_off = 255 / low.min()
    assert of_ratio.bit_at(3 * all_cut_off) == pytest.approx(9 * of_ratio.bit_at(all_cut_off))


@pytest.mark.parametrize(
    ("size", "machine_size", "ratio"),
    [
        ((448, 900), None, 2),
        ((900, 448), 224, 2),
        ((768, 512), 341, 512 / 341),
        ((100, 100), None, 1),
        ((1, 1), 1, 1),
        ((1, 5000), 3, 1),
        ((4000, 3000), 224, 8),
    ],
)
def test_the_ratio_is_that_of_the_short_sides_from_1_to_8(
    size: tuple[int, int], machine_size: int | None, ratio: float
) -> None:
    assert ratio_of(size, machine_size) == pytest.approx(ratio)
