"""One file: what is written for it, what is not, and what its record says."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from converting import BOX, convert, file, folder, job, jpeg, picture
from helper import opened, photograph
from PIL import Image

import pyregjpeg
from pyregjpeg import conversion, storage
from pyregjpeg.conversion import ConvertResult
from pyregjpeg.journal import NAME
from pyregjpeg.scan import Job

__all__ = ["folder"]
pytestmark = pytest.mark.usefixtures("folder")


def test_a_picture_becomes_what_encode_returns() -> None:
    result = convert(job(picture()), quality=80, background_quality=20, subsampling="4:4:4", progressive=True)
    expected = pyregjpeg.encode(
        photograph("coffee"), quality=80, background_quality=20, subsampling="4:4:4", progressive=True, region_map=BOX
    )
    assert Path("out/b.jpg").read_bytes() == expected
    assert (result.status, result.quality, result.tables, result.message) == ("converted", 80, None, "")
    assert (result.bytes_in, result.bytes_out) == (Path("a.png").stat().st_size, len(expected))
    assert result.milliseconds > 0


def test_a_jpeg_becomes_what_transcode_returns_with_its_own_tables() -> None:
    result = convert(job(file("a.png", jpeg())), background_quality=50)  # a JPEG by its content, whatever its name
    assert Path("out/b.jpg").read_bytes() == pyregjpeg.transcode(jpeg(), background_quality=50, region_map=BOX)
    assert (result.status, result.quality, result.tables) == ("converted", 95, "kept")


def test_a_jpeg_with_a_quality_has_coarser_tables() -> None:
    result = convert(job(file("a.jpg", jpeg())), quality=60)
    assert Path("out/b.jpg").read_bytes() == pyregjpeg.transcode(jpeg(), quality=60, region_map=BOX)
    assert (result.status, result.quality, result.tables) == ("converted", 60, "coarser")


def test_a_jpeg_through_pixels_becomes_what_encode_returns() -> None:
    result = convert(job(file("a.jpg", jpeg())), pixels=True)
    assert Path("out/b.jpg").read_bytes() == pyregjpeg.encode(opened(jpeg()), region_map=BOX, dpi=(0, 0))
    assert (result.status, result.quality, result.tables) == ("converted", 75, None)


@pytest.mark.parametrize("options", [{}, {"pixels": True, "quality": 95, "background_quality": 95}])
def test_a_jpeg_that_gets_no_smaller_is_kept(options: dict[str, Any]) -> None:
    source = pyregjpeg.transcode(jpeg(40, optimize=True, progressive=True), region_map=BOX)
    result = convert(job(file("a.jpg", source)), **options)
    assert Path("out/b.jpg").read_bytes() == source
    assert (result.status, result.tables, result.quality) == ("kept", "kept", 40)
    assert result.bytes_in == result.bytes_out == len(source)


def test_what_saves_too_little_is_kept_or_skipped() -> None:
    result = convert(job(file("a.jpg", jpeg())), quality=60, min_savings=99)
    assert Path("out/b.jpg").read_bytes() == jpeg()
    assert (result.status, result.tables, result.quality) == ("kept", "kept", 95)
    assert "would be saved" in result.message
    result = convert(job(picture(), "out/c.jpg"), min_savings=99)
    assert (result.status, Path("out/c.jpg").exists()) == ("skipped", False)
    assert convert(job(Path("a.png"), "out/c.jpg"), min_savings=5).status == "converted"


def test_what_is_kept_is_stripped_all_the_same() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    source = file("a.jpg", jpeg(exif=exif))
    result = convert(job(source), min_savings=99, strip=["exif"])
    written = Path("out/b.jpg").read_bytes()
    assert b"a camera" not in written
    assert result.status == "converted"
    before, after = (pyregjpeg.read_levels(content) for content in (source.read_bytes(), written))
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_a_picture_that_is_larger_as_a_jpeg_is_converted() -> None:
    Image.new("L", (64, 64)).save("a.png")
    result = convert(job(Path("a.png")))
    assert result.status == "converted"
    assert result.bytes_in is not None
    assert result.bytes_out is not None
    assert result.bytes_out > result.bytes_in


@pytest.mark.parametrize("source", ["a.png", "a.jpg"])
def test_the_target_size_is_kept_to(source: str) -> None:
    photograph("coffee").save(source, **({"quality": 95} if source == "a.jpg" else {}))
    result = convert(job(Path(source)), target_size=9000)
    assert result.bytes_out is not None
    assert 8000 < result.bytes_out <= 9000
    assert result.quality is not None
    assert convert(job(Path(source)), target_size=100).status == "failed"


def test_alpha_is_flattened_with_a_warning() -> None:
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save("a.png")
    result = convert(job(Path("a.png")), background_color="#4080c0", region_map=[(0, 0, 8, 8)])
    assert opened(Path("out/b.jpg").read_bytes()).getpixel((8, 8)) == pytest.approx((0x40, 0x80, 0xC0), abs=2)
    assert result.status == "converted"
    assert "transparency" in result.message


def test_damaged_jpegs_are_refused_unless_told_otherwise() -> None:
    source = file("a.jpg", jpeg()[:-2000])
    refused = convert(job(source))
    assert (refused.status, Path("out").exists()) == ("failed", False)
    result = convert(job(source), damaged="keep-going")
    assert result.status == "converted"
    assert "damaged" in result.message
    assert opened(Path("out/b.jpg").read_bytes()).size == photograph("coffee").size


def test_each_picture_has_its_own_map() -> None:
    Path("maps").mkdir()
    Image.new("L", (4, 4), 255).save("maps/a.png")
    assert convert(job(picture()), region_map="maps", background_quality=10).status == "converted"
    assert Path("out/b.jpg").read_bytes() == pyregjpeg.encode(
        photograph("coffee"), background_quality=10, region_map=Image.new("L", (4, 4), 255)
    )
    lacking = convert(job(picture("other.png"), "out/other.jpg"), region_map="maps")
    assert (lacking.status, Path("out/other.jpg").exists()) == ("failed", False)
    assert "other.png" in lacking.message


@pytest.mark.parametrize(("size", "bigger"), [(10_000_000, "converted"), (10, "skipped")])
def test_overwriting(size: int, bigger: str) -> None:
    Path("out").mkdir()
    for option, status in (("never", "skipped"), ("bigger", bigger), ("all", "converted")):
        target = file("out/b.jpg", bytes(size))
        assert convert(job(picture()), overwrite=option).status == status
        assert (target.read_bytes() == bytes(size)) == (status == "skipped")
    Path("out/b.jpg").unlink()
    assert convert(job(picture()), overwrite="never").status == "converted"


def test_a_dry_run_says_what_would_be_saved_and_writes_nothing() -> None:
    dry = convert(job(picture()), dry_run=True)
    assert not Path("out").exists()
    wet = convert(job(picture()))
    assert (dry.status, dry.bytes_in, dry.bytes_out) == (wet.status, wet.bytes_in, wet.bytes_out)
    assert dry.entry is None


def test_a_dry_run_leaves_what_it_would_replace() -> None:
    source = file("a.jpg", jpeg())
    assert convert(job(source, "a.jpg"), dry_run=True, keep_dates=True).status == "converted"
    assert (source.read_bytes(), Path(NAME).exists()) == (jpeg(), False)


def test_dates_are_kept_where_they_are_wanted() -> None:
    source = picture()
    os.utime(source, ns=(10**18, 10**18 + 5))
    convert(job(source), keep_dates=True)
    assert Path("out/b.jpg").stat().st_mtime_ns == 10**18 + 5
    convert(job(source))
    assert Path("out/b.jpg").stat().st_mtime_ns > 10**18 + 5


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_fails_in_one_line(content: bytes) -> None:
    result = convert(job(file("a.jpg", content)))
    assert (result.status, result.bytes_in, Path("out").exists()) == ("failed", len(content), False)
    assert result.message
    assert "\n" not in result.message


def test_a_bomb_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    for source in (picture(), file("a.jpg", jpeg())):
        assert "decompression bomb" in convert(job(source)).message


def test_a_file_too_large_for_memory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LARGEST_FILE", 1000)
    monkeypatch.setattr(storage, "read", lambda _: pytest.fail("it was read"))
    assert "too large" in convert(job(picture())).message


def test_a_job_that_is_none_says_why() -> None:
    assert convert(Job("a.png", "b.jpg", failed="of this")) == ConvertResult(
        "a.png", "b.jpg", "failed", message="of this"
    )
    assert convert(Job("a.png", "b.jpg", skipped="of that")).status == "skipped"


def test_buckets_are_read_and_written() -> None:
    pytest.importorskip("fsspec")
    content = io.BytesIO()
    photograph("coffee").save(content, "PNG")
    storage.write("memory://conversion/in/a.png", content.getvalue())
    of = Job("memory://conversion/in/a.png", "memory://conversion/out/a.jpg", root="memory://conversion/out")
    assert convert(of, keep_dates=True).status == "converted"
    assert storage.read(of.target) == pyregjpeg.encode(photograph("coffee"), region_map=BOX)
