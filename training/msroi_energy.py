"""The default map as a PyTorch module: where the late features of EfficientNet-Lite0 are strong and unlike the rest.

Class activation maps mark what one label stands for and forget the rest. This map asks no classifier: a place matters
in so far as the network's late features there differ from their mean over the picture, which is what an object does
to scenery, and as those of the last block are strong, which holds for an object that fills the picture too. Nothing is
trained; the scales and the range come from training/fit_energy.py.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

from training.msroi_lite0 import load_lite0

SCALES: dict[int, float] = {10: 1.23, 14: 1.19, 15: 0.5}
"""Of the blocks whose features are read, the first at stride 16, the others at stride 32: how much their strength
varies within a photograph, so that each has the same say; the last a third less than measured, chosen on composites of
the training half for the sake of subjects that fill the picture."""

RANGE = 8.9
"""A map is stretched to 0..1, but as if it were at least this wide, so that of a scene in which little stands out is
lower. A quarter of the photographs have a narrower one (8.7 to 8.9 by input size)."""


class MsroiEnergy(nn.Module):
    """The trunk of EfficientNet-Lite0, with its preprocessing in front, and the strength of its features behind.

    Input: uint8 (1, height, width, 3), RGB, both sides multiples of 32. One value of the map stands for 16 pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        network = load_lite0()
        self.stem = nn.Sequential(network.get_submodule("_conv_stem"), network.get_submodule("_swish"))
        self.blocks = network.get_submodule("_blocks")

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """The map (rows, cols) in 0..1 and the features (1, channels, rows, cols) that it was computed from."""
        features = self.features(image)
        return stretch(total(strengths(features))), *features

    def features(self, image: Tensor, blocks: Collection[int] = SCALES) -> list[Tensor]:
        """What comes out of `blocks`, in order."""
        pixels = (image.to(torch.float32) - 127.0) / 128.0
        through: Tensor = self.stem(pixels.permute(0, 3, 1, 2))
        kept = []
        for number, block in enumerate(self.blocks.children()):
            through = block(through)
            if number in blocks:
                kept.append(through)
        return kept


def strengths(features: list[Tensor]) -> list[Tensor]:
    """For each block how much (rows, cols) a place stands out: root mean square over channels, of the last block as it
    is, of the others from their mean over the picture."""
    *inner, last = (plane[0] for plane in features)
    centred = [plane - plane.mean((1, 2), keepdim=True) for plane in inner]
    return [plane.square().mean(0).sqrt() for plane in (*centred, last)]


def total(planes: list[Tensor]) -> Tensor:
    """The sum (rows, cols) of the strengths of all blocks, each over its scale, at the resolution of the first."""
    fine, *coarse = (plane / scale for plane, scale in zip(planes, SCALES.values(), strict=True))
    together = torch.stack(coarse).sum(0)[None, None]
    return fine + nn.functional.interpolate(together, scale_factor=2.0, mode="bilinear", align_corners=False)[0, 0]


def stretch(plane: Tensor) -> Tensor:
    """`plane` (rows, cols) from its lowest value to 0..1, a range below RANGE as if it were RANGE."""
    low, high = plane.amin((0, 1)), plane.amax((0, 1))
    return (plane - low) / (high - low).clamp(min=RANGE)
