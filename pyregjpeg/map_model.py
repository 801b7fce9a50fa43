"""Map models: ONNX networks that look at a picture and say what matters in it, each described by its model card.

A model is two files side by side, NAME.onnx and NAME.json (the card). Those in weights/ are registered by name; others
are given by path or registered with `register_model`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import MapError, ModelError, OptionError

LAYOUT = "uint8 NHWC RGB"  # what every map model is handed: 1 x height x width x 3
SHORTEST = 2  # multiples; in a strip one multiple high a network would see little more than its own padding
REDUCING_GAP = 1.0  # box averaging to less than twice the size wanted, then bicubic: large photographs cost little
AVERAGED_AS_IS = ("RGB", "RGBX", "L", "CMYK", "YCbCr")  # other modes hold indices, bits, hues or alpha


@dataclass(frozen=True)
class ModelCard:
    """What a model is, what it was made from and how well it does.

    `measured` holds figures by name; `measured_by` is the command that prints them.
    """

    name: str
    kind: str  # "importance" gives a region map, "qf" a QF map
    layout: str
    pixels: int  # about how many the picture is resized to
    multiple: int  # both sides of what the network is handed are multiples of this many pixels
    cell: int  # side in pixels of the square that one map value stands for
    method: str
    training_data: str
    licence: str
    credits: tuple[str, ...]
    measured: Mapping[str, float]
    measured_by: str
    sha256: str  # of the .onnx file, 64 lower-case hexadecimal digits


class MapModel:
    """A model of kind "importance", ready to run. One may be used from many threads at once."""

    def __init__(self, card: ModelCard, network: bytes, threads: int) -> None:
        """Start `network`, the bytes of an ONNX file, on `threads` threads; ModelError if it is no such model."""
        if card.kind != "importance":
            raise ModelError(f"The model {card.name!r} is of kind {card.kind!r} and gives no region map")
        self.card = card
        self.threads = threads
        self._session = _start(card, network, threads)

    def predict(self, image: Image.Image) -> NDArray[np.float32]:
        """The region map (rows, cols) of `image`, 0 = background, 1 = most important; it covers the whole picture.

        The picture is seen as it is stored, without its EXIF orientation. MapError if it has no pixels, ModelError if
        the network fails or its values are not within 0..1.
        """
        pixels = to_pixels(image, self.card)
        try:
            [region_map] = self._session.run(None, {self._session.get_inputs()[0].name: pixels})
        except Exception as error:  # onnxruntime's errors have no base class of their own
            raise ModelError(f"The model {self.card.name!r} failed: {_first_line(error)}") from error
        values: NDArray[np.float32] = region_map
        if not (values.size and values.min() >= 0 and values.max() <= 1):  # written so that NaN fails too
            raise ModelError(f"The model {self.card.name!r} gave a map that is not within 0..1")
        return values


def load_model(model: str | os.PathLike[str] | MapModel, *, threads: int = 1) -> MapModel:
    """The map model of a registered name, of the path of an .onnx file with its card, or `model` itself if it is one.

    Loaded once for each path and number of threads (of one picture; 1 or more), then kept; a MapModel keeps the
    number it was loaded with. ModelError if there is no such model, or its files are damaged or do not belong
    together; OptionError if `threads` is no integer or below 1.
    """
    if isinstance(model, MapModel):
        return model
    if not isinstance(threads, int) or threads < 1:
        raise OptionError(f"threads is an integer, 1 or more, not {threads!r}")
    with _lock:  # also while loading, so that threads asking for the same model wait for one session, not start many
        path = _registered.get(model) if isinstance(model, str) else None
        if path is None:
            path = Path(model).resolve()
            if path.suffix != ".onnx":
                raise ModelError(
                    f"There is no map model named {str(model)!r}; expected the path of an .onnx file or one of: "
                    f"{', '.join(sorted(_registered))}"
                )
        return _load(path, threads)


def list_models() -> list[ModelCard]:
    """The cards of all registered models, by name; ModelError if one of them is missing or damaged."""
    with _lock:
        registered = sorted(_registered.items())
    return [dataclasses.replace(read_card(path.with_suffix(".json")), name=name) for name, path in registered]


def register_model(path: str | os.PathLike[str], name: str | None = None) -> ModelCard:
    """Make the model at `path`, an .onnx file with its card beside it, known by `name` (else by its card's name).

    Returns the card under that name. ModelError if the files are missing, damaged or do not belong together, or the
    name is taken by another path.
    """
    path = Path(path).resolve()
    card, _ = _read(path)
    card = dataclasses.replace(card, name=name or card.name)
    with _lock:
        holder = _registered.setdefault(card.name, path)
    if holder != path:
        raise ModelError(f"The model name {card.name!r} is taken already, by {holder}")
    return card


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
    return ModelCard(**{**fields, "credits": tuple(fields["credits"])})


def to_pixels(image: Image.Image, card: ModelCard) -> NDArray[np.uint8]:
    """`image` as the network wants it: uint8 (1, height, width, 3), RGB, sides multiples of the card's `multiple`."""
    if 0 in image.size:
        raise MapError(f"A picture of {image.width}x{image.height} pixels has no region map")
    if image.mode not in AVERAGED_AS_IS:
        image = image.convert("RGB")
    size = input_size(image.width, image.height, card)
    small = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=REDUCING_GAP).convert("RGB")
    return np.asarray(small)[np.newaxis]


