"""The command line: files in, JPEGs with the same metadata out, and exit codes that say what happened."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from helper import opened, photograph
from PIL import Image, TiffImagePlugin

import pyregjpeg
from pyregjpeg.cli import main
from pyregjpeg.visualize import overlay

ORIENTATION = 0x0112
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def converted(*arguments: str) -> Result:
    """Without a map model, which takes its time to load."""
    return run("convert", *arguments, "--box", "8,8,40,40")


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return exif


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_convert_writes_what_encode_returns(folder: Path) -> None:
    photograph("coffee").save("a.png")
    result = converted("a.png", "-o", "b.jpg", "-q", "80", "-b", "20", "--subsampling", "4:4:4", "--progressive")
    assert (result.exit_code, result.stderr) == (0, "")
    expected = pyregjpeg.encode(
        photograph("coffee"),
        quality=80,
        background_quality=20,
        subsampling="4:4:4",
        progressive=True,
        region_map=[(8, 8, 40, 40)],
    )
    assert (folder / "b.jpg").read_bytes() == expected


def test_convert_fills_a_folder_that_it_makes(folder: Path) -> None:
    photograph("coffee").save("a.png")
    photograph("gravel").save("b.webp")
    assert converted("a.png", "b.webp", "-o", "new/small").exit_code == 0
    assert files(folder) == {"a.png", "b.webp", "new/small/a.jpg", "new/small/b.jpg"}


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_convert_keeps_metadata(folder: Path, suffix: str) -> None:
    photograph("coffee").save(f"a.{suffix}", exif=turned(), icc_profile=b"profile" * 20, xmp=XMP)
    assert converted(f"a.{suffix}", "-o", "b.jpg").exit_code == 0
    kept = opened((folder / "b.jpg").read_bytes())
    assert kept.getexif()[ORIENTATION] == 6
    assert kept.info["icc_profile"] == b"profile" * 20
    assert kept.info["xmp"] == XMP


def test_convert_keeps_metadata_that_follows_the_pixels_of_a_png(folder: Path) -> None:
    file = io.BytesIO()
    photograph("coffee").save(file, "PNG")
    content = b"eXIf" + turned().tobytes()[6:]
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    (folder / "a.png").write_bytes(file.getvalue()[:-12] + chunk + file.getvalue()[-12:])  # 12: the closing chunk
    assert converted("a.png", "-o", "b.jpg").exit_code == 0
    assert opened((folder / "b.jpg").read_bytes()).getexif()[ORIENTATION] == 6


def test_a_tiff_that_pillow_turns_upright_is_not_turned_again(folder: Path) -> None:
    photograph("coffee").save("a.tif", exif=turned())
    assert converted("a.tif", "-o", "b.jpg").exit_code == 0
    upright = opened((folder / "b.jpg").read_bytes())
    assert (upright.size, upright.getexif().get(ORIENTATION)) == ((211, 317), None)


def test_a_resolution_that_is_no_number_is_left_out(folder: Path) -> None:
    nowhere = TiffImagePlugin.IFDRational(0, 0)
    photograph("coffee").save("a.tif", tiffinfo={282: nowhere, 283: nowhere, 296: 2})
    assert converted("a.tif", "-o", "b.jpg").exit_code == 0
    assert "dpi" not in opened((folder / "b.jpg").read_bytes()).info


def test_a_file_that_fails_leaves_no_trace_and_the_others_are_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)
    Image.new("L", (300, 300)).save("1_bomb.png")  # Pillow's error for these is neither an OSError nor a ValueError
    (folder / "2_damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("F", (8, 8)).save("3_float.tif")
    photograph("gravel").save("5_good.png")
    result = converted("1_bomb.png", "2_damaged.png", "3_float.tif", "4_missing.png", "5_good.png", "-o", "out")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "1_bomb.png",
        "2_damaged.png",
        "3_float.tif",
        "4_missing.png",
    ]
    assert {name for name in files(folder) if name.startswith("out/")} == {"out/5_good.jpg"}


def test_a_file_that_cannot_be_replaced_stays_as_it_was(folder: Path) -> None:
    photograph("gravel").save("a.png")
    (folder / "b.jpg").mkdir()
    (folder / "b.jpg" / "a.jpg").mkdir()
    assert converted("a.png", "-o", "b.jpg").exit_code == 1
    assert files(folder) == {"a.png"}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_flattened_on_the_background_colour(folder: Path, mode: str) -> None:
    transparent = {"transparency": 0} if mode == "P" else {}
    Image.new(mode, (16, 16), 0).save("a.png", **transparent)
    assert converted("a.png", "-o", "b.jpg", "--background-color", "#4080c0").exit_code == 0
    assert opened((folder / "b.jpg").read_bytes()).getpixel((8, 8)) == pytest.approx((0x40, 0x80, 0xC0), abs=2)


def test_a_palette_becomes_its_colours(folder: Path) -> None:
    photograph("coffee").quantize(64).save("a.png")
    assert converted("a.png", "-o", "b.jpg", "-q", "95", "-b", "95", "--subsampling", "4:4:4").exit_code == 0
    colours = np.asarray(photograph("coffee").quantize(64).convert("RGB"), dtype=float)
    assert np.abs(np.asarray(opened((folder / "b.jpg").read_bytes()), dtype=float) - colours).mean() < 5


def test_an_existing_file_is_replaced(folder: Path) -> None:
    photograph("gravel").save("a.jpg")
    before = (folder / "a.jpg").read_bytes()
    assert converted("a.jpg", "-o", "a.jpg").exit_code == 0
    assert files(folder) == {"a.jpg"}
    assert (folder / "a.jpg").read_bytes() != before


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert"],
        ["convert", "a.png"],
        ["convert", "a.png", "b.png", "-o", "c.jpg"],
        ["convert", "a.png", "x/a.png", "-o", "out"],
        ["convert", ".", "-o", "out"],
        ["convert", "a.png", "-o", "b.jpg", "-q", "0"],
        ["convert", "a.png", "-o", "b.png"],
        ["convert", "a.png", "-o", "b.jpg", "-q", "30", "-b", "40"],
        ["convert", "a.png", "-o", "b.jpg", "-m", "no such model"],
        ["convert", "a.png", "-o", "b.jpg", "--background-color", "no such colour"],
        ["convert", "a.png", "-o", "b.jpg", "--box", "left"],
        ["convert", "a.png", "-o", "b.jpg", "--box", "0,0,8"],
        ["convert", "a.png", "-o", "b.jpg", "--box", "0,0,8,8", "--region-map", "a.png"],
        ["map", "missing.png", "-o", "map.png"],
    ],
    ids=" ".join,
)
def test_wrong_usage_writes_nothing(folder: Path, arguments: list[str]) -> None:
    photograph("gravel").save("a.png")
    assert run(*arguments).exit_code == 2
    assert files(folder) == {"a.png"}


def test_map_writes_the_models_map_at_the_size_of_the_picture(folder: Path) -> None:
    image = photograph("coffee")
    image.save("a.png")
    assert run("map", "a.png", "-o", "map.png").exit_code == 0
    grey = np.rint(pyregjpeg.predict_map(image) * 255).astype(np.uint8)
    expected = Image.fromarray(grey).resize(image.size, Image.Resampling.BILINEAR)
    written = Image.open("map.png")
    assert (written.mode, written.size) == ("L", image.size)
    assert np.array_equal(np.asarray(written), np.asarray(expected))


def test_map_with_overlay_draws_it_over_the_photograph(folder: Path) -> None:
    image = photograph("coffee")
    image.save("a.png")
    assert run("map", "a.png", "-o", "map.png", "--overlay").exit_code == 0
    expected = overlay(image, pyregjpeg.predict_map(image))
    assert np.array_equal(np.asarray(Image.open("map.png")), np.asarray(expected))


def test_a_map_of_an_unknown_kind_of_file_is_not_written(folder: Path) -> None:
    photograph("gravel").save("a.png")
    result = run("map", "a.png", "-o", "map.unknown")
    assert result.exit_code == 1
    assert "unknown" in result.stderr
    assert files(folder) == {"a.png"}


def test_models_are_listed_with_data_and_licence() -> None:
    result = run("models")
    assert result.exit_code == 0
    assert "msroi (importance)" in result.stdout
    assert "ImageNet" in result.stdout
    assert "Apache-2.0" in result.stdout
