"""transcode(): levels in, levels out by the block rule, whatever kind of JPEG they come from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from block_rule import requantized
from helper import (
    DRI,
    PHOTOGRAPHS,
    SOF_PROGRESSIVE,
    mean_difference,
    mean_square_error,
    opened,
    payloads,
    photograph,
    read_levels,
    saved,
    segments,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_sources import (
    KINDS,
    SIZE,
    UNDECODABLE,
    Levels,
    frame_of,
    grey_jpeg,
    jpeg_of,
    judged_levels,
    levels_of,
    program,
    samplings,
)
from numpy.typing import NDArray

import pyregjpeg
from pyregjpeg import quantization, region_map, transcoding

DECODABLE = [kind for kind in KINDS if kind not in UNDECODABLE]
NOTHING_MATTERS, ALL_MATTERS = np.zeros((1, 1)), np.ones((1, 1))
CENTRE = [(80, 60, 240, 160)]
ODD_SIZES = [(1, 1), (7, 1), (1, 9), (17, 33), (33, 16), (65, 8)]
SMALL = (133, 101)


def kept_whole(jpeg: bytes, **options: Any) -> bytes:
    """Written anew with every level as it is."""
    return pyregjpeg.transcode(jpeg, background_quality=100, allow_larger=True, **options)


def written_levels(jpeg: bytes, kind: str) -> Levels:
    """Of what was made of a file of that kind; what jpeglib cannot read, test_reader.py lets our own reader judge."""
    if kind not in UNDECODABLE:
        return judged_levels(jpeg)
    with pyregjpeg.reader.Reader(jpeg) as reader:
        return reader.levels(), list(reader.tables.reshape(-1, 8, 8))


def assert_same_levels(one: Levels, other: Levels) -> None:
    for levels, table, other_levels, other_table in zip(*one, *other, strict=True):
        assert np.array_equal(levels, other_levels)
        assert np.array_equal(table, other_table)


@pytest.mark.parametrize("progressive", [False, True], ids=["sequential", "progressive"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_sources_own_background_quality_keeps_every_level(kind: str, progressive: bool) -> None:
    jpeg = kept_whole(jpeg_of(kind), progressive=progressive)
    assert_same_levels(written_levels(jpeg, kind), levels_of(kind))
    assert (SOF_PROGRESSIVE in [marker for marker, _ in segments(jpeg)]) == progressive


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_of_ones_keeps_every_level(kind: str) -> None:
    jpeg = pyregjpeg.transcode(jpeg_of(kind), region_map=ALL_MATTERS, background_quality=1, allow_larger=True)
    assert_same_levels(written_levels(jpeg, kind), levels_of(kind))


@pytest.mark.parametrize("size", ODD_SIZES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_every_level_is_kept_at_odd_sizes_and_with_standard_huffman_tables(kind: str, size: tuple[int, int]) -> None:
    jpeg = kept_whole(jpeg_of(kind, size), optimize=False)
    assert_same_levels(written_levels(jpeg, kind), levels_of(kind, size))


@pytest.mark.parametrize("kind", DECODABLE)
def test_kept_levels_decode_to_the_very_pixels(kind: str) -> None:
    jpeg = kept_whole(jpeg_of(kind))
    before, after = opened(jpeg_of(kind)), opened(jpeg)
    assert (before.mode, before.size) == (after.mode, after.size)
    assert before.tobytes() == after.tobytes()
    assert program("djpeg", "-strict", stdin=jpeg) == program("djpeg", stdin=jpeg_of(kind))


@pytest.mark.parametrize("kind", DECODABLE)
def test_lower_qualities_leave_the_picture_what_it_is(kind: str) -> None:
    """A wrong reading of the colours, or a component in another's place, would change it by tens of steps."""
    jpeg = pyregjpeg.transcode(jpeg_of(kind), quality=70, background_quality=50, region_map=CENTRE)
    assert len(jpeg) < len(jpeg_of(kind))
    assert mean_difference(opened(jpeg), opened(jpeg_of(kind))) < 8
    assert program("djpeg", "-strict", stdin=jpeg)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quality", [10, 60])
def test_a_step_of_the_new_tables_is_the_larger_of_the_sources_and_that_of_the_quality(kind: str, quality: int) -> None:
    options: dict[str, Any] = {"quality": quality, "tables": "annex-k"}
    jpeg = pyregjpeg.transcode(jpeg_of(kind), region_map=NOTHING_MATTERS, allow_larger=True, **options)
    luma, chroma = quantization.annex_k(quality).reshape(2, 8, 8)
    _, old = levels_of(kind)
    _, new = written_levels(jpeg, kind)
    of_chroma = (1, 2) if len(old) > 2 and not kind.startswith(("RGB", "CMYK")) else ()
    for number, (old_table, new_table) in enumerate(zip(old, new, strict=True)):
        assert np.array_equal(new_table, np.maximum(old_table, chroma if number in of_chroma else luma))


