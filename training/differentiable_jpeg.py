"""JPEG in PyTorch, every step with a gradient: what libjpeg and our encoder do, and a step of its own for each region.

Pictures are float32 (n, height, width, 3), RGB, 0..255. What belongs to blocks is a pair, luma (n, 1, rows, columns,
64) and chroma (n, 2, rows, columns, 64), in natural order. Where JPEG rounds, the gradient passes as if it did not
(straight through). Colour conversion, sampling and the inverse DCT are libjpeg's integers exactly; the DCT is
orthonormal, in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from pyregjpeg.quantization import ANNEX_K

Subsampling = Literal["4:4:4", "4:2:0"]
BLOCK = 8  # pixels
REGION = 16  # pixels of luma, in both subsamplings
SCALES = (1.0, 50.0)  # of the Annex K tables, at least and at most
BASE_QUALITY = 50  # the quality at which Annex K is unscaled

# 65536ths, as libjpeg rounds them; the rows are Y, Cb, Cr.
_TO_YCC = ((19595, 38470, 7471), (-11059, -21709, 32768), (32768, -27439, -5329))
_TO_YCC_OFFSETS = (32768, 128 * 65536 + 32767, 128 * 65536 + 32767)
_RED_OF_CR, _GREEN_OF_CB, _GREEN_OF_CR, _BLUE_OF_CB = 91881, -22554, -46802, 116130

# What one pass of libjpeg's jidctint.c does, in 8192ths: coefficients to the first half of eight samples. It is linear
# up to its one rounding; the second half mirrors the first, odd coefficients negated.
_ISLOW_HALF = (
    (8192, 11363, 10703, 9633, 8192, 6437, 4433, 2260),
    (8192, 9633, 4433, -2259, -8192, -11362, -10704, -6436),
    (8192, 6437, -4433, -11362, -8192, 2261, 10704, 9633),
    (8192, 2260, -10703, -6436, 8192, 9633, -4433, -11363),
)


class Planes(NamedTuple):
    """Luma (n, 1, rows, columns, 64) and chroma (n, 2, rows, columns, 64): coefficients, levels, or steps."""

    luma: Tensor
    chroma: Tensor


def coefficients(pictures: Tensor, subsampling: Subsampling) -> Planes:
    """The unquantised DCT coefficients; edges are continued to whole blocks as libjpeg does it."""
    ycc = to_ycc(pictures)
    luma, chroma = ycc[:, :1], ycc[:, 1:]
    if subsampling == "4:2:0":
        blocks = math.ceil(math.ceil(chroma.shape[-1] / 2) / BLOCK)
        wide = _continued(chroma, chroma.shape[-2] + chroma.shape[-2] % 2, 2 * BLOCK * blocks)
        chroma = _halved(wide)
    return Planes(*(_dct(_continued(plane, *map(_whole_blocks, plane.shape[-2:]))) for plane in (luma, chroma)))


def steps(quality_factors: Tensor, like: Planes, subsampling: Subsampling) -> Planes:
    """The step of each coefficient, for quality factors (n, 2, region rows, region columns) of luma and chroma.

    A region's tables are those of Annex K times 50 / factor, not rounded; `like` says how many blocks there are.
    """
    # PyTorch divides a number by a tensor less exactly than a tensor, whose quotients are those of numpy.
    scales = (torch.tensor(float(BASE_QUALITY)) / quality_factors).clamp(*SCALES)
    parts = []
    for number, plane in enumerate(like):
        repeats = 1 if number == 1 and subsampling == "4:2:0" else REGION // BLOCK
        of_blocks = scales[:, number : number + 1].repeat_interleave(repeats, -2).repeat_interleave(repeats, -1)
        table = torch.tensor(ANNEX_K[number], dtype=torch.float32)
        parts.append(of_blocks[..., : plane.shape[2], : plane.shape[3], None] * table)
    return Planes(*parts)


def quantised(values: Planes, of: Planes, rounding: Callable[[Tensor], Tensor]) -> Planes:
    """The levels of coefficients whose steps are `of`."""
    return Planes(*(rounding(value / step) for value, step in zip(values, of, strict=True)))


def dequantised(levels: Planes, of: Planes) -> Planes:
    """The coefficients that the levels stand for."""
    return Planes(*(level * step for level, step in zip(levels, of, strict=True)))


def decoded(values: Planes, size: tuple[int, int], subsampling: Subsampling) -> Tensor:
    """The pictures, of `size` (height, width), that dequantised coefficients show."""
    height, width = size
    luma = _inverse_dct(values.luma)[..., :height, :width]
    chroma = _inverse_dct(values.chroma)
    if subsampling == "4:2:0":
        chroma = _fancy_doubled(chroma[..., : math.ceil(height / 2), : math.ceil(width / 2)])
    return _to_rgb(luma[:, 0], chroma[..., :height, :width])


def round_straight_through(values: Tensor) -> Tensor:
    """To the nearest integer, of two the even one; the gradient is 1."""
    return values + (values.round() - values).detach()


def round_soft(values: Tensor) -> Tensor:
    """The nearest integer and the distance to it to the third power (Shin and Song, 2017), with that gradient."""
    nearest = values.detach().round()
    return nearest + (values - nearest) ** 3


def to_ycc(pictures: Tensor) -> Tensor:
    """(n, 3, height, width), 0..255, of pictures (n, height, width, 3)."""
    sums = pictures @ torch.tensor(_TO_YCC, dtype=torch.float32).T + torch.tensor(_TO_YCC_OFFSETS, dtype=torch.float32)
    return _floor(sums / 65536).permute(0, 3, 1, 2)


def _to_rgb(luma: Tensor, chroma: Tensor) -> Tensor:
    blue, red = chroma[:, 0] - 128, chroma[:, 1] - 128
    return torch.stack(
        (
            luma + _floor((_RED_OF_CR * red + 32768) / 65536),
            luma + _floor((_GREEN_OF_CB * blue + _GREEN_OF_CR * red + 32768) / 65536),
            luma + _floor((_BLUE_OF_CB * blue + 32768) / 65536),
        ),
        dim=-1,
    ).clamp(0, 255)


def _floor(values: Tensor) -> Tensor:
    return values + (values.floor() - values).detach()


def _whole_blocks(side: int) -> int:
    return BLOCK * math.ceil(side / BLOCK)


def _continued(planes: Tensor, height: int, width: int) -> Tensor:
    """The last row and column repeated up to that size."""
    down, right = height - planes.shape[-2], width - planes.shape[-1]
    return functional.pad(planes, (0, right, 0, down), mode="replicate") if down or right else planes


def _halved(planes: Tensor) -> Tensor:
    """Means of 2x2 samples; libjpeg rounds halves down in even columns and up in odd ones."""
    bias = torch.tensor([1.0, 2.0]).repeat(planes.shape[-1] // 4)
    sums = functional.avg_pool2d(planes, 2, divisor_override=1)
    return _floor((sums + bias) / 4)


def _fancy_doubled(planes: Tensor) -> Tensor:
    """libjpeg's triangle filter: 3/4 of the nearer sample and 1/4 of the other, down and then across."""
    above = torch.cat((planes[..., :1, :], planes[..., :-1, :]), -2)
    below = torch.cat((planes[..., 1:, :], planes[..., -1:, :]), -2)
    rows = torch.stack((3 * planes + above, 3 * planes + below), -2).flatten(-3, -2)
    rows = rows.reshape(*planes.shape[:-2], 2 * planes.shape[-2], planes.shape[-1])
    before = torch.cat((rows[..., :1], rows[..., :-1]), -1)
    behind = torch.cat((rows[..., 1:], rows[..., -1:]), -1)
    pairs = torch.stack((3 * rows + before + 8, 3 * rows + behind + 7), -1)
    return _floor(pairs.flatten(-2) / 16)


