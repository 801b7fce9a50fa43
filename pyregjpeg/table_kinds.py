"""The kinds of tables that options choose between: the steps of each quality, and the rule that goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import machine_tables, perceptual, quantization
from .level_rule import LevelRule, level_rule
from .machine_rule import MachineRule
from .options import DEFAULT_TABLES, EFFORTS, RegionOptions

LUMA, CHROMA = 0, 1  # what a component holds, and whose table of two it takes

Rule: TypeAlias = LevelRule | MachineRule
Sampling: TypeAlias = tuple[int, int]  # factors, horizontal and vertical

_LUMA_SAMPLING = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2)}


@dataclass(frozen=True)
class HumanTables:
    """Those of `tables`, "annex-k" or "perceptual", for an effort."""

    name: str
    effort: str

    def of_quality(self, quality: int) -> NDArray[np.uint16]:
        """Of luma and of chroma, (2, 64)."""
        if self.name == "annex-k":
            return quantization.annex_k(quality)
        return perceptual.tables(quality, self.effort)

    def equivalent_quality(self, luma_table: NDArray[np.uint16]) -> int:
        """The quality that a table amounts to."""
        if self.name == "annex-k":
            return quantization.equivalent_quality(luma_table)
        return perceptual.equivalent_quality(luma_table, self.effort)

    @property
    def rule(self) -> Rule:
        return level_rule(self.name, self.effort)


@dataclass(frozen=True)
class MachineTables:
    """Those of purpose="machine" for a ratio, and for chroma each of whose samples is one for so many of luma."""

    found: machine_tables.Found
    chroma_area: float

    def of_quality(self, quality: int) -> NDArray[np.uint16]:
        """Of luma and of chroma, (2, 64)."""
        return self.found.tables(self.found.scale_of(quality), self.chroma_area)

    def equivalent_quality(self, luma_table: NDArray[np.uint16]) -> int:
        """The quality that a table amounts to."""
        return self.found.equivalent_quality(luma_table)

    @property
    def rule(self) -> Rule:
        return MachineRule(self.found, self.chroma_area)


TableKind: TypeAlias = HumanTables | MachineTables


def default_sampling(options: RegionOptions, size: tuple[int, int]) -> Sampling:
    """That of luma, chroma having one sample in each direction."""
    return _LUMA_SAMPLING[_found(options, size).subsampling if options.purpose == "machine" else "4:2:0"]


def chosen_kind(
    options: RegionOptions, size: tuple[int, int], samplings: Sequence[Sampling], *, foreign: bool = False
) -> TableKind:
    """The kind that the options name for a picture of that size and sampling; `foreign` tables are none of ours."""
    if options.purpose == "machine":
        (h_luma, v_luma), (h_chroma, v_chroma) = samplings[0], samplings[min(1, len(samplings) - 1)]
        return MachineTables(_found(options, size), h_luma * v_luma / (h_chroma * v_chroma))
    return HumanTables("annex-k" if foreign else options.tables or DEFAULT_TABLES, options.effort)


def kind_in_file(
    options: RegionOptions, size: tuple[int, int], samplings: Sequence[Sampling], luma_table: NDArray[np.uint16]
) -> tuple[TableKind, int]:
    """The kind as which a file's tables are to be taken, and the quality that they amount to."""
    if options.purpose == "machine":
        kind = chosen_kind(options, size, samplings)
        return kind, kind.equivalent_quality(luma_table)
    name, quality = family_and_quality(luma_table)
    return HumanTables(name, options.effort), quality


def family_and_quality(luma_table: NDArray[np.uint16]) -> tuple[str, int]:
    """The kind of tables and the quality that a file's amounts to: "annex-k" unless they are fitted ones of ours."""
    quality = quantization.equivalent_quality(luma_table)
    if not np.array_equal(quantization.annex_k(quality)[0], luma_table):  # the finest are the same in both
        for effort in EFFORTS:
            fitted = perceptual.exact_quality(luma_table, effort)
            if fitted is not None:
                return "perceptual", fitted
    return "annex-k", quality


def kinds_of_tables(table_of_component: Sequence[int], kinds: Sequence[int], tables: int) -> list[int]:
    """For each of so many tables what the first component that has it holds; `kinds` is what each component holds."""
    firsts = [table_of_component.index(table) if table in table_of_component else 0 for table in range(tables)]
    return [kinds[first] for first in firsts]


def _found(options: RegionOptions, size: tuple[int, int]) -> machine_tables.Found:
    return machine_tables.found(machine_tables.ratio_of(size, options.machine_size))
