"""Find the quantisation tables of tables="perceptual", on photographs for training.

    python -m training.fit_tables --photographs DIR --ssimulacra2 PROGRAM                    how good they are
    python -m training.fit_tables --photographs DIR --ssimulacra2 PROGRAM --generations 40   looks for better ones

A dozen numbers describe both tables and the weights of their frequencies in the block rule. CMA-ES (Hansen) changes
them so that real files are small beside mozjpeg's at equal SSIMULACRA2 and MS-SSIM and, with less weight, PSNR, at
four rates. Then each quality gets the scale at which the mean SSIMULACRA2 is that of Pillow's JPEG at this quality.
Needs the extras [train] and [benchmark].
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
from benchmarks.table_judge import METRICS, Judge, Ssimulacra2, Tables, encoded, ssimulacra2_by
from pyregjpeg import perceptual

WALLPAPERS = ("BytheWater", "EveningGlow", "Kite", "Path", "FreshFlower", "Wood", "Storm", "LadyBird")
MEGAPIXELS = 0.4
RELATIVE_SCALES = (0.4, 0.75, 1.3, 2.3)
METRIC_WEIGHTS = (1.0, 1.0, 0.35)  # by METRICS
MEAN_STEP = 30.0  # of luma at scale 1, so that scale means the rate
DEVIATIONS, POPULATION = 0.7, 9
QUALITIES = (1, 3, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 93, 95, 97, 99, 100)
SCALES = np.geomspace(20, 0.03, 27)  # at which SSIMULACRA2 is measured

_ROW, _COLUMN = np.divmod(np.arange(64), 8)
RADIUS = np.hypot(_ROW, _COLUMN)
DIAGONAL = 2 * _ROW * _COLUMN / np.maximum(RADIUS**2, 1)  # 0 for horizontal and vertical waves, 1 at 45 degrees


@dataclass(frozen=True)
class Shape:
    """The tables by a formula of the radial frequency r; lengths of the search's first steps are in `SPREADS`."""

    luma_base: float = 8.0  # base + 6 r^power
    luma_power: float = 1.0
    luma_diagonal: float = 0.0  # share by which diagonal waves are coarser
    luma_dc: float = 0.0  # logarithm of what its step is multiplied by
    chroma: float = 0.0  # logarithm of what all its steps are multiplied by
    chroma_base: float = 16.0  # base + 8 r^power
    chroma_power: float = 1.2
    chroma_dc: float = 0.0
    luma_weight: float = 0.0  # weight + slope r
    luma_slope: float = 0.03
    chroma_weight: float = 0.0
    chroma_slope: float = 0.03

    def tables(self) -> Tables:
        luma = self.luma_base + 6 * RADIUS**self.luma_power * (1 + self.luma_diagonal * DIAGONAL)
        chroma = np.exp(self.chroma) * (self.chroma_base + 8 * RADIUS**self.chroma_power)
        luma[0] *= np.exp(self.luma_dc)
        chroma[0] *= np.exp(self.chroma_dc)
        weights = (self.luma_weight + self.luma_slope * RADIUS, self.chroma_weight + self.chroma_slope * RADIUS)
        return Tables(np.array([luma, chroma]) * MEAN_STEP / luma.mean(), np.maximum(weights, 0))


SPREADS = Shape(2.4, 0.15, 0.15, 0.2, 0.25, 4.8, 0.2, 0.2, 0.03, 0.015, 0.03, 0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--ssimulacra2", type=Path, metavar="PROGRAM", help="that measures it faster")
    parser.add_argument("--generations", type=int, help="of a search from the present tables on; 0 only rescales them")
    arguments = parser.parse_args()
    ssimulacra2 = ssimulacra2_by(arguments.ssimulacra2)
    judges = [Judge(photograph.load(MEGAPIXELS), ssimulacra2) for photograph in _searched(arguments.photographs)]
    shape = Shape(**json.loads(perceptual.TABLES.read_text("utf-8"))["shape"])
    if arguments.generations is not None:
        shape = search(judges, shape, arguments.generations)
        pictures = [photograph.load(MEGAPIXELS) for photograph in _scaled(arguments.photographs)]
        content = described(pictures, ssimulacra2, shape)
        perceptual.TABLES.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    for metric, ratio in zip(METRICS, ratios(judges, shape.tables()), strict=True):
        print(f"{ratio:.3f} of mozjpeg's bytes at equal {metric}")


def _searched(root: Path) -> list[Photograph]:
    """Twelve of several kinds, none of them for testing."""
    wallpapers = [photograph for photograph in photographs("wallpapers", root) if photograph.name in WALLPAPERS]
    return [*wallpapers, *photographs("calibration", root)[5:60:14]]


def _scaled(root: Path) -> list[Photograph]:
    """Those on which a quality means what it does for Pillow's JPEG."""
    chosen = (photographs("wallpapers", root)[::3], photographs("calibration", root)[::4])
    return [*chosen[0], *chosen[1], *photographs("imagenet_train", root)[::24]]


def search(judges: list[Judge], start: Shape, generations: int) -> Shape:
    """The best shape that CMA-ES finds from this one on."""
    if not generations:
        return start
    import cma  # type: ignore[import-not-found, import-untyped, unused-ignore]

    centre, spreads = np.array(astuple(start)), np.array(astuple(SPREADS))

    def loss(place: NDArray[np.float64]) -> float:
        value = float(np.log(ratios(judges, Shape(*(centre + spreads * place)).tables())) @ METRIC_WEIGHTS)
        print(f"{value:.4f}", flush=True)
        return value

    options = {"popsize": POPULATION, "maxiter": generations, "seed": 3, "verbose": -9}
    best = cma.fmin(loss, np.zeros(len(centre)), DEVIATIONS, options)[0]
    return Shape(*map(float, (centre + spreads * best).round(4)))


def ratios(judges: list[Judge], tables: Tables) -> list[float]:
    """Our bytes over mozjpeg's at equal quality, by METRICS, geometric means."""
    logarithms = [
        judge.log_ratios([encoded(judge.picture, tables, scale) for scale in RELATIVE_SCALES]) for judge in judges
    ]
    found: list[float] = np.exp(np.mean(logarithms, axis=0)).tolist()
    return found


def described(pictures: list[Image.Image], ssimulacra2: Ssimulacra2, shape: Shape) -> dict[str, Any]:
    """The content of perceptual_tables.json."""

    def mean_score(encode: Callable[[Image.Image], bytes]) -> float:
        files = ((picture, io.BytesIO(encode(picture))) for picture in pictures)
        return float(np.mean([ssimulacra2(picture, Image.open(file).convert("RGB")) for picture, file in files]))

    tables = shape.tables()
    ours = [mean_score(partial(encoded, tables=tables, scale=scale)) for scale in SCALES]
    plain = [mean_score(partial(_plain, quality=quality)) for quality in QUALITIES]
    scale_of = PchipInterpolator(ours, np.log(SCALES))  # finer tables, higher scores
    scales = np.exp(scale_of(np.clip(plain, ours[0], ours[-1])))
    return {
        "origin": f"python -m training.fit_tables, {len(pictures)} photographs of at most {MEGAPIXELS} MP",
        "shape": {name: round(value, 4) for name, value in asdict(shape).items()},
        "steps": tables.steps.round(3).tolist(),
        "weights": tables.weights.round(4).tolist(),
        "qualities": QUALITIES,
        "scales": scales.round(4).tolist(),
    }


def _plain(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


if __name__ == "__main__":
    main()
