"""The same in buckets: a real client against an S3 server on loopback, and fsspec's file system in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("s3fs")
pytest.importorskip("moto.server")

from bucket import bucket, s3_server  # noqa: E402, after the imports that may skip

from pyregjpeg import storage  # noqa: E402

__all__ = ["bucket", "s3_server"]
NAMES = ("in/a.jpg", "in/b/1.jpg", "in/b/2.png", "in/späte Blüte #1?.jpg", "in/[x].jpg", "in/.hidden.jpg")
count = itertools.count()


@pytest.fixture(params=["bucket", "memory"])
def root(request: pytest.FixtureRequest) -> str:
    if request.param == "bucket":
        return str(request.getfixturevalue("bucket"))
    return f"memory://root-{next(count)}"


@pytest.fixture
def filled(root: str) -> Iterator[str]:
    for name in NAMES:
        storage.write(storage.join(root, name), name.encode())
    return root


def below(root: str, found: Iterator[str]) -> list[str]:
    return [location.removeprefix(f"{root}/") for location in found]


def test_what_is_written_is_read(filled: str) -> None:
    for name in NAMES:
        location = storage.join(filled, name)
        assert storage.read(location) == name.encode()
        assert storage.size(location) == len(name.encode())
    storage.write(storage.join(filled, "in/a.jpg"), b"another")
    assert storage.read(storage.join(filled, "in/a.jpg")) == b"another"


def test_an_empty_file_is_a_file(root: str) -> None:
    storage.write(f"{root}/empty", b"")
    assert storage.size(f"{root}/empty") == 0
    assert storage.read(f"{root}/empty") == b""


def test_a_picture_in_a_bucket_says_what_it_is(bucket: str) -> None:
    storage.write(f"{bucket}/a.jpg", b"x")
    storage.write(f"{bucket}/a", b"x")
    info = fsspec.filesystem("s3").info
    assert info(f"{bucket}/a.jpg")["ContentType"] == "image/jpeg"
    assert info(f"{bucket}/a")["ContentType"] == "binary/octet-stream"


def test_what_another_writes_or_removes_is_seen_at_once(bucket: str) -> None:
    import boto3

    client, name = boto3.client("s3"), bucket.removeprefix("s3://")
    assert storage.size(f"{bucket}/in/a") is None
    assert below(bucket, storage.walk(bucket)) == []
    client.put_object(Bucket=name, Key="in/a", Body=b"12345")
    assert storage.size(f"{bucket}/in/a") == 5
    assert below(bucket, storage.walk(bucket)) == ["in/a"]
    client.delete_object(Bucket=name, Key="in/a")
    assert storage.size(f"{bucket}/in/a") is None
    assert not storage.is_folder(f"{bucket}/in")


def test_walk_gives_every_file_below_in_order(filled: str) -> None:
    assert below(filled, storage.walk(f"{filled}/in")) == sorted(NAMES)
    assert below(filled, storage.walk(f"{filled}/in/")) == sorted(NAMES)
    assert below(filled, storage.walk(f"{filled}/in/b")) == ["in/b/1.jpg", "in/b/2.png"]


def test_a_listing_is_taken_page_by_page(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"in/{number:02}.jpg" for number in range(25)]
    for key in keys:
        storage.write(f"{bucket}/{key}", b"")
    storage.write(f"{bucket}/in/", b"")  # what consoles make for an empty folder
    asked = []
    filesystem, _ = storage._filesystem(bucket)
    call = filesystem.call_s3

    def small_pages(method: str, **options: Any) -> Any:
        asked.append(method)
        return call(method, MaxKeys=10, **options)

    monkeypatch.setattr(filesystem, "call_s3", small_pages)
    listing = storage.walk(f"{bucket}/in")
    assert next(listing).endswith("in/00.jpg")
    assert len(asked) == 1
    assert below(bucket, listing) == keys[1:]
    assert len(asked) == 3
    assert not filesystem.dircache


def test_a_picture_is_read_by_one_request(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.write(f"{bucket}/a", bytes(60_000_000))
    asked = []
    filesystem, _ = storage._filesystem(bucket)
    call = filesystem._call_s3
    monkeypatch.setattr(
        filesystem, "_call_s3", lambda method, *args, **more: asked.append(method) or call(method, *args, **more)
    )
    assert storage.read(f"{bucket}/a") == bytes(60_000_000)
    assert asked == ["get_object"]


def test_folders_are_told_from_files_and_from_nothing(filled: str) -> None:
    assert storage.is_folder(f"{filled}/in")
    assert storage.is_folder(f"{filled}/in/b/")
    for name in ("in/a.jpg", "i", "gone"):
        assert not storage.is_folder(f"{filled}/{name}")
    assert storage.size(f"{filled}/in") is None


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("in/*.jpg", ["in/[x].jpg", "in/a.jpg", "in/späte Blüte #1?.jpg"]),
        ("in/.*.jpg", ["in/.hidden.jpg"]),
        ("in/b/?.*", ["in/b/1.jpg", "in/b/2.png"]),
        ("i*/b", ["in/b"]),
        ("**/*.png", ["in/b/2.png"]),
        ("in/**/[1a].jpg", ["in/a.jpg", "in/b/1.jpg"]),
        ("in/b/**", ["in/b/1.jpg", "in/b/2.png"]),
        ("*.jpg", []),
        ("in/a.jpg/*", []),
        ("gone/*", []),
    ],
)
def test_glob_finds_what_a_shell_would(filled: str, pattern: str, found: list[str]) -> None:
    assert sorted(below(filled, storage.glob(f"{filled}/{pattern}"))) == found


def test_append_makes_an_object_and_adds_to_it(root: str) -> None:
    journal = f"{root}/out/.pyregjpeg-journal.jsonl"
    contents = [bytes([65 + number]) * length for number, length in enumerate((3, 1, 6_000_000, 5))]
    for content in contents:  # S3 copies what is larger than 5 MB and rewrites the rest
        storage.append(journal, content)
    assert storage.read(journal) == b"".join(contents)


def test_what_is_not_there_is_one_sentence(root: str) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        storage.read(f"{root}/gone.jpg")
    assert str(raised.value) == f"{root}/gone.jpg cannot be read: No such file or directory"


def test_a_bucket_that_is_not_there_is_one_sentence(s3_server: str) -> None:
    with pytest.raises(OSError, match=r"s3://nowhere-at-all/a cannot be written: "):
        storage.write("s3://nowhere-at-all/a", b"x")
    with pytest.raises(OSError, match=r"s3://nowhere-at-all cannot be read: "):
        list(storage.walk("s3://nowhere-at-all"))


def test_a_scheme_that_nobody_knows_is_one_sentence() -> None:
    with pytest.raises(OSError, match=r"^nonsense://a cannot be read: Protocol not known: nonsense"):
        storage.read("nonsense://a")
