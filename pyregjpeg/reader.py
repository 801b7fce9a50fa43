"""JPEG files read by the C extension: headers, markers, levels, new files of those levels, and pixels by regions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ._native import ffi, lib
from .errors import CodecError
from .native import Coding, check, check_library, check_status, fill_coding, new_encoder, simd_setting

Segment = tuple[int, bytes]  # the marker's second byte and what follows the length


class Reader:
    """One JPEG file, read completely; a context manager, which frees it. Not for two threads at once.

    `size` is (width, height) in pixels; `samplings` (h_samp, v_samp), `grids` (rows, columns) of 8x8 blocks, and
    `tables` (64,) in natural order have one entry for each component; where `has_chroma`, the second and the third are
    colour differences; `segments` are all APPn and COM markers in
    order; `end` counts the bytes up to and with the file's EOI; `warning` is the first thing that libjpeg was not
    content with, or empty.

    Raises CodecError with libjpeg's message for what libjpeg cannot read and, unless `keep_going`, for what it warns
    of; PIL.Image.DecompressionBombError, as Pillow does, for more pixels than twice PIL.Image.MAX_IMAGE_PIXELS.
    """

    def __init__(self, jpeg: bytes, *, keep_going: bool = False) -> None:
        self._jpeg = jpeg  # the C code reads it until the end
        self._reader = _new_reader()
        header = ffi.new("rj_header *")
        try:
            self._check(lib.rj_reader_open(self._reader, ffi.from_buffer(jpeg), len(jpeg), keep_going, header))
            self.size: tuple[int, int] = (header.width, header.height)
            _check_pixels(*self.size)
            self._check(lib.rj_reader_read(self._reader, header))
            components = list(header.components)[: header.component_count]
            self.has_chroma = bool(header.has_chroma)
            self.progressive = bool(header.progressive)
            self.samplings: list[tuple[int, int]] = [(component.h_samp, component.v_samp) for component in components]
            self.grids: list[tuple[int, int]] = [(part.block_rows, part.block_columns) for part in components]
            tables = np.frombuffer(ffi.buffer(header.tables), dtype=np.uint16).reshape(-1, 64)
            self.tables: NDArray[np.uint16] = tables[: len(components)].copy()
            self.end: int = lib.rj_reader_end(self._reader)
            self.segments = list(self._segments())
            self.warning = ffi.string(lib.rj_reader_message(self._reader)).decode(errors="replace")
        except BaseException:
            ffi.release(self._reader)
            raise

    def levels(self) -> list[NDArray[np.int16]]:
        """The levels of each component, (rows, columns, 8, 8)."""
        planes = [np.empty((*grid, 8, 8), dtype=np.int16) for grid in self.grids]
        for component, plane in enumerate(planes):
            self._check(lib.rj_reader_levels(self._reader, component, ffi.from_buffer("int16_t[]", plane)))
        return planes

    def transcode(self, coding: Coding, *, keep: bool = False) -> bytes:
        """A file of these levels, requantised by the block rule; the reader is spent then, unless told to `keep` them.

        `coding` has the components, with their sampling, in the order of the file. The markers are those of the coding.
        """
        with new_encoder() as encoder:
            struct, keep_alive = fill_coding(coding)
            jpeg, size = ffi.new("const uint8_t **"), ffi.new("size_t *")
            check(encoder, lib.rj_encoder_transcode(encoder, self._reader, struct, keep, jpeg, size))
            del keep_alive  # block maps, allowances and segments had to live until here
            return bytes(ffi.buffer(jpeg[0], size[0]))

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        ffi.release(self._reader)

    def _check(self, status: int) -> None:
        _check(self._reader, status)

    def _segments(self) -> Iterator[Segment]:
        segments, size = ffi.new("const uint8_t **"), ffi.new("size_t *")
        self._check(lib.rj_reader_segments(self._reader, segments, size))
        markers = bytes(ffi.buffer(segments[0], size[0]))
        place = 0
        while place < len(markers):
            end = place + 2 + int.from_bytes(markers[place + 2 : place + 4], "big")
            yield markers[place + 1], markers[place + 4 : end]
            place = end


def read_levels(jpeg: bytes) -> list[NDArray[np.int16]]:
    """The levels in a JPEG file, for each component int16 (rows, columns, 8, 8), in natural order.

    Multiplied by the quantisation table they are DCT coefficients. Raises as `transcode` does for a file that cannot be
    read without a warning of libjpeg.
    """
    with Reader(jpeg) as reader:
        return reader.levels()


def decode_regions(jpeg: bytes, scales: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The pixels of a file whose steps have a scale for each region: RGB (height, width, 3), or grey (height, width).

    `scales` (planes, rows, columns), of luma and chroma or of grey alone, has one for each 16x16 pixels: what the steps
    of the file's tables are multiplied by there. Levels times steps, in float32, are rounded half to even; the rest is
    libjpeg's accurate integer DCT, its smooth upsampling and its colours.

    Raises CodecError for a file that libjpeg cannot read without a warning, that is not of YCbCr or grey in 4:4:4 or
    4:2:0, or that the scales do not fit; PIL.Image.DecompressionBombError as Reader does.
    """
    if scales.ndim != 3:
        raise CodecError(f"the scales of regions are of planes, rows and columns, not of shape {scales.shape}")
    regions = ffi.new("rj_region_scales *")
    values = np.ascontiguousarray(scales, dtype=np.float32)
    regions.scales = keep_values = ffi.from_buffer("float[]", values)
    regions.simd = keep_simd = simd_setting()
    regions.planes, regions.rows, regions.columns = values.shape
    reader, header = _new_reader(), ffi.new("rj_header *")
    try:
        _check(reader, lib.rj_reader_open(reader, ffi.from_buffer(jpeg), len(jpeg), False, header))
        _check_pixels(header.width, header.height)
        colours = () if header.component_count == 1 else (3,)
        pixels = np.empty((header.height, header.width, *colours), dtype=np.uint8)
        _check(reader, lib.rj_reader_decode(reader, regions, ffi.from_buffer("uint8_t[]", pixels)))
    finally:
        ffi.release(reader)
    del keep_values, keep_simd  # had to live until here
    return pixels


def _new_reader() -> ffi.CData:
    """An rj_reader that is freed when it is released or collected; CodecError if the library does not fit."""
    check_library()
    reader = ffi.gc(lib.rj_reader_new(), lib.rj_reader_free)
    if not reader:
        raise MemoryError("no memory for a reader")
    return reader


def _check(reader: ffi.CData, status: int) -> None:
    check_status(status, lib.rj_reader_message(reader))


def _check_pixels(width: int, height: int) -> None:
    """Pillow's guard against decompression bombs, with its limit, its warning and its error."""
    limit, pixels = Image.MAX_IMAGE_PIXELS, width * height
    if limit is None or pixels <= limit:
        return
    sentence = (
        f"The picture has {pixels} pixels, PIL.Image.MAX_IMAGE_PIXELS is {limit}: it could be a decompression bomb."
    )
    if pixels > 2 * limit:
        raise Image.DecompressionBombError(sentence)
    warnings.warn(sentence, Image.DecompressionBombWarning, stacklevel=3)