def input_size(width: int, height: int, card: ModelCard) -> tuple[int, int]:
    """(width, height) of the network's input for a picture of that size.

    About the card's area, in whole multiples, with the picture's aspect ratio to the nearest one; a picture so long
    that its short side would fall below two multiples is squeezed lengthwise.
    """
    squares = card.pixels / card.multiple**2
    aspect = max(width, height) / min(width, height)
    short = max(SHORTEST, round((squares / aspect) ** 0.5))
    long = max(short, round(min(short * aspect, squares / SHORTEST)))
    columns, rows = (long, short) if width >= height else (short, long)
    return columns * card.multiple, rows * card.multiple


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _positive(value: object) -> bool:
    return type(value) is int and value > 0  # not isinstance: true is no number here


_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_text, "a text"),
    "kind": (lambda value: value in ("importance", "qf"), '"importance" or "qf"'),
    "layout": (lambda value: value == LAYOUT, f'"{LAYOUT}"'),
    "pixels": (_positive, "a positive whole number"),
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


def _read(path: Path) -> tuple[ModelCard, bytes]:
    """The card and the bytes of the model at `path`, which are those that the card describes."""
    try:
        network = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The model {path} cannot be read: {error.strerror}") from error
    card = read_card(path.with_suffix(".json"))
    if hashlib.sha256(network).hexdigest() != card.sha256:
        raise ModelError(f"The model {path} is not the one its card describes: its sha256 differs")
    return card, network


def _start(card: ModelCard, network: bytes, threads: int) -> Any:
    """An onnxruntime InferenceSession on the CPU for `network`, which takes LAYOUT and gives a float32 matrix."""
    import onnxruntime  # type: ignore[import-untyped, unused-ignore]  # only here: loading it takes longer than a save

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal; all else arrives as an exception, and the library prints nothing
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the cores alone
    try:
        session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base class of their own
        raise ModelError(f"The model {card.name!r} cannot be run by onnxruntime: {_first_line(error)}") from error
    takes = [(tensor.type, len(tensor.shape)) for tensor in session.get_inputs()]
    gives = [(tensor.type, len(tensor.shape)) for tensor in session.get_outputs()]
    if takes != [("tensor(uint8)", 4)] or gives != [("tensor(float)", 2)]:
        raise ModelError(
            f"The model {card.name!r} must take one uint8 tensor of 4 dimensions and give one float32 matrix"
        )
    return session


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@lru_cache(maxsize=8)
def _load(path: Path, threads: int) -> MapModel:
    return MapModel(*_read(path), threads)


_lock = threading.Lock()  # over the registry and the loading
_registered = {card.stem: card.with_suffix(".onnx") for card in Path(__file__).with_name("weights").glob("*.json")}
