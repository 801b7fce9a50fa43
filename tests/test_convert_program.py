"""`pyregjpeg convert` as people run it: odd names, links, disks that are full, files that others write to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import resource
import shutil
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from converting import jpeg
from helper import opened, photograph, saved
from program import AS_ANYBODY, convert, jpegs, records, started, statuses, unfinished

import pyregjpeg

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits, links and terminals as POSIX has them")
ODD = ["a b.png", "späte Blüte 花.png", "-q.png", "--help.png", "two\nlines.png", ".hidden.png", "a%s\x1b[31m.png"]
PNG = saved(photograph("coffee").resize((80, 60)), "PNG")


def fill(folder: Path, *names: str, content: bytes = PNG) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with an odd name."""
    made = tmp_path / "späte blanks\nand -- [two] lines"
    made.mkdir()
    return made


def test_odd_names_are_names(folder: Path) -> None:
    fill(folder, *(f"in/{name}" for name in ODD))
    fill(folder, os.fsdecode(b"in/no\xfftext.png"))
    done = convert("in", "-o", "out", "--json", folder=folder)
    assert {record["status"] for record in records(done.stdout)} == {"converted"}
    expected = {name.replace(".png", ".jpg") for name in [*ODD, os.fsdecode(b"no\xfftext.png")]}
    assert set(jpegs(folder / "out")) == expected
    assert {record["target"] for record in records(done.stdout)} == {f"out/{name}" for name in expected}


def test_odd_names_are_shown_on_one_line_without_what_moves_the_cursor(folder: Path) -> None:
    fill(folder, *ODD, os.fsdecode(b"no\xfftext.png"))
    done = convert("-o", "out", "--", *ODD, os.fsdecode(b"no\xfftext.png"), folder=folder)
    assert len(done.stdout.splitlines()) == len(ODD) + 1
    assert b"\x1b" not in done.stdout
    assert rb"two\nlines.png" in done.stdout
    assert set(jpegs(folder / "out")) >= {"-q.jpg", "--help.jpg"}


def test_standard_input_and_output(folder: Path) -> None:
    done = convert("-", "-o", "-", folder=folder, given=jpeg())
    assert done.stdout == pyregjpeg.transcode(jpeg(), region_map=[(8, 8, 40, 40)])
    convert("-", "-o", "b.jpg", folder=folder, given=PNG)
    assert opened((folder / "b.jpg").read_bytes()).size == (80, 60)
    fill(folder, "a.png")
    assert opened(convert("a.png", "-o", "-", folder=folder).stdout).size == (80, 60)
    assert b"no picture" in convert("-", "-o", "-", folder=folder, given=b"nothing", exit_code=1).stderr


@pytest.mark.parametrize("options", [["-o", "out"], ["--in-place"], ["--suffix", "x", "-R"]])
def test_an_empty_folder_is_no_failure(folder: Path, options: list[str]) -> None:
    (folder / "in" / "deep").mkdir(parents=True)
    done = convert("in", *options, folder=folder)
    assert (done.stdout, done.stderr) == (b"", b"There is no file to convert.\n")
    assert not (folder / "out").exists()


def test_two_inputs_with_one_name_are_both_named_and_neither_is_lost(folder: Path) -> None:
    fill(folder, "x/a.png", content=PNG)
    fill(folder, "y/a.png", content=saved(photograph("gravel"), "PNG"))
    done = convert("x/a.png", "y/a.png", "-o", "out", folder=folder, exit_code=1)
    assert b"y/a.png: out/a.jpg is written from x/a.png already" in done.stderr
    assert opened(jpegs(folder)["out/a.jpg"]).size == (80, 60)
    convert(".", "-R", "-S", "-o", "kept", folder=folder)
    assert set(jpegs(folder / "kept")) == {"x/a.jpg", "y/a.jpg", "out/a.jpg"}


def test_links_are_followed_and_stay_links(folder: Path) -> None:
    fill(folder, "real/a.jpg", content=jpeg())
    (folder / "in").mkdir()
    (folder / "in" / "link.jpg").symlink_to("../real/a.jpg")
    (folder / "in" / "folder").symlink_to("../real")
    (folder / "in" / "loop").symlink_to(".")
    (folder / "in" / "broken.jpg").symlink_to("nowhere")
    done = convert("in", "-R", "-S", "-o", "out", "--json", folder=folder, exit_code=1)
    found = {"in/link.jpg": "converted", "in/folder/a.jpg": "converted", "in/broken.jpg": "failed"}
    assert statuses(done.stdout) == found
    done = convert("in/link.jpg", "--in-place", "--json", folder=folder)
    assert statuses(done.stdout) == {"in/link.jpg": "converted"}
    assert (folder / "in" / "link.jpg").is_symlink()
    assert (folder / "real" / "a.jpg").read_bytes() == jpegs(folder)["out/link.jpg"]
    once = (folder / "real" / "a.jpg").read_bytes()
    done = convert("real", "in", "--in-place", "--json", "-R", "-q", "20", folder=folder, exit_code=1)
    assert set(statuses(done.stdout).values()) == {"skipped", "failed"}
    assert (folder / "real" / "a.jpg").read_bytes() == once


