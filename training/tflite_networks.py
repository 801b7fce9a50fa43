"""Quantised TFLite classifiers as ONNX graphs in floating point: their weights are what the integers stand for.

Only what the MobileNets of google-coral/test_data are made of is understood. Activations are not rounded, which changes
answers little; a softmax gives logarithms, which keep the digits of small chances.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from training.onnx_graphs import Graph

_OPERATORS = {number: name for name, number in vars(tflite.BuiltinOperator).items() if name.isupper()}
_NUMBERS = {tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT8: np.int8, tflite.TensorType.INT32: np.int32}


def added(graph: Graph, network: bytes, taken: str) -> str:
    """The output of the network, behind `taken`, which is (n, channels, rows, columns) as all that is spatial is."""
    model = tflite.Model.GetRootAsModel(network, 0)
    values = {model.Subgraphs(0).Inputs(0): taken}
    for number in range(model.Subgraphs(0).OperatorsLength()):
        operator = model.Subgraphs(0).Operators(number)
        values[operator.Outputs(0)] = _node(graph, model, operator, values)
    return values[model.Subgraphs(0).Outputs(0)]


def side_of(network: bytes) -> int:
    """The side of the squares that the network takes, in pixels."""
    model = tflite.Model.GetRootAsModel(network, 0)
    return _shape(model, model.Subgraphs(0).Inputs(0))[1]


def _node(graph: Graph, model: Any, operator: Any, values: dict[int, str]) -> str:
    name = _name(model, operator)
    first = values[operator.Inputs(0)]
    if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return _convolution(graph, model, operator, first)
    if name == "ADD":
        options = _options(operator, tflite.AddOptions)
        return _activated(graph, graph.add("Add", first, values[operator.Inputs(1)]), options)
    if name == "AVERAGE_POOL_2D" and _shape(model, operator.Outputs(0))[1:3] == (1, 1):
        return graph.add("GlobalAveragePool", first)
    if name == "RESHAPE" and _shape(model, operator.Inputs(0))[1:3] == (1, 1):
        return graph.add("Flatten", first)
    if name == "SOFTMAX":
        return graph.add("LogSoftmax", first, axis=-1)
    raise ValueError(f"The operator {name} of these shapes is none that MobileNets have")


def _convolution(graph: Graph, model: Any, operator: Any, first: str) -> str:
    weights, bias = (_constant(model, operator.Inputs(place)) for place in (1, 2))
    depthwise = _name(model, operator) == "DEPTHWISE_CONV_2D"
    options = _options(operator, tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
    weights = weights.transpose(3, 0, 1, 2) if depthwise else weights.transpose(0, 3, 1, 2)
    strides = (options.StrideH(), options.StrideW())
    same = options.Padding() == tflite.Padding.SAME
    pads = [
        _padding(side, kernel, stride) if same else (0, 0)
        for side, kernel, stride in zip(_shape(model, operator.Inputs(0))[1:3], weights.shape[2:], strides, strict=True)
    ]
    convolved = graph.add(
        "Conv",
        first,
        weights,
        bias,
        strides=strides,
        pads=[before for before, _ in pads] + [after for _, after in pads],
        group=len(weights) if depthwise else 1,
    )
    return _activated(graph, convolved, options)


def _padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Before and after, so that there is an output for each `stride` samples; the odd one is after."""
    whole = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return whole // 2, whole - whole // 2


def _activated(graph: Graph, value: str, options: Any) -> str:
    function = options.FusedActivationFunction()
    if function == tflite.ActivationFunctionType.NONE:
        return value
    if function == tflite.ActivationFunctionType.RELU6:
        return graph.add("Clip", value, np.float32(0), np.float32(6))
    raise ValueError(f"The activation function {function} is none that MobileNets have")


def _constant(model: Any, tensor: int) -> NDArray[np.float32]:
    """What the integers of a tensor stand for."""
    description = model.Subgraphs(0).Tensors(tensor)
    stored = model.Buffers(description.Buffer()).DataAsNumpy().tobytes()
    integers = np.frombuffer(stored, _NUMBERS[description.Type()]).reshape(_shape(model, tensor))
    quantization = description.Quantization()
    scales, zeros = quantization.ScaleAsNumpy(), quantization.ZeroPointAsNumpy()
    if len(scales) > 1:
        raise ValueError("Weights of a scale for each channel are none that these MobileNets have")
    values: NDArray[np.float32] = ((integers.astype(np.float64) - zeros) * scales).astype(np.float32)
    return values


def _options(operator: Any, kind: Any) -> Any:
    options, table = kind(), operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _name(model: Any, operator: Any) -> str:
    code = model.OperatorCodes(operator.OpcodeIndex())
    return _OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]  # old files have the latter only


def _shape(model: Any, tensor: int) -> tuple[int, ...]:
    return tuple(model.Subgraphs(0).Tensors(tensor).ShapeAsNumpy().tolist())
