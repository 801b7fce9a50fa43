"""The options: Pillow's JPEG options with Pillow's meaning, those of regions, and those of transcoding."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from PIL import Image

from . import quantization
from .carried import STRIPPABLE
from .errors import OptionError
from .map_model import MapModel
from .native import Scans
from .qf_model import QfModel
from .region_map import RegionMap

DEFAULT_QUALITY = 75
TABLES = ("annex-k", "perceptual")
DEFAULT_TABLES = "perceptual"
EFFORTS = ("fast", "best")
PURPOSES = ("human", "machine")

Options = TypeVar("Options", bound="RegionOptions")
Fall = Callable[[], "float | None"]  # decibels from importance 1 to 0, where the map says it; asked where it matters


@dataclass(frozen=True, kw_only=True)
class RegionOptions:
    """What encoding and transcoding are both told, by name, as the caller gave it; see the README for the meaning."""

    optimize: bool = True
    restart_marker_blocks: int = 0
    restart_marker_rows: int = 0
    region_map: RegionMap | None = None
    background_quality: int | None = None
    map_model: str | os.PathLike[str] | MapModel | QfModel = "msroi"
    tables: str | None = None
    effort: str = "fast"
    feather: int = 1
    purpose: str = "human"
    machine_size: int | None = None

    @classmethod
    def from_keywords(cls: type[Options], keywords: Mapping[str, Any]) -> Options:
        """Raises TypeError for an unknown name, OptionError for a value that needs no picture to be seen as wrong."""
        if keywords.get("purpose") == "machine":
            keywords = {**_MACHINE_DEFAULTS, **keywords}
        unknown = sorted(keywords.keys() - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise TypeError(f"unknown save option '{unknown[0]}'")
        options = cls(**keywords)
        options.check()
        return options

    def check(self) -> None:
        for name in ("restart_marker_blocks", "restart_marker_rows", "feather"):
            _check_count(name, getattr(self, name))
        _check_flag("optimize", self.optimize)
        if max(self.restart_marker_blocks, self.restart_marker_rows) > 65535:  # a DRI marker has 16 bits
            raise OptionError("restart_marker_blocks and restart_marker_rows are 0 to 65535")
        if self.tables is not None and self.tables not in TABLES:
            raise OptionError(f"tables is {' or '.join(map(repr, TABLES))}, not {self.tables!r}")
        if self.effort not in EFFORTS:
            raise OptionError(f"effort is {' or '.join(map(repr, EFFORTS))}, not {self.effort!r}")
        if not isinstance(self.map_model, (str, os.PathLike, MapModel, QfModel)):
            raise OptionError(f"map_model is a name, a path or a loaded model, not {self.map_model!r}")
        if self.purpose not in PURPOSES:
            raise OptionError(f"purpose is {' or '.join(map(repr, PURPOSES))}, not {self.purpose!r}")
        self._check_purpose()

    def _check_purpose(self) -> None:
        size = self.machine_size
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise OptionError(f"machine_size is an integer, 1 or more, not {size!r}")
        if self.purpose == "human" and size is not None:
            raise OptionError("machine_size goes with purpose='machine' only")
        for name in ("background_quality", "tables") if self.purpose == "machine" else ():
            if getattr(self, name) is not None:
                raise OptionError(f"purpose='machine' and {name} exclude each other")

    def background_of(self, quality: int, fall: Fall = lambda: None) -> int:
        """The quality of importance 0; OptionError if it is no number up to `quality`."""
        background = self.background_quality
        if background is None:
            return default_background_quality(quality, fall)
        _check_quality("background_quality", background)
        if background > quality:
            raise OptionError(f"background_quality ({background}) is above quality ({quality})")
        return background


# Of purpose="machine". Its maps say what counts more and what less than the average; a feather would only add to it.
_MACHINE_DEFAULTS = {"map_model": "machine", "feather": 0}


@dataclass(frozen=True, kw_only=True)
class SaveOptions(RegionOptions):
    """What encode() and img.save are told."""

    quality: int | str = -1  # Pillow's word for the default
    subsampling: int | str = -1
    qtables: str | Sequence[Sequence[int]] | Mapping[int, Sequence[int]] | None = None
    progressive: bool | None = None  # as the effort says
    progression: bool = False  # Pillow's older name for the same
    smooth: int = 0
    keep_rgb: bool = False
    streamtype: int = 0
    dpi: tuple[float, float] = (0, 0)
    exif: bytes | Image.Exif = b""
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    comment: bytes | str | None = None
    extra: bytes = b""
    overhead_free: bool = False

    @classmethod
    def from_keywords(cls: type[Options], keywords: Mapping[str, Any]) -> Options:
        """As of RegionOptions; the overhead-free dialect has a map model of its own."""
        own = {"map_model": "qf"} if keywords.get("overhead_free") else {}
        return super().from_keywords({**own, **keywords})

    def check(self) -> None:
        super().check()
        _check_flag("overhead_free", self.overhead_free)
        if self.overhead_free:
            _check_standard_only(self)
        _check_count("smooth", self.smooth)
        _check_count("streamtype", self.streamtype)
        if self.progressive is not None:
            _check_flag("progressive", self.progressive)
        _check_flag("progression", self.progression)
        if self.streamtype != 0:
            raise OptionError(f"streamtype is 0, a complete JPEG file; {self.streamtype} is not supported")
        if self.smooth > 100:
            raise OptionError(f"smooth is 0 to 100, not {self.smooth}")


# What the overhead-free dialect has no use for, with the defaults: its tables are fixed, its map is in regions of 16x16
# pixels and taken as it is, and its steps are those of luma and chroma.
_STANDARD_ONLY = {"purpose": "human", "background_quality": None, "tables": None, "effort": "fast", "qtables": None} | {
    "feather": 1,
    "keep_rgb": False,
}

SAVE_OPTIONS = frozenset(field.name for field in dataclasses.fields(SaveOptions))


@dataclass(frozen=True, kw_only=True)
class TranscodeOptions(RegionOptions):
    """What transcode() is told."""

    quality: int | None = None  # keeps the tables of the source
    progressive: bool | None = None  # as the source is
    strip: Collection[str] = ()
    damaged: str = "refuse"
    allow_larger: bool = False

    def check(self) -> None:
        super().check()
        if self.quality is not None:
            _check_quality("quality", self.quality)
        if self.background_quality is not None:
            _check_quality("background_quality", self.background_quality)
            if self.quality is not None:
                super().background_of(self.quality)
        if self.progressive is not None:
            _check_flag("progressive", self.progressive)
        _check_flag("allow_larger", self.allow_larger)
        if isinstance(self.strip, str) or not isinstance(self.strip, Collection):
            raise OptionError(f"strip is a collection of names, such as ('exif', 'xmp'), not {self.strip!r}")
        for name in self.strip:
            if name not in STRIPPABLE:
                raise OptionError(f"strip holds names of {', '.join(STRIPPABLE)}, not {name!r}")
        if self.damaged not in ("refuse", "keep-going"):
            raise OptionError(f"damaged is 'refuse' or 'keep-going', not {self.damaged!r}")

    def background_of(self, quality: int, fall: Fall = lambda: None) -> int:
        """The quality of importance 0, no more than that of the source's tables."""
        if self.background_quality is None:
            return default_background_quality(quality, fall)
        return min(self.background_quality, quality)


def scans(progressive: bool | None, *, trellis: bool, optimize: bool) -> Scans:
    """The kind of file for these options; None is what takes no longer, or after the trellis what is smallest."""
    if progressive is None:
        return "smallest" if trellis and optimize else "sequential"
    return "progressive" if progressive else "sequential"


def default_background_quality(quality: int, fall: Fall) -> int:
    """Four fifths, which benchmarks/background_choice.py speaks for; by a QF map, what lies below as it says."""
    if quality == 1:  # nothing does
        return 1
    decibels = fall()
    return max(1, quality * 4 // 5) if decibels is None else quantization.quality_below(quality, decibels)


def _check_quality(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise OptionError(f"{name} is an integer from 1 to 100, not {value!r}")


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, int):
        raise OptionError(f"{name} is True or False, not {value!r}")


def _check_count(name: str, value: object) -> None:
    if not isinstance(value, int) or value < 0:
        raise OptionError(f"{name} is an integer, 0 or more, not {value!r}")


def _check_standard_only(options: SaveOptions) -> None:
    for name, default in _STANDARD_ONLY.items():
        value = getattr(options, name)
        if value is not default and (default is None or value != default):
            raise OptionError(f"{name} does not go with overhead_free")
