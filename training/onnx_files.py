"""ONNX files of PyTorch modules: exported for pictures of every size, started, and written with their cards."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
import torch
from torch import Tensor, nn

from pyregjpeg.model_card import ModelCard

OPSET = 20
WEIGHTS = Path(__file__).parents[1] / "pyregjpeg" / "weights"

Axes = Mapping[str, Mapping[int, str]]  # names of a tensor's dimensions, by the tensor's name and their number


def exported(
    module: nn.Module, inputs: Mapping[str, tuple[Tensor, Mapping[int, Any]]], outputs: Sequence[str], axes: Axes
) -> onnx.ModelProto:
    """`module` as an ONNX model in float32.

    `inputs` are an example of each, by name in the order of the module's arguments, with those of its dimensions that
    vary; `outputs` names what the module gives.
    """
    program = torch.onnx.export(
        module,
        tuple(example for example, _ in inputs.values()),
        input_names=list(inputs),
        output_names=outputs,
        opset_version=OPSET,
        dynamo=True,
        dynamic_shapes=tuple(sizes for _, sizes in inputs.values()),
        verbose=False,
    )
    assert program is not None  # None is for the old exporter
    model = program.model_proto
    _forget_the_exporter(model, axes)
    return model


def started(model: onnx.ModelProto) -> Any:
    """A session of onnxruntime, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def written(model: onnx.ModelProto, card: ModelCard, folder: Path) -> Path:
    """Check `model` and write it with its card into `folder`; the path of the .onnx file."""
    onnx.checker.check_model(model, full_check=True)
    network = model.SerializeToString(deterministic=True)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.name}.onnx"
    path.write_bytes(network)
    card = dataclasses.replace(card, sha256=hashlib.sha256(network).hexdigest())
    path.with_suffix(".json").write_text(json.dumps(dataclasses.asdict(card), indent=2) + "\n", "utf-8")
    return path


def _forget_the_exporter(model: onnx.ModelProto, axes: Axes) -> None:
    """Drop what the exporter notes for itself: stack traces with this machine's paths, and symbols for sizes."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    for value in (*graph.input, *graph.output):
        for axis, name in axes.get(value.name, {}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
