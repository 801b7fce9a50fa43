"""The tables of tables="perceptual", fitted to metrics of visual quality by training/fit_tables.py, for each effort."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .quantization import LOW_FREQUENCIES

TABLES = Path(__file__).with_name("perceptual_tables.json")


@dataclass(frozen=True)
class Fitted:
    """Tables of luma and chroma, how they grow with their scale, and how levels are chosen with them.

    `steps`, (2, 64), are multiplied by the scale to the power of their `exponents`; `weights`, (2, 64), `masking` and
    `tail` are those of csrc/block.h and csrc/masking.h, `chroma_sharpening` is that of csrc/chroma.h.
    """

    steps: NDArray[np.float64]
    exponents: NDArray[np.float64]
    weights: NDArray[np.float32]
    masking: float
    tail: float
    chroma_sharpening: float

    def tables(self, scale: float) -> NDArray[np.uint16]:
        """The steps of a file, 1 to 255."""
        return np.clip(np.rint(self.steps * scale**self.exponents), 1, 255).astype(np.uint16)


@functools.cache
def tables(quality: int, effort: str) -> NDArray[np.uint16]:
    """The luma and chroma tables (2, 64) of a quality 1..100: the SSIMULACRA2 of Pillow's JPEG at it, on average."""
    content = _content()[effort]
    scale = float(np.exp(np.interp(quality, content["qualities"], np.log(content["scales"]))))
    found = fitted(effort).tables(scale)
    found.flags.writeable = False  # one array serves all callers
    return found


def equivalent_quality(luma_table: NDArray[np.uint16], effort: str) -> int:
    """The quality whose luma table has the nearest mean over the low frequencies."""
    means = _luma_tables(effort)[:, LOW_FREQUENCIES].mean(axis=1)
    return int(np.abs(means - luma_table[LOW_FREQUENCIES].mean()).argmin()) + 1


def exact_quality(luma_table: NDArray[np.uint16], effort: str) -> int | None:
    """The quality whose luma table is this one, the highest if there are several; None if there is none."""
    same = np.flatnonzero((_luma_tables(effort) == luma_table).all(axis=1))
    return int(same[-1]) + 1 if len(same) else None


@functools.cache
def fitted(effort: str) -> Fitted:
    """All that was found for an effort, "fast" or "best"."""
    content = _content()[effort]
    steps, exponents, weights = (np.array(content[name]) for name in ("steps", "exponents", "weights"))
    weights = weights.astype(np.float32)
    weights.flags.writeable = False
    numbers = {name: content[name] for name in ("masking", "tail", "chroma_sharpening")}
    return Fitted(steps, exponents, weights, **numbers)


@functools.cache
def _luma_tables(effort: str) -> NDArray[np.uint16]:
    """Those of the qualities 1 to 100, (100, 64)."""
    return np.array([tables(quality, effort)[0] for quality in range(1, 101)])


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(TABLES.read_text(encoding="utf-8"))
    return content
