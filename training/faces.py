"""Where faces are, by the Ultra-Light detector (Linzaer, MIT) with its network RFB-640, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray
from PIL import Image

Box = tuple[float, float, float, float]  # left, upper, right, lower, in pixels

SIZE = (640, 480)  # what the network is handed, whatever the picture's shape
SURE = 0.99  # chance from which on a face counts: at the 0.7 of its authors, much becomes a face that is none
SAME = 0.3  # intersection over union, from which on two boxes are of one face, as its authors have it


class FaceDetector:
    """The detector, ready to run, from the path of its ONNX file."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # it names initializers among its inputs, and is warned of each
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def boxes(self, image: Image.Image) -> list[Box]:
        """The box of each face in `image`."""
        small = image.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR)
        pixels = (np.asarray(small, dtype=np.float32) - 127) / 128
        chances, corners = self._session.run(None, {"input": pixels.transpose(2, 0, 1)[np.newaxis]})
        return apart(corners[0] * (*image.size, *image.size), chances[0, :, 1])


def apart(boxes: NDArray[np.floating], chances: NDArray[np.floating]) -> list[Box]:
    """The `boxes` (count, 4) that are faces by their `chances` (count), the surest first, of each face one."""
    kept: list[NDArray[np.floating]] = []
    for number in np.argsort(-chances, kind="stable"):
        if chances[number] >= SURE and all(_overlap(boxes[number], other) < SAME for other in kept):
            kept.append(boxes[number])
    return [tuple(box.tolist()) for box in kept]


def _overlap(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    sides = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    shared = float(sides.prod())
    return shared / float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared)
