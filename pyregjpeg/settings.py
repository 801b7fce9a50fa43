"""What a run does to every file: checked before the first one is read, and recognised by its digest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ImageColor

from . import map_files, map_model, region_map, storage
from .carried import STRIPPABLE
from .errors import OptionError
from .options import EFFORTS, PURPOSES, TABLES, SaveOptions, TranscodeOptions

CHOICES = {
    "subsampling": ("4:4:4", "4:2:2", "4:2:0"),
    "overwrite": ("all", "never", "bigger"),
    "tables": TABLES,
    "effort": EFFORTS,
    "purpose": PURPOSES,
    "damaged": ("refuse", "keep-going"),
}
MAY_BE_NONE = ("subsampling", "tables")


@dataclass(frozen=True)
class Settings:
    """The options by name, as `batch.convert` describes them. It can be sent to other machines."""

    quality: int | None = None
    background_quality: int | None = None
    map_model: str | None = None
    region_map: str | None = None
    boxes: tuple[tuple[float, ...], ...] = ()
    progressive: bool | None = None
    subsampling: str | None = None
    pixels: bool = False
    target_size: int | None = None
    min_savings: float | None = None
    tables: str | None = None
    effort: str = "fast"
    purpose: str = "human"
    machine_size: int | None = None
    damaged: str = "refuse"
    background_color: tuple[int, int, int] = (255, 255, 255)
    strip: tuple[str, ...] = ()
    overwrite: str = "all"
    keep_dates: bool = False
    dry_run: bool = False
    model_digest: str = ""  # of the network that makes the maps; it may change under its name

    def digest(self, map_digest: str) -> str:
        """SHA-256 of all that decides the bytes of a result, with that of the map's file, if there is one."""
        deciding = dataclasses.asdict(self)
        for name in ("region_map", "map_model", "overwrite", "keep_dates", "dry_run"):
            del deciding[name]
        return hashlib.sha256(json.dumps([deciding, map_digest], sort_keys=True).encode()).hexdigest()

    def for_both(self) -> dict[str, Any]:
        """The options that the ways through coefficients and through pixels have in common, but for the map."""
        names = ("quality", "background_quality", "map_model", "progressive", "tables", "effort")
        chosen = {name: getattr(self, name) for name in (*names, "purpose", "machine_size")}
        return {name: value for name, value in chosen.items() if value is not None}

    def for_pixels(self) -> dict[str, Any]:
        """The save options of what goes through pixels."""
        return {**self.for_both(), **({"subsampling": self.subsampling} if self.subsampling else {})}

    def for_coefficients(self) -> dict[str, Any]:
        """The options of `transcode`."""
        return {**self.for_both(), "strip": self.strip, "damaged": self.damaged}


NAMES = frozenset(field.name for field in dataclasses.fields(Settings)) - {"boxes", "model_digest"}


def checked(**options: Any) -> Settings:
    """The settings of these options, of which `region_map` may also be boxes, and `background_color` a colour's name.

    What is wrong with any picture is said here: TypeError for an unknown name, OptionError, MapError or ModelError for
    a bad value.
    """
    unknown = sorted(options.keys() - NAMES)
    if unknown:
        raise TypeError(f"unknown option '{unknown[0]}'")
    given = options.pop("region_map", None)
    if given is not None and not isinstance(given, (str, Path)):
        options["boxes"] = tuple(map(_box, given))
    elif given is not None:
        options["region_map"] = str(given)
    for name in ("background_color", "strip"):
        if name in options:
            options[name] = {"background_color": _color, "strip": _strip}[name](options[name])
    if "map_model" in options:
        options["map_model"] = str(options["map_model"])
    settings = Settings(**options)
    for name, choices in CHOICES.items():
        value = getattr(settings, name)
        if value not in choices and not (name in MAY_BE_NONE and value is None):
            raise OptionError(f"{name} is one of {', '.join(choices)}, not {value!r}")
    SaveOptions.from_keywords(settings.for_pixels())
    model = TranscodeOptions.from_keywords(settings.for_coefficients()).map_model
    _check_numbers(settings)
    if settings.region_map is not None:
        _check_map(settings.region_map)
    elif not settings.boxes and settings.background_quality != (settings.quality or -1):
        return dataclasses.replace(settings, model_digest=map_model.load_model(model).card.sha256)
    return settings


def _check_numbers(settings: Settings) -> None:
    size, savings = settings.target_size, settings.min_savings
    if size is not None and (type(size) is not int or size < 1):
        raise OptionError(f"target_size is a number of bytes, 1 or more, not {size!r}")
    if savings is not None and not (isinstance(savings, (int, float)) and 0 <= savings <= 100):
        raise OptionError(f"min_savings is a percentage from 0 to 100, not {savings!r}")


def _check_map(location: str) -> None:
    if storage.is_folder(location):
        return
    given = map_files.read(location, "").region_map()
    region_map.block_importance(given, (8, 8))


def _box(numbers: Any) -> tuple[float, ...]:
    """A box that lies in some picture."""
    try:
        box = tuple(float(number) for number in numbers)
    except (TypeError, ValueError):
        box = ()
    if len(box) not in (4, 5):
        raise OptionError("a box is LEFT,UPPER,RIGHT,LOWER or LEFT,UPPER,RIGHT,LOWER,IMPORTANCE")
    left, upper, right, lower = box[:4]
    if not (max(left, 0) < right and max(upper, 0) < lower):  # written so that NaN fails too
        raise OptionError(f"the box {','.join(f'{number:g}' for number in box)} is empty")
    if not all(0 <= importance <= 1 for importance in box[4:]):
        raise OptionError(f"a box's importance is from 0 to 1, not {box[4]:g}")
    return box


def _color(value: Any) -> tuple[int, int, int]:
    """Of a name or of #rrggbb, as Pillow reads them, or three numbers."""
    try:
        red, green, blue = (ImageColor.getrgb(value) if isinstance(value, str) else tuple(value))[:3]
    except (TypeError, ValueError) as error:
        raise OptionError(f"background_color is a colour: {error}") from None
    return int(red), int(green), int(blue)


def _strip(value: Any) -> tuple[str, ...]:
    names = tuple(value.split(",")) if isinstance(value, str) else tuple(value)
    for name in names:
        if name not in STRIPPABLE:
            raise OptionError(f"strip is of {', '.join(STRIPPABLE)}, not {name!r}")
    return tuple(sorted(set(names)))