@pytest.mark.parametrize("kind", KINDS)
def test_components_keep_their_names_unless_they_share_one(kind: str) -> None:
    names = frame_of(kept_whole(jpeg_of(kind), progressive=True))[6::3]
    if kind == "components of one name":
        assert names == b"\1\2\3"
    else:
        assert names == frame_of(jpeg_of(kind))[6::3]


def most_important(blocks: NDArray[np.uint8], shape: tuple[int, int], per_block: tuple[float, float]) -> Any:
    """For each block of a component, which stands for `per_block` rows and columns of the picture's, the highest."""
    ranges = [
        [slice(math.floor(place * length), math.ceil((place + 1) * length)) for place in range(count)]
        for count, length in zip(shape, per_block, strict=True)
    ]
    return np.array([[blocks[down, across].max() for across in ranges[1]] for down in ranges[0]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quality", [None, 40])
def test_levels_follow_the_block_rule(kind: str, quality: int | None) -> None:
    source = jpeg_of(kind, SMALL)
    old_levels, old_tables = levels_of(kind, SMALL)
    importance = np.random.default_rng(0).random(region_map.grid_shape(SMALL), dtype=np.float32)
    options: dict[str, Any] = {"quality": quality, "background_quality": 15, "tables": "annex-k"}
    options |= {"region_map": importance, "feather": 0}
    levels, tables = written_levels(pyregjpeg.transcode(source, allow_larger=True, **options), kind)

    luma_table = tables[0].ravel()
    equivalent = quantization.equivalent_quality(luma_table)
    kept = all(map(np.array_equal, old_tables, tables))
    drop = 0 if kept else quantization.IMPORTANT_DROP
    allowances = quantization.allowances(luma_table, equivalent, min(15, equivalent), region_map.LEVELS, drop)
    blocks, factors = region_map.to_levels(importance), samplings(source)
    h_max, v_max = (max(sides) for sides in zip(*factors, strict=True))
    for (h_samp, v_samp), before, old, after, new in zip(factors, old_levels, old_tables, levels, tables, strict=True):
        important = most_important(blocks, before.shape[:2], (v_max / v_samp, h_max / h_samp))
        expected, close = requantized(before, old, new, allowances[important].astype(np.float64))
        assert close.mean() < 0.002
        assert np.array_equal(after[~close], expected[~close])


@pytest.mark.parametrize("kind", KINDS)
def test_importance_1_keeps_its_levels_where_the_tables_stay(kind: str) -> None:
    source = jpeg_of(kind)
    jpeg = pyregjpeg.transcode(source, region_map=CENTRE, background_quality=5, feather=0, allow_larger=True)
    important = region_map.to_levels(region_map.block_importance(CENTRE, SIZE))
    factors = samplings(source)
    h_max, v_max = (max(sides) for sides in zip(*factors, strict=True))
    before, after = levels_of(kind)[0], written_levels(jpeg, kind)[0]
    for (h_samp, v_samp), old, new in zip(factors, before, after, strict=True):
        matters = most_important(important, old.shape[:2], (v_max / v_samp, h_max / h_samp)) > 0
        assert np.array_equal(old[matters], new[matters])
        assert np.count_nonzero(old[~matters]) > np.count_nonzero(new[~matters])


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    largest=st.sampled_from([1, 2, 20, 300, 1023]),
    quality=st.integers(1, 100),
    background=st.integers(1, 100),
    old_step=st.integers(1, 40),
)
def test_any_levels_follow_the_block_rule(
    seed: int, largest: int, quality: int, background: int, old_step: int
) -> None:
    levels = np.random.default_rng(seed).integers(-largest, largest, (3, 4, 8, 8), dtype=np.int16, endpoint=True)
    source = grey_jpeg(levels, np.full((8, 8), old_step, dtype=np.uint16))
    background = min(background, quality)
    options: dict[str, Any] = {"quality": quality, "background_quality": background, "tables": "annex-k"}
    options["region_map"] = NOTHING_MATTERS
    jpeg = pyregjpeg.transcode(source, allow_larger=True, **options)
    [written], [table] = read_levels(jpeg)
    equivalent = quantization.equivalent_quality(table.ravel())
    drop = 0 if (table == old_step).all() else quantization.IMPORTANT_DROP
    background = min(background, equivalent)
    [allowance, *_] = quantization.allowances(table.ravel(), equivalent, background, region_map.LEVELS, drop)
    if background == equivalent:
        allowance = quantization.allowances(table.ravel(), equivalent, background, region_map.LEVELS, drop)[-1]
    expected, close = requantized(levels, np.full((8, 8), old_step), table, np.full((3, 4), float(allowance)))
    assert np.array_equal(written[~close], expected[~close])


@pytest.mark.parametrize(("quality", "tables"), [(None, "annex-k"), (75, "annex-k"), (75, "perceptual")])
@pytest.mark.parametrize("background", [30, 60])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_background_loses_what_encoding_its_pixels_loses(
    name: str, background: int, quality: int | None, tables: str
) -> None:
    original = photograph(name, "L")
    source = saved(original, "JPEG", quality=90)
    options: dict[str, Any] = {"background_quality": background, "region_map": NOTHING_MATTERS, "tables": tables}
    by_levels = pyregjpeg.transcode(source, quality=quality, **options)
    by_pixels = pyregjpeg.encode(opened(source), quality=quality or 90, **options)
    errors = [mean_square_error(original, opened(jpeg)) for jpeg in (by_levels, by_pixels)]
    assert abs(10 * math.log10(errors[0] / errors[1])) < 0.2
    assert len(by_levels) < 1.02 * len(by_pixels)


def test_what_comes_out_no_smaller_is_the_source_itself() -> None:
    jpeg = pyregjpeg.transcode(jpeg_of("4:2:0"), region_map=CENTRE)
    assert len(jpeg) < len(jpeg_of("4:2:0"))
    assert pyregjpeg.transcode(jpeg, region_map=ALL_MATTERS) is jpeg
    assert pyregjpeg.transcode(jpeg, region_map=CENTRE) is jpeg


def test_what_comes_out_larger_is_written_if_that_is_allowed() -> None:
    smallest = kept_whole(jpeg_of("4:2:0"), progressive=True)
    larger = kept_whole(smallest, optimize=False, progressive=False)
    assert len(larger) > len(smallest)
    assert pyregjpeg.transcode(smallest, background_quality=100, optimize=False, progressive=False) is smallest
    assert_same_levels(read_levels(larger), read_levels(smallest))


def test_the_result_says_what_became_of_the_file() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=80)
    as_it_was = transcoding.transcoded(source, region_map=CENTRE)
    assert (as_it_was.kept, as_it_was.tables, as_it_was.quality, as_it_was.damage) == (False, "kept", 80, "")
    coarser = transcoding.transcoded(source, region_map=CENTRE, quality=60, tables="annex-k")
    assert (coarser.kept, coarser.tables, coarser.quality) == (False, "coarser", 60)
    finer = transcoding.transcoded(source, region_map=CENTRE, quality=95)
    assert (finer.kept, finer.tables, finer.quality) == (False, "kept", 80)
    again = transcoding.transcoded(coarser.jpeg, region_map=ALL_MATTERS, quality=60, tables="annex-k")
    assert (again.jpeg is coarser.jpeg, again.kept, again.tables, again.quality) == (True, True, "kept", 60)


