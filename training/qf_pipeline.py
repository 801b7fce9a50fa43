"""One pass of the second system: picture, QF map, levels, predicted map, decoded picture, bits, and the loss of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.bpp_estimator import BppEstimator
from training.differentiable_jpeg import (
    Planes,
    coefficients,
    decoded,
    dequantised,
    quantised,
    round_straight_through,
    steps,
)
from training.lite0 import STRIDE_32, Lite0
from training.qf_data import NO_LABEL
from training.qf_networks import CONFIGURATIONS, Generator, Predictor, QfConfig

CLASSIFIER_SIDE = 224
WEIGHTS = Path(__file__).parent / "weights"  # written by training/evaluate_qf.py


@dataclass(frozen=True)
class Passed:
    """What becomes of a batch; both maps are (n, 2, region rows, region columns), `predicted` not yet rounded."""

    factors: Tensor
    predicted: Tensor
    levels: Planes
    pictures: Tensor


class QfSystem(nn.Module):
    """Generator and predictor, which are trained together."""

    def __init__(self, config: QfConfig) -> None:
        super().__init__()
        self.config = config
        self.generator, self.predictor = Generator(config), Predictor(config)

    def forward(self, pictures: Tensor) -> Passed:
        """Compress and decode pictures (n, height, width, 3)."""
        values = coefficients(pictures, self.config.subsampling)
        return self.compressed(values, self.generator(values), (pictures.shape[1], pictures.shape[2]))

    def compressed(self, values: Planes, factors: Tensor, size: tuple[int, int]) -> Passed:
        """What becomes of coefficients with these quality factors."""
        config = self.config
        true_steps = steps(factors, values, config.subsampling)
        levels = quantised(values, true_steps, round_straight_through)
        alone = config.decodes_with == "generated"  # the picture teaches the generator, the map the predictor
        seen = Planes(*(plane.detach() for plane in levels)) if alone else levels
        known = factors.detach() if alone else factors
        predicted = self.predictor(seen, known.amin((2, 3)), known.amax((2, 3)))
        used = true_steps if alone else steps(round_straight_through(predicted), values, config.subsampling)
        return Passed(factors, predicted, levels, decoded(dequantised(levels, used), size, config.subsampling))


def class_scores(classifier: Lite0, pictures: Tensor) -> Tensor:
    """Logits (n, 1000) of pictures scaled to the classifier's size, with a gradient to the pixels."""
    if pictures.shape[1:3] != (CLASSIFIER_SIDE, CLASSIFIER_SIDE):
        planes = pictures.permute(0, 3, 1, 2)
        small = functional.interpolate(planes, (CLASSIFIER_SIDE, CLASSIFIER_SIDE), mode="bilinear", antialias=True)
        pictures = small.permute(0, 2, 3, 1)
    return classifier.scores(classifier.features(pictures, (STRIDE_32,))[0])


def targets(classifier: Lite0, pictures: Tensor, labels: Tensor) -> Tensor:
    """Probabilities (n, 1000): 1 for a picture's label, or the classifier's own answer on the picture as it is."""
    known = labels != NO_LABEL
    wanted = functional.one_hot(labels.clamp(min=0), 1000).float()
    if not bool(known.all()):
        with torch.no_grad():
            wanted[~known] = class_scores(classifier, pictures[~known]).softmax(1)
    return wanted


def losses(
    system: QfSystem, classifier: Lite0, estimator: BppEstimator, pictures: Tensor, labels: Tensor
) -> dict[str, Tensor]:
    """Means over a batch: `task_loss` (cross-entropy), `bpp`, `prediction_error` (quality factors), and the `loss`."""
    config = system.config
    passed = system(pictures)
    task_loss = functional.cross_entropy(
        class_scores(classifier, passed.pictures), targets(classifier, pictures, labels)
    )
    bpp = estimator(passed.levels, config.subsampling).mean() / (pictures.shape[1] * pictures.shape[2])
    prediction_error = (passed.predicted - passed.factors.detach()).abs().mean()
    loss = task_loss + config.lmbda * bpp + config.prediction_weight * prediction_error
    return {"loss": loss, "task_loss": task_loss, "bpp": bpp, "prediction_error": prediction_error}


def keep(system: QfSystem, name: str, folder: Path = WEIGHTS) -> None:
    """Write the weights of both networks, each to a file of its own, in 16 bits."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, network in (("generator", system.generator), ("predictor", system.predictor)):
        arrays = {key: value.numpy().astype(np.float16) for key, value in network.state_dict().items()}
        np.savez_compressed(folder / f"qf-{name}-{part}.npz", **arrays)


def kept(name: str, config: QfConfig | None = None, folder: Path = WEIGHTS) -> QfSystem:
    """The system whose weights were kept; the configuration is that of the name unless another is given."""
    system = QfSystem(config or CONFIGURATIONS[name])
    for part, network in (("generator", system.generator), ("predictor", system.predictor)):
        with np.load(folder / f"qf-{name}-{part}.npz") as stored:
            network.load_state_dict({key: torch.tensor(stored[key].astype(np.float32)) for key in stored.files})
    return system.eval()
