"""Generator and predictor learn together, the same after an interruption, for pictures of any size."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import photograph

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")

from training import train_qf  # noqa: E402
from training.bpp_estimator import load_estimator  # noqa: E402
from training.differentiable_jpeg import coefficients  # noqa: E402
from training.qf_data import NO_LABEL, Photo, batch_of_crops, random_crop  # noqa: E402
from training.qf_networks import (  # noqa: E402
    PUBLISHED,
    SHIPPING,
    UP,
    Generator,
    Predictor,
    clipped_both_ways,
    network_input,
)
from training.qf_pipeline import QfSystem, keep, kept, losses, targets  # noqa: E402

TINY = replace(
    SHIPPING,
    generator=((8, 1), (8, 2), (8, UP), (2, 1)),
    predictor=((8, 1), (8, 2), (8, UP), (2, 1)),
    sides=(64,),
    batch=2,
    steps=2,
    epochs=2,
)


class TinyClassifier(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """In Lite0's place: the colours of a coarse grid."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = torch.randn(48, 1000, generator=torch.Generator().manual_seed(0)) / 40

    def features(self, pictures: Any, blocks: Any) -> list[Any]:
        return [torch.nn.functional.adaptive_avg_pool2d(pictures.permute(0, 3, 1, 2) / 64, 4)]

    def scores(self, last: Any) -> Any:
        return last.flatten(1) @ self.weights


PHOTOS = [Photo(np.asarray(photograph(name)), label) for name, label in (("astronaut", 3), ("chelsea", NO_LABEL))]


def run(path: Path, epochs: int) -> dict[str, Any]:
    classifier: Any = TinyClassifier()
    clean = train_qf.Clean.of(PHOTOS, classifier)
    train_qf.train(replace(TINY, epochs=epochs), PHOTOS, clean, classifier, load_estimator(), 5, path)
    return dict(torch.load(path.with_suffix(".pt")))


@pytest.mark.slow
def test_an_interrupted_run_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    whole = run(tmp_path / "whole", 2)
    run(tmp_path / "parts", 1)
    parts = run(tmp_path / "parts", 2)
    assert all(torch.equal(whole["system"][name], parts["system"][name]) for name in whole["system"])
    logs = [list(csv.DictReader((tmp_path / f"{name}.csv").open())) for name in ("whole", "parts")]
    for lines in logs:
        for line in lines:
            del line["images_per_second"]
    assert logs[0] == logs[1]
    assert [line["epoch"] for line in logs[0]] == ["1", "2"]
    assert (tmp_path / "parts-samples.png").stat().st_size > 1000
    assert (tmp_path / "parts.png").stat().st_size > 1000


def test_a_line_that_outlived_its_checkpoint_is_written_once(tmp_path: Path) -> None:
    line = train_qf.Epoch(1, *[0.0] * 15)  # type: ignore[arg-type]
    for epoch in (1, 2, 2, 3):
        train_qf.append(tmp_path / "log.csv", replace(line, epoch=epoch))
    assert [row["epoch"] for row in csv.DictReader((tmp_path / "log.csv").open())] == ["1", "2", "3"]