@pytest.mark.parametrize("kind", ["4:2:0", "progressive"])
def test_unless_told_the_file_is_progressive_as_its_source_is(kind: str) -> None:
    frames = [marker for marker, _ in segments(pyregjpeg.transcode(jpeg_of(kind), region_map=CENTRE))]
    assert (SOF_PROGRESSIVE in frames) == (kind == "progressive")


@pytest.mark.parametrize(
    ("options", "interval"),
    [({}, None), ({"restart_marker_blocks": 7}, 7), ({"restart_marker_rows": 2}, 2 * 20)],
)
def test_restart_markers_are_those_asked_for(options: dict[str, Any], interval: int | None) -> None:
    source = jpeg_of("restart markers")
    jpeg = kept_whole(source, **options)
    assert payloads(jpeg, DRI) == ([interval.to_bytes(2, "big")] if interval else [])
    assert_same_levels(read_levels(jpeg), read_levels(source))


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_any_bytes_like_object_is_a_jpeg(kind: Any) -> None:
    source = jpeg_of("4:2:0")
    assert pyregjpeg.transcode(kind(source), region_map=CENTRE) == pyregjpeg.transcode(source, region_map=CENTRE)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_second_time_nothing_changes_where_the_tables_stay(name: str) -> None:
    once = pyregjpeg.transcode(saved(photograph(name), "JPEG", quality=90), region_map=CENTRE, background_quality=20)
    assert pyregjpeg.transcode(once, region_map=CENTRE, background_quality=20) is once


@pytest.mark.parametrize("tables", ["annex-k", "perceptual"])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_second_time_little_changes_where_the_tables_were_made_coarser_and_then_nothing(
    name: str, tables: str
) -> None:
    """Coefficients that were rounded down may now fall to the rule that they passed before."""
    options: dict[str, Any] = {"quality": 70, "region_map": CENTRE, "background_quality": 20, "tables": tables}
    once = pyregjpeg.transcode(saved(photograph(name), "JPEG", quality=90), **options)
    twice = pyregjpeg.transcode(once, **options)
    assert 0.97 * len(once) < len(twice) <= len(once)
    for before, after in zip(read_levels(once)[0], read_levels(twice)[0], strict=True):
        assert set(np.unique(after[before != after])) <= {0}
    assert pyregjpeg.transcode(twice, **options) is twice


@pytest.mark.parametrize("effort", ["fast", "best"])
@pytest.mark.parametrize("quality", [30, 60, 90])
def test_the_quality_of_our_own_tables_is_recognised(quality: int, effort: str) -> None:
    ours = pyregjpeg.encode(photograph("coffee"), quality=quality, region_map=CENTRE, effort=effort)
    kept = transcoding.transcoded(ours, region_map=CENTRE, background_quality=quality // 2)
    assert (kept.tables, kept.quality) == ("kept", quality)
