"""MS-SSIM, VIFP, PSNR-HVS and PSNR-HVS-M against other people's programs, and their weights against crops.

The reference values were computed once on tests/images/astronaut.webp and the two distortions below, from BT.601 luma
in float64: MS-SSIM and SSIM by piq 0.8.0 (multi_scale_ssim; ssim with downsample=False; data_range=255), VIFP by
sewar 0.4.10 (vifp), PSNR-HVS and PSNR-HVS-M by psnr_hvsm 0.3.0 (psnr_hvs_hvsm of luma / 255). The distortions are
integer arithmetic, so no decoder's rounding enters.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from helper import photograph
from numpy.typing import NDArray

from pyregjpeg.errors import MapError, RegionJpegError
from pyregjpeg.metrics import ssim
from pyregjpeg.perceptual_metrics import ms_ssim, psnr_hvs, psnr_hvs_m, vifp

Metric = Callable[..., float]
Array = NDArray[np.uint8]
METRICS: tuple[Metric, ...] = (ssim, ms_ssim, vifp, psnr_hvs, psnr_hvs_m)
BEST = {ssim: 1.0, ms_ssim: 1.0, vifp: 1.0, psnr_hvs: math.inf, psnr_hvs_m: math.inf}


@pytest.fixture(scope="module")
def original() -> Array:
    return np.asarray(photograph("astronaut"))


def posterised(picture: Array) -> Array:
    return picture // 24 * 24 + 12


def smeared(picture: Array) -> Array:
    wide = picture.astype(np.uint16)
    return ((wide + np.roll(wide, 1, axis=1) + 1) // 2).astype(np.uint8)


@pytest.mark.parametrize(
    ("metric", "distorted", "expected"),
    [
        (ssim, posterised, 0.85877472),
        (ssim, smeared, 0.94002104),
        (ms_ssim, posterised, 0.99049432),
        (ms_ssim, smeared, 0.98626023),
        (vifp, posterised, 0.67554105),
        (vifp, smeared, 0.51620958),
        (psnr_hvs, posterised, 29.008496),
        (psnr_hvs, smeared, 22.856783),
        (psnr_hvs_m, posterised, 30.279213),
        (psnr_hvs_m, smeared, 24.865479),
    ],
)
def test_a_figure_is_that_of_an_independent_program(
    original: Array, metric: Metric, distorted: Callable[[Array], Array], expected: float
) -> None:
    tolerance = 1e-5 if expected > 1 else 2e-8
    assert metric(original, distorted(original)) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("metric", METRICS)
def test_equal_pictures_have_the_best_figure(original: Array, metric: Metric) -> None:
    assert metric(original, original) == pytest.approx(BEST[metric])


@pytest.mark.parametrize("metric", METRICS)
def test_a_weight_that_is_the_same_everywhere_changes_nothing(original: Array, metric: Metric) -> None:
    decoded = posterised(original)
    weight = np.full(original.shape[:2], 0.3)
    assert metric(original, decoded, weight) == pytest.approx(metric(original, decoded), abs=1e-9)


@pytest.mark.parametrize("metric", [psnr_hvs, psnr_hvs_m])
def test_a_mask_of_whole_blocks_is_the_cropped_picture(original: Array, metric: Metric) -> None:
    decoded = smeared(original)
    mask = np.zeros(original.shape[:2], dtype=bool)
    mask[64:160, 80:] = True
    expected = metric(original[64:160, 80:], decoded[64:160, 80:])
    assert metric(original, decoded, mask) == pytest.approx(expected, abs=1e-9)


def test_ssim_of_a_mask_is_ssim_of_the_picture_cropped_to_the_windows_around_it(original: Array) -> None:
    decoded = smeared(original)
    mask = np.zeros(original.shape[:2], dtype=bool)
    mask[60:150, 80:200] = True
    around = np.s_[55:155, 75:205]
    assert ssim(original, decoded, mask) == pytest.approx(ssim(original[around], decoded[around]), abs=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_damage_far_from_the_mask_does_not_count_and_damage_within_does(original: Array, metric: Metric) -> None:
    decoded = original.copy()
    decoded[:, :32] = posterised(original)[:, :32]
    left = np.zeros(original.shape[:2], dtype=bool)
    left[:, :32] = True
    far = np.zeros(original.shape[:2], dtype=bool)
    far[:, 192:] = True
    assert metric(original, decoded, far) == pytest.approx(BEST[metric], abs=2e-4)
    assert metric(original, decoded, left) < metric(original, decoded)


@pytest.mark.parametrize("metric", METRICS)
def test_a_weight_of_zeros_or_below_zero_is_refused(original: Array, metric: Metric) -> None:
    for weight in (np.zeros(original.shape[:2]), np.full(original.shape[:2], -1.0), np.ones((3, 3))):
        with pytest.raises(MapError):
            metric(original, posterised(original), weight)


@pytest.mark.parametrize(("metric", "side"), [(ssim, 11), (ms_ssim, 161), (vifp, 41), (psnr_hvs, 8), (psnr_hvs_m, 8)])
def test_the_smallest_picture_works_and_a_smaller_one_is_refused(original: Array, metric: Metric, side: int) -> None:
    corner = original[:side, :side]
    assert math.isfinite(metric(corner, posterised(corner)))
    with pytest.raises(RegionJpegError, match=rf"{side - 1}x.* at least {side}"):
        metric(corner[:, 1:], posterised(corner)[:, 1:])


@pytest.mark.parametrize("metric", [vifp, psnr_hvs, psnr_hvs_m])
def test_a_picture_without_detail_has_a_figure(metric: Metric) -> None:
    flat = np.full((48, 48), 100, dtype=np.uint8)
    assert metric(flat, flat) == BEST[metric]
    assert not math.isnan(metric(flat, flat + 1))
