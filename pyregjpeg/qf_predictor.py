"""QF map predictors: networks that tell the QF map of an overhead-free file from its levels.

A file names the predictor that it was written for. Those in weights/predictors/ are at hand, NAME.onnx with its card.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import qf_planes
from .errors import ModelError
from .model_card import ModelCard, read_model
from .network import Network

DEFAULT = "qf"
FOLDER = Path(__file__).parent / "weights" / "predictors"
THREADS = 1


class Predictor:
    """A predictor, ready to run; `digest` is the SHA-256 of its .onnx file. For many threads at once."""

    def __init__(self, card: ModelCard, network: bytes) -> None:
        """Start `network`, the bytes of an ONNX file; ModelError if it is no predictor."""
        if card.kind != "qf-predictor":
            raise ModelError(f"The model {card.name!r} is of kind {card.kind!r} and predicts no QF map")
        self.name = card.name
        self.digest = bytes.fromhex(card.sha256)
        takes = [("float", 3), ("float", 4), ("float", 2)]
        self._network = Network(card.name, network, THREADS, takes=takes, gives=("float", 3))

    def predict(self, levels: Sequence[NDArray[np.int16]], limits: ArrayLike) -> NDArray[np.float32]:
        """The QF map (2, region rows, region columns), luma and chroma, not rounded.

        `levels` are those of the file as `read_levels` gives them, `limits` the smallest and the largest factor of luma
        and of chroma, (2, 2): nothing beyond them is predicted. ModelError for a file that is not in 4:2:0, 4:4:4 or
        grey, and if the network fails.
        """
        luma, chroma = qf_planes.of_levels(levels)
        return self._network.run(luma, chroma, np.asarray(limits, dtype=np.float32))


def default_predictor() -> Predictor:
    """The predictor that files are written for; ModelError if its files are missing or do not belong together."""
    return load_predictor(FOLDER / f"{DEFAULT}.onnx")


def load_predictor(path: Path) -> Predictor:
    """The predictor at `path`, an .onnx file with its card; ModelError if these are missing or do not fit together."""
    with _lock:  # also while loading, so that threads wait for one session, not start many
        return _load(path)


def find_predictor(name: str, digest: bytes) -> Predictor:
    """The predictor of that name whose file has a SHA-256 that begins so; ModelError if it is not at hand."""
    path = _installed.get(name)
    if path is not None:
        predictor = load_predictor(path)
        if predictor.digest.startswith(digest):
            return predictor
    raise ModelError(f"the file's predictor {name} ({digest.hex()[:8]}) is not installed")


@lru_cache(maxsize=8)
def _load(path: Path) -> Predictor:
    return Predictor(*read_model(path))


_lock = threading.Lock()  # over the loading
_installed = {card.stem: card.with_suffix(".onnx") for card in FOLDER.glob("*.json")}
