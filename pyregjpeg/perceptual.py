"""The tables of tables="perceptual", fitted to metrics of visual quality, and the block rule that goes with them.

Steps, weights of the frequencies and a scale for each quality were found by training/fit_tables.py; how much luma PSNR
an allowance costs was measured by benchmarks/calibrate.py.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quantization

TABLES = Path(__file__).with_name("perceptual_tables.json")
CALIBRATION = Path(__file__).with_name("perceptual_calibration.json")


@functools.lru_cache
def tables(quality: int) -> NDArray[np.uint16]:
    """The luma and chroma tables (2, 64) of a quality 1..100: the SSIMULACRA2 of Pillow's JPEG at it, on average."""
    fitted = _json(TABLES)
    scale = np.exp(np.interp(quality, fitted["qualities"], np.log(fitted["scales"])))
    found: NDArray[np.uint16] = np.clip(np.rint(np.array(fitted["steps"]) * scale), 1, 255).astype(np.uint16)
    found.flags.writeable = False  # one array serves all callers
    return found


@functools.cache
def weights() -> NDArray[np.float32]:
    """The weight of each frequency in luma and in chroma, (2, 64); an allowance is in their unit."""
    found = np.array(_json(TABLES)["weights"], dtype=np.float32)
    found.flags.writeable = False
    return found


def allowances(quality: int, background_quality: int, levels: int) -> NDArray[np.float32]:
    """The allowance of each of `levels` steps of importance from 0 to 1.

    At importance 1 it is 1, with which the tables were fitted. Importance 0 has, on average, the luma PSNR of plain
    JPEG at `background_quality`, but never more than importance 1; in between the fall in decibels is in proportion.
    `background_quality` is at most `quality`, and equal to it every allowance is 1.
    """
    if background_quality == quality:
        return np.ones(levels, dtype=np.float32)
    measured = _json(CALIBRATION)
    by_quality = np.array(measured["psnr"])  # falling with the allowance
    psnr = np.array([np.interp(quality, measured["qualities"], column) for column in by_quality.T])
    background = min(psnr[0], float(quantization.plain_psnr(np.array(background_quality))))
    wanted = np.linspace(background, psnr[0], levels)
    found: NDArray[np.float64] = np.exp(np.interp(wanted, psnr[::-1], np.log(measured["allowances"])[::-1]))
    return found.astype(np.float32)


@functools.cache
def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
