"""img.save(..., format="REGIONJPEG"): each of Pillow's options does what it does with format="JPEG"."""

from __future__ import annotations

import array
import io
from typing import Any

import numpy as np
import pytest
from helper import (
    DQT,
    DRI,
    FRAMES,
    SOF_BASELINE,
    SOF_PROGRESSIVE,
    assert_as_good,
    assert_same_headers,
    flat,
    mean_difference,
    opened,
    payloads,
    photograph,
    saved,
    segments,
    with_pillows_tables,
)
from PIL import Image
from PIL.JpegPresets import presets

import pyregjpeg

RAMP = list(range(1, 65))
COARSE = [40] * 64
RAMP_TEXT = "\n".join(" ".join(map(str, RAMP[row : row + 8])) + "  # a row, 1 of 8" for row in range(0, 64, 8))
FLAT_MAP = np.ones((1, 1))

QUALITIES: dict[str, Any] = {str(quality): quality for quality in (-5, 0, 1, 2, 24, 25, 50, 75, 94, 95, 100, 101, 1000)}
OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    **{f"quality {name}": {"quality": quality} for name, quality in QUALITIES.items()},
    **{f"quality {name}": {"quality": name} for name in presets if name != "keep"},
    **{f"subsampling {name}": {"subsampling": name} for name in (-1, 0, 1, 2, 3, 7, -2, True)},
    **{f"subsampling {name}": {"subsampling": name} for name in ("4:4:4", "4:2:2", "4:2:0", "4:1:1")},
    "subsampling of a preset": {"subsampling": "web_high"},
    "quality and a preset's subsampling": {"quality": 40, "subsampling": "web_low"},
    "a preset and another subsampling, which the preset overrules": {"quality": "web_low", "subsampling": 0},
    "one table": {"qtables": [RAMP]},
    "two tables": {"qtables": [RAMP, COARSE]},
    "three tables": {"qtables": [RAMP, COARSE, RAMP]},
    "four tables": {"qtables": [RAMP, COARSE, RAMP, COARSE]},
    "tables as tuples": {"qtables": (tuple(RAMP), tuple(COARSE))},
    "tables as arrays": {"qtables": [array.array("H", RAMP), array.array("B", COARSE)]},
    "tables as a dict": {"qtables": {0: RAMP, 1: COARSE}},
    "tables as a dict with a gap": {"qtables": {0: RAMP, 2: COARSE}},
    "tables as text": {"qtables": RAMP_TEXT},
    "two tables as text": {"qtables": f"{RAMP_TEXT}\n# chroma\n{RAMP_TEXT}"},
    "tables of a preset": {"qtables": "web_low"},
    "tables with 16 bits": {"qtables": [[300] * 64, [1000] * 64]},
    "tables and quality": {"qtables": [RAMP, COARSE], "quality": 30},
    "tables and high quality": {"qtables": [RAMP, COARSE], "quality": 95},
    "tables with 16 bits and quality": {"qtables": [[300] * 64], "quality": 70},
    "tables and quality 0": {"qtables": [RAMP], "quality": 0},
    "progressive": {"progressive": True},
    "progression": {"progression": True},
    "progressive as a number": {"progressive": 1},
    "progressive by either name": {"progressive": False, "progression": True},
    "progressive None": {"progressive": None},
    "smooth": {"smooth": 30},
    "most smooth": {"smooth": 100},
    "keep_rgb": {"keep_rgb": True},
    "keep_rgb without subsampling": {"keep_rgb": True, "subsampling": 0},
    "keep_rgb with tables": {"keep_rgb": True, "qtables": [RAMP, COARSE]},
    "restart by blocks": {"restart_marker_blocks": 7},
    "restart by rows": {"restart_marker_rows": 2},
    "restart by blocks and rows": {"restart_marker_blocks": 7, "restart_marker_rows": 3},
    "largest restart interval": {"restart_marker_blocks": 65535},
    "restart and progressive": {"restart_marker_rows": 1, "progressive": True},
    "unknown options": {"lossless": True, "compress_level": 9},
}
MODES = ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr")
OPTIONS_BY_MODE: dict[str, dict[str, Any]] = {
    "defaults": {},
    "subsampling 0": {"subsampling": 0},
    "subsampling 1": {"subsampling": 1},
    "subsampling 2": {"subsampling": 2},
    "progressive": {"progressive": True, "subsampling": 2},
    "keep_rgb": {"keep_rgb": True},
    "one table": {"qtables": [RAMP]},
    "two tables": {"qtables": [RAMP, COARSE]},
    "four tables": {"qtables": [RAMP, COARSE, COARSE, RAMP]},
    "restarts": {"restart_marker_rows": 1},
    "smooth": {"smooth": 20},
}


def jpeg_source(mode: str = "RGB", **options: Any) -> Image.Image:
    return opened(saved(photograph("coffee", mode), "JPEG", **options))


