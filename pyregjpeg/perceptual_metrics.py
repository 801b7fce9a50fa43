"""Quality figures that model what people see: MS-SSIM, VIFP, PSNR-HVS and PSNR-HVS-M, on luma, whole or in a region.

Pictures and weights are those of pyregjpeg/metrics.py. Each figure is written after its paper and agrees with an
independent implementation; tests/test_perceptual_metrics.py says with which and how closely.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .metrics import SSIM_WINDOW, Picture, Plane, decibels, planes, weighted_mean
from .quantization import ANNEX_K

# SSIM: (0.01 * 255)^2 and (0.03 * 255)^2; the importance of each scale, fine to coarse, as measured by Wang et al.
_C1, _C2 = 6.5025, 58.5225
_MS_SSIM_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)

_VIF_NOISE = 2.0  # variance of what the eye itself adds
_TINY = 1e-10

# PSNR-HVS and its masking take the eye's sensitivity to a coefficient as the inverse of its step in Annex K: the tables
# that their authors publish are these to the last digit.
_LUMA_STEPS = ANNEX_K[0].reshape(8, 8).astype(np.float64)
_SENSITIVITY, _MASKING = 25.73509 / _LUMA_STEPS, (10 / _LUMA_STEPS) ** 2

# The orthonormal DCT of 8 samples, a row for each frequency.
_DCT = np.sqrt(0.25) * np.cos(np.pi / 16 * np.outer(np.arange(8), 2 * np.arange(8) + 1))
_DCT[0] = np.sqrt(0.125)


def ms_ssim(original: Picture, decoded: Picture, weight: NDArray[Any] | None = None) -> float:
    """Multi-scale structural similarity of luma on five scales, after Wang, Simoncelli and Bovik (2003).

    `weight` as for `psnr_y`, scaled down together with the picture; a window counts by the mean weight under it.

    Raises:
        RegionJpegError: the pictures differ in size or have a side below 161 pixels, too few for the fifth scale.
        MapError: as `psnr_y`.
    """
    before, after, weights = planes(original, decoded, weight, smallest_side=161)
    window = _gaussian(SSIM_WINDOW, 1.5)
    result = 1.0
    for scale, exponent in enumerate(_MS_SSIM_EXPONENTS):
        if scale:
            before, after, weights = _halved(before), _halved(after), _halved(weights)
        mean_x, mean_y, variance_x, variance_y, covariance = _window_statistics(before, after, window)
        similarity = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
        if scale == len(_MS_SSIM_EXPONENTS) - 1:
            similarity *= (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
        mean = weighted_mean(similarity, _blurred(weights, window))
        result *= max(mean, 0.0) ** exponent
    return result


def vifp(original: Picture, decoded: Picture, weight: NDArray[Any] | None = None) -> float:
    """Visual information fidelity of luma in the pixel domain, after Sheikh and Bovik (2006): 1 for equal pictures.

    `weight` as for `ms_ssim`. A picture without any detail has nothing to lose: its figure is 1.

    Raises:
        RegionJpegError: the pictures differ in size or have a side below 41 pixels, too few for the fourth scale.
        MapError: as `psnr_y`.
    """
    before, after, weights = planes(original, decoded, weight, smallest_side=41)
    kept = total = 0.0
    for size in (17, 9, 5, 3):
        window = _gaussian(size, size / 5)
        if size != 17:
            before, after, weights = (_blurred(plane, window)[::2, ::2] for plane in (before, after, weights))
        _, _, variance_x, variance_y, covariance = _window_statistics(before, after, window)
        variance_x[variance_x < _TINY] = 0
        gain = covariance / (variance_x + _TINY)
        # A window without detail carries nothing, and one whose detail is turned round keeps nothing of it.
        gain[(variance_x == 0) | (variance_y < _TINY) | (gain < 0)] = 0
        noise = np.maximum(variance_y - gain * covariance, _TINY)
        window_weights = _blurred(weights, window)
        kept += float((np.log1p(gain**2 * variance_x / (noise + _VIF_NOISE)) * window_weights).sum())
        total += float((np.log1p(variance_x / _VIF_NOISE) * window_weights).sum())
    return kept / total if total > 0 else 1.0


def psnr_hvs(original: Picture, decoded: Picture, weight: NDArray[Any] | None = None) -> float:
    """PSNR of luma in dB with each DCT coefficient weighted by contrast sensitivity (Egiazarian et al. 2006).

    `weight` as for `psnr_y`; a block of 8x8 counts by the mean weight of its pixels. Blocks that the right or the
    bottom edge cuts are left out, as in the authors' program. Raises as `psnr_y`.
    """
    return _psnr_hvs(original, decoded, weight, masking=False)


def psnr_hvs_m(original: Picture, decoded: Picture, weight: NDArray[Any] | None = None) -> float:
    """`psnr_hvs` with what the block's own contrast hides taken off each difference (Ponomarenko et al. 2007)."""
    return _psnr_hvs(original, decoded, weight, masking=True)


