"""JPEG to JPEG on coefficients: the block rule on the levels of a file, without a way through pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from . import carried, codec, map_model, native, qf_segment, region_map
from .errors import CodecError, OptionError
from .options import TranscodeOptions, scans
from .picture_map import Loaded, PictureMap
from .reader import Reader, Segment
from .table_kinds import CHROMA, LUMA, Rule, chosen_kind, kind_in_file, kinds_of_tables


@dataclass(frozen=True)
class Transcoded:
    """What came of a JPEG file.

    `kept`: nothing smaller came out, and `jpeg` is the source, the very object unless something was stripped. `tables`
    is "kept" or "coarser", `quality` the quality that those in the file amount to. `damage` is libjpeg's first
    complaint about the source, or empty.
    """

    jpeg: bytes
    kept: bool
    tables: str
    quality: int
    damage: str


def transcode(jpeg: bytes, **options: Any) -> bytes:
    """Encode a JPEG file anew on its own DCT coefficients, so that what matters keeps its quality.

    Importance 1 keeps its levels as long as the tables stay. Without `quality` they stay those of the source; with it
    each entry is the larger of the source's and that of `quality`, so never finer than before. `background_quality` is
    that of `encode`, with its defaults, and no higher than what the source's tables amount to; equal to that, without
    `quality`, the picture stays the same to the last level. The file is baseline or progressive as the source is,
    unless `progressive` says otherwise. All APPn and COM segments stay, in order; `strip` names those to drop: "exif",
    "icc", "xmp", "comment", or "all". Where nothing smaller comes out, returns the very object `jpeg`, unless
    `allow_larger`.

    With `purpose="machine"`, for a network that sees the picture with a short side of `machine_size`, importance 1 only
    loses less than the rest, and the file is progressive where that is smaller.

    `region_map`, `map_model`, `feather`, `optimize`, `restart_marker_blocks`, `restart_marker_rows` are those of
    `encode`. The map model looks at a picture decoded at 1/8 to full size, one of kind "qf" at full size, upright by
    its EXIF orientation.

    Raises TypeError, OptionError, MapError and ModelError as `encode` does; CodecError with libjpeg's words for a file
    that it cannot read, and for one that it reads with a warning unless `damaged="keep-going"`; CodecError for an
    overhead-free file; PIL.Image.DecompressionBombError where Pillow would.
    """
    return transcoded(jpeg, **options).jpeg


def transcoded(jpeg: bytes, **options: Any) -> Transcoded:
    """As `transcode`, which see, with what else there is to say of the result."""
    settings = TranscodeOptions.from_keywords(options)
    with Source(jpeg, settings) as source:
        return source.written(settings, last=True)


class Source:
    """A JPEG file that is read once and written one or more times; a context manager, which frees it."""

    def __init__(self, jpeg: bytes, options: TranscodeOptions) -> None:
        """Raises as `transcode` does for the file; of `options`, what is not about qualities holds for all writing."""
        if not isinstance(jpeg, (bytes, bytearray, memoryview)):
            raise OptionError(f"a JPEG file is given as bytes, not {type(jpeg).__name__}")
        self.jpeg = jpeg if isinstance(jpeg, bytes) else bytes(jpeg)
        self._reader = Reader(self.jpeg, keep_going=options.damaged == "keep-going")
        if qf_segment.payloads(self._reader.segments):
            self._reader.__exit__()
            raise CodecError(
                "It is an overhead-free file, whose QF map belongs to its levels as they are; "
                "pyregjpeg.decode gives its picture."
            )
        self._options = options
        size, samplings = self._reader.size, self._reader.samplings
        self._own_kind, self.quality = kind_in_file(options, size, samplings, self._reader.tables[0])
        self._kind = chosen_kind(options, size, samplings)
        chroma = (1, 2) if self._reader.has_chroma else ()
        self._kinds = [CHROMA if component in chroma else LUMA for component in range(len(samplings))]

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.__exit__(*error)

    def written(self, options: TranscodeOptions, *, last: bool) -> Transcoded:
        """The file by the qualities in the options; after the `last` time the source is spent."""
        reader = self._reader
        tables = self._tables(options.quality)
        as_before = np.array_equal(tables, reader.tables)
        rule = (self._own_kind if as_before else self._kind).rule
        quality = self.quality if as_before else self._kind.equivalent_quality(tables[0])
        # What is coded by coarser tables is coded as by the encoder; what stays, stays to the last level.
        allotment = rule.allotment(self._map, options, tables[0], quality, keeps_important=as_before)
        distinct, table_of_component = _distinct(tables)
        coding = native.Coding(
            components=self._components(table_of_component, allotment.levels),
            tables=distinct,
            weights=rule.weights_of(distinct, kinds_of_tables(table_of_component, self._kinds, len(distinct))),
            allowances=allotment.allowances,
            masking=rule.masking,
            tail=rule.tail,
            trellis=rule.trellis,
            optimize=bool(options.optimize),
            scans=self._scans(options, rule),
            search_scans=options.effort == "best",
            restart_blocks=options.restart_marker_blocks,
            restart_rows=options.restart_marker_rows,
            segments=b"".join(self._carried),
        )
        jpeg = reader.transcode(coding, keep=not last)
        jpeg = self._with_rest(jpeg)
        if not options.allow_larger and not reader.warning and len(jpeg) >= len(self._as_it_was):
            return Transcoded(self._as_it_was, True, "kept", self.quality, "")
        return Transcoded(jpeg, False, "kept" if as_before else "coarser", quality, reader.warning)

    def _tables(self, quality: int | None) -> NDArray[np.uint16]:
        """The new table of each component, (n, 64)."""
        old = self._reader.tables
        if quality is None:
            return old
        coarser: NDArray[np.uint16] = np.maximum(old, self._kind.of_quality(quality)[self._kinds])
        return coarser

    def _scans(self, options: TranscodeOptions, rule: Rule) -> native.Scans:
        """As the source's where nothing else is said, but after the trellis."""
        progressive = options.progressive
        if progressive is None and not rule.trellis:
            progressive = self._reader.progressive
        return scans(progressive, trellis=rule.trellis, optimize=bool(options.optimize))

    def _components(
        self, table_of_component: Sequence[int], levels: Sequence[NDArray[np.uint8]]
    ) -> tuple[native.Component, ...]:
        """`levels` are those of an Allotment."""
        reader = self._reader
        whole = codec.components(reader.samplings, table_of_component, self._kinds, levels)
        return tuple(
            replace(component, block_levels=component.block_levels[:rows, :columns])
            for component, (rows, columns) in zip(whole, reader.grids, strict=True)
        )

    @cached_property
    def _map(self) -> PictureMap:
        """Where the file is written more than once, the map is made once, and only if some quality asks for it."""
        return PictureMap(self._options, self._reader.size, self._picture)

    def _picture(self, model: Loaded) -> Image.Image:
        """What the map model is shown, decoded by Pillow at no more than the size that the model needs."""
        width, height = self._reader.size
        try:
            image = JpegImageFile(io.BytesIO(self._sound()))  # Image.open looks, and warns, beyond the first picture
            image.draft(None, map_model.input_size(width, height, model.card))
            image.load()
        except Exception as error:  # of many kinds: what libjpeg reads may still be more than Pillow decodes
            raise CodecError(f"no decoder shows the picture to the map model, give a region_map: {error}") from error
        return image

    def _sound(self) -> bytes:
        """The file, or, where libjpeg complained of it and Pillow might refuse it, one of the levels that were read."""
        reader = self._reader
        if not reader.warning:
            return self.jpeg
        distinct, table_of_component = _distinct(reader.tables)
        coding = native.Coding(
            components=self._components(table_of_component, [self._map.levels(flat=True)] * 2),
            tables=distinct,
            allowances=np.zeros(region_map.LEVELS, dtype=np.float32),
            segments=b"".join(carried.carried(self._segments, strip=())),
        )
        return reader.transcode(coding, keep=True)

    @cached_property
    def _segments(self) -> list[Segment]:
        """Those of the file; where libjpeg complained, without what it may have complained of."""
        reader = self._reader
        return list(carried.understood(reader.segments, len(reader.tables))) if reader.warning else reader.segments

    @cached_property
    def _carried(self) -> list[bytes]:
        return carried.carried(self._segments, self._options.strip)

    @cached_property
    def _as_it_was(self) -> bytes:
        """The source without what is to be stripped, the very object where that is nothing."""
        reader = self._reader
        if not self._options.strip:
            return self.jpeg
        stripped = self._with_rest(carried.spliced(self.jpeg[: reader.end], self._carried))
        return self.jpeg if stripped == self.jpeg else stripped

    def _with_rest(self, jpeg: bytes) -> bytes:
        if "all" in self._options.strip:
            return jpeg
        return carried.with_rest(jpeg, self.jpeg, self._reader.end, self._reader.segments)


def _distinct(tables: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], list[int]]:
    """The different ones among the components' tables, and for each component the index of its own."""
    places = {table.tobytes(): place for place, table in reversed(list(enumerate(tables)))}
    firsts = sorted(places.values())
    return tables[firsts], [firsts.index(places[table.tobytes()]) for table in tables]
