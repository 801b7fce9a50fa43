"""The MSROI map of 2017 as a PyTorch module: pixels in, importance out, on the features of EfficientNet-Lite0.

The method is Prakash et al., "Semantic Perceptual Image Compression using Deep Convolution Networks", DCC 2017
(arXiv 1612.08712). Their class maps come from a network of their own with a class-wise layer; ours are the class
activation maps of a pretrained EfficientNet-Lite0 (Tan et al., Apache-2.0), whose global average pooling followed by
one linear layer gives them without any training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.lite0 import STRIDE_32, Lite0

CLASSES_COMBINED = 5
FLAT = 1e-3  # a narrower map holds rounding only: class maps of photographs are wider than 1


class Msroi2017(nn.Module):
    """The MSROI combination on EfficientNet-Lite0. Input: one picture, as Lite0 takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.lite0 = Lite0()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The map (rows, cols) in 0..1, the features (1, 1280, rows, cols) and the class scores (1, 1000)."""
        [last] = self.lite0.features(image, [STRIDE_32])
        features: Tensor = self.lite0.head(last)
        classifier = self.lite0.classifier
        scores = classifier(features.mean((2, 3)))
        # The classifier's bias is the same everywhere in a class map, so normalising would only take it out again.
        class_maps = torch.tensordot(classifier.weight.index_select(0, best_classes(scores[0])), features[0], dims=1)
        return combine(class_maps), features, scores


def best_classes(scores: Tensor) -> Tensor:
    """The classes that the combination is made of, from the best to the worst."""
    return torch.topk(scores, CLASSES_COMBINED).indices


def combination(class_maps: Tensor) -> Tensor:
    """The MSROI map (rows, cols) of class maps (classes, rows, cols) of all classes, ranked by their means."""
    return combine(class_maps[best_classes(class_maps.mean((1, 2)))])


def combine(class_maps: Tensor) -> Tensor:
    """The MSROI map (rows, cols) of class maps (classes, rows, cols) ordered from the best class to the worst.

    Going from the worst class to the best, each step halves what was gathered before, so a class weighs more the higher
    it ranks: in the end 1/2, 1/4, 1/8, 1/16 and, for the worst of five, 1.2/16. The 1.2 is that of Prakash et al.
    """
    ranked = normalise(class_maps)
    gathered = ranked[-1] * 1.2
    for better in range(len(ranked) - 2, -1, -1):
        gathered = (gathered + ranked[better]) / 2.0
    return normalise(gathered)


def normalise(maps: Tensor) -> Tensor:
    """Maps (..., rows, cols), each stretched to 0..1 over its own places; a flat one becomes 0, never NaN."""
    low = maps.amin((-2, -1), keepdim=True)
    high = maps.amax((-2, -1), keepdim=True)
    return (maps - low) / (high - low).clamp(min=FLAT)
