"""Scanning: which files are found, where their results go, and which never get a job of their own."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyregjpeg import scan, storage
from pyregjpeg.errors import OptionError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, from which the jobs are sought."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")


def jobs(*inputs: str, output: str | None = "out", **options: Any) -> list[scan.Job]:
    return list(scan.jobs(inputs, output, **options))


def pairs(found: list[scan.Job]) -> dict[str, str]:
    return {job.source: job.target for job in found if not (job.failed or job.skipped)}


def test_a_folder_gives_its_pictures_and_only_those() -> None:
    fill("in/a.png", "in/b.JPG", "in/c.jpeg", "in/notes.txt", "in/clip.mpg", "in/deep/d.jpg")
    found = jobs("in")
    assert pairs(found) == {"in/a.png": "out/a.jpg", "in/b.JPG": "out/b.JPG", "in/c.jpeg": "out/c.jpeg"}
    assert sorted(job.source for job in found if job.skipped) == ["in/clip.mpg", "in/notes.txt"]


def test_a_file_that_is_named_is_tried_whatever_its_name() -> None:
    fill("photo", "x.orf")
    assert pairs(jobs("photo", "x.orf")) == {"photo": "out/photo.jpg", "x.orf": "out/x.jpg"}


def test_folders_below_are_put_together_or_kept_apart() -> None:
    fill("in/a.jpg", "in/deep/er/b.png")
    assert pairs(jobs("in/", recursive=True)) == {"in/a.jpg": "out/a.jpg", "in/deep/er/b.png": "out/b.jpg"}
    kept = jobs("in", recursive=True, keep_tree=True)
    assert pairs(kept) == {"in/a.jpg": "out/a.jpg", "in/deep/er/b.png": "out/deep/er/b.jpg"}
    assert [job.name for job in kept] == ["a", "deep/er/b"]
    assert {job.root for job in kept} == {"out"}


def test_an_output_inside_the_input_is_no_input() -> None:
    fill("in/a.jpg", "in/out/a.jpg", "in/out/b.jpg", "in/outside/c.jpg")
    found = jobs("in", output="in/out", recursive=True)
    assert pairs(found) == {"in/a.jpg": "in/out/a.jpg", "in/outside/c.jpg": "in/out/c.jpg"}
    assert len(found) == 2


def test_an_output_that_is_the_input_replaces_its_jpegs() -> None:
    fill("in/a.jpg", "in/b.png")
    found = jobs("in", output="in")
    assert [(job.target, job.in_place) for job in found] == [("in/a.jpg", True), ("in/b.jpg", False)]


def test_our_own_files_are_left_out() -> None:
    fill("in/a.jpg", "in/.pyregjpeg-journal.jsonl", "in/.a.jpg.partial")
    assert [job.source for job in jobs("in", output=None, in_place=True)] == ["in/a.jpg"]


@pytest.mark.parametrize(("one", "other"), [("in/a.png", "in/a.webp"), ("in/x/a.jpg", "in/y/a.jpg")])
def test_two_sources_of_one_target_are_both_named(one: str, other: str) -> None:
    fill(one, other)
    first, second = jobs("in", recursive=True)
    assert (first.source, first.failed) == (one, "")
    assert second.source == other
    assert one in second.failed
    assert "out/a.jpg" in second.failed


def test_two_inputs_with_one_name_in_different_folders() -> None:
    fill("x/a.jpg", "y/a.jpg")
    first, second = jobs("x/a.jpg", "y/a.jpg")
    assert not first.failed
    assert "x/a.jpg" in second.failed


def test_names_that_differ_in_case_are_one_where_the_file_system_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fill("x/a.jpg", "y/A.jpg")
    assert not any(job.failed for job in jobs("x/a.jpg", "y/A.jpg"))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert [bool(job.failed) for job in jobs("x/a.jpg", "y/A.jpg")] == [False, True]


def test_a_file_that_is_named_twice_is_done_once() -> None:
    fill("in/a.jpg")
    inputs = ("in", "in/a.jpg", "./in/a.jpg", "in/*.jpg")
    assert [job.target for job in jobs(*inputs)] == ["out/a.jpg"]
    assert [job.target for job in jobs(*inputs, output=None, in_place=True)] == ["in/a.jpg"]


def test_in_place_the_file_behind_a_link_is_done_once() -> None:
    fill("in/a.jpg")
    Path("in/link.jpg").symlink_to("a.jpg")
    first, second = jobs("in", output=None, in_place=True)
    assert (first.source, first.target, first.in_place) == ("in/a.jpg", "in/a.jpg", True)
    assert "in/a.jpg under another name" in second.skipped


def test_results_beside_their_sources_have_a_suffix() -> None:
    fill("in/a.jpg", "in/deep/b.png", "c.gif")
    found = jobs("in", "c.gif", output=None, suffix="-small", recursive=True)
    assert pairs(found) == {
        "in/a.jpg": "in/a-small.jpg",
        "in/deep/b.png": "in/deep/b-small.jpg",
        "c.gif": "./c-small.jpg",
    }
    assert [job.root for job in found] == ["in", "in", "."]


def test_a_pattern_that_the_shell_left_is_expanded() -> None:
    fill("in/a.jpg", "in/b.png", "in/deep/c.jpg")
    assert pairs(jobs("in/*.jpg")) == {"in/a.jpg": "out/a.jpg"}
    below = pairs(jobs("in/**/*.jpg", keep_tree=True))
    assert below == {"in/a.jpg": "out/a.jpg", "in/deep/c.jpg": "out/deep/c.jpg"}
    [nothing] = jobs("*.tif")
    assert nothing.source == "*.tif"
    assert nothing.failed


def test_a_name_that_looks_like_a_pattern_is_a_name_where_there_is_such_a_file() -> None:
    fill("a[1].jpg", "a1.jpg")
    assert pairs(jobs("a[1].jpg")) == {"a[1].jpg": "out/a[1].jpg"}


@pytest.mark.parametrize("name", ["späte Blüte #1.jpg", "-q.jpg", "two\nlines.jpg", " .jpg", "\udcff.jpg", "a?b.jpg"])
def test_odd_names_are_names(name: str) -> None:
    fill(f"in/{name}")
    assert pairs(jobs("in")) == {f"in/{name}": f"out/{name}"}
    assert pairs(jobs(f"in/{name}")) == {f"in/{name}": f"out/{name}"}


def test_jobs_are_found_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(folder: str, *_: object, **__: object) -> Iterator[str]:
        return (f"{folder}/{number}.jpg" for number in itertools.count())

    Path("in").mkdir()
    monkeypatch.setattr(storage, "walk", endless)
    found = itertools.islice(scan.jobs(["in"], "out"), 3)
    assert [job.target for job in found] == ["out/0.jpg", "out/1.jpg", "out/2.jpg"]


def test_a_folder_that_cannot_be_read_fails_and_the_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fill("in/a.jpg")

    def walk(folder: str, on_error: Any, **_: object) -> Iterator[str]:  # permissions do not stop root
        yield from ["in/a.jpg"]
        on_error(PermissionError("in/closed cannot be read"))

    monkeypatch.setattr(storage, "walk", walk)
    assert [job.failed for job in jobs("in")] == ["", "in/closed cannot be read"]


def test_buckets_are_folders_too() -> None:
    pytest.importorskip("fsspec")
    for name in ("a.jpg", "deep/b.png", "deep/out/c.jpg"):
        storage.write(f"memory://scan/{name}", b"x")
    found = jobs("memory://scan", output="memory://scan/deep/out", recursive=True, keep_tree=True)
    assert pairs(found) == {
        "memory://scan/a.jpg": "memory://scan/deep/out/a.jpg",
        "memory://scan/deep/b.png": "memory://scan/deep/out/deep/b.jpg",
    }
    assert pairs(jobs("memory://scan/deep/b.png", output="b.jpg")) == {"memory://scan/deep/b.png": "b.jpg"}


@pytest.mark.parametrize(
    ("inputs", "output", "options"),
    [
        ([], "out", {}),
        (["a.png"], None, {}),
        (["a.png"], "b.png", {}),
        (["a.png", "b.png"], "c.jpg", {}),
        (["in"], "c.jpg", {}),
        (["*.png"], "c.jpg", {}),
        (["in"], "-", {}),
        (["-", "a.png"], "out", {}),
        (["-"], "out", {}),
        (["-"], None, {"suffix": "x"}),
        (["a.png"], "out", {"in_place": True}),
        (["a.png"], None, {"in_place": True, "suffix": "x"}),
        (["a.png"], None, {"suffix": "/x"}),
    ],
)
def test_wrong_usage_is_said_at_once(inputs: list[str], output: str | None, options: dict[str, Any]) -> None:
    fill("in/a.jpg", "a.png", "b.png")
    with pytest.raises(OptionError):
        scan.jobs(inputs, output, **options)
