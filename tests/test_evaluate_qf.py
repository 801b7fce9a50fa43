"""What a QF system is compared with: stronger and weaker maps, flat ones, and the bits at the same answer."""

from __future__ import annotations

import numpy as np
import pytest
from helper import photograph

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")

from dataclasses import replace  # noqa: E402
from functools import partial  # noqa: E402
from typing import Any  # noqa: E402

from training.evaluate_qf import bpp_at, flat, strengthened  # noqa: E402
from training.qf_data import Photo  # noqa: E402
from training.qf_networks import SHIPPING, UP  # noqa: E402
from training.qf_pipeline import QfSystem  # noqa: E402
from training.qf_validation import Clean, measure  # noqa: E402

TINY = replace(SHIPPING, generator=((8, 2), (2, UP)), predictor=((8, 2), (2, UP)))


class MeanColour(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """In Lite0's place: three classes, red, green and blue."""

    def features(self, pictures: Any, blocks: Any) -> list[Any]:
        return [pictures.mean((1, 2))]

    def scores(self, last: Any) -> Any:
        return last / 10


def test_finer_maps_cost_more_and_change_the_answer_less() -> None:
    torch.manual_seed(0)
    classifier: Any = MeanColour()
    clean = Clean.of([Photo(np.asarray(photograph(name)), 0) for name in ("astronaut", "chelsea")], classifier)
    system = QfSystem(TINY)
    coarse = measure(system, clean, classifier, partial(flat, luma=3.0, chroma=3.0))
    fine = measure(system, clean, classifier, partial(flat, luma=40.0, chroma=40.0))
    assert fine["bpp"] > 2 * coarse["bpp"]
    assert fine["kl"] < coarse["kl"]
    assert fine["luma_factor"] == fine["chroma_factor"] == 40
    assert fine["luma_spread"] == 0
    assert fine["predicted_rightly"] == 100  # the predictor is given the smallest and the largest factor


def test_strength_75_is_the_map_itself_and_limits_hold() -> None:
    factors = torch.tensor([2.0, 10.0, 50.0])
    assert strengthened(factors, 75).tolist() == [2, 10, 50]
    assert strengthened(factors, 150).tolist() == [4, 20, 50]
    assert strengthened(factors, 37.5).tolist() == [2, 5, 25]


def test_a_flat_map_is_of_floating_point_whatever_its_factors_are() -> None:
    assert torch.equal(flat(torch.ones(1, 2, 1, 1), luma=9, chroma=60), torch.tensor([[[[9.0]], [[50.0]]]]))


def test_bits_at_the_same_kl_lie_on_the_line_between_two_points() -> None:
    lines = [{"kl": 4.0, "bpp": 0.25}, {"kl": 1.0, "bpp": 1.0}]
    assert bpp_at(lines, 2.0) == pytest.approx(0.5)
