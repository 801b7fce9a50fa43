"""Encodes a picture with the installed package, decodes it with Pillow, and looks whether all networks are there."""

import io
import platform

from PIL import Image

import pyregjpeg
from pyregjpeg.model_card import read_model
from pyregjpeg.qf_predictor import FOLDER

networks = [*FOLDER.glob("*.onnx"), *FOLDER.parent.glob("*.onnx")]
assert {read_model(path)[0].kind for path in networks} == {"importance", "qf", "qf-predictor"}  # whole, as described
picture = Image.radial_gradient("L").convert("RGB")
written = io.BytesIO()
picture.save(written, format="REGIONJPEG", region_map=[(64, 64, 128, 128)])
decoded = Image.open(written)
decoded.load()
assert (decoded.format, decoded.size) == ("JPEG", picture.size)
print(platform.python_version(), pyregjpeg.__version__, len(written.getvalue()), "bytes")
