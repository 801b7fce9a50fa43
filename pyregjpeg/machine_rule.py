"""How levels are chosen for a network that reads the picture: by what an error means to it, by frequency and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .machine_tables import Found
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

    where m is that of the block's importance, by the strength for luma or for chroma. `found` has what goes with the
    ratio, `chroma_area` says how many samples of luma one of chroma covers. Nothing is done to the samples.
    """

    found: Found
    chroma_area: float

    trellis: ClassVar[bool] = True
    masking: ClassVar[float] = 0.0
    tail: ClassVar[float] = 0.0
    chroma_sharpening: ClassVar[float] = 0.0
    deringing: ClassVar[bool] = False

    def weights_of(self, tables: NDArray[np.uint16], kinds: Sequence[int]) -> NDArray[np.float32]:
        """Those of the frequencies of tables (n, 64) that are luma's, of kind 0 like the first one, or chroma's, 1."""
        of_a_step = np.log(self.found.fisher_of(self.chroma_area)[list(kinds)]) + 2 * np.log(tables)
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
        """By the map, and by the quality where its steps are cut off."""
        bit = self.found.bit_at(self.found.scale_of(quality))
        return Allotment(self.levels(its_map.levels(flat=False)), self.allowances(bit))

    def allowances(self, bit: float) -> NDArray[np.float32]:
        """Those of luma by map level, where a bit of average importance may cost so many squared steps."""
        counts = 2.0 ** (OCTAVES * self.found.luma_strength * (np.arange(LEVELS) - AVERAGE) / (LEVELS - 1))
        return (bit / counts).astype(np.float32)

    def levels(self, luma: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The map levels of luma, and those of chroma, as much nearer to the average as its strength is smaller."""
        share = self.found.chroma_strength / self.found.luma_strength
        of_chroma = (AVERAGE + np.rint((np.arange(LEVELS) - AVERAGE) * share)).astype(np.uint8)
        return luma, of_chroma[luma]
