"""All quality figures of a decoded picture as one record, whole and inside and outside the regions of a map."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import region_map as maps
from .metrics import SSIM_WINDOW, psnr_y, ssim, ssimulacra2, without_package
from .perceptual_metrics import ms_ssim, psnr_hvs, psnr_hvs_m, vifp

# The figures that know regions, each with the smallest side of a picture that it can be computed for.
REGIONAL: dict[str, tuple[Callable[..., float], int]] = {
    "psnr": (psnr_y, 1),
    "ssim": (ssim, SSIM_WINDOW),
    "ms_ssim": (ms_ssim, 161),
    "vifp": (vifp, 41),
    "psnr_hvs": (psnr_hvs, 8),
    "psnr_hvs_m": (psnr_hvs_m, 8),
}
FIGURES = REGIONAL | {"ssimulacra2": (ssimulacra2, 8)}


def compare(
    original: Image.Image,
    decoded: Image.Image,
    region_map: NDArray[np.generic] | Image.Image | str | os.PathLike[str] | None = None,
) -> dict[str, float | None]:
    """The figures by name, None where the picture is too small for one or a package of [metrics] is not installed.

    Args:
        region_map: as `encode` takes it, but for boxes; scaled to the picture. With it there are `psnr_inside`, where
            pixels count in proportion to their importance, `psnr_outside`, where they count in proportion to its
            negative, and so on.

    Raises:
        RegionJpegError: the pictures differ in size.
        MapError: the map is none, or has no inside or no outside.
    """
    missing, side = without_package(), min(original.size)
    possible = {name for name, (_, smallest) in FIGURES.items() if side >= smallest and name not in missing}
    record = {name: metric(original, decoded) if name in possible else None for name, (metric, _) in FIGURES.items()}
    if region_map is not None:
        importance = Image.fromarray(maps.importance(region_map))
        inside = np.asarray(importance.resize(original.size, Image.Resampling.BILINEAR), dtype=np.float64)
        for at, weight in (("inside", inside), ("outside", 1 - inside)):
            record |= {
                f"{name}_{at}": metric(original, decoded, weight) if name in possible else None
                for name, (metric, _) in REGIONAL.items()
            }
    return record
