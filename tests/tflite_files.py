"""Small quantised TFLite networks, written as the format has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray


@dataclass(frozen=True)
class Stored:
    """A tensor: its shape, and of a constant the integers and what they are steps of."""

    shape: tuple[int, ...]
    integers: NDArray[Any] | None = None
    scale: float = 1.0
    zero: int = 0


@dataclass(frozen=True)
class Operator:
    """By its number in the format; `options` writes its table and says of which kind that is."""

    number: int
    inputs: tuple[int, ...]
    output: int
    options: Callable[[Any], tuple[int, int]] | None = None


def convolution(kind: str, stride: int, activation: int) -> Callable[[Any], tuple[int, int]]:
    """Options of "Conv2D" or "DepthwiseConv2D", padded so that there is an output for each `stride` samples."""

    def write(builder: Any) -> tuple[int, int]:
        def call(name: str, *values: int) -> Any:
            return getattr(tflite, f"{kind}Options{name}")(builder, *values)

        call("Start")
        call("AddPadding", tflite.Padding.SAME)
        call("AddStrideH", stride)
        call("AddStrideW", stride)
        call("AddFusedActivationFunction", activation)
        return getattr(tflite.BuiltinOptions, f"{kind}Options"), call("End")

    return write


def addition(builder: Any) -> tuple[int, int]:
    tflite.AddOptionsStart(builder)
    return tflite.BuiltinOptions.AddOptions, tflite.AddOptionsEnd(builder)


def network(tensors: Sequence[Stored], operators: Sequence[Operator]) -> bytes:
    """A file whose input is the first tensor, and whose output is that of the last operator."""
    builder = flatbuffers.Builder(1024)
    numbers = sorted({each.number for each in operators})
    codes = []
    for number in numbers:
        tflite.OperatorCodeStart(builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, number)
        codes.append(tflite.OperatorCodeEnd(builder))
    stored, buffers = [], []
    for place, tensor in enumerate(tensors):
        stored.append(_tensor(builder, tensor, place))
        buffers.append(_buffer(builder, tensor))
    written = [_operator(builder, each, numbers.index(each.number)) for each in operators]
    taken, given = _integers(builder, [0]), _integers(builder, [operators[-1].output])
    tensor_list, operator_list = _offsets(builder, stored), _offsets(builder, written)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensor_list)
    tflite.SubGraphAddInputs(builder, taken)
    tflite.SubGraphAddOutputs(builder, given)
    tflite.SubGraphAddOperators(builder, operator_list)
    graphs = _offsets(builder, [tflite.SubGraphEnd(builder)])
    code_list, buffer_list = _offsets(builder, codes), _offsets(builder, buffers)
    tflite.ModelStart(builder)
    tflite.ModelAddOperatorCodes(builder, code_list)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffer_list)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _tensor(builder: Any, tensor: Stored, place: int) -> int:
    kinds = {"uint8": tflite.TensorType.UINT8, "int32": tflite.TensorType.INT32}
    scales = builder.CreateNumpyVector(np.array([tensor.scale], dtype=np.float32))
    zeros = builder.CreateNumpyVector(np.array([tensor.zero], dtype=np.int64))
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scales)
    tflite.QuantizationParametersAddZeroPoint(builder, zeros)
    quantization = tflite.QuantizationParametersEnd(builder)
    shape = _integers(builder, tensor.shape)
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, kinds["uint8" if tensor.integers is None else tensor.integers.dtype.name])
    tflite.TensorAddBuffer(builder, place)
    tflite.TensorAddQuantization(builder, quantization)
    return int(tflite.TensorEnd(builder))


def _buffer(builder: Any, tensor: Stored) -> int:
    stored = b"" if tensor.integers is None else tensor.integers.tobytes()
    content = builder.CreateByteVector(stored)
    tflite.BufferStart(builder)
    tflite.BufferAddData(builder, content)
    return int(tflite.BufferEnd(builder))


def _operator(builder: Any, operator: Operator, code: int) -> int:
    inputs, outputs = _integers(builder, operator.inputs), _integers(builder, [operator.output])
    kind, options = operator.options(builder) if operator.options else (0, None)
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, code)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if options is not None:
        tflite.OperatorAddBuiltinOptionsType(builder, kind)
        tflite.OperatorAddBuiltinOptions(builder, options)
    return int(tflite.OperatorEnd(builder))


def _integers(builder: Any, values: Sequence[int]) -> int:
    return int(builder.CreateNumpyVector(np.array(values, dtype=np.int32)))


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
