"""The C encoder on its own: every kernel gives the same bytes, the levels follow the rule, bad input is refused."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
import pytest
from block_rule import coefficients, grid, rule
from helper import PHOTOGRAPHS, opened, photograph, read_levels
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernels import FAST_KERNELS, encoded_by
from numpy.typing import NDArray

from pyregjpeg import native
from pyregjpeg.errors import CodecError
from pyregjpeg.native import Component, Settings

LEVEL_COUNT = 4
ALLOWANCES = np.array([40, 12.5, 3, 0], dtype=np.float32)
TABLE = np.arange(3, 67, dtype=np.uint16)
GENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def grey_settings(width: int, height: int, **changes: Any) -> Settings:
    """Settings for a grey picture, all of its blocks of level 0."""
    component = Component(1, 1, 0, np.zeros(grid(width, height), dtype=np.uint8))
    base = Settings(
        width=width,
        height=height,
        pixels="L",
        components=(component,),
        tables=TABLE[np.newaxis],
        allowances=ALLOWANCES,
    )
    return dataclasses.replace(base, **changes)


def with_levels(width: int, height: int, levels: NDArray[np.uint8], **changes: Any) -> Settings:
    return grey_settings(width, height, components=(Component(1, 1, 0, levels),), **changes)


def random_levels(shape: tuple[int, int], seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, LEVEL_COUNT, shape, dtype=np.uint8)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_kernel_gives_the_generic_kernels_bytes_on_photographs(name: str, kernel: str) -> None:
    samples = np.asarray(photograph(name, "L"))
    height, width = samples.shape
    to_write = with_levels(width, height, random_levels(grid(width, height)))
    assert encoded_by(kernel, to_write, samples) == encoded_by("generic", to_write, samples)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@GENTLY
@given(data=st.data())
def test_every_kernel_gives_the_generic_kernels_bytes_on_anything(kernel: str, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 100)), data.draw(st.integers(1, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    values = data.draw(st.sampled_from([[0, 255], [0, 1, 254, 255], [127, 128], list(range(256))]))
    samples = random.choice(np.array(values, dtype=np.uint8), (height, width))
    table = random.integers(1, data.draw(st.sampled_from([1, 2, 30, 255, 32767])), 64, dtype=np.uint16, endpoint=True)
    allowances = data.draw(st.lists(st.floats(0, 1e9, width=32), min_size=1, max_size=8))
    levels = random.integers(0, len(allowances), grid(width, height), dtype=np.uint8)
    to_write = with_levels(
        width, height, levels, tables=table[np.newaxis], allowances=np.array(allowances, dtype=np.float32)
    )
    assert encoded_by(kernel, to_write, samples) == encoded_by("generic", to_write, samples)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_levels_of_photographs_follow_the_block_rule(name: str) -> None:
    samples = np.asarray(photograph(name, "L"))
    height, width = samples.shape
    block_levels = random_levels(grid(width, height))
    [levels], [table] = read_levels(native.encode(with_levels(width, height, block_levels), [samples]))
    expected, close = rule(coefficients(samples), table, ALLOWANCES.astype(np.float64)[block_levels])
    assert close.mean() < 0.002
    assert np.array_equal(levels[~close], expected[~close])


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    largest_step=st.sampled_from([1, 10, 100, 1000, 32767]),
    allowance=st.floats(0, 3000, width=32),
    spread=st.sampled_from([2, 30, 256]),
)
def test_levels_of_any_samples_follow_the_block_rule(
    seed: int, size: tuple[int, int], largest_step: int, allowance: float, spread: int
) -> None:
    width, height = size
    random = np.random.default_rng(seed)
    samples = random.integers(0, spread, (height, width), dtype=np.uint8)
    given_table = random.integers(1, largest_step, (1, 64), dtype=np.uint16, endpoint=True)
    allowances = np.array([allowance], dtype=np.float32)
    to_write = grey_settings(width, height, tables=given_table, allowances=allowances)
    [levels], [table] = read_levels(native.encode(to_write, [samples]))
    assert np.array_equal(table.ravel(), given_table[0])
    values = coefficients(samples)
    expected, close = rule(values, table, np.full(values.shape[:2], float(allowances[0])))
    assert np.array_equal(levels[~close], expected[~close])


def test_an_allowance_of_zero_is_plain_rounding() -> None:
    samples = np.asarray(photograph("gravel", "L"))
    height, width = samples.shape
    to_write = grey_settings(width, height, allowances=np.zeros(1, dtype=np.float32))
    [levels], [table] = read_levels(native.encode(to_write, [samples]))
    quotients = coefficients(samples) / table
    close = np.abs(np.abs(quotients - np.trunc(quotients)) - 0.5) < 1e-4
    assert np.array_equal(levels[~close], np.rint(quotients)[~close])


SUBSAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:4:0": (1, 2), "4:2:0": (2, 2), "4:1:1": (4, 1)}


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("sampling", SUBSAMPLINGS.values(), ids=SUBSAMPLINGS)
@pytest.mark.parametrize("size", [(131, 77), (64, 64), (8, 8), (10, 10), (17, 200), (200, 9)])
def test_every_block_of_every_component_takes_its_own_maps_level(
    size: tuple[int, int], sampling: tuple[int, int], optimize: bool, progressive: bool
) -> None:
    width, height = size
    random = np.random.default_rng(5)
    rows = random.integers(0, 256, (height, 3 * width), dtype=np.uint8)
    luma_grid, chroma_grid = grid(width, height), grid(width, height, *sampling)
    maps = [random.integers(0, 2, shape, dtype=np.uint8) for shape in (luma_grid, chroma_grid, chroma_grid)]
    samplings = [sampling, (1, 1), (1, 1)]
    to_write = Settings(
        width=width,
        height=height,
        pixels="RGB",
        components=tuple(Component(*factors, 0, levels) for factors, levels in zip(samplings, maps, strict=True)),
        tables=np.ones((1, 64), dtype=np.uint16),
        allowances=np.array([0, 1e9], dtype=np.float32),
        optimize=optimize,
        scans="progressive" if progressive else "sequential",
    )
    planes, _ = read_levels(native.encode(to_write, [rows]))
    for plane, levels in zip(planes, maps, strict=True):
        only_dc = np.count_nonzero(plane.reshape(*levels.shape, 64)[..., 1:], axis=-1) == 0
        assert np.array_equal(only_dc, levels == 1)


def test_strips_of_any_height_make_the_same_file() -> None:
    samples = np.asarray(photograph("coffee", "L"))
    height, width = samples.shape
    to_write = grey_settings(width, height)
    whole = native.encode(to_write, [samples])
    for strip_height in (1, 7, 16, 100):
        strips = [samples[top : top + strip_height] for top in range(0, height, strip_height)]
        assert native.encode(to_write, strips) == whole


@pytest.mark.parametrize(
    "order", [np.asfortranarray, lambda rows: rows[::-1].copy()[::-1], lambda rows: rows.T.copy().T]
)
def test_a_strip_may_lie_in_memory_in_any_order(order: Any) -> None:
    samples = np.asarray(photograph("coffee", "L"))
    to_write = grey_settings(samples.shape[1], samples.shape[0])
    assert native.encode(to_write, [order(samples)]) == native.encode(to_write, [samples])


@pytest.mark.parametrize("kernel", ["avx512", "generi", "AVX2"])
def test_an_unknown_kernel_is_refused_by_name(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYREGJPEG_SIMD", kernel)
    with pytest.raises(CodecError, match=f"no block kernel '{kernel}'"):
        native.encode(grey_settings(8, 8), [np.zeros((8, 8), dtype=np.uint8)])
    with pytest.raises(CodecError, match=f"no block kernel '{kernel}'"):
        native.simd_name()


@pytest.mark.skipif("PYREGJPEG_SIMD" in os.environ, reason="the environment chooses the kernel")
def test_the_kernel_in_use_is_the_fastest_that_the_processor_has() -> None:
    assert native.simd_name() == (FAST_KERNELS[-1] if FAST_KERNELS else "generic")


@pytest.mark.parametrize("rows", [0, 1, 63, 65, 200])
def test_another_number_of_rows_than_the_pictures_is_refused(rows: int) -> None:
    with pytest.raises(CodecError, match="rows"):
        native.encode(grey_settings(64, 64), [np.zeros((rows, 64), dtype=np.uint8)])


@pytest.mark.parametrize(
    "strip", [np.zeros((64, 63), np.uint8), np.zeros((64, 64), np.uint16), np.zeros(4096, np.uint8)]
)
def test_rows_of_another_width_than_the_pictures_are_refused(strip: NDArray[np.generic]) -> None:
    with pytest.raises(CodecError, match="a row of the picture has 64 bytes"):
        native.encode(grey_settings(64, 64), [strip])  # type: ignore[list-item]


@pytest.mark.parametrize("shape", [(7, 8), (8, 7), (9, 8), (1, 64), (0, 0), (8, 16)])
def test_a_map_of_another_shape_than_the_block_grid_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(CodecError, match="component 0 has 8 x 8 blocks"):
        native.encode(with_levels(64, 64, np.zeros(shape, dtype=np.uint8)), [np.zeros((64, 64), dtype=np.uint8)])


def test_a_level_beyond_the_allowances_is_refused() -> None:
    levels = np.zeros((8, 8), dtype=np.uint8)
    levels[7, 7] = LEVEL_COUNT
    with pytest.raises(CodecError, match="level 4 of 4"):
        native.encode(with_levels(64, 64, levels), [np.zeros((64, 64), dtype=np.uint8)])


def grey_component(h_samp: int = 1, v_samp: int = 1, table: int = 0) -> tuple[Component, ...]:
    return (Component(h_samp, v_samp, table, np.zeros((1, 1), dtype=np.uint8)),)


def table_with(step: int) -> NDArray[np.uint16]:
    table: NDArray[np.uint16] = TABLE[np.newaxis].copy()
    table[0, 63] = step
    return table


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tables": table_with(0)}, "step is 1 to 32767"),
        ({"tables": table_with(32768)}, "step is 1 to 32767"),
        ({"tables": table_with(5).repeat(5, axis=0)}, "1 to 4 quantisation tables"),
        ({"tables": np.empty((0, 64), dtype=np.uint16)}, "1 to 4 quantisation tables"),
        ({"weights": np.full((1, 64), -1, dtype=np.float32)}, "weight is finite, 0 or more"),
        ({"weights": np.full((1, 64), np.nan, dtype=np.float32)}, "weight is finite, 0 or more"),
        ({"weights": np.full((1, 64), np.inf, dtype=np.float32)}, "weight is finite, 0 or more"),
        ({"weights": np.ones((2, 64), dtype=np.float32)}, "have weights of shape"),
        ({"allowances": np.array([-1], dtype=np.float32)}, "allowance is 0 or more"),
        ({"trellis": True, "masking": -1.0}, "masking is 0 to 2"),
        ({"trellis": True, "masking": float("nan")}, "masking is 0 to 2"),
        ({"trellis": True, "step_scales": np.ones(4, dtype=np.float32)}, "trellis takes no scaled steps"),
        ({"allowances": np.array([np.nan], dtype=np.float32)}, "allowance is 0 or more"),
        ({"allowances": np.empty(0, dtype=np.float32)}, "1 to 256 levels"),
        ({"allowances": np.zeros(257, dtype=np.float32)}, "1 to 256 levels"),
        ({"components": ()}, "1 to 4 components"),
        ({"components": grey_component() * 5}, "1 to 4 components"),
        ({"components": grey_component() * 3}, "another number of components"),
        ({"components": grey_component(table=1)}, "table that is not there"),
        ({"components": grey_component(table=-1)}, "table that is not there"),
        ({"components": grey_component(h_samp=0)}, "sampling factor is 1 to 4"),
        ({"components": grey_component(v_samp=5)}, "sampling factor is 1 to 4"),
        ({"width": 0}, "sides are 1 to 65500"),
        ({"height": 65501}, "sides are 1 to 65500"),
    ],
)
def test_settings_that_make_no_file_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CodecError, match=message):
        native.encode(dataclasses.replace(grey_settings(8, 8), **changes), [np.zeros((8, 8), dtype=np.uint8)])


def test_the_largest_picture_is_65500_pixels_wide() -> None:
    rows = np.arange(65500, dtype=np.uint8)[np.newaxis]
    assert opened(native.encode(grey_settings(65500, 1), [rows])).size == (65500, 1)
