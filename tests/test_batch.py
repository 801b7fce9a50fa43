"""Many files: results as they come, few in hand at once, and the same bytes on any number of threads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from converting import BOX, folder, jpeg
from helper import PHOTOGRAPHS, photograph

import pyregjpeg
from pyregjpeg import batch, map_model, settings
from pyregjpeg.conversion import ConvertResult
from pyregjpeg.errors import MapError, ModelError, OptionError
from pyregjpeg.journal import NAME, Entry, Journal
from pyregjpeg.scan import Job

__all__ = ["folder"]
pytestmark = pytest.mark.usefixtures("folder")
SETTINGS = settings.checked(region_map=BOX)


@pytest.fixture
def photographs() -> list[str]:
    """The names of five files in the folder "in"."""
    Path("in").mkdir()
    for name in PHOTOGRAPHS:
        photograph(name).save(f"in/{name}.png")
    return sorted(PHOTOGRAPHS)


def convert(*sources: Any, **options: Any) -> list[ConvertResult]:
    return list(pyregjpeg.convert(*sources, **{"region_map": BOX, **options}))


def written(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).glob("*.jpg")}


def pretended(of: Job) -> ConvertResult:
    entry = None if of.root is None else Entry(of.root, of.target, "0" * 64, "1" * 64, "2" * 64)
    return ConvertResult(of.source, of.target, "converted", entry=entry)


def test_it_yields_a_result_for_each_file(photographs: list[str]) -> None:
    results = convert("in", "out", jobs=2)
    assert sorted(result.source for result in results) == [f"in/{name}.png" for name in photographs]
    assert {result.status for result in results} == {"converted"}
    assert written("out") == {f"{name}.jpg": pyregjpeg.encode(photograph(name), region_map=BOX) for name in photographs}


@pytest.mark.parametrize("jobs", [1, 3, 0])
def test_the_number_of_threads_changes_no_byte(photographs: list[str], jobs: int) -> None:
    convert("in", "one", jobs=1)
    convert("in", "other", jobs=jobs)
    assert written("one") == written("other")


def test_sources_are_paths_or_texts_one_or_many(photographs: list[str]) -> None:
    assert len(convert(Path("in/coffee.png"), Path("a.jpg"))) == 1
    assert len(convert([Path("in/coffee.png"), "in/rocket.png"], "out")) == 2
    assert len(convert((f"in/{name}.png" for name in photographs), "out2")) == 5


def test_without_a_target_results_lie_beside_or_replace_their_sources() -> None:
    Path("a.jpg").write_bytes(jpeg())
    assert [result.target for result in convert("a.jpg", suffix="-small")] == ["./a-small.jpg"]
    assert [result.target for result in convert("a.jpg", in_place=True)] == ["a.jpg"]
    assert Path("a.jpg").read_bytes() == Path("a-small.jpg").read_bytes()


def test_a_file_that_fails_does_not_stop_the_others(photographs: list[str]) -> None:
    Path("in/damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    statuses = {Path(result.source).stem: result.status for result in convert("in", "out")}
    assert statuses == {**dict.fromkeys(photographs, "converted"), "damaged": "failed"}


def test_a_second_run_does_only_what_is_missing(photographs: list[str]) -> None:
    convert("in", "out")
    Path("out/coffee.jpg").unlink()
    Path("out/rocket.jpg").write_bytes(b"altered")
    statuses = {Path(result.source).stem: result.status for result in convert("in", "out")}
    assert statuses == {**dict.fromkeys(photographs, "skipped"), "coffee": "converted", "rocket": "converted"}
    assert {result.status for result in convert("in", "out", quality=60)} == {"converted"}


def test_in_place_nothing_is_converted_twice_whatever_the_options_and_names() -> None:
    Path("in").mkdir()
    Path("in/a.jpg").write_bytes(jpeg())
    assert [result.status for result in convert("in", in_place=True)] == ["converted"]
    once = Path("in/a.jpg").read_bytes()
    Path("in/a.jpg").rename("in/b.jpg")
    for again in (["in"], ["in/b.jpg"], ["in/*.jpg"]):
        assert [result.status for result in convert(again, in_place=True, quality=20)] == ["skipped"]
    assert Path("in/b.jpg").read_bytes() == once


def test_beside_their_sources_results_are_no_sources() -> None:
    Path("in").mkdir()
    Path("in/a.jpg").write_bytes(jpeg())
    Path("in/small.jpg").write_bytes(pyregjpeg.transcode(jpeg(40, optimize=True, progressive=True), region_map=BOX))
    for _ in range(2):
        convert("in", suffix="-x")
        assert sorted(written("in")) == ["a-x.jpg", "a.jpg", "small-x.jpg", "small.jpg"]


def test_one_file_into_one_file_leaves_no_journal() -> None:
    Path("a.jpg").write_bytes(jpeg())
    convert("a.jpg", "b.jpg")
    assert not Path(NAME).exists()
    convert("a.jpg", "a.jpg")
    assert Path(NAME).exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"qualtiy": 3}, TypeError),
        ({"quality": 30, "background_quality": 40}, OptionError),
        ({"jobs": -1}, OptionError),
        ({"jobs": 1.5}, OptionError),
        ({"region_map": [(0, 0, 8)]}, OptionError),
        ({"region_map": "in/coffee.txt"}, MapError),
        ({"region_map": None, "map_model": "none"}, ModelError),
        ({"target": None}, OptionError),
        ({"target": None, "in_place": True, "overwrite": "never"}, OptionError),
        ({"sources": "-", "target": "-", "cluster": "tcp://127.0.0.1:1"}, OptionError),
    ],
    ids=str,
)
def test_wrong_options_are_refused_before_the_first_result_is_asked_for(
    options: dict[str, Any], error: type[Exception], photographs: list[str]
) -> None:
    Path("in/coffee.txt").write_text("no map")
    with pytest.raises(error):
        pyregjpeg.convert(**{"sources": "in", "target": "out", "region_map": BOX, **options})


def test_few_jobs_are_in_hand_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate, asked = [], threading.Semaphore(0), []

    def slow(of: Job, *_: Any) -> ConvertResult:
        begun.append(of)
        gate.acquire()
        return pretended(of)

    def jobs() -> Iterator[Job]:
        for number in range(1000):
            asked.append(number)
            yield Job(str(number), str(number))

    monkeypatch.setattr(batch, "_convert", slow)
    results = batch.run(jobs(), SETTINGS, Journal(), 3)
    gate.release(5)
    for _ in range(5):
        next(results)
    assert len(asked) <= 5 + 3 + batch.AHEAD
    assert len(begun) <= 5 + 3
    gate.release(1000)
    assert len(list(results)) == 995


def test_results_come_in_the_order_in_which_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    first_may_end = threading.Event()

    def first_last(of: Job, *_: Any) -> ConvertResult:
        if of.source == "0":
            first_may_end.wait(20)
        return pretended(of)

    monkeypatch.setattr(batch, "_convert", first_last)
    results = batch.run(iter([Job(str(number), str(number)) for number in range(20)]), SETTINGS, Journal(), 2)
    assert next(results).source != "0"
    first_may_end.set()
    assert "0" in [result.source for result in results]


def test_who_stops_asking_waits_for_what_is_in_hand_and_finds_it_in_the_journal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, may_end = [], threading.Event()

    def slow(of: Job, *_: Any) -> ConvertResult:
        begun.append(of.target)
        if of.target != "0":
            may_end.wait(20)
        return pretended(of)

    monkeypatch.setattr(batch, "_convert", slow)
    jobs = [Job(str(number), str(number), root="out") for number in range(100)]
    results = batch.run(iter(jobs), SETTINGS, Journal(), 2)
    next(results)
    while len(begun) < 3:
        time.sleep(0.01)
    threading.Timer(0.1, may_end.set).start()
    results.close()
    lines = Path("out", NAME).read_text().splitlines()
    assert sorted(json.loads(line)["target"] for line in lines) == sorted(begun) == ["0", "1", "2"]


def test_once_stopped_only_what_is_in_hand_is_finished(photographs: list[str]) -> None:
    plan = batch.planned("in", "out", region_map=BOX, jobs=1)
    results: list[ConvertResult] = []
    for result in plan.results(Journal(), lambda: bool(results)):
        results.append(result)
    assert 1 <= len(results) < len(photographs)
    assert len(convert("in", "out")) == len(photographs)


def test_the_map_model_is_loaded_once(photographs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    map_model._load.cache_clear()
    convert("in", "out", region_map=None, jobs=2)
    assert map_model._load.cache_info().misses == 1
