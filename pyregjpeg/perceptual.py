"""The tables of tables="perceptual", fitted to metrics of visual quality by training/fit_tables.py, for each effort."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .quantization import LOW_FREQUENCIES

TABLES = Path(__file__).with_name("perceptual_tables.json")


@functools.cache
def tables(quality: int, effort: str) -> NDArray[np.uint16]:
    """The luma and chroma tables (2, 64) of a quality 1..100: the SSIMULACRA2 of Pillow's JPEG at it, on average."""
    of_effort = fitted(effort)
    scale = np.exp(np.interp(quality, of_effort["qualities"], np.log(of_effort["scales"])))
    found: NDArray[np.uint16] = np.clip(np.rint(np.array(of_effort["steps"]) * scale), 1, 255).astype(np.uint16)
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
def _luma_tables(effort: str) -> NDArray[np.uint16]:
    """Those of the qualities 1 to 100, (100, 64)."""
    return np.array([tables(quality, effort)[0] for quality in range(1, 101)])


@functools.cache
def weights(effort: str) -> NDArray[np.float32]:
    """The weight of each frequency in luma and in chroma, (2, 64); an allowance is in their unit."""
    found = np.array(fitted(effort)["weights"], dtype=np.float32)
    found.flags.writeable = False
    return found


def fitted(effort: str) -> dict[str, Any]:
    """All that was found for an effort, "fast" or "best"."""
    of_effort: dict[str, Any] = _content()[effort]
    return of_effort


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(TABLES.read_text(encoding="utf-8"))
    return content
