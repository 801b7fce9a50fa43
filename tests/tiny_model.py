"""Map models of few nodes, for tests of what runs models: one's map is the picture's brightness, one's its colour."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from pyregjpeg.errors import ModelError
from pyregjpeg.map_model import load_model
from pyregjpeg.model_card import ModelCard

MSROI, MSROI_2017, QF = (load_model(name).card for name in ("msroi", "msroi-2017", "qf"))


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


def qf_network(scale: float = 1.5, offset: float = 25, at: int = 0) -> bytes:
    """An ONNX file whose QF map is `scale` times the mean of a region's chroma coefficients, plus `offset`.

    Mean samples of 64 and of 192 have mean coefficients of -8 and of 8. `at` is where the map begins, in regions.
    """
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["chroma", "axis"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "scale"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offset"], ["sum"]),
            helper.make_node("Slice", ["sum", "at", "end", "at_axis"], ["factors"]),
        ],
        "chroma",
        [
            helper.make_tensor_value_info("luma", TensorProto.FLOAT, ["block_rows", "block_columns", 64]),
            helper.make_tensor_value_info("chroma", TensorProto.FLOAT, [2, "rows", "columns", 64]),
        ],
        [helper.make_tensor_value_info("factors", TensorProto.FLOAT, [2, "rows", "columns"])],
        [
            helper.make_tensor("scale", TensorProto.FLOAT, [], [scale]),
            helper.make_tensor("offset", TensorProto.FLOAT, [], [offset]),
            *(
                helper.make_tensor(name, TensorProto.INT64, [1], [value])
                for name, value in (("axis", 3), ("at", at), ("end", 2**31), ("at_axis", 1))
            ),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def model_file(folder: Path, network: bytes, card: ModelCard = MSROI, **fields: Any) -> Path:
    """An .onnx file in `folder`, with a card that is `card` and fits it, save for the fields given."""
    path = folder / "bright.onnx"
    path.write_bytes(network)
    written = {**dataclasses.asdict(card), "name": "bright", "sha256": hashlib.sha256(network).hexdigest(), **fields}
    path.with_suffix(".json").write_text(json.dumps(written), "utf-8")
    return path


def model_error(model: Any) -> str:
    """The message of the ModelError that loading gives, which is one sentence."""
    with pytest.raises(ModelError) as caught:
        load_model(model)
    message = str(caught.value)
    assert "\n" not in message
    return message
