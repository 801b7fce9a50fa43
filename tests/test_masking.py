"""What a block's content adds to its allowance in the block rule: masking by contrast, and the levels at its end."""

from __future__ import annotations

import dataclasses
from typing import Any

import block_rule
import numpy as np
import pytest
from helper import PHOTOGRAPHS, photograph, read_levels
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels import FAST_KERNELS, encoded_by
from numpy.typing import NDArray

from pyregjpeg import native
from pyregjpeg.errors import CodecError
from pyregjpeg.native import Component, Settings
from pyregjpeg.quantization import annex_k
from pyregjpeg.reader import Reader

ONES = np.ones((1, 64), dtype=np.float32)


def settings_for(samples: NDArray[np.uint8], **changes: Any) -> Settings:
    """A grey picture, all of whose frequencies and blocks have one allowance."""
    height, width = samples.shape
    chosen = Settings(
        width=width,
        height=height,
        pixels="L",
        components=(Component(1, 1, 0, np.zeros(block_rule.grid(width, height), dtype=np.uint8)),),
        tables=annex_k(75)[:1],
        weights=ONES,
        allowances=np.array([0.2], dtype=np.float32),
    )
    return dataclasses.replace(chosen, **changes)


def levels_of(samples: NDArray[np.uint8], **changes: Any) -> NDArray[np.int16]:
    [levels], _ = read_levels(native.encode(settings_for(samples, **changes), [samples]))
    return levels


@pytest.mark.parametrize(("masking", "tail"), [(0.3, 0.0), (0.0, 1.0), (0.25, 1.5)])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_levels_of_photographs_follow_the_rule(name: str, masking: float, tail: float) -> None:
    samples = np.asarray(photograph(name, "L"))
    levels = levels_of(samples, masking=masking, tail=tail)
    values = block_rule.coefficients(samples)
    allowances = np.full(values.shape[:2], np.float64(np.float32(0.2)))
    expected, close = block_rule.rule(values, annex_k(75)[0], allowances, ONES[0], masking, tail)
    assert close.mean() < 0.01
    assert np.array_equal(levels[~close], expected[~close])
    assert not np.array_equal(levels, levels_of(samples))


def waves(*of_columns: tuple[int, float]) -> NDArray[np.float64]:
    """A block with these frequencies across and their amplitudes."""
    place = np.arange(8)
    row = sum(amplitude * np.cos((2 * place + 1) * frequency * np.pi / 16) for frequency, amplitude in of_columns)
    return np.broadcast_to(row, (8, 8))


def tiled(*blocks: NDArray[np.float64]) -> NDArray[np.uint8]:
    return (128 + np.tile(np.hstack(blocks), (6, 6))).round().astype(np.uint8)


def test_a_busy_block_may_lose_what_an_even_one_keeps() -> None:
    faint = waves((5, 3))
    samples = tiled(faint + waves((2, 90)).T, faint)
    kept = {
        masking: [np.count_nonzero(part[..., 0, 5]) for part in (levels[:, ::2], levels[:, 1::2])]
        for masking in (0.0, 0.6)
        for levels in [levels_of(samples, masking=masking)]
    }
    assert kept == {0.0: [36, 36], 0.6: [0, 36]}


def test_only_what_stands_alone_at_the_end_is_dropped() -> None:
    """In zigzag order frequency 5 across comes right after frequency 4."""
    samples = tiled(waves((1, 60), (5, 3)), waves((1, 60), (4, 20), (5, 3)))
    kept = {
        tail: [np.count_nonzero(part[..., 0, 5]) for part in (levels[:, ::2], levels[:, 1::2])]
        for tail in (0.0, 4.0)
        for levels in [levels_of(samples, tail=tail)]
    }
    assert kept == {0.0: [36, 36], 4.0: [0, 36]}


def test_with_the_trellis_there_is_no_tail() -> None:
    samples = np.asarray(photograph("coffee", "L"))
    assert np.array_equal(levels_of(samples, trellis=True, tail=4.0), levels_of(samples, trellis=True))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    masking=st.floats(0, 2, width=32),
    tail=st.floats(0, 100, width=32),
    spread=st.sampled_from([2, 30, 256]),
)
@pytest.mark.parametrize("kernel", FAST_KERNELS)
def test_every_kernel_writes_the_same_file(
    kernel: str, seed: int, size: tuple[int, int], masking: float, tail: float, spread: int
) -> None:
    samples = np.random.default_rng(seed).integers(0, spread, size, dtype=np.uint8)
    to_write = settings_for(samples, masking=masking, tail=tail)
    assert encoded_by(kernel, to_write, samples) == encoded_by("generic", to_write, samples)


def test_transcoding_sees_the_contrast_of_what_it_reads() -> None:
    """From a file whose levels are nearly the coefficients, the levels are nearly those of the samples."""
    samples = np.asarray(photograph("coffee", "L"))
    expected = levels_of(samples, masking=0.4, tail=1.0)
    fine = settings_for(samples, tables=np.ones((1, 64), dtype=np.uint16), allowances=np.zeros(1, dtype=np.float32))
    with Reader(native.encode(fine, [samples])) as source:
        source.levels()
        [levels], _ = read_levels(source.transcode(settings_for(samples, masking=0.4, tail=1.0)))
    assert np.mean(levels != expected) < 0.01
    assert np.mean(levels_of(samples) != expected) > 0.02


@pytest.mark.parametrize(("name", "most"), [("masking", 2), ("tail", 1000)])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1001.0])
def test_what_is_out_of_range_is_refused(name: str, most: int, value: float) -> None:
    samples = np.full((8, 8), 100, dtype=np.uint8)
    with pytest.raises(CodecError, match=f"{name} is 0 to {most}"):
        levels_of(samples, **{name: value})
