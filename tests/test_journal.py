"""The journal: what one run writes down another finds, whatever happened to the file in between."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyregjpeg import storage
from pyregjpeg.journal import ANNOUNCED, LINES, NAME, Entry, Journal, announce, entry
from pyregjpeg.scan import Job

names = (f"memory://journal-{number}" for number in itertools.count())


@dataclass(frozen=True)
class Result:
    entry: Entry | None
    announced: bool = False


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def job(root: str, target: str = "deep/a.jpg", source: str = "in/a.png", *, in_place: bool = False) -> Job:
    location = storage.join(root, target)
    return Job(location if in_place else source, location, root=root, in_place=in_place)


def made(of: Job, output: str = "output", source: str = "source", options: str = "options") -> Entry:
    noted = entry(of, digest(source), digest(output), digest(options))
    assert noted is not None
    return noted


def record(*entries: Entry) -> Journal:
    journal = Journal()
    for noted in entries:
        journal.record(Result(noted))
    journal.close()
    return journal


@pytest.fixture(params=["local", "remote"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "remote":
        pytest.importorskip("fsspec")
        return next(names)
    return str(tmp_path)


@pytest.mark.parametrize("target", ["a.jpg", "deep/späte Blüte.jpg", "two\nlines.jpg", "\udcff.jpg"])
def test_what_was_recorded_is_found_by_the_next_run(root: str, target: str) -> None:
    of = job(root, target)
    record(made(of))
    assert Journal().find(of) == Entry(root, target, digest("source"), digest("output"), digest("options"))
    assert Journal().find(job(root, "other.jpg")) is None


def test_what_was_recorded_last_counts(root: str) -> None:
    of = job(root)
    record(made(of, "first"), made(of, "second"))
    assert Journal().find(of) == made(of, "second")
    record(made(of, "third"))
    assert Journal().find(of) == made(of, "third")


def test_nothing_is_recorded_of_what_was_not_made(root: str) -> None:
    journal = Journal()
    journal.record(Result(None))
    journal.close()
    assert storage.size(storage.join(root, NAME)) is None


def test_without_a_root_there_is_no_journal() -> None:
    lonely = Job("a.png", "a.jpg")
    assert entry(lonely, "1", "2", "3") is None
    assert Journal().find(lonely) is None


def test_it_is_only_appended_to(root: str) -> None:
    record(made(job(root, "a.jpg")))
    before = storage.read(storage.join(root, NAME))
    record(made(job(root, "b.jpg")))
    after = storage.read(storage.join(root, NAME))
    assert after.startswith(before)
    assert [json.loads(line)["target"] for line in after.splitlines()] == ["a.jpg", "b.jpg"]


def test_a_torn_last_line_is_ignored_and_the_next_begins_anew(root: str) -> None:
    location = storage.join(root, NAME)
    record(made(job(root, "a.jpg")), made(job(root, "b.jpg")))
    storage.write(location, storage.read(location)[:-1])  # complete but for its end, so nobody knows
    assert Journal().find(job(root, "a.jpg")) is not None
    assert Journal().find(job(root, "b.jpg")) is None
    record(made(job(root, "c.jpg")))
    assert Journal().find(job(root, "a.jpg")) is not None
    assert Journal().find(job(root, "c.jpg")) is not None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"target": "a.jpg", "source": 1, "output": 2, "options": 3}',
        b"\xff\0",
        b"9" * 5000,
        b"[" * 100_000,
    ],
)
def test_a_damaged_line_tells_of_nothing_and_the_others_count(root: str, line: bytes) -> None:
    storage.write(storage.join(root, NAME), line + b"\n" + made(job(root, "b.jpg")).line())
    journal = Journal()
    assert journal.find(job(root, "a.jpg")) is None
    assert journal.find(job(root, "b.jpg")) is not None
    assert journal.error is None


def test_a_result_is_known_under_another_name_if_it_was_made_and_not_kept(root: str) -> None:
    record(made(job(root, "a.jpg")), made(job(root, "b.jpg"), "kept", "kept"))
    moved = job(root, "moved.jpg", in_place=True)
    assert Journal().is_output(moved, digest("output"))
    assert not Journal().is_output(moved, digest("source"))
    assert not Journal().is_output(moved, digest("kept"))


def test_what_was_kept_is_a_result_where_it_was_put(root: str) -> None:
    record(made(job(root, "a-small.jpg"), "kept", "kept"))
    again = job(root, "a-small-small.jpg", storage.join(root, "a-small.jpg"))
    assert Journal().is_output(again, digest("kept"))
    assert not Journal().is_output(again, digest("changed since"))


def test_what_lies_elsewhere_is_no_result(root: str) -> None:
    record(made(job(root, "a.jpg")))
    assert not Journal().is_output(job(root, "b.jpg", f"{root}-elsewhere/a.jpg"), digest("output"))


def test_in_place_the_journals_of_all_folders_above_are_asked(root: str) -> None:
    large, small = root, storage.join(root, "deep")
    record(made(job(large, "deep/a.jpg", in_place=True)))
    record(made(job(small, "b.jpg", in_place=True)))
    for of in (job(small, "a.jpg", in_place=True), job(large, "deep/b.jpg", in_place=True)):
        found = Journal().find(of)
        assert found is not None
        assert found.output == digest("output")
        assert Journal().is_output(of, digest("output"))
    assert Journal().find(job(small, "a.jpg")) is None  # not in place, the output folder's own counts alone


def test_what_was_announced_is_known_without_being_recorded(root: str) -> None:
    of = job(root, in_place=True)
    announce(made(of))
    assert Journal().find(of) == made(of)
    assert Journal().is_output(job(root, "moved.jpg", in_place=True), digest("output"))


def test_what_was_announced_is_one_line_in_the_end(root: str) -> None:
    of = job(root, in_place=True)
    journal = Journal()
    assert journal.find(of) is None
    announce(made(of))
    journal.record(Result(made(of), announced=True))
    journal.close()
    assert storage.read(storage.join(root, NAME)) == made(of).line()
    assert not list(storage.walk(storage.join(root, ANNOUNCED), on_error=lambda _: None))


def test_what_a_killed_run_announced_in_a_bucket_is_gathered() -> None:
    pytest.importorskip("fsspec")
    root = next(names)
    announce(made(job(root, "a.jpg", in_place=True)))
    journal = Journal()
    journal.find(job(root, "b.jpg", in_place=True))
    journal.close()
    assert storage.read(storage.join(root, NAME)) == made(job(root, "a.jpg")).line()
    assert not list(storage.walk(storage.join(root, ANNOUNCED), on_error=lambda _: None))


def test_announcing_after_a_torn_line_begins_a_new_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b'{"target": "a.j')
    of = job(str(tmp_path), in_place=True)
    announce(made(of))
    assert Journal().find(of) == made(of)


def test_a_bucket_gets_many_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    root, appended, append = next(names), [], storage.append

    def counting(location: str, content: bytes, **options: bool) -> None:
        appended.append(content.count(b"\n"))
        append(location, content, **options)

    monkeypatch.setattr(storage, "append", counting)
    record(*(made(job(root, f"{number}.jpg")) for number in range(LINES + 1)))
    assert appended == [LINES, 1]


def test_a_run_goes_on_where_its_journal_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    of = job(str(tmp_path / "file"))
    journal = record(made(of))
    assert isinstance(journal.error, OSError)


def refuse(location: str) -> bytes:
    raise PermissionError(f"{location} cannot be read")


def test_a_journal_that_cannot_be_read_stops_what_it_may_know_of(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    root = next(names)
    record(made(job(root)))
    monkeypatch.setattr(storage, "read", refuse)
    journal = Journal()
    assert journal.find(job(root)) is None
    assert isinstance(journal.error, PermissionError)
    with pytest.raises(PermissionError):
        journal.is_output(job(root, in_place=True), digest("output"))
