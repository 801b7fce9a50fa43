"""The scans of progressive files: that they suit the levels, and that every level is in them."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from helper import DHT, PHOTOGRAPHS, photograph, read_levels
from hypothesis import given, settings
from hypothesis import strategies as st
from noisy_images import noisy_images
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import codec, native
from pyregjpeg.inspection import inspect

LAST_PLACES = (1, 2, 3, 8, 63)  # where a band may end
RESTARTS = [{}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 3}, {"restart_marker_blocks": 65535}]


def encoded(
    picture: Image.Image | NDArray[np.uint8],
    scans: native.Scans,
    quality: int = 75,
    *,
    search: bool = True,
    **options: Any,
) -> bytes:
    prepared = codec.prepare(picture, {"quality": quality, "background_quality": quality, **options})
    to_write = dataclasses.replace(prepared.settings, scans=scans, search_scans=search)
    return native.encode(to_write, prepared.picture.strips())


def size_of_codes(jpeg: bytes) -> int:
    """Bytes without the zeros that are stuffed behind bytes of 255, which nobody counts beforehand."""
    return len(jpeg) - jpeg.count(b"\xff\0")


def by_jpegtran(jpeg: bytes, script: str) -> bytes:
    with tempfile.NamedTemporaryFile("w", suffix=".scans") as file:
        file.write(script)
        file.flush()
        return subprocess.run(["jpegtran", "-scans", file.name], input=jpeg, capture_output=True, check=True).stdout


def partitions() -> Iterator[list[tuple[int, int]]]:
    for cuts in itertools.chain.from_iterable(itertools.combinations(LAST_PLACES[:-1], count) for count in range(5)):
        lasts = (*cuts, 63)
        yield [(before + 1, last) for before, last in zip((0, *lasts), lasts, strict=False)]


def ac_scans(component: int, bands: list[tuple[int, int]], depth: int) -> str:
    first_pass = [f"{component}: {first}-{last}, 0, {depth};" for first, last in bands]
    return "\n".join([*first_pass, *(f"{component}: 1-63, {bit}, {bit - 1};" for bit in range(depth, 0, -1))])


def script_of(jpeg: bytes) -> list[tuple[tuple[str, ...], int, int, bool, int]]:
    return [(scan.components, scan.first, scan.last, scan.refines, scan.left_out) for scan in inspect(jpeg).scans]


def assert_same_levels(one: bytes, other: bytes) -> None:
    assert all(np.array_equal(*planes) for planes in zip(read_levels(one)[0], read_levels(other)[0], strict=True))


@pytest.mark.parametrize("quality", [15, 60, 90, 97])
@pytest.mark.parametrize("name", ["coffee", "gravel"])
def test_no_other_cut_and_depth_makes_a_smaller_file(name: str, quality: int) -> None:
    jpeg = encoded(photograph(name, "L"), "progressive", quality, tables="annex-k")
    others = {
        (tuple(bands), depth): size_of_codes(by_jpegtran(jpeg, "0: 0-0, 0, 0;\n" + ac_scans(0, bands, depth)))
        for bands in partitions()
        for depth in (0, 1, 2)
    }
    assert len(others) == 48
    assert min(others.values()) - 4 <= size_of_codes(jpeg) <= min(others.values()) + 4  # half a byte for each scan
    assert max(others.values()) > size_of_codes(jpeg) * 1.01


@pytest.mark.parametrize("quality", [15, 60, 90])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_no_file_of_such_scans_with_a_table_for_each_is_smaller(name: str, subsampling: int, quality: int) -> None:
    jpeg = encoded(photograph(name), "progressive", quality, subsampling=subsampling)
    together = "0,1,2: 0-0, 0, 0;\n"
    apart = "".join(f"{component}: 0-0, 0, 0;\n" for component in range(3))
    for cuts in itertools.product([[(1, 63)], [(1, 2), (3, 63)], [(1, 3), (4, 8), (9, 63)]], repeat=2):
        ac = "\n".join(ac_scans(component, cuts[component > 0], 0) for component in range(3))
        for dc in (together, apart):
            assert size_of_codes(jpeg) <= size_of_codes(by_jpegtran(jpeg, dc + ac)) + 6  # half a byte for each scan


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_scans_of_one_band_share_a_table_in_a_small_picture(mode: str) -> None:
    jpeg = encoded(photograph("coffee").convert(mode), "progressive", 30)
    assert jpeg.count(bytes((0xFF, DHT))) < len(script_of(jpeg))
    assert_same_levels(jpeg, encoded(photograph("coffee").convert(mode), "sequential", 30))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("quality", [5, 30, 75, 95])
@pytest.mark.parametrize("options", RESTARTS[:3], ids=str)
def test_the_smallest_file_is_never_larger_than_a_sequential_one(
    name: str, mode: str, quality: int, options: dict[str, int]
) -> None:
    image = photograph(name).convert(mode)
    sequential, smallest = (encoded(image, scans, quality, **options) for scans in ("sequential", "smallest"))
    assert len(smallest) <= len(sequential)


def test_of_a_tiny_picture_the_smallest_file_is_sequential_and_of_a_larger_one_progressive() -> None:
    image = photograph("coffee")
    tiny = image.resize((40, 30))
    assert encoded(tiny, "smallest") == encoded(tiny, "sequential")
    assert encoded(image, "smallest", 90) == encoded(image, "progressive", 90)
    assert len(encoded(image, "progressive", 90)) < 0.99 * len(encoded(image, "sequential", 90))


@pytest.mark.parametrize("quality", [75, 95])
def test_a_glance_finds_scans_that_make_hardly_a_larger_file(quality: int) -> None:
    image = photograph("astronaut").resize((1200, 1200), Image.Resampling.LANCZOS)
    glance, searched = (encoded(image, "progressive", quality, search=search) for search in (False, True))
    assert len(glance) < 1.005 * len(searched)
    assert_same_levels(glance, searched)


def test_levels_of_a_high_quality_are_refined_bit_by_bit() -> None:
    jpeg = encoded(photograph("coffee"), "progressive", 95)
    assert 0 in {left_out for *_, refines, left_out in script_of(jpeg) if refines}
    assert not any(refines for *_, refines, _ in script_of(encoded(photograph("coffee"), "progressive", 30)))


@settings(deadline=None, max_examples=80)
@given(
    image=noisy_images(),
    subsampling=st.integers(0, 2),
    quality=st.integers(1, 100),
    options=st.sampled_from(RESTARTS),
    scans=st.sampled_from(["progressive", "smallest"]),
    search=st.booleans(),
)
def test_every_level_is_in_the_scans_whatever_the_picture(
    image: Image.Image, subsampling: int, quality: int, options: dict[str, int], scans: native.Scans, search: bool
) -> None:
    options = {**options, "subsampling": subsampling}
    jpeg = encoded(image, scans, quality, search=search, **options)
    assert_same_levels(jpeg, encoded(image, "sequential", quality, optimize=False, **options))


def test_long_runs_of_empty_blocks_are_coded() -> None:
    """More than the 32767 that one symbol can hold, with something before, between and behind."""
    samples = np.full((8 * 210, 8 * 400), 128, dtype=np.uint8)
    for row, column in ((0, 5), (90, 3), (209, 399)):
        samples[8 * row : 8 * row + 8, 8 * column : 8 * column + 4] = 90
    sequential, progressive = (encoded(samples, scans) for scans in ("sequential", "progressive"))
    assert_same_levels(sequential, progressive)
    assert len(progressive) < 0.52 * len(sequential)  # a bit for each DC level


def test_levels_from_a_file_get_the_scans_that_they_get_from_pixels() -> None:
    jpeg = encoded(photograph("coffee"), "progressive", 60, search=False)
    again = pyregjpeg.transcode(jpeg, background_quality=100, allow_larger=True)
    assert script_of(jpeg) == script_of(again)
    assert_same_levels(jpeg, again)
