"""The arms that QF maps are compared in: each an encoder with a map, over a sweep of qualities.

Maps come from networks, and from what should do worse: the same factors everywhere, the same factors heaped in the
middle, the map of another picture. In the overhead-free dialect a map's strength is 75 where it is taken as it is;
factors are multiplied by strength / 75, as `quality` does it, and by more than quality 100 could.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import corrections, overhead_free, packing, qf_predictor, qf_segment
from pyregjpeg.map_model import load_model
from pyregjpeg.qf_model import QfModel
from pyregjpeg.reader import Reader, decode_regions
from training.simple_maps import centre_gaussian, stretched

from . import peers
from .task_coding import Arm, Coded, Pair, opened, peer

Factors = NDArray[np.uint8]

PILLOW, OWN, UNCORRECTED = "Pillow", "overhead-free", "overhead-free, not corrected"
# One sweep for both settings: their networks' answers are as far off at about the same qualities. What everything is
# compared with has the most, for its errors are everybody's. Strengths of QF maps: 75 is the map as it is.
QUALITIES: Mapping[str, tuple[int, ...]] = {
    PILLOW: (5, 6, 8, 10, 13, 16, 20, 26, 34, 46),
    "Pillow, other qualities": (7, 11, 15, 23, 40),
    "mozjpeg": (8, 13, 20, 30, 42, 60),
    "jpegli": (1, 8, 18, 30, 50),
    "overhead-free": (50, 75, 110, 160, 230, 330),
    "standard": (7, 12, 20, 32, 52),
}


class GivenFactors(QfModel):
    """A map model that gives the same QF map for every picture."""

    def __init__(self, factors: Factors) -> None:
        self.card = load_model("qf").card
        self.given = factors

    def factors(self, image: Image.Image) -> Factors:
        return self.given


@dataclass
class Subject(Pair):
    """A picture, and another one that its map may be borrowed from; maps, and files with its own map, are made once."""

    _files: dict[int, bytes] = field(default_factory=dict, init=False)
    _predictions: dict[int, tuple[Prediction, Coded]] = field(default_factory=dict, init=False)

    @cached_property
    def factors(self) -> Factors:
        return generated(self.picture.image)

    @cached_property
    def borrowed(self) -> Factors:
        return generated(self.other.image)

    @cached_property
    def importance(self) -> NDArray[np.float32]:
        return pyregjpeg.predict_map(self.picture.image)

    def file(self, strength: int) -> bytes:
        """The overhead-free file with the picture's own map at a strength."""
        if strength not in self._files:
            self._files[strength] = overhead_free_file(self.picture.image, self.factors, strength)
        return self._files[strength]

    def prediction(self, strength: int) -> tuple[Prediction, Coded]:
        """What the predictor says of that file, and the file without corrections."""
        if strength not in self._predictions:
            self._predictions[strength] = prediction(self.file(strength))
        return self._predictions[strength]


@dataclass(frozen=True)
class Prediction:
    """What the predictor is worth in one overhead-free file.

    Shares of regions of luma and of chroma that it tells rightly and its mean error in quality factors. Bytes: of the
    file; of what it tells of the map, without the limits and the names that it has anyway; of the corrections to the
    predictor, of the map told whole, of which a file has the shorter, and of the map by zlib.
    """

    right: tuple[float, ...]
    off_by: tuple[float, ...]
    file_bytes: int
    told_bytes: int
    correction_bytes: int
    whole_bytes: int
    zlib_bytes: int
    used: bool


def generated(image: Image.Image) -> Factors:
    """The QF map (2, region rows, region columns) of the registered model."""
    model = load_model("qf")
    assert isinstance(model, QfModel)
    found: Factors = model.factors(image)
    return found


def even(factors: Factors) -> Factors:
    """The mean of each plane everywhere."""
    means = np.rint(factors.mean(axis=(1, 2), keepdims=True)).astype(np.uint8)
    everywhere: Factors = np.ones_like(factors) * means
    return everywhere


def heaped(factors: Factors) -> Factors:
    """The same factors in other places: the largest in the middle of the picture, the smallest at its corners."""
    rows, columns = (np.linspace(-1, 1, side) for side in factors.shape[1:])
    order = np.argsort(-np.hypot(rows[:, None], columns).ravel(), kind="stable")
    moved = np.zeros_like(factors).reshape(len(factors), -1)
    moved[:, order] = np.sort(factors.reshape(len(factors), -1), axis=1)
    heap: Factors = moved.reshape(factors.shape)
    return heap


