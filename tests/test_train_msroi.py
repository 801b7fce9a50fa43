"""Training of map networks: labels only, the same after an interruption, and class maps that mean what labels say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")

from training.msroi import fold_normalisation  # noqa: E402
from training.msroi_data import FILES, Prepared, multi_hot  # noqa: E402
from training.msroi_networks import NETWORKS, Head, MapNetwork  # noqa: E402
from training.train_msroi import Scene, train  # noqa: E402

SUBJECTS, PICTURES = 6, 32
CHANNELS = 112  # of Lite0 at stride 16


def pictures(seed: int) -> dict[str, np.ndarray[Any, Any]]:
    """Random features in which a class raises a channel of its own at one place, and its labels."""
    random = np.random.default_rng(seed)
    labels = random.random((PICTURES, SUBJECTS)) < 0.4
    features = random.random((PICTURES, CHANNELS, 14, 14))
    for picture, subject in np.argwhere(labels):
        row, column = place(subject)
        features[picture, subject, row : row + 4, column : column + 4] += 6
    return {
        "pixels": random.integers(0, 255, (PICTURES, 224, 224, 3), dtype=np.uint8),
        "labels": labels.astype(np.float16),
        "features_16": features.astype(np.float16),
        "features_32": random.random((PICTURES, 4, 7, 7)).astype(np.float16),
    }


def place(subject: int) -> tuple[int, int]:
    return 5 * (subject // 3), 5 * (subject % 3)


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Prepared]:
    for seed, part in enumerate(("fit", "validation", "photographs")):
        arrays = pictures(seed)
        if part == "photographs":
            arrays["labels"] = np.full((PICTURES, 1000), 0.001, np.float16)
        (tmp_path / part).mkdir()
        for name in FILES:
            np.save(tmp_path / part / f"{name}.npy", arrays[name])
    return {part: Prepared.of(tmp_path / part) for part in ("fit", "validation", "photographs")}


class Quick(Head):
    batch = 8
    learning_rate = 0.02

    def __init__(self, subjects: int) -> None:
        super().__init__(subjects, channels=16)


SCENES = [Scene(0, (np.eye(28, dtype=bool),), (28, 28))]


@pytest.mark.slow
def test_an_interrupted_run_ends_as_an_uninterrupted_one(data: dict[str, Prepared], tmp_path: Path) -> None:
    train(Quick, data, SCENES, 3, 2, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(Quick, data, Interrupting(SCENES), 3, 2, tmp_path / "parts")
    train(Quick, data, SCENES, 3, 2, tmp_path / "parts")
    whole, parts = (torch.load(tmp_path / f"{run}.pt")["network"] for run in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert [len((tmp_path / f"{run}.csv").read_text().splitlines()) for run in ("whole", "parts")] == [3, 3]


class Interrupting(list[Scene]):
    """Scenes that may be gone through once."""

    def __init__(self, scenes: list[Scene]) -> None:
        super().__init__(scenes)
        self.looks = 0

    def __iter__(self) -> Any:
        self.looks += 1
        if self.looks > 1:
            raise KeyboardInterrupt
        return super().__iter__()


@pytest.mark.slow
def test_class_maps_find_the_place_of_a_class_though_only_labels_were_shown(
    data: dict[str, Prepared], tmp_path: Path
) -> None:
    train(Quick, data, SCENES, 0, 40, tmp_path / "run")
    network = Quick(SUBJECTS).eval()
    network.load_state_dict(torch.load(tmp_path / "run.pt")["network"])
    shown = data["validation"].arrays
    with torch.inference_mode():
        maps = network.class_maps(network.features(torch.tensor(shown["features_16"].astype(np.float32)))).numpy()
    for picture, subject in np.argwhere(shown["labels"] > 0):
        row, column = (2 * first for first in place(subject))  # the maps are at stride 8
        inside = maps[picture, subject, row : row + 8, column : column + 8].mean()
        assert inside > maps[picture, subject].mean() + maps[picture, subject].std()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_mean_of_a_class_map_is_the_score_of_its_class(name: str, data: dict[str, Prepared]) -> None:
    torch.manual_seed(1)
    network: MapNetwork = NETWORKS[name](SUBJECTS).eval()
    [inputs] = data["fit"].batch(np.arange(2), (network.reads,))
    with torch.inference_mode():
        features = network.features(inputs)
        means = network.class_maps(features).mean((2, 3))
        scores = network.scores(inputs, network.composites)
    assert torch.allclose(means, scores, atol=1e-4)


def test_folding_the_normalisation_leaves_the_head_as_it_was() -> None:
    torch.manual_seed(2)
    head = Head(SUBJECTS).eval()
    head.normalise.running_mean.normal_()
    head.normalise.running_var.uniform_(0.5, 3)
    inputs = torch.randn(1, CHANNELS, 6, 9)
    with torch.inference_mode():
        before = head.features(inputs)
        fold_normalisation(head)
        assert torch.allclose(head.features(inputs), before, atol=1e-4)
    assert before.shape[2:] == (12, 18)


def test_labels_name_what_a_composite_shows() -> None:
    from PIL import Image

    from training.composites import Composite

    made = Composite("2", Image.new("RGB", (4, 4)), ("gull", "bear"), ())
    assert multi_hot(made, ["bear", "cat", "gull"]).tolist() == [1, 0, 1]
