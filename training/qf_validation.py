"""How a QF system does on pictures that it was not trained on: what the classifier still says, at how many bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training import qf_data
from training.differentiable_jpeg import coefficients
from training.lite0 import Lite0
from training.qf_pipeline import CLASSIFIER_SIDE, QfSystem, class_scores
from training.train_bpp import picture_code_lengths

AT_ONCE = 16  # pictures


@dataclass(frozen=True)
class Clean:
    """Validation pictures (n, 224, 224, 3) and the logarithms of the classifier's probabilities for each."""

    pictures: Tensor
    answers: Tensor

    @classmethod
    def of(cls, photos: list[qf_data.Photo], classifier: Lite0) -> Clean:
        pictures, _ = qf_data.centre_crops(photos, CLASSIFIER_SIDE)
        with torch.inference_mode():
            scores = [class_scores(classifier, batch) for batch in torch.split(pictures, AT_ONCE)]
        return cls(pictures, torch.cat(scores).log_softmax(1))


def measure(
    system: QfSystem, clean: Clean, classifier: Lite0, changed: Callable[[Tensor], Tensor] = lambda factors: factors
) -> dict[str, float]:
    """Means by the names of the CSV of training.train_qf; `changed` makes the map that is used of the generated one."""
    kl, bits, agree, maps, told = [], 0, [], [], []
    for pictures, answers in zip(
        *(torch.split(each, AT_ONCE) for each in (clean.pictures, clean.answers)), strict=True
    ):
        with torch.inference_mode():
            values = coefficients(pictures, system.config.subsampling)
            factors = changed(system.generator(values))
            passed = system.compressed(values, factors, (pictures.shape[1], pictures.shape[2]))
            scores = class_scores(classifier, passed.pictures).log_softmax(1)
        kl.append(functional.kl_div(scores, answers, reduction="none", log_target=True).sum(1))
        agree.append(scores.argmax(1) == answers.argmax(1))
        counted = picture_code_lengths(passed.levels, system.config.subsampling)
        bits += sum(int(component.sum()) for picture in counted for component in picture)
        maps.append(factors)
        told.append(passed.predicted.round())
    true, predicted = torch.cat(maps), torch.cat(told)
    means, spreads = true.mean((0, 2, 3)), true.std((2, 3)).mean(0)
    figures = {
        "kl": torch.cat(kl).mean(),
        "bpp": torch.tensor(bits / clean.pictures[..., 0].numel()),
        "agreement": 100 * torch.cat(agree).float().mean(),
        "luma_factor": means[0],
        "luma_spread": spreads[0],
        "chroma_factor": means[1],
        "chroma_spread": spreads[1],
        "predicted_rightly": 100 * (true == predicted).float().mean(),
        "prediction_off_by": (true - predicted).abs().mean(),
    }
    return {name: round(value.item(), 4) for name, value in figures.items()}