def test_a_target_that_is_a_folder_fails_and_the_others_are_done(folder: Path) -> None:
    fill(folder, "a.png", "b.png", "out/a.jpg/inside")
    done = convert("a.png", "b.png", "-o", "out", "--json", folder=folder, exit_code=1)
    assert statuses(done.stdout) == {"a.png": "failed", "b.png": "converted"}
    assert (folder / "out/a.jpg/inside").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which nobody may make files")
def test_a_folder_that_cannot_be_written_to(folder: Path) -> None:
    fill(folder, "a.jpg", content=jpeg())
    done = convert("a.jpg", "-o", "/proc/self", folder=folder, exit_code=1)
    assert done.stderr.startswith(b"a.jpg: /proc/self/a.jpg cannot be written: ")
    assert (folder / "a.jpg").read_bytes() == jpeg()


def test_a_file_that_is_read_only_stays(folder: Path) -> None:
    fill(folder, "a.jpg", "b.jpg", content=jpeg())
    (folder / "a.jpg").chmod(0o444)
    done = convert("a.jpg", "b.jpg", "--in-place", "--json", folder=folder, exit_code=1, prefix=AS_ANYBODY)
    assert statuses(done.stdout) == {"a.jpg": "failed", "b.jpg": "converted"}
    assert (folder / "a.jpg").read_bytes() == jpeg()


def small_files() -> None:
    """No file may grow beyond 8 KiB: as with a full disk, the write fails in the middle."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 10, 8 << 10))


def test_a_write_that_fails_in_the_middle_leaves_nothing(folder: Path) -> None:
    fill(folder, "large.jpg", content=saved(photograph("coffee"), "JPEG", quality=95))
    fill(folder, "small.png")
    fill(folder, "out/large.jpg", content=b"the old one")
    done = convert("large.jpg", "small.png", "-o", "out", "--json", folder=folder, exit_code=1, preexec_fn=small_files)
    assert statuses(done.stdout) == {"large.jpg": "failed", "small.png": "converted"}
    assert jpegs(folder / "out")["large.jpg"] == b"the old one"
    done = convert("large.jpg", "--in-place", folder=folder, exit_code=1, preexec_fn=small_files)
    assert opened((folder / "large.jpg").read_bytes()).size == photograph("coffee").size
    assert not unfinished(folder)


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A small file system of its own; skips the test where it cannot be had."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if mount is None or os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_fails_what_does_not_fit_and_a_second_run_with_room_does_it(tmp_path: Path) -> None:
    fill(tmp_path, *(f"in/{number}.jpg" for number in range(6)), content=jpeg())
    with mounted(tmp_path / "out", "84k") as disk:
        done = convert("in", "-o", "out", "--json", "-j", "1", folder=tmp_path, exit_code=1)
        first = statuses(done.stdout)
        assert set(first.values()) == {"converted", "failed"}
        assert "No space left on device" in " ".join(record["message"] for record in records(done.stdout))
        assert all(opened(content) for content in jpegs(disk).values())
        assert not unfinished(disk)
        subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
        again = statuses(convert("in", "-o", "out", "--json", folder=tmp_path).stdout)
        assert again == {name: "skipped" if status == "converted" else "converted" for name, status in first.items()}


def test_a_file_that_another_program_writes_to_is_not_converted_half(folder: Path) -> None:
    """It grows for as long as it is read, which takes a while: most of it is a hole."""
    fill(folder, "a.jpg", content=jpeg())
    with (folder / "a.jpg").open("r+b") as file:
        file.truncate(100 << 20)
    reading = True

    def write() -> None:
        with (folder / "a.jpg").open("ab", buffering=0) as file:
            while reading:
                file.write(b"more")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = convert("a.jpg", "-o", "b.jpg", folder=folder, exit_code=1)
    finally:
        reading = False
        writer.join()
    assert done.stderr == b"a.jpg: it was changed while it was read\n"
    assert not (folder / "b.jpg").exists()


def test_on_a_terminal_there_is_a_bar_and_what_failed(tmp_path: Path) -> None:
    fill(tmp_path, *(f"in/{number}.jpg" for number in range(60)), content=jpeg())
    fill(tmp_path, "in/damaged.png", content=b"damaged")
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", 25, 100, 0, 0))
    process = started("in", "-o", "out", folder=tmp_path, stderr=end, stdout=end)
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end
        while part := os.read(terminal, 4096):
            shown += part
    assert process.wait(60) == 1
    os.close(terminal)
    assert b"/61 [" in shown  # it has counted them meanwhile
    assert b"MB saved" in shown
    assert b"in/damaged.png: it is no picture" in shown
    assert b"in/0.jpg ->" not in shown
    assert b"converted        60" in shown


def test_a_reader_that_goes_away_ends_the_run(tmp_path: Path) -> None:
    fill(tmp_path, *(f"in/{number}.png" for number in range(40)))
    process = started("in", "-o", "out", "--json", "-j", "1", folder=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 1
    assert not unfinished(tmp_path)
