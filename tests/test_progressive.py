"""Our coder of progressive files: others read what it writes, which is no larger than what libjpeg writes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helper import photograph, read_levels, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_sources import ZIGZAG, cmyk, grey_jpeg, program
from numpy.typing import NDArray
from PIL import Image
from test_scans import by_jpegtran, encoded, size_of_codes

from pyregjpeg import native, region_map
from pyregjpeg.inspection import Scan, inspect
from pyregjpeg.reader import Reader

TABLE = np.ones(64, dtype=np.uint16)


def recoded(levels: NDArray[np.int16], restart_blocks: int = 0, restart_rows: int = 0) -> bytes:
    """A progressive file of these levels of a grey picture, (rows, columns, 8, 8), in the scans that suit them."""
    coding = native.Coding(
        components=[native.Component(1, 1, 0, np.zeros(levels.shape[:2], dtype=np.uint8))],
        tables=TABLE[np.newaxis],
        allowances=np.zeros(region_map.LEVELS, dtype=np.float32),
        scans="progressive",
        search_scans=True,
        restart_blocks=restart_blocks,
        restart_rows=restart_rows,
    )
    with Reader(grey_jpeg(levels, TABLE)) as reader:
        return reader.transcode(coding)


def script_of(jpeg: bytes) -> str:
    """The scans of a file as jpegtran takes them."""
    scans = inspect(jpeg).scans
    names = list(dict.fromkeys(name for scan in scans for name in scan.components))

    def line(scan: Scan) -> str:
        components = ",".join(str(names.index(name)) for name in scan.components)
        before = scan.left_out + 1 if scan.refines else 0
        return f"{components}: {scan.first}-{scan.last}, {before}, {scan.left_out};"

    return "\n".join(map(line, scans))


def depth_of(jpeg: bytes) -> int:
    return max(scan.left_out for scan in inspect(jpeg).scans)


@st.composite
def grids(draw: st.DrawFn) -> NDArray[np.int16]:
    """Levels of few blocks: some empty, some full, with as many bits as this picture has."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    largest = draw(st.sampled_from([1, 2, 3, 7, 30, 1023]))
    magnitudes = random.integers(0, largest, (rows, columns, 64), endpoint=True)
    kept = random.random((rows, columns, 64)) < draw(st.sampled_from([0.01, 0.1, 0.5, 1.0]))
    filled = random.random((rows, columns, 1)) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    signs = random.choice((-1, 1), (rows, columns, 64))
    return (magnitudes * kept * filled * signs).astype(np.int16).reshape(rows, columns, 8, 8)


@settings(deadline=None, max_examples=150)
@given(grids(), st.sampled_from([0, 1, 2, 5, 64]), st.integers(0, 2))
def test_others_read_the_levels_that_went_in(levels: NDArray[np.int16], blocks: int, rows: int) -> None:
    jpeg = recoded(levels, restart_blocks=blocks, restart_rows=rows)
    assert inspect(jpeg).coding == "progressive"
    assert np.array_equal(read_levels(jpeg)[0][0].reshape(levels.shape), levels)
    assert program("djpeg", stdin=jpeg) == program("djpeg", stdin=grey_jpeg(levels, TABLE))


def in_zigzag(levels: NDArray[np.int16]) -> NDArray[np.int16]:
    """Blocks (rows, columns, 64) of levels in the order in which they are coded as (rows, columns, 8, 8)."""
    natural = np.empty_like(levels)
    natural[..., ZIGZAG] = levels
    return natural.reshape(*levels.shape[:2], 8, 8)


def with_rows(rows: NDArray[np.int16]) -> NDArray[np.int16]:
    """A photograph's levels, so many that scans leave bits out; every ninth row has these AC levels, (columns, 64)."""
    levels = read_levels(encoded(photograph("coffee", "L"), "progressive", 99))[0][0]
    natural = levels.reshape(*levels.shape[:2], 64)
    coded = natural[..., ZIGZAG].copy()
    coded[::9, :, 1:] = np.resize(rows, (coded.shape[1], 64))[:, 1:]
    return in_zigzag(coded)


def assert_coded_with_refinements(levels: NDArray[np.int16], restart_blocks: int) -> None:
    jpeg = recoded(levels, restart_blocks)
    assert depth_of(jpeg) >= 1
    assert np.array_equal(read_levels(jpeg)[0][0].reshape(levels.shape), levels)


@pytest.mark.parametrize("restart_blocks", [0, 90])
@pytest.mark.parametrize("appearing", [1, 3, 40])
def test_many_bits_between_levels_and_within_runs_of_blocks_are_coded(appearing: int, restart_blocks: int) -> None:
    """Up to 49 bits before a level that appears, which comes only every so many blocks."""
    random = np.random.default_rng(appearing)
    row = np.zeros((40, 64), dtype=np.int16)
    row[:, 1:50] = random.integers(8, 16, (40, 49)) * random.choice((-1, 1), (40, 49))
    row[::appearing, 60] = 1
    assert_coded_with_refinements(with_rows(row), restart_blocks)


@pytest.mark.parametrize("restart_blocks", [0, 90])
def test_zeros_between_levels_that_are_refined_are_skipped_sixteen_at_a_time(restart_blocks: int) -> None:
    row = np.zeros((40, 64), dtype=np.int16)
    row[:, [1, 2, 30, 50]] = 13
    row[::3, 63] = -1
    row[1::3, 40] = 2
    assert_coded_with_refinements(with_rows(row), restart_blocks)


@pytest.mark.parametrize("restart", [{}, {"restart_marker_blocks": 3}, {"restart_marker_rows": 2}], ids=str)
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [20, 75, 95])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_files_are_no_larger_than_libjpegs_and_decode_to_the_same(
    mode: str, quality: int, subsampling: int, restart: dict[str, int]
) -> None:
    image = cmyk(photograph("coffee")) if mode == "CMYK" else photograph("coffee", mode)
    image = image.crop((0, 0, 301, 203))
    jpeg = encoded(image, "progressive", quality, subsampling=subsampling, **restart)
    if not restart:
        by_libjpeg = by_jpegtran(jpeg, script_of(jpeg))
        assert size_of_codes(jpeg) <= size_of_codes(by_libjpeg)
        assert len(jpeg) > 0.97 * len(by_libjpeg)  # components that are alike share tables of the code
    sequential = encoded(image, "sequential", quality, subsampling=subsampling)
    assert pixels(jpeg) == pixels(sequential)


def pixels(jpeg: bytes) -> bytes:
    return Image.open(io.BytesIO(jpeg)).tobytes()


def test_steps_above_a_byte_are_in_the_tables() -> None:
    image = photograph("coffee")
    steps = [list(range(200, 264)), list(range(1000, 1064))]
    jpeg = encoded(image, "progressive", qtables=steps, background_quality=1)
    pillows = saved(image, "JPEG", qtables=steps, quality=75)
    assert [table.tolist() for table in read_levels(jpeg)[1]] == [table.tolist() for table in read_levels(pillows)[1]]
