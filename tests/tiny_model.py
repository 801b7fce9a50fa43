"""A map model of three nodes, for tests of what runs models: its map is the picture's brightness."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from pyregjpeg.errors import ModelError
from pyregjpeg.map_model import list_models, load_model

MSROI, MSROI_2017 = (next(card for card in list_models() if card.name == name) for name in ("msroi", "msroi-2017"))


def brightness_network(
    scale: float = 1 / 255,
    height: str | int = "height",
    takes: int = TensorProto.UINT8,
    gives: tuple[str, ...] = ("rows", "cols"),
) -> bytes:
    """An ONNX file whose map is the picture's brightness times `scale`, one value for each pixel of its input."""
    axes = [0, 3] if len(gives) == 2 else [0]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["float", "scale"], ["scaled"]),
            helper.make_node("ReduceMean", ["scaled", "axes"], ["map"], keepdims=0),
        ],
        "brightness",
        [helper.make_tensor_value_info("image", takes, [1, height, "width", 3])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, gives)],
        [
            helper.make_tensor("scale", TensorProto.FLOAT, [], [scale]),
            helper.make_tensor("axes", TensorProto.INT64, [len(axes)], axes),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def model_file(folder: Path, network: bytes, **fields: Any) -> Path:
    """An .onnx file in `folder` with a card that fits it, save for the fields given."""
    path = folder / "bright.onnx"
    path.write_bytes(network)
    card = {**dataclasses.asdict(MSROI), "name": "bright", "sha256": hashlib.sha256(network).hexdigest(), **fields}
    path.with_suffix(".json").write_text(json.dumps(card), "utf-8")
    return path


def model_error(model: Any) -> str:
    """The message of the ModelError that loading gives, which is one sentence."""
    with pytest.raises(ModelError) as caught:
        load_model(model)
    message = str(caught.value)
    assert "\n" not in message
    return message