def _dct(planes: Tensor) -> Tensor:
    """(n, channels, rows, columns, 64) of samples (n, channels, height, width)."""
    rows, columns = planes.shape[-2] // BLOCK, planes.shape[-1] // BLOCK
    tiles = planes.reshape(*planes.shape[:2], rows, BLOCK, columns, BLOCK).transpose(-3, -2)
    return (tiles.flatten(-2) - 128) @ _DCT.T


def _inverse_dct(values: Tensor) -> Tensor:
    """Samples (n, channels, height, width), 0..255: libjpeg's accurate integer DCT, of coefficients made whole."""
    whole = round_straight_through(values).double().reshape(*values.shape[:-1], BLOCK, BLOCK)
    columns = _floor((_ISLOW @ whole + 2.0**10) / 2.0**11)
    tiles = _floor((columns @ _ISLOW.T + 2.0**17) / 2.0**18).float() + 128
    return tiles.transpose(-3, -2).flatten(-2).flatten(-3, -2).clamp(0, 255)


def dct_matrix() -> Tensor:
    """(64, 64): a block's samples, row by row, to its orthonormal coefficients."""
    places = torch.arange(BLOCK, dtype=torch.float64)
    waves = torch.cos(torch.pi / BLOCK * (places + 0.5) * places[:, None]) * (2 / BLOCK) ** 0.5
    waves[0] /= 2**0.5
    return torch.kron(waves, waves).float()


def _islow_matrix() -> Tensor:
    """(8, 8): eight coefficients to eight samples, in float64, which holds all the sums exactly."""
    half = torch.tensor(_ISLOW_HALF, dtype=torch.float64)
    mirrored = half.flip(0) * torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(BLOCK // 2)
    return torch.cat((half, mirrored))


_DCT, _ISLOW = dct_matrix(), _islow_matrix()
