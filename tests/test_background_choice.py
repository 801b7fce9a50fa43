"""The choice of the default background_quality: curves that are read, and what the summary counts."""

from __future__ import annotations

import io
import math

import pytest
from helper import photograph

from benchmarks import background_choice
from benchmarks.background_choice import CANDIDATES, COMPOSITE, OUTSIDE, QUALITIES, SAME_BYTES, SAME_QUALITY, Outcome
from benchmarks.photographs import Photograph


def test_a_curve_is_read_between_its_files_and_not_beyond() -> None:
    known = background_choice.Curve([1000, 4000], {"PSNR": [30.0, 34.0]})
    assert known.at(2000)["PSNR"] == pytest.approx(32)
    assert all(math.isnan(known.at(size)["PSNR"]) for size in (999, 4001))


def test_the_summary_counts_figures_ahead_and_finds_the_worst_tenth() -> None:
    found = [
        Outcome(
            75,
            "some",
            0.8 if loss else 0.9,
            {
                SAME_QUALITY: {OUTSIDE: -float(loss)},
                SAME_BYTES: {OUTSIDE: 1.0},
                COMPOSITE: {OUTSIDE: 3.0 - loss, "PSNR inside": 1.0, "SSIM inside": math.nan if loss else -1.0},
            },
        )
        for loss in range(11)
    ]
    values = background_choice.summary(found)
    assert values["figures ahead of the composite"] == 1
    assert values[f"{OUTSIDE}, worst 10 %"] == pytest.approx(-9)
    assert values["bytes saved, %"] == pytest.approx(100 * (10 * 0.2 + 0.1) / 11)


def test_every_candidate_is_below_the_quality_and_saves_bytes() -> None:
    file = io.BytesIO()
    photograph("chelsea").save(file, "PNG")
    found = background_choice.outcomes(Photograph("cat", file.getvalue))
    assert [(one.quality, one.candidate) for one in found] == [(q, name) for q in QUALITIES for name in CANDIDATES]
    assert all(one.bytes_to_flat < 1 for one in found)
    at_75 = {one.candidate: one for one in found if one.quality == 75}
    mild, strong = at_75["0.9 quality"], at_75["0.4 quality"]
    assert strong.bytes_to_flat < mild.bytes_to_flat
    assert strong.gains[SAME_QUALITY][OUTSIDE] < mild.gains[SAME_QUALITY][OUTSIDE] < 0
