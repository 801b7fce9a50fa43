"""The command line: maps as pictures, and the installed models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from helper import photograph
from PIL import Image

import pyregjpeg
from pyregjpeg.cli import main
from pyregjpeg.visualize import overlay


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_map_of_no_file_is_wrong_usage(folder: Path) -> None:
    assert run("map", "missing.png", "-o", "map.png").exit_code == 2
    assert files(folder) == set()


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
