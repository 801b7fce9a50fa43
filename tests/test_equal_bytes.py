"""Files of a given number of bytes: tables between two qualities, and the search for the size."""

from __future__ import annotations

import numpy as np
import pytest
from helper import photograph, saved

import pyregjpeg
from benchmarks.equal_bytes import FLAT, OURS, SIZE_TOLERANCE, STRONGER, Tables, at_size, encoders, tables_at
from pyregjpeg.quantization import annex_k


@pytest.mark.parametrize("quality", [1, 10, 25, 50, 51, 75, 90, 95, 99])
def test_at_a_whole_quality_the_tables_are_pillows(quality: int) -> None:
    assert np.array_equal(tables_at(quality), annex_k(quality))


def test_between_two_qualities_the_tables_are_between_theirs() -> None:
    coarse, between, fine = (np.array(tables_at(quality)) for quality in (60, 60.5, 61))
    assert ((fine <= between) & (between <= coarse)).all()
    assert coarse.sum() > between.sum() > fine.sum()


def test_a_size_is_met_within_one_percent() -> None:
    found = at_size(lambda _, quality: bytes(int(1000 + 90 * quality**1.5)), 12_345)
    assert len(found) == pytest.approx(12_345, rel=SIZE_TOLERANCE)


def test_a_size_within_a_jump_is_met_by_steps_from_both_sides() -> None:
    def encode(tables: Tables, _quality: float) -> bytes:
        return bytes(int(10_000 * (tables == 1).mean()) + 10_000)

    sizes = [len(encode(tables_at(quality), quality)) for quality in np.linspace(1, 99.5, 400)]
    jump = int(np.argmax(np.diff(sizes)))
    target = (sizes[jump] + sizes[jump + 1]) // 2
    assert min(abs(size / target - 1) for size in sizes) > SIZE_TOLERANCE
    assert len(at_size(encode, target)) == pytest.approx(target, rel=SIZE_TOLERANCE)


def test_a_size_that_no_quality_gives_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="nearest is 900"):
        at_size(lambda _tables, _quality: bytes(900), 1000)


def test_ours_is_what_a_save_with_the_defaults_writes() -> None:
    image, region_map = photograph("coffee"), np.eye(4, dtype=np.float32)
    ways = encoders(image, region_map)
    expected = saved(image, quality=80, subsampling=2, region_map=region_map, tables="annex-k")
    assert ways[OURS](tables_at(80), 80) == expected


def test_the_stronger_setting_and_the_flat_map_lie_on_either_side() -> None:
    image = photograph("coffee")
    ways = encoders(image, np.eye(4, dtype=np.float32))
    stronger, ours, flat = (len(ways[name](tables_at(80), 80)) for name in (STRONGER, OURS, FLAT))
    assert stronger < ours < flat
    options = {"quality": 80, "background_quality": 80, "subsampling": 2, "tables": "annex-k"}
    assert flat == len(pyregjpeg.encode(image, **options))
