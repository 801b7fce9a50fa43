"""The model `msroi-2017`: its file, its map recomputed in numpy from the network's features, and what the map marks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
from tiny_model import MSROI_2017

from pyregjpeg.map_model import load_model, to_pixels

FILE = Path(__file__).parents[1] / "pyregjpeg" / "weights" / "msroi-2017.onnx"
CLASSES = {  # of ImageNet, by number
    "chelsea": {281, 282, 285},  # tabby, tiger cat, Egyptian cat
    "coffee": {967, 968},  # espresso, cup
    "rocket": {657, 744},  # missile, projectile
}


@cache
def weights() -> dict[str, NDArray[Any]]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(FILE).graph.initializer}


def inner_values(image: Image.Image, *names: str) -> list[NDArray[np.float32]]:
    """Values that the graph computes on the way to its map."""
    model = onnx.load(FILE)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    values: list[NDArray[np.float32]] = session.run(list(names), {"image": to_pixels(image, MSROI_2017)})
    return values


def stretched(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = plane.min(), plane.max()
    return np.asarray((plane - low) / (high - low))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_map_is_the_2017_combination_of_the_top_five_class_maps(name: str) -> None:
    image = photograph(name)
    (features,) = inner_values(image, "features")
    classifier = weights()["lite0.classifier.weight.int8"] * weights()["lite0.classifier.weight.scale"]
    scores = classifier @ features[0].mean(axis=(1, 2)) + weights()["lite0.classifier.bias"]
    lowest_first = np.argsort(scores)[-5:]
    first, *others = (stretched(np.einsum("c,chw->hw", classifier[number], features[0])) for number in lowest_first)
    expected = first * 1.2
    for class_map in others:
        expected = (expected + class_map) / 2
    np.testing.assert_allclose(load_model("msroi-2017").predict(image), stretched(expected), atol=1e-4)


@pytest.mark.parametrize("name", CLASSES)
def test_the_network_knows_what_is_in_the_photograph(name: str) -> None:
    (scores,) = inner_values(photograph(name), "scores")
    assert scores.argmax() in CLASSES[name]


@pytest.mark.parametrize(("left", "upper"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_map_marks_the_corner_where_the_object_is(left: int, upper: int) -> None:
    cat = photograph("chelsea").crop((60, 10, 260, 210))
    image = Image.new("RGB", (600, 600), (120, 130, 110))
    image.paste(cat, (50 + left * 300, 50 + upper * 300))
    region_map = load_model("msroi-2017").predict(image)
    rows, cols = np.mgrid[: region_map.shape[0], : region_map.shape[1]] / (region_map.shape[0] - 1)
    weight = region_map**2 / (region_map**2).sum()
    assert ((cols * weight).sum() > 0.5) == bool(left)
    assert ((rows * weight).sum() > 0.5) == bool(upper)


@pytest.mark.parametrize(
    ("size", "shape"),
    [((500, 500), (7, 7)), ((768, 512), (6, 9)), ((3000, 4000), (8, 6)), ((1, 5000), (24, 2)), ((1, 1), (7, 7))],
)
def test_a_map_has_about_49_cells_in_the_pictures_aspect_ratio(size: tuple[int, int], shape: tuple[int, int]) -> None:
    region_map = load_model("msroi-2017").predict(photograph("astronaut").resize(size))
    assert region_map.shape == shape
    assert (region_map.min(), region_map.max()) == (0, 1)


def test_features_without_structure_give_a_map_of_zeros() -> None:
    model = onnx.load(FILE)
    (head,) = (tensor for tensor in model.graph.initializer if tensor.name == "lite0.head.0.weight.int8")
    head.raw_data = bytes(len(head.raw_data))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (region_map,) = session.run(None, {"image": to_pixels(photograph("coffee"), MSROI_2017)})
    assert not region_map.any()


def test_eight_threads_get_the_maps_that_one_gets() -> None:
    model = load_model("msroi-2017")
    images = [photograph(name) for name in PHOTOGRAPHS * 4]
    alone = [model.predict(image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(model.predict, images))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_the_file_is_small_and_its_large_weights_are_int8() -> None:
    assert FILE.stat().st_size <= 8 * 2**20
    large = {name: tensor.dtype for name, tensor in weights().items() if tensor.size >= 2**14}
    assert len(large) > 20
    assert set(large.values()) == {np.dtype(np.int8)}


def test_the_runtime_expands_int8_weights_once_and_computes_in_float32(tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # it warns that the optimised file fits this machine only
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(FILE, options)
    run = onnx.load(tmp_path / "optimised.onnx").graph
    assert "int8" not in {numpy_helper.to_array(tensor).dtype.name for tensor in run.initializer}


def test_the_card_says_what_int8_does_to_the_map() -> None:
    assert MSROI_2017.measured["int8_map_correlation_median"] > 0.99
    assert MSROI_2017.measured["float_map_max_difference_from_pytorch"] < 1e-4
    assert "ImageNet" in MSROI_2017.training_data
