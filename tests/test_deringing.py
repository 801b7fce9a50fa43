"""Deringing: what it gives, and that it touches no block but those with white or black in them."""

from __future__ import annotations

import dataclasses
from typing import Any

import block_rule
import numpy as np
import pytest
from helper import PHOTOGRAPHS, mean_square_error, opened, photograph, read_levels
from kernels import FAST_KERNELS, encoded_by
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from region_files import FORMS

from pyregjpeg import native
from pyregjpeg.native import Component, Settings
from pyregjpeg.quantization import annex_k

STRIDES = (2, 1.5, 1.2)
LINES = (
    "Every decoder clips what it decodes",
    "to the range from black to white,",
    "so text may overshoot it: 0123456789",
)


def page(ink: int = 0, paper: int = 255) -> NDArray[np.uint8]:
    """A page of text in grey."""
    image = Image.new("L", (233, 150), paper)
    pen = ImageDraw.Draw(image)
    for line in range(9):
        pen.text((5 + line, 4 + 16 * line), LINES[line % len(LINES)], fill=ink)
    return np.asarray(image)


def settings_for(samples: NDArray[np.uint8], quality: int = 75, **changes: Any) -> Settings:
    height, width = samples.shape
    settings = Settings(
        width=width,
        height=height,
        pixels="L",
        components=(Component(1, 1, 0, np.zeros(block_rule.grid(width, height), dtype=np.uint8)),),
        tables=annex_k(quality)[:1],
        allowances=np.zeros(1, dtype=np.float32),
    )
    return dataclasses.replace(settings, **changes)


def encoded(samples: NDArray[np.uint8], **changes: Any) -> bytes:
    return native.encode(settings_for(samples, **changes), [samples])


