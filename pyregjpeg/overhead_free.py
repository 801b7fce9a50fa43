"""The overhead-free dialect: each 16x16 region divided by tables of its own, which the decoder finds out.

After Jeong, Jeong, Woo and Ko, "An overhead-free region-based JPEG framework for task-driven image compression",
Pattern Recognition Letters 2023. A QF map has one quality factor for luma and one for chroma of each region of 16x16
pixels of luma; the region's steps are those of Annex K times 50 / QF. The file has Annex K's tables, and says of the QF
map only what a predictor, run on the file's own levels, would not tell for certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import codec, corrections, native, packing, picture_map, qf_predictor, qf_segment, region_map
from .chosen_tables import Quantization, resolve_quantization
from .errors import CodecError, ModelError, OptionError
from .options import DEFAULT_QUALITY, SaveOptions
from .pixels import Picture, Source
from .qf_segment import LARGEST_QF, SMALLEST_QF, Limits, QfSegment
from .quantization import ANNEX_K
from .reader import Reader, decode_regions

MODES = ("RGB", "L")
UNSCALED_QUALITY = 50  # at which Annex K's tables are what the standard prints
_ALL_QFS = np.arange(SMALLEST_QF, LARGEST_QF + 1)


def encode(image: Source, **options: Any) -> bytes:
    """The picture as a file of the overhead-free dialect; see `pyregjpeg.encode`."""
    settings, picture = codec.understood(image, options)
    if picture.mode not in MODES:
        raise CodecError(f"overhead_free is for pictures of mode {' or '.join(MODES)}, not {picture.mode}")
    quantized = _quantization(settings, picture)
    factors = scaled(_factors(settings, picture), quantized.quality)
    jpeg = native.encode(_settings(settings, picture, quantized, factors), picture.strips())
    with Reader(jpeg) as reader:
        levels = reader.levels()
    return _spliced(jpeg, _told(picture.size, levels, factors).written())


def decode(jpeg: bytes) -> Image.Image:
    """The picture in an overhead-free file, RGB or L, pixel for pixel what the encoder meant.

    Raises CodecError for a file of the standard dialect, for one that libjpeg cannot read without a warning, and where
    the QF map is damaged or does not belong to the levels; ModelError where the predictor that the file was written for
    is not installed; PIL.Image.DecompressionBombError as `transcode` does.
    """
    factors = read_factors(jpeg)
    return Image.fromarray(decode_regions(jpeg, (UNSCALED_QUALITY / factors).astype(np.float32)))


def read_factors(jpeg: bytes) -> NDArray[np.uint8]:
    """The QF map of an overhead-free file, (planes, region rows, region columns): luma, and chroma where there is one.

    Raises as `decode` does.
    """
    with Reader(jpeg) as reader:
        told = qf_segment.read(qf_segment.payloads(reader.segments))
        if (len(reader.grids), reader.has_chroma) != {1: (1, False), 2: (3, True)}[told.planes]:
            raise CodecError("The QF map of the file is that of a picture with other components.")
        numbers = told.numbers(reader.size)
        levels = reader.levels()
        tables, size = reader.tables, reader.size
    lowest, highest = _bounds(told.limits, told.planes)
    if told.predictor:
        predictor = qf_predictor.find_predictor(told.predictor, told.digest)
        factors = corrections.corrected(_predicted(predictor, levels, told.limits, numbers.shape), numbers)
    else:
        factors = lowest + numbers
    within = factors.clip(lowest, highest).astype(np.uint8)
    as_written = np.array_equal(tables, ANNEX_K[[0, 1, 1][: len(tables)]])
    check = qf_segment.check_of(size, levels, within)
    if not (as_written and np.array_equal(within, factors) and check == told.check):
        raise CodecError(
            "The QF map of the file is damaged, or its levels are not those that it was written for: "
            "other software has altered the picture."
        )
    return within


def scaled(factors: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The QF map at another quality than the default one, at which it is as it is."""
    return np.rint(factors.astype(np.int64) * quality / DEFAULT_QUALITY).clip(SMALLEST_QF, LARGEST_QF).astype(np.uint8)


