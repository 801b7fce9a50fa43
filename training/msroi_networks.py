"""The networks that learn a map from image labels alone: the published one, its head on Lite0, and the head that ships.

All end in global average pooling and one linear layer, so the layer's weights turn the last features of each place into
what that place says for each class (Zhou et al., CVPR 2016): class maps, without a position ever being shown.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.lite0 import CHANNELS, STRIDE_16

PHOTOGRAPH_CLASSES = 1000  # ImageNet's, which photographs are labelled with
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # channels; a pooling after each
BOTTLENECK, MAPS_EACH = 32, 32  # of the class-wise layer: its 32 x 32 = 1024 maps
LAST = 1024  # channels of the published network's last convolution
WIDTH = 0.125  # of the trunk and the last convolution of the published network, as we train it


class MapNetwork(nn.Module):
    """What is common: the array that is read, the last features, their pooling, and a linear layer for each label set.

    `composites` classifies what composites show, `photographs` serves training only.
    """

    reads: str  # an array of training.msroi_data
    learning_rate = 2e-3
    batch = 64
    photographs_a_composite = 0.5
    precision = torch.float32

    def __init__(self, channels: int, subjects: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout2d(dropout)
        self.composites = nn.Linear(channels, subjects)
        self.photographs = nn.Linear(channels, PHOTOGRAPH_CLASSES)

    def features(self, inputs: Tensor) -> Tensor:
        """The last features (n, channels, rows, cols)."""
        raise NotImplementedError

    def scores(self, inputs: Tensor, classifier: nn.Linear) -> Tensor:
        """A logit (n, classes) of one of the two linear layers."""
        scores: Tensor = classifier(self.dropout(self.features(inputs)).mean((2, 3)))
        return scores

    def class_maps(self, features: Tensor) -> Tensor:
        """What each place says for each class of composites (n, subjects, rows, cols), in logits."""
        classifier = self.composites
        return nn.functional.conv2d(features, classifier.weight[:, :, None, None], classifier.bias)


class Head(MapNetwork):
    """Places of Lite0's features at stride 16, brought to stride 8, each with a look at its neighbours."""

    reads = "features_16"

    def __init__(self, subjects: int, channels: int = 128) -> None:
        super().__init__(channels, subjects, dropout=0.2)
        self.normalise: nn.Module = nn.BatchNorm2d(CHANNELS[STRIDE_16], affine=False)
        self.project = nn.Conv2d(CHANNELS[STRIDE_16], channels, 1)
        self.neighbours = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.Conv2d(channels, channels, 1)
        )

    def features(self, inputs: Tensor) -> Tensor:
        coarse = self.project(self.normalise(inputs))
        places = nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False).relu()
        return (places + self.neighbours(places)).relu()


class ClassWise(nn.Sequential):
    """The layers of Prakash et al. behind the trunk: a bottleneck, for each of its maps 32 of its own, a last
    convolution without nonlinearity."""

    def __init__(self, channels: int, last: int) -> None:
        maps = BOTTLENECK * MAPS_EACH
        super().__init__(
            nn.Conv2d(channels, BOTTLENECK, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(BOTTLENECK, maps, 3, padding=1, groups=BOTTLENECK),
            nn.ReLU(),
            nn.Dropout2d(0.2),
            nn.Conv2d(maps, last, 3, padding=1),
        )


class ClassWiseHead(MapNetwork):
    """The published layers on Lite0's features at stride 16."""

    reads = "features_16"

    def __init__(self, subjects: int) -> None:
        last = round(WIDTH * LAST)
        super().__init__(last, subjects, dropout=0.2)
        self.normalise = nn.BatchNorm2d(CHANNELS[STRIDE_16], affine=False)
        self.class_wise = ClassWise(CHANNELS[STRIDE_16], last)

    def features(self, inputs: Tensor) -> Tensor:
        found: Tensor = self.class_wise(self.normalise(inputs))
        return found


class Published(MapNetwork):
    """The network of Prakash et al. at WIDTH: VGG-16's convolutions, from scratch, and the class-wise layers."""

    reads = "pixels"
    learning_rate = 5e-4  # a quarter of the published one: nothing normalises this trunk
    batch = 32
    photographs_a_composite = 0.0  # as published: one set of labels
    precision = torch.bfloat16  # of the arithmetic: twice as fast on a CPU that has it

    def __init__(self, subjects: int) -> None:
        last = round(WIDTH * LAST)
        super().__init__(last, subjects, dropout=0.2)
        layers: list[nn.Module] = []
        channels = 3
        for stage in VGG16:
            for width in stage:
                convolution = nn.Conv2d(channels, channels := round(WIDTH * width), 3, padding=1)
                nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
                layers += [convolution, nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
        self.trunk = nn.Sequential(*layers)
        self.class_wise = ClassWise(channels, last)

    def features(self, inputs: Tensor) -> Tensor:
        pixels = (inputs.permute(0, 3, 1, 2).float() - 127.0) / 64.0
        if self.training and torch.rand(()) < 0.5:
            pixels = pixels.flip(3)
        found: Tensor = self.class_wise(self.trunk(pixels))
        return found


def highest(class_maps: Tensor) -> Tensor:
    """Of each place the highest class logit (..., rows, cols), of class maps (..., classes, rows, cols)."""
    return class_maps.amax(-3)


NETWORKS: dict[str, Callable[[int], MapNetwork]] = {"head": Head, "class-wise": ClassWiseHead, "published": Published}
