"""The options: Pillow's JPEG options with Pillow's meaning, those of regions, and those of transcoding."""

from __future__ import annotations

import array
import dataclasses
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin
from PIL.JpegPresets import presets

from . import quantization
from .carried import STRIPPABLE
from .errors import CodecError, OptionError
from .map_model import MapModel
from .qf_model import QfModel
from .region_map import RegionMap

DEFAULT_QUALITY = 75

Options = TypeVar("Options", bound="RegionOptions")


@dataclass(frozen=True, kw_only=True)
class RegionOptions:
    """What encoding and transcoding are both told, by name, as the caller gave it; see the README for the meaning."""

    optimize: bool = True
    restart_marker_blocks: int = 0
    restart_marker_rows: int = 0
    region_map: RegionMap | None = None
    background_quality: int | None = None
    map_model: str | os.PathLike[str] | MapModel | QfModel = "msroi"
    tables: str = "annex-k"
    effort: str = "fast"
    feather: int = 1

    @classmethod
    def from_keywords(cls: type[Options], keywords: Mapping[str, Any]) -> Options:
        """Raises TypeError for an unknown name, OptionError for a value that needs no picture to be seen as wrong."""
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
        if self.tables != "annex-k":
            raise OptionError(f"tables is 'annex-k', not {self.tables!r}")
        if self.effort != "fast":
            raise OptionError(f"effort is 'fast', not {self.effort!r}")
        if not isinstance(self.map_model, (str, os.PathLike, MapModel, QfModel)):
            raise OptionError(f"map_model is a name, a path or a loaded model, not {self.map_model!r}")


@dataclass(frozen=True, kw_only=True)
class SaveOptions(RegionOptions):
    """What encode() and img.save are told."""

    quality: int | str = -1  # Pillow's word for the default
    subsampling: int | str = -1
    qtables: str | Sequence[Sequence[int]] | Mapping[int, Sequence[int]] | None = None
    progressive: bool = False
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
        _check_flag("progressive", self.progressive or self.progression)
        if self.streamtype != 0:
            raise OptionError(f"streamtype is 0, a complete JPEG file; {self.streamtype} is not supported")
        if self.smooth > 100:
            raise OptionError(f"smooth is 0 to 100, not {self.smooth}")


# What the overhead-free dialect has no use for, with the defaults: its tables are fixed, its map is in regions of 16x16
# pixels and taken as it is, and its steps are those of luma and chroma.
_STANDARD_ONLY = {"background_quality": None, "tables": "annex-k", "qtables": None, "feather": 1, "keep_rgb": False}

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
                resolve_background_quality(self, self.quality)
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


@dataclass(frozen=True)
class Quantization:
    """What quality, subsampling and qtables amount to for one picture.

    `tables` is (n, 64), `quality` what the first of them amounts to; `keep_rgb` says that RGB is stored as it is;
    `sampling` and `table_of_component` have one entry for each component.
    """

    tables: NDArray[np.uint16]
    keep_rgb: bool
    table_of_component: tuple[int, ...]
    sampling: tuple[tuple[int, int], ...]
    quality: int


def resolve_quantization(options: SaveOptions, mode: str, source: Image.Image | None) -> Quantization:
    """Follow Pillow's rules, presets and "keep" among them; `source` is the image that "keep" looks at.

    Raises OptionError where Pillow raises ValueError or TypeError, CodecError where it raises OSError.
    """
    quality: Any = options.quality
    subsampling: Any = options.subsampling
    qtables: Any = options.qtables
    if quality == "keep":
        quality, subsampling, qtables = -1, "keep", "keep"
    elif isinstance(quality, str) and quality in presets:
        preset = presets[quality]
        quality, subsampling, qtables = -1, preset.get("subsampling", -1), preset.get("quantization")
    elif not isinstance(quality, int):
        raise OptionError(f"Invalid quality setting: {quality!r}")
    else:
        if isinstance(subsampling, str) and subsampling in presets:
            subsampling = presets[subsampling].get("subsampling", -1)
        if isinstance(qtables, str) and qtables in presets:
            qtables = presets[qtables].get("quantization")

    components = {"1": 1, "L": 1, "CMYK": 4}.get(mode, 3)
    keep_rgb = bool(options.keep_rgb) and mode in ("RGB", "RGBX")
    sampling = _sampling(subsampling, components, keep_rgb, source)
    given = _given_tables(qtables, source)
    if given is None:
        number = DEFAULT_QUALITY if quality == -1 else min(max(int(quality), 1), 100)
        tables = quantization.annex_k(number)
        has_chroma = components == 3 and not keep_rgb
        table_of_component = (0, 1, 1) if has_chroma else (0,) * components
        return Quantization(tables, keep_rgb, table_of_component, sampling, number)
    tables = quantization.scaled_tables(given, 50 if quality == -1 else int(quality), 32767 if quality == -1 else 255)
    table_of_component = tuple(min(component, len(tables) - 1) for component in range(components))
    return Quantization(tables, keep_rgb, table_of_component, sampling, quantization.equivalent_quality(tables[0]))


