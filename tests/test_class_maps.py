"""Grad-CAM and the class activation map against what follows by hand for a network of two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite_pytorch")

from training.class_maps import class_activation_map, grad_cam  # noqa: E402
from training.lite0 import STRIDE_16  # noqa: E402


class TwoClasses(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Blocks that do nothing, but the last doubles; classes that weight the two channels by `weights`."""

    def __init__(self, weights: list[list[float]]) -> None:
        super().__init__()
        self.classifier = torch.nn.Linear(2, 2, bias=False)
        self.classifier.weight = torch.nn.Parameter(torch.tensor(weights))
        self.blocks = torch.nn.ModuleList(torch.nn.Identity() for _ in range(STRIDE_16 + 1))
        self.blocks.append(Doubled())
        self.head = torch.nn.Identity()

    def features(self, pixels: Any, blocks: list[int]) -> list[Any]:
        return [pixels if blocks == [STRIDE_16] else pixels * 2]

    def scores(self, last: Any) -> Any:
        return self.classifier(last.mean((2, 3)))


class Doubled(torch.nn.Module):  # type: ignore[misc, name-defined]
    def forward(self, features: Any) -> Any:
        return features * 2


PIXELS = torch.tensor([[[[4.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 2.0]]]])


def test_the_class_activation_map_is_weighted_as_the_best_class_weights() -> None:
    assert class_activation_map(TwoClasses([[1, -1], [0, 0.1]]), PIXELS).tolist() == [[8, -2], [0, -4]]


def test_grad_cam_is_weighted_by_mean_gradients_and_never_negative() -> None:
    assert np.allclose(grad_cam(TwoClasses([[1, -1], [0, 0.1]]), PIXELS), [[2, 0], [0, 0]])
