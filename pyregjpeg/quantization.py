"""Qualities: a quality becomes quantisation tables; importance becomes the allowance of a block.

The C encoder zeroes what a block's allowance lets it zero (the block rule, csrc/block.h). How large an allowance has to
be for a given fall in quality was measured on photographs: calibration.json, written by benchmarks/calibrate.py.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# ITU-T T.81, tables K.1 and K.2, in natural order.
_ANNEX_K_LUMA = """
    16 11 10 16 24 40 51 61      12 12 14 19 26 58 60 55      14 13 16 24 40 57 69 56      14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77    24 35 55 64 81 104 113 92    49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99
"""
_ANNEX_K_CHROMA = """
    17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99  24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99
"""
ANNEX_K = np.array([_ANNEX_K_LUMA.split(), _ANNEX_K_CHROMA.split()], dtype=np.int64)

# Places 1 to 14 of the zigzag order: the AC coefficients that carry most of a photograph.
LOW_FREQUENCIES = np.array([1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4])


@functools.lru_cache
def annex_k(quality: int) -> NDArray[np.uint16]:
    """The luma and chroma tables (2, 64) of libjpeg, and so Pillow, at a quality 1..100; others are clipped to that."""
    tables = scaled_tables(ANNEX_K, quality, largest=255)
    tables.flags.writeable = False  # one array serves all callers
    return tables


def scaled_tables(tables: NDArray[np.int64], quality: int, largest: int = 32767) -> NDArray[np.uint16]:
    """Tables (n, 64) scaled to a quality by libjpeg's formula: unchanged at 50, entries within 1..largest."""
    quality = min(max(quality, 1), 100)
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((tables * percent + 50) // 100, 1, largest).astype(np.uint16)


def equivalent_quality(luma_table: NDArray[np.uint16]) -> int:
    """The quality whose Annex K luma table has the nearest mean over the low frequencies, then the nearest entries."""
    tables, means = _luma_tables()
    by_mean = np.abs(means - luma_table[LOW_FREQUENCIES].mean())
    by_entries = np.abs(tables - luma_table).sum(axis=1)
    return int(np.lexsort((by_entries, by_mean))[0]) + 1


@functools.cache
def _luma_tables() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Annex K's luma tables (100, 64) of the qualities 1 to 100, and their means over the low frequencies."""
    tables = np.array([annex_k(quality)[0] for quality in range(1, 101)], dtype=np.int64)
    return tables, tables[:, LOW_FREQUENCIES].mean(axis=1)


# Decibels of luma PSNR that a block of importance 1 gives up: coefficients just above half a step cost more bits than
# they are worth, at any importance. It is what makes a flat map smaller than the same tables with plain rounding.
IMPORTANT_DROP = 0.15


def allowances(
    luma_table: NDArray[np.uint16],
    quality: int,
    background_quality: int,
    levels: int,
    important_drop: float = IMPORTANT_DROP,
) -> NDArray[np.float32]:
    """The allowance of each of `levels` steps of importance from 0 to 1, in units of an orthonormal DCT coefficient.

    Importance 1 loses `important_drop` decibels against plain JPEG at `quality`, importance 0 as much as plain JPEG at
    `background_quality`, in mean luma PSNR; in between the fall in decibels is in proportion. `quality` describes
    `luma_table`; `background_quality` is at most that, and equal to it every allowance is that of importance 1.
    """
    dead_zones = _dead_zones(quality, background_quality, levels, important_drop)
    in_units: NDArray[np.float32] = dead_zones * np.float32(dead_zone_scale(luma_table))
    return in_units


@functools.lru_cache
def _dead_zones(quality: int, background_quality: int, levels: int, important_drop: float) -> NDArray[np.float32]:
    """`allowances` in units of `dead_zone_scale`."""
    calibration = _calibration()
    plain = calibration.plain_psnr
    background_drop = max(plain[quality - 1] - plain[background_quality - 1], important_drop)
    importance = np.linspace(0, 1, levels)
    drops = background_drop + importance * (important_drop - background_drop)
    return calibration.dead_zones_for(quality, drops).astype(np.float32)


def plain_psnr(qualities: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean luma PSNR, in decibels, of plain JPEG at each of these qualities."""
    return _calibration().plain_psnr[qualities.astype(np.intp) - 1]


def quality_below(quality: int, decibels: float) -> int:
    """The quality whose plain JPEG lies nearest to that many decibels below that of `quality`, in mean luma PSNR."""
    plain = _calibration().plain_psnr[:quality]
    return int(np.abs(plain - (plain[-1] - decibels)).argmin()) + 1


def dead_zone_scale(luma_table: NDArray[np.uint16]) -> float:
    """The unit in which dead zones are calibrated: the root mean square step of the luma table's low frequencies."""
    return float(np.sqrt(np.mean(luma_table[LOW_FREQUENCIES].astype(np.float64) ** 2)))


@dataclass(frozen=True)
class Calibration:
    """Means over photographs, in decibels of luma PSNR.

    `plain_psnr`: of plain JPEG at the qualities 1 to 100. `psnr_drop`: (qualities, dead_zones), what is lost against
    plain rounding at one of `qualities` by a flat allowance of one of `dead_zones`, both ascending.
    """

    plain_psnr: NDArray[np.float64]
    qualities: NDArray[np.float64]
    dead_zones: NDArray[np.float64]
    psnr_drop: NDArray[np.float64]

    def dead_zones_for(self, quality: int, drops: NDArray[np.float64]) -> NDArray[np.float64]:
        """The dead zone for each of the drops, interpolated between the calibrated qualities."""
        above = min(int(np.searchsorted(self.qualities, quality)), len(self.qualities) - 1)
        below = max(above - 1, 0)
        span = self.qualities[above] - self.qualities[below]
        weight = np.clip((quality - self.qualities[below]) / span, 0, 1) if span else 1.0
        at_below = np.interp(drops, self.psnr_drop[below], self.dead_zones)
        at_above = np.interp(drops, self.psnr_drop[above], self.dead_zones)
        blended: NDArray[np.float64] = at_below + weight * (at_above - at_below)
        return blended


@functools.cache
def _calibration() -> Calibration:
    text = importlib.resources.files(__package__).joinpath("calibration.json").read_text(encoding="utf-8")
    values = json.loads(text)
    return Calibration(
        np.array(values["plain_psnr"]),
        np.array(values["qualities"]),
        np.array(values["dead_zones"]),
        np.array(values["psnr_drop"]),
    )
