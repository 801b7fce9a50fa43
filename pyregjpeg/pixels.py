"""Pictures as the encoder takes them: rows of PIL images and arrays, without a second copy of the picture."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import CodecError

# A few rows of MCUs: enough to make the cost of a call small, few enough to stay in the processor's cache.
STRIP_ROWS = 64

Source = Image.Image | NDArray[np.uint8]

EMPTY = "cannot write an empty picture as JPEG"


@dataclass(frozen=True)
class Layout:
    """How pictures of a Pillow mode are handed over: Pillow's raw mode, the encoder's name for it, bytes a pixel."""

    raw_mode: str
    pixels: Literal["L", "RGB", "RGBX", "YCbCr", "CMYK"]
    bytes_per_pixel: int
    in_memory: str | None = None  # Arrow's format of the picture in Pillow's memory, where that equals the raw mode


LAYOUTS = {
    "1": Layout("L", "L", 1),
    "L": Layout("L", "L", 1, "C"),
    "RGB": Layout("RGBX", "RGBX", 4, "+w:4"),
    "RGBX": Layout("RGBX", "RGBX", 4, "+w:4"),
    "CMYK": Layout("CMYK;I", "CMYK", 4),  # inverted, as Adobe's files are
    "YCbCr": Layout("YCbCr", "YCbCr", 3),
}


@dataclass(frozen=True)
class Picture:
    """A picture that JPEG can hold: a loaded image or an array, its Pillow mode, its size (width, height)."""

    source: Image.Image | NDArray[np.uint8]
    mode: str
    size: tuple[int, int]
    layout: Layout

    def strips(self) -> Iterable[NDArray[np.uint8]]:
        """The rows from the top, as arrays (rows, bytes of a row)."""
        return image_strips(self.source) if isinstance(self.source, Image.Image) else array_strips(self.source)

    def opened(self) -> Image.Image | None:
        """The image, which may have come with metadata; None for an array."""
        return self.source if isinstance(self.source, Image.Image) else None

    def image(self) -> Image.Image:
        return self.source if isinstance(self.source, Image.Image) else Image.fromarray(self.source)


def picture_of(source: Image.Image | NDArray[Any]) -> Picture:
    """Look at what the caller wants encoded; CodecError, for a mode worded as Pillow's own, if JPEG cannot hold it.

    An array is uint8, (H, W) for grey or (H, W, 3) for RGB.
    """
    if isinstance(source, Image.Image):
        if source.mode not in LAYOUTS:
            raise CodecError(f"cannot write mode {source.mode} as JPEG")
        if 0 in source.size:
            raise CodecError(EMPTY)
        source.load()
        return Picture(source, source.mode, source.size, LAYOUTS[source.mode])
    array = np.asarray(source)
    if array.size == 0:
        raise CodecError(EMPTY)
    grey, rgb = array.ndim == 2, array.ndim == 3 and array.shape[2] == 3
    if array.dtype != np.uint8 or not (grey or rgb):
        expected = "uint8 of shape (H, W) or (H, W, 3)"
        raise CodecError(f"An array picture is {expected}, not {array.dtype} of shape {array.shape}.")
    size = (array.shape[1], array.shape[0])
    return Picture(array, "L", size, LAYOUTS["L"]) if grey else Picture(array, "RGB", size, Layout("RGB", "RGB", 3))


def array_strips(picture: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The rows of an array, as arrays (rows, bytes of a row), from the top.

    One view of the whole where its rows are contiguous and follow one another, else strips that are copied.
    """
    height = len(picture)
    as_it_is = picture[0].flags.c_contiguous and picture.strides[0] > 0
    strip_rows = height if as_it_is else STRIP_ROWS
    for top in range(0, height, strip_rows):
        strip = picture[top : top + strip_rows]
        yield strip.reshape(len(strip), -1)


def image_strips(image: Image.Image) -> Iterator[NDArray[np.uint8]]:
    """The rows of a loaded image, as arrays (rows, bytes of a row), from the top.

    Pillow's own memory where it is one contiguous block, else strips through Pillow's raw encoder.
    """
    layout = LAYOUTS[image.mode]
    shared = _arrow_rows(image, layout)
    if shared is not None:
        owner, rows = shared
        yield rows
        del owner  # the capsule keeps Pillow's memory alive while the rows are in use
        return

    width, height = image.size
    row_bytes = width * layout.bytes_per_pixel
    for top in range(0, height, STRIP_ROWS):
        count = min(STRIP_ROWS, height - top)
        encoder = Image._getencoder(image.mode, "raw", (layout.raw_mode, 0, 1))
        encoder.setimage(image.im, (0, top, width, top + count))
        _, status, data = encoder.encode(row_bytes * count)
        if status < 0 or len(data) != row_bytes * count:
            raise CodecError(f"Pillow's raw encoder gave up at row {top} of {height}.")
        yield np.frombuffer(data, dtype=np.uint8).reshape(count, row_bytes)


class _ArrowArray(ctypes.Structure):
    """The Arrow C data interface's struct ArrowArray, a stable ABI."""


_ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class _ArrowSchema(ctypes.Structure):
    """The first member of struct ArrowSchema."""

    _fields_ = (("format", ctypes.c_char_p),)


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def _arrow_rows(image: Image.Image, layout: Layout) -> tuple[object, NDArray[np.uint8]] | None:
    """The image's own memory and its owner, or None where Pillow does not share it.

    Pillow shares a picture that lies in one block, up to 4 megapixels in RGB. The lengths that Arrow states are
    checked before anything is read.
    """
    export = getattr(image, "__arrow_c_array__", None)
    if export is None or layout.in_memory is None:
        return None
    if image.readonly or getattr(image.im, "readonly", 0):  # memory of others: Pillow 11.2 to 12.3 would crash
        return None
    try:
        schema_capsule, array_capsule = export()
    except ValueError:  # Pillow's word for an image in several blocks
        return None
    schema = _ArrowSchema.from_address(_capsule_pointer(schema_capsule, b"arrow_schema"))
    array = _ArrowArray.from_address(_capsule_pointer(array_capsule, b"arrow_array"))
    width, height = image.size
    if schema.format != layout.in_memory.encode() or array.length != width * height or array.offset != 0:
        return None
    values = array
    if layout.bytes_per_pixel > 1:
        if array.n_children != 1:
            return None
        values = array.children[0].contents
    size = width * height * layout.bytes_per_pixel
    if values.length != size or values.offset != 0 or values.n_buffers != 2:
        return None
    memory = memoryview((ctypes.c_uint8 * size).from_address(values.buffers[1]))
    return array_capsule, np.frombuffer(memory, dtype=np.uint8).reshape(height, width * layout.bytes_per_pixel)
