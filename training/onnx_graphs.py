"""ONNX graphs built node by node, all of one form: pictures as bytes go in, one answer for each comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
IR_VERSION = 10  # onnxruntime refuses files that are newer than itself
PICTURES, ANSWERS = "pictures", "answers"

Operand: TypeAlias = "str | NDArray[Any]"  # the name of a value, or a constant


class Graph:
    """A graph whose input is uint8 (n, side, side, 3) in RGB."""

    def __init__(self, side: int) -> None:
        self.side = side
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *operands: Operand, **attributes: Any) -> str:
        """A node with one output, whose name is returned."""
        [output] = self.add_several(operator, 1, *operands, **attributes)
        return output

    def add_several(self, operator: str, outputs: int, *operands: Operand, **attributes: Any) -> list[str]:
        number = len(self._nodes)
        names = [f"{operator}_{number}_{place}" for place in range(outputs)]
        inputs = [each if isinstance(each, str) else self._constant(each) for each in operands]
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def pictures(self, mean: Sequence[float], deviation: Sequence[float], *, blue_first: bool = False) -> str:
        """The pictures as float32 (n, 3, side, side), (sample - mean) / deviation; `mean` is red's first."""
        samples = self.add("Cast", PICTURES, to=TensorProto.FLOAT)
        centred = self.add("Sub", samples, np.array(mean, dtype=np.float32))
        scaled = self.add("Div", centred, np.array(deviation, dtype=np.float32))
        planes = self.add("Transpose", scaled, perm=[0, 3, 1, 2])
        return self.add("Gather", planes, np.array([2, 1, 0]), axis=1) if blue_first else planes

    def model(self, answers: str) -> onnx.ModelProto:
        """The whole, whose output is the value `answers`."""
        nodes = [*self._nodes, helper.make_node("Identity", [answers], [ANSWERS])]
        taken = helper.make_tensor_value_info(PICTURES, TensorProto.UINT8, ["n", self.side, self.side, 3])
        given = helper.make_tensor_value_info(ANSWERS, TensorProto.FLOAT, ["n", "m"])
        graph = helper.make_graph(nodes, "network", [taken], [given], self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    def _constant(self, values: NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
