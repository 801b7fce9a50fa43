"""The rule for each kind of tables and each effort: what a block of which importance may lose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pyregjpeg import perceptual, quantization, region_map
from pyregjpeg.level_rule import LevelRule, level_rule
from pyregjpeg.options import EFFORTS, TABLES

LEVELS = region_map.LEVELS
RULES = [level_rule(tables, effort) for tables in TABLES for effort in EFFORTS]


def name_of(rule: LevelRule) -> str:
    return f"{rule.tables}, {rule.effort}"


def luma_table(rule: LevelRule, quality: int) -> NDArray[np.uint16]:
    if rule.tables == "annex-k":
        return quantization.annex_k(quality)[0]
    return perceptual.tables(quality, rule.effort)[0]


@pytest.mark.parametrize("keeps_important", [False, True])
@pytest.mark.parametrize("rule", RULES, ids=name_of)
@given(quality=st.integers(1, 100), data=st.data())
def test_less_importance_or_a_lower_background_never_has_less_allowance(
    rule: LevelRule, keeps_important: bool, quality: int, data: st.DataObject
) -> None:
    lower, higher = sorted(data.draw(st.tuples(*[st.integers(1, quality)] * 2)))
    table = luma_table(rule, quality)
    of_lower, of_higher, flat = (
        rule.allowances(table, quality, background, LEVELS, keeps_important=keeps_important)
        for background in (lower, higher, quality)
    )
    assert np.all(np.isfinite(of_lower))
    assert np.all(np.diff(of_lower) <= 0)
    assert np.all(of_lower >= of_higher * (1 - 1e-5))
    assert np.all(flat == flat[0])
    assert of_lower[-1] == pytest.approx(flat[0])
    assert (flat[0] == 0) == keeps_important


@pytest.mark.parametrize("rule", RULES, ids=name_of)
@pytest.mark.parametrize("quality", [30, 75, 95])
def test_a_background_of_half_the_quality_has_many_times_the_allowance_of_what_matters(
    rule: LevelRule, quality: int
) -> None:
    allowances = rule.allowances(luma_table(rule, quality), quality, quality // 2, LEVELS)
    assert allowances[0] > 2 * allowances[-1]


def test_only_perceptual_tables_have_weights_and_change_the_samples() -> None:
    for rule in RULES:
        fitted = rule.tables == "perceptual"
        assert (rule.weights is not None, rule.chroma_sharpening > 0, rule.deringing) == (fitted,) * 3


def test_only_annex_k_with_fast_effort_is_without_masking_and_only_best_has_the_trellis() -> None:
    for rule in RULES:
        assert rule.trellis == (rule.effort == "best")
        assert (rule.masking > 0) == (name_of(rule) != "annex-k, fast")
        assert (rule.tail > 0) == (name_of(rule) == "perceptual, fast")
