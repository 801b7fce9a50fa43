"""effort="best": by every way that an option can be given, for every kind of picture, the levels safe in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from helper import (
    FRAMES,
    SOF_BASELINE,
    SOF_PROGRESSIVE,
    flat,
    mean_difference,
    opened,
    photograph,
    read_levels,
    saved,
    segments,
)
from jpeg_sources import KINDS, UNDECODABLE, jpeg_of
from kernels import FAST_KERNELS
from PIL import Image

import pyregjpeg
from pyregjpeg import perceptual
from pyregjpeg.batch import convert
from pyregjpeg.cli import main
from pyregjpeg.perceptual_metrics import ms_ssim
from pyregjpeg.target_size import encode_to_size, transcode_to_size

CENTRE = [(80, 60, 240, 160)]
MODES = ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr")
SIZES = [(1, 1), (1, 9), (8, 8), (9, 1), (16, 16), (17, 17), (3, 17)]
RAMP = list(range(1, 65))


def best(picture: Any, quality: int = 75, **options: Any) -> bytes:
    return flat(picture, quality, effort="best", **options)


def frame_of(jpeg: bytes) -> int:
    [frame] = [marker for marker, _ in segments(jpeg) if marker in FRAMES]
    return frame


@pytest.mark.parametrize("name", ["coffee", "chelsea", "gravel", "rocket"])
def test_with_annex_ks_tables_best_is_smaller_than_fast(name: str) -> None:
    image = photograph(name)
    assert len(best(image, tables="annex-k")) < len(flat(image, tables="annex-k"))


def test_best_is_smaller_than_fast_at_equal_ms_ssim_on_average() -> None:
    ratios = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = photograph(name)
        quick = [flat(picture, quality) for quality in (75, 80, 85, 90, 95)]
        scores = [ms_ssim(picture, opened(jpeg)) for jpeg in quick]
        ours = best(picture, 85)
        score = ms_ssim(picture, opened(ours))
        ratios.append(np.log(len(ours)) - np.interp(score, scores, np.log([len(jpeg) for jpeg in quick])))
    assert np.exp(np.mean(ratios)) < 0.985


def test_save_and_encode_understand_it_alike() -> None:
    image = photograph("coffee")
    assert saved(image, effort="best", region_map=CENTRE) == pyregjpeg.encode(image, effort="best", region_map=CENTRE)
    assert saved(image, effort="fast", region_map=CENTRE) == saved(image, region_map=CENTRE)
    assert saved(image, effort="best", region_map=CENTRE) != saved(image, region_map=CENTRE)


@pytest.mark.parametrize("source", ["photo.png", "photo.jpg"])
def test_the_command_and_convert_write_what_the_functions_make(source: str, tmp_path: Path) -> None:
    photograph("coffee").save(tmp_path / source, quality=92)
    image = Image.open(tmp_path / source)
    options: dict[str, Any] = {"quality": 60, "effort": "best"}
    if source.endswith("png"):
        expected = pyregjpeg.encode(image, region_map=CENTRE, **options)
    else:
        expected = pyregjpeg.transcode((tmp_path / source).read_bytes(), region_map=CENTRE, **options)
    command = ["convert", str(tmp_path / source), "-o", str(tmp_path / "a.jpg"), "-q", "60", "--effort", "best"]
    ran = CliRunner().invoke(main, [*command, "--box", "80,60,240,160"])
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "a.jpg").read_bytes() == expected
    [result] = convert([tmp_path / source], tmp_path / "b.jpg", region_map=CENTRE, **options)
    assert result.status == "converted"
    assert (tmp_path / "b.jpg").read_bytes() == expected


@pytest.mark.parametrize("progressive", [None, True, False])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_file_that_fits_is_the_one_that_encode_makes(mode: str, progressive: bool | None) -> None:
    image = photograph("coffee").convert(mode)
    options: dict[str, Any] = {"effort": "best", "region_map": CENTRE, "progressive": progressive}
    jpeg, quality = encode_to_size(image, 9000, **options)
    assert len(jpeg) <= 9000
    assert jpeg == pyregjpeg.encode(image, quality=quality, **options)


def test_a_jpeg_that_fits_is_the_one_that_transcode_makes() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=92)
    options: dict[str, Any] = {"effort": "best", "region_map": CENTRE}
    found = transcode_to_size(source, 9000, **options)
    assert len(found.jpeg) <= 9000
    assert found.jpeg == pyregjpeg.transcode(source, quality=found.quality, **options)


@pytest.mark.parametrize("value", ["Best", "", None, True, 1])
def test_another_word_is_an_option_error(value: Any, tmp_path: Path) -> None:
    image = photograph("coffee")
    image.save(tmp_path / "a.png")
    calls = (
        lambda: pyregjpeg.encode(image, effort=value, region_map=CENTRE),
        lambda: saved(image, effort=value, region_map=CENTRE),
        lambda: pyregjpeg.transcode(saved(image, "JPEG"), effort=value),
        lambda: list(convert([tmp_path / "a.png"], tmp_path / "a.jpg", effort=value)),
        lambda: encode_to_size(image, 9000, effort=value),
    )
    for call in calls:
        with pytest.raises(pyregjpeg.OptionError, match="effort is"):
            call()


def test_the_overhead_free_dialect_has_no_best_effort() -> None:
    with pytest.raises(pyregjpeg.OptionError, match="effort does not go with overhead_free"):
        pyregjpeg.encode(photograph("coffee"), effort="best", overhead_free=True)


def test_unless_told_the_file_is_of_the_smaller_kind() -> None:
    image = photograph("coffee")
    smallest, progressive, sequential = (best(image, progressive=value) for value in (None, True, False))
    assert [frame_of(jpeg) for jpeg in (progressive, sequential)] == [SOF_PROGRESSIVE, SOF_BASELINE]
    assert len(smallest) <= 1.01 * min(len(progressive), len(sequential))  # chosen before the trellis, for it
    assert frame_of(best(image, 40)) == SOF_PROGRESSIVE
    assert frame_of(best(image.resize((24, 16)))) == SOF_BASELINE
    assert frame_of(best(image, optimize=False)) == SOF_BASELINE
    assert frame_of(flat(image)) == SOF_BASELINE


@pytest.mark.parametrize("kind", ["4:2:0", "progressive"])
def test_transcoding_unless_told_makes_the_smaller_kind_of_either_source(kind: str) -> None:
    source, options = jpeg_of(kind), {"background_quality": 100, "effort": "best", "allow_larger": True}
    smallest, *others = (pyregjpeg.transcode(source, progressive=value, **options) for value in (None, True, False))
    assert len(smallest) <= min(map(len, others))


@pytest.mark.parametrize("progressive", [None, True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tiny_pictures_of_every_mode_come_back(size: tuple[int, int], mode: str, progressive: bool | None) -> None:
    image = photograph("coffee").resize(size).convert(mode)
    ours = opened(best(image, 90, progressive=progressive))
    pillows = opened(saved(image, "JPEG", quality=90))
    assert mean_difference(ours, pillows) < 6


@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 0},
        {"subsampling": 1},
        {"subsampling": 2},
        {"keep_rgb": True},
        {"qtables": [RAMP, [40] * 64]},
        {"qtables": [[300] * 64]},
        {"restart_marker_rows": 2},
        {"restart_marker_blocks": 5, "progressive": False},
        {"smooth": 20},
        {"optimize": False},
    ],
    ids=str,
)
def test_it_goes_with_every_other_option(options: dict[str, Any]) -> None:
    image = photograph("rocket")
    options = {**options, "region_map": np.ones((1, 1))}
    ours, quick = pyregjpeg.encode(image, effort="best", **options), pyregjpeg.encode(image, **options)
    assert len(ours) < 1.05 * len(quick)  # at one quality both have the same SSIMULACRA2 only on average
    assert mean_difference(opened(ours), image) < 1.4 * mean_difference(opened(quick), image)
    assert opened(ours).layer == opened(quick).layer


def test_its_tables_are_its_own_unless_others_are_given() -> None:
    image = photograph("coffee")
    _, tables = read_levels(best(image))
    assert np.array_equal(np.reshape(tables, (3, 64)), perceptual.tables(75, "best")[[0, 1, 1]])
    _, given = read_levels(saved(image, effort="best", qtables=[RAMP], region_map=CENTRE))
    assert sorted(given[0].ravel()) == RAMP


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in UNDECODABLE])
def test_a_flat_map_at_the_sources_quality_keeps_every_level(kind: str) -> None:
    source = jpeg_of(kind)
    jpeg = pyregjpeg.transcode(source, background_quality=100, effort="best", allow_larger=True)
    for kept, before in zip(pyregjpeg.read_levels(jpeg), pyregjpeg.read_levels(source), strict=True):
        assert np.array_equal(kept, before)


@pytest.mark.parametrize("kernel", FAST_KERNELS)
@pytest.mark.parametrize("options", [{}, {"tables": "annex-k"}, {"subsampling": 0, "quality": 95}], ids=str)
def test_all_kernels_write_the_same_bytes(
    kernel: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = np.asarray(photograph("rocket")).copy()
    page[40:90, 60:200:3] = 255  # for the deringing
    source = saved(photograph("coffee"), "JPEG", quality=90)

    def written() -> tuple[bytes, bytes]:
        transcoded = pyregjpeg.transcode(source, quality=60, region_map=CENTRE, effort="best")
        return pyregjpeg.encode(page, region_map=CENTRE, effort="best", **options), transcoded

    monkeypatch.setenv("PYREGJPEG_SIMD", "generic")
    expected = written()
    monkeypatch.setenv("PYREGJPEG_SIMD", kernel)
    assert written() == expected
