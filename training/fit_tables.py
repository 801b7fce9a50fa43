"""Find the tables of tables="perceptual", and how levels are chosen with them, on photographs for training.

    python -m training.fit_tables best --ssimulacra2 PROGRAM                    how good they are
    python -m training.fit_tables best --ssimulacra2 PROGRAM --generations 40   looks for better ones

Seventeen numbers describe both tables and how they grow, the weights of their frequencies in the block rule or the
trellis, masking, the ends of blocks and the sharpening of chroma. CMA-ES (Hansen) changes them so that real files are
small beside mozjpeg's at equal SSIMULACRA2 and, with less weight, MS-SSIM and PSNR, at three rates. Then each quality
gets the scale at which the mean SSIMULACRA2 is that of Pillow's JPEG at this quality. Needs the extras [train] and
[benchmark].
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped]

from benchmarks.photographs import Photograph, add_photographs_option, photographs
from benchmarks.table_judge import METRICS, Judge, Ssimulacra2, encoded, ssimulacra2_by
from pyregjpeg import perceptual
from pyregjpeg.perceptual import Fitted

WALLPAPERS = ("BytheWater", "EveningGlow", "Kite", "Path", "FreshFlower", "Wood", "Storm", "LadyBird")
MORE_WALLPAPERS = ("OneStandsOut", "Aqua", "TwoWings")
MEGAPIXELS = 0.4
SCALED_MEGAPIXELS = 1.0
RELATIVE_SCALES = (0.45, 0.9, 2.0)
METRIC_WEIGHTS = (2.0, 0.5, 0.2)  # by METRICS
MEAN_STEP = 30.0  # of luma at scale 1, so that scale means the rate
DEVIATIONS, POPULATION = 0.4, 12
LARGEST_DC_WEIGHT = 0.02  # errors of DC are seen first
QUALITIES = (1, 3, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 93, 95, 97, 99, 100)
SCALES = np.geomspace(60, 0.03, 24)  # at which SSIMULACRA2 is measured

_ROW, _COLUMN = np.divmod(np.arange(64), 8)
RADIUS = np.hypot(_ROW, _COLUMN)
DIAGONAL = 2 * _ROW * _COLUMN / np.maximum(RADIUS**2, 1)  # 0 for horizontal and vertical waves, 1 at 45 degrees


@dataclass(frozen=True)
class Shape:
    """The tables by a formula of the radial frequency r, and the rest of what is searched."""

    luma_base: float  # base + 6 r^power
    luma_power: float
    luma_diagonal: float  # share by which diagonal waves are coarser
    luma_dc: float  # logarithm of what its step is multiplied by
    chroma: float  # logarithm of what all its steps are multiplied by
    chroma_base: float  # base + 8 r^power
    chroma_power: float
    chroma_dc: float
    luma_weight: float  # weight + slope r
    luma_slope: float
    chroma_weight: float
    chroma_slope: float
    masking: float
    tail: float
    luma_tilt: float  # by how much faster the steps of the highest frequencies grow with the scale
    chroma_tilt: float  # by how much faster all steps of chroma do
    chroma_sharpening: float

    def fitted(self) -> Fitted:
        luma = self.luma_base + 6 * RADIUS**self.luma_power * (1 + self.luma_diagonal * DIAGONAL)
        chroma = np.exp(self.chroma) * (self.chroma_base + 8 * RADIUS**self.chroma_power)
        luma[0] *= np.exp(self.luma_dc)
        chroma[0] *= np.exp(self.chroma_dc)
        bases, slopes = (self.luma_weight, self.chroma_weight), (self.luma_slope, self.chroma_slope)
        weights = np.maximum(np.array(bases)[:, None] + np.array(slopes)[:, None] * RADIUS, 0.001)
        weights[:, 0] = np.minimum(weights[:, 0], LARGEST_DC_WEIGHT)
        exponents = 1 + np.array([self.luma_tilt * (RADIUS / RADIUS.max() - 0.5), np.full(64, self.chroma_tilt)])
        return Fitted(
            np.array([luma, chroma]) * MEAN_STEP / luma.mean(),
            exponents,
            weights.astype(np.float32),
            max(self.masking, 0.0),
            max(self.tail, 0.0),
            min(max(self.chroma_sharpening, 0.0), 1.0),
        )


# Lengths of the search's first steps, by effort; what is 0 stays.
SPREADS = {
    "fast": Shape(2.4, 0.15, 0.15, 0.2, 0.25, 4.8, 0.2, 0.2, 0.03, 0.015, 0.03, 0.02, 0.1, 0.6, 0.1, 0.1, 0.2),
    "best": Shape(2.4, 0.15, 0.15, 0.2, 0.25, 4.8, 0.2, 0.2, 0.015, 0.003, 0.015, 0.003, 0.1, 0.0, 0.1, 0.1, 0.2),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "fast": {"optimize": True, "deringing": True},
    "best": {
        "optimize": True,
        "deringing": True,
        "trellis": True,
        "scans": "smallest",
        "search_scans": True,
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("effort", choices=sorted(SETTINGS))
    add_photographs_option(parser)
    parser.add_argument("--ssimulacra2", type=Path, metavar="PROGRAM", help="that measures it faster")
    parser.add_argument("--generations", type=int, help="of a search from the present tables on; 0 only rescales them")
    arguments = parser.parse_args()
    ssimulacra2, effort = ssimulacra2_by(arguments.ssimulacra2), arguments.effort
    judges = [Judge(photograph.load(MEGAPIXELS), ssimulacra2) for photograph in _searched(arguments.photographs)]
    content = json.loads(perceptual.TABLES.read_text("utf-8"))
    shape = Shape(**content[effort]["shape"])
    if arguments.generations is not None:
        shape = search(judges, shape, effort, arguments.generations)
        pictures = [photograph.load(SCALED_MEGAPIXELS) for photograph in _scaled(arguments.photographs)]
        content[effort] = described(pictures, ssimulacra2, shape, effort)
        perceptual.TABLES.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    for metric, ratio in zip(METRICS, ratios(judges, shape.fitted(), effort), strict=True):
        print(f"{ratio:.3f} of mozjpeg's bytes at equal {metric}")


def _searched(root: Path) -> list[Photograph]:
    """Twenty of several kinds, none of them for testing."""
    wallpapers = [photograph for photograph in photographs("wallpapers", root) if photograph.name in WALLPAPERS]
    return [*wallpapers, *photographs("calibration", root)[5:60:14], *photographs("imagenet_train", root)[7:700:90]]


def _scaled(root: Path) -> list[Photograph]:
    """Those on which a quality means what it does for Pillow's JPEG: half of them large."""
    wallpapers = [one for one in photographs("wallpapers", root) if one.name in WALLPAPERS + MORE_WALLPAPERS]
    return [*wallpapers, *photographs("calibration", root)[:78:8]]