Fall = Callable[[], "float | None"]  # decibels from importance 1 to 0, where the map says it; asked where it matters


def resolve_background_quality(options: RegionOptions, quality: int, fall: Fall = lambda: None) -> int:
    """The quality of importance 0; OptionError if it is no number up to `quality`."""
    background = options.background_quality
    if background is None:
        return default_background_quality(quality, fall)
    _check_quality("background_quality", background)
    if background > quality:
        raise OptionError(f"background_quality ({background}) is above quality ({quality})")
    return background


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


def _sampling(
    subsampling: int | str, components: int, keep_rgb: bool, source: Image.Image | None
) -> tuple[tuple[int, int], ...]:
    codes = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2, "4:1:1": 2}  # before Pillow 4.3 "4:1:1" was its word for 4:2:0
    if subsampling == "keep":
        subsampling = JpegImagePlugin.get_sampling(_jpeg_source(source))
    elif isinstance(subsampling, str):
        subsampling = codes.get(subsampling, subsampling)
    if not isinstance(subsampling, int):
        raise OptionError(f"subsampling is 0, 1, 2, '4:4:4', '4:2:2', '4:2:0' or 'keep', not {subsampling!r}")
    if keep_rgb and subsampling in (1, 2):
        raise CodecError("keep_rgb stores green and blue in full: subsampling is 0 or left out")
    first = {0: (1, 1), 1: (2, 1), 2: (2, 2)}.get(subsampling)
    if first is None:
        first = (2, 2) if components == 3 and not keep_rgb else (1, 1)
    return (first, *[(1, 1)] * (components - 1))


def _given_tables(qtables: Any, source: Image.Image | None) -> NDArray[np.int64] | None:
    """Tables given as text, as sequences, as a mapping or by "keep", (n, 64) in natural order."""
    if isinstance(qtables, str) and qtables == "keep":
        qtables = getattr(_jpeg_source(source), "quantization", None)
    if isinstance(qtables, str):
        words = [word for line in qtables.splitlines() for word in line.split("#", 1)[0].split()]
        try:
            numbers = [int(word) for word in words]
        except ValueError:
            raise OptionError("Invalid quantization table") from None
        qtables = [numbers[start : start + 64] for start in range(0, len(numbers), 64)]
    if isinstance(qtables, dict):
        qtables = [qtables[key] for key in range(len(qtables)) if key in qtables]
    if qtables is None:
        return None
    if not isinstance(qtables, (list, tuple)):
        raise OptionError(f"qtables is a list, tuple or dict of tables, their text or a preset, not {qtables!r}")
    if not 0 < len(qtables) < 5:
        raise OptionError("None or too many quantization tables")
    try:
        tables = [array.array("H", table) for table in qtables]  # 0..65535, integers only
    except (TypeError, OverflowError):
        raise OptionError("Invalid quantization table") from None
    if any(len(table) != 64 for table in tables):
        raise OptionError("Invalid quantization table")
    return np.array(tables, dtype=np.int64)


def _jpeg_source(source: Image.Image | None) -> Image.Image:
    if source is None or source.format != "JPEG":
        raise OptionError("Cannot use 'keep' when original image is not a JPEG")
    return source
