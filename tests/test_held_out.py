"""The networks that only judge: what is converted answers as the file that it comes from would."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
tflite = pytest.importorskip("tflite", reason="the extra [train] is not installed")

from tflite_files import Operator, Stored, addition, convolution, network  # noqa: E402

from training import held_out, judges, tfjs_networks, tflite_networks  # noqa: E402
from training.onnx_graphs import Graph  # noqa: E402

RANDOM = np.random.default_rng(0)
RELU6, NONE = tflite.ActivationFunctionType.RELU6, tflite.ActivationFunctionType.NONE
Numbers = tflite.BuiltinOperator


def answers(model: onnx.ModelProto, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    onnx.checker.check_model(model, full_check=True)
    found: NDArray[np.float32] = onnxruntime.InferenceSession(model.SerializeToString()).run(
        None, {"pictures": pictures}
    )[0]
    return found


def pictures(side: int, count: int = 2) -> NDArray[np.uint8]:
    return RANDOM.integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def weights(shape: tuple[int, ...], scale: float) -> Stored:
    return Stored(shape, RANDOM.integers(0, 256, shape, dtype=np.uint8), scale, 120)


def real(tensor: Stored) -> torch.Tensor:
    assert tensor.integers is not None
    return torch.tensor((tensor.integers.astype(np.float64) - tensor.zero) * tensor.scale)


@pytest.mark.parametrize(("side", "padding"), [(8, (0, 1)), (7, (1, 1))])
def test_a_small_mobilenet_answers_as_its_integers_say(side: int, padding: tuple[int, int]) -> None:
    half = -(-side // 2)
    depth, depth_bias = weights((1, 3, 3, 3), 0.02), Stored((3,), np.array([5, -9, 40], dtype=np.int32), 0.01)
    last, last_bias = weights((1001, 1, 1, 3), 0.03), Stored((1001,), RANDOM.integers(-9, 9, 1001, np.int32), 0.02)
    grid, classes = Stored((1, half, half, 3)), Stored((1, half, half, 1001))
    tensors = [Stored((1, side, side, 3)), depth, depth_bias, grid, grid, last, last_bias, classes]
    tensors += [Stored((1, 1, 1, 1001)), Stored((1, 1001)), Stored((1, 1001))]
    file = network(
        tensors,
        [
            Operator(Numbers.DEPTHWISE_CONV_2D, (0, 1, 2), 3, convolution("DepthwiseConv2D", 2, RELU6)),
            Operator(Numbers.ADD, (3, 3), 4, addition),
            Operator(Numbers.CONV_2D, (4, 5, 6), 7, convolution("Conv2D", 1, NONE)),
            Operator(Numbers.AVERAGE_POOL_2D, (7,), 8),
            Operator(Numbers.RESHAPE, (8,), 9),
            Operator(Numbers.SOFTMAX, (9,), 10),
        ],
    )
    seen = pictures(side)
    value = (torch.tensor(seen).permute(0, 3, 1, 2).double() - 128) / 128
    value = torch.nn.functional.pad(value, (*padding, *padding))
    value = torch.nn.functional.conv2d(value, real(depth).permute(3, 0, 1, 2), real(depth_bias), stride=2, groups=3)
    value = torch.nn.functional.conv2d(2 * value.clip(0, 6), real(last).permute(0, 3, 1, 2), real(last_bias))
    expected = value.mean((2, 3))[:, 1:].log_softmax(1)  # without the background
    found = answers(held_out.classifier(file), seen)
    assert found.shape == (2, 1000)
    assert np.abs(found - expected.numpy()).max() < 1e-4
    assert np.ptp(found) > 1


def test_a_file_may_go_on_where_another_ends() -> None:
    first = network(
        [Stored((1, 4, 4, 3)), Stored((1, 1, 1, 3))],
        [Operator(Numbers.AVERAGE_POOL_2D, (0,), 1)],
    )
    then = network([Stored((1, 1, 1, 3)), Stored((1, 3))], [Operator(Numbers.RESHAPE, (0,), 1)])
    graph = Graph(tflite_networks.side_of(first))
    value = tflite_networks.added(graph, first, graph.pictures((0, 0, 0), (1, 2, 4)))
    seen = pictures(4)
    found = answers(graph.model(tflite_networks.added(graph, then, value)), seen)
    assert found == pytest.approx(seen.mean(axis=(1, 2)) / [1, 2, 4], rel=1e-5)


def test_what_mobilenets_do_not_have_is_refused() -> None:
    file = network([Stored((1, 4, 4, 3)), Stored((1, 4, 4, 3))], [Operator(Numbers.LOGISTIC, (0,), 1)])
    graph = Graph(4)
    with pytest.raises(ValueError, match="LOGISTIC"):
        tflite_networks.added(graph, file, graph.pictures((0,) * 3, (1,) * 3))


def node(name: str, operator: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": operator, "input": list(inputs), "attr": attributes}


def listed(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


VALID = {"s": base64.b64encode(b"VALID").decode()}


def small_nanodet() -> tuple[bytes, bytes, NDArray[np.float32]]:
    """Three strides that are one, and the kernel that makes 2 classes of 3 colours: the files and the kernel."""
    kernel = RANDOM.normal(size=(3, 3, 3, 2)).astype(np.float16)
    constants: dict[str, NDArray[Any]] = {
        "padding": np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32),
        "rows": np.array([0, 2, 3, 1], np.int32),
        "kernel": kernel,
        "bias": np.array([0.5, -0.25], np.float32),
        "smaller": np.array([52, 52], np.int32),
        "none": np.zeros((0, 1), np.int32),
        "places": np.array([3], np.int32),
        "nothing": np.zeros(0, np.int32),
        "zero": np.array(0, np.int32),
        "shape": np.array([1, 52 * 52, 2], np.int32),
        "parts": np.array([52 * 26, 52 * 26], np.int32),
        "along": np.array(1, np.int32),
    }
    nodes = [*(node(name, "Const") for name in constants), node("input_1", "Placeholder")]
    nodes += [
        node("padded", "Pad", "input_1", "padding"),
        node("image", "Transpose", "padded", "rows"),
        node("convolved", "Conv2D", "image", "kernel", strides=listed(1, 2, 2, 1), padding=VALID),
        node("biased", "AddV2", "convolved", "bias"),
        node("leaky", "LeakyRelu", "biased", alpha={"f": 0.1}),
        node("pooled", "MaxPool", "leaky", strides=listed(1, 2, 2, 1), ksize=listed(1, 2, 2, 1), padding=VALID),
        node("sized", "ResizeBilinear", "pooled", "smaller", half_pixel_centers={"b": True}),
        node("more", "SparseToDense", "none", "places", "nothing", "zero"),
        node("target", "AddV2", "shape", "more"),
        node("flat", "Reshape", "sized", "target"),
        node("scores", "Sigmoid", "flat"),
        node("halves", "SplitV", "scores", "parts", "along"),
        node("whole", "ConcatV2", "halves:1", "halves", "along"),
        *(node(name, "Identity", "whole") for name in ("Identity", "Identity_1", "Identity_2")),
    ]
    entries = []
    for name, values in constants.items():
        entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": values.dtype.name}
        halved = {"dtype": "float32", "quantization": {"dtype": "float16"}} if values.dtype == np.float16 else {}
        entries.append(entry | halved)
    description = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": entries}]}
    stored = b"".join(values.tobytes() for values in constants.values())
    return json.dumps(description).encode(), stored, kernel.astype(np.float32)


def test_a_small_nanodet_answers_as_its_files_say() -> None:
    description, stored, kernel = small_nanodet()
    seen = pictures(held_out.NANODET_SIDE)
    mean, deviation = np.array([103.53, 116.28, 123.675]), np.array([57.375, 57.12, 58.395])
    value = torch.tensor(((seen[..., ::-1] - mean) / deviation).transpose(0, 3, 1, 2).astype(np.float32))
    value = torch.nn.functional.conv2d(value, torch.tensor(kernel.transpose(3, 2, 0, 1)), stride=2, padding=1)
    value = torch.nn.functional.leaky_relu(value + torch.tensor([0.5, -0.25])[:, None, None], 0.1)
    value = torch.nn.functional.max_pool2d(value, 2)
    value = torch.nn.functional.interpolate(value, (52, 52), mode="bilinear")
    scores = value.sigmoid().permute(0, 2, 3, 1).reshape(2, -1, 2)
    halves = torch.cat([scores[:, 52 * 26 :], scores[:, : 52 * 26]], 1)
    expected = torch.cat([halves] * 3, 1).reshape(2, -1).numpy()
    found = answers(held_out.nanodet(description, stored), seen)
    assert np.abs(found - expected).max() < 1e-4
    assert np.ptp(found) > 0.3


def test_weights_have_to_be_as_many_as_their_manifest_tells() -> None:
    manifest = [{"weights": [{"name": "one", "shape": [2], "dtype": "float32"}]}]
    assert tfjs_networks.weights_of(manifest, np.float32([1, 2]).tobytes())["one"].tolist() == [1, 2]
    with pytest.raises(ValueError, match="8 bytes of weights, and there are 12"):
        tfjs_networks.weights_of(manifest, bytes(12))


def test_a_resnet_50_answers_as_its_layers_say() -> None:
    """All kernels pass the first channels on, so that the answer can be told by hand."""
    channels = {"conv1": (64, 3, 7)}
    inputs = 64
    for stage, (blocks, _) in enumerate(held_out.RESNET50_STAGES, 1):
        width = 32 * 2**stage
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            channels |= {f"{name}.conv1": (width, inputs, 1), f"{name}.conv2": (width, width, 3)}
            channels[f"{name}.conv3"] = (4 * width, width, 1)
            if not block:
                channels[f"{name}.downsample.0"] = (4 * width, inputs, 1)
            inputs = 4 * width
    stored = {}
    for name, (outputs, taken, side) in channels.items():
        kernel = np.zeros((outputs, taken, side, side), np.float32)
        kernel[range(3), range(3), side // 2, side // 2] = 1
        norm = name.replace("conv", "bn").replace("downsample.0", "downsample.1")
        stored[f"{name}.weight"] = kernel
        gains = {"weight": 0.5, "bias": 0.125, "running_mean": 0.25, "running_var": 0.25 - 1e-5}  # x - 0.125
        stored |= {f"{norm}.{key}": np.full(outputs, value, np.float32) for key, value in gains.items()}
    grey = np.full((1, 224, 224, 3), 255, dtype=np.uint8)
    value = (1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225] - 0.125
    for blocks, _ in held_out.RESNET50_STAGES:
        for block in range(blocks):
            value = np.maximum(value - 3 * 0.125, 0) + (value if block else value - 0.125)
    found = answers(held_out.resnet50(stored), grey)
    assert found.shape == (1, 2048)
    assert found[0, :3] == pytest.approx(value, rel=1e-4)
    assert not found[0, 3:].any()


def test_features_are_as_far_apart_as_they_point_elsewhere() -> None:
    clean = np.array([3.0, 4.0], dtype=np.float32)
    given = np.array([[6.0, 8.0], [-4.0, 3.0], [-3.0, -4.0]], dtype=np.float32)
    assert judges.turns(clean, given) == pytest.approx([0, 1, 2], abs=1e-7)


def test_scores_of_a_detector_are_as_far_apart_as_chances_of_yes_and_no() -> None:
    clean = np.array([0.5, 0.0, 1.0], dtype=np.float32)
    given = np.array([[0.5, 0.0, 1.0], [0.25, 0.0, 1.0], [0.5, 1.0, 1.0]], dtype=np.float32)
    halves = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    found = judges.changes(clean, given)
    assert found[:2] == pytest.approx([0, halves], abs=1e-6)
    assert 10 < found[2] < 20  # and no infinity
