"""What the tests of converting one file share: files in an empty folder, jobs for them, and their results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helper import photograph, saved

from pyregjpeg import settings
from pyregjpeg.conversion import ConvertResult, convert_file
from pyregjpeg.journal import Entry
from pyregjpeg.scan import Job

BOX = [(8, 8, 40, 40)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the files lie."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jpeg(quality: int = 95, **options: Any) -> bytes:
    return saved(photograph("coffee"), "JPEG", quality=quality, **options)


def file(name: str, content: bytes) -> Path:
    Path(name).write_bytes(content)
    return Path(name)


def picture(name: str = "a.png") -> Path:
    photograph("coffee").save(name)
    return Path(name)


def job(source: Path, target: str = "out/b.jpg") -> Job:
    in_place = target == str(source)
    return Job(str(source), target, name=source.stem, root="." if in_place else "out", in_place=in_place)


def convert(of: Job, finished: Entry | None = None, **options: Any) -> ConvertResult:
    chosen = {"region_map": BOX, **options}
    return convert_file(of, settings.checked(**chosen), finished)
