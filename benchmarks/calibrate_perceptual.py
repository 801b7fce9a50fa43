"""Measure what luma PSNR the perceptual tables give at each allowance, and write it where the encoder looks it up.

    python -m benchmarks.calibrate_perceptual --photographs DIR            prints how well the present calibration holds
    python -m benchmarks.calibrate_perceptual --photographs DIR --write    measures it anew first

To be run again whenever training/fit_tables.py has changed the tables. Measured on the set `calibration`; checked on
that and on Kodak, which calibration never saw.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from PIL import Image

from pyregjpeg import perceptual

from .calibrate import MEGAPIXELS, QUALITIES, calibrate, luma_psnr
from .one_allowance import with_one_allowance
from .report import environment

# About evenly spaced in decibels; the largest zeroes every AC coefficient.
ALLOWANCES = (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 1024, 1 << 20)


def measure(pictures: Sequence[Image.Image]) -> dict[str, object]:
    """The content of perceptual_calibration.json: mean luma PSNR by quality and allowance."""
    psnr = [[_mean_psnr(pictures, quality, allowance) for allowance in ALLOWANCES] for quality in QUALITIES]
    return {
        "origin": f"python -m benchmarks.calibrate_perceptual --write, {len(pictures)} photographs of at most "
        f"{MEGAPIXELS} MP",
        "measured": environment(),
        "qualities": QUALITIES,
        "allowances": ALLOWANCES,
        # At very low quality a larger allowance may remove nothing more.
        "psnr": np.minimum.accumulate(psnr, axis=1).round(3).tolist(),
    }


def _mean_psnr(pictures: Sequence[Image.Image], quality: int, allowance: float) -> float:
    tables, weights = perceptual.tables(quality), perceptual.weights()
    files = (with_one_allowance(picture, tables, allowance, weights) for picture in pictures)
    return float(np.mean([luma_psnr(picture, jpeg) for picture, jpeg in zip(pictures, files, strict=True)]))


def main() -> None:
    calibrate(
        __doc__,
        perceptual.CALIBRATION,
        lambda pictures: json.dumps(measure(pictures), separators=(",", ":")),
        tables="perceptual",
    )


if __name__ == "__main__":
    main()
