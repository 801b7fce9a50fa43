"""The overlay shows both the photograph and its map; the command shows the map as the encoder takes it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from helper import photograph
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import region_map
from pyregjpeg.cli import main
from pyregjpeg.errors import MapError
from pyregjpeg.metrics import luma
from pyregjpeg.visualize import on_pixels, overlay


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_an_overlay_is_rgb_and_of_the_photographs_size(mode: str) -> None:
    image = photograph("coffee", mode)
    drawn = overlay(image, np.zeros((7, 7), dtype=np.float32))
    assert (drawn.mode, drawn.size) == ("RGB", image.size)


def test_what_matters_more_is_brighter_everywhere() -> None:
    image = photograph("gravel")
    drawn = [luma(overlay(image, np.full((2, 3), importance))) for importance in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all((more > less).all() for less, more in itertools.pairwise(drawn))


def test_the_photograph_shows_through() -> None:
    image = photograph("chelsea")
    drawn = luma(overlay(image, np.full((1, 1), 0.5)))
    assert np.corrcoef(drawn.ravel(), luma(image).ravel())[0, 1] > 0.99


def test_a_small_map_covers_the_whole_photograph() -> None:
    image = photograph("gravel").point(lambda _: 128)
    red, blue = (np.asarray(overlay(image, np.array([[0.0, 1.0]])), dtype=int)[..., band] for band in (0, 2))
    assert red[:, :20].max() < 40 < 200 < red[:, -20:].min()
    assert (red[:, -20:] > blue[:, -20:]).all()


@pytest.mark.parametrize("bad", [np.zeros(4), np.zeros((0, 3)), np.full((2, 2), 1.5), np.full((2, 2), np.nan)])
def test_a_map_that_is_none_is_refused(bad: NDArray[np.float64]) -> None:
    with pytest.raises(MapError, match="0 to 1"):
        overlay(photograph("gravel"), bad)


def test_a_block_covers_its_pixels_and_the_last_ones_are_cut() -> None:
    drawn = on_pixels(np.arange(6).reshape(2, 3), (19, 9))
    assert drawn.shape == (9, 19)
    assert (drawn == (np.arange(9) // 8)[:, None] * 3 + np.arange(19) // 8).all()


def test_a_block_may_stand_for_more_pixels_one_way() -> None:
    drawn = on_pixels(np.array([[1, 2], [3, 4]]), (24, 9), (16, 8))
    assert (drawn == np.repeat([[1, 2], [3, 4]], [8, 1], axis=0).repeat([16, 8], axis=1)).all()


@pytest.fixture
def cup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Image.Image:
    """Stored as a.png in the folder in which the commands run."""
    monkeypatch.chdir(tmp_path)
    image = photograph("coffee")
    image.save("a.png")
    return image


def drawn_by(*arguments: str) -> Image.Image:
    result = CliRunner().invoke(main, ["map", "a.png", "-o", "map.png", *arguments])
    assert (result.exit_code, result.output) == (0, "")
    return Image.open("map.png")


def test_map_with_blocks_shows_what_the_encoder_takes(cup: Image.Image) -> None:
    drawn = drawn_by("--blocks")
    assert (drawn.mode, drawn.size) == ("L", cup.size)
    tones = np.asarray(drawn)[::8, ::8]
    assert (on_pixels(tones, cup.size) == np.asarray(drawn)).all()
    assert (tones == np.rint(region_map.to_levels(tones / 255) * (255 / 63))).all()  # 64 tones, no more
    assert pyregjpeg.encode(cup, region_map=tones, feather=0) == pyregjpeg.encode(cup)


def test_map_with_blocks_and_overlay_is_a_grid_over_the_photograph(cup: Image.Image) -> None:
    importance = np.asarray(drawn_by("--blocks"), dtype=np.float32) / 255
    drawn = np.asarray(drawn_by("--blocks", "--overlay"), dtype=int)
    assert np.abs(drawn - np.asarray(overlay(cup, importance), dtype=int)).max() <= 2  # of the tones' rounding
