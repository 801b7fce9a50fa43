"""pyregjpeg compare: one record of all figures per picture, as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from helper import flat, photograph
from PIL import Image

from pyregjpeg import comparison
from pyregjpeg.cli import main
from pyregjpeg.errors import MapError, RegionJpegError
from pyregjpeg.metrics import psnr_y, ssim, ssimulacra2
from pyregjpeg.perceptual_metrics import psnr_hvs_m

FIGURES = ["psnr", "ssim", "ms_ssim", "vifp", "psnr_hvs", "psnr_hvs_m", "ssimulacra2"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a photograph, two JPEGs of it, and a map of its left half."""
    monkeypatch.chdir(tmp_path)
    image = photograph("chelsea")
    image.save("cat.png")
    Path("fine.jpg").write_bytes(flat(image, 90))
    Path("coarse.jpg").write_bytes(flat(image, 20))
    left = np.zeros((image.height, image.width), dtype=np.uint8)
    left[:, :160] = 255
    Image.fromarray(left).save("left.png")
    return tmp_path


def compared(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["compare", *arguments])


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_picture_gets_a_record_of_all_figures(folder: Path) -> None:
    result = compared("cat.png", "fine.jpg", "coarse.jpg", "--json")
    assert result.exit_code == 0
    fine, coarse = records(result)
    assert list(fine) == list(coarse) == ["file", "bytes", "bits_per_pixel", *FIGURES]
    assert (fine["file"], fine["bytes"]) == ("fine.jpg", Path("fine.jpg").stat().st_size)
    assert fine["bits_per_pixel"] == pytest.approx(8 * fine["bytes"] / (320 * 212), rel=1e-5)
    assert all(fine[name] > coarse[name] for name in FIGURES)
    decoded = Image.open("coarse.jpg")
    assert coarse["psnr"] == pytest.approx(psnr_y(photograph("chelsea"), decoded), rel=1e-5)
    assert coarse["ssim"] == pytest.approx(ssim(photograph("chelsea"), decoded), rel=1e-5)
    assert coarse["psnr_hvs_m"] == pytest.approx(psnr_hvs_m(photograph("chelsea"), decoded), rel=1e-5)
    assert coarse["ssimulacra2"] == pytest.approx(ssimulacra2(photograph("chelsea"), decoded), rel=1e-5)


def test_a_region_map_adds_the_figures_on_both_sides_of_it(folder: Path) -> None:
    half = np.asarray(photograph("chelsea")).copy()
    half[:, 160:] = np.asarray(Image.open("coarse.jpg"))[:, 160:]
    Image.fromarray(half).save("half.png")
    (record,) = records(compared("cat.png", "half.png", "--region-map", "left.png", "--json"))
    assert record["psnr_inside"] is None  # infinite
    assert record["ssim_inside"] == pytest.approx(1, abs=0.01)  # windows at the seam see both sides
    right = np.arange(320) >= 160
    expected = psnr_y(photograph("chelsea"), half, np.tile(right, (212, 1)))
    assert record["psnr_outside"] == pytest.approx(expected, rel=1e-5)
    assert {f"{name}_{at}" for name in comparison.REGIONAL for at in ("inside", "outside")} < set(record)


def test_a_region_map_may_have_another_size(folder: Path) -> None:
    Image.open("left.png").resize((32, 21)).save("small.png")
    (small,) = records(compared("cat.png", "fine.jpg", "--region-map", "small.png", "--json"))
    (large,) = records(compared("cat.png", "fine.jpg", "--region-map", "left.png", "--json"))
    assert small["psnr_inside"] == pytest.approx(large["psnr_inside"], abs=0.3)


def test_a_region_map_may_be_an_array_of_shares(folder: Path) -> None:
    shares = np.tile(np.linspace(0, 1, 320, dtype=np.float32), (212, 1))
    np.save("shares.npy", shares)
    (record,) = records(compared("cat.png", "coarse.jpg", "--region-map", "shares.npy", "--json"))
    decoded = Image.open("coarse.jpg")
    assert record["psnr_inside"] == pytest.approx(psnr_y(photograph("chelsea"), decoded, shares), rel=1e-5)
    assert record["psnr_outside"] == pytest.approx(psnr_y(photograph("chelsea"), decoded, 1 - shares), rel=1e-5)


