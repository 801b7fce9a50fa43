"""Encoding in the standard dialect: where picture, region map and block rule meet."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import map_model, metadata, native, pixels, quantization, region_map
from .errors import OptionError
from .options import (
    Quantization,
    RegionOptions,
    SaveOptions,
    resolve_background_quality,
    resolve_quantization,
)
from .qf_model import QfModel

Source = Image.Image | NDArray[np.uint8]

SHORT_SIDE_TO_TURN = 512  # pixels; at least twice what a map model looks at


def encode(image: Source, **options: Any) -> bytes:
    """The picture as a file of the standard dialect; see `pyregjpeg.encode`."""
    prepared = prepare(image, options)
    return native.encode(prepared.settings, prepared.picture.strips())


@dataclass(frozen=True)
class Prepared:
    """A picture and all that the C encoder is told of it; `levels` are the map levels (rows, columns) of its blocks."""

    picture: pixels.Picture
    settings: native.Settings
    levels: NDArray[np.uint8]


def prepare(image: Source, options: Mapping[str, Any], levels: NDArray[np.uint8] | None = None) -> Prepared:
    """What `encode` does before it encodes; raises as it does. `levels`: those of the picture, where they are known."""
    settings, picture = understood(image, options)
    quantized = resolve_quantization(settings, picture.mode, picture.opened())
    background_quality = resolve_background_quality(settings, quantized.quality)
    if levels is None:
        flat = background_quality == quantized.quality
        levels = block_levels(
            settings, picture.size, lambda: predict_map(picture.image(), settings.map_model), flat=flat
        )
    allowances = quantization.allowances(quantized.tables[0], quantized.quality, background_quality, region_map.LEVELS)
    parts = components(quantized.sampling, quantized.table_of_component, levels)
    return Prepared(picture, native_settings(settings, picture, quantized, parts, allowances), levels)


def understood(image: Source, options: Mapping[str, Any]) -> tuple[SaveOptions, pixels.Picture]:
    """The options, checked, with the picture's own comment unless they have one, and the picture."""
    settings = SaveOptions.from_keywords(options)
    picture = pixels.picture_of(image)
    opened = picture.opened()
    if opened is not None and "comment" not in options:
        settings = replace(settings, comment=opened.info.get("comment"))
    return settings, picture


def native_settings(
    settings: SaveOptions,
    picture: pixels.Picture,
    quantized: Quantization,
    components: tuple[native.Component, ...],
    allowances: NDArray[np.float32],
    step_scales: NDArray[np.float32] | None = None,
) -> native.Settings:
    """What the C encoder is told: of each map level, an allowance and what the steps are multiplied by."""
    return native.Settings(
        width=picture.size[0],
        height=picture.size[1],
        pixels=picture.layout.pixels,
        components=components,
        tables=quantized.tables,
        allowances=allowances,
        step_scales=step_scales,
        keep_rgb=quantized.keep_rgb,
        optimize=bool(settings.optimize),
        progressive=bool(settings.progressive or settings.progression),
        smoothing=settings.smooth,
        restart_blocks=settings.restart_marker_blocks,
        restart_rows=settings.restart_marker_rows,
        density=_density(settings.dpi),
        segments=metadata.segments(
            exif=settings.exif,
            xmp=settings.xmp,
            icc_profile=settings.icc_profile,
            extra=settings.extra,
            comment=settings.comment,
        ),
    )


def predict_map(
    image: Source, model: str | os.PathLike[str] | map_model.MapModel | QfModel = "msroi"
) -> NDArray[np.float32]:
    """What a map model finds important in the picture: float32 (rows, cols), 0 = background, 1 = most important.

    The map covers the whole picture, in the axes of its pixels as they are stored, at the model's resolution. The model
    sees it upright: its EXIF orientation is applied for the model and undone for the map. Raises ModelError if the
    model cannot be had or cannot be run.
    """
    picture = image if isinstance(image, Image.Image) else pixels.picture_of(image).image()
    loaded = map_model.load_model(model)
    turns = region_map.turns(picture)
    if turns is None:
        return loaded.predict(picture)
    upright, back = turns
    # Turning costs as much as a copy of the picture, and the model looks at few of its pixels.
    shrink = min(picture.size) // SHORT_SIDE_TO_TURN
    if shrink > 1 and picture.mode in ("L", "RGB", "RGBX", "CMYK", "YCbCr"):
        picture = picture.reduce(shrink)
    return np.asarray(Image.fromarray(loaded.predict(picture.transpose(upright))).transpose(back))


def block_levels(
    options: RegionOptions, size: tuple[int, int], predict: Callable[[], NDArray[np.float32]], *, flat: bool
) -> NDArray[np.uint8]:
    """The map level of each 8x8 block of a picture of `size`, (rows, columns) of 0 to LEVELS - 1.

    From the map in the options, or else from `predict`, which is not called where a `flat` map is asked for.
    """
    # A map that is given is checked even where the qualities leave it nothing to say.
    if options.region_map is not None:
        blocks = region_map.block_importance(options.region_map, size)
    elif not flat:
        blocks = region_map.block_importance(predict(), size)
    if flat:
        return np.full(region_map.grid_shape(size), region_map.LEVELS - 1, dtype=np.uint8)
    return region_map.feathered(region_map.to_levels(blocks), options.feather)


def components(
    samplings: Sequence[tuple[int, int]], tables: Sequence[int], levels: NDArray[np.uint8]
) -> tuple[native.Component, ...]:
    """The components with these sampling factors and indices of tables, each with its own part of the map."""
    h_max = max(h_samp for h_samp, _ in samplings)
    v_max = max(v_samp for _, v_samp in samplings)
    levels_of = {
        (h_samp, v_samp): region_map.subsampled(levels, Fraction(v_max, v_samp), Fraction(h_max, h_samp))
        for h_samp, v_samp in set(samplings)
    }
    return tuple(
        native.Component(*sampling, table, levels_of[sampling])
        for sampling, table in zip(samplings, tables, strict=True)
    )


def _density(dpi: Any) -> tuple[int, int]:
    """Whole dots per inch, in the 16 bits that JFIF has for them, as Pillow stores them."""
    try:
        horizontal, vertical = (round(number) for number in dpi)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"dpi is two numbers, not {dpi!r}") from None
    return (horizontal & 0xFFFF, vertical & 0xFFFF) if horizontal > 0 and vertical > 0 else (0, 0)
