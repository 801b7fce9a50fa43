"""The command `convert`: its options do what they say, and wrong usage writes nothing."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from converting import folder, jpeg
from helper import opened, photograph
from PIL import Image, TiffImagePlugin

import pyregjpeg
from pyregjpeg.cli import main

__all__ = ["folder"]
ORIENTATION = 0x0112
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
FIELDS = {"source", "target", "bytes_in", "bytes_out", "status", "message", "milliseconds", "quality", "tables"}


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, ["convert", *arguments], **options)


def converted(*arguments: str, **options: Any) -> Result:
    """Without a map model, which takes its time to load."""
    return run(*arguments, "--box", "8,8,40,40", **options)


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return exif


def files(folder: Path) -> set[str]:
    """All but journals."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.endswith(".jsonl")}


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
    assert result.stdout == f"a.png -> b.jpg: {Path('a.png').stat().st_size:,} -> {len(expected):,} bytes\n"


@pytest.mark.parametrize("option", ["--progressive", "--no-progressive"])
def test_best_effort_is_told_whether_progressive(folder: Path, option: str) -> None:
    photograph("coffee").save("a.png")
    assert converted("a.png", "-o", "b.jpg", "--effort", "best", option).exit_code == 0
    assert bool(opened((folder / "b.jpg").read_bytes()).info.get("progressive")) == (option == "--progressive")


