"""What there is to say of the QF map of an overhead-free file, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import qf_predictor, qf_segment
from .errors import ModelError
from .reader import Reader


@dataclass(frozen=True)
class QfMap:
    """What an overhead-free file tells of its QF map, in segments of so many `bytes`.

    `luma` and `chroma` are the smallest and the largest QF; chroma is None in grey. Of `regions` values, a plane of
    chroma counted too, `told` are in the file; the others are told by the `predictor`, which has a SHA-256 that begins
    with `digest` and is `installed` or not. A map told whole has none of the three.
    """

    version: int
    luma: tuple[int, int]
    chroma: tuple[int, int] | None
    predictor: str | None
    digest: str | None
    installed: bool | None
    regions: int
    told: int
    bytes: int


def qf_map(reader: Reader) -> QfMap | None:
    """What the file tells, None in the standard dialect; CodecError where its segments are damaged."""
    payloads = qf_segment.payloads(reader.segments)
    if not payloads:
        return None
    found = qf_segment.read(payloads)
    numbers = found.numbers(reader.size)
    return QfMap(
        version=qf_segment.VERSION,
        luma=found.limits[0],
        chroma=found.limits[1] if found.planes == 2 else None,
        predictor=found.predictor or None,
        digest=found.digest.hex() or None,
        installed=_is_installed(found) if found.predictor else None,
        regions=numbers.size,
        told=int(np.count_nonzero(numbers)) if found.predictor else numbers.size,
        bytes=sum(4 + len(payload) for payload in payloads),
    )


def _is_installed(found: qf_segment.QfSegment) -> bool:
    try:
        qf_predictor.find_predictor(found.predictor, found.digest)
    except ModelError:
        return False
    return True
