"""The runner of map models: what the network is handed, what comes back, and how models are loaded."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
from helper import photograph
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto
from PIL import Image
from tiny_model import MSROI, brightness_network, model_error, model_file

from pyregjpeg import errors, map_model
from pyregjpeg.map_model import load_model
from pyregjpeg.model_card import LAYOUTS

ROOT = Path(__file__).parents[1]

sides = st.integers(1, 100_000)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """`image` converted to a mode, also to those that Pillow reaches only from another one or not at all."""
    if mode == "LAB":
        return Image.frombytes("LAB", image.size, image.tobytes())
    return image.convert("L").convert(mode) if mode in ("I", "F", "PA") else image.convert(mode)


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)


def test_the_map_lies_over_the_picture_as_it_was_handed_in(tmp_path: Path) -> None:
    image = Image.new("L", (300, 200))
    image.paste(255, (0, 150, 60, 200))  # the lower left corner
    region_map = load_model(model_file(tmp_path, brightness_network())).predict(image)
    rows, cols = region_map.shape
    assert region_map.dtype == np.float32
    assert region_map[-rows // 8 :, : cols // 8].min() > 0.99
    assert region_map[: rows // 2].max() < 0.01
    assert region_map[:, cols // 2 :].max() < 0.01


def test_a_photograph_keeps_its_colours_and_their_order(tmp_path: Path) -> None:
    pixels = map_model.to_pixels(Image.new("RGB", (40, 30), (200, 100, 50)), MSROI)
    assert pixels.dtype == np.uint8
    assert (pixels == [200, 100, 50]).all()


@given(sides, sides)
def test_the_input_is_of_whole_multiples_and_bounded_area(width: int, height: int) -> None:
    size = map_model.input_size(width, height, MSROI)
    assert all(side % MSROI.multiple == 0 and side >= 2 * MSROI.multiple for side in size)
    assert MSROI.pixels / 2 <= size[0] * size[1] <= MSROI.pixels * 1.5
    assert map_model.input_size(height, width, MSROI) == size[::-1]


@given(st.integers(100, 9000), st.floats(0.1, 10))
def test_the_aspect_ratio_is_kept_to_the_nearest_multiple(width: int, aspect: float) -> None:
    height = max(1, round(width / aspect))
    columns, rows = map_model.input_size(width, height, MSROI)
    assert columns / rows == pytest.approx(width / height, rel=0.25)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F"])
def test_every_mode_gives_the_map_of_the_same_picture_in_rgb(mode: str, tmp_path: Path) -> None:
    image = in_mode(photograph("coffee"), mode)
    model = load_model(model_file(tmp_path, brightness_network()))
    np.testing.assert_allclose(model.predict(image), model.predict(image.convert("RGB")), atol=0.03)


def test_a_picture_without_pixels_is_a_map_error() -> None:
    with pytest.raises(errors.MapError, match="0x5"):
        load_model("msroi").predict(Image.new("RGB", (0, 5)))


@pytest.mark.parametrize("scale", [1.5 / 255, -0.5 / 255, float("nan")])
def test_a_map_beyond_its_range_is_a_model_error(scale: float, tmp_path: Path) -> None:
    model = load_model(model_file(tmp_path, brightness_network(scale)))
    with pytest.raises(errors.ModelError, match=r"0\.\.1"):
        model.predict(photograph("rocket"))


def test_a_network_that_refuses_the_size_is_a_model_error(tmp_path: Path) -> None:
    model = load_model(model_file(tmp_path, brightness_network(height=32)))
    with pytest.raises(errors.ModelError, match="bright"):
        model.predict(photograph("rocket"))


def test_a_model_is_loaded_once_though_eight_threads_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = model_file(tmp_path, brightness_network())
    start = map_model.Network

    def slow_start(*arguments: Any, **others: Any) -> Any:
        sleep(0.05)  # the others arrive meanwhile
        return start(*arguments, **others)

    monkeypatch.setattr(map_model, "Network", slow_start)
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(load_model, [path] * 8))
    assert all(model is loaded[0] for model in loaded)


def test_a_loaded_model_is_used_as_it_is() -> None:
    model = load_model("msroi", threads=2)
    assert load_model(model) is model


def test_one_thread_unless_more_are_asked_for() -> None:
    one, three = load_model("msroi"), load_model("msroi", threads=3)
    assert one._network._session.get_session_options().intra_op_num_threads == one.threads == 1
    assert three._network._session.get_session_options().intra_op_num_threads == three.threads == 3


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", None])
def test_a_number_of_threads_that_makes_no_sense_is_an_option_error(threads: Any) -> None:
    with pytest.raises(errors.OptionError, match="threads"):
        load_model("msroi", threads=threads)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    assert "msroi" in model_error("msroy")


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    assert "absent.onnx" in model_error(tmp_path / "absent.onnx")


def test_a_changed_network_is_a_model_error(tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network())
    path.write_bytes(brightness_network(0.5 / 255))
    assert "sha256" in model_error(path)


def test_a_damaged_network_that_its_card_describes_is_a_model_error(tmp_path: Path) -> None:
    assert "onnxruntime" in model_error(model_file(tmp_path, brightness_network()[:-40]))


@pytest.mark.parametrize(
    "network",
    [brightness_network(gives=("rows", "cols", "three")), brightness_network(takes=TensorProto.FLOAT)],
    ids=["a map of three dimensions", "a picture in float32"],
)
def test_a_network_of_other_inputs_or_outputs_is_a_model_error(network: bytes, tmp_path: Path) -> None:
    assert "must take" in model_error(model_file(tmp_path, network))


@pytest.mark.parametrize("kind", ["qf", "qf-predictor"])
def test_a_network_whose_card_says_another_kind_is_a_model_error(kind: str, tmp_path: Path) -> None:
    path = model_file(tmp_path, brightness_network(), kind=kind, layout=LAYOUTS[kind], pixels=0)
    assert {"qf": "must take", "qf-predictor": "'qf-predictor'"}[kind] in model_error(path)


def test_nothing_is_printed_and_onnxruntime_is_imported_when_a_model_is_loaded(tmp_path: Path) -> None:
    model_file(tmp_path, brightness_network()[:-40])
    done = run_python(
        "import sys; from PIL import Image; from pyregjpeg import map_model\n"
        "map_model.list_models(); assert 'onnxruntime' not in sys.modules\n"
        "map_model.load_model('msroi').predict(Image.new('RGB', (64, 64))); assert 'onnxruntime' in sys.modules\n"
        f"try: map_model.load_model({str(tmp_path / 'bright.onnx')!r})\n"
        "except map_model.ModelError: pass\n"
        "else: raise AssertionError('a damaged network was loaded')"
    )
    assert (done.stdout, done.stderr) == ("", "")
