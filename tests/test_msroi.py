"""The model `msroi`: its file, its map recomputed in numpy from the network's own features, and what the map marks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
import pytest
from helper import PHOTOGRAPHS, photograph
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image
from tiny_model import MSROI, MSROI_2017

from pyregjpeg.map_model import load_model, to_pixels

FILE = Path(__file__).parents[1] / "pyregjpeg" / "weights" / "msroi.onnx"
WEIGHTS = np.load(Path(__file__).parents[1] / "training" / "weights" / "msroi.npz")
STRENGTH, SOFTNESS = 0.4, 0.32  # as in the card's method and training/msroi.py
CORNERS = [(60, 60), (340, 60), (60, 340), (340, 340)]


@cache
def with_parts() -> Any:
    """The network as a session that also gives out the two parts that its map is made of."""
    model = onnx.load(FILE)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in ("evidence", "strength"))
    return onnxruntime.InferenceSession(model.SerializeToString())


def recomputed(image: Image.Image) -> NDArray[np.float64]:
    [evidence], [strength] = with_parts().run(["evidence", "strength"], {"image": to_pixels(image, MSROI)})
    fine = Image.fromarray(strength).resize(evidence.shape[::-1], Image.Resampling.BILINEAR)
    total = evidence / WEIGHTS["spread_of_evidence"] + STRENGTH * np.asarray(fine) / WEIGHTS["spread_of_strength"]
    return np.asarray(1 / (1 + np.exp((WEIGHTS["threshold"] - total) / SOFTNESS)))


def scene(*corners: tuple[int, int]) -> Image.Image:
    """The head of a cat at each of `corners` (left, upper) of a picture of gravel."""
    image = photograph("gravel").convert("RGB").resize((540, 540)).point(lambda level: 100 + level // 8)
    cat = photograph("chelsea").crop((80, 30, 220, 170))
    for corner in corners:
        image.paste(cat, corner)
    return image


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_map_is_a_soft_threshold_of_evidence_and_strength(name: str) -> None:
    image = photograph(name)
    np.testing.assert_allclose(load_model("msroi").predict(image), recomputed(image), atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_map_marks_each_of_several_objects(count: int) -> None:
    region_map = Image.fromarray(load_model("msroi").predict(scene(*CORNERS[:count])))
    sized = np.asarray(region_map.resize((540, 540), Image.Resampling.BILINEAR))
    important = sized > np.quantile(sized, 0.7)
    for left, upper in CORNERS[:count]:
        assert important[upper : upper + 140, left : left + 140].mean() > 0.5


def test_where_nothing_stands_out_the_map_stays_lower_than_where_something_does() -> None:
    model = load_model("msroi")
    assert (model.predict(scene()) > 0.5).mean() < 0.05
    assert model.predict(scene(CORNERS[0])).max() > 0.99


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((500, 500), (28, 28)),
        ((768, 512), (24, 36)),
        ((3000, 4000), (32, 24)),
        ((1, 5000), (96, 8)),
        ((1, 1), (28, 28)),
    ],
)
def test_a_value_stands_for_8_pixels_in_the_pictures_aspect_ratio(
    size: tuple[int, int], shape: tuple[int, int]
) -> None:
    assert load_model("msroi").predict(photograph("astronaut").resize(size)).shape == shape


def test_the_file_is_small_and_its_large_weights_are_int8() -> None:
    assert FILE.stat().st_size <= 4 * 2**20
    tensors = (numpy_helper.to_array(tensor) for tensor in onnx.load(FILE).graph.initializer)
    large = [tensor.dtype for tensor in tensors if tensor.size >= 2**14]
    assert len(large) > 20
    assert set(large) == {np.dtype(np.int8)}


def test_the_card_says_what_int8_does_to_the_map() -> None:
    assert MSROI.measured["int8_map_correlation_min"] > 0.95
    assert MSROI.measured["float_map_max_difference_from_pytorch"] < 1e-4


@pytest.mark.parametrize("figure", ["recall_at_30_percent_1_to_3_objects", "recall_at_30_percent_4_or_5_objects"])
def test_the_cards_say_that_it_misses_fewer_objects_than_the_map_of_2017(figure: str) -> None:
    assert MSROI.measured[figure] > MSROI_2017.measured[figure] + 20
