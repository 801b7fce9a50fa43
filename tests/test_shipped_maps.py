"""What holds for the map of every model that ships, whatever it marks."""

from __future__ import annotations

import numpy as np
import pytest
from helper import COLOUR_PHOTOGRAPHS, PHOTOGRAPHS, photograph
from PIL import Image

from pyregjpeg.map_model import load_model

ALIKE = {"msroi": 0.95, "msroi-2017": 0.95, "machine": 0.9}  # "machine" tells little of gravel, which is alike all over

pytestmark = pytest.mark.parametrize("model", ALIKE)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_large_photograph_has_the_map_of_a_small_one(model: str, name: str) -> None:
    image = photograph(name)
    large = image.resize((image.width * 8, image.height * 8), Image.Resampling.BICUBIC)
    maps = (load_model(model).predict(each).ravel() for each in (large, image))
    assert np.corrcoef(*maps)[0, 1] > ALIKE[model]


@pytest.mark.parametrize("level", [0, 127, 255])
def test_a_picture_of_one_colour_has_a_map_within_range(model: str, level: int) -> None:
    region_map = load_model(model).predict(Image.new("L", (300, 200), level))
    assert 0 <= region_map.min() <= region_map.max() <= 1  # no comparison holds for NaN


@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
def test_two_threads_for_a_picture_give_the_map_of_one(model: str, name: str) -> None:
    image = photograph(name)
    one, two = (load_model(model, threads=threads).predict(image) for threads in (1, 2))
    np.testing.assert_allclose(two, one, rtol=0, atol=1 / 255)
