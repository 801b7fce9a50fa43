"""The arms that purpose="machine" is compared in: other encoders, what a sensible engineer does first, and its parts.

The parts are tables, the rule that chooses levels, and the map, which acts through the rule. Maps that should do worse
are a flat one, the same values heaped in the middle, and another picture's.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import codec, native
from pyregjpeg.quantization import ANNEX_K
from training.simple_maps import centre_gaussian

from . import peers, qf_arms
from .task_coding import Arm, Coded, Pair, opened, peer

MACHINE_SIZE = 224
AVERAGE = 0.5  # the importance at which an error counts once

PILLOW, PROGRESSIVE, MOZJPEG, FLAT_TABLES = "Pillow", "Pillow, progressive", "mozjpeg", "Pillow, flat tables"
SCALED, SCALED_MACHINE = "scaled down, Pillow", "scaled down, machine"
MACHINE, MACHINE_FLAT, TABLES = "machine", "machine, flat map", "machine, tables only"
GAUSSIAN, BORROWED = "machine, centre Gaussian", "machine, another picture's map"
STANDARD_MAP, STANDARD_FLAT = "standard tables, rule and map", "standard tables, rule"

# From coarse to fine; those of PILLOW, with which everything is compared, are the most, for its errors are everybody's.
# Found on trial pictures: a network that sees more detail asks for finer ones, so the coarsest are left out at ratio 1,
# and the finest elsewhere.
QUALITIES: Mapping[str, tuple[int, ...]] = {
    PILLOW: (8, 11, 15, 21, 29, 40, 56, 74, 88),
    "Pillow, other qualities": (9, 13, 18, 28, 48, 68, 82),
    PROGRESSIVE: (8, 13, 20, 32, 54, 74, 88),
    "Pillow, 4:4:4": (6, 9, 14, 24, 40, 60, 80),
    FLAT_TABLES: (110, 76, 52, 36, 25, 17, 11),  # steps
    MOZJPEG: (11, 18, 27, 42, 62, 78, 90),
    "jpegli": (1, 10, 22, 36, 55, 74, 88),
    "ours for people": (9, 14, 22, 36, 56, 76, 90),
    "overhead-free, qf": (60, 95, 150, 240, 380, 600, 900),  # strengths
    SCALED: (22, 35, 50, 66, 80, 91),
    SCALED_MACHINE: (22, 35, 50, 66, 80, 91),
}
OURS = (8, 13, 20, 32, 54, 74, 88)
LEFT_OUT = 2

Map = NDArray[np.float32]


@dataclass
class Subject(Pair):
    """A picture, and another one that its map may be borrowed from; maps and what is scaled down are made once."""

    @cached_property
    def importance(self) -> Map:
        return pyregjpeg.predict_map(self.picture.image, "machine")

    @cached_property
    def borrowed(self) -> Map:
        return pyregjpeg.predict_map(self.other.image, "machine")

    @cached_property
    def gaussian(self) -> Map:
        """As important in the mean as the picture's own map, and as uneven."""
        plane = centre_gaussian(self.picture.image)
        standard = (plane - plane.mean()) / plane.std()
        found: Map = (self.importance.mean() + standard * self.importance.std()).clip(0, 1).astype(np.float32)
        return found

    @cached_property
    def with_factors(self) -> qf_arms.Subject:
        """The same for QF maps."""
        return qf_arms.Subject(self.picture, self.other)

    @cached_property
    def scaled(self) -> Subject:
        """The same at the size in which the network sees it, as a client would send it."""
        image = self.picture.image
        factor = MACHINE_SIZE / min(image.size)
        size = (round(image.width * factor), round(image.height * factor))
        smaller = replace(self.picture, image=image.resize(size, Image.Resampling.LANCZOS))
        return Subject(smaller, self.other)


def arms_at(ratio_1: bool) -> list[str]:
    """Those that are compared: nothing is scaled down to the size that it has."""
    return [arm for arm in ARMS if not (ratio_1 and arm in (SCALED, SCALED_MACHINE))]


def qualities_of(arm: str, ratio_1: bool) -> tuple[int, ...]:
    """The sweep of an arm, for pictures that the network sees as they are, or scaled down."""
    qualities = QUALITIES.get(arm, OURS)
    if arm in (SCALED, SCALED_MACHINE):
        return qualities
    return qualities[LEFT_OUT:] if ratio_1 else qualities[:-LEFT_OUT]


def flat(_subject: Subject) -> Map:
    return np.full((1, 1), AVERAGE, dtype=np.float32)


def _machine(map_of: Callable[[Subject], Map], subject: Subject, quality: int, **options: Any) -> Coded:
    return opened(pyregjpeg.encode(subject.source.array, **_options(map_of(subject), quality), **options))


def _rounded(subject: Subject, quality: int, **options: Any) -> Coded:
    """With its tables, but every coefficient plainly rounded."""
    prepared = codec.prepare(subject.source.array, _options(flat(subject), quality) | options)
    allowances = np.zeros_like(prepared.settings.allowances)
    settings = replace(prepared.settings, trellis=False, allowances=allowances)
    return opened(native.encode(settings, prepared.picture.strips()))


def _options(region_map: Map, quality: int) -> dict[str, Any]:
    return {"purpose": "machine", "machine_size": MACHINE_SIZE, "quality": quality, "region_map": region_map}


def _pillow(subject: Subject, quality: int, **options: Any) -> Coded:
    file = io.BytesIO()
    subject.source.image.save(file, "JPEG", optimize=True, **{"quality": quality, "subsampling": 2} | options)
    return opened(file.getvalue())


def _flat_tables(subject: Subject, step: int) -> Coded:
    return _pillow(subject, quality=-1, qtables=[[step] * 64])


def _overhead_free(subject: Subject, strength: int) -> Coded:
    return qf_arms.ARMS[qf_arms.OWN](subject.with_factors, strength)


def _scaled(arm: Callable[[Subject, int], Coded], subject: Subject, quality: int) -> Coded:
    return arm(subject.scaled, quality)


def _own(subject: Subject) -> Map:
    return subject.importance


_standard: Mapping[str, Any] = {"qtables": ANNEX_K.tolist(), "subsampling": "4:2:0"}
ARMS: Mapping[str, Arm[Subject]] = {
    PILLOW: _pillow,
    "Pillow, other qualities": _pillow,
    PROGRESSIVE: partial(_pillow, progressive=True),
    "Pillow, 4:4:4": partial(_pillow, subsampling=0),
    FLAT_TABLES: _flat_tables,
    MOZJPEG: partial(peer, peers.mozjpeg),
    "jpegli": partial(peer, peers.jpegli),
    "ours for people": partial(peer, peers.OURS["best"]),
    "overhead-free, qf": _overhead_free,
    SCALED: partial(_scaled, _pillow),
    SCALED_MACHINE: partial(_scaled, partial(_machine, _own)),
    STANDARD_FLAT: partial(_machine, flat, **_standard),
    STANDARD_MAP: partial(_machine, _own, **_standard),
    TABLES: _rounded,
    MACHINE_FLAT: partial(_machine, flat),
    GAUSSIAN: partial(_machine, lambda subject: subject.gaussian),
    BORROWED: partial(_machine, lambda subject: subject.borrowed),
    MACHINE: partial(_machine, _own),
}
