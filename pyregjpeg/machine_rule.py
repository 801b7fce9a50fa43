"""How levels are chosen for a network that reads the picture: by what an error means to it, by frequency and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .options import RegionOptions
from .picture_map import Allotment, PictureMap
from .quantization import LOW_FREQUENCIES
from .region_map import LEVELS

OCTAVES = 8  # from importance 0 to 1, at a strength of 1, in what an error counts
AVERAGE = LEVELS // 2  # the map level of importance 0.5, at which an error counts once
_WIDEST = np.log(1e6)  # what weights may be off from 1: beyond, a frequency is kept, or given up, whatever it costs


@dataclass(frozen=True)
class MachineRule:
    """The levels v of the coefficients c that make the least of

        sum of fisher * m * (c - v)^2 + lambda * bits,

    where m is that of the block's importance, by the strength for luma or for chroma. `fisher`, (2, 64), is that of
    luma and of chroma; `bit` is lambda, in squared steps of luma's low frequencies. Nothing is done to the samples.
    """

    fisher: NDArray[np.float64]
    bit: float
    luma_strength: float
    chroma_strength: float

    trellis: ClassVar[bool] = True
    masking: ClassVar[float] = 0.0
    tail: ClassVar[float] = 0.0
    chroma_sharpening: ClassVar[float] = 0.0
    deringing: ClassVar[bool] = False

    def weights_of(self, tables: NDArray[np.uint16], kinds: Sequence[int]) -> NDArray[np.float32]:
        """Those of the frequencies of tables (n, 64) that are luma's, of kind 0 like the first one, or chroma's, 1."""
        of_a_step = np.log(self.fisher[list(kinds)]) + 2 * np.log(tables)
        weights: NDArray[np.float64] = np.exp(
            np.clip(of_a_step[0, LOW_FREQUENCIES].mean() - of_a_step, -_WIDEST, _WIDEST)
        )
        return weights.astype(np.float32)

    def allotment(
        self,
        its_map: PictureMap,
        options: RegionOptions,
        luma_table: NDArray[np.uint16],
        quality: int,
        *,
        keeps_important: bool = False,
    ) -> Allotment:
        """By the map alone. Allowances are those of luma: chroma has levels that are as much nearer to the average."""
        luma = its_map.levels(flat=False)
        steps = np.arange(LEVELS) - AVERAGE
        counts = 2.0 ** (OCTAVES * self.luma_strength * steps / (LEVELS - 1))
        of_chroma = (AVERAGE + np.rint(steps * (self.chroma_strength / self.luma_strength))).astype(np.uint8)
        return Allotment((luma, of_chroma[luma]), (self.bit / counts).astype(np.float32))
