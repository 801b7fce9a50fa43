"""Model cards: the JSON beside every .onnx file, read strictly, and the file that it describes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ModelError

# What a network of each kind is handed.
LAYOUTS = {
    "importance": "uint8 NHWC RGB",  # 1 x height x width x 3
    "qf": "float32 DCT coefficients of YCbCr 4:2:0, by blocks",
    "qf-predictor": "float32 levels of YCbCr 4:2:0, by blocks, and limits",
}


@dataclass(frozen=True)
class ModelCard:
    """What a model is, what it was made from and how well it does.

    `measured` holds figures by name; `measured_by` is the command that prints them.
    """

    name: str
    kind: str  # "importance" gives a region map, "qf" a QF map, "qf-predictor" tells a QF map from levels
    layout: str
    pixels: int  # about how many the picture is resized to; 0: the network is handed it as it is
    multiple: int  # both sides of what the network is handed are multiples of this many pixels
    cell: int  # side in pixels of the square that one map value stands for
    method: str
    training_data: str
    licence: str
    credits: tuple[str, ...]
    measured: Mapping[str, float]
    measured_by: str
    sha256: str  # of the .onnx file, 64 lower-case hexadecimal digits


def read_card(path: Path) -> ModelCard:
    """The model card in the JSON file at `path`; ModelError naming the field that is missing, unknown or bad."""
    try:
        fields = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"The model card {path} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The model card {path} is no readable JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ModelError(f"The model card {path} must hold a JSON object")
    for name in fields.keys() - _EXPECTED.keys():
        raise ModelError(f"The model card {path} has an unknown field {name!r}")
    for name, (holds, expected) in _EXPECTED.items():
        if name not in fields:
            raise ModelError(f"The model card {path} lacks the field {name!r}")
        if not holds(fields[name]):
            raise ModelError(f"The field {name!r} of the model card {path} must be {expected}")
    kind = fields["kind"]
    if fields["layout"] != LAYOUTS[kind]:
        raise ModelError(f"The field 'layout' of the model card {path} must be \"{LAYOUTS[kind]}\"")
    if (fields["pixels"] > 0) != (kind == "importance"):
        raise ModelError(f"The field 'pixels' of the model card {path} must be above 0 for importance, else 0")
    return ModelCard(**{**fields, "credits": tuple(fields["credits"])})


def read_model(path: Path) -> tuple[ModelCard, bytes]:
    """The card and the bytes of the model at `path`, which are those that the card describes."""
    try:
        network = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The model {path} cannot be read: {error.strerror}") from error
    card = read_card(path.with_suffix(".json"))
    if hashlib.sha256(network).hexdigest() != card.sha256:
        raise ModelError(f"The model {path} is not the one its card describes: its sha256 differs")
    return card, network


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _positive(value: object) -> bool:
    return type(value) is int and value > 0  # not isinstance: true is no number here


_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_text, "a text"),
    "kind": (lambda value: isinstance(value, str) and value in LAYOUTS, f"one of {', '.join(LAYOUTS)}"),
    "layout": (_text, "a text"),
    "pixels": (lambda value: type(value) is int and value >= 0, "a whole number, 0 or more"),
    "multiple": (_positive, "a positive whole number"),
    "cell": (_positive, "a positive whole number"),
    "method": (_text, "a text"),
    "training_data": (_text, "a text"),
    "licence": (_text, "a text"),
    "credits": (lambda value: isinstance(value, list) and all(map(_text, value)), "a list of texts"),
    "measured": (
        lambda value: isinstance(value, dict) and all(type(figure) in (int, float) for figure in value.values()),
        "an object of numbers",
    ),
    "measured_by": (_text, "a text"),
    "sha256": (
        lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
        "64 lower-case hexadecimal digits",
    ),
}
