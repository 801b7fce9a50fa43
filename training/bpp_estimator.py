"""The bpp estimator of Jeong et al. (2023): the bits of each block, from its levels, with a gradient.

What it reads of a block are log2(1 + |level|) of its 64 levels in zigzag order, DC as the difference to the block
before. It knows one block at a time; that optimal tables differ from picture to picture, it has to even out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.code_lengths import ZIGZAG, scan_order
from training.differentiable_jpeg import Planes, Subsampling

WEIGHTS = Path(__file__).parent / "weights" / "bpp_estimator.npz"  # written by training/train_bpp.py


@dataclass(frozen=True)
class EstimatorConfig:
    """The layers, each for luma and for chroma, and how they are trained; only the inputs are published."""

    widths: tuple[int, ...] = (64, 32)
    learning_rate: float = 2e-3
    pictures: int = 1200
    batch: int = 8
    epochs: int = 16


class BppEstimator(nn.Module):
    """Two small networks of a block's features, one for luma and one for both chroma components."""

    def __init__(self, config: EstimatorConfig | None = None) -> None:
        super().__init__()
        widths = (64, *(config or EstimatorConfig()).widths)
        self.of_luma, self.of_chroma = (_layers(widths) for _ in range(2))

    def block_bits(self, luma: Tensor, chroma: Tensor) -> tuple[Tensor, Tensor]:
        """Bits (...,) of blocks with these features (..., 64)."""
        return self.of_luma(luma)[..., 0], self.of_chroma(chroma)[..., 0]

    def forward(self, levels: Planes, subsampling: Subsampling) -> Tensor:
        """The bits (n,) of pictures with these levels, without the headers of their files; sides are whole MCUs."""
        of_luma, of_chroma = self.block_bits(*features(levels, subsampling))
        return of_luma.sum((1, 2)) + of_chroma.sum((1, 2))


def features(levels: Planes, subsampling: Subsampling) -> tuple[Tensor, Tensor]:
    """Of luma (n, 1, blocks, 64) and of chroma (n, 2, blocks, 64), in the order of the file."""
    found = []
    for number, plane in enumerate(levels):
        scan = scan_order(plane, 2 if number == 0 and subsampling == "4:2:0" else 1)
        dc, ac = scan[..., :1], scan[..., torch.tensor(ZIGZAG[1:])]
        before = torch.cat((torch.zeros_like(dc[..., :1, :]), dc[..., :-1, :]), -2)
        found.append(torch.log2(1 + torch.cat((dc - before, ac), -1).abs()))
    return found[0], found[1]


def load_estimator(path: Path = WEIGHTS) -> BppEstimator:
    """The trained estimator, frozen."""
    estimator = BppEstimator()
    with np.load(path) as stored:
        estimator.load_state_dict({name: torch.tensor(stored[name]) for name in stored.files})
    return estimator.eval().requires_grad_(False)


def _layers(widths: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, behind in pairwise(widths):
        layers += [nn.Linear(before, behind), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1), nn.Softplus())
