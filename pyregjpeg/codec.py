"""Encoding: where picture, region map and block rule meet."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import map_model, metadata, native, pixels, quantization, region_map
from .errors import OptionError
from .options import Quantization, SaveOptions, resolve_background_quality, resolve_quantization

Source = Image.Image | NDArray[np.uint8]

SHORT_SIDE_TO_TURN = 512  # pixels; at least twice what a map model looks at


def encode(image: Source, **options: Any) -> bytes:
    """Encode a picture as a JPEG file in which what matters keeps its quality.

    `image` is a PIL image of mode 1, L, RGB, RGBX, CMYK or YCbCr, or an array, uint8 of shape (H, W) or (H, W, 3) in
    RGB. `options` are Pillow's JPEG save options and those of regions (see the README); `optimize` defaults to True.

    Raises TypeError for an unknown option, OptionError, MapError, ModelError or MetadataError for a bad value of a
    known one, CodecError for a picture that JPEG cannot hold.
    """
    settings = SaveOptions.from_keywords(options)
    picture = pixels.picture_of(image)
    source = image if isinstance(image, Image.Image) else None
    comment = source.info.get("comment") if source and "comment" not in options else settings.comment
    quantized = resolve_quantization(settings, picture.mode, source)
    background_quality = resolve_background_quality(settings, quantized.quality)
    levels = _block_levels(picture, settings, flat=background_quality == quantized.quality)
    native_settings = native.Settings(
        width=picture.size[0],
        height=picture.size[1],
        pixels=picture.layout.pixels,
        components=_components(quantized, levels),
        tables=quantized.tables,
        allowances=quantization.allowances(
            quantized.tables[0], quantized.quality, background_quality, region_map.LEVELS
        ),
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
            comment=comment,
        ),
    )
    return native.encode(native_settings, picture.strips())


def predict_map(image: Source, model: str | os.PathLike[str] | map_model.MapModel = "msroi") -> NDArray[np.float32]:
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


def _block_levels(picture: pixels.Picture, settings: SaveOptions, *, flat: bool) -> NDArray[np.uint8]:
    """The map level of each 8x8 block of the picture, 0 to LEVELS - 1."""
    # A map that is given is checked even where the qualities leave it nothing to say.
    if settings.region_map is not None:
        blocks = region_map.block_importance(settings.region_map, picture.size)
    elif not flat:
        blocks = region_map.block_importance(predict_map(picture.image(), settings.map_model), picture.size)
    if flat:
        return np.full(region_map.grid_shape(picture.size), region_map.LEVELS - 1, dtype=np.uint8)
    return region_map.feathered(region_map.to_levels(blocks), settings.feather)


def _components(quantized: Quantization, levels: NDArray[np.uint8]) -> tuple[native.Component, ...]:
    h_max = max(h_samp for h_samp, _ in quantized.sampling)
    v_max = max(v_samp for _, v_samp in quantized.sampling)
    levels_of = {
        (h_samp, v_samp): region_map.subsampled(levels, v_max // v_samp, h_max // h_samp)
        for h_samp, v_samp in set(quantized.sampling)
    }
    return tuple(
        native.Component(*samp, table, levels_of[samp])
        for samp, table in zip(quantized.sampling, quantized.table_of_component, strict=True)
    )


def _density(dpi: Any) -> tuple[int, int]:
    """Whole dots per inch, in the 16 bits that JFIF has for them, as Pillow stores them."""
    try:
        horizontal, vertical = (round(number) for number in dpi)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"dpi is two numbers, not {dpi!r}") from None
    return (horizontal & 0xFFFF, vertical & 0xFFFF) if horizontal > 0 and vertical > 0 else (0, 0)
