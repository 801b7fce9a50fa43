"""Measure what luma PSNR each rule gives at each allowance, and write it where the encoder looks it up.

    python -m benchmarks.calibrate_rules --photographs DIR            prints how well the present calibration holds
    python -m benchmarks.calibrate_rules --photographs DIR --write    measures it anew first

The rules are those of pyregjpeg/level_rule.py, but for that of Annex K's tables with "fast" effort, which calibrate.py
measures. To be run again whenever training/fit_tables.py has changed the tables. Measured on the set `calibration`;
checked on that and on Kodak, which calibration never saw.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from PIL import Image

from pyregjpeg import level_rule, perceptual, quantization
from pyregjpeg.level_rule import LevelRule

from .calibrate import MEGAPIXELS, QUALITIES, calibrate, luma_psnr
from .one_allowance import with_one_allowance
from .report import environment

RULES = (("perceptual", "fast"), ("perceptual", "best"), ("annex-k", "best"))
# In units of the allowance of importance 1, about evenly spaced in decibels; the largest zeroes every AC coefficient.
ALLOWANCES = (0, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1 << 20)


def measure(pictures: Sequence[Image.Image]) -> dict[str, object]:
    """The content of rule_calibration.json: for each rule the mean luma PSNR by quality and allowance."""
    measured: dict[str, object] = {
        "origin": f"python -m benchmarks.calibrate_rules --write, {len(pictures)} photographs of at most "
        f"{MEGAPIXELS} MP",
        "measured": environment(),
    }
    for tables, effort in RULES:
        rule = level_rule.level_rule(tables, effort)
        psnr = [[_mean_psnr(pictures, rule, quality, allowance) for allowance in ALLOWANCES] for quality in QUALITIES]
        # At very low quality a larger allowance may remove nothing more.
        falling = np.minimum.accumulate(psnr, axis=1).round(3).tolist()
        measured[f"{tables}, {effort}"] = {"qualities": QUALITIES, "allowances": ALLOWANCES, "psnr": falling}
    return measured


def _mean_psnr(pictures: Sequence[Image.Image], rule: LevelRule, quality: int, allowance: float) -> float:
    is_fitted = rule.tables == "perceptual"
    tables = perceptual.tables(quality, rule.effort) if is_fitted else quantization.annex_k(quality)
    in_units = allowance * level_rule.unit(rule, tables[0])
    settings = {
        "trellis": rule.trellis,
        "masking": rule.masking,
        "tail": rule.tail,
        "chroma_sharpening": rule.chroma_sharpening,
        "deringing": rule.deringing,
    }
    files = (with_one_allowance(picture, tables, in_units, rule.weights, **settings) for picture in pictures)
    return float(np.mean([luma_psnr(picture, jpeg) for picture, jpeg in zip(pictures, files, strict=True)]))


def main() -> None:
    calibrate(
        __doc__,
        level_rule.CALIBRATION,
        lambda pictures: json.dumps(measure(pictures), separators=(",", ":")),
        [{"tables": tables, "effort": effort} for tables, effort in RULES],
    )


if __name__ == "__main__":
    main()