def _quantization(settings: SaveOptions, picture: Picture) -> Quantization:
    """The tables of Annex K as they are, the sampling, and the quality, which scales the QF map."""
    quality = settings.quality
    if not isinstance(quality, int):
        raise OptionError(f"with overhead_free, quality is an integer from 1 to 100, not {quality!r}")
    unscaled = resolve_quantization(
        replace(settings, quality=UNSCALED_QUALITY, tables="annex-k"), picture.mode, picture.size, picture.opened()
    )
    if unscaled.sampling[0] not in ((1, 1), (2, 2)):
        raise OptionError(f"with overhead_free, subsampling is '4:4:4' or '4:2:0', not {settings.subsampling!r}")
    sampling = unscaled.sampling if len(unscaled.sampling) > 1 else ((1, 1),)
    return replace(unscaled, quality=DEFAULT_QUALITY if quality == -1 else min(max(quality, 1), 100), sampling=sampling)


def _factors(settings: SaveOptions, picture: Picture) -> NDArray[np.uint8]:
    """The QF map (planes, region rows, region columns) that the map model or the region map says."""
    planes = 1 if picture.mode == "L" else 2
    if settings.region_map is None:
        return picture_map.predict_factors(picture.image(), settings.map_model)[:planes]
    importance = region_map.block_importance(settings.region_map, picture.size)
    of_blocks = np.rint(SMALLEST_QF + (LARGEST_QF - SMALLEST_QF) * importance).astype(np.uint8)
    return np.stack([region_map.subsampled(of_blocks, 2, 2)] * planes)


def _settings(
    settings: SaveOptions, picture: Picture, quantized: Quantization, factors: NDArray[np.uint8]
) -> native.Settings:
    """As of the standard dialect, with plain rounding; map levels stand for QFs, from the smallest that there is."""
    rows, columns = region_map.grid_shape(picture.size)
    halved = quantized.sampling[0] == (2, 2)  # then a block of chroma is a region
    parts = []
    for number, (sampling, table) in enumerate(zip(quantized.sampling, quantized.table_of_component, strict=True)):
        levels = factors[min(number, 1)] - SMALLEST_QF
        if number == 0 or not halved:
            levels = levels.repeat(2, axis=0).repeat(2, axis=1)[:rows, :columns]
        parts.append(native.Component(*sampling, table, levels))
    no_dead_zone = np.zeros(len(_ALL_QFS), dtype=np.float32)
    scales = (UNSCALED_QUALITY / _ALL_QFS).astype(np.float32)
    return codec.native_settings(settings, picture, quantized, tuple(parts), no_dead_zone, scales)


def _told(size: tuple[int, int], levels: Sequence[NDArray[np.int16]], factors: NDArray[np.uint8]) -> QfSegment:
    """What a file of these levels tells of its QF map: corrections to the predictor, or all of it if that is less."""
    limits = [(int(plane.min()), int(plane.max())) for plane in factors]
    luma, chroma = (limits[0], limits[1] if len(limits) > 1 else (LARGEST_QF, LARGEST_QF))
    planes, check = len(factors), qf_segment.check_of(size, levels, factors)
    whole = packing.packed(factors - _bounds((luma, chroma), planes)[0])
    without = QfSegment(planes, (luma, chroma), "", b"", whole, check)
    if not whole:
        return without
    predictor = qf_predictor.default_predictor()
    predicted = _predicted(predictor, levels, (luma, chroma), factors.shape)
    steps = packing.packed(corrections.steps_to(factors, predicted))
    digest = predictor.digest[: qf_segment.DIGEST_BYTES]
    return min(
        (QfSegment(planes, (luma, chroma), predictor.name, digest, steps, check), without),
        key=lambda told: len(told.written()),
    )


def _predicted(
    predictor: qf_predictor.Predictor,
    levels: Sequence[NDArray[np.int16]],
    limits: Limits,
    shape: tuple[int, ...],
) -> NDArray[np.float32]:
    """What the predictor says of each region, within the limits; ModelError if that is no map of that shape."""
    predicted = predictor.predict(levels, np.array(limits, dtype=np.float32))[: shape[0]]
    if predicted.shape != shape or not np.isfinite(predicted).all():
        raise ModelError(f"The predictor {predictor.name!r} gave no QF map of the shape {shape}")
    clipped: NDArray[np.float32] = predicted.clip(*_bounds(limits, shape[0]))
    return clipped


def _bounds(limits: Limits, planes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The smallest and the largest QF of each plane, to go with arrays (planes, rows, columns)."""
    of_planes = np.array(limits[:planes]).reshape(planes, 2, 1, 1)
    return of_planes[:, 0], of_planes[:, 1]


def _spliced(jpeg: bytes, segments: bytes) -> bytes:
    """The file with the segments after its JFIF header, which is what it begins with."""
    end = 4 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:end] + segments + jpeg[end:]
