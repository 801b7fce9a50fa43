"""Large weights of an ONNX model stored as int8: a quarter of the bytes, the arithmetic still in float32.

Each tensor becomes int8 levels with one scale per output channel, and a DequantizeLinear node that gives the tensor
back under its old name, so that no other node changes. Symmetric, zero point 0, after Krishnamoorthi, "Quantizing deep
convolutional networks for efficient inference" (arXiv 1806.08342).
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

LARGEST = 127  # -128 is left out, so that a weight and its negative have the same error


def quantize_weights(model: onnx.ModelProto, float_below: int) -> None:
    """Replace, in place, every float32 tensor of `model` with at least `float_below` values and two dimensions.

    Small tensors stay float32 because they are the sensitive ones, depthwise and early convolutions, and next to
    nothing in bytes. Vectors and scalars (biases, constants) always stay.
    """
    graph = model.graph
    nodes, tensors = [], []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2 or np.prod(tensor.dims) < float_below:
            tensors.append(tensor)
            continue
        levels, scales = quantize(numpy_helper.to_array(tensor))
        stored = (f"{tensor.name}.int8", f"{tensor.name}.scale")
        tensors += [numpy_helper.from_array(levels, stored[0]), numpy_helper.from_array(scales, stored[1])]
        nodes.append(helper.make_node("DequantizeLinear", stored, [tensor.name], f"{tensor.name}.dequantize", axis=0))
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(tensors)
    graph.node.extend(nodes)


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
