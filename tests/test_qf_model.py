"""Map models of kind "qf": a factor for each region of any picture, and the region map that it amounts to."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helper import PHOTOGRAPHS, photograph
from numpy.typing import NDArray
from PIL import Image
from tiny_model import QF, model_error, model_file, qf_network

from pyregjpeg import quantization
from pyregjpeg.errors import MapError, ModelError
from pyregjpeg.map_model import list_models, load_model
from pyregjpeg.qf_model import QfModel, fall, importance, on_blocks
from pyregjpeg.qf_planes import of_picture

PACKAGE = Path(quantization.__file__).parent
PLAIN_PSNR = json.loads((PACKAGE / "calibration.json").read_text("utf-8"))["plain_psnr"]


def shipped() -> QfModel:
    model = load_model("qf")
    assert isinstance(model, QfModel)
    return model


def two_colours(size: tuple[int, int] = (64, 48), mode: str = "YCbCr") -> Image.Image:
    """Grey of mean brightness whose Cb is 64 on the left half and 192 on the right one."""
    width, height = size
    blue = np.where(np.arange(width) < width // 2, 64, 192).astype(np.uint8)
    planes = [
        np.full((height, width), 128, np.uint8),
        np.tile(blue, (height, 1)),
        np.full((height, width), 128, np.uint8),
    ]
    return Image.merge("YCbCr", [Image.fromarray(plane) for plane in planes]).convert(mode)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_each_region_of_a_photograph_has_factors_of_2_to_50(name: str) -> None:
    image = photograph(name)
    factors = shipped().factors(image)
    assert factors.shape == (2, -(-image.height // 16), -(-image.width // 16))
    assert factors.dtype == np.uint8
    assert factors.min() >= 2
    assert factors.max() <= 50
    assert factors.min() < factors.max()


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (100, 1), (8, 8), (9, 17), (16, 16), (17, 16), (31, 33)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_picture_of_any_size_has_a_map(size: tuple[int, int], mode: str) -> None:
    model, image = shipped(), photograph("chelsea", mode).resize(size)
    assert model.factors(image).shape == (2, -(-size[1] // 16), -(-size[0] // 16))
    assert model.predict(image).max() == 1


def test_the_map_lies_over_the_picture_and_is_of_luma_and_chroma(tmp_path: Path) -> None:
    model = load_model(model_file(tmp_path, qf_network(), QF))
    assert isinstance(model, QfModel)
    luma, chroma = model.factors(two_colours())  # of this network the first is made of Cb, the second of Cr
    assert luma.tolist() == [[13, 13, 37, 37]] * 3
    assert chroma.tolist() == [[25] * 4] * 3
    assert model.predict(two_colours()).tolist() == [[0, 0, 1, 1]] * 3


def test_a_part_of_a_region_at_the_edge_is_a_region() -> None:
    luma, chroma = of_picture(two_colours((33, 50)))
    assert (luma.shape, chroma.shape) == ((8, 6, 64), (2, 4, 3, 64))
    assert np.array_equal(luma[7], luma[6])
    assert np.array_equal(luma[:, 5], luma[:, 4])


@pytest.mark.parametrize("mode", ["P", "RGBA", "RGBX", "CMYK", "HSV", "PA"])
def test_other_modes_are_seen_in_rgb(mode: str) -> None:
    image = photograph("rocket").convert("P" if mode == "PA" else "RGB").convert(mode)
    assert np.array_equal(shipped().factors(image), shipped().factors(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I", "F"])
def test_a_grey_picture_is_one_without_colour(mode: str) -> None:
    grey = photograph("gravel", "L")
    image = grey.convert(mode)
    assert not of_picture(image)[1].any()
    expected = image.convert("L") if mode == "1" else grey
    assert np.array_equal(shipped().factors(image), shipped().factors(expected.convert("RGB")))


def test_a_picture_without_pixels_is_a_map_error() -> None:
    with pytest.raises(MapError, match="0x5"):
        shipped().factors(Image.new("RGB", (0, 5)))


@pytest.mark.parametrize("offset", [1.4, 50.6, float("nan")])
def test_factors_beyond_2_to_50_are_a_model_error(offset: float, tmp_path: Path) -> None:
    model = load_model(model_file(tmp_path, qf_network(0, offset), QF))
    with pytest.raises(ModelError, match=r"2\.\.50"):
        model.predict(two_colours())


def test_a_map_of_other_regions_is_a_model_error(tmp_path: Path) -> None:
    model = load_model(model_file(tmp_path, qf_network(at=1), QF))
    with pytest.raises(ModelError, match="bright"):
        model.predict(two_colours())


def test_a_network_of_another_kind_is_a_model_error(tmp_path: Path) -> None:
    assert "must take" in model_error(model_file(tmp_path, (PACKAGE / "weights/msroi.onnx").read_bytes(), QF))


def test_the_same_picture_has_the_same_map_in_every_thread_and_with_more_threads() -> None:
    image = photograph("coffee")
    expected = shipped().factors(image)
    with ThreadPoolExecutor(8) as pool:
        maps: list[NDArray[np.uint8]] = list(pool.map(lambda _: shipped().factors(image.copy()), range(16)))
    assert all(np.array_equal(each, expected) for each in maps)
    more = load_model("qf", threads=2)
    assert isinstance(more, QfModel)
    assert np.abs(more.factors(image).astype(int) - expected).max() <= 1


def test_it_is_listed_and_loaded_once() -> None:
    assert {card.name: card.kind for card in list_models()}["qf"] == "qf"
    assert load_model("qf") is load_model("qf")
    assert load_model(shipped()) is shipped()


def test_importance_is_in_proportion_to_decibels() -> None:
    factors = np.array([[10, 18], [25, 40]], np.uint8)
    decibels = [PLAIN_PSNR[quality - 1] for quality in (10, 18, 25, 40)]
    expected = (np.array(decibels) - decibels[0]) / (decibels[3] - decibels[0])
    np.testing.assert_allclose(importance(factors).ravel(), expected, atol=1e-6)
    assert importance(factors).dtype == np.float32
    assert fall(factors) == pytest.approx(decibels[3] - decibels[0])


def test_one_factor_everywhere_is_of_importance_1() -> None:
    assert importance(np.full((2, 3), 17, np.uint8)).tolist() == [[1, 1, 1]] * 2
    assert fall(np.full((2, 3), 17, np.uint8)) == 0


def test_a_region_is_four_blocks_but_for_those_beyond_the_edge() -> None:
    blocks = on_blocks(np.array([[2, 3], [4, 5]], np.uint8), (24, 17))
    assert blocks.tolist() == [[2, 2, 3], [2, 2, 3], [4, 4, 5]]