def clipped_blocks(samples: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Those with some samples that are white or black and some that are otherwise."""
    rows, columns = block_rule.grid(samples.shape[1], samples.shape[0])
    padding = ((0, 8 * rows - samples.shape[0]), (0, 8 * columns - samples.shape[1]))
    blocks = np.pad(samples, padding, mode="edge").reshape(rows, 8, columns, 8)
    highest, lowest = blocks.max(axis=(1, 3)), blocks.min(axis=(1, 3))
    clipped: NDArray[np.bool_] = ((highest == 255) | (lowest == 0)) & (highest != lowest)
    return clipped


def deringed_levels(samples: NDArray[np.uint8], table: NDArray[np.uint16]) -> NDArray[np.float64]:
    """The levels once more in numpy, for samples in whole blocks."""
    steps = table.reshape(8, 8).astype(np.float64)
    original = block_rule.coefficients(samples)
    rows, columns = original.shape[:2]
    blocks = samples.reshape(rows, 8, columns, 8).swapaxes(1, 2)
    frequency, place = np.mgrid[0:8, 0:8]
    cosines = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    cosines[0] /= np.sqrt(2)
    values = original
    for stride in STRIDES:
        decoded = cosines.T @ (np.rint(values / steps) * steps) @ cosines + 128
        above = np.where(blocks == 255, np.maximum(decoded - 255, 0), 0)
        below = np.where(blocks == 0, np.minimum(decoded, 0), 0)
        values = original + cosines @ (stride * (above + below)) @ cosines.T
    changed = clipped_blocks(samples)[..., np.newaxis, np.newaxis]
    levels: NDArray[np.float64] = np.rint(np.where(changed, values, original) / steps)
    return levels


@pytest.mark.parametrize(("quality", "higher"), [(40, 46), (75, 78), (90, 91)])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (90, 255)])
def test_text_comes_out_cleaner_than_from_more_bytes_without(ink: int, paper: int, quality: int, higher: int) -> None:
    samples = page(ink, paper)
    larger = encoded(samples, quality=higher)
    deringed = encoded(samples, quality=quality, deringing=True)
    before, after = (mean_square_error(Image.fromarray(samples), opened(jpeg)) for jpeg in (larger, deringed))
    assert len(deringed) < len(larger)
    assert after < 0.7 * before


def test_it_is_three_projections_of_what_decoders_clip() -> None:
    samples = page(ink=7)[:144, :232]
    [levels], _ = read_levels(encoded(samples, deringing=True))
    plain, _ = read_levels(encoded(samples))
    differing = (levels != deringed_levels(samples, annex_k(75)[0])).any(axis=(2, 3))
    assert differing.mean() < 0.01  # where floats and doubles part at a tie
    assert (levels != plain[0]).any(axis=(2, 3)).mean() > 0.3


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_without_white_or_black_no_byte_changes(name: str) -> None:
    samples = np.clip(np.asarray(photograph(name, "L")), 1, 254)
    assert encoded(samples, deringing=True) == encoded(samples)


def test_it_changes_no_block_but_those_that_are_clipped_in_part() -> None:
    samples = page()
    [plain], _ = read_levels(encoded(samples))
    [deringed], _ = read_levels(encoded(samples, deringing=True))
    changed = (plain != deringed).any(axis=(2, 3))
    clipped = clipped_blocks(samples)
    assert not changed[~clipped].any()
    assert changed[clipped].mean() > 0.5


def test_white_and_black_pages_stay() -> None:
    for value in (0, 255):
        samples = np.full((40, 40), value, dtype=np.uint8)
        assert encoded(samples, deringing=True) == encoded(samples)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_file_has_the_same_levels(form: dict[str, bool]) -> None:
    [expected], _ = read_levels(encoded(page(), deringing=True))
    [levels], _ = read_levels(encoded(page(), deringing=True, **form))
    assert np.array_equal(levels, expected)


@pytest.mark.parametrize("trellis", [False, True])
def test_kept_coefficients_give_the_file_that_the_pixels_give_any_number_of_times(trellis: bool) -> None:
    samples = page()
    samples = np.concatenate([samples, np.full_like(samples, 255), np.zeros_like(samples)])
    settings = settings_for(samples, trellis=trellis, allowances=np.array([2], dtype=np.float32))
    with native.Coefficients(settings, [samples]) as kept:
        for deringing in (True, False, True):
            again = dataclasses.replace(settings, deringing=deringing)
            assert kept.encode(again) == native.encode(again, [samples])


def test_the_trellis_starts_from_what_it_gives() -> None:
    samples = page()
    settings = settings_for(samples, trellis=True, allowances=np.array([2], dtype=np.float32))
    plain, deringed = (
        native.encode(dataclasses.replace(settings, deringing=deringing), [samples]) for deringing in (False, True)
    )
    before, after = (mean_square_error(Image.fromarray(samples), opened(jpeg)) for jpeg in (plain, deringed))
    assert after < 0.6 * before
    assert len(deringed) < 1.05 * len(plain)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("quality", [10, 75, 95])
def test_every_kernel_gives_the_generic_kernels_bytes(kernel: str, quality: int) -> None:
    samples = page(ink=30)
    settings = settings_for(samples, quality=quality, deringing=True)
    assert encoded_by(kernel, settings, samples) == encoded_by("generic", settings, samples)


@pytest.mark.parametrize(("dc", "ac"), [(1, 1), (1, 255), (1, 32767), (255, 1), (32767, 1), (3, 60)])
def test_its_levels_are_such_as_baseline_jpeg_can_code(dc: int, ac: int) -> None:
    noise = 255 * np.random.default_rng(3).integers(0, 2, (64, 64), dtype=np.uint8)
    noise[::8, ::8] = 128
    for steps in (np.full(64, ac), np.where(np.arange(64) % 2, 1, ac)):
        table = np.concatenate([[dc], steps[1:]]).astype(np.uint16)
        [levels], _ = read_levels(encoded(noise, tables=table[np.newaxis], deringing=True))
        assert np.abs(levels).max() <= 1023
