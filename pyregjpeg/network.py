"""ONNX networks, run by onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

Tensors = Sequence[tuple[str, int]]  # type and dimensions of each, such as ("float", 3)


class Network:
    """A network with one output, ready to run. One may be used from many threads at once."""

    def __init__(self, name: str, network: bytes, threads: int, *, takes: Tensors, gives: tuple[str, int]) -> None:
        """Start `network`, the bytes of an ONNX file, on `threads` threads.

        ModelError, which calls it `name`, if it is no such file or its inputs and its output are others.
        """
        import onnxruntime  # type: ignore[import-untyped, unused-ignore]  # only here: it takes longer than a save

        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal; all else arrives as an exception, and the library prints nothing
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the cores
        try:
            self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no base class of their own
            raise ModelError(f"The model {name!r} cannot be run by onnxruntime: {_first_line(error)}") from error
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]
        if _kinds(self._session.get_inputs()) != list(takes) or _kinds(self._session.get_outputs()) != [gives]:
            raise ModelError(f"The model {name!r} must take {_words(takes)} and give {_words([gives])}")

    def run(self, *inputs: NDArray[Any]) -> NDArray[np.float32]:
        """What the network gives for these inputs, in its own order; ModelError if it fails."""
        try:
            [output] = self._session.run(None, dict(zip(self._inputs, inputs, strict=True)))
        except Exception as error:
            raise ModelError(f"The model {self.name!r} failed: {_first_line(error)}") from error
        values: NDArray[np.float32] = output
        return values


def _kinds(tensors: Any) -> list[tuple[str, int]]:
    return [(tensor.type.removeprefix("tensor(").removesuffix(")"), len(tensor.shape)) for tensor in tensors]


def _words(tensors: Tensors) -> str:
    return ", ".join(f"a {kind} tensor of {dimensions} dimensions" for kind, dimensions in tensors)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
