"""Overhead-free files of pictures with a given QF map, and what numpy makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy_jpeg
from helper import opened, photograph, read_levels
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg.qf_model import QfModel
from pyregjpeg.quantization import ANNEX_K


class GivenMap(QfModel):
    """In place of a network: the same QF map for every picture."""

    def __init__(self, factors: NDArray[np.uint8]) -> None:
        self.given = factors

    def factors(self, image: Image.Image) -> NDArray[np.uint8]:
        return self.given


def picture_of(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    return photograph("astronaut", mode).resize(size)


def encoded(picture: Any, factors: NDArray[np.uint8], **options: Any) -> bytes:
    return pyregjpeg.encode(picture, overhead_free=True, map_model=GivenMap(factors), **options)


def meant(jpeg: bytes, factors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels that the levels of the file show with the steps of this QF map."""
    planes, tables = read_levels(jpeg)
    assert all(np.array_equal(table.ravel(), ANNEX_K[min(number, 1)]) for number, table in enumerate(tables))
    image = opened(jpeg)
    halving = image.layer[0][1] if image.mode == "RGB" else 1
    return numpy_jpeg.decoded(planes, tables, (50 / factors).astype(np.float32), image.size, halving)


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image)
