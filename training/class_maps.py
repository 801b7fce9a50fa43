"""Maps that explain one answer of a classifier: class activation map and Grad-CAM, of the best class of Lite0."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from training.lite0 import STRIDE_16, STRIDE_32, Lite0
from training.map_scores import Plane


def class_activation_map(network: Lite0, pixels: torch.Tensor) -> Plane:
    """Zhou et al., CVPR 2016: the last features (rows, cols) weighted as the classifier weights them."""
    with torch.inference_mode():
        [last] = network.features(pixels, [STRIDE_32])
        weights = network.classifier.weight[network.scores(last)[0].argmax()]
        return np.asarray(torch.tensordot(weights, network.head(last)[0], dims=1))


def grad_cam(network: Lite0, pixels: torch.Tensor) -> Plane:
    """Selvaraju et al., ICCV 2017: features (rows, cols) weighted by the mean gradient of the score, where positive."""
    [inner] = network.features(pixels, [STRIDE_16])
    inner.requires_grad_()
    behind = nn.Sequential(*list(network.blocks.children())[STRIDE_16 + 1 :])
    [gradient] = torch.autograd.grad(network.scores(behind(inner)).max(), [inner])
    weighted = (gradient.mean((2, 3), keepdim=True) * inner)[0].sum(0)
    return np.asarray(weighted.detach().clamp(min=0))
