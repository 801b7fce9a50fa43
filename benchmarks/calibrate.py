"""Measure how much luma PSNR an allowance costs, and write it where the encoder looks it up.

    python -m benchmarks.calibrate --photographs DIR            prints how well the present calibration holds
    python -m benchmarks.calibrate --photographs DIR --write    measures it anew first

The rule that turns qualities and importance into allowances is in pyregjpeg/quantization.py. Measured on the set
`calibration`; checked on that and on Kodak, which calibration never saw.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

import pyregjpeg
from pyregjpeg import quantization
from pyregjpeg.metrics import psnr_y

from .one_allowance import with_one_allowance
from .photographs import photographs
from .report import benchmark_parser, environment, print_table, write_results

Options: TypeAlias = Mapping[str, Any]

CALIBRATION = Path(quantization.__file__).with_name("calibration.json")
MEGAPIXELS = 0.6
QUALITIES = (5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 93, 95, 97, 99, 100)
# About evenly spaced in decibels; the largest zeroes every AC coefficient.
DEAD_ZONES = (0, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 4096)


def plain_jpeg(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def luma_psnr(picture: Image.Image, jpeg: bytes) -> float:
    return psnr_y(picture, Image.open(io.BytesIO(jpeg)))


def measure(pictures: Sequence[Image.Image]) -> dict[str, object]:
    """The content of calibration.json."""
    plain = [np.mean([luma_psnr(picture, plain_jpeg(picture, q)) for picture in pictures]) for q in range(1, 101)]
    drops = [_mean_drops(pictures, quality) for quality in QUALITIES]
    # Interpolation needs ascending drops; at very low quality a dead zone may remove nothing more.
    ascending = np.maximum.accumulate(np.array(drops), axis=1)
    return {
        "origin": f"python -m benchmarks.calibrate --write, {len(pictures)} photographs of at most {MEGAPIXELS} MP",
        "measured": environment(),
        "plain_psnr": np.maximum.accumulate(plain).round(3).tolist(),
        "qualities": QUALITIES,
        "dead_zones": DEAD_ZONES,
        "psnr_drop": ascending.round(3).tolist(),
    }


def _mean_drops(pictures: Sequence[Image.Image], quality: int) -> list[float]:
    """Mean luma PSNR of plain rounding minus that of each dead zone, in decibels."""
    tables = quantization.annex_k(quality)
    unit = quantization.dead_zone_scale(tables[0])
    psnr = [
        np.mean([luma_psnr(picture, with_one_allowance(picture, tables, dead_zone * unit)) for picture in pictures])
        for dead_zone in DEAD_ZONES
    ]
    return [float(psnr[0] - value) for value in psnr]


def check(pictures: Sequence[Image.Image], **options: Any) -> list[list[str]]:
    """One row for each quality: how far the encoder is from what it means, in dB, at importance 1, 0 and in between."""
    rows = []
    for quality in (60, 75, 90):
        important = _mean_difference(pictures, quality, quality, 1.0, 10, options)
        background = [_mean_difference(pictures, quality, b, 0.0, b, options) for b in (10, 20, 30, 50)]
        halfway = [_halfway(pictures, quality, b, options) for b in (10, 30)]
        cells = [f"{value:+.2f}" for value in (important, *background)] + [f"{value:.2f}" for value in halfway]
        rows.append([str(quality), *cells])
    return rows


def _encoded(picture: Image.Image, quality: int, background_quality: int, importance: float, options: Options) -> bytes:
    flat = np.full((1, 1), importance, dtype=np.float32)
    return pyregjpeg.encode(picture, quality=quality, background_quality=background_quality, region_map=flat, **options)


def _reference(picture: Image.Image, quality: int, options: Options) -> bytes:
    """What a quality means: with Annex K's tables plain JPEG, with others a flat map."""
    if options["tables"] == "annex-k":
        return plain_jpeg(picture, quality)
    return _encoded(picture, quality, quality, 1.0, options)


def _mean_difference(
    pictures: Sequence[Image.Image],
    quality: int,
    plain_quality: int,
    importance: float,
    background_quality: int,
    options: Options,
) -> float:
    differences = [
        luma_psnr(picture, _encoded(picture, quality, background_quality, importance, options))
        - luma_psnr(picture, _reference(picture, plain_quality, options))
        for picture in pictures
    ]
    return float(np.mean(differences))


def _halfway(pictures: Sequence[Image.Image], quality: int, background_quality: int, options: Options) -> float:
    """The fall at importance 0.5 as a share of the fall at 0, both from importance 1: 0.5 when in proportion."""

    def mean_psnr(importance: float) -> float:
        encoded = (_encoded(picture, quality, background_quality, importance, options) for picture in pictures)
        return float(np.mean([luma_psnr(picture, jpeg) for picture, jpeg in zip(pictures, encoded, strict=True)]))

    important = mean_psnr(1.0)
    return (important - mean_psnr(0.5)) / (important - mean_psnr(0.0))


def calibrate(
    description: str | None, file: Path, measured: Callable[[Sequence[Image.Image]], str], rules: Sequence[Options]
) -> None:
    """The command of a file, which gets what was `measured`; the check saves with the options of each of the rules."""
    parser = benchmark_parser(description)
    parser.add_argument("--write", action="store_true", help=f"measure, and write {file.name}")
    arguments = parser.parse_args()
    step = 30 if arguments.quick else 3

    if arguments.write:
        content = measured(_load("calibration", arguments.photographs, step))
        file.write_text(f"{content}\n", encoding="utf-8")
    headers = ["quality", "importance 1", *(f"background {b}" for b in (10, 20, 30, 50)), "half, b 10", "half, b 30"]
    results: dict[str, object] = {}
    for name in ("calibration", "kodak"):
        pictures = _load(name, arguments.photographs, step if name == "calibration" else 1)
        for options in rules:
            rows = check(pictures, **options)
            rule = ", ".join(options.values())
            title = f"{name}, {len(pictures)} photographs, {rule}: dB of mean luma PSNR above what the quality means"
            print_table(f"{title}; share of the fall at 0.5", headers, rows)
            results[f"{name}, {rule}"] = {
                row[0]: dict(zip(headers[1:], map(float, row[1:]), strict=True)) for row in rows
            }
    write_results(arguments.output, file.stem, results)


def _load(name: str, root: Path, step: int) -> list[Image.Image]:
    """Every `step`-th photograph of a set."""
    return [photograph.load(megapixels=MEGAPIXELS) for photograph in photographs(name, root)[::step]]


def main() -> None:
    rule = {"tables": "annex-k", "effort": "fast"}
    calibrate(__doc__, CALIBRATION, lambda pictures: json.dumps(measure(pictures), separators=(",", ":")), [rule])


if __name__ == "__main__":
    main()
