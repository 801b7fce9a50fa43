"""Encoding: where picture, region map and block rule meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import metadata, native, pixels, quantization, region_map
from .errors import OptionError
from .options import SaveOptions, resolve_background_quality, resolve_quantization
from .picture_map import PictureMap
from .pixels import Source


def encode(image: Source, **options: Any) -> bytes:
    """Encode a picture as a JPEG file in which what matters keeps its quality.

    `image` is a PIL image of mode 1, L, RGB, RGBX, CMYK or YCbCr, or an array, uint8 of shape (H, W) or (H, W, 3) in
    RGB. `options` are Pillow's JPEG save options and those of regions (see the README); `optimize` defaults to True.
    With a map model of kind "qf", such as `map_model="qf"`, the default of `background_quality` is the quality whose
    plain JPEG lies as many decibels below that of `quality` as the QF map's smallest factor of luma below its largest.

    Raises TypeError for an unknown option, OptionError, MapError, ModelError or MetadataError for a bad value of a
    known one, CodecError for a picture that JPEG cannot hold.
    """
    prepared = prepare(image, options)
    return native.encode(prepared.settings, prepared.picture.strips())


@dataclass(frozen=True)
class Prepared:
    """A picture, all that the C encoder is told of it, and its map."""

    picture: pixels.Picture
    settings: native.Settings
    its_map: PictureMap


def prepare(image: Source, options: Mapping[str, Any], its_map: PictureMap | None = None) -> Prepared:
    """What `encode` does before it encodes; raises as it does. `its_map`: that of the picture, where it is known."""
    settings = SaveOptions.from_keywords(options)
    picture = pixels.picture_of(image)
    source = image if isinstance(image, Image.Image) else None
    comment = source.info.get("comment") if source and "comment" not in options else settings.comment
    quantized = resolve_quantization(settings, picture.mode, source)
    if its_map is None:
        its_map = PictureMap(settings, picture.size, lambda _: picture.image())
    background_quality = resolve_background_quality(settings, quantized.quality, its_map.fall)
    levels = its_map.levels(flat=background_quality == quantized.quality)
    native_settings = native.Settings(
        width=picture.size[0],
        height=picture.size[1],
        pixels=picture.layout.pixels,
        components=components(quantized.sampling, quantized.table_of_component, levels),
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
    return Prepared(picture, native_settings, its_map)


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
