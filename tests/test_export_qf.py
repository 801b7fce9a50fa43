"""The files of the QF networks compute what PyTorch computes, for pictures of any size, and a difference is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import COLOUR_PHOTOGRAPHS, photograph

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")
pytest.importorskip("onnxscript", reason="the extra [train] is not installed")

from dataclasses import replace  # noqa: E402

import onnx  # noqa: E402
from onnx import TensorProto, numpy_helper  # noqa: E402

from pyregjpeg.map_model import load_model  # noqa: E402
from pyregjpeg.model_card import read_card  # noqa: E402
from pyregjpeg.qf_planes import of_picture  # noqa: E402
from pyregjpeg.qf_predictor import load_predictor  # noqa: E402
from training import export_qf  # noqa: E402
from training.differentiable_jpeg import coefficients  # noqa: E402
from training.export_qf import GENERATOR_CARD, PREDICTOR_CARD, compared, exported_networks  # noqa: E402
from training.onnx_files import WEIGHTS, written  # noqa: E402
from training.qf_networks import SHIPPING, UP  # noqa: E402
from training.qf_pipeline import QfSystem, keep, kept  # noqa: E402

TINY = replace(
    SHIPPING,
    generator=((8, 1), (8, 2), (8, UP), (2, 1)),
    predictor=((8, 1), (8, 2), (8, UP), (2, 1)),
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> QfSystem:
    """One whose weights have been kept, so that they have 16 bits."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    keep(QfSystem(TINY), "tiny", folder)
    return kept("tiny", TINY, folder)


@pytest.fixture(scope="module")
def networks(system: QfSystem) -> tuple[Any, Any]:
    return exported_networks(system)


@pytest.fixture
def photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cuts of one; the last has a single region."""
    whole = next(export_qf.pictures())
    cuts = [whole[:, :height, :width] for height, width in ((70, 90), (33, 47), (1, 1))]
    monkeypatch.setattr(export_qf, "pictures", lambda: iter(cuts))


@pytest.mark.usefixtures("photographs")
def test_the_files_compute_what_pytorch_computes(system: QfSystem, networks: tuple[Any, Any]) -> None:
    found = compared(system, *networks)
    assert found["pictures_compared_with_pytorch"] == 3
    assert found["factors_compared"] == 2 * (5 * 6 + 3 * 3 + 1)
    assert found["factors_differing_beyond_rounding"] == 0
    assert 0 < found["predicted_map_max_difference_from_pytorch"] < 1e-4


@pytest.mark.usefixtures("photographs")
def test_other_weights_are_noticed(networks: tuple[Any, Any]) -> None:
    torch.manual_seed(1)
    found = compared(QfSystem(TINY).eval(), *networks)
    assert found["factors_differing_beyond_rounding"] > 20
    assert found["predicted_map_max_difference_from_pytorch"] > export_qf.TOLERANCE


@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
def test_the_package_hands_over_the_coefficients_that_were_trained_on(name: str) -> None:
    image = photograph(name)
    luma, chroma = of_picture(image)
    expected = export_qf.fed(coefficients(torch.tensor(np.asarray(image, dtype=np.float32)[None]), "4:2:0"))
    np.testing.assert_allclose(luma, expected["luma"], atol=1e-3)
    np.testing.assert_allclose(chroma, expected["chroma"], atol=1e-3)


def test_weights_take_two_bytes_and_are_those_that_were_kept(system: QfSystem, networks: tuple[Any, Any]) -> None:
    halves = [tensor for tensor in networks[0].graph.initializer if tensor.data_type == TensorProto.FLOAT16]
    stored = sorted(
        float(numpy_helper.to_array(each).astype("float64").sum()) for each in halves if len(each.dims) == 4
    )
    convolutions = [layer.weight.double().sum().item() for layer in system.generator.convolutions.layers]
    assert stored == pytest.approx(sorted(convolutions))
    assert not any(t.data_type == TensorProto.FLOAT and len(t.dims) > 1 for t in networks[0].graph.initializer)


def test_files_with_their_cards_can_be_loaded(networks: tuple[Any, Any], tmp_path: Path) -> None:
    assert load_model(written(networks[0], GENERATOR_CARD, tmp_path)).card.kind == "qf"
    assert load_predictor(written(networks[1], PREDICTOR_CARD, tmp_path / "predictors")).name == "qf"
    assert b"tmp" not in (tmp_path / "qf.onnx").read_bytes()  # a place on this machine


def test_figures_of_the_evaluation_go_to_the_card_of_the_network_that_they_are_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = {
        "pictures": 7,
        "chosen": {"kl": 1.5, "predicted_rightly": 40.0, "prediction_off_by": 0.5},
        "bits_at_equal_kl_percent": {"generated": 0.0, "flat, one factor": -14.0, "flat, generated means": -5.0},
    }
    (tmp_path / "evaluate_qf-shipping.json").write_text(json.dumps(found), "utf-8")
    monkeypatch.setattr(export_qf, "RESULTS", tmp_path)
    generator, predictor = export_qf.measured({"factors_compared": 9, "predicted_map_max_difference_from_pytorch": 0})
    assert generator == {
        "validation_photographs": 7,
        "kl": 1.5,
        "bits_at_equal_kl_against_flat_one_factor_percent": -14.0,
        "bits_at_equal_kl_against_flat_generated_means_percent": -5.0,
        "factors_compared": 9,
    }
    assert predictor == {
        "validation_photographs": 7,
        "predicted_rightly": 40.0,
        "prediction_off_by": 0.5,
        "predicted_map_max_difference_from_pytorch": 0,
    }


@pytest.mark.parametrize(
    "path", [WEIGHTS / "qf.onnx", WEIGHTS / "predictors" / "qf.onnx"], ids=["generator", "predictor"]
)
def test_what_ships_is_of_the_kept_weights(path: Path) -> None:
    part = "generator" if path.parent == WEIGHTS else "predictor"
    network = getattr(kept("shipping"), part)
    stored = {
        float(numpy_helper.to_array(tensor).astype("float64").sum())
        for tensor in onnx.load(path).graph.initializer
        if len(tensor.dims) == 4
    }
    assert stored == {layer.weight.double().sum().item() for layer in network.convolutions.layers}
    assert path.stat().st_size < export_qf.LARGEST_FILE
    assert read_card(path.with_suffix(".json")).measured
