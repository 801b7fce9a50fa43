"""pyregjpeg inspect: the same in words, as JSON and as a picture of the zeros."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from helper import opened, photograph, read_levels, saved
from PIL import Image

import pyregjpeg
from pyregjpeg.cli import main
from pyregjpeg.inspection import heatmap, inspect
from pyregjpeg.metrics import luma

ROOT = Path(__file__).parents[1]


@pytest.fixture
def jpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A turned progressive file, stored as a.jpg in the folder in which the commands run."""
    monkeypatch.chdir(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 8
    content = saved(photograph("coffee"), "JPEG", quality=60, progressive=True, exif=exif, restart_marker_rows=1)
    Path("a.jpg").write_bytes(content + b"more")
    return content + b"more"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", *arguments])


def as_lists(value: Any) -> Any:
    """Tuples as JSON has them."""
    return json.loads(json.dumps(value))


def test_json_is_one_object_of_all_that_is_found(jpeg: bytes) -> None:
    result = run("a.jpg", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {"file": "a.jpg", **as_lists(asdict(inspect(jpeg)))}


def test_the_words_say_it_all(jpeg: bytes) -> None:
    result = run("a.jpg")
    assert (result.exit_code, result.stderr) == (0, "")
    head, *lines = result.stdout.splitlines()
    assert head == "a.jpg"
    found = dict(re.split(r" {2,}", line.strip(), maxsplit=1) for line in lines[:6])
    assert found == {
        "size": f"317x211, {len(jpeg):,} bytes, {8 * len(jpeg) / 317 / 211:.3f} bits per pixel",
        "colour": "YCbCr 4:2:0 (Y 2x2, Cb 1x1, Cr 1x1)",
        "coding": "progressive, optimised Huffman tables, 10 scans, restart markers every 20 MCUs",
        "quality": "60, exactly Pillow's",
        "orientation": "8",
        "after end": "4 bytes",
    }
    steps = [[int(step) for step in line.split()] for line in lines if re.fullmatch(r"[ \d]+", line)]
    quantization = opened(jpeg).quantization
    assert [step for row in steps for step in row] == [*quantization[0], *quantization[1]]
    assert "quantisation table of Cb Cr" in lines
    shown = lines[lines.index(next(line for line in lines if line.startswith("marker"))) + 1 :]
    assert [line.split()[0] for line in shown] == [marker.name for marker in inspect(jpeg).markers]
    assert sum(int(line.split()[2].replace(",", "")) for line in shown) == len(jpeg) - 4
    scans = [line.partition("scan: ")[2] for line in shown if " SOS " in line]
    assert scans[:3] == ["Y Cb Cr DC, all but 1 bit", "Y AC 1 to 5, all but 2 bits", "Cr AC 1 to 63, all but 1 bit"]
    assert scans[-1] == "Y AC 1 to 63, bit 0"


def test_a_plain_file_has_few_words(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(photograph("gravel", "L"), "JPEG", qtables=[[7] * 64]))
    lines = run(str(path)).stdout.splitlines()
    assert "  coding       baseline, standard Huffman tables, 1 scan" in lines
    assert "  quality      nearest 77 of Pillow's" in lines
    assert not [line for line in lines if "orientation" in line or "after end" in line]


def test_our_own_tables_are_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(pyregjpeg.encode(photograph("gravel"), quality=66, background_quality=66))
    assert "  quality      66, of pyregjpeg's tables" in run(str(path)).stdout.splitlines()


def test_shares_are_percentages_of_the_components(jpeg: bytes) -> None:
    lines = run("a.jpg").stdout.splitlines()
    start = lines.index(next(line for line in lines if line.startswith("zero")))
    planes, _ = read_levels(jpeg)
    for line, plane in zip(lines[start + 2 :], planes, strict=False):
        levels = plane.reshape(-1, 64)
        shares = [(levels == 0).mean(), (levels[:, 1:] == 0).mean(), (levels[:, 1:] == 0).all(axis=1).mean()]
        assert line.split()[1:] == [f"{share:.1%}" for share in shares]


def test_the_heatmap_is_the_brighter_the_more_is_zero(jpeg: bytes) -> None:
    assert run("a.jpg", "--heatmap", "zeros.png").exit_code == 0
    drawn = Image.open("zeros.png")
    assert (drawn.mode, drawn.size) == ("RGB", (317, 211))
    assert np.array_equal(np.asarray(drawn), np.asarray(heatmap(jpeg)))


def test_in_the_heatmap_each_block_has_the_colour_of_its_zeros() -> None:
    grey = Image.new("L", (40, 24), 128)
    noise = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    grey.paste(Image.fromarray(noise), (16, 8))
    blocks = luma(heatmap(saved(grey, "JPEG", quality=95)))[:24].reshape(3, 8, 5, 8).mean(axis=(1, 3))
    assert np.argwhere(blocks < 0.7 * np.median(blocks)).tolist() == [[1, 2]]


def test_the_heatmap_covers_the_picture_where_luma_has_fewer_samples() -> None:
    cjpeg = shutil.which("cjpeg")
    assert cjpeg is not None, "cjpeg is not installed (Debian: libjpeg-turbo-progs)"
    pixels = np.full((33, 50, 3), 128, dtype=np.uint8)
    pixels[:, 32:] = np.random.default_rng(0).integers(0, 256, (33, 18, 1), dtype=np.uint8)
    header = b"P6 50 33 255\n"
    command = [cjpeg, "-sample", "1x1,2x2,2x2"]
    jpeg = subprocess.run(command, input=header + pixels.tobytes(), capture_output=True, check=True).stdout
    drawn = luma(heatmap(jpeg))
    assert drawn.shape == (33, 50)
    assert drawn[:, :30].min() > 1.2 * drawn[:, 33:].mean()


@pytest.mark.parametrize("content", [b"text", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_what_is_no_jpeg_gets_one_sentence(tmp_path: Path, content: bytes) -> None:
    path, drawn = tmp_path / "a.jpg", tmp_path / "zeros.png"
    path.write_bytes(content)
    result = run(str(path), "--json", "--heatmap", str(drawn))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{path}: ")
    assert result.stderr.count("\n") == 1
    assert not drawn.exists()


def test_a_heatmap_of_an_unknown_kind_is_not_written(jpeg: bytes) -> None:
    result = run("a.jpg", "--heatmap", "zeros.unknown")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "unknown file extension: .unknown" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["missing.jpg"], ["."], ["a.jpg", "a.jpg"]])
def test_wrong_usage_has_its_own_exit_code(jpeg: bytes, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are text")
def test_a_name_that_is_no_text_is_no_obstacle(jpeg: bytes) -> None:
    path = Path(os.fsdecode(b"\xe9.jpg")).resolve()
    shutil.copy("a.jpg", path)
    command, strict = [sys.executable, "-m", "pyregjpeg", "inspect", path], {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, env={**os.environ, **strict})
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[0].endswith(b".jpg")