def test_without_options_a_model_finds_what_matters_and_a_jpeg_keeps_its_tables(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(jpeg())
    assert run("a.jpg", "-o", "b.jpg").exit_code == 0
    assert (folder / "b.jpg").read_bytes() == pyregjpeg.transcode(jpeg())


def test_convert_fills_a_folder_that_it_makes(folder: Path) -> None:
    photograph("coffee").save("a.png")
    photograph("gravel").save("b.webp")
    result = converted("a.png", "b.webp", "-o", "new/small")
    assert result.exit_code == 0
    assert files(folder) == {"a.png", "b.webp", "new/small/a.jpg", "new/small/b.jpg"}
    assert "2 files" in result.stderr


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
@pytest.mark.parametrize("pixels", [[], ["--pixels"]])
def test_convert_keeps_metadata(folder: Path, suffix: str, pixels: list[str]) -> None:
    photograph("coffee").save(f"a.{suffix}", exif=turned(), icc_profile=b"profile" * 20, xmp=XMP)
    assert converted(f"a.{suffix}", "-o", "b.jpg", "-q", "50", *pixels).exit_code == 0
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
    names = ["1_bomb.png", "2_damaged.png", "3_float.tif", "4_missing.png", "5_good.png"]
    result = converted(*names, "-o", "out", "-j", "1", "-Q")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == names[:4]
    assert {name for name in files(folder) if name.startswith("out/")} == {"out/5_good.jpg"}


def test_a_palette_becomes_its_colours_and_alpha_the_background(folder: Path) -> None:
    Image.new("P", (16, 16), 0).save("a.png", transparency=0)
    result = converted("a.png", "-o", "b.jpg", "--background-color", "#4080c0")
    assert opened((folder / "b.jpg").read_bytes()).getpixel((8, 8)) == pytest.approx((0x40, 0x80, 0xC0), abs=2)
    assert result.exit_code == 0
    assert result.stderr.startswith("a.png: warning: its transparency is lost")


def test_an_existing_file_is_replaced_once(folder: Path) -> None:
    photograph("gravel").save("a.jpg")
    before = (folder / "a.jpg").read_bytes()
    assert converted("a.jpg", "-o", "a.jpg").exit_code == 0
    after = (folder / "a.jpg").read_bytes()
    assert after != before
    assert converted("a.jpg", "-o", "a.jpg", "-q", "20").exit_code == 0
    assert (folder / "a.jpg").read_bytes() == after


def test_maps_are_found_by_name(folder: Path) -> None:
    (folder / "maps").mkdir()
    photograph("coffee").save("a.png")
    photograph("coffee").save("b.png")
    Image.new("L", (2, 2), 255).save("maps/a.png")
    result = run("a.png", "b.png", "-o", "out", "--region-map", "maps")
    assert result.exit_code == 1
    assert "no region map" in result.stderr
    assert files(folder) >= {"out/a.jpg"}
    assert not (folder / "out/b.jpg").exists()


def test_records_are_all_there_is_on_standard_output(folder: Path) -> None:
    photograph("coffee").save("a.png")
    (folder / "b.png").write_bytes(b"damaged")
    (folder / "c.jpg").write_bytes(jpeg(100))
    result = converted("a.png", "b.png", "c.jpg", "-o", "out", "--json", "-v", "-q", "60")
    assert result.exit_code == 1
    found = {record["source"]: record for record in map(json.loads, result.stdout.splitlines())}
    assert all(set(record) == FIELDS for record in found.values())
    assert [found[name]["status"] for name in ("a.png", "b.png", "c.jpg")] == ["converted", "failed", "converted"]
    assert (found["c.jpg"]["quality"], found["c.jpg"]["tables"]) == (60, "coarser")
    assert found["a.png"]["bytes_out"] == Path("out/a.jpg").stat().st_size


@pytest.mark.parametrize(("given", "limit"), [("9000", 9000), ("9k", 9000), ("0.009M", 9000)])
def test_a_target_size_has_a_unit_or_none(folder: Path, given: str, limit: int) -> None:
    photograph("coffee").save("a.png")
    assert converted("a.png", "-o", "b.jpg", "--target-size", given).exit_code == 0
    assert 0.9 * limit < Path("b.jpg").stat().st_size <= limit


@pytest.mark.parametrize("given", [["exif,xmp"], ["exif", "xmp"]])
def test_names_to_strip_are_listed_or_repeated(folder: Path, given: list[str]) -> None:
    photograph("coffee").save("a.jpg", exif=turned(), xmp=XMP, comment=b"words")
    options = [word for name in given for word in ("--strip", name)]
    assert converted("a.jpg", "-o", "b.jpg", *options).exit_code == 0
    kept = opened((folder / "b.jpg").read_bytes())
    assert ("xmp" in kept.info, kept.info["comment"]) == (False, b"words")


def test_a_dry_run_tells_and_writes_nothing(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(jpeg())
    photograph("coffee").save("b.png")
    result = converted("a.jpg", "b.png", "-o", "out", "--dry-run", "--keep-dates")
    assert result.exit_code == 0
    assert "a.jpg -> out/a.jpg" in result.stdout
    assert "dry run" in result.stderr
    assert files(folder) == {"a.jpg", "b.png"}
    assert not (folder / "out").exists()


def test_quiet_says_nothing_and_verbose_more(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(jpeg())
    photograph("coffee").save("b.png")
    assert converted("a.jpg", "b.png", "-o", "out", "-Q").output == ""
    result = converted("a.jpg", "b.png", "-o", "other", "-v")
    assert "quality 95, tables kept" in result.stdout
    assert "peak memory" in result.stderr


def test_the_summary_adds_up(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.jpg").write_bytes(jpeg())
    converted("a.jpg", "-o", "out")
    (folder / "c.jpg").write_bytes(b"damaged")
    lines = converted("a.jpg", "b.jpg", "c.jpg", "-o", "out").stderr.splitlines()
    counts = {words[0]: words[1:] for words in map(str.split, lines) if len(words) > 1}
    written = (folder / "out/b.jpg").stat().st_size
    assert counts["converted"][:3] == ["1", f"{len(jpeg()):,}", f"{written:,}"]
    assert (counts["kept"], counts["skipped"], counts["failed"]) == (["0"], ["1"], ["1"])


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.png"],
        ["a.png", "b.png", "-o", "c.jpg"],
        ["a.png", "-o", "b.jpg", "-q", "0"],
        ["a.png", "-o", "b.png"],
        ["a.png", "-o", "b.jpg", "-q", "30", "-b", "40"],
        ["a.png", "-o", "b.jpg", "-m", "no such model"],
        ["a.png", "-o", "b.jpg", "--background-color", "no such colour"],
        ["a.png", "-o", "b.jpg", "--box", "left"],
        ["a.png", "-o", "b.jpg", "--box", "0,0,8"],
        ["a.png", "-o", "b.jpg", "--box", "8,0,0,8"],
        ["a.png", "-o", "b.jpg", "--box", "0,0,8,8", "--region-map", "a.png"],
        ["a.png", "-o", "b.jpg", "--region-map", "missing.png"],
        ["a.png", "-o", "b.jpg", "--strip", "thumbnail"],
        ["a.png", "-o", "b.jpg", "--target-size", "large"],
        ["a.png", "-o", "b.jpg", "--target-size", "0"],
        ["a.png", "-o", "b.jpg", "--min-savings", "101"],
        ["a.png", "-o", "b.jpg", "-O", "perhaps"],
        ["a.png", "-o", "b.jpg", "-j", "-1"],
        ["a.png", "-o", "-", "--json"],
        ["a.png", "-o", "out", "--in-place"],
        ["a.png", "--in-place", "-O", "never"],
        [".", "-o", "b.jpg"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_before_anything_is_done(folder: Path, arguments: list[str]) -> None:
    photograph("gravel").save("a.png")
    assert run(*arguments).exit_code == 2
    assert [path.name for path in folder.iterdir()] == ["a.png"]
