"""The experiment of 2017: files of equal size, and the arithmetic of its tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from helper import photograph
from PIL import Image

import pyregjpeg
from benchmarks import differences, imagenet_categories, region_figures, same_size
from benchmarks.differences import Difference, Figures
from benchmarks.equal_bytes import COMPOSITE, FLAT, OURS, PLAIN, SIZE_TOLERANCE
from benchmarks.figures import category_figure, difference_figure
from benchmarks.imagenet_categories import CATEGORIES, EACH, OTHER, category_of, hundred
from benchmarks.photographs import Photograph, photographs
from benchmarks.same_size import METHODS
from pyregjpeg.metrics import psnr_y


def figures_of(photograph: str, psnr: tuple[float, ...], category: str = "") -> list[Figures]:
    """One size of one photograph, in the order of METHODS."""
    values = zip(METHODS, psnr, strict=True)
    return [Figures(photograph, category, 50, method, 1000, {"PSNR inside": value}) for method, value in values]


FOUND = [*figures_of("first", (30, 31, 32, 33, 33), "cats"), *figures_of("second", (30, 29, 28, 28, 29), "dogs")]


def of_name(name: str, image: Image.Image) -> Photograph:
    file = io.BytesIO()
    image.save(file, "PNG")
    return Photograph(name, file.getvalue)


@pytest.fixture(scope="module")
def cat() -> Photograph:
    return of_name("n02123045_tabby", photograph("chelsea"))


def test_all_methods_of_a_photograph_have_the_size_of_plain_jpeg(cat: Photograph) -> None:
    found = same_size.compare(cat)
    assert [(item.plain_quality, item.method) for item in found] == [(q, m) for q in (50, 75) for m in METHODS]
    assert {item.category for item in found} == {OTHER}
    for quality in (50, 75):
        of_size = [item for item in found if item.plain_quality == quality]
        assert 0 < same_size.largest_deviation(of_size) < SIZE_TOLERANCE
    assert all(len(item.values) == 2 * len(same_size.METRICS) + 1 for item in found)
    psnr = {item.method: item.values["PSNR inside"] for item in found if item.plain_quality == 50}
    assert psnr[OURS] > psnr[FLAT] > psnr[COMPOSITE]


def test_what_changes_outside_leaves_the_figures_inside_alone() -> None:
    image = photograph("chelsea")
    inside = np.zeros((image.height, image.width), dtype=bool)
    inside[:, :160] = True
    changed = np.asarray(image).copy()
    changed[:, 160:] //= 2
    file = io.BytesIO()
    Image.fromarray(changed).save(file, "PNG")
    values = region_figures.measured(image, file.getvalue(), inside)
    assert values["PSNR inside"] == np.inf
    assert values["SSIMULACRA2 inside"] == pytest.approx(100)
    assert values["PSNR outside"] == pytest.approx(psnr_y(image, changed, ~inside))
    assert values["SSIMULACRA2 outside"] == values["SSIMULACRA2 whole"] < 50


def test_inside_is_the_most_important_30_percent() -> None:
    importance = np.arange(100, dtype=np.float32).reshape(10, 10)
    assert np.array_equal(region_figures.inside_of(importance), importance >= 70)


def test_differences_are_by_photograph() -> None:
    assert differences.by_photograph(FOUND, OURS, PLAIN, "PSNR inside") == {"first": 3, "second": -1}


def test_a_summary_has_the_mean_its_interval_and_the_share_won() -> None:
    found = differences.over_photographs(FOUND, OURS, PLAIN, "PSNR inside")
    assert (found.mean, found.low, found.high, found.won) == (1, -1, 3, 0.5)


def test_the_interval_holds_the_true_mean_about_nineteen_times_in_twenty() -> None:
    generator = np.random.default_rng(1)
    trials = [differences.summarize(list(generator.normal(2, 1, 40)), resamples=400) for _ in range(200)]
    assert 178 <= sum(trial.low <= 2 <= trial.high for trial in trials) <= 198


def test_each_category_is_summarized_by_itself() -> None:
    found = differences.by_category(FOUND, OURS, COMPOSITE, "PSNR inside")
    assert {category: one.mean for category, one in found.items()} == {"cats": 2, "dogs": 0}
    assert found["dogs"].won == 0  # a draw is not won


def test_the_table_has_differences_and_means() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in same_size.tables(FOUND, 50).splitlines()
        if line.startswith("| PSNR")
    ]
    assert rows[0] == [
        "PSNR inside",
        "+1.00 (-1.00..+3.00), 50 %",
        "+1.00 (+1.00..+1.00), 100 %",
        "+1.00 (+0.00..+2.00), 50 %",
    ]
    assert rows[2] == ["PSNR inside", "30", "30", "30", "30.5", "31"]


def test_the_largest_deviation_is_that_of_the_size() -> None:
    sizes = zip(METHODS, (1000, 996, 1008, 1001, 1002), strict=True)
    found = [Figures("one", "", 50, method, size, {}) for method, size in sizes]
    assert same_size.largest_deviation(found) == pytest.approx(0.008)


def test_there_is_one_record_a_photograph(tmp_path: Path) -> None:
    same_size.write_records(tmp_path / "new" / "records.csv", FOUND)
    with (tmp_path / "new" / "records.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    assert [(record["photograph"], record["category"]) for record in records] == [("first", "cats"), ("second", "dogs")]
    assert [record["q50 REGIONJPEG PSNR inside"] for record in records] == ["33", "29"]
    assert len(records[0]) == 2 + 2 * len(METHODS)


def test_the_bars_are_drawn(tmp_path: Path) -> None:
    pictures = {name: {"minus plain": {"first": 3.0, "second": -1.0}} for name in ("a", "b", "c")}
    difference_figure(tmp_path / "pictures.png", "title", pictures)
    categories = {name: {"minus plain": {"cats": Difference(3.0, 2.5, 3.1, 1)}} for name in ("a", "b", "c")}
    category_figure(tmp_path / "categories.png", "title", categories)
    written = [Image.open(tmp_path / f"{name}.png") for name in ("pictures", "categories")]
    assert [image.width for image in written] == [1100, 1100]
    assert written[0].tobytes() != written[1].tobytes()


def test_the_test_fifth_is_every_fifth_file_and_no_training_sees_it(tmp_path: Path) -> None:
    folder = tmp_path / "imagenet-sample-images"
    folder.mkdir()
    names = [f"n{number:08}_x" for number in range(11)]
    for name in names:
        (folder / f"{name}.JPEG").write_bytes(b"")
    assert [photograph.name for photograph in photographs("imagenet_test", tmp_path)] == names[::5]
    trained_on = [photograph.name for photograph in photographs("imagenet_train", tmp_path)]
    assert sorted([*names[::5], *trained_on]) == names


def test_the_class_in_the_name_tells_the_category() -> None:
    names = {"n01530575_brambling": "birds", "n02112137_chow": "dogs", "n04355338_sundial": OTHER}
    assert {name: category_of(Photograph(name, bytes)) for name in names} == names


def test_no_class_has_two_categories() -> None:
    listed = [name for names in imagenet_categories._CLASSES.values() for name in names.split()]
    assert len(listed) == len(set(listed))


def test_a_hundred_are_ten_of_each_category_at_even_steps() -> None:
    large, small = Image.new("L", (170, 170)), Image.new("L", (170, 160))
    fifth = [
        of_name(f"n1_{name}", image)
        for names in [*imagenet_categories._CLASSES.values(), " ".join("abcdefghijklmnopqrst")]
        for name, image in [*((name, large) for name in names.split()), (names.split()[0], small)]
    ]
    chosen = hundred(fifth)
    assert [category_of(photograph) for photograph in chosen] == [name for name in CATEGORIES for _ in range(EACH)]
    assert all(photograph.load().height > 160 for photograph in chosen)
    assert [photograph.name for photograph in chosen[-EACH:]] == [f"n1_{name}" for name in "acegikmoqs"]


def test_the_map_is_that_of_the_default_model(cat: Photograph, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def predict_map(*arguments: object) -> np.ndarray:
        asked.append(arguments[1:])
        raise InterruptedError

    monkeypatch.setattr(pyregjpeg, "predict_map", predict_map)
    with pytest.raises(InterruptedError):
        same_size.compare(cat)
    assert asked == [()]
