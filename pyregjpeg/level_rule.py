"""How levels are chosen with each kind of tables and each effort: by the block rule or the trellis, how freely, where.

An allowance is what the C encoder is given for each map level (csrc/block.h and csrc/trellis.h say what it does). How
large it has to be for a given fall in quality was measured on photographs: rule_calibration.json, written by
benchmarks/calibrate_rules.py, and for "annex-k" with "fast" calibration.json.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import perceptual, quantization
from .options import RegionOptions
from .picture_map import Allotment, PictureMap
from .region_map import LEVELS

CALIBRATION = Path(__file__).with_name("rule_calibration.json")

# With the trellis on Annex K's tables a bit of importance 1 is worth this much squared error, over the step, in units
# of dead_zone_scale; and masking is weaker than where the tables leave more to it. Found on training photographs.
_ANNEX_K_BIT = 0.1
_ANNEX_K_MASKING = 0.2


@dataclass(frozen=True)
class LevelRule:
    """The rule for one kind of tables and one effort.

    `weights`, (2, 64), are those of the frequencies in luma and in chroma, None for 1 over the step; `masking` and
    `tail` are those of csrc/masking.h; `chroma_sharpening` and `deringing` are done to the samples.
    """

    tables: str
    effort: str
    weights: NDArray[np.float32] | None
    masking: float
    tail: float
    chroma_sharpening: float
    deringing: bool

    @property
    def trellis(self) -> bool:
        return self.effort == "best"

    def weights_of(self, tables: NDArray[np.uint16], kinds: Sequence[int]) -> NDArray[np.float32] | None:
        """Those of the frequencies of tables (n, 64) that are luma's, of kind 0, or chroma's, 1."""
        return None if self.weights is None else self.weights[list(kinds)]

    def allotment(
        self,
        its_map: PictureMap,
        options: RegionOptions,
        luma_table: NDArray[np.uint16],
        quality: int,
        *,
        keeps_important: bool = False,
    ) -> Allotment:
        """By the map, from `quality`, which describes `luma_table`, down to the background's, luma and chroma alike."""
        background = options.background_of(quality, its_map.fall)
        levels = its_map.levels(flat=background == quality)
        allowances = self.allowances(luma_table, quality, background, LEVELS, keeps_important=keeps_important)
        return Allotment((levels, levels), allowances)

    def allowances(
        self,
        luma_table: NDArray[np.uint16],
        quality: int,
        background_quality: int,
        levels: int,
        *,
        keeps_important: bool = False,
    ) -> NDArray[np.float32]:
        """The allowance of each of `levels` steps of importance from 0 to 1.

        Importance 1 has the one that the rule is made for, or 0 where it is to be kept as it is. Importance 0 has, on
        average, the luma PSNR of a flat map at `background_quality`, with Annex K's tables that of plain JPEG, but
        never more than importance 1; in between the fall in decibels is in proportion. `quality` describes
        `luma_table`; `background_quality` is at most that, and equal to it all allowances are that of importance 1.
        """
        if (self.tables, self.effort) == ("annex-k", "fast"):
            drop = 0.0 if keeps_important else quantization.IMPORTANT_DROP
            return quantization.allowances(luma_table, quality, background_quality, levels, drop)
        important = 0.0 if keeps_important else 1.0
        if background_quality == quality:
            return np.full(levels, important * unit(self, luma_table), dtype=np.float32)
        measured = _calibration()[f"{self.tables}, {self.effort}"]
        multiples = np.array(measured["allowances"])
        psnr, of_background = (
            [np.interp(number, measured["qualities"], column) for column in np.array(measured["psnr"]).T]
            for number in (quality, background_quality)
        )
        highest, lowest = np.interp(important, multiples, psnr), np.interp(1.0, multiples, of_background)
        if self.tables == "annex-k":
            lowest = min(highest, quantization.plain_psnr(np.array(background_quality)))
        # Falling with the allowance; between two that were measured, the decibels are in proportion to its logarithm.
        logarithms = np.interp(np.linspace(lowest, highest, levels), psnr[::-1], np.log1p(multiples)[::-1])
        found: NDArray[np.float64] = np.expm1(logarithms) * unit(self, luma_table)
        found[-1] = important * unit(self, luma_table)
        return found.astype(np.float32)


def unit(rule: LevelRule, luma_table: NDArray[np.uint16]) -> float:
    """The allowance that importance 1 has by this rule."""
    return 1.0 if rule.tables == "perceptual" else _ANNEX_K_BIT * quantization.dead_zone_scale(luma_table)


@functools.cache
def level_rule(tables: str, effort: str) -> LevelRule:
    """The rule for "annex-k" or "perceptual" tables with "fast" or "best" effort."""
    if tables == "annex-k":
        return LevelRule(tables, effort, None, _ANNEX_K_MASKING if effort == "best" else 0.0, 0.0, 0.0, False)
    fitted = perceptual.fitted(effort)
    return LevelRule(tables, effort, fitted.weights, fitted.masking, fitted.tail, fitted.chroma_sharpening, True)


@functools.cache
def _calibration() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    return content
