"""Quality figures of a decoded picture inside and outside its important regions."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg.metrics import psnr_y, ssim, ssimulacra2
from pyregjpeg.perceptual_metrics import ms_ssim, psnr_hvs, psnr_hvs_m, vifp

INSIDE_PERCENTILE = 70
SMALLEST_SIDE = 161  # pixels that MS-SSIM needs each way
WHOLE = "SSIMULACRA2 whole"

Mask: TypeAlias = NDArray[np.bool_]


def ssimulacra2_within(original: Image.Image, decoded: Image.Image, mask: Mask) -> float:
    """SSIMULACRA2, which knows no regions, of the decoded picture with the original's pixels outside the mask."""
    return ssimulacra2(original, np.where(mask[..., None], np.asarray(decoded), np.asarray(original)))


METRICS: dict[str, Callable[..., float]] = {
    "PSNR": psnr_y,
    "SSIM": ssim,
    "MS-SSIM": ms_ssim,
    "VIFP": vifp,
    "PSNR-HVS": psnr_hvs,
    "PSNR-HVS-M": psnr_hvs_m,
    "SSIMULACRA2": ssimulacra2_within,
}


def on_pixels(region_map: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """The map at the resolution of a picture of `size` (width, height)."""
    return np.asarray(Image.fromarray(region_map).resize(size, Image.Resampling.BILINEAR))


def inside_of(importance: NDArray[np.float32]) -> Mask:
    """What counts as inside: the most important 30 % of the pixels."""
    return np.asarray(importance >= np.percentile(importance, INSIDE_PERCENTILE))


def measured(image: Image.Image, encoded: bytes, inside: Mask) -> dict[str, float]:
    """All figures by name, such as "PSNR inside"."""
    decoded = Image.open(io.BytesIO(encoded)).convert("RGB")
    regions = {"inside": inside, "outside": ~inside}
    values = {
        f"{name} {at}": metric(image, decoded, mask) for at, mask in regions.items() for name, metric in METRICS.items()
    }
    return {**values, WHOLE: ssimulacra2(image, decoded)}