@pytest.mark.parametrize("config", [PUBLISHED, SHIPPING], ids=["published", "shipping"])
@pytest.mark.parametrize("size", [(32, 48), (33, 47), (80, 8), (16, 16)])
def test_maps_have_a_factor_for_each_region_of_any_picture(config: Any, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = coefficients(torch.rand(1, *size, 3) * 255, config.subsampling)
    factors = Generator(config)(values)
    regions = (-(-size[0] // 16), -(-size[1] // 16))
    assert factors.shape == (1, 2, *regions)
    assert torch.equal(factors, factors.round())
    smallest, largest = torch.tensor([[3.0, 10.0]]), torch.tensor([[5.0, 40.0]])
    predicted = Predictor(config)(values, smallest, largest)
    assert predicted.shape == (1, 2, *regions)
    assert (predicted[:, 0] >= 3).all()
    assert (predicted[:, 0] <= 5).all()
    assert (predicted[:, 1] >= 10).all()


def test_published_networks_have_the_published_shapes() -> None:
    values = coefficients(torch.rand(1, 224, 224, 3) * 255, "4:4:4")
    assert network_input(values, PUBLISHED).shape == (1, 192, 28, 28)
    widths = [layer.weight.shape for layer in Generator(PUBLISHED).convolutions.layers]
    assert widths[0] == (96, 192, 3, 3)
    assert widths[5] == (384, 192, 3, 3)  # transposed: channels in, channels out
    assert len(Predictor(PUBLISHED).convolutions.layers) == 13


def test_a_regions_four_blocks_are_its_channels() -> None:
    picture = torch.zeros(1, 32, 32, 3)
    picture[:, 8:16, 16:24] = 255  # the third block of the second region
    values = coefficients(picture, "4:2:0")
    dc = network_input(values, SHIPPING)[0, 0:256:64]  # of the four blocks
    assert (dc[:, 0, 1] > 0).tolist() == [False, False, True, False]
    assert (dc[:, 1] < 0).all()


@pytest.mark.parametrize(
    ("value", "gradient", "passes"), [(1, 2, False), (1, -2, True), (60, 2, True), (60, -2, False)]
)
def test_beyond_the_limits_a_gradient_passes_only_if_it_leads_back(value: int, gradient: int, passes: bool) -> None:
    values = torch.tensor([float(value)], requires_grad=True)
    clipped = clipped_both_ways(values, 2.0, 50.0)
    clipped.backward(torch.tensor([float(gradient)]))
    assert clipped.item() == (2 if value < 2 else 50)
    assert (values.grad.item() == gradient) is passes


def test_labels_are_kept_and_what_has_none_is_asked_of_the_classifier() -> None:
    classifier: Any = TinyClassifier()
    pictures = torch.rand(2, 64, 64, 3) * 255
    wanted = targets(classifier, pictures, torch.tensor([7, NO_LABEL]))
    assert wanted[0].argmax() == 7
    assert wanted[0].max() == 1
    assert 0 < wanted[1].max() < 1
    assert wanted.sum(1).tolist() == pytest.approx([1, 1], abs=1e-5)


@pytest.mark.parametrize("decodes_with", ["predicted", "generated"])
def test_the_loss_reaches_both_networks(decodes_with: Any) -> None:
    torch.manual_seed(1)
    config = replace(TINY, decodes_with=decodes_with, prediction_weight=0.1 if decodes_with == "generated" else 0.0)
    system = QfSystem(config)
    classifier: Any = TinyClassifier()
    found = losses(system, classifier, load_estimator(), *batch_of_crops(PHOTOS, 2, 64, np.random.default_rng(0)))
    expected = found["task_loss"] + 4 * found["bpp"] + config.prediction_weight * found["prediction_error"]
    assert found["loss"].item() == pytest.approx(expected.item())
    found["loss"].backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in system.parameters())


def test_crops_are_never_enlarged_and_the_same_of_the_same_seed() -> None:
    pixels = np.asarray(photograph("chelsea"))
    crops = [random_crop(pixels, 200, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert crops[0].shape == (200, 200, 3)
    assert np.array_equal(crops[0], crops[1])
    assert not np.array_equal(crops[0], crops[2])


def test_kept_weights_give_nearly_the_same_maps(tmp_path: Path) -> None:
    torch.manual_seed(3)
    system = QfSystem(TINY)
    keep(system, "tiny", tmp_path)
    values = coefficients(torch.tensor(PHOTOS[0].pixels[None, :64, :96].astype(np.float32)), "4:2:0")
    difference = (kept("tiny", TINY, tmp_path).generator(values) - system.generator(values)).abs()
    assert difference.max() <= 1
    assert difference.mean() < 0.1
