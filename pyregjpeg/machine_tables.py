"""The tables of purpose="machine", for a network that sees the picture scaled down, and what goes with each ratio.

They were found by training/fisher_tables.py for a few ratios of the picture's size to what the network sees; between
these they are interpolated, all in logarithms but for the strengths.
"""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .quantization import LOW_FREQUENCIES

TABLES = Path(__file__).with_name("machine_tables.json")

DEFAULT_SIZE = 224  # pixels, the short side of what the network sees
LARGEST_RATIO = 8
LARGEST_STEP = 255
PLANES = ("luma", "chroma of half size", "chroma of full size")  # as in the file


def ratio_of(size: tuple[int, int], machine_size: int | None) -> float:
    """How many times smaller a network sees a picture of this size whose short side it sees in `machine_size` pixels.

    1 to 8: no network sees more than there is, and beyond 8 the tables stay as they are.
    """
    return min(max(min(size) / (machine_size or DEFAULT_SIZE), 1.0), float(LARGEST_RATIO))


@dataclass(frozen=True)
class Found:
    """What was found for one ratio.

    `fisher`, what a squared error means by Fisher's information and the search that bent it, and `steps` are (3, 64):
    of luma, of chroma of half and of full size. A quality's steps are those times its scale; `scales` has those of some
    `qualities`. `bit` is what a bit may cost in squared steps of luma's low frequencies, the strengths are how much the
    map says of luma and of chroma, above 0. `subsampling` is the best one, by Pillow's name.
    """

    subsampling: str
    fisher: NDArray[np.float64]
    steps: NDArray[np.float64]
    qualities: NDArray[np.int64]
    scales: NDArray[np.float64]
    bit: float
    luma_strength: float
    chroma_strength: float

    def scale_of(self, quality: int) -> float:
        """What the steps are multiplied by at a quality 1..100."""
        return float(np.exp(np.interp(quality, self.qualities, np.log(self.scales))))

    def tables(self, scale: float, chroma_area: float) -> NDArray[np.uint16]:
        """The luma and chroma tables (2, 64) of a scale, where a chroma sample covers so many of luma's."""
        return _in_file(scale * _of_two(self.steps, chroma_area))

    def bit_at(self, scale: float) -> float:
        """What a bit may cost in squared steps of luma's low frequencies, as a file of that scale has them.

        More than `bit` where steps are cut off at what a file can have: then only zeros make it smaller.
        """
        cut_off = np.maximum(scale * self.steps[0, LOW_FREQUENCIES] / LARGEST_STEP, 1.0)
        return float(self.bit * np.exp(2 * np.log(cut_off).mean()))

    def fisher_of(self, chroma_area: float) -> NDArray[np.float64]:
        """`fisher` of luma and of such chroma, (2, 64)."""
        return _of_two(self.fisher, chroma_area)

    def equivalent_quality(self, luma_table: NDArray[np.uint16]) -> int:
        """The quality whose luma table has the nearest mean over the low frequencies."""
        scales = np.exp(np.interp(np.arange(1, 101), self.qualities, np.log(self.scales)))
        means = _in_file(np.multiply.outer(scales, self.steps[0, LOW_FREQUENCIES])).mean(axis=1)
        return int(np.abs(means - luma_table[LOW_FREQUENCIES].mean()).argmin()) + 1


@functools.lru_cache
def found(ratio: float) -> Found:
    """What was found for a ratio of 1 to 8, or lies between that of the nearest ones."""
    families = _content()["families"]
    logarithms = np.log([family["ratio"] for family in families])
    above = int(np.clip(np.searchsorted(logarithms, math.log(ratio)), 1, len(families) - 1))
    lower, upper = families[above - 1 : above + 1]
    span = logarithms[above] - logarithms[above - 1]
    share = float((math.log(ratio) - logarithms[above - 1]) / span)

    def between(value: Any, other: Any) -> NDArray[np.float64]:
        interpolated: NDArray[np.float64] = np.exp((1 - share) * np.log(value) + share * np.log(other))
        return interpolated

    def of_planes(name: str) -> NDArray[np.float64]:
        return np.array([between(lower[name][plane], upper[name][plane]) for plane in PLANES])

    def strength(name: str) -> float:
        return float((1 - share) * lower[name] + share * upper[name])

    return Found(
        subsampling=str((lower if share < 0.5 else upper)["subsampling"]),
        fisher=of_planes("fisher"),
        steps=of_planes("steps"),
        qualities=np.array(_content()["qualities"]),
        scales=between(lower["scales"], upper["scales"]),
        bit=float(between(lower["bit"], upper["bit"])),
        luma_strength=strength("luma_strength"),
        chroma_strength=strength("chroma_strength"),
    )


def _of_two(planes: NDArray[np.float64], chroma_area: float) -> NDArray[np.float64]:
    """Of luma and of chroma, which is of half size in both directions, in none, or lies halfway between."""
    half = min(max(math.log2(chroma_area) / 2, 0.0), 1.0)
    luma, half_size, full_size = planes
    return np.array([luma, half_size**half * full_size ** (1 - half)])


def _in_file(steps: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Steps as a file has them."""
    return np.clip(np.rint(steps), 1, LARGEST_STEP).astype(np.uint16)


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(TABLES.read_text(encoding="utf-8"))
    return content
