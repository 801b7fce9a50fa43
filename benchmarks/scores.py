"""How near files are to their picture, by several metrics, each value measured once and remembered in a folder."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pyregjpeg.metrics import psnr_y, ssimulacra2
from pyregjpeg.perceptual_metrics import ms_ssim

from .metric_programs import butteraugli_distance, ssimulacra2_score

Score = Callable[[Image.Image, Image.Image], float]


@dataclass(frozen=True)
class Metric:
    """A metric of which more is better, and by what it is measured."""

    name: str
    tool: str
    score: Score


@dataclass(frozen=True)
class Scored:
    """The size of a file in bytes, and its score by each metric."""

    size: int
    scores: dict[str, float]


def add_metric_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ssimulacra2", type=Path, metavar="PROGRAM", help="libjxl's, for what PyPI's does slowly")
    parser.add_argument(
        "--butteraugli", type=Path, metavar="PROGRAM", help="butteraugli_main; without it, no butteraugli"
    )
    parser.add_argument("--memory", type=Path, metavar="DIR", help="remembers every score for the next run")


def chosen_metrics(options: argparse.Namespace) -> list[Metric]:
    """SSIMULACRA2; MS-SSIM of luma in decibels; PSNR of luma; where its program is given, butteraugli below zero."""
    by_program = options.ssimulacra2 is not None
    metrics = [
        Metric(
            "SSIMULACRA2",
            "libjxl" if by_program else "PyPI",
            partial(ssimulacra2_score, options.ssimulacra2) if by_program else ssimulacra2,
        ),
        Metric("MS-SSIM-Y", "pyregjpeg", _similarity_decibels),
        Metric("PSNR-Y", "pyregjpeg", psnr_y),
    ]
    if options.butteraugli is not None:
        metrics.append(Metric("butteraugli", "libjxl", partial(_minus_distance, options.butteraugli)))
    return metrics


class Memory:
    """Values by name, in a file to which each new one is added, so that a run that was interrupted goes on."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._known = path, dict[str, Any]()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._known = (
                dict(json.loads(line) for line in path.read_text("utf-8").splitlines()) if path.exists() else {}
            )

    def recall(self, name: str, measure: Callable[[], Any]) -> Any:
        if name not in self._known:
            self._known[name] = measure()
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([name, self._known[name]]) + "\n")
        return self._known[name]


class Judge:
    """One picture, to which files of it are compared."""

    def __init__(self, original: Image.Image, metrics: Sequence[Metric], memory: Memory) -> None:
        self._original, self._metrics, self._memory = original, metrics, memory
        self._digest = _digest(original)

    def scored(self, encode: Callable[[], bytes], remembered_as: str | None = None) -> Scored:
        """Of the file that `encode` makes; under a name that is remembered it need not be made again."""
        file = _File(encode)
        name = f"{self._digest} {remembered_as}"
        size, digest = self._memory.recall(name, file.summary) if remembered_as else file.summary()
        scores = {}
        for metric in self._metrics:
            score = partial(self._score, metric, file)
            scores[metric.name] = self._memory.recall(f"{self._digest} {digest} {metric.name}, {metric.tool}", score)
        return Scored(size, scores)

    def _score(self, metric: Metric, file: _File) -> float:
        return metric.score(self._original, file.decoded)


class _File:
    """A file that is made when it is asked about, once."""

    def __init__(self, encode: Callable[[], bytes]) -> None:
        self._encode = encode

    @cached_property
    def jpeg(self) -> bytes:
        return self._encode()

    @cached_property
    def decoded(self) -> Image.Image:
        return Image.open(io.BytesIO(self.jpeg)).convert("RGB")

    def summary(self) -> list[Any]:
        """Its size, and what tells its pixels from others: a progressive file may have those of a sequential one."""
        return [len(self.jpeg), _digest(self.decoded)]


def _digest(image: Image.Image) -> str:
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:24]


def _similarity_decibels(original: Image.Image, decoded: Image.Image) -> float:
    return float(-10 * np.log10(1 - ms_ssim(original, decoded)))


def _minus_distance(program: Path, original: Image.Image, decoded: Image.Image) -> float:
    return -butteraugli_distance(program, original, decoded)
