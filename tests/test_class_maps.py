"""Grad-CAM and the class activation map against what follows by hand for a network of two classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("efficientnet_lite_pytorch")

from training.class_maps import GRAD_CAM_BLOCK, class_activation_map, grad_cam  # noqa: E402


class TwoClasses(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Blocks that do nothing but double in the end, and classes that weight the two channels by `weights`."""

    def __init__(self, weights: list[list[float]]) -> None:
        super().__init__()
        self.classifier = torch.nn.Linear(2, 2, bias=False)
        self.classifier.weight = torch.nn.Parameter(torch.tensor(weights))
        blocks = torch.nn.ModuleList(torch.nn.Identity() for _ in range(GRAD_CAM_BLOCK + 1))
        self.network: Any = SimpleNamespace(_blocks=blocks)

    def forward(self, pixels: Any) -> Any:
        features = pixels * torch.ones(1, requires_grad=True)
        for block in self.network._blocks:
            features = block(features)
        features = features * 2
        return None, features, self.classifier(features.mean((2, 3)))


PIXELS = torch.tensor([[[[4.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 2.0]]]])


def test_the_class_activation_map_is_weighted_as_the_best_class_weights() -> None:
    assert class_activation_map(TwoClasses([[1, -1], [0, 0.1]]), PIXELS).tolist() == [[8, -2], [0, -4]]


def test_grad_cam_is_weighted_by_mean_gradients_and_never_negative() -> None:
    assert np.allclose(grad_cam(TwoClasses([[1, -1], [0, 0.1]]), PIXELS), [[2, 0], [0, 0]])


def test_grad_cam_leaves_the_network_as_it_was() -> None:
    module = TwoClasses([[1, -1], [0, 0.1]])
    grad_cam(module, PIXELS)
    assert not module.network._blocks[GRAD_CAM_BLOCK]._forward_hooks
