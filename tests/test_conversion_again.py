"""Files that change meanwhile, files that are their own targets, and files that an earlier run has done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from converting import BOX, convert, file, folder, job, jpeg, picture
from helper import photograph

import pyregjpeg
from pyregjpeg import conversion, storage
from pyregjpeg.journal import Journal

__all__ = ["folder"]
pytestmark = pytest.mark.usefixtures("folder")


def test_a_file_that_changes_while_it_is_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    read = storage.read

    def slow(location: str) -> bytes:
        content = read(location)
        with Path(location).open("ab") as more:
            more.write(b"more")
        return content

    source = picture()
    monkeypatch.setattr(storage, "read", slow)
    result = convert(job(source))
    assert (result.status, result.message) == ("failed", "it was changed while it was read")
    assert not Path("out").exists()


def test_in_place_a_file_that_changes_meanwhile_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    source = file("a.jpg", jpeg())

    def slow(content: bytes, **options: Any) -> Any:
        source.write_bytes(b"edited meanwhile")
        return transcoded(content, **options)

    transcoded = conversion.transcoding.transcoded
    monkeypatch.setattr(conversion.transcoding, "transcoded", slow)
    assert convert(job(source, "a.jpg")).status == "failed"
    assert source.read_bytes() == b"edited meanwhile"


def test_in_place_the_journal_knows_of_it_before_the_file_does() -> None:
    def killed(location: str, content: bytes) -> None:
        raise MemoryError

    of = job(file("a.jpg", jpeg()), "a.jpg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "write", killed)
        result = convert(of)
    assert (result.status, result.message, Path("a.jpg").read_bytes()) == ("failed", "MemoryError", jpeg())
    noted = Journal().find(of)
    assert noted is not None
    assert convert(of, noted).status == "converted"  # the journal does not say that it was done
    assert convert(of, Journal().find(of), quality=20).status == "skipped"


def test_in_place_only_jpegs_are_converted() -> None:
    source = picture("a.jpg.png")
    result = convert(job(source, "a.jpg.png"))
    assert (result.status, "JPEG" in result.message) == ("skipped", True)


def test_in_place_what_is_kept_may_be_converted_with_other_options() -> None:
    source = file("a.jpg", pyregjpeg.transcode(jpeg(40, optimize=True, progressive=True), region_map=BOX))
    of = job(source, "a.jpg")
    kept = convert(of)
    assert (kept.status, kept.announced) == ("kept", False)
    assert convert(of, kept.entry).status == "skipped"
    assert convert(of, kept.entry, quality=20).status == "converted"


def test_what_an_earlier_run_has_done_is_skipped_as_long_as_nothing_changed() -> None:
    of = job(picture())
    entry = convert(of).entry
    assert convert(of, entry).status == "skipped"
    assert convert(of, entry, quality=60).status == "converted"
    assert convert(of, entry).status == "converted"  # what is there now was made with another quality
    assert convert(of, entry).status == "skipped"
    Path("out/b.jpg").unlink()
    assert convert(of, entry).status == "converted"
    photograph("chelsea").save("a.png")
    assert convert(of, entry).status == "converted"


def test_a_map_that_changed_is_another_option() -> None:
    np.save("map.npy", np.zeros((2, 2), dtype=np.float32))
    entry = convert(job(picture()), region_map="map.npy").entry
    assert convert(job(Path("a.png")), entry, region_map="map.npy").status == "skipped"
    np.save("map.npy", np.ones((2, 2), dtype=np.float32))
    assert convert(job(Path("a.png")), entry, region_map="map.npy").status == "converted"
