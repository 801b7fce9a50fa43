"""The default map as a PyTorch module: what a head trained on image labels finds, and how strong late features are.

The head's evidence of a place is its highest class logit: whatever it is, it is something. Summing over classes, as in
2017, loses the objects that rank behind the first. The strength of Lite0's last features, which needs no training,
holds for subjects that fill the picture and for what the head was never shown. Evidence is absolute: a scene without an
object stays below the threshold, instead of being stretched until something is important.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.lite0 import STRIDE_16, STRIDE_32, Lite0, fold_input_norm
from training.msroi_networks import Head, highest

WEIGHTS = Path(__file__).parent / "weights" / "msroi.npz"  # written by training/fit_msroi.py
STRENGTH = 0.4  # of the features' strength beside the head's evidence, both in units of their spread within a picture
SOFTNESS = 0.32  # of the threshold, in the same units: chosen by the bytes that the map saves, as STRENGTH was


class Msroi(nn.Module):
    """Lite0's blocks, the head, the threshold. Input: one picture, as Lite0 takes it; one value stands for 8 pixels."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        super().__init__()
        self.lite0 = Lite0()
        with np.load(weights) as stored:
            arrays = {name: torch.tensor(stored[name]) for name in stored.files}
        self.threshold = float(arrays.pop("threshold"))
        self.spreads = tuple(float(arrays.pop(name)) for name in ("spread_of_evidence", "spread_of_strength"))
        self.head = Head(subjects=len(arrays["composites.bias"]))
        self.head.load_state_dict(arrays, strict=False)  # that of photographs served training only
        fold_normalisation(self.head)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The map (rows, cols) in 0..1, and the evidence and the strength (1, rows, cols) that it is made of."""
        inner, last = self.lite0.features(image, (STRIDE_16, STRIDE_32))
        found, strong = evidence(self.head, inner), strength(last)
        return torch.sigmoid((total(found, strong, *self.spreads) - self.threshold) / SOFTNESS)[0], found, strong


def evidence(head: Head, features_16: Tensor) -> Tensor:
    """The highest class logit of each place (n, rows, cols), at stride 8."""
    return highest(head.class_maps(head.features(features_16)))


def strength(features_32: Tensor) -> Tensor:
    """Root mean square over channels (n, rows, cols), at stride 32."""
    return features_32.square().mean(1).sqrt()


def total(found: Tensor, strong: Tensor, spread_of_evidence: float, spread_of_strength: float) -> Tensor:
    """Evidence and strength together (n, rows, cols), at stride 8."""
    fine = nn.functional.interpolate(strong[:, None], scale_factor=4.0, mode="bilinear", align_corners=False)[:, 0]
    return found / spread_of_evidence + STRENGTH * fine / spread_of_strength


def fold_normalisation(head: Head) -> None:
    """Merge the normalisation of the head's input, in place, into the convolution that follows."""
    norm, convolution = head.normalise, head.project
    assert isinstance(norm, nn.BatchNorm2d)
    fold_input_norm(norm, convolution)
    head.normalise = nn.Identity()
