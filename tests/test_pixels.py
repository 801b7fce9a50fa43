"""Pictures in memory: arrays and images give the same bytes however their pixels lie, and what is none is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import ODD_SIZED, PHOTOGRAPHS, flat, photograph
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg import pixels

MODES = ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr")
VIEWS = {
    "as it is": lambda array: array,
    "upside down": lambda array: array[::-1],
    "mirrored": lambda array: array[:, ::-1],
    "every other column": lambda array: array[:, ::2],
    "every third row": lambda array: array[::3],
    "a part": lambda array: array[11:100, 7:90],
    "Fortran order": np.asfortranarray,
    "on its side": lambda array: array.swapaxes(0, 1),
    "one row repeated": lambda array: np.broadcast_to(array[:1], array.shape),
}
BAD_ARRAYS: dict[str, Any] = {
    "float": np.zeros((8, 8)),
    "bool": np.zeros((8, 8), dtype=bool),
    "16 bits": np.zeros((8, 8), dtype=np.uint16),
    "signed": np.zeros((8, 8), dtype=np.int8),
    "one dimension": np.zeros(8, dtype=np.uint8),
    "one channel": np.zeros((8, 8, 1), dtype=np.uint8),
    "two channels": np.zeros((8, 8, 2), dtype=np.uint8),
    "four channels": np.zeros((8, 8, 4), dtype=np.uint8),
    "a batch": np.zeros((1, 8, 8, 3), dtype=np.uint8),
    "no rows": np.zeros((0, 8), dtype=np.uint8),
    "no columns": np.zeros((8, 0, 3), dtype=np.uint8),
    "too wide": np.zeros((1, 65501), dtype=np.uint8),
    "a list": [[0, 1], [2, 3]],
    "a path": "picture.png",
    "nothing": None,
}


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_an_array_gives_the_bytes_of_the_image(name: str, mode: str) -> None:
    image = photograph(name, mode)
    assert flat(np.asarray(image)) == flat(image)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_an_array_gives_the_same_bytes_however_it_lies_in_memory(view: Any, mode: str) -> None:
    array: NDArray[np.uint8] = view(np.asarray(photograph(ODD_SIZED, mode)))
    assert flat(array) == flat(Image.fromarray(np.ascontiguousarray(array)))


def test_a_read_only_array_is_encoded_and_a_writable_one_not_changed() -> None:
    array = np.array(photograph(ODD_SIZED))
    before = array.copy()
    expected = flat(array)
    assert np.array_equal(array, before)
    array.flags.writeable = False
    assert flat(array) == expected


@pytest.mark.parametrize("picture", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_what_is_no_picture_is_refused(picture: Any) -> None:
    with pytest.raises(pyregjpeg.CodecError):
        flat(picture)


@pytest.mark.parametrize("mode", MODES)
def test_strips_give_the_bytes_of_shared_memory(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = photograph(ODD_SIZED).convert(mode)
    expected = flat(image)
    monkeypatch.setattr(pixels, "_arrow_rows", lambda *_: None)
    assert flat(image) == expected


def test_a_picture_in_several_blocks_of_memory_gives_the_same_bytes() -> None:
    image = photograph(ODD_SIZED)
    core: Any = Image.core  # type: ignore[attr-defined]
    block_size = core.get_block_size()
    try:
        core.set_block_size(16384)
        scattered = image.copy()
    finally:
        core.set_block_size(block_size)
    assert pixels._arrow_rows(scattered, pixels.LAYOUTS["RGB"]) is None
    assert flat(scattered) == flat(image)


@pytest.mark.parametrize("suffix", ["bmp", "pgm", "tif"])
def test_a_picture_in_a_mapped_file_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    image = photograph(ODD_SIZED, "L")
    image.save(tmp_path / f"a.{suffix}")
    with Image.open(tmp_path / f"a.{suffix}") as mapped:
        mapped.load()
        assert mapped.readonly
        assert pixels._arrow_rows(mapped, pixels.LAYOUTS["L"]) is None  # asking Pillow 12 for its rows would crash
        assert flat(mapped) == flat(image)


def test_the_rows_of_an_ordinary_picture_are_not_copied() -> None:
    assert len(list(pixels.image_strips(photograph(ODD_SIZED)))) == 1
