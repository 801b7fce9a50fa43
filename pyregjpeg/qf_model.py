"""Map models of kind "qf": networks that give each 16x16 region a quality factor for luma and one for chroma.

After Jeong, Jeong, Woo and Ko, "An overhead-free region-based JPEG framework for task-driven image compression",
Pattern Recognition Letters 2023. A factor of 2 to 50 is a quality of libjpeg: 50 leaves the Annex K tables as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import qf_planes, quantization, region_map
from .errors import ModelError
from .model_card import ModelCard
from .network import Network

FACTORS = (2, 50)


class QfModel:
    """A model of kind "qf", ready to run. One may be used from many threads at once."""

    def __init__(self, card: ModelCard, network: bytes, threads: int) -> None:
        """Start `network`, the bytes of an ONNX file, on `threads` threads; ModelError if it is no such model."""
        if card.kind != "qf":
            raise ModelError(f"The model {card.name!r} is of kind {card.kind!r} and gives no QF map")
        self.card = card
        self.threads = threads
        self._network = Network(card.name, network, threads, takes=[("float", 3), ("float", 4)], gives=("float", 3))

    def factors(self, image: Image.Image) -> NDArray[np.uint8]:
        """The QF map (2, region rows, region columns) of `image`: luma and chroma of each region, 2 to 50.

        The picture is seen as it is stored, without its EXIF orientation, and in full. MapError if it has no pixels,
        ModelError if the network fails or its values are not within 2..50.
        """
        luma, chroma = qf_planes.of_picture(image)
        factors = self._network.run(luma, chroma)
        lowest, highest = FACTORS
        if factors.shape != chroma.shape[:3] or not (factors.min() >= lowest and factors.max() <= highest):
            raise ModelError(f"The model {self.card.name!r} gave a map that is not within {lowest}..{highest}")
        return np.rint(factors).astype(np.uint8)

    def predict(self, image: Image.Image) -> NDArray[np.float32]:
        """The region map (region rows, region columns) of `image` that its QF map amounts to: see `importance`."""
        return importance(self.factors(image)[0])


def on_blocks(factors: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A plane of a QF map as one factor for each 8x8 block of a picture of `size` (width, height)."""
    rows, columns = region_map.grid_shape(size)
    return factors.repeat(2, axis=0).repeat(2, axis=1)[:rows, :columns]


def importance(factors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The region map of the factors of luma: 1 at the largest, 0 at the smallest, 1 everywhere if there is but one.

    In between it is in proportion to the decibels of luma PSNR of plain JPEG at those qualities.
    """
    decibels = quantization.plain_psnr(factors)
    lowest, highest = decibels.min(), decibels.max()
    if lowest == highest:
        return np.ones(factors.shape, np.float32)
    shares: NDArray[np.float32] = ((decibels - lowest) / (highest - lowest)).astype(np.float32)
    return shares


def fall(factors: NDArray[np.uint8]) -> float:
    """How many decibels of luma PSNR lie between plain JPEG at the largest and at the smallest of the factors."""
    decibels = quantization.plain_psnr(factors)
    return float(decibels.max() - decibels.min())
