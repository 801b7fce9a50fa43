"""Maps in files: one for all pictures, or each picture's own by its name."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pyregjpeg import map_files, storage
from pyregjpeg.errors import MapError


def grey(value: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4), value).save(file, "PNG")
    return file.getvalue()


def value_of(found: map_files.MapFile) -> float:
    return float(np.asarray(found.region_map()).flat[0])


def test_a_file_is_the_map_of_every_picture(tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(grey(7))
    assert value_of(map_files.read(str(tmp_path / "map.png"), "any/name")) == 7


def test_in_a_folder_a_picture_finds_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(grey(1))
    np.save(tmp_path / "b.npy", np.full((2, 2), 0.5, dtype=np.float32))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.png").write_bytes(grey(3))
    assert value_of(map_files.read(str(tmp_path), "a")) == 1
    assert value_of(map_files.read(str(tmp_path), "b")) == 0.5
    assert value_of(map_files.read(str(tmp_path), "deep/a")) == 3
    assert value_of(map_files.read(str(tmp_path), "elsewhere/a")) == 1


def test_a_picture_without_a_map_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"holds no a\.png"):
        map_files.read(str(tmp_path), "deep/a")


def test_a_name_with_dots_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(grey(1))
    (tmp_path / "a.b.png").write_bytes(grey(2))
    assert value_of(map_files.read(str(tmp_path), "a.b")) == 2


def test_maps_may_lie_in_a_bucket() -> None:
    pytest.importorskip("fsspec")
    storage.write("memory://maps/a.png", grey(9))
    assert value_of(map_files.read("memory://maps", "a")) == 9
    assert value_of(map_files.read("memory://maps/a.png", "b")) == 9


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    for name in ("a.png", "a.npy"):
        (tmp_path / name).write_bytes(b"no map")
        with pytest.raises(MapError, match=name):
            map_files.read(str(tmp_path / name), "a").region_map()


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    for name, value in (("a.png", 1), ("b.png", 1), ("c.png", 2)):
        (tmp_path / name).write_bytes(grey(value))
    a, b, c = (map_files.read(str(tmp_path), name).digest for name in "abc")
    assert a == b != c
