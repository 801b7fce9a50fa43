"""Fewer bits for ONNX models: weights only stored so, in float16 or int8; or computed with in int8, half of the time.

In int8 each output channel of a convolution has its own scale, symmetric, zero point 0, after Krishnamoorthi,
"Quantizing deep convolutional networks for efficient inference" (arXiv 1806.08342).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import (  # type: ignore[import-untyped, unused-ignore]
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import (  # type: ignore[import-untyped, unused-ignore]
    quant_pre_process,
)

FLOAT_CONVOLUTIONS = 5  # the first: little to compute, and what they lose is lost for all
LARGEST = 127  # -128 is left out, so that a weight and its negative have the same error

Stored = tuple[list[onnx.TensorProto], list[onnx.NodeProto]]  # tensors, and the nodes that make one of them


def store_in_int8(model: onnx.ModelProto, float_below: int) -> None:
    """Replace, in place, every float32 tensor of `model` with at least `float_below` values and two dimensions.

    Each becomes int8 levels, their scales, and two nodes that give the tensor back under its old name: a runtime folds
    them into a constant when it loads the model, so that all is computed in float32.

    Small tensors stay float32 because they are the sensitive ones, depthwise and early convolutions, and next to
    nothing in bytes. Vectors and scalars (biases, constants) always stay.
    """
    _replace_weights(model, float_below, _as_int8)


def store_in_float16(model: onnx.ModelProto) -> None:
    """Replace, in place, every float32 tensor of `model` with two dimensions by itself in float16, and a node.

    Nothing is lost of weights that were 16 bits before. Computed is in float32, as with `store_in_int8`.
    """
    _replace_weights(model, 0, _as_float16)


def _replace_weights(model: onnx.ModelProto, float_below: int, stored: Callable[[onnx.TensorProto], Stored]) -> None:
    graph = model.graph
    nodes, tensors = [], []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2 or np.prod(tensor.dims) < float_below:
            tensors.append(tensor)
            continue
        its_tensors, its_nodes = stored(tensor)
        tensors += its_tensors
        nodes += its_nodes
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(tensors)
    graph.node.extend(nodes)


def _as_int8(tensor: onnx.TensorProto) -> Stored:
    levels, scales = quantize(numpy_helper.to_array(tensor))
    scales = scales.reshape(-1, *[1] * (levels.ndim - 1))
    stored, scale, cast = (f"{tensor.name}.{suffix}" for suffix in ("int8", "scale", "float"))
    return [numpy_helper.from_array(levels, stored), numpy_helper.from_array(scales, scale)], [
        helper.make_node("Cast", [stored], [cast], cast, to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [cast, scale], [tensor.name], f"{tensor.name}.scaled"),
    ]


def _as_float16(tensor: onnx.TensorProto) -> Stored:
    stored, cast = f"{tensor.name}.float16", f"{tensor.name}.float"
    halves = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), stored)
    return [halves], [helper.make_node("Cast", [stored], [tensor.name], cast, to=onnx.TensorProto.FLOAT)]


def compute_in_int8(model: onnx.ModelProto, pictures: Sequence[NDArray[np.uint8]]) -> onnx.ModelProto:
    """`model` with its convolutions in int8, the ranges of what they read and write taken from `pictures`.

    Weights keep to 7 bits, so that the sums of products of processors without VNNI do not saturate; depthwise
    convolutions, which are the sensitive ones and sum in wider numbers, have all 8. The first ones stay in float32, and
    so does the last with all that comes behind it.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, simpler, quantized = (str(Path(folder) / f"{name}.onnx") for name in ("whole", "simpler", "quantized"))
        onnx.save(model, whole)
        quant_pre_process(whole, simpler, skip_symbolic_shape=True)
        nodes = list(onnx.load(simpler).graph.node)
        convolutions = [node for node in nodes if node.op_type == "Conv"]
        behind = nodes[nodes.index(convolutions[-1]) :]
        eight_bits = [{"quant_type": QuantType.QInt8, "reduce_range": False, "axis": 0}]
        quantize_static(
            simpler,
            quantized,
            _Pictures(model.graph.input[0].name, pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "Clip", "Relu"],
            nodes_to_exclude=[node.name for node in (*convolutions[:FLOAT_CONVOLUTIONS], *behind)],
            extra_options={
                "TensorQuantOverrides": {node.input[1]: eight_bits for node in convolutions if _groups(node) > 1}
            },
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(quantized)


def _groups(convolution: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in convolution.attribute if attribute.name == "group"), 1)


class _Pictures(CalibrationDataReader):  # type: ignore[misc, unused-ignore]
    def __init__(self, name: str, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self._feeds = iter([{name: picture} for picture in pictures])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


def quantize(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 levels in the shape of `weights`, and a float32 scale per output channel (axis 0), that bring them back.

    The scale is that of the channel's largest weight. The scale of least squared error, which is smaller and clips the
    largest, was tried too and brought the map no nearer to that of float32.
    """
    channels = weights.reshape(len(weights), -1)
    reach = np.abs(channels).max(axis=1)
    scales = np.where(reach > 0, reach / LARGEST, 1).astype(np.float32)
    levels = np.rint(channels / scales[:, np.newaxis]).clip(-LARGEST, LARGEST)
    return levels.astype(np.int8).reshape(weights.shape), scales
