"""What quality, subsampling and tables in the options amount to for one picture, by Pillow's rules."""

from __future__ import annotations

import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin
from PIL.JpegPresets import presets

from . import quantization
from .errors import CodecError, OptionError
from .options import DEFAULT_QUALITY, SaveOptions
from .table_kinds import CHROMA, LUMA, Rule, Sampling, chosen_kind, default_sampling, kinds_of_tables


@dataclass(frozen=True)
class Quantization:
    """What quality, subsampling and qtables amount to for one picture.

    `tables` is (n, 64), `quality` what the first of them amounts to; `keep_rgb` says that RGB is stored as it is;
    `kinds` (LUMA or CHROMA), `sampling` and `table_of_component` have one entry for each component; `rule` says how
    levels are chosen.
    """

    tables: NDArray[np.uint16]
    keep_rgb: bool
    kinds: tuple[int, ...]
    table_of_component: tuple[int, ...]
    sampling: tuple[Sampling, ...]
    quality: int
    rule: Rule

    @property
    def weights(self) -> NDArray[np.float32] | None:
        """The rule's for the tables."""
        kinds = kinds_of_tables(self.table_of_component, self.kinds, len(self.tables))
        return self.rule.weights_of(self.tables, kinds)


def resolve_quantization(
    options: SaveOptions, mode: str, size: tuple[int, int], source: Image.Image | None
) -> Quantization:
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
    kinds = (LUMA, CHROMA, CHROMA) if components == 3 and not keep_rgb else (LUMA,) * components
    default = default_sampling(options, size) if CHROMA in kinds else (1, 1)
    sampling = _sampling(subsampling, components, keep_rgb, source, default)
    given = _given_tables(qtables, source)
    kind = chosen_kind(options, size, sampling, foreign=given is not None)
    if given is None:
        number = DEFAULT_QUALITY if quality == -1 else min(max(int(quality), 1), 100)
        return Quantization(kind.of_quality(number), keep_rgb, kinds, kinds, sampling, number, kind.rule)
    if options.tables is not None:
        raise OptionError(f"tables={options.tables!r} and qtables exclude each other")
    tables = quantization.scaled_tables(given, 50 if quality == -1 else int(quality), 32767 if quality == -1 else 255)
    table_of_component = tuple(min(component, len(tables) - 1) for component in range(components))
    number = kind.equivalent_quality(tables[0])
    return Quantization(tables, keep_rgb, kinds, table_of_component, sampling, number, kind.rule)


def _sampling(
    subsampling: int | str, components: int, keep_rgb: bool, source: Image.Image | None, default: Sampling
) -> tuple[Sampling, ...]:
    codes = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2, "4:1:1": 2}  # before Pillow 4.3 "4:1:1" was its word for 4:2:0
    if subsampling == "keep":
        subsampling = JpegImagePlugin.get_sampling(_jpeg_source(source))
    elif isinstance(subsampling, str):
        subsampling = codes.get(subsampling, subsampling)
    if not isinstance(subsampling, int):
        raise OptionError(f"subsampling is 0, 1, 2, '4:4:4', '4:2:2', '4:2:0' or 'keep', not {subsampling!r}")
    if keep_rgb and subsampling in (1, 2):
        raise CodecError("keep_rgb stores green and blue in full: subsampling is 0 or left out")
    first = {0: (1, 1), 1: (2, 1), 2: (2, 2)}.get(subsampling, default)
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
