"""The experiment of 2017: files of equal size, and the arithmetic of its table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from helper import photograph
from PIL import Image

from benchmarks import same_size
from benchmarks.figures import difference_figure
from benchmarks.photographs import Photograph
from benchmarks.same_size import COMPOSITE, FLAT, METHODS, OURS, PLAIN, Figures
from pyregjpeg.quantization import annex_k


def figures_of(photograph: str, psnr: tuple[float, float, float, float]) -> list[Figures]:
    """One size of one photograph, in the order of METHODS."""
    values = zip(METHODS, psnr, strict=True)
    return [Figures(photograph, 50, method, 1000, {"PSNR inside": value}) for method, value in values]


FOUND = [*figures_of("first", (30, 31, 32, 33)), *figures_of("second", (30, 29, 28, 29))]


@pytest.fixture(scope="module")
def cat() -> Photograph:
    file = io.BytesIO()
    photograph("chelsea").save(file, "PNG")
    return Photograph("cat", file.getvalue)


@pytest.mark.parametrize("quality", [1, 10, 25, 50, 51, 75, 90, 95, 99])
def test_at_a_whole_quality_the_tables_are_pillows(quality: int) -> None:
    assert np.array_equal(same_size.tables_at(quality), annex_k(quality))


def test_between_two_qualities_the_tables_are_between_theirs() -> None:
    coarse, between, fine = (np.array(same_size.tables_at(quality)) for quality in (60, 60.5, 61))
    assert ((fine <= between) & (between <= coarse)).all()
    assert coarse.sum() > between.sum() > fine.sum()


def test_a_size_is_met_within_one_percent() -> None:
    found = same_size.at_size(lambda _, quality: bytes(int(1000 + 90 * quality**1.5)), 12_345)
    assert len(found) == pytest.approx(12_345, rel=same_size.SIZE_TOLERANCE)


def test_a_size_within_a_jump_is_met_by_steps_from_both_sides() -> None:
    def encode(tables: same_size.Tables, _quality: float) -> bytes:
        return bytes(int(10_000 * (tables == 1).mean()) + 10_000)

    sizes = [len(encode(same_size.tables_at(quality), quality)) for quality in np.linspace(1, 99.5, 400)]
    jump = int(np.argmax(np.diff(sizes)))
    target = (sizes[jump] + sizes[jump + 1]) // 2
    assert min(abs(size / target - 1) for size in sizes) > same_size.SIZE_TOLERANCE
    assert len(same_size.at_size(encode, target)) == pytest.approx(target, rel=same_size.SIZE_TOLERANCE)


def test_a_size_that_no_quality_gives_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="nearest is 900"):
        same_size.at_size(lambda _tables, _quality: bytes(900), 1000)


def test_all_methods_of_a_photograph_have_the_size_of_plain_jpeg(cat: Photograph) -> None:
    found = same_size.compare(cat)
    assert [(item.plain_quality, item.method) for item in found] == [(q, m) for q in (50, 75) for m in METHODS]
    for quality in (50, 75):
        of_size = [item for item in found if item.plain_quality == quality]
        assert 0 < same_size.largest_deviation(of_size) < same_size.SIZE_TOLERANCE
    assert all(len(item.values) == 2 * len(same_size.METRICS) + 1 for item in found)
    psnr = {item.method: item.values["PSNR inside"] for item in found if item.plain_quality == 50}
    assert psnr[OURS] > psnr[FLAT] > psnr[COMPOSITE]


def test_differences_are_by_photograph() -> None:
    assert same_size.differences(FOUND, OURS, PLAIN, "PSNR inside") == {"first": 3, "second": -1}


def test_the_table_has_averages_and_the_share_won(capsys: pytest.CaptureFixture[str]) -> None:
    row = same_size.report(FOUND, 50)["PSNR inside"]
    assert [row[method] for method in METHODS] == [30, 30, 30, 31]
    assert [row[f"won against {rival}"] for rival in (PLAIN, COMPOSITE, FLAT)] == [0.5, 0.5, 1.0]
    assert "| PSNR inside" in capsys.readouterr().out


def test_the_largest_deviation_is_that_of_the_size() -> None:
    sizes = [
        Figures("one", 50, method, size, {}) for method, size in zip(METHODS, (1000, 996, 1008, 1001), strict=True)
    ]
    assert same_size.largest_deviation(sizes) == pytest.approx(0.008)


def test_a_draw_is_not_won() -> None:
    row = same_size.report(figures_of("one", (30, 30, 30, 30)), 50)["PSNR inside"]
    assert row[f"won against {PLAIN}"] == 0


def test_there_is_one_record_a_photograph(tmp_path: Path) -> None:
    same_size.write_records(tmp_path / "new" / "records.csv", FOUND)
    with (tmp_path / "new" / "records.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    assert [record["photograph"] for record in records] == ["first", "second"]
    assert [record["q50 REGIONJPEG PSNR inside"] for record in records] == ["33", "29"]
    assert len(records[0]) == 1 + 2 * len(METHODS)


def test_the_bars_are_drawn(tmp_path: Path) -> None:
    panels = {name: {"minus plain": {"first": 3.0, "second": -1.0}} for name in ("a", "b", "c")}
    difference_figure(tmp_path / "bars.png", "title", panels)
    assert Image.open(tmp_path / "bars.png").width == 1100
