"""What errors of a DCT coefficient mean to networks that see the picture scaled down: Fisher's information of each.

A network's gradients are taken at its own size, on pictures as they are and as JPEG of two qualities, and brought back
through scaling, chroma interpolation and colour conversion, which are linear, to the coefficients of a picture that is
larger by a ratio. KL divergence grows with a coefficient's squared error times this information.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn  # type: ignore[import-untyped]
from torch import Tensor
from torch.nn import functional

from pyregjpeg.quantization import LOW_FREQUENCIES
from training.fisher import Reader, gradients

RATIOS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
NOISE_QUALITIES = (15, 40)
LARGE_RATIO, LARGE_EVERY = 6.0, 4  # from this ratio on only every fourth picture: they take most of the time
MCU = 16  # pixels
_RGB_OF_YCC = torch.tensor([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])

Information = NDArray[np.float32]  # (pictures, versions, ratios, 3, 64): luma, chroma of half and of full size


def information(reader: Reader, pictures: Sequence[Image.Image], seed: int = 0) -> Information:
    """For each square picture and version of it, by ratio; NaN where a picture was left out."""
    found = []
    for number, picture in enumerate(pictures):
        of_versions = gradients(reader, _versions(picture, reader.side), 1, seed + number)[:, 0]
        found.append([_at_ratio(of_versions, ratio, number) for ratio in RATIOS])
    return np.array(found, dtype=np.float32).swapaxes(1, 2)


def mean_logarithms(found: Information) -> NDArray[np.float64]:
    """Logarithms of the means over pictures (ratios, 3, 64), in which every picture counts alike."""
    of_low = found[..., :1, LOW_FREQUENCIES].mean(axis=-1, keepdims=True)
    logarithms: NDArray[np.float64] = np.log(np.nanmean(found / of_low, axis=(0, 1), dtype=np.float64) + 1e-6)
    return logarithms


def at_size(pictures: NDArray[np.float32], ratio: float) -> Tensor:
    """Gradients (n, side, side, 3) brought to a picture larger by the ratio, whole MCUs: (n, 3, size, size)."""
    count, side = pictures.shape[:2]
    size = round(side * ratio / MCU) * MCU
    larger = torch.zeros(count, 3, size, size, requires_grad=True)
    # Scaling down with antialiasing is the average that Pillow takes; its transpose brings gradients back.
    scaled = functional.interpolate(larger, (side, side), mode="bilinear", antialias=True)
    [found] = torch.autograd.grad(scaled, larger, torch.tensor(pictures).permute(0, 3, 1, 2))
    return found


def of_half_size(planes: Tensor) -> Tensor:
    """Gradients (n, planes, size, size) brought to planes of half size, which decoders interpolate linearly."""
    half = torch.zeros(*planes.shape[:2], planes.shape[2] // 2, planes.shape[3] // 2, requires_grad=True)
    whole = functional.interpolate(half, scale_factor=2.0, mode="bilinear", align_corners=False)
    [found] = torch.autograd.grad(whole, half, planes)
    return found


def _versions(picture: Image.Image, side: int) -> NDArray[np.uint8]:
    """The picture as it is and as JPEG of each quality, as a network sees them (n, side, side, 3)."""
    versions = [picture]
    for quality in NOISE_QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        versions.append(Image.open(file).convert("RGB"))
    return np.stack([np.asarray(each.resize((side, side), Image.Resampling.BILINEAR)) for each in versions])


def _at_ratio(of_versions: NDArray[np.float32], ratio: float, number: int) -> Information:
    """(versions, 3, 64) of one picture."""
    if ratio >= LARGE_RATIO and number % LARGE_EVERY:
        return np.full((len(of_versions), 3, 64), np.nan, dtype=np.float32)
    planes = torch.einsum("nchw,cd->ndhw", at_size(of_versions, ratio), _RGB_OF_YCC)
    luma, chroma = planes[:, :1], planes[:, 1:]
    found: Information = np.stack([_of_blocks(each) for each in (luma, of_half_size(chroma), chroma)], axis=1)
    return found


def _of_blocks(planes: Tensor) -> Information:
    """Mean squares of the blocks' coefficients over blocks and planes, (n, 64)."""
    count, _, height, width = planes.shape
    blocks = planes.numpy().reshape(count, -1, height // 8, 8, width // 8, 8)
    found: Information = np.square(dctn(blocks, axes=(3, 5), norm="ortho")).mean(axis=(1, 2, 4)).reshape(count, 64)
    return found
