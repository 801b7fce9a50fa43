"""The map for machines as a PyTorch module: where errors change the answers of networks, told from Lite0's features.

A head on frozen features regresses Fisher's information of each block, in octaves from the picture's average. It knows
places: what machines are shown is in the middle more often than not. The block's own DCT added nothing to that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from training.lite0 import CHANNELS, Lite0, fold_input_norm
from training.machine_data import STAGES

WEIGHTS = Path(__file__).parent / "weights" / "machine.npz"  # written by training/train_machine.py
PIXELS = 184 * 184  # of what it looks at: with the 192 * 192 of training, 16:9 would be 288x160 rather than 224x128
OCTAVES = 8  # that importances 0..1 stand for
DROPPED = 0.1  # of the features' channels, while the head is trained
PLACE = 5  # numbers that say where a block is


class MachineHead(nn.Module):
    """Lite0's features at strides 8, 16 and 32, and the place, to octaves (n, rows, cols), each of 8x8 pixels."""

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        widths = [CHANNELS[block] for block in STAGES.values()]
        self.normalise = nn.ModuleList(nn.BatchNorm2d(width, affine=False) for width in widths)
        self.dropout = nn.Dropout2d(DROPPED)
        self.project = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in widths)
        self.of_picture = nn.Linear(channels, channels, bias=False)
        self.of_place = nn.Linear(PLACE, channels, bias=False)
        self.around = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=far, dilation=far) for far in (2, 3))
        self.neighbours = nn.Conv2d(channels, channels, 3, padding=1)
        self.octaves = nn.Conv2d(channels, 1, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        fine, middle, coarse = (
            project(self.dropout(normalise(each)))
            for normalise, project, each in zip(self.normalise, self.project, features, strict=True)
        )
        seen = (middle + doubled(coarse)).relu()
        for around in self.around:
            seen = seen + around(seen).relu()
        seen = doubled(seen + self.of_picture(seen.mean((2, 3)))[:, :, None, None])
        place = self.of_place(places(fine.shape[2], fine.shape[3])).permute(2, 0, 1)
        seen = (seen + fine + place).relu()
        found: Tensor = self.octaves(seen + self.neighbours(seen).relu())[:, 0]
        return found - found.mean((1, 2), keepdim=True)

    def fold(self) -> None:
        """Merge the normalisations of the features, in place, into the convolutions that follow."""
        for number, (normalise, project) in enumerate(zip(self.normalise, self.project, strict=True)):
            assert isinstance(normalise, nn.BatchNorm2d)
            assert isinstance(project, nn.Conv2d)
            fold_input_norm(normalise, project)
            self.normalise[number] = nn.Identity()


def doubled(features: Tensor) -> Tensor:
    """Twice the rows and columns."""
    return interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)


def places(rows: int, columns: int) -> Tensor:
    """Of each block x, y from -1 to 1, their squares and their distance from the middle (rows, cols, 5)."""
    vertical = (torch.arange(rows) + 0.5) * (2 / rows) - 1
    across = (torch.arange(columns) + 0.5) * (2 / columns) - 1
    y, x = vertical[:, None].expand(rows, columns), across[None].expand(rows, columns)
    return torch.stack([x, y, x * x, y * y, (x * x + y * y).sqrt()], -1)


class Machine(nn.Module):
    """Lite0's blocks and the head. Input: one picture, as Lite0 takes it; one value of its map stands for 8 pixels."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        super().__init__()
        self.lite0 = Lite0()
        with np.load(weights) as stored:
            arrays = {name: torch.tensor(stored[name]) for name in stored.files}
        self.head = MachineHead()
        self.head.load_state_dict(arrays)
        self.head.fold()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The map (rows, cols) in 0..1, and the octaves (1, rows, cols) that it is made of."""
        octaves = self.head(self.lite0.features(image, STAGES.values()))
        return importance(octaves[0]), octaves


def importance(octaves: Tensor) -> Tensor:
    """0..1, where half is the picture's average."""
    return (0.5 + octaves / OCTAVES).clamp(0, 1)