def test_csv_has_a_header_and_a_line_a_picture(folder: Path) -> None:
    result = compared("cat.png", "missing.jpg", "fine.jpg", "cat.png", "--csv")
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["file"] for row in rows] == ["fine.jpg", "cat.png"]
    assert rows[1]["psnr"] == "inf"
    assert float(rows[0]["ssimulacra2"]) > 70


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
def test_a_name_that_is_no_text_is_no_obstacle(folder: Path, form: list[str]) -> None:
    name = os.fsdecode(b"\xe9.jpg")
    Path("fine.jpg").rename(name)
    result = compared("cat.png", name, *form)
    assert (result.exit_code, result.exception) == (0, None)
    assert ".jpg" in result.stdout


def test_text_names_every_figure(folder: Path) -> None:
    (line,) = compared("cat.png", "fine.jpg").stdout.splitlines()
    assert line.startswith("fine.jpg: bytes ")
    names = [part.split()[0] for part in line.removeprefix("fine.jpg: ").split(", ")]
    assert names == ["bytes", "bits_per_pixel", *FIGURES]


def test_a_picture_too_small_for_a_figure_gets_the_others(folder: Path) -> None:
    photograph("chelsea").crop((100, 50, 200, 110)).save("part.png")
    Path("part.jpg").write_bytes(flat(Image.open("part.png"), 50))
    (record,) = records(compared("part.png", "part.jpg", "--json"))
    assert record["ms_ssim"] is None
    assert record["vifp"] > 0
    (line,) = compared("part.png", "part.jpg").stdout.splitlines()
    assert "ms_ssim -," in line


def test_a_picture_of_another_size_fails_and_the_others_are_compared(folder: Path) -> None:
    photograph("coffee").save("cup.png")
    result = compared("cat.png", "cup.png", "fine.jpg", "--json")
    assert result.exit_code == 1
    assert "cup.png: The two pictures must have the same size, not 320x212 and 317x211." in result.stderr
    assert [record["file"] for record in records(result)] == ["fine.jpg"]


@pytest.mark.parametrize(("figure", "package"), [("ssim", "skimage"), ("ssimulacra2", "ssimulacra2")])
def test_a_figure_whose_package_is_missing_is_null_and_the_others_are_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, figure: str, package: str
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == package] or [package]:
        monkeypatch.setitem(sys.modules, module, None)  # importing it now raises ModuleNotFoundError
    result = compared("cat.png", "fine.jpg", "coarse.jpg", "--json", "--region-map", "left.png")
    assert result.exit_code == 0
    assert result.stderr == f"Left out: {figure}, for want of: pip install pyregjpeg[metrics]\n"
    for record in records(result):
        left_out = {name for name in record if name.removesuffix("_inside").removesuffix("_outside") == figure}
        assert {name for name, value in record.items() if value is None} == left_out


@pytest.mark.parametrize(
    "arguments", [["cat.png"], ["missing.png", "fine.jpg"], ["cat.png", "fine.jpg", "--region-map", "x"]]
)
def test_wrong_usage_has_its_own_exit_code(folder: Path, arguments: list[str]) -> None:
    assert compared(*arguments).exit_code == 2


def test_a_region_map_that_is_no_picture_is_wrong_usage(folder: Path) -> None:
    Path("map.txt").write_text("white")
    result = compared("cat.png", "fine.jpg", "--region-map", "map.txt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "map.txt" in result.stderr


def test_a_region_map_without_an_inside_is_an_error() -> None:
    image = photograph("chelsea")
    with pytest.raises(MapError):
        comparison.compare(image, image, Image.new("L", (8, 8)))


def test_pictures_of_different_size_are_an_error() -> None:
    with pytest.raises(RegionJpegError, match="same size"):
        comparison.compare(photograph("chelsea"), photograph("coffee"))
