"""Map models: ONNX networks that look at a picture and say what matters in it, each described by its model card.

A model is two files side by side, NAME.onnx and NAME.json (the card). Those in weights/ are registered by name; others
are given by path or registered with `register_model`.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import MapError, ModelError, OptionError
from .model_card import ModelCard, read_card, read_model
from .network import Network
from .qf_model import QfModel

SHORTEST = 2  # multiples; in a strip one multiple high a network would see little more than its own padding
REDUCING_GAP = 1.0  # box averaging to less than twice the size wanted, then bicubic: large photographs cost little
AVERAGED_AS_IS = ("RGB", "RGBX", "L", "CMYK", "YCbCr")  # other modes hold indices, bits, hues or alpha


class MapModel:
    """A model of kind "importance", ready to run. One may be used from many threads at once."""

    def __init__(self, card: ModelCard, network: bytes, threads: int) -> None:
        """Start `network`, the bytes of an ONNX file, on `threads` threads; ModelError if it is no such model."""
        if card.kind != "importance":
            raise ModelError(f"The model {card.name!r} is of kind {card.kind!r} and gives no region map")
        self.card = card
        self.threads = threads
        self._network = Network(card.name, network, threads, takes=[("uint8", 4)], gives=("float", 2))

    def predict(self, image: Image.Image) -> NDArray[np.float32]:
        """The region map (rows, cols) of `image`, 0 = background, 1 = most important; it covers the whole picture.

        The picture is seen as it is stored, without its EXIF orientation. MapError if it has no pixels, ModelError if
        the network fails or its values are not within 0..1.
        """
        values = self._network.run(to_pixels(image, self.card))
        if not (values.size and values.min() >= 0 and values.max() <= 1):  # written so that NaN fails too
            raise ModelError(f"The model {self.card.name!r} gave a map that is not within 0..1")
        return values


def load_model(model: str | os.PathLike[str] | MapModel | QfModel, *, threads: int = 1) -> MapModel | QfModel:
    """The map model of a registered name, of the path of an .onnx file with its card, or `model` itself if it is one.

    A MapModel where the card is of kind "importance", a QfModel where it is of kind "qf". Loaded once for each path and
    number of threads (of one picture; 1 or more), then kept; a loaded model keeps the number it was loaded with.
    ModelError if there is no such model, or its files are damaged or do not belong together; OptionError if `threads`
    is no integer or below 1.
    """
    if isinstance(model, (MapModel, QfModel)):
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
    card, _ = read_model(path)
    card = dataclasses.replace(card, name=name or card.name)
    with _lock:
        holder = _registered.setdefault(card.name, path)
    if holder != path:
        raise ModelError(f"The model name {card.name!r} is taken already, by {holder}")
    return card


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
    """(width, height) of the picture that the network looks at, for a picture of that size.

    The same where the card says 0 pixels. Else about the card's area, in whole multiples, with the picture's aspect
    ratio to the nearest one; a picture so long that its short side would fall below two multiples is squeezed
    lengthwise.
    """
    if not card.pixels:
        return width, height
    squares = card.pixels / card.multiple**2
    aspect = max(width, height) / min(width, height)
    short = max(SHORTEST, round((squares / aspect) ** 0.5))
    long = max(short, round(min(short * aspect, squares / SHORTEST)))
    columns, rows = (long, short) if width >= height else (short, long)
    return columns * card.multiple, rows * card.multiple


@lru_cache(maxsize=8)
def _load(path: Path, threads: int) -> MapModel | QfModel:
    card, network = read_model(path)
    return (QfModel if card.kind == "qf" else MapModel)(card, network, threads)


_lock = threading.Lock()  # over the registry and the loading
_registered = {card.stem: card.with_suffix(".onnx") for card in Path(__file__).with_name("weights").glob("*.json")}
