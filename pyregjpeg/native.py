"""The C extension as Python sees it: arrays to pointers, status to exception; reader.py has the way in from a JPEG."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ._native import ffi, lib
from .errors import CodecError

Pixels = Literal["L", "RGB", "RGBX", "YCbCr", "CMYK"]
Scans = Literal["sequential", "progressive", "smallest"]

# The encoder's name for them, and bytes per pixel.
_PIXELS: dict[str, tuple[int, int]] = {
    "L": (lib.RJ_GREY, 1),
    "RGB": (lib.RJ_RGB, 3),
    "RGBX": (lib.RJ_RGBX, 4),
    "YCbCr": (lib.RJ_YCBCR, 3),
    "CMYK": (lib.RJ_CMYK, 4),
}

_SCANS: dict[str, int] = {
    "sequential": lib.RJ_SEQUENTIAL,
    "progressive": lib.RJ_PROGRESSIVE,
    "smallest": lib.RJ_SMALLEST,
}


@dataclass(frozen=True)
class Component:
    """One component of the file: its sampling factors, its table's index and a map level for each of its blocks."""

    h_samp: int
    v_samp: int
    table: int
    block_levels: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How coefficients become a file.

    `tables` is (n, 64) in natural order, and so are the `weights` of the frequencies, by default 1 over the step;
    `allowances` has one entry for each map level (the block rule is in csrc/block.h), and so has `step_scales`, what
    the tables' steps are multiplied by, though not in the file, whose decoder has to know them; `segments` holds
    complete markers. The `scans` "smallest" are progressive unless sequential is smaller; `search_scans` takes time to
    find those that make the smallest file. `masking` is the power of a block's contrast by which its errors count less,
    `tail` by what share the allowance of its last levels is larger (csrc/masking.h). With `trellis` levels are
    rate-distortion optimised (csrc/trellis.h), and have no tail.
    """

    components: tuple[Component, ...]
    tables: NDArray[np.uint16]
    allowances: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None
    step_scales: NDArray[np.float32] | None = None
    masking: float = 0.0
    tail: float = 0.0
    trellis: bool = False
    optimize: bool = True
    scans: Scans = "sequential"
    search_scans: bool = False
    restart_blocks: int = 0
    restart_rows: int = 0
    segments: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Settings(Coding):
    """All that the encoder is told besides the pixels; `density` is in dots per inch, 0 for none.

    `chroma_sharpening`, 0 to 2, is how much chroma of half size is sharpened for decoders that interpolate it;
    `deringing` lets white and black decode to what is clipped, where that saves bytes.
    """

    width: int
    height: int
    pixels: Pixels
    keep_rgb: bool = False
    smoothing: int = 0
    chroma_sharpening: float = 0.0
    deringing: bool = False
    density: tuple[int, int] = (0, 0)


def encode(settings: Settings, strips: Iterable[NDArray[np.uint8]]) -> bytes:
    """Encode the rows that the strips hold, in order, each strip an array (rows, bytes of a row).

    Raises CodecError with libjpeg's message when libjpeg refuses, or when the strips do not make up the picture.
    """
    with new_encoder() as encoder:
        return _encode(encoder, settings, strips, keep_coefficients=False)


class Coefficients:
    """The unquantised coefficients of a picture, 4 bytes each, to make files of with several qualities.

    A context manager, which frees them. Raises as `encode` does.
    """

    def __init__(self, settings: Settings, strips: Iterable[NDArray[np.uint8]]) -> None:
        self._encoder = new_encoder()
        self._grids = [component.block_levels.shape for component in settings.components]
        quick = replace(settings, optimize=False, scans="sequential", restart_blocks=0, restart_rows=0, segments=b"")
        _encode(self._encoder, quick, strips, keep_coefficients=True)

    def encode(self, settings: Settings) -> bytes:
        """The file that the function of that name makes of the same pixels; they keep their sampling."""
        with new_encoder() as encoder:
            picture = _fill_picture(settings)
            coding, keep_alive = fill_coding(settings)
            jpeg, size = ffi.new("const uint8_t **"), ffi.new("size_t *")
            check(encoder, lib.rj_encoder_requantize(encoder, self._encoder, picture, coding, jpeg, size))
            del keep_alive
            return bytes(ffi.buffer(jpeg[0], size[0]))

    def arrays(self) -> list[NDArray[np.float32]]:
        """Those of each component, (block rows, block columns, 64) in natural order, of an orthonormal DCT."""
        planes = [np.empty((*grid, 64), dtype=np.float32) for grid in self._grids]
        for component, plane in enumerate(planes):
            address = ffi.from_buffer("float[]", plane)
            check(self._encoder, lib.rj_encoder_coefficients(self._encoder, component, address))
        return planes

    def __enter__(self) -> Coefficients:
        return self

    def __exit__(self, *_: object) -> None:
        ffi.release(self._encoder)


def coefficients(settings: Settings, strips: Iterable[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
    """The unquantised coefficients of the rows that `encode` would encode, as Coefficients.arrays gives them.

    Tables, allowances and map levels have no part in them, but have to fit the picture. Raises as `encode` does.
    """
    with Coefficients(settings, strips) as kept:
        return kept.arrays()


def simd_name() -> str:
    """Name of the block kernel in use: "avx2", "sse2", "neon" or "generic".

    The environment variable PYREGJPEG_SIMD, one of these names, sets it; CodecError if this processor lacks it.
    """
    name = lib.rj_simd_name(simd_setting())
    if not name:
        raise CodecError(f"this processor has no block kernel '{os.environ['PYREGJPEG_SIMD']}'")
    return str(ffi.string(name).decode())


@functools.cache
def check_library() -> None:
    """Raise CodecError unless the libjpeg loaded at run time is a libjpeg-turbo that fits the extension."""
    message = ffi.new("char[]", lib.RJ_MESSAGE_SIZE)
    if lib.rj_check_library(message) != lib.RJ_OK:
        raise CodecError(ffi.string(message).decode())


def simd_setting() -> ffi.CData:
    """The name that the environment asks for, as the C code takes it."""
    name = os.environ.get("PYREGJPEG_SIMD")
    return ffi.new("char[]", name.encode()) if name else ffi.NULL


def check(encoder: ffi.CData, status: int) -> None:
    """As check_status, with the message of the encoder."""
    check_status(status, lib.rj_encoder_message(encoder))


def check_status(status: int, message: ffi.CData) -> None:
    """The exception for a status of the C code, with its message."""
    if status == lib.RJ_OK:
        return
    sentence = ffi.string(message).decode(errors="replace")
    raise MemoryError(sentence) if status == lib.RJ_NO_MEMORY else CodecError(sentence)


def new_encoder() -> ffi.CData:
    """An rj_encoder that is freed when it is released or collected; CodecError if the library does not fit."""
    check_library()
    encoder = ffi.gc(lib.rj_encoder_new(), lib.rj_encoder_free)
    if not encoder:
        raise MemoryError("no memory for an encoder")
    return encoder


def _encode(
    encoder: ffi.CData, settings: Settings, strips: Iterable[NDArray[np.uint8]], *, keep_coefficients: bool
) -> bytes:
    coding, keep_alive = fill_coding(settings)
    check(encoder, lib.rj_encoder_start(encoder, _fill_picture(settings), coding, keep_coefficients))
    rows_written, row_bytes = 0, settings.width * _PIXELS[settings.pixels][1]
    for strip in strips:
        if strip.dtype != np.uint8 or strip.ndim != 2 or strip.shape[1] != row_bytes:
            raise CodecError(f"a row of the picture has {row_bytes} bytes, the strip is of shape {strip.shape}")
        rows = strip if strip.strides[1] == 1 and strip.strides[0] >= 0 else np.ascontiguousarray(strip)
        address = ffi.cast("const uint8_t *", rows.ctypes.data)
        check(encoder, lib.rj_encoder_write(encoder, address, rows.strides[0], rows.shape[0]))
        rows_written += rows.shape[0]
    if rows_written != settings.height:
        raise CodecError(f"the picture has {settings.height} rows, but {rows_written} were given")
    jpeg, size = ffi.new("const uint8_t **"), ffi.new("size_t *")
    check(encoder, lib.rj_encoder_finish(encoder, jpeg, size))
    del keep_alive  # block maps, allowances and segments had to live until here
    return bytes(ffi.buffer(jpeg[0], size[0]))


def _fill_picture(settings: Settings) -> ffi.CData:
    picture = ffi.new("rj_picture *")
    picture.width, picture.height = settings.width, settings.height
    picture.pixels, picture.keep_rgb = _PIXELS[settings.pixels][0], settings.keep_rgb
    picture.smoothing, picture.chroma_sharpening = settings.smoothing, settings.chroma_sharpening
    picture.deringing = settings.deringing
    picture.x_density, picture.y_density = settings.density
    return picture


def fill_coding(coding: Coding) -> tuple[ffi.CData, list[object]]:
    """The C struct, and the objects that its pointers point into."""
    allowances = ffi.from_buffer("float[]", np.ascontiguousarray(coding.allowances, dtype=np.float32))
    segments = ffi.from_buffer("uint8_t[]", coding.segments)
    simd = simd_setting()
    keep_alive: list[object] = [allowances, segments, simd]

    struct = ffi.new("rj_settings *")
    struct.component_count = len(coding.components)
    for target, component in zip(struct.components, coding.components, strict=False):
        target.h_samp, target.v_samp, target.table = component.h_samp, component.v_samp, component.table
        block_levels = np.ascontiguousarray(component.block_levels, dtype=np.uint8)
        target.block_levels = ffi.from_buffer("uint8_t[]", block_levels)
        target.block_rows, target.block_columns = block_levels.shape
        keep_alive.append(block_levels)
    struct.table_count = len(coding.tables)
    for target, table in zip(struct.tables, coding.tables, strict=False):
        ffi.memmove(target, np.ascontiguousarray(table, dtype=np.uint16), 128)
    weights = 1 / np.maximum(coding.tables, 1) if coding.weights is None else coding.weights  # a step of 0 is refused
    if weights.shape != coding.tables.shape:
        raise CodecError(f"tables of shape {coding.tables.shape} have weights of shape {weights.shape}")
    for target, of_table in zip(struct.weights, weights, strict=False):
        ffi.memmove(target, np.ascontiguousarray(of_table, dtype=np.float32), 256)
    struct.level_count, struct.allowances = len(coding.allowances), allowances
    if coding.step_scales is not None:
        if coding.step_scales.shape != coding.allowances.shape:
            raise CodecError(f"{len(coding.allowances)} map levels have scales of shape {coding.step_scales.shape}")
        struct.step_scales = ffi.from_buffer("float[]", np.ascontiguousarray(coding.step_scales, dtype=np.float32))
        keep_alive.append(struct.step_scales)
    struct.masking, struct.tail, struct.trellis = coding.masking, coding.tail, coding.trellis
    struct.optimize = coding.optimize
    struct.scans, struct.search_scans = _SCANS[coding.scans], coding.search_scans
    struct.restart_blocks, struct.restart_rows = coding.restart_blocks, coding.restart_rows
    struct.segments, struct.segments_size = segments, len(coding.segments)
    struct.simd = simd
    return struct, keep_alive
