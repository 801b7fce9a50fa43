"""Weights stored as int8: how far they may be off, and which tensors keep their place in float32."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from training.quantize import FLOAT_CONVOLUTIONS, compute_in_int8, quantize, store_in_float16, store_in_int8

WEIGHTS = np.random.default_rng(5).normal(size=(6, 4, 3, 3)).astype(np.float32)
WEIGHTS *= np.logspace(-3, 3, 6, dtype=np.float32)[:, None, None, None]  # channels of very different reach


def convolution() -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Conv", ["picture", "weights", "bias"], ["out"])],
        "convolution",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 4, 5, 5])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 6, 3, 3])],
        [numpy_helper.from_array(WEIGHTS, "weights"), numpy_helper.from_array(WEIGHTS[:, 0, 0, 0], "bias")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])


def types(model: onnx.ModelProto) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in model.graph.initializer}


def test_no_weight_is_off_by_more_than_half_a_level_of_its_own_channel() -> None:
    levels, scales = quantize(WEIGHTS)
    error = np.abs(levels * scales[:, None, None, None] - WEIGHTS).max(axis=(1, 2, 3))
    assert (error <= scales * 0.5001).all()
    assert (np.abs(levels).max(axis=(1, 2, 3)) == 127).all()


def test_a_channel_of_zeros_stays_zero() -> None:
    levels, scales = quantize(np.zeros((2, 3), np.float32))
    assert not levels.any()
    assert (scales == 1).all()


def test_a_quantised_model_computes_with_its_levels() -> None:
    model = convolution()
    store_in_int8(model, 0)
    onnx.checker.check_model(model, full_check=True)
    picture = np.random.default_rng(6).normal(size=(1, 4, 5, 5)).astype(np.float32)
    levels, scales = quantize(WEIGHTS)
    patch = picture[0, :, 1:4, 2:5]
    expected = np.einsum("ockl,ckl->o", levels * scales[:, None, None, None], patch) + WEIGHTS[:, 0, 0, 0]
    (out,) = ReferenceEvaluator(model).run(None, {"picture": picture})
    assert isinstance(out, np.ndarray)
    np.testing.assert_allclose(out[0, :, 1, 2], expected, rtol=1e-4)
    assert types(model)["weights.int8"] == TensorProto.INT8


@pytest.mark.parametrize(("float_below", "stays"), [(WEIGHTS.size, False), (WEIGHTS.size + 1, True)])
def test_small_tensors_and_all_biases_stay_float32(float_below: int, stays: bool) -> None:
    model = convolution()
    store_in_int8(model, float_below)
    assert ("weights" in types(model)) == stays
    assert types(model)["bias"] == TensorProto.FLOAT


def test_a_model_in_int8_gives_about_what_it_gave_in_float32() -> None:
    nodes, tensors, last = [], [], "scaled"
    random = np.random.default_rng(7)
    for number in range(FLOAT_CONVOLUTIONS + 3):
        channels = 3 if number == 0 else 6
        weights = random.normal(size=(6, channels, 3, 3)).astype(np.float32) / 5
        tensors.append(numpy_helper.from_array(weights, f"weights_{number}"))
        nodes += [
            helper.make_node("Conv", [last, f"weights_{number}"], [f"sum_{number}"], f"conv_{number}", pads=[1] * 4),
            helper.make_node("Relu", [f"sum_{number}"], [f"out_{number}"], f"relu_{number}"),
        ]
        last = f"out_{number}"
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["float"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node("Mul", ["planes", "unit"], ["scaled"]),
            *nodes,
        ],
        "several",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 6, "height", "width"])],
        [*tensors, numpy_helper.from_array(np.array(1 / 255, np.float32), "unit")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    pictures = [random.integers(0, 255, (1, 12, 16, 3), dtype=np.uint8) for _ in range(8)]
    quantized = compute_in_int8(model, pictures)
    expected, got = (
        onnxruntime.InferenceSession(each.SerializeToString()).run(None, {"image": pictures[0]})[0]
        for each in (model, quantized)
    )
    assert 0 < np.abs(got - expected).max() < 0.05 * expected.max()
    stored = quantized.graph.initializer
    levels = [tensor for tensor in stored if tensor.data_type == TensorProto.INT8 and len(tensor.dims) == 4]
    assert len(levels) == 2  # all but the first and the last
    assert max(np.abs(numpy_helper.to_array(tensor).astype(int)).max() for tensor in levels) <= 64


def test_a_model_stored_in_float16_computes_with_its_halves() -> None:
    model = convolution()
    store_in_float16(model)
    onnx.checker.check_model(model, full_check=True)
    picture = np.random.default_rng(6).normal(size=(1, 4, 5, 5)).astype(np.float32)
    expected = np.einsum("ockl,ckl->o", WEIGHTS.astype(np.float16).astype(np.float32), picture[0, :, 1:4, 2:5])
    (out,) = ReferenceEvaluator(model).run(None, {"picture": picture})
    assert isinstance(out, np.ndarray)
    np.testing.assert_allclose(out[0, :, 1, 2], expected + WEIGHTS[:, 0, 0, 0], rtol=1e-4)
    assert types(model) == {"weights.float16": TensorProto.FLOAT16, "bias": TensorProto.FLOAT}
