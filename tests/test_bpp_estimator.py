"""The bpp estimator that is kept tells the bits of a picture, and its gradient says which levels cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helper import COLOUR_PHOTOGRAPHS, photograph

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from training.bpp_estimator import features, load_estimator  # noqa: E402
from training.code_lengths import ZIGZAG  # noqa: E402
from training.differentiable_jpeg import (  # noqa: E402
    Planes,
    Subsampling,
    coefficients,
    quantised,
    round_straight_through,
    steps,
)
from training.qf_data import Photo  # noqa: E402
from training.train_bpp import EstimatorConfig, error, examples, picture_code_lengths, train  # noqa: E402


def levels_of(name: str, factor: float, subsampling: Subsampling) -> Planes:
    picture = np.asarray(photograph(name))[:192, :192]
    values = coefficients(torch.tensor(picture[np.newaxis], dtype=torch.float32), subsampling)
    return quantised(values, steps(torch.full((1, 2, 12, 12), factor), values, subsampling), round_straight_through)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_estimates_are_near_the_bits_of_pictures_that_it_never_saw(subsampling: Subsampling) -> None:
    estimator = load_estimator()
    errors = []
    for name in COLOUR_PHOTOGRAPHS:
        for factor in (5.0, 15.0, 50.0):
            levels = levels_of(name, factor, subsampling)
            bits = sum(int(component.sum()) for component in picture_code_lengths(levels, subsampling)[0])
            errors.append(abs(estimator(levels, subsampling).item() / bits - 1))
    assert np.mean(errors) < 0.04
    assert max(errors) < 0.12


def test_features_are_logarithms_in_the_order_of_the_file() -> None:
    luma, chroma = torch.zeros(1, 1, 2, 4, 64), torch.zeros(1, 2, 1, 2, 64)
    luma[0, 0, 0, 1, 0], luma[0, 0, 1, 0, 0] = 3, 7  # the second and the third block of the first MCU
    chroma[0, 1, 0, 1, ZIGZAG[2]] = -1
    of_luma, of_chroma = features(Planes(luma, chroma), "4:2:0")
    assert of_luma[0, 0, :, 0].tolist() == pytest.approx(np.log2([1, 4, 5, 8, 1, 1, 1, 1]).tolist())
    assert of_chroma[0, 1, 1].tolist() == [0, 0, 1] + [0] * 61
    assert of_chroma.sum() == 1


def test_smaller_steps_cost_bits() -> None:
    estimator = load_estimator()
    picture = torch.tensor(np.asarray(photograph("astronaut"))[np.newaxis, :64, :64], dtype=torch.float32)
    values = coefficients(picture, "4:2:0")
    factors = torch.full((1, 2, 4, 4), 20.0, requires_grad=True)
    levels = quantised(values, steps(factors, values, "4:2:0"), round_straight_through)
    [gradient] = torch.autograd.grad(estimator(levels, "4:2:0").sum(), factors)
    assert gradient[:, 0].mean() > 1
    assert gradient[:, 0].min() > -1  # of flat regions, where a DC may come nearer to its neighbour's


@pytest.mark.slow
def test_training_lowers_the_error_and_logs_each_epoch(tmp_path: Path) -> None:
    photos = [Photo(np.asarray(photograph("astronaut")), 0)]
    made = [each for each in examples(photos * 4, 6, seed=0) if len(each.luma) < 2000]
    config = EstimatorConfig(batch=2, epochs=30)
    estimator = train(made, made, config, tmp_path / "log.csv")
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert len(lines) == 31
    assert error(estimator, made) < 0.5 * float(lines[1].split(",")[-1]) / 100
