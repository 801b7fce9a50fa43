"""Encoding in the standard dialect: where picture, region map and block rule meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import metadata, native, pixels, region_map
from .chosen_tables import Quantization, resolve_quantization
from .errors import OptionError
from .options import SaveOptions, scans
from .picture_map import PictureMap
from .pixels import Source
from .table_kinds import Sampling


def encode(image: Source, **options: Any) -> bytes:
    """The picture as a file of the standard dialect; see `pyregjpeg.encode`."""
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
    settings, picture = understood(image, options)
    quantized = resolve_quantization(settings, picture.mode, picture.size, picture.opened())
    if its_map is None:
        its_map = PictureMap(settings, picture.size, lambda _: picture.image())
    allotment = quantized.rule.allotment(its_map, settings, quantized.tables[0], quantized.quality)
    parts = components(quantized.sampling, quantized.table_of_component, quantized.kinds, allotment.levels)
    return Prepared(picture, native_settings(settings, picture, quantized, parts, allotment.allowances), its_map)


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
    rule, optimize = quantized.rule, bool(settings.optimize)
    return native.Settings(
        width=picture.size[0],
        height=picture.size[1],
        pixels=picture.layout.pixels,
        components=components,
        tables=quantized.tables,
        weights=quantized.weights,
        allowances=allowances,
        step_scales=step_scales,
        keep_rgb=quantized.keep_rgb,
        optimize=optimize,
        masking=rule.masking,
        tail=rule.tail,
        trellis=rule.trellis,
        scans=scans(settings.progression or settings.progressive, trellis=rule.trellis, optimize=optimize),
        search_scans=settings.effort == "best",
        chroma_sharpening=rule.chroma_sharpening,
        deringing=rule.deringing,
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


def components(
    samplings: Sequence[Sampling], tables: Sequence[int], kinds: Sequence[int], levels: Sequence[NDArray[np.uint8]]
) -> tuple[native.Component, ...]:
    """The components with these sampling factors and indices of tables, each with its own part of its kind's map."""
    h_max = max(h_samp for h_samp, _ in samplings)
    v_max = max(v_samp for _, v_samp in samplings)
    levels_of = {
        ((h_samp, v_samp), kind): region_map.subsampled(levels[kind], Fraction(v_max, v_samp), Fraction(h_max, h_samp))
        for (h_samp, v_samp), kind in set(zip(samplings, kinds, strict=True))
    }
    return tuple(
        native.Component(*sampling, table, levels_of[sampling, kind])
        for sampling, table, kind in zip(samplings, tables, kinds, strict=True)
    )


def _density(dpi: Any) -> tuple[int, int]:
    """Whole dots per inch, in the 16 bits that JFIF has for them, as Pillow stores them."""
    try:
        horizontal, vertical = (round(number) for number in dpi)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"dpi is two numbers, not {dpi!r}") from None
    return (horizontal & 0xFFFF, vertical & 0xFFFF) if horizontal > 0 and vertical > 0 else (0, 0)
