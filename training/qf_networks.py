"""The QF map generator and the QF map predictor of Jeong et al. (2023), with all their constants.

The generator sees a picture's unquantised DCT coefficients and gives each 16x16 region a quality factor for luma and
one for chroma; the predictor sees nothing but the levels that came of it, and tells the factors from them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from pyregjpeg.quantization import ANNEX_K
from training.differentiable_jpeg import Planes, Subsampling, round_straight_through

Layer = tuple[int, int]  # channels and stride of a 3x3 convolution; UP: a transposed one that doubles
UP = -2
Padding = Literal["zeros", "replicate"]
Doubling = Literal["transposed", "repeated"]
_BLOCK = 64  # coefficients


@dataclass(frozen=True)
class QfConfig:
    """A configuration; the defaults are the published constants.

    Not published are how inputs are scaled (`compressed`) and what the generator starts at: a factor of `factor_start`
    everywhere, `factor_unit` times the output of its last layer away from it. `gradient_norm` bounds the gradient of
    each network: one picture that is hardly recognised any more has a hundred times the gradient of another.
    """

    subsampling: Subsampling = "4:4:4"
    by_regions: bool = False  # the networks see the blocks of a region as channels, not as neighbours
    generator: tuple[Layer, ...] = ((96, 1), (192, 2), (192, 1), (384, 2), (384, 1), (192, UP), (2, 1))
    predictor: tuple[Layer, ...] = (
        *((48, 1), (96, 2), (192, 1), (384, 2), (48, UP), (96, 1), (192, 2)),
        *((384, 1), (192, UP), (96, 1), (192, 2), (192, UP), (2, 1)),
    )
    padding: Padding = "zeros"
    doubling: Doubling = "transposed"
    factors: tuple[float, float] = (2.0, 50.0)
    factor_start: float = 26.0
    factor_unit: float = 24.0
    lmbda: float = 4.0  # bpp in units of cross-entropy
    decodes_with: Literal["predicted", "generated"] = "predicted"
    prediction_weight: float = (
        0.0  # of the predictor's mean error in quality factors; 0: it learns of the picture alone
    )
    sides: tuple[int, ...] = (224,)  # of the pictures, in turn; the classifier sees them at 224
    learning_rate: float = 1e-4
    gradient_norm: float = math.inf
    batch: int = 64
    steps: int = 1000  # an epoch
    epochs: int = 50


PUBLISHED = QfConfig()

# What ships writes files that carry corrections to the predicted map, so pictures are decoded with the true one, and
# the predictor learns to need few corrections. Smaller networks, as both run on the user's machine, and without what
# marks maps at once: an edge where padding begins, and the chequers of transposed convolutions.
SHIPPING = QfConfig(
    subsampling="4:2:0",
    by_regions=True,
    generator=((48, 1), (96, 2), (96, 1), (96, UP), (2, 1)),
    predictor=((48, 1), (96, 2), (96, 1), (48, UP), (48, 1), (96, 2), (96, UP), (2, 1)),
    padding="replicate",
    doubling="repeated",
    factor_start=15.0,
    factor_unit=8.0,
    decodes_with="generated",
    prediction_weight=0.1,
    sides=(224, 336, 448),
    learning_rate=1e-3,
    gradient_norm=1.0,
    batch=16,
    steps=96,
)

CONFIGURATIONS = {"shipping": SHIPPING, "published": PUBLISHED}


class Convolutions(nn.Module):
    """3x3 convolutions, ReLU between them; what was halved and is doubled has the size from before."""

    def __init__(self, channels: int, layers: tuple[Layer, ...], padding: Padding, doubling: Doubling) -> None:
        super().__init__()
        self.repeats = doubling == "repeated"
        self.strides = [stride for _, stride in layers]
        made: list[nn.Module] = []
        for width, stride in layers:
            transposed = stride == UP and not self.repeats
            if transposed:
                layer: nn.Module = nn.ConvTranspose2d(channels, width, 3, 2, padding=1, output_padding=1)
            else:
                layer = nn.Conv2d(channels, width, 3, max(stride, 1), padding=1, padding_mode=padding)
            # He et al. (2015); of a transposed layer a quarter of the weights meets in one output.
            fan = channels * 9 / (4 if transposed else 1)
            nn.init.normal_(layer.get_parameter("weight"), std=math.sqrt(2 / fan))
            nn.init.zeros_(layer.get_parameter("bias"))
            made.append(layer)
            channels = width
        with torch.no_grad():
            made[-1].get_parameter("weight").mul_(0.1)  # to start about where the last layer's bias is
        self.layers = nn.ModuleList(made)

    def forward(self, planes: Tensor) -> Tensor:
        sizes: list[tuple[int, int]] = []
        for number, (layer, stride) in enumerate(zip(self.layers, self.strides, strict=True)):
            if stride == 2:
                sizes.append((planes.shape[2], planes.shape[3]))
            if stride == UP and self.repeats:
                planes = nn.functional.interpolate(planes, scale_factor=2.0, mode="nearest")
            planes = layer(planes)
            if stride == UP:
                rows, columns = sizes.pop()
                planes = planes[:, :, :rows, :columns]
            if number + 1 < len(self.strides):
                planes = planes.relu()
        return planes


class Generator(nn.Module):
    """Coefficients to quality factors (n, 2, region rows, region columns), whole numbers with a gradient."""

    def __init__(self, config: QfConfig) -> None:
        super().__init__()
        self.config = config
        self.convolutions = Convolutions(input_channels(config), config.generator, config.padding, config.doubling)

    def forward(self, coefficients: Planes) -> Tensor:
        return round_straight_through(clipped_both_ways(self.wanted(coefficients), *self.config.factors))

    def wanted(self, coefficients: Planes) -> Tensor:
        """The factors before they are clipped and rounded."""
        tables = torch.tensor(ANNEX_K, dtype=torch.float32)
        scaled = Planes(coefficients.luma / tables[0], coefficients.chroma / tables[1])
        found = self.convolutions(network_input(scaled, self.config))
        return self.config.factor_start + self.config.factor_unit * found


class Predictor(nn.Module):
    """Levels to quality factors, given the smallest and the largest of each plane (n, 2): not rounded, in between."""

    def __init__(self, config: QfConfig) -> None:
        super().__init__()
        self.config = config
        self.convolutions = Convolutions(input_channels(config), config.predictor, config.padding, config.doubling)

    def forward(self, levels: Planes, smallest: Tensor, largest: Tensor) -> Tensor:
        shares = self.convolutions(network_input(levels, self.config)).sigmoid()
        return smallest[..., None, None] + shares * (largest - smallest)[..., None, None]


def input_channels(config: QfConfig) -> int:
    in_region = 4 if config.by_regions else 1
    return _BLOCK * (in_region + 2 * (in_region if config.subsampling == "4:4:4" else 1))


def network_input(planes: Planes, config: QfConfig) -> Tensor:
    """(n, channels, rows, columns) of blocks, or of regions where the configuration says so."""
    if config.subsampling == "4:2:0" and not config.by_regions:
        raise ValueError("in 4:2:0 luma and chroma have the same grid only by regions")
    parts = []
    for plane, has_four in zip(planes, (True, config.subsampling == "4:4:4"), strict=True):
        parts.append(_regions(compressed(plane)) if config.by_regions and has_four else compressed(plane))
    return torch.cat([part.permute(0, 1, 4, 2, 3).flatten(1, 2) for part in parts], 1)


def compressed(values: Tensor) -> Tensor:
    """The sign times log2(1 + magnitude): DC is a hundred times as large as the rest."""
    return values.sign() * torch.log2(1 + values.abs())


def _regions(plane: Tensor) -> Tensor:
    """(n, channels, region rows, region columns, 256): a region's four blocks together, the last ones repeated."""
    if plane.shape[2] % 2:
        plane = torch.cat((plane, plane[:, :, -1:]), 2)
    if plane.shape[3] % 2:
        plane = torch.cat((plane, plane[:, :, :, -1:]), 3)
    blocks = (plane[:, :, row::2, column::2] for row in range(2) for column in range(2))
    return torch.cat(tuple(blocks), -1)


def clipped_both_ways(values: Tensor, lowest: float, highest: float) -> Tensor:
    """Clipped; beyond a limit only that part of a gradient passes on which descent comes back within."""
    clipped: Tensor = _LeadingBack.apply(values, lowest, highest)  # type: ignore[no-untyped-call, unused-ignore]
    return clipped


class _LeadingBack(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, lowest: float, highest: float) -> Tensor:
        context.save_for_backward(values < lowest, values > highest)
        return values.clamp(lowest, highest)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        too_low, too_high = context.saved_tensors
        stays = (too_low & (gradient > 0)) | (too_high & (gradient < 0))
        return gradient.masked_fill(stays, 0), None, None
