"""Fisher's information: of pixels by one backward pass, and of coefficients through scaling and decoding."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import idctn

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from torch import Tensor  # noqa: E402

from training import fisher_weights  # noqa: E402
from training.fisher import Reader, gradients  # noqa: E402
from training.fisher_weights import at_size, information, mean_logarithms, of_half_size  # noqa: E402

SIDE, CLASSES = 16, 3
RANDOM = np.random.default_rng(7)
MATRIX = torch.tensor(RANDOM.normal(0, 0.02, (SIDE * SIDE * 3, CLASSES)), dtype=torch.float32)


def linear(pictures: Tensor) -> Tensor:
    return pictures.flatten(1) @ MATRIX / 10


LINEAR = Reader("linear", SIDE, linear)
PIXELS = RANDOM.integers(0, 256, (1, SIDE, SIDE, 3), dtype=np.uint8)


def chances(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    return linear(torch.tensor(pictures, dtype=torch.float32)).double().softmax(1).numpy()


def test_squared_gradients_are_fishers_information_on_average() -> None:
    found = np.square(gradients(LINEAR, PIXELS, 4000, 1)[0]).mean(axis=0).ravel()
    weights = MATRIX.double().numpy() / 10
    p = chances(PIXELS)[0]
    exact = weights**2 @ p - (weights @ p) ** 2
    assert found == pytest.approx(exact, rel=0.2)
    assert found.sum() == pytest.approx(exact.sum(), rel=0.02)


def test_a_map_counts_all_its_values_alike() -> None:
    reader = Reader("map", SIDE, linear, classifies=False)
    found = np.square(gradients(reader, PIXELS, 4000, 1)[0]).mean(axis=0).ravel()
    assert found.sum() == pytest.approx(np.square(MATRIX.numpy() / 10).sum(), rel=0.02)


def test_each_picture_has_gradients_of_its_own_and_the_same_again() -> None:
    pictures = RANDOM.integers(0, 256, (11, SIDE, SIDE, 3), dtype=np.uint8)
    found = gradients(LINEAR, pictures, 2, 5)
    assert found.shape == (11, 2, SIDE, SIDE, 3)
    assert np.array_equal(found, gradients(LINEAR, pictures, 2, 5))
    assert not np.array_equal(found[0], found[1])


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 3.0])
def test_gradients_are_brought_back_through_pillows_scaling(ratio: float) -> None:
    """What a change of the large picture does to the answer, taken before scaling and after, is the same."""
    side = 32
    size = round(side * ratio / 16) * 16
    gradient = RANDOM.normal(size=(1, side, side, 3)).astype(np.float32)
    change = RANDOM.normal(size=(size, size)).astype(np.float32)
    scaled = np.asarray(Image.fromarray(change).resize((side, side), Image.Resampling.BILINEAR))
    found = at_size(gradient, ratio)[0].numpy()
    for channel in range(3):
        after = (gradient[0, ..., channel] * scaled).sum()
        assert (found[channel] * change).sum() == pytest.approx(after, abs=1e-2)


def test_gradients_are_brought_back_through_the_interpolation_of_chroma() -> None:
    """libjpeg's: three quarters of the nearer sample and one of the farther, in both directions."""
    gradient = torch.tensor(RANDOM.normal(size=(1, 1, 8, 8)))
    change = RANDOM.normal(size=(4, 4))
    rows = np.zeros((8, 4))
    for row in range(8):
        near = row // 2
        far = min(max(near + (1 if row % 2 else -1), 0), 3)
        rows[row, near] += 0.75
        rows[row, far] += 0.25
    interpolated = rows @ change @ rows.T
    found = of_half_size(gradient.float())[0, 0].double().numpy()
    assert (found * change).sum() == pytest.approx((gradient[0, 0].numpy() * interpolated).sum(), rel=1e-4)


def test_information_tells_the_divergence_that_an_error_of_a_coefficient_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At ratio 1, in luma: half of the squared error times the information of its frequency, over all blocks."""
    monkeypatch.setattr(fisher_weights, "RATIOS", (1.0,))
    monkeypatch.setattr(fisher_weights, "NOISE_QUALITIES", ())
    picture = Image.fromarray(np.full((SIDE, SIDE, 3), 128, dtype=np.uint8))
    found = np.mean([information(LINEAR, [picture], seed)[0, 0, 0, 0] for seed in range(400)], axis=0)
    clean = chances(np.asarray(picture)[None])[0]
    for place in (0, 9, 63):
        divergences = []
        for block in range(4):
            coefficients = np.zeros((2, 2, 64))
            coefficients[block // 2, block % 2, place] = 6
            waves = idctn(coefficients.reshape(2, 2, 8, 8), axes=(2, 3), norm="ortho")
            change = waves.transpose(0, 2, 1, 3).reshape(SIDE, SIDE, 1).repeat(3, axis=2)
            changed = torch.tensor(np.asarray(picture) + change[None], dtype=torch.float32)
            answer = linear(changed).double().softmax(1).numpy()[0]
            divergences.append((clean * np.log(clean / answer)).sum())
        assert np.mean(divergences) == pytest.approx(found[place] * 36 / 2, rel=0.25)


def test_every_picture_counts_alike_in_the_mean() -> None:
    quiet = np.abs(RANDOM.normal(1, 0.1, (1, 1, 1, 3, 64))).astype(np.float32)
    twice = np.concatenate([quiet, quiet * 1000])
    assert mean_logarithms(twice) == pytest.approx(mean_logarithms(quiet), abs=1e-4)
