"""All quality figures of a decoded picture as one record, whole and inside and outside a mask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from .metrics import SSIM_WINDOW, psnr_y, ssim, ssimulacra2
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
SSIMULACRA2_SIDE = 8


def compare(original: Image.Image, decoded: Image.Image, mask: Image.Image | None = None) -> dict[str, float | None]:
    """The figures by name, None where the picture is too small for one.

    Args:
        mask: grey, white is inside; scaled to the picture. With it there are `psnr_inside`, where pixels count in
            proportion to it, and `psnr_outside`, where they count in proportion to its negative, and so on.

    Raises:
        RegionJpegError: a package of the extra [metrics] is missing, or the pictures differ in size.
        MapError: the mask has no inside or no outside.
    """
    side = min(original.size)
    record = {
        name: metric(original, decoded) if side >= smallest else None for name, (metric, smallest) in REGIONAL.items()
    }
    record["ssimulacra2"] = ssimulacra2(original, decoded) if side >= SSIMULACRA2_SIDE else None
    if mask is not None:
        inside = np.asarray(mask.convert("L").resize(original.size, Image.Resampling.BILINEAR)) / 255
        for at, weight in (("inside", inside), ("outside", 1 - inside)):
            record |= {
                f"{name}_{at}": metric(original, decoded, weight) if side >= smallest else None
                for name, (metric, smallest) in REGIONAL.items()
            }
    return record
