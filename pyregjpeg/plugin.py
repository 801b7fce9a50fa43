"""The Pillow plugin, format "REGIONJPEG", and encode(): where the dialect is chosen, and found out again."""

from __future__ import annotations

import io
from typing import IO, Any

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from . import codec, overhead_free, qf_segment
from .metadata import QF_MAP_SIGNATURE
from .options import SAVE_OPTIONS
from .pixels import Source

FORMAT = "REGIONJPEG"
_JPEG_START = b"\xff\xd8\xff"


def encode(image: Source, **options: Any) -> bytes:
    """Encode a picture as a JPEG file in which what matters keeps its quality.

    `image` is a PIL image of mode 1, L, RGB, RGBX, CMYK or YCbCr, or an array, uint8 of shape (H, W) or (H, W, 3) in
    RGB. `options` are Pillow's JPEG save options and those of regions (see the README); `optimize` defaults to True.
    With a map model of kind "qf", such as `map_model="qf"`, the default of `background_quality` is the quality whose
    plain JPEG lies as many decibels below that of `quality` as the QF map's smallest factor of luma below its largest.
    With `purpose="machine"` the file is for a network that sees it scaled down to a short side of `machine_size`.
    With `overhead_free` the file is one that only `decode`, and Pillow after importing pyregjpeg, show rightly.

    Raises TypeError for an unknown option, OptionError, MapError, ModelError or MetadataError for a bad value of a
    known one, CodecError for a picture that JPEG cannot hold.
    """
    if options.get("overhead_free"):
        return overhead_free.encode(image, **options)
    return codec.encode(image, **options)


class OverheadFreeFile(JpegImageFile):
    """A file of the overhead-free dialect: Pillow's JPEG in all but its pixels."""

    format = FORMAT
    format_description = "JPEG with quantisation tables of its own in each region"

    def _open(self) -> None:
        super()._open()
        ours = (content for name, content in self.applist if name == "APP9" and content.startswith(QF_MAP_SIGNATURE))
        qf_segment.read(list(ours))

    def load(self) -> Any:
        if self.tile and self.fp is not None and self.tile[0][0] != "raw":
            self.fp.seek(0)
            pixels = overhead_free.decode(self.fp.read())
            if self._exclusive_fp:
                self.fp.close()
            self.fp = io.BytesIO(pixels.tobytes())
            self.tile = [ImageFile._Tile("raw", (0, 0, *self.size), 0, self.mode)]
        return super().load()

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> None:
        """Regions are decoded in full size and in the file's own mode only."""


def _save(image: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Encode completely, then write; options of other formats are ignored, as by every Pillow save handler."""
    options = {name: value for name, value in image.encoderinfo.items() if name in SAVE_OPTIONS}
    fp.write(encode(image, **options))


def _open(fp: IO[bytes], filename: str | bytes) -> ImageFile.ImageFile:
    """Files of the standard dialect, and all others, are left to Pillow's JPEG plugin, which is asked next."""
    if not qf_segment.is_in(fp):
        raise SyntaxError("not an overhead-free file")
    fp.seek(0)
    return OverheadFreeFile(fp, filename)


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(_JPEG_START)


Image.register_open(FORMAT, _open, _accept)
Image.ID.remove(FORMAT)
Image.ID.insert(0, FORMAT)  # before Pillow's JPEG, which would take overhead-free files for its own
Image.register_save(FORMAT, _save)
Image.register_mime(FORMAT, "image/jpeg")
