"""The model `machine`: importances around the picture's own average, higher where networks look."""

from __future__ import annotations

import numpy as np
import pytest
from helper import COLOUR_PHOTOGRAPHS, PHOTOGRAPHS, photograph
from PIL import Image

from pyregjpeg.map_model import list_models, load_model


def on_gravel(left: int, upper: int) -> Image.Image:
    """The head of a cat on a picture of gravel, 540x540."""
    image = photograph("gravel").convert("RGB").resize((540, 540)).point(lambda level: 100 + level // 8)
    image.paste(photograph("chelsea").crop((80, 30, 220, 170)), (left, upper))
    return image


def test_it_is_registered_and_small() -> None:
    [card] = [card for card in list_models() if card.name == "machine"]
    assert (card.kind, card.multiple, card.cell) == ("importance", 32, 8)
    assert card.measured["explained_of_all_networks"] > card.measured["explained_by_place_alone"]


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_pictures_average_is_half(name: str) -> None:
    found = load_model("machine").predict(photograph(name))
    assert abs(found.mean() - 0.5) < 0.02  # what is clipped is the difference
    assert 0.01 < found.std() < 0.3


@pytest.mark.parametrize(("left", "upper"), [(60, 60), (340, 60), (60, 340), (340, 340)])
def test_errors_count_where_the_subject_is(left: int, upper: int) -> None:
    region_map = Image.fromarray(load_model("machine").predict(on_gravel(left, upper)))
    sized = np.asarray(region_map.resize((540, 540), Image.Resampling.BILINEAR))
    inside = sized[upper : upper + 140, left : left + 140].mean()
    assert inside > sized.mean() + 1 / 8  # an octave


@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
def test_a_mirrored_picture_has_nearly_the_mirrored_map(name: str) -> None:
    image = photograph(name)
    there, back = (
        load_model("machine").predict(each) for each in (image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    )
    assert np.corrcoef(there.ravel(), back[:, ::-1].ravel())[0, 1] > 0.9
