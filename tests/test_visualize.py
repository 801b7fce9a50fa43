"""The overlay shows both the photograph and its map."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helper import photograph
from numpy.typing import NDArray

from pyregjpeg.errors import MapError
from pyregjpeg.metrics import luma
from pyregjpeg.visualize import overlay


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