def search(judges: list[Judge], start: Shape, effort: str, generations: int) -> Shape:
    """The best shape that CMA-ES finds from this one on."""
    if not generations:
        return start
    import cma  # type: ignore[import-not-found, import-untyped, unused-ignore]

    centre, spreads = np.array(astuple(start)), np.array(astuple(SPREADS[effort]))

    def shape_at(place: NDArray[np.float64]) -> Shape:
        return Shape(*map(float, (centre + spreads * place).round(4)))

    def loss(place: NDArray[np.float64]) -> float:
        found = ratios(judges, shape_at(place).fitted(), effort)
        value = float(np.log(found) @ METRIC_WEIGHTS)
        print(f"{value:.4f}", *(f"{ratio:.4f}" for ratio in found), shape_at(place), flush=True)
        return value

    options = {"popsize": POPULATION, "maxiter": generations, "seed": 3, "verbose": -9}
    return shape_at(cma.fmin(loss, np.zeros(len(centre)), DEVIATIONS, options)[0])


def ratios(judges: list[Judge], fitted: Fitted, effort: str) -> list[float]:
    """Our bytes over mozjpeg's at equal quality, by METRICS, geometric means."""
    logarithms = [
        judge.log_ratios([encoded(judge.picture, fitted, scale, **SETTINGS[effort]) for scale in RELATIVE_SCALES])
        for judge in judges
    ]
    found: list[float] = np.exp(np.mean(logarithms, axis=0)).tolist()
    return found


def described(pictures: list[Image.Image], ssimulacra2: Ssimulacra2, shape: Shape, effort: str) -> dict[str, Any]:
    """The content of perceptual_tables.json for this effort."""

    def mean_score(encode: Callable[[Image.Image], bytes]) -> float:
        files = ((picture, io.BytesIO(encode(picture))) for picture in pictures)
        return float(np.mean([ssimulacra2(picture, Image.open(file).convert("RGB")) for picture, file in files]))

    fitted = shape.fitted()
    ours = [mean_score(partial(encoded, fitted=fitted, scale=scale, **SETTINGS[effort])) for scale in SCALES]
    # Rounded steps make Pillow's scores jump from number to number: each stands for three.
    around = [[number for number in (quality - 1, quality, quality + 1) if 1 <= number <= 100] for quality in QUALITIES]
    plain = [np.mean([mean_score(partial(_plain, quality=number)) for number in three]) for three in around]
    rises = np.diff(np.maximum.accumulate([-np.inf, *ours])) > 0  # the coarsest tables may all be the same
    scale_of = PchipInterpolator(np.array(ours)[rises], np.log(SCALES[rises]))
    scales = np.exp(scale_of(np.clip(plain, ours[0], max(ours))))
    return {
        "origin": f"python -m training.fit_tables {effort}, scaled on {len(pictures)} photographs",
        "shape": {name: round(value, 4) for name, value in asdict(shape).items()},
        "steps": fitted.steps.round(3).tolist(),
        "exponents": fitted.exponents.round(4).tolist(),
        "weights": [[round(float(weight), 4) for weight in of_table] for of_table in fitted.weights],
        "masking": fitted.masking,
        "tail": fitted.tail,
        "chroma_sharpening": fitted.chroma_sharpening,
        "qualities": QUALITIES,
        "scales": scales.round(4).tolist(),
    }


def _plain(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


if __name__ == "__main__":
    main()
