"""Passes if the first encoding fails with a CodecError that says what to do, as it has to with a foreign libjpeg."""

import sys

from PIL import Image

import pyregjpeg

try:
    pyregjpeg.encode(Image.new("RGB", (64, 48)), quality=75, background_quality=75)
except pyregjpeg.CodecError as error:
    print(error)
    sys.exit("pyregjpeg needs the libjpeg-turbo" not in str(error))
sys.exit("a libjpeg that is not libjpeg-turbo was used")
