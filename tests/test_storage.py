"""Local files: whole or not there, whatever happens; folders and patterns listed as they are."""

from __future__ import annotations

import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pyregjpeg import storage, whole_file

LONG = "n" * 251 + ".jpg"  # as long as a name may be


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_url_is_remote_and_a_path_is_not() -> None:
    assert storage.is_remote("s3://bucket/a.jpg")
    assert storage.is_remote("memory://a")
    for path in ("a.jpg", "/a/b", "./s3:/b", "-x", "a b://c"):
        assert not storage.is_remote(path)


@pytest.mark.parametrize(
    ("root", "joined"),
    [
        ("s3://b", "s3://b/a/b.jpg"),
        ("s3://b/", "s3://b/a/b.jpg"),
        ("out", "out/a/b.jpg"),
        ("out/", "out/a/b.jpg"),
        (".", "./a/b.jpg"),
    ],
)
def test_join_puts_one_slash_between(root: str, joined: str) -> None:
    assert storage.join(root, "a/b.jpg") == joined


@pytest.mark.parametrize(
    "name", ["a.jpg", "späte Blüte.jpg", "-rf", "new\nline", "[1]*?", LONG, os.fsdecode(b"\xff.jpg")]
)
def test_what_is_written_is_read_and_nothing_else_is_left(tmp_path: Path, name: str) -> None:
    target = str(tmp_path / "new" / "folders" / name)
    assert storage.size(target) is None
    storage.write(target, b"first")
    storage.write(target, b"second one")
    assert storage.read(target) == b"second one"
    assert storage.size(target) == 10
    assert names(tmp_path / "new" / "folders") == [name]


def test_a_relative_path_is_written_where_the_program_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage.write("a.jpg", b"x")
    storage.append("b", b"x")
    assert names(tmp_path) == ["a.jpg", "b"]


def test_a_folder_has_no_size(tmp_path: Path) -> None:
    assert storage.size(str(tmp_path)) is None
    assert storage.size(str(tmp_path / "file" / "below")) is None


def test_a_new_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        storage.write(str(tmp_path / "a"), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o604)
    storage.write(str(tmp_path / "a"), b"new")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o604


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there/real")
    storage.write(str(tmp_path / "link"), b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "real").read_bytes() == b"new"
    assert names(tmp_path / "there") == ["real"]


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = threading.Thread(target=lambda: heard.append((tmp_path / "pipe").read_bytes()))
    heard: list[bytes] = []
    reader.start()
    storage.write(str(tmp_path / "pipe"), b"picture")
    reader.join(10)
    assert heard == [b"picture"]
    assert (tmp_path / "pipe").is_fifo()


def test_a_failing_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    program = (
        "import resource, signal, sys; from pyregjpeg import storage\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "storage.write(sys.argv[1], bytes(100_000))"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path / "a"], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == f"OSError: {tmp_path / 'a'} cannot be written: File too large"
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_the_next_write_takes_what_a_killed_one_left(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pyregjpeg import storage\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "storage.write(sys.argv[1], b'half of it and more')"
    )
    for name in ("a.jpg", LONG):
        target = tmp_path / name
        done = subprocess.run([sys.executable, "-c", program, target])
        assert done.returncode == -signal.SIGKILL
        assert not target.exists()
        assert names(tmp_path) == [whole_file.temporary_name(name)]
        assert list(storage.walk(str(tmp_path))) == []
        storage.write(str(target), b"whole")
        assert names(tmp_path) == [name]
        assert target.read_bytes() == b"whole"
        target.unlink()


def test_a_temporary_name_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / ".a.partial").symlink_to("victim")
    with pytest.raises(OSError, match="a cannot be written"):
        storage.write(str(tmp_path / "a"), b"new")
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_of_many_who_write_one_file_each_writes_all_of_it(tmp_path: Path) -> None:
    contents = [bytes([number]) * (100_000 + number) for number in range(8)]
    target = str(tmp_path / "a")
    seen: list[bytes] = []

    def write(content: bytes) -> None:
        for _ in range(5):
            storage.write(target, content)
            seen.append(storage.read(target))

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 40
    assert set(seen) <= set(contents)
    assert names(tmp_path) == ["a"]


def test_append_adds_and_makes_the_file(tmp_path: Path) -> None:
    journal = str(tmp_path / "new" / "journal")
    storage.append(journal, b"one\n")
    storage.append(journal, b"two\n")
    assert storage.read(journal) == b"one\ntwo\n"


def test_dates_are_carried_to_the_nanosecond(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
    os.utime(tmp_path / "a", ns=(10**18 + 1, 10**18 + 7))
    storage.set_dates(str(tmp_path / "b"), storage.dates(str(tmp_path / "a")))
    assert storage.dates(str(tmp_path / "b")) == (10**18 + 1, 10**18 + 7)


def test_walk_is_sorted_and_leaves_out_what_is_unfinished_or_no_file(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "b/1.jpg", "a.jpg", ".hidden", "c/.d.jpg.partial", "c/.pyregjpeg-journal.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")
    found = [os.path.relpath(file, tmp_path) for file in storage.walk(str(tmp_path))]
    assert found == [".hidden", "a.jpg", "b/1.jpg", "b/2.jpg", "broken", "c/.pyregjpeg-journal.jsonl"]


def test_walk_follows_links_but_ends(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.jpg").write_bytes(b"x")
    (tmp_path / "in" / "deep" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "back").symlink_to(tmp_path / "in")
    assert list(storage.walk(str(tmp_path / "in"))) == [str(tmp_path / "in" / "link" / "x.jpg")]


def test_walk_tells_of_folders_that_it_cannot_read_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/1", "b/2", "c/3"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    scandir = os.scandir

    def refusing(folder: str) -> object:  # permissions do not stop root
        if folder.endswith("b"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    refused: list[OSError] = []
    found = list(storage.walk(str(tmp_path), refused.append))
    assert found == [str(tmp_path / "a" / "1"), str(tmp_path / "c" / "3")]
    assert [str(error) for error in refused] == [f"{tmp_path / 'b'} cannot be read: Permission denied"]
    with pytest.raises(PermissionError, match="b cannot be read"):
        list(storage.walk(str(tmp_path)))


def test_glob_finds_what_a_shell_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.png", ".c.jpg", "deep/er/d.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")
    assert sorted(storage.glob("*.jpg")) == ["a.jpg"]
    assert sorted(storage.glob("**/*.jpg")) == ["a.jpg", "deep/er/d.jpg"]
    assert sorted(storage.glob("[d]*")) == ["deep"]
    assert not list(storage.glob("nothing/*"))


@pytest.mark.parametrize("name", ["gone.jpg", "file/below"])
def test_an_error_is_one_sentence_of_its_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    location = str(tmp_path / name)
    with pytest.raises((FileNotFoundError, NotADirectoryError)) as raised:
        storage.read(location)
    assert str(raised.value).startswith(f"{location} cannot be read: N")
    assert raised.value.errno
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_local_files_need_no_fsspec(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['fsspec'] = None\n"
        "from pyregjpeg import storage\n"
        "storage.write(sys.argv[1], b'x'); print(list(storage.walk('.')), list(storage.glob('*')))\n"
        "storage.read('s3://bucket/a')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program, "a"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "['./a'] ['a']\n"
    assert done.stderr.splitlines()[-1].startswith("OSError: s3://bucket/a cannot be read: ")
    assert done.stderr.splitlines()[-1].endswith('pip install "pyregjpeg[cluster]" gives what buckets need')


def test_a_file_url_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(OSError, match="named by its path, without file://"):
        storage.read("file:///a.jpg")