def overhead_free_file(image: Image.Image, factors: Factors, strength: int) -> bytes:
    """The picture in the overhead-free dialect with these factors at a strength."""
    model = GivenFactors(overhead_free.scaled(factors, strength))
    return pyregjpeg.encode(image, overhead_free=True, map_model=model, subsampling="4:2:0")


def prediction(jpeg: bytes) -> tuple[Prediction, Coded]:
    """What the predictor says of a file, and the file without corrections: smaller, and decoded with its map alone."""
    with Reader(jpeg) as reader:
        told = qf_segment.read(qf_segment.payloads(reader.segments))
        levels = reader.levels()
    predictor = qf_predictor.default_predictor()
    true = overhead_free.read_factors(jpeg)
    smallest, largest = _limits(told)
    predicted = predictor.predict(levels, told.limits).clip(smallest, largest)
    guessed = np.rint(predicted)
    bare = qf_segment.QfSegment(
        told.planes, told.limits, predictor.name, predictor.digest[: qf_segment.DIGEST_BYTES], b"", told.check
    )
    spared = len(told.written()) - len(bare.written())
    distance = np.abs(guessed - true)
    found = Prediction(
        right=tuple(float((plane == 0).mean()) for plane in distance),
        off_by=tuple(float(plane.mean()) for plane in distance),
        file_bytes=len(jpeg),
        told_bytes=len(told.told),
        correction_bytes=len(packing.packed(corrections.steps_to(true, predicted))),
        whole_bytes=len(packing.packed(true - smallest)),
        zlib_bytes=len(zlib.compress(true.tobytes(), 9)),
        used=bool(told.predictor),
    )
    pixels = decode_regions(jpeg, (overhead_free.UNSCALED_QUALITY / guessed).astype(np.float32))
    return found, Coded(len(jpeg) - spared, Image.fromarray(pixels))


def _limits(told: qf_segment.QfSegment) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The smallest and the largest factor of each plane, to go with arrays (planes, rows, columns)."""
    limits = np.array(told.limits).reshape(2, 2, 1, 1)[: told.planes]
    return limits[:, 0], limits[:, 1]


def _standard(map_of: Callable[[Subject], Mapping[str, object]], subject: Subject, quality: int) -> Coded:
    """The standard dialect with the options that say which map."""
    jpeg = pyregjpeg.encode(
        subject.source.array, quality=quality, subsampling="4:2:0", tables="annex-k", **map_of(subject)
    )
    return opened(jpeg)


def _overhead_free(factors_of: Callable[[Subject], Factors], subject: Subject, strength: int) -> Coded:
    return _decoded(overhead_free_file(subject.picture.image, factors_of(subject), strength))


def _own(subject: Subject, strength: int) -> Coded:
    return _decoded(subject.file(strength))


def _uncorrected(subject: Subject, strength: int) -> Coded:
    return subject.prediction(strength)[1]


def _decoded(jpeg: bytes) -> Coded:
    return Coded(len(jpeg), pyregjpeg.decode(jpeg))


def _gaussian(subject: Subject) -> Mapping[str, object]:
    return {"region_map": stretched(centre_gaussian(subject.picture.image))}


def qualities_of(arm: str) -> tuple[int, ...]:
    """The sweep of an arm, or of its dialect."""
    return QUALITIES[arm] if arm in QUALITIES else QUALITIES[arm.split(",")[0]]


ARMS: Mapping[str, Arm[Subject]] = {
    PILLOW: partial(peer, partial(peers.pillow, optimize=True)),
    "Pillow, other qualities": partial(peer, partial(peers.pillow, optimize=True)),
    "mozjpeg": partial(peer, peers.mozjpeg),
    "jpegli": partial(peer, peers.jpegli),
    OWN: _own,
    UNCORRECTED: _uncorrected,
    "overhead-free, flat": partial(_overhead_free, lambda subject: even(subject.factors)),
    "overhead-free, heaped in the middle": partial(_overhead_free, lambda subject: heaped(subject.factors)),
    "overhead-free, another picture's map": partial(_overhead_free, lambda subject: subject.borrowed),
    "standard, qf": partial(_standard, lambda subject: {"map_model": GivenFactors(subject.factors)}),
    "standard, another picture's qf": partial(_standard, lambda subject: {"map_model": GivenFactors(subject.borrowed)}),
    "standard, msroi": partial(_standard, lambda subject: {"region_map": subject.importance}),
    "standard, centre Gaussian": partial(_standard, _gaussian),
    "standard, flat": partial(_standard, lambda subject: {"region_map": np.ones((1, 1), np.float32)}),
}
