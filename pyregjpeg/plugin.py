"""The Pillow plugin: img.save(..., format="REGIONJPEG")."""

from __future__ import annotations

from typing import IO

from PIL import Image

from . import codec
from .options import SAVE_OPTIONS

FORMAT = "REGIONJPEG"


def _save(image: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Encode completely, then write; options of other formats are ignored, as by every Pillow save handler."""
    options = {name: value for name, value in image.encoderinfo.items() if name in SAVE_OPTIONS}
    fp.write(codec.encode(image, **options))


Image.register_save(FORMAT, _save)
Image.register_mime(FORMAT, "image/jpeg")
