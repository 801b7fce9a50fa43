"""Encodes a picture with the installed package, and decodes it with Pillow."""

import io
import platform

from PIL import Image

import pyregjpeg

picture = Image.radial_gradient("L").convert("RGB")
written = io.BytesIO()
picture.save(written, format="REGIONJPEG", region_map=[(64, 64, 128, 128)])
decoded = Image.open(written)
decoded.load()
assert (decoded.format, decoded.size) == ("JPEG", picture.size)
print(platform.python_version(), pyregjpeg.__version__, len(written.getvalue()), "bytes")
