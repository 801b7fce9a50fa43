"""The quality figures of pyregjpeg.metrics, held against scikit-image and against what is true by definition."""

from __future__ import annotations

import io
import math
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from pyregjpeg.errors import MapError, RegionJpegError
from pyregjpeg.metrics import luma, psnr_y, ssimulacra2


@pytest.fixture(scope="module")
def original() -> Image.Image:
    """A picture of 160x120 with smooth areas, edges and texture."""
    rows, columns = np.mgrid[0:120, 0:160]
    noise = np.random.default_rng(0).normal(0, 12, (120, 160, 3))
    waves = 128 + 60 * np.sin(rows / 9)[..., None] + 40 * np.cos(columns[..., None] / np.array([5, 11, 23]))
    return Image.fromarray(np.clip(waves + noise * (columns > 80)[..., None], 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, format="JPEG", quality=quality)
    return Image.open(file)


def left_half(image: Image.Image) -> NDArray[np.bool_]:
    mask = np.zeros((image.height, image.width), dtype=bool)
    mask[:, : image.width // 2] = True
    return mask


def test_psnr_y_is_scikit_images_psnr_of_luma(original: Image.Image) -> None:
    decoded = jpeg(original, 60)
    expected = peak_signal_noise_ratio(luma(original), luma(decoded), data_range=255)
    assert psnr_y(original, decoded) == pytest.approx(expected, abs=1e-9)


def test_psnr_y_with_a_mask_is_psnr_y_of_the_cropped_pictures(original: Image.Image) -> None:
    decoded = jpeg(original, 40)
    half = (0, 0, original.width // 2, original.height)
    expected = psnr_y(original.crop(half), decoded.crop(half))
    assert psnr_y(original, decoded, left_half(original)) == pytest.approx(expected, abs=1e-9)


def test_luma_agrees_with_pillow_within_its_rounding(original: Image.Image) -> None:
    assert np.abs(luma(original) - np.asarray(original.convert("L"))).max() < 0.51


def test_luma_of_a_gray_picture_is_the_picture(original: Image.Image) -> None:
    gray = original.convert("L")
    assert np.array_equal(luma(gray), np.asarray(gray))


def test_equal_pictures_have_infinite_psnr(original: Image.Image) -> None:
    assert psnr_y(original, np.asarray(original)) == math.inf


def test_pictures_of_different_size_are_refused(original: Image.Image) -> None:
    with pytest.raises(RegionJpegError, match="160x120 and 80x60"):
        psnr_y(original, original.resize((80, 60)))


def test_an_array_that_is_no_picture_is_refused(original: Image.Image) -> None:
    with pytest.raises(RegionJpegError, match="float64"):
        psnr_y(original, luma(original))  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [np.ones((3, 3)), np.zeros((120, 160)), np.full((120, 160), -1.0)])
def test_a_weight_that_fits_no_picture_is_refused(original: Image.Image, bad: NDArray[np.float64]) -> None:
    with pytest.raises(MapError):
        psnr_y(original, jpeg(original, 50), bad)


def test_ssimulacra2_falls_with_quality(original: Image.Image) -> None:
    scores = [ssimulacra2(original, jpeg(original, quality)) for quality in (95, 60, 20)]
    assert 100 > scores[0] > scores[1] > scores[2]


def test_ssimulacra2_of_equal_pictures_is_one_hundred(original: Image.Image) -> None:
    assert ssimulacra2(original, original) == pytest.approx(100)


def test_without_its_package_ssimulacra2_says_what_to_install(
    original: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    with pytest.raises(RegionJpegError, match=r"pyregjpeg\[metrics\]"):
        ssimulacra2(original, original)
