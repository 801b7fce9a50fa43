"""The JPEG of training/ is libjpeg's and ours: the same levels, the same pixels; and it has gradients."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from helper import ODD_SIZED, opened, photograph, read_levels, saved
from numpy.typing import NDArray
from region_files import FACTORS as FACTORS_OF_REGIONS
from region_files import HALVINGS, STEP_SCALES, random_map, region_file

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from pyregjpeg import native  # noqa: E402
from pyregjpeg.quantization import annex_k  # noqa: E402
from pyregjpeg.reader import decode_regions  # noqa: E402
from training import differentiable_jpeg as dj  # noqa: E402

SUBSAMPLINGS: tuple[dj.Subsampling, ...] = ("4:4:4", "4:2:0")
NAMES = ("astronaut", ODD_SIZED)
FACTORS = (10, 25, 50)  # up to 50 they are Pillow's qualities: both scale Annex K by 50 / quality


def pixels(name: str) -> NDArray[np.uint8]:
    return np.asarray(photograph(name))


def as_batch(picture: NDArray[Any]) -> Any:
    return torch.tensor(picture[np.newaxis], dtype=torch.float32)


@functools.cache
def plainly_encoded(name: str, quality: int, subsampling: dj.Subsampling) -> bytes:
    """Our encoder's file with Pillow's tables and plain rounding everywhere."""
    picture = pixels(name)
    height, width = picture.shape[:2]
    halved = 2 if subsampling == "4:2:0" else 1
    luma = np.zeros((-(-height // 8), -(-width // 8)), np.uint8)
    chroma = np.zeros((-(-height // (8 * halved)), -(-width // (8 * halved))), np.uint8)
    settings = native.Settings(
        components=(
            native.Component(halved, halved, 0, luma),
            native.Component(1, 1, 1, chroma),
            native.Component(1, 1, 1, chroma),
        ),
        tables=annex_k(quality),
        allowances=np.zeros(1, np.float32),
        width=width,
        height=height,
        pixels="RGB",
    )
    return native.encode(settings, [picture.reshape(height, -1)])


def components(planes: dj.Planes) -> list[NDArray[np.float32]]:
    return [planes.luma[0, 0].numpy(), planes.chroma[0, 0].numpy(), planes.chroma[0, 1].numpy()]


def as_planes(levels: list[NDArray[np.int16]]) -> dj.Planes:
    flat = [torch.tensor(plane.reshape(*plane.shape[:2], 64).astype(np.float32)) for plane in levels]
    return dj.Planes(flat[0][None, None], torch.stack(flat[1:])[None])


def flat_steps(quality: int) -> dj.Planes:
    return dj.Planes(*(torch.tensor(table.astype(np.float32)) for table in annex_k(quality)))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_levels_are_those_that_our_encoder_writes(name: str, quality: int, subsampling: dj.Subsampling) -> None:
    expected, _ = read_levels(plainly_encoded(name, quality, subsampling))
    values = dj.coefficients(as_batch(pixels(name)), subsampling)
    levels = components(dj.quantised(values, flat_steps(quality), dj.round_straight_through))
    differences = [np.abs(ours - plane.reshape(ours.shape)) for ours, plane in zip(levels, expected, strict=True)]
    together = np.concatenate([plane.ravel() for plane in differences])
    assert together.max() <= 1
    assert np.count_nonzero(together) < 1e-3 * together.size


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_levels_are_those_of_libjpeg_but_for_its_coarser_dct(subsampling: dj.Subsampling) -> None:
    expected, _ = read_levels(saved(photograph(ODD_SIZED), "JPEG", quality=50, subsampling=subsampling))
    values = dj.coefficients(as_batch(pixels(ODD_SIZED)), subsampling)
    levels = components(dj.quantised(values, flat_steps(50), dj.round_straight_through))
    for ours, plane in zip(levels, expected, strict=True):
        differences = np.abs(ours - plane.reshape(ours.shape))
        assert differences.max() <= 1
        assert np.count_nonzero(differences) < 1e-3 * differences.size


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_decoded_pixels_are_those_of_libjpeg(name: str, quality: int, subsampling: dj.Subsampling) -> None:
    jpeg = plainly_encoded(name, quality, subsampling)
    levels, _ = read_levels(jpeg)
    values = dj.dequantised(as_planes(levels), flat_steps(quality))
    picture = dj.decoded(values, pixels(name).shape[:2], subsampling)[0].numpy()
    assert np.abs(picture - np.asarray(opened(jpeg))).max() <= 1


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_each_region_has_its_own_tables(subsampling: dj.Subsampling) -> None:
    values = dj.coefficients(as_batch(pixels(ODD_SIZED)), subsampling)
    regions = (14, 20)  # of 211x317 pixels
    factors = torch.full((1, 2, *regions), 25.0)
    factors[:, 0, :, 10:], factors[:, 1, :5] = 50.0, 10.0
    levels = dj.quantised(values, dj.steps(factors, values, subsampling), dj.round_straight_through)
    flat = {factor: dj.quantised(values, flat_steps(factor), dj.round_straight_through) for factor in FACTORS}
    rows = 5 if subsampling == "4:2:0" else 10  # of chroma's blocks
    assert torch.equal(levels.luma[:, :, :, :20], flat[25].luma[:, :, :, :20])
    assert torch.equal(levels.luma[:, :, :, 20:], flat[50].luma[:, :, :, 20:])
    # Pillow's tables of quality 10 end at 255, a region's do not; Annex K's first steps of chroma stay below.
    assert torch.equal(levels.chroma[:, :, :rows, :, :3], flat[10].chroma[:, :, :rows, :, :3])
    assert torch.equal(levels.chroma[:, :, rows:], flat[25].chroma[:, :, rows:])


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_scaled_steps_has_these_levels_and_pixels(name: str, subsampling: dj.Subsampling) -> None:
    picture = pixels(name)
    of_regions = random_map((picture.shape[1], picture.shape[0]), 2)
    jpeg = region_file(picture, of_regions, HALVINGS[subsampling])
    expected, _ = read_levels(jpeg)

    values = dj.coefficients(as_batch(picture), subsampling)
    steps = dj.steps(torch.tensor(FACTORS_OF_REGIONS[of_regions][None], dtype=torch.float32), values, subsampling)
    levels = components(dj.quantised(values, steps, dj.round_straight_through))
    for ours, plane in zip(levels, expected, strict=True):
        differences = np.abs(ours - plane.reshape(ours.shape))
        assert differences.max() <= 1
        assert np.count_nonzero(differences) < 1e-3 * differences.size

    shown = dj.decoded(dj.dequantised(as_planes(expected), steps), picture.shape[:2], subsampling)[0].numpy()
    assert np.array_equal(shown, decode_regions(jpeg, STEP_SCALES[of_regions]))


def test_scales_stay_within_their_limits() -> None:
    values = dj.Planes(torch.zeros(1, 1, 2, 2, 64), torch.zeros(1, 2, 1, 1, 64))
    coarse, fine = (dj.steps(torch.full((1, 2, 1, 1), factor), values, "4:2:0") for factor in (0.5, 100.0))
    assert coarse.luma[0, 0, 0, 0, 0] == 50 * 16
    assert fine.chroma[0, 0, 0, 0, 0] == 17


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_the_gradient_of_a_coefficient_is_what_a_large_change_of_it_does(subsampling: dj.Subsampling) -> None:
    torch.manual_seed(0)
    grids = [(2, 2), (1, 1) if subsampling == "4:2:0" else (2, 2)]
    values = dj.Planes(*(torch.randn(1, 1 + number, *grid, 64) * 8 for number, grid in enumerate(grids)))
    weights = torch.randn(1, 16, 16, 3)

    def seen(planes: dj.Planes) -> Any:
        return (dj.decoded(planes, (16, 16), subsampling) * weights).sum()

    for plane in values:
        plane.requires_grad_(True)
    gradients = torch.autograd.grad(seen(values), values)
    predicted = sum(6 * gradient.square().sum() for gradient in gradients).item()
    with torch.no_grad():
        moved = dj.Planes(*(plane + 6 * gradient for plane, gradient in zip(values, gradients, strict=True)))
        assert (seen(moved) - seen(values)).item() == pytest.approx(predicted, rel=0.05)


def test_straight_through_rounds_to_even_with_a_gradient_of_one() -> None:
    values = torch.tensor([-2.5, -0.7, 0.5, 1.2, 1.5], requires_grad=True)
    rounded = dj.round_straight_through(values)
    rounded.sum().backward()
    assert rounded.tolist() == [-2, -1, 0, 1, 2]
    assert values.grad.tolist() == [1] * 5


def test_soft_rounding_is_near_the_integer_and_flattest_there() -> None:
    values = torch.tensor([-0.7, 0.1, 1.0, 2.4], requires_grad=True)
    rounded = dj.round_soft(values)
    rounded.sum().backward()
    assert rounded.detach().numpy() == pytest.approx([-1 + 0.027, 0.001, 1, 2.064], abs=1e-5)
    assert values.grad.numpy() == pytest.approx([0.27, 0.03, 0, 0.48], abs=1e-5)
