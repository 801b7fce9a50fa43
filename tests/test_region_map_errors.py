"""Region maps that are refused: each with a MapError of one sentence, which is also a ValueError."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pyregjpeg
from pyregjpeg.errors import MapError
from pyregjpeg.region_map import block_importance

SIZE = (50, 30)

ONE = np.ones((4, 4))
BAD_MAPS: dict[str, Any] = {
    "NaN": ONE * np.nan,
    "one NaN": np.where(np.eye(4) == 1, np.nan, 0.5),
    "infinity": ONE * np.inf,
    "minus infinity": -ONE * np.inf,
    "negative": -ONE / 1000,
    "above 1": ONE * 1.001,
    "integers": np.ones((4, 4), dtype=np.int64),
    "16 bits": np.ones((4, 4), dtype=np.uint16),
    "complex": ONE.astype(np.complex128),
    "text": np.array([["a"]]),
    "objects": np.array([[None]]),
    "no dimension": np.array(1.0),
    "one dimension": np.ones(4),
    "three dimensions": np.ones((4, 4, 1)),
    "no rows": np.ones((0, 4)),
    "no columns": np.ones((4, 0)),
    "a number": 0.5,
    "bytes": b"map",
    "a dict": {},
    "palette image": Image.new("P", (4, 4)),
    "image with alpha": Image.new("RGBA", (4, 4)),
    "empty image": Image.new("L", (0, 4)),
    "float image above 1": Image.new("F", (4, 4), 2),
    "no boxes": [],
    "one box, not a list of boxes": (0, 0, 8, 8),
    "three numbers": [(0, 0, 8)],
    "six numbers": [(0, 0, 8, 8, 1, 1)],
    "not numbers": [("a", "b", "c", "d")],
    "None among numbers": [(0, 0, 8, None)],
    "NaN in a box": [(0, 0, 8, float("nan"))],
    "infinity in a box": [(0, 0, 8, float("inf"))],
    "a number beyond floats": [(0, 0, 8, 10**400)],
    "a box without width": [(8, 0, 8, 8)],
    "a box without height": [(0, 8, 8, 8)],
    "a box the wrong way round": [(8, 8, 0, 0)],
    "a box right of the picture": [(50, 0, 60, 8)],
    "a box below the picture": [(0, 30, 8, 40)],
    "a box left of the picture": [(-8, 0, 0, 8)],
    "a good box and one outside": [(0, 0, 8, 8), (100, 100, 110, 110)],
    "importance above 1": [(0, 0, 8, 8, 1.5)],
    "negative importance": [(0, 0, 8, 8, -0.5)],
}


@pytest.mark.parametrize("region_map", BAD_MAPS.values(), ids=BAD_MAPS)
def test_a_bad_map_is_refused_in_one_sentence(region_map: Any) -> None:
    with pytest.raises(MapError) as raised:
        pyregjpeg.encode(Image.new("RGB", SIZE), region_map=region_map)
    assert isinstance(raised.value, ValueError)
    assert str(raised.value).strip()
    assert "\n" not in str(raised.value)


def test_the_message_names_the_box_and_the_picture() -> None:
    with pytest.raises(MapError, match=r"\(50, 0, 60, 8\).*50 x 30"):
        block_importance([(50, 0, 60, 8)], SIZE)


def test_the_message_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"nothing\.png"):
        block_importance(tmp_path / "nothing.png", SIZE)


@pytest.mark.parametrize("name", ["map.png", "map.npy", "map.jpg"])
@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\x93NUMPY", b"PK\x03\x04"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MapError, match="cannot be read"):
        block_importance(path, SIZE)


def test_a_truncated_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    Image.effect_noise((100, 100), 50).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(MapError, match="cannot be read"):
        block_importance(path, SIZE)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="cannot be read"):
        block_importance(tmp_path, SIZE)


def test_an_array_of_python_objects_in_a_file_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "map.npy", np.array([[None]], dtype=object))
    with pytest.raises(MapError, match="cannot be read"):
        block_importance(tmp_path / "map.npy", SIZE)


def test_a_map_is_checked_even_where_the_qualities_leave_it_nothing_to_say() -> None:
    with pytest.raises(MapError):
        pyregjpeg.encode(Image.new("RGB", SIZE), quality=50, background_quality=50, region_map=np.ones((4, 4)) * 2)