KEEP_SOURCES = {
    "4:4:4": jpeg_source(subsampling=0, quality=83),
    "4:2:2": jpeg_source(subsampling=1, quality=30),
    "4:2:0": jpeg_source(subsampling=2, quality=95),
    "grey": jpeg_source("L", quality=60),
    "CMYK": jpeg_source("CMYK", quality=60),
    "own tables": jpeg_source(qtables=[RAMP, COARSE]),
    "progressive": jpeg_source(progressive=True, quality=50),
}
KEEPS: dict[str, dict[str, Any]] = {
    "quality": {"quality": "keep"},
    "subsampling": {"subsampling": "keep"},
    "tables": {"qtables": "keep"},
    "both": {"subsampling": "keep", "qtables": "keep"},
    "tables and a quality": {"qtables": "keep", "quality": 40},
    "quality, so that another subsampling is ignored": {"quality": "keep", "subsampling": 0},
}


def both(image: Image.Image, **options: Any) -> tuple[bytes, bytes]:
    pillows = saved(image, "JPEG", **{"optimize": True, **options})
    return saved(image, region_map=FLAT_MAP, **with_pillows_tables(options)), pillows


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_an_option_does_what_pillows_does(options: dict[str, Any]) -> None:
    image = photograph("coffee")
    ours, pillows = both(image, **options)
    assert_same_headers(ours, pillows)
    assert_as_good(image, ours, pillows)


@pytest.mark.parametrize("options", OPTIONS_BY_MODE.values(), ids=OPTIONS_BY_MODE)
@pytest.mark.parametrize("mode", MODES)
def test_an_option_does_what_pillows_does_in_every_mode(mode: str, options: dict[str, Any]) -> None:
    image = photograph("chelsea", "RGB").convert(mode)
    ours, pillows = both(image, **options)
    assert_same_headers(ours, pillows)
    assert_as_good(image, ours, pillows)


@pytest.mark.parametrize("options", KEEPS.values(), ids=KEEPS)
@pytest.mark.parametrize("source", KEEP_SOURCES.values(), ids=KEEP_SOURCES)
def test_keep_takes_from_a_jpeg_what_pillow_takes(source: Image.Image, options: dict[str, Any]) -> None:
    ours, pillows = both(source, **options)
    assert_same_headers(ours, pillows)
    assert_as_good(photograph("coffee", source.mode), ours, pillows)


def test_quality_keep_of_a_jpeg_that_is_not_loaded_yet_works() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=83)
    lazy = Image.open(io.BytesIO(source))
    assert payloads(saved(lazy, quality="keep", region_map=FLAT_MAP), DQT) == payloads(source, DQT)


def test_without_optimize_the_huffman_tables_are_the_standards_as_pillows() -> None:
    image = photograph("coffee")
    assert segments(flat(image, optimize=False, tables="annex-k")) == segments(saved(image, "JPEG", quality=75))


def test_optimize_is_the_default() -> None:
    image = photograph("coffee")
    assert flat(image) == flat(image, optimize=True) != flat(image, optimize=False)


@pytest.mark.parametrize(
    ("progressive", "frame"), [(False, SOF_BASELINE), (True, SOF_PROGRESSIVE)], ids=["baseline", "progressive"]
)
def test_the_frame_is_of_the_kind_asked_for(progressive: bool, frame: int) -> None:
    ours = flat(photograph("coffee"), progressive=progressive)
    assert [marker for marker, _ in segments(ours) if marker in FRAMES] == [frame]


def test_restart_markers_stand_in_the_stream_as_often_as_asked_for() -> None:
    ours = flat(photograph("chelsea", "L"), restart_marker_rows=3)
    assert payloads(ours, DRI) == [(3 * 40).to_bytes(2, "big")]
    markers = [
        ours[place + 1] for place in range(len(ours) - 1) if ours[place] == 0xFF and 0xD0 <= ours[place + 1] < 0xD8
    ]
    assert markers == [0xD0 + number % 8 for number in range((27 - 1) // 3)]


def test_unknown_options_are_ignored_by_save_and_refused_by_encode() -> None:
    image = photograph("coffee")
    assert saved(image, region_map=FLAT_MAP, lossless=True) == saved(image, region_map=FLAT_MAP)
    with pytest.raises(TypeError, match="'lossless'"):
        pyregjpeg.encode(image, lossless=True)


def test_save_writes_what_encode_returns() -> None:
    image = photograph("coffee")
    options: dict[str, Any] = {"region_map": [(10, 10, 90, 90)], "quality": 82, "dpi": (72, 72)}
    assert saved(image, **options) == pyregjpeg.encode(image, **options)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (8, 8), (9, 17), (65500, 1), (1, 65500)])
def test_pictures_of_extreme_size_come_back(mode: str, size: tuple[int, int]) -> None:
    image = photograph("coffee").resize(size).convert(mode)
    ours, pillows = both(image, quality=90)
    assert_same_headers(ours, pillows)
    assert mean_difference(opened(ours), opened(pillows)) < 4


def test_the_format_says_that_it_is_jpeg_and_takes_no_file_name_from_pillows_plugin() -> None:
    assert Image.MIME["REGIONJPEG"] == "image/jpeg"
    assert Image.registered_extensions()[".jpg"] == "JPEG"
