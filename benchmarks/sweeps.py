"""Sweeps of encoders over qualities, and bytes at equal quality over the range that the curves of two of them share."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .equal_quality import RateCurve, RatePoint, RatioSummary, summarize
from .scores import Scored

_DECIDE_A_PEER = ("pillow", "pyvips-binary", "pyjpegli")


@dataclass(frozen=True)
class Encoding:
    """A photograph by an encoder at one of its qualities."""

    photograph: str
    kind: str
    pixels: int
    encoder: str
    quality: int
    scored: Scored

    @property
    def bits_per_pixel(self) -> float:
        return 8 * self.scored.size / self.pixels


def remembered_name(peer: str, quality: int) -> str:
    """Under which a peer's file is remembered: what may change it is said, which of ours could not be."""
    return f"{peer} q{quality}, " + ", ".join(f"{package} {version(package)}" for package in _DECIDE_A_PEER)


def log_ratios(ours: Iterable[Encoding], rivals: Iterable[Encoding], metric: str) -> dict[int, float]:
    """Of one photograph, by the rival's quality: logarithm of our bytes over the rival's where it scores the same.

    Our size is read off the curve through our files; what lies beyond its ends is left out.
    """
    curve = RateCurve(RatePoint(one.scored.size, one.scored.scores[metric]) for one in ours)
    found = {
        rival.quality: curve.ratio_to(RatePoint(rival.scored.size, rival.scored.scores[metric])) for rival in rivals
    }
    return {quality: float(np.log(ratio)) for quality, ratio in found.items() if ratio is not None}


class Comparisons:
    """Encodings of photographs, to be asked how many bytes one encoder needs over another's."""

    def __init__(self, encodings: Sequence[Encoding]) -> None:
        self._by_encoder: dict[str, dict[str, list[Encoding]]] = {}
        for one in encodings:
            self._by_encoder.setdefault(one.encoder, {}).setdefault(one.photograph, []).append(one)

    def ratio(
        self,
        ours: str,
        rival: str,
        metric: str,
        *,
        qualities: Collection[int] | None = None,
        photographs: Collection[str] | None = None,
    ) -> RatioSummary | None:
        """Our bytes over the rival's: a photograph's mean over the rival's qualities, then that over photographs.

        `qualities` and `photographs` choose some of them; None if the curves share nothing there.
        """
        means = []
        for photograph, rivals in self._by_encoder[rival].items():
            own = self._by_encoder[ours].get(photograph)
            if own is None or (photographs is not None and photograph not in photographs):
                continue
            found = log_ratios(own, rivals, metric)
            chosen = [value for quality, value in found.items() if qualities is None or quality in qualities]
            if chosen:
                means.append(float(np.exp(np.mean(chosen))))
        return summarize(means) if means else None

    def mean_scores(self, encoder: str, metric: str, photographs: Collection[str] | None = None) -> dict[int, float]:
        """By quality, over all photographs or these."""
        return self._by_quality(encoder, lambda one: one.scored.scores[metric], photographs)

    def mean_rates(self, encoder: str) -> dict[int, float]:
        """Bits per pixel by quality, the geometric mean over all photographs."""
        logarithms = self._by_quality(encoder, lambda one: float(np.log(one.bits_per_pixel)))
        return {quality: float(np.exp(value)) for quality, value in logarithms.items()}

    def _by_quality(
        self, encoder: str, value: Callable[[Encoding], float], photographs: Collection[str] | None = None
    ) -> dict[int, float]:
        values: dict[int, list[float]] = {}
        for photograph, encodings in self._by_encoder[encoder].items():
            for one in encodings if photographs is None or photograph in photographs else ():
                values.setdefault(one.quality, []).append(value(one))
        return {quality: float(np.mean(of_quality)) for quality, of_quality in values.items()}


def write_record(path: Path, encodings: Sequence[Encoding]) -> None:
    """All of them as a CSV file."""
    metrics = list(encodings[0].scored.scores)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["photograph", "kind", "pixels", "encoder", "quality", "bytes", *metrics])
        for one in encodings:
            scores = [f"{one.scored.scores[metric]:.6g}" for metric in metrics]
            rows.writerow([one.photograph, one.kind, one.pixels, one.encoder, one.quality, one.scored.size, *scores])