def _gaussian(size: int, sigma: float) -> Plane:
    distances = np.arange(size) - size // 2
    window = np.exp(-(distances**2) / (2 * sigma**2))
    normalised: Plane = window / window.sum()
    return normalised


def _blurred(plane: Plane, window: Plane) -> Plane:
    """Filtered down and across by a symmetric window, only where it lies within the plane."""
    for _ in range(2):
        rows = len(plane) - len(window) + 1
        filtered = window[0] * plane[:rows]
        for start, share in enumerate(window[1:], start=1):
            filtered += share * plane[start : start + rows]
        plane = filtered.T
    return plane


def _window_statistics(x: Plane, y: Plane, window: Plane) -> tuple[Plane, Plane, Plane, Plane, Plane]:
    """Means of both planes, their variances and covariance, under each place of the window."""
    mean_x, mean_y = _blurred(x, window), _blurred(y, window)
    squares_x, squares_y, products = _blurred(x * x, window), _blurred(y * y, window), _blurred(x * y, window)
    return mean_x, mean_y, squares_x - mean_x**2, squares_y - mean_y**2, products - mean_x * mean_y


def _halved(plane: Plane) -> Plane:
    """Means of 2x2; an odd last row or column counts twice."""
    for _ in range(2):
        plane = ((plane[::2] + np.concatenate([plane[1::2], plane[-1:]])[: len(plane[::2])]) / 2).T
    return plane


def _blocks(plane: Plane, side: int) -> Plane:
    """The plane's whole blocks, shape (rows, cols, side, side)."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    whole = plane[: rows * side, : columns * side]
    blocks: Plane = whole.reshape(rows, side, columns, side).swapaxes(1, 2)
    return blocks


def _psnr_hvs(original: Picture, decoded: Picture, weight: NDArray[Any] | None, *, masking: bool) -> float:
    before, after, weights = planes(original, decoded, weight, smallest_side=8)
    blocks_x, blocks_y = _blocks(before, 8), _blocks(after, 8)
    x, y = _DCT @ blocks_x @ _DCT.T, _DCT @ blocks_y @ _DCT.T
    difference = np.abs(x - y)
    if masking:
        hidden = np.maximum(_strength(blocks_x, x), _strength(blocks_y, y))[..., None, None] / _MASKING
        hidden[..., 0, 0] = 0
        difference = np.maximum(difference - hidden, 0)
    errors = np.square(difference * _SENSITIVITY).mean(axis=(2, 3))
    return decibels(weighted_mean(errors, _blocks(weights, 8).mean(axis=(2, 3))))


def _strength(blocks: Plane, coefficients: Plane) -> Plane:
    """The masking strength of each block: its energy, less where an edge rather than texture makes its variance."""
    energy = np.square(coefficients) * _MASKING
    energy[..., 0, 0] = 0
    quarters = blocks.reshape(*blocks.shape[:2], 2, 4, 2, 4).var(axis=(3, 5), ddof=1).sum(axis=(2, 3)) * 16
    whole = blocks.var(axis=(2, 3), ddof=1) * 64
    evenness = np.divide(quarters, whole, out=np.zeros_like(whole), where=whole > 0)
    strength: Plane = np.sqrt(energy.sum(axis=(2, 3)) * evenness) / 32
    return strength
