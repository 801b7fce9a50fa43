"""Judging quantisation tables on real files: bytes at equal quality by three metrics, against mozjpeg.

SSIMULACRA2 by the PyPI package takes a second a megapixel; a program of libjxl's (Debian's libjxl-devtools from 0.8 on
has it) takes a tenth of that, and a search needs tens of thousands of values.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pyregjpeg import metrics
from pyregjpeg.perceptual import Fitted
from pyregjpeg.perceptual_metrics import ms_ssim

from .equal_quality import RateCurve, RatePoint
from .metric_programs import ssimulacra2_score
from .one_allowance import with_one_allowance
from .peers import Picture, mozjpeg

METRICS = ("SSIMULACRA2", "MS-SSIM", "PSNR")  # the last two of luma, MS-SSIM in decibels
RIVAL_QUALITIES = (30, 45, 60, 72, 80, 86, 91)

Figures = tuple[float, ...]
Ssimulacra2 = Callable[[Image.Image, Image.Image], float]


class Judge:
    """One photograph, how good files of it are, and how many bytes mozjpeg needs for as much."""

    def __init__(self, picture: Image.Image, ssimulacra2: Ssimulacra2) -> None:
        self.picture, self._ssimulacra2 = picture, ssimulacra2
        files = [mozjpeg(Picture.of(picture), quality) for quality in RIVAL_QUALITIES]
        figures = [self.figures(jpeg) for jpeg in files]
        self._rivals = [
            RateCurve(RatePoint(len(jpeg), of_file[metric]) for jpeg, of_file in zip(files, figures, strict=True))
            for metric in range(len(METRICS))
        ]

    def figures(self, jpeg: bytes) -> Figures:
        """How near the file is to the photograph, by METRICS."""
        decoded = Image.open(io.BytesIO(jpeg)).convert("RGB")
        similarity = -10 * np.log10(1 - ms_ssim(self.picture, decoded))
        return self._ssimulacra2(self.picture, decoded), float(similarity), metrics.psnr_y(self.picture, decoded)

    def log_ratios(self, files: Sequence[bytes]) -> list[float]:
        """Of bytes to mozjpeg's at equal quality, by METRICS, the mean of those files for which it can be told."""
        figures = [self.figures(jpeg) for jpeg in files]
        return [
            float(np.mean([np.log(len(jpeg) / size) for jpeg, size in zip(files, sizes, strict=True) if size]))
            for metric, rival in enumerate(self._rivals)
            for sizes in [[rival.size_at(of_file[metric]) for of_file in figures]]
        ]


def encoded(picture: Image.Image, fitted: Fitted, scale: float, **settings: Any) -> bytes:
    """The picture by our encoder with such tables, everything of importance 1, 4:2:0; settings are more of native's."""
    own = {name: getattr(fitted, name) for name in ("masking", "tail", "chroma_sharpening")}
    return with_one_allowance(picture, fitted.tables(scale), 1.0, fitted.weights, **own, **settings)


def ssimulacra2_by(program: Path | None) -> Ssimulacra2:
    """The metric by that program, which takes two files, or by the PyPI package."""
    if program is None:
        return metrics.ssimulacra2
    return partial(ssimulacra2_score, program)
