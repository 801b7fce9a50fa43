"""Maps without a network, or of its features in one formula, to compare with: none of them is shipped."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Plane = NDArray[np.floating[Any]]

SPECTRAL_SIDE = 64  # of the picture that Hou and Zhang look at
RIDGE = 0.1  # of the mean variance, added to each variance: there are hardly more places than channels


def centre_gaussian(image: Image.Image) -> Plane:
    """Most important in the middle, a standard deviation of a quarter of each side."""
    rows, cols = np.mgrid[-1:1:32j, -1:1:32j]
    return np.exp(-2 * (rows**2 + cols**2))


def spectral_residual(image: Image.Image) -> Plane:
    """Hou and Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007."""
    grey = np.asarray(image.convert("L").resize((SPECTRAL_SIDE, SPECTRAL_SIDE), Image.Resampling.BOX), dtype=np.float64)
    spectrum = np.fft.fft2(grey)
    log_amplitude = np.log(np.abs(spectrum) + 1e-9)
    padded = np.pad(log_amplitude, 1, mode="wrap")
    average = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).mean(axis=(2, 3))
    saliency = np.abs(np.fft.ifft2(np.exp(log_amplitude - average + 1j * np.angle(spectrum)))) ** 2
    smooth = Image.fromarray((255 * saliency / saliency.max()).astype(np.float32).clip(0, 255))
    return np.asarray(smooth.convert("L").filter(ImageFilter.GaussianBlur(2.5)), dtype=np.float64)


def energy(features: Plane) -> Plane:
    """Root mean square (rows, cols) over the channels of `features` (channels, rows, cols)."""
    return np.sqrt(np.square(features).mean(axis=0))


def rarity(features: Plane) -> Plane:
    """Mahalanobis distance (rows, cols) of each place's features from those of the whole picture."""
    channels, rows, cols = features.shape
    centred = features.reshape(channels, -1).astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / centred.shape[1]
    covariance += np.eye(channels) * RIDGE * covariance.diagonal().mean()
    return np.sqrt((centred * np.linalg.solve(covariance, centred)).sum(axis=0)).reshape(rows, cols)


def together(*planes: Plane) -> Plane:
    """The sum of planes of several sizes, each with mean 0 and standard deviation 1, at the size of the first."""
    rows, cols = planes[0].shape
    sized = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize((cols, rows), Image.Resampling.BILINEAR))
        for plane in planes
    ]
    return np.sum([(plane - plane.mean()) / (plane.std() + 1e-6) for plane in sized], axis=0)


def stretched(plane: Plane) -> Plane:
    """`plane` from its lowest value to its highest brought to 0..1; a flat one becomes 0."""
    return (plane - plane.min()) / max(float(np.ptp(plane)), 1e-12)
