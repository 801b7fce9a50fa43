"""Other software's lossless changes leave an overhead-free file what it is; our own command line knows it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from helper import SOF_PROGRESSIVE, flat, payloads, photograph
from overhead_free_files import encoded, meant, picture_of
from PIL import Image, ImageCms
from qf_stub import StubPredictor, install, predicts, random_factors

import pyregjpeg
from pyregjpeg import overhead_free
from pyregjpeg.cli import main
from pyregjpeg.inspection import inspect
from pyregjpeg.qf_inspection import QfMap

SIZE = (131, 77)
FACTORS = random_factors(SIZE)
LARGE = (3600, 3600)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LONG_XMP = "Words without end. " * 8000


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> StubPredictor:
    predictor = StubPredictor(predicts(FACTORS))
    install(monkeypatch, predictor)
    return predictor


def run(*arguments: str | Path, stdin: bytes = b"") -> bytes:
    path = shutil.which(str(arguments[0]))
    assert path is not None, f"{arguments[0]} is not installed"
    return subprocess.run([path, *arguments[1:]], input=stdin, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["-progressive"],
        ["-optimize"],
        ["-optimize", "-restart", "2"],
        ["-progressive", "-optimize"],
    ],
    ids=str,
)
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"restart_marker_rows": 1}], ids=str)
def test_jpegtran_changes_the_coding_and_not_the_picture(options: dict[str, Any], arguments: list[str]) -> None:
    jpeg = encoded(picture_of(SIZE), FACTORS, **options)
    other = run("jpegtran", "-copy", "all", *arguments, stdin=jpeg)
    assert other != jpeg
    assert bool(payloads(other, SOF_PROGRESSIVE)) == ("-progressive" in arguments)
    assert np.array_equal(pyregjpeg.decode(other), meant(jpeg, FACTORS))


@pytest.mark.parametrize(
    "arguments",
    [
        ["-Comment=a comment"],
        ["-XMP-dc:Title=A title"],
        [f"-XMP-dc:Description={LONG_XMP[:100_000]}"],
        ["-Make=A camera", "-Orientation#=6", "-GPSLatitude=48.1", "-IPTC:Keywords=one"],
        ["-JFIF:XResolution=300"],
    ],
    ids=lambda arguments: arguments[0][:20],
)
def test_exiftool_changes_metadata_and_not_the_picture(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg := encoded(picture_of(SIZE), FACTORS, icc_profile=SRGB))
    run("exiftool", "-overwrite_original", *arguments, path)
    assert path.read_bytes() != jpeg
    assert np.array_equal(pyregjpeg.decode(path.read_bytes()), meant(jpeg, FACTORS))
    with Image.open(path) as image:
        assert image.format == "REGIONJPEG"
        assert np.array_equal(np.asarray(image), meant(jpeg, FACTORS))


def test_exiftool_finds_the_segment_unknown_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(picture_of(SIZE), FACTORS))
    [said] = json.loads(run("exiftool", "-j", "-validate", "-warning", "-a", path))
    assert (said["Validate"], said["Warning"]) == ("1 Warning (minor)", "[minor] Unknown APP9 'QFMap' segment")


def test_a_map_in_several_segments_survives_both(tmp_path: Path) -> None:
    factors = random_factors(LARGE)
    jpeg = encoded(Image.new("L", LARGE, 120), factors)
    colour = encoded(Image.new("RGB", LARGE, (90, 120, 30)), factors)
    for file, expected in ((jpeg, factors[:1]), (colour, factors)):
        path = tmp_path / "a.jpg"
        path.write_bytes(run("jpegtran", "-copy", "all", "-progressive", stdin=file))
        run("exiftool", "-overwrite_original", "-Comment=c", "-Make=M", path)
        assert np.array_equal(overhead_free.read_factors(path.read_bytes()), expected)


def test_without_its_metadata_the_file_is_an_ordinary_one_and_decode_says_so() -> None:
    bare = run("jpegtran", "-copy", "none", stdin=encoded(picture_of(SIZE), FACTORS))
    assert Image.open(io.BytesIO(bare)).format == "JPEG"
    with pytest.raises(pyregjpeg.CodecError, match="it has no QF map segment"):
        pyregjpeg.decode(bare)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".webp", ".bmp", ".JPG"])
def test_decode_writes_any_format(suffix: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jpg", tmp_path / f"out{suffix}"
    source.write_bytes(jpeg := encoded(picture_of(SIZE), FACTORS))
    done = CliRunner().invoke(main, ["decode", str(source), "-o", str(target)])
    assert (done.exit_code, done.output) == (0, "")
    with Image.open(target) as image:
        assert image.size == SIZE
        if suffix in (".png", ".tiff", ".bmp"):
            assert np.array_equal(np.asarray(image), meant(jpeg, FACTORS))


def test_decode_keeps_the_metadata_and_reads_standard_input(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    jpeg = encoded(picture_of(SIZE), FACTORS, exif=turned, icc_profile=SRGB, dpi=(300, 300))
    target = tmp_path / "out.png"
    done = CliRunner().invoke(main, ["decode", "-", "-o", str(target)], input=jpeg)
    assert done.exit_code == 0, done.output
    with Image.open(target) as image:
        assert image.getexif()[0x0112] == 6
        assert image.info["icc_profile"] == SRGB
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("out.png", flat(photograph("gravel")), "in.jpg: This is no overhead-free file"),
        ("out.png", b"no picture", "in.jpg: not a JPEG file"),
        ("out.nothing", None, "in.jpg: unknown file extension: .nothing"),
    ],
)
def test_what_cannot_be_decoded_is_said_and_nothing_is_written(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.jpg", tmp_path / name
    source.write_bytes(encoded(picture_of(SIZE), FACTORS) if content is None else content)
    target.write_bytes(b"as it was")
    done = CliRunner().invoke(main, ["decode", str(source), "-o", str(target)])
    assert done.exit_code == 1
    assert message in done.output
    assert target.read_bytes() == b"as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jpg", name]


def test_inspect_tells_of_the_dialect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    jpeg = encoded(picture_of(SIZE), FACTORS)
    found = inspect(jpeg).qf_map
    assert found is not None
    right = np.abs(predicts(FACTORS).clip(2, 50) - FACTORS.astype(float)) <= 0.45
    length = int.from_bytes(jpeg[22:24], "big") + 2
    limits = [(int(plane.min()), int(plane.max())) for plane in FACTORS]
    assert found == QfMap(1, *limits, "stub", "0001020304050607", True, 90, int((~right).sum()), length)
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg)
    ranges = "luma {} to {}, chroma {} to {}".format(*limits[0], *limits[1])
    lines = CliRunner().invoke(main, ["inspect", str(path)]).output.splitlines()
    assert f"  QF map       overhead-free, version 1: {ranges}" in lines
    assert f"               {found.told} of 90 values told, {length} bytes" in lines
    assert "               the others by predictor stub (0001020304050607), which is installed" in lines
    assert "QF map: part 1 of 1" in "\n".join(lines)
    install(monkeypatch, None)
    assert "which is not installed" in CliRunner().invoke(main, ["inspect", str(path)]).output
    told = json.loads(CliRunner().invoke(main, ["inspect", "--json", str(path)]).output)["qf_map"]
    assert (told["predictor"], told["installed"], told["told"]) == ("stub", False, found.told)


def test_inspect_of_a_map_told_whole_and_of_the_standard_dialect() -> None:
    grey = inspect(encoded(picture_of(SIZE, "L"), np.full_like(FACTORS, 9))).qf_map
    assert grey == QfMap(1, (9, 9), None, None, None, None, 45, 45, 25 - 2)
    assert inspect(flat(photograph("gravel"))).qf_map is None
