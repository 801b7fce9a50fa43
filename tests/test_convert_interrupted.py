"""Runs that are broken off, by Ctrl-C or a power cut: nothing is half done, and running again does the rest."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from helper import PHOTOGRAPHS, opened, photograph, saved
from program import convert, jpegs, started, statuses, unfinished

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
FILES = 30


@pytest.fixture(scope="module")
def photographs() -> list[bytes]:
    """As many different JPEGs, each of which takes a while."""
    return [saved(photograph(PHOTOGRAPHS[number % 5]), "JPEG", quality=60 + number) for number in range(FILES)]


@pytest.fixture
def folder(tmp_path: Path, photographs: list[bytes]) -> Path:
    (tmp_path / "in").mkdir()
    for number, content in enumerate(photographs):
        (tmp_path / "in" / f"{number:02}.jpg").write_bytes(content)
    return tmp_path


def after_records(process: subprocess.Popen[bytes], count: int) -> bytes:
    """What the run has said when it has done so many files."""
    assert process.stdout is not None
    return b"".join(process.stdout.readline() for _ in range(count))


def test_ctrl_c_finishes_what_is_in_hand_and_running_again_does_the_others(folder: Path) -> None:
    process = started("in", "-o", "out", "--json", "-j", "2", folder=folder)
    out = after_records(process, 3)
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)
    first = statuses(out + rest)
    assert process.returncode == 1
    assert 3 <= len(first) < FILES
    assert set(first.values()) == {"converted"}
    assert f"Interrupted after {len(first)} files; the same command again does the others." in err.decode()
    assert b"Traceback" not in err
    assert len(jpegs(folder / "out")) == len(first)
    assert not unfinished(folder)
    times = {path: path.stat().st_mtime_ns for path in (folder / "out").glob("*.jpg")}
    second = statuses(convert("in", "-o", "out", "--json", folder=folder).stdout)
    assert second == {name: "skipped" if name in first else "converted" for name in second}
    assert len(second) == FILES
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_a_second_ctrl_c_is_not_needed_but_ends_it_too(folder: Path) -> None:
    process = started("in", "-o", "out", "--json", "-j", "1", folder=folder)
    after_records(process, 1)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert all(opened(content) for content in jpegs(folder / "out").values())
    assert not unfinished(folder)


def test_a_killed_run_is_resumed_and_ends_as_one_that_was_not(folder: Path) -> None:
    for count in (1, 5, 2):
        process = started("in", "-o", "out", "--json", "-j", "2", folder=folder)
        after_records(process, count)
        process.kill()
        process.communicate()
    finished = len(jpegs(folder / "out"))
    assert all(opened(content) for content in jpegs(folder / "out").values())
    again = list(statuses(convert("in", "-o", "out", "--json", folder=folder).stdout).values())
    assert again.count("skipped") in range(5, finished + 1)
    convert("in", "-o", "whole", folder=folder)
    assert jpegs(folder / "out") == jpegs(folder / "whole")
    assert not unfinished(folder)


def test_a_run_in_place_that_is_killed_again_and_again_converts_nothing_twice(folder: Path) -> None:
    """By pixels, where a second time would show: every time some quality goes."""
    options = ["--pixels", "-q", "50", "-j", "2"]
    convert("in", "-o", "whole", *options, folder=folder)
    for count in (1, 4, 9, 15, 22):  # each run skips what the others have done
        process = started("in", "--in-place", "--json", *options, folder=folder)
        after_records(process, count)
        process.kill()
        process.communicate()
    convert("in", "--in-place", *options, folder=folder)
    assert jpegs(folder / "in") == jpegs(folder / "whole")
    assert not unfinished(folder)


def test_what_was_altered_or_removed_since_is_done_again(folder: Path) -> None:
    convert("in", "-o", "out", folder=folder)
    before = jpegs(folder / "out")
    (folder / "out" / "00.jpg").unlink()
    (folder / "out" / "01.jpg").write_bytes(b"altered")
    (folder / "in" / "02.jpg").write_bytes((folder / "in" / "03.jpg").read_bytes())
    done = statuses(convert("in", "-o", "out", "--json", folder=folder).stdout)
    assert {name for name, status in done.items() if status == "converted"} == {"in/00.jpg", "in/01.jpg", "in/02.jpg"}
    assert jpegs(folder / "out") == {**before, "02.jpg": before["03.jpg"]}


def test_the_number_of_threads_and_what_is_told_do_not_matter_to_a_second_run(folder: Path) -> None:
    convert("in", "-o", "out", "-j", "2", "-v", folder=folder)
    for options in (["-j", "1"], ["-Q", "-v"]):
        done = convert("in", "-o", "out", "--json", *options, folder=folder)
        assert set(statuses(done.stdout).values()) == {"skipped"}
