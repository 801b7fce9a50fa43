"""Quality figures: how far a decoded picture is from its original.

Pictures are PIL images or uint8 arrays, (H, W) gray or (H, W, 3) RGB, both of the same size.
"""

from __future__ import annotations

import importlib
import io
import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import MapError, RegionJpegError

Picture: TypeAlias = Image.Image | NDArray[np.uint8]
Plane: TypeAlias = NDArray[np.float64]

SSIM_WINDOW = 11  # pixels each way: scikit-image cuts the Gaussian of sigma 1.5 there, as its authors do

# What the figures need that need more than numpy.
_PACKAGES = {"ssim": "skimage.metrics", "ssimulacra2": "ssimulacra2"}

# ITU-R BT.601, the luma of JFIF files.
_LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114])


def luma(picture: Picture) -> NDArray[np.float64]:
    """BT.601 luma, shape (H, W), 0..255.

    It is computed in floating point and not rounded, so a luma PSNR is not capped by the rounding of PIL's "L".
    """
    samples = _samples(picture)
    return samples.astype(np.float64) if samples.ndim == 2 else samples @ _LUMA_WEIGHTS


def psnr_y(original: Picture, decoded: Picture, weight: NDArray[Any] | None = None) -> float:
    """Peak signal-to-noise ratio of luma in dB, infinite for equal pictures.

    Args:
        weight: bool or non-negative numbers, shape (H, W); pixels count in proportion to it, so a mask restricts
            the figure to a region. None counts all pixels alike.

    Raises:
        RegionJpegError: the pictures differ in size.
        MapError: the weight has another shape, is negative somewhere or zero everywhere.
    """
    before, after, weights = planes(original, decoded, weight)
    return decibels(weighted_mean(np.square(before - after), weights))


def ssim(original: Picture, decoded: Picture, weight: NDArray[Any] | None = None) -> float:
    """Structural similarity of luma (Wang et al. 2004: Gaussian window of 11x11, sigma 1.5) by scikit-image.

    `weight` as for `psnr_y`; it counts at the middle of each window, and windows lie within the picture.

    Raises:
        RegionJpegError: scikit-image is not installed, the pictures differ in size or are smaller than the window.
        MapError: as `psnr_y`, with the weight within the outermost 5 pixels left out.
    """
    before, after, weights = planes(original, decoded, weight, smallest_side=SSIM_WINDOW)
    _, similarity = _package_of("ssim").structural_similarity(
        before, after, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    border = SSIM_WINDOW // 2
    within = np.s_[border:-border, border:-border]
    return weighted_mean(similarity[within], weights[within])


def ssimulacra2(original: Picture, decoded: Picture) -> float:
    """SSIMULACRA2 by the PyPI package of that name: 100 is identical, 90 hard to tell apart, 50 medium quality.

    About one second per megapixel.

    Raises:
        RegionJpegError: the package is not installed, or the pictures differ in size.
    """
    before, after = _samples(original), _samples(decoded)
    _check_same_size(before.shape[:2], after.shape[:2])
    return float(_package_of("ssimulacra2").compute_ssimulacra2(_uncompressed_file(before), _uncompressed_file(after)))


def without_package() -> list[str]:
    """The names of the figures whose package, of the extra [metrics], is not installed."""
    missing = []
    for figure in _PACKAGES:
        try:
            _package_of(figure)
        except RegionJpegError:
            missing.append(figure)
    return missing


def planes(
    original: Picture, decoded: Picture, weight: NDArray[Any] | None, smallest_side: int = 1
) -> tuple[Plane, Plane, Plane]:
    """Luma of both pictures and the weight of each pixel, all checked; for metrics that are built on this module."""
    before, after = luma(original), luma(decoded)
    _check_same_size(before.shape, after.shape)
    if min(before.shape) < smallest_side:
        height, width = before.shape
        raise RegionJpegError(f"The picture is {width}x{height}; this figure needs at least {smallest_side} each way.")
    weights = np.ones(before.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    if weights.shape != before.shape:
        raise MapError(f"The weight has the shape {weights.shape}, the picture {before.shape}: they must be equal.")
    if weights.min() < 0 or not weights.any():
        raise MapError("The weight must be nowhere negative, and above zero somewhere.")
    return before, after, weights


def weighted_mean(values: Plane, weights: Plane) -> float:
    """The mean of the values, each as often as its weight says. Raises MapError if all weights are zero."""
    total = float(weights.sum())
    if total == 0:
        raise MapError("The weight is above zero only at the edges, which this figure leaves out.")
    return float((values * weights).sum()) / total


def decibels(mean_squared_error: float) -> float:
    """A mean squared error of samples 0..255 as peak signal-to-noise ratio; infinite for 0."""
    return 10 * math.log10(255**2 / mean_squared_error) if mean_squared_error > 0 else math.inf


def _samples(picture: Picture) -> NDArray[np.uint8]:
    """uint8 samples, (H, W) for gray and (H, W, 3) for everything else."""
    if isinstance(picture, Image.Image):
        return np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
    if picture.dtype != np.uint8 or not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)):
        raise RegionJpegError(
            f"A picture is a uint8 array of shape (H, W) or (H, W, 3), not {picture.dtype} of shape {picture.shape}."
        )
    return picture


def _check_same_size(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    if before != after:
        raise RegionJpegError(
            f"The two pictures must have the same size, not {before[1]}x{before[0]} and {after[1]}x{after[0]}."
        )


def _package_of(figure: str) -> Any:
    try:
        return importlib.import_module(_PACKAGES[figure])
    except ModuleNotFoundError as error:
        raise RegionJpegError(f"{figure} needs an extra package: pip install pyregjpeg[metrics].") from error


def _uncompressed_file(samples: NDArray[np.uint8]) -> io.BytesIO:
    """The package opens files only; a PPM in memory costs it nothing to read."""
    file = io.BytesIO()
    Image.fromarray(samples).save(file, format="PPM")
    file.seek(0)
    return file
