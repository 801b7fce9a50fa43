"""Maps of training runs: by both readings of class maps, and whole, from what training and fitting wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")

from pyregjpeg.map_model import load_model  # noqa: E402
from training.lite0 import STRIDE_16, Lite0  # noqa: E402
from training.msroi import WEIGHTS, Msroi  # noqa: E402
from training.msroi_2017 import combination, combine  # noqa: E402
from training.msroi_networks import Head, highest  # noqa: E402
from training.trained_maps import maps_of_runs, pixels  # noqa: E402

SUBJECTS = 6
PICTURE = Image.effect_noise((320, 240), 90).convert("RGB")


def test_the_highest_class_counts_wherever_it_is() -> None:
    maps = torch.tensor([[[1.0, 5.0]], [[3.0, 2.0]]])
    assert highest(maps).tolist() == [[3, 5]]


def test_the_combination_is_of_the_five_classes_with_the_highest_mean() -> None:
    maps = torch.randn(7, 4, 4)
    order = maps.mean((1, 2)).argsort(descending=True)[:5]
    assert torch.equal(combination(maps), combine(maps[order]))


def test_a_run_has_a_map_for_each_reading_and_a_fitted_head_its_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Head(SUBJECTS).eval()
    torch.save({"network": network.state_dict()}, tmp_path / "head-4.pt")
    (tmp_path / "msroi-9.npz").write_bytes(WEIGHTS.read_bytes())
    lite0 = Lite0().eval()
    maps = maps_of_runs(tmp_path, lite0)
    assert list(maps) == [
        "head network, seed 4, combination",
        "head network, seed 4, highest",
        "msroi in float32, seed 9",
    ]
    with torch.inference_mode():
        [features] = lite0.features(pixels(PICTURE), [STRIDE_16])
        expected = network.class_maps(network.features(features))[0].amax(0)
    assert np.array_equal(maps["head network, seed 4, highest"](PICTURE), expected)
    shipped = load_model("msroi").predict(PICTURE)
    assert np.abs(maps["msroi in float32, seed 9"](PICTURE) - shipped).mean() < 0.05  # what int8 does


def test_a_block_behind_the_last_that_is_asked_for_is_not_run() -> None:
    lite0 = Lite0().eval()
    ran: list[int] = []
    for number, block in enumerate(lite0.blocks.children()):
        block.register_forward_hook(lambda *_, number=number: ran.append(number))
    shapes = [tuple(each.shape) for each in lite0.features(torch.zeros(1, 64, 96, 3), [STRIDE_16])]
    assert (max(ran), shapes) == (STRIDE_16, [(1, 112, 4, 6)])


def test_a_picture_of_any_size_has_a_map_of_eighths() -> None:
    module: Any = Msroi().eval()
    with torch.inference_mode():
        region_map, evidence, strength = module(torch.zeros(1, 96, 160, 3, dtype=torch.uint8))
    assert (region_map.shape, evidence.shape, strength.shape) == ((12, 20), (1, 12, 20), (1, 3, 5))
