"""purpose="machine" for JPEGs, for folders and on the command line: coarser tables, fewer levels, no larger files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from converting import convert, folder, job, jpeg
from helper import opened, photograph, read_levels, saved
from jpeg_sources import KINDS, SIZE, UNDECODABLE, jpeg_of, program
from machine_families import AVERAGE, FULL, HALF, LUMA, steps_of
from PIL import Image

import pyregjpeg
from pyregjpeg.cli import main
from pyregjpeg.target_size import transcode_to_size

__all__ = ["folder"]
SIDE = 192


def source(subsampling: int = 2, mode: str = "RGB", **options: Any) -> bytes:
    image = photograph("astronaut", mode).resize((SIDE, SIDE))
    return saved(image, "JPEG", **{"quality": 92, "subsampling": subsampling, **options})


def for_machine(jpeg: bytes, **options: Any) -> bytes:
    return pyregjpeg.transcode(jpeg, **{"purpose": "machine", "region_map": AVERAGE, **options})


def test_without_a_quality_the_tables_stay_and_levels_go() -> None:
    before, tables_before = read_levels(source())
    after, tables = read_levels(for_machine(source(), machine_size=SIDE // 6))
    assert all(map(np.array_equal, tables, tables_before))
    for old, new in zip(before, after, strict=True):
        assert np.count_nonzero(new) < np.count_nonzero(old)
        assert np.all((np.abs(new) <= np.abs(old)).reshape(-1, 64)[:, 1:])


@pytest.mark.parametrize(("subsampling", "planes"), [(0, [FULL]), (1, [HALF, FULL]), (2, [HALF])])
@pytest.mark.parametrize("quality", [20, 60])
def test_a_step_is_the_larger_of_the_sources_and_that_of_its_ratio_and_sampling(
    quality: int, subsampling: int, planes: list[str]
) -> None:
    jpeg = for_machine(source(subsampling), quality=quality, machine_size=SIDE // 3)
    written, old = (list(opened(file).quantization.values()) for file in (jpeg, source(subsampling)))
    wanted = [steps_of(3, quality, LUMA), steps_of(3, quality, *planes)]
    assert np.array_equal(written, np.maximum(old, wanted))
    assert len(jpeg) < len(source(subsampling))


def test_grey_has_lumas_steps() -> None:
    jpeg = for_machine(source(mode="L"), quality=20, machine_size=SIDE // 3)
    [written], [old] = (list(opened(file).quantization.values()) for file in (jpeg, source(mode="L")))
    assert np.array_equal(written, np.maximum(old, steps_of(3, 20, LUMA)))


@pytest.mark.parametrize("quality", [None, 40])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_libjpeg_reads_is_written(kind: str, quality: int | None) -> None:
    jpeg = for_machine(jpeg_of(kind), quality=quality, machine_size=min(SIZE) // 2, allow_larger=True)
    assert jpeg != jpeg_of(kind)
    before, after = ([plane.shape for plane in pyregjpeg.read_levels(file)] for file in (jpeg_of(kind), jpeg))
    assert before == after
    assert kind in UNDECODABLE or program("djpeg", "-strict", stdin=jpeg)


@pytest.mark.parametrize("effort", ["fast", "best"])
@pytest.mark.parametrize("quality", [None, 60])
def test_a_second_time_changes_little_and_makes_nothing_larger(quality: int | None, effort: str) -> None:
    options: dict[str, Any] = {"quality": quality, "effort": effort}
    once = for_machine(source(), **options)
    twice = for_machine(once, **options)
    assert 0.97 * len(once) < len(twice) <= len(once) < len(source())
    assert len(for_machine(once, allow_larger=True, **options)) < 1.01 * len(once)


def test_more_importance_keeps_more_levels() -> None:
    kept = []
    for importance in (0.0, 0.5, 1.0):
        jpeg = for_machine(source(), region_map=np.full((1, 1), importance), machine_size=SIDE // 6)
        [levels, *_], _ = read_levels(jpeg)
        kept.append(np.count_nonzero(levels))
    assert kept == sorted(set(kept))


def test_it_is_progressive_where_that_is_smaller_unless_something_is_said() -> None:
    large = saved(photograph("coffee").resize((634, 422)), "JPEG", quality=92)
    small = saved(Image.new("L", (8, 8)), "JPEG", progressive=True)
    assert opened(for_machine(large)).info.get("progressive")
    assert not opened(for_machine(large, progressive=False)).info.get("progressive")
    assert not opened(for_machine(small, allow_larger=True)).info.get("progressive")


@pytest.mark.parametrize("share", [0.95, 0.7, 0.3])
def test_the_best_quality_that_fits_is_found(share: float) -> None:
    target = int(share * len(source()))
    done = transcode_to_size(source(), target, purpose="machine", region_map=AVERAGE)
    assert 0.5 * target < len(done.jpeg) <= target
    if done.tables == "coarser":
        lower, higher = (len(for_machine(source(), quality=done.quality + step)) for step in (-1, 1))
        assert lower <= len(done.jpeg) <= higher


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_files_are_converted_for_it(folder: Path, name: str) -> None:
    photograph("coffee").save(name, quality=95)
    options: dict[str, Any] = {"purpose": "machine", "machine_size": 100, "region_map": [(8, 8, 40, 40)]}
    result = convert(job(folder / name), **options)
    write, given = (pyregjpeg.transcode, jpeg()) if name == "a.jpg" else (pyregjpeg.encode, photograph("coffee"))
    assert (result.status, (folder / "out/b.jpg").read_bytes()) == ("converted", write(given, **options))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["convert", "a.png", "-o", "b.jpg", "--box", "8,8,40,40", *arguments])


def test_the_command_line_is_told_the_purpose(folder: Path) -> None:
    photograph("coffee").save("a.png")
    assert run("--purpose", "machine", "--machine-size", "100", "-q", "60").exit_code == 0
    options: dict[str, Any] = {"purpose": "machine", "machine_size": 100, "quality": 60}
    expected = pyregjpeg.encode(photograph("coffee"), region_map=[(8, 8, 40, 40)], **options)
    assert (folder / "b.jpg").read_bytes() == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ["--purpose", "robot"],
        ["--machine-size", "100"],
        ["--purpose", "machine", "--machine-size", "0"],
        ["--purpose", "machine", "-b", "20"],
        ["--purpose", "machine", "--tables", "annex-k"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_before_anything_is_done(folder: Path, arguments: list[str]) -> None:
    photograph("coffee").save("a.png")
    assert run(*arguments).exit_code == 2
    assert [path.name for path in folder.iterdir()] == ["a.png"]
