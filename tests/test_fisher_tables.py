"""training.fisher_tables: information bent into steps and weights, real files judged, and the scale of each quality."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helper import photograph
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg import region_map
from pyregjpeg.machine_tables import TABLES
from pyregjpeg.quantization import LOW_FREQUENCIES

pytest.importorskip("torch", reason="the extra [train] is not installed")

from training import fisher_tables, machine_subjects
from training.fisher_tables import QUALITIES, STRENGTHS, Judge, Shape, scales
from training.judges import Network, differences
from training.machine_subjects import Subject, squares

SIDE = 128  # pixels, of a stand-in for a network, which sees pictures as they are
LOGARITHMS = np.log(np.stack([np.geomspace(2, 0.01, 64), np.geomspace(9, 0.5, 64), np.geomspace(1, 0.002, 64)]))
FAITHFUL = Shape(1, 0, 0, 0, 1, 0, 0, -3, 1, 0)


def answers(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Means of 8x8 pixels: an answer that fine detail does not change."""
    count = len(pictures)
    blocks = pictures.reshape(count, SIDE // 8, 8, SIDE // 8, 8, 3).astype(np.float32) / 255
    return blocks.mean(axis=(2, 4)).reshape(count, -1)


BLURRED = Network(SIDE, answers, differences)


def square(name: str) -> NDArray[np.uint8]:
    return np.asarray(photograph(name).crop((0, 0, SIDE, SIDE)))


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    return [Subject(square(name), "4:2:0") for name in ("coffee", "astronaut", "rocket")]


def test_a_faithful_shape_has_steps_of_equal_information_and_weights_that_are_it() -> None:
    found = FAITHFUL.found(LOGARITHMS, "4:2:0", (1.0, 0.2))
    of_a_step = found.fisher * found.steps**2
    assert of_a_step == pytest.approx(np.full((3, 64), of_a_step[0, 0]))
    assert np.log(found.steps[0, LOW_FREQUENCIES]).mean() == pytest.approx(0)
    assert np.exp(LOGARITHMS - LOGARITHMS[0, 0]) == pytest.approx(found.fisher / found.fisher[0, 0])


def test_each_number_of_a_shape_does_what_it_says() -> None:
    plain = FAITHFUL.found(LOGARITHMS, "4:2:0", (1.0, 0.2))

    def changed(**numbers: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        found = replace(FAITHFUL, **numbers).found(LOGARITHMS, "4:2:0", (1.0, 0.2))
        return np.log(found.steps / plain.steps), np.log(found.fisher / plain.fisher)

    assert changed(luma_dc=-0.5)[0][0, :2] == pytest.approx([-0.5, 0])
    assert changed(chroma_dc=-0.5)[0][1:, 0] == pytest.approx(-0.5)
    assert changed(chroma=0.3)[0].mean(axis=1) == pytest.approx([0, 0.3, 0.3])
    rise = changed(luma_rise=0.5)[0][0]
    assert rise[[7, 56, 63]] - rise[0] == pytest.approx([0.5, 0.5, 2])
    assert changed(chroma_weight=0.7)[1].mean(axis=1) == pytest.approx([0, 0.7, 0.7])
    of_step = replace(FAITHFUL, luma_follows=0.5, weight_follows=0).found(LOGARITHMS, "4:2:0", (1.0, 0.2))
    assert of_step.fisher * of_step.steps**2 == pytest.approx(1)


def test_a_judge_prefers_tables_that_spend_where_its_network_looks(subjects: list[Subject]) -> None:
    judge = Judge(subjects, [BLURRED], 2.0)
    radius = np.hypot(*np.divmod(np.arange(64), 8))
    blind_to_detail = np.tile(-radius, (3, 1))
    blind_to_waves = np.tile(radius - radius.max(), (3, 1))
    matched, reverse = (
        judge.gain(FAITHFUL.found(logarithms, "4:2:0", (1.0, 0.2)), mapped=False)
        for logarithms in (blind_to_detail, blind_to_waves)
    )
    assert matched < -15 < 15 < reverse


def test_a_map_moves_bytes_to_what_it_says(subjects: list[Subject]) -> None:
    subject = subjects[0]
    found = FAITHFUL.found(LOGARITHMS, "4:2:0", (1.0, 0.2))
    left = np.zeros(region_map.grid_shape(subject.image.size), dtype=np.uint8)
    left[:, : left.shape[1] // 2] = region_map.LEVELS - 1
    pixels = subject.pixels.astype(float)

    def errors(jpeg: bytes) -> tuple[float, float]:
        wrong = np.square(np.asarray(Image.open(io.BytesIO(jpeg))) - pixels).mean(axis=(0, 2))
        return float(wrong[: SIDE // 2].mean()), float(wrong[SIDE // 2 :].mean())

    mapped, flat = errors(subject.encoded(found, 30, left)), errors(subject.encoded(found, 30))
    assert mapped[0] < flat[0]
    assert mapped[1] > flat[1]


def test_at_a_qualitys_scale_files_are_as_large_as_pillows(subjects: list[Subject]) -> None:
    found = FAITHFUL.found(LOGARITHMS, "4:2:0", (1.0, 0.2))
    by_quality = scales(subjects, found)
    assert np.all(np.diff(by_quality) <= 0)
    assert np.all(np.diff(by_quality[: QUALITIES.index(95)]) < 0)
    for quality in (20, 50, 75, 90):
        scale = by_quality[QUALITIES.index(quality)]
        ratios = [
            len(subject.encoded(found, scale, subject.levels)) / len(subject.plain(quality)) for subject in subjects
        ]
        assert np.exp(np.log(ratios).mean()) == pytest.approx(1, abs=0.03)


def test_without_generations_a_search_ends_where_it_starts(subjects: list[Subject]) -> None:
    judge = Judge(subjects[:1], [BLURRED], 2.0)
    assert fisher_tables.search(judge, FAITHFUL, LOGARITHMS, 0) == FAITHFUL


def test_a_search_finds_a_better_shape(subjects: list[Subject]) -> None:
    pytest.importorskip("cma")
    judge = Judge(subjects[:2], [BLURRED], 2.0)
    found = fisher_tables.search(judge, FAITHFUL, LOGARITHMS, 3)
    before, after = (
        judge.gain(shape.found(LOGARITHMS, "4:2:0", (1, 0.2)), mapped=False) for shape in (FAITHFUL, found)
    )
    assert after < before


def test_squares_are_of_all_kinds_and_never_scaled_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def sources(root: Path) -> Iterator[tuple[str, int, int, Image.Image]]:
        for number in range(40):
            side = 400 if number % 2 else 600
            for name in ("imagenet", "wallpapers", "camvid", "another"):
                yield name, number, -1, Image.new("RGB", (side + 100, side), (number, len(name), 0))

    monkeypatch.setattr(machine_subjects, "sources", sources)
    found = squares(Path(), 2.0, 10)
    assert len(found) == 10
    assert {pixels.shape for pixels in found} == {(448, 448, 3)}
    assert {pixels[0, 0, 1] for pixels in found} == {len("imagenet"), len("wallpapers"), len("camvid")}
    assert all(pixels[0, 0, 0] % 2 == 0 for pixels in found)  # of those of 600 pixels
    assert len(squares(Path(), 1.0, 10, side=300)) == 10


def test_the_shipped_tables_are_those_of_their_shapes() -> None:
    content = json.loads(TABLES.read_text("utf-8"))
    assert [family["ratio"] for family in content["families"]] == list(fisher_tables.RATIOS)
    for family in content["families"]:
        nearest = min(fisher_tables.SEARCHED_RATIOS, key=lambda ratio: abs(np.log(ratio / family["ratio"])))
        chosen = content["shapes"][f"{nearest:g}"]
        assert family["bit"] == pytest.approx(np.exp(chosen["shape"]["bit"]), abs=1e-4)
        assert (family["luma_strength"], family["chroma_strength"]) == tuple(chosen["strengths"])
        assert tuple(chosen["strengths"]) in STRENGTHS
        assert family["subsampling"] == chosen["subsampling"]
