"""Maps that explain one answer of a classifier: class activation map and Grad-CAM, of the best class of Lite0."""

from __future__ import annotations

import numpy as np
import torch

from training.map_scores import Plane
from training.msroi_lite0 import MsroiLite0

GRAD_CAM_BLOCK = 10  # the last at stride 16


def class_activation_map(module: MsroiLite0, pixels: torch.Tensor) -> Plane:
    """Zhou et al., CVPR 2016: the last features (rows, cols) weighted as the classifier weights them."""
    with torch.inference_mode():
        _, features, scores = module(pixels)
        weights = module.classifier.weight[scores[0].argmax()]
        return np.asarray(torch.tensordot(weights, features[0], dims=1))


def grad_cam(module: MsroiLite0, pixels: torch.Tensor) -> Plane:
    """Selvaraju et al., ICCV 2017: features (rows, cols) weighted by the mean gradient of the score, where positive."""
    read: list[torch.Tensor] = []
    hook = module.network._blocks[GRAD_CAM_BLOCK].register_forward_hook(lambda _, __, output: read.append(output))
    try:
        _, _, scores = module(pixels)
    finally:
        hook.remove()
    [gradient] = torch.autograd.grad(scores.max(), read)
    weighted = (gradient.mean((2, 3), keepdim=True) * read[0]).sum(1)[0]
    return np.asarray(weighted.detach().clamp(min=0))
