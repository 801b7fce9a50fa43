"""The head of the map for machines: what it is given, that it learns from it, and the module that is exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helper import photograph

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")

from training import train_machine  # noqa: E402
from training.evaluate_machine import judged  # noqa: E402
from training.machine import Machine, MachineHead, importance, places  # noqa: E402
from training.machine_data import CELLS, SEEN, Examples  # noqa: E402
from training.train_machine import inputs, predicted, train  # noqa: E402

CROPS = 24
CHANNELS = {"stage_8": 40, "stage_16": 112, "stage_32": 320}


def examples(seed: int) -> Examples:
    """Random pictures and features; a channel of the finest features is what one network wants, twice it another."""
    random = np.random.default_rng(seed)
    features = {
        stage: random.normal(size=(CROPS, 2, channels, CELLS >> coarser, CELLS >> coarser)).astype(np.float16)
        for coarser, (stage, channels) in enumerate(CHANNELS.items())
    }
    features["stage_8"][:, 1, 3] = features["stage_8"][:, 0, 3, :, ::-1]
    wanted = features["stage_8"][:, 0, 3].astype(np.float32)
    wanted -= wanted.mean((1, 2), keepdims=True)
    pictures = random.integers(0, 255, (CROPS, SEEN, SEEN, 3), dtype=np.uint8)
    return Examples(pictures, features, {"one": wanted, "two": 2 * wanted})


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_machine, "BATCH", 8)
    monkeypatch.setattr(train_machine, "LEARNING_RATE", 1e-2)


@pytest.mark.slow
def test_an_interrupted_run_ends_as_an_uninterrupted_one_and_has_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, validation = examples(0), examples(1)
    whole = train(MachineHead(8), training, validation, 3, 5, tmp_path / "whole")
    epochs_left = [0.1, 0.2]  # then nothing is left, and it is interrupted
    with monkeypatch.context() as patched:
        patched.setattr(train_machine, "explained_share", lambda maps, wanted: epochs_left.pop())
        with pytest.raises(IndexError):
            train(MachineHead(8), training, validation, 3, 5, tmp_path / "parts")
    parts = train(MachineHead(8), training, validation, 3, 5, tmp_path / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    head = MachineHead(8)
    head.load_state_dict(whole)
    figures = judged(predicted(head, validation), training, validation)
    assert figures["explained_of_all_networks"] > 0.5
    assert figures["correlation_with_one"] > 0.7
    assert figures["correlation_with_two"] == figures["correlation_with_one"]
    assert abs(figures["correlation_with_another_picture"]) < 0.1
    assert figures["explained_by_place_alone"] < 0.1


def test_a_mirrored_crop_has_features_of_its_own() -> None:
    of_all = examples(2)
    fine, middle, _ = inputs(of_all, np.array([4, 5]), np.array([0, 1]))
    np.testing.assert_array_equal(fine[1], of_all.features["stage_8"][5, 1].astype(np.float32))
    np.testing.assert_array_equal(middle[0], of_all.features["stage_16"][4, 0].astype(np.float32))


def test_places_run_from_edge_to_edge() -> None:
    found = places(4, 6)
    assert found.shape == (4, 6, 5)
    np.testing.assert_allclose(found[:, :, 0].sum(1), 0, atol=1e-6)
    np.testing.assert_allclose(found[0, :, 1], -0.75)
    np.testing.assert_allclose(found[..., 4], found[..., 2:4].sum(2).sqrt())


def test_half_is_the_average_and_a_twice_higher_weight_is_an_eighth_more() -> None:
    np.testing.assert_allclose(importance(torch.tensor([-9.0, 0.0, 1.0, 9.0])), [0, 0.5, 0.625, 1])


def test_the_exported_module_computes_what_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(4)
    head = MachineHead().eval()
    for norm in head.normalise:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 3)
    np.savez(tmp_path / "head.npz", **{name: value.numpy() for name, value in head.state_dict().items()})
    module = Machine(tmp_path / "head.npz").eval()
    picture = torch.tensor(np.asarray(photograph("chelsea").convert("RGB").resize((288, 192))))[None]
    with torch.inference_mode():
        region_map, octaves = module(picture)
        expected = head(module.lite0.features(picture, (4, 10, 15)))
    torch.testing.assert_close(octaves, expected, rtol=1e-3, atol=1e-3)
    assert region_map.shape == (24, 36)
    torch.testing.assert_close(region_map, importance(expected[0]), rtol=1e-3, atol=1e-3)
