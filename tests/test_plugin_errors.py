"""What img.save refuses: errors of the type that Pillow raises, before anything is written."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import flat, opened, photograph, saved
from PIL import Image

import pyregjpeg

RAMP = list(range(1, 65))

AS_PILLOW: dict[str, dict[str, Any]] = {
    "quality as an unknown name": {"quality": "splendid"},
    "quality as digits": {"quality": "75"},
    "quality as a fraction": {"quality": 75.5},
    "quality None": {"quality": None},
    "quality as a list": {"quality": [75]},
    "quality as a tuple": {"quality": (75,)},
    "quality as bytes": {"quality": b"low"},
    "quality keep of no JPEG": {"quality": "keep"},
    "subsampling keep of no JPEG": {"subsampling": "keep"},
    "tables keep of no JPEG": {"qtables": "keep"},
    "subsampling as an unknown name": {"subsampling": "4:4:0"},
    "subsampling as a fraction": {"subsampling": 1.5},
    "subsampling None": {"subsampling": None},
    "subsampling as a list": {"subsampling": [2]},
    "subsampling as a tuple": {"subsampling": (2,)},
    "no tables": {"qtables": []},
    "no tables in a dict": {"qtables": {}},
    "a dict of tables without the first": {"qtables": {1: RAMP}},
    "five tables": {"qtables": [RAMP] * 5},
    "a table of 63": {"qtables": [RAMP[:63]]},
    "a table of 65": {"qtables": [[*RAMP, 65]]},
    "a table of fractions": {"qtables": [[1.5] * 64]},
    "a table of text": {"qtables": [["1"] * 64]},
    "a table None": {"qtables": [None]},
    "a number for a table": {"qtables": [5]},
    "tables in an array": {"qtables": np.ones((2, 64), dtype=np.uint8)},
    "empty text for tables": {"qtables": ""},
    "words for tables": {"qtables": "one two three"},
    "half a table as text": {"qtables": "1 2 3 4"},
    "optimize as text": {"optimize": "yes"},
    "optimize as a fraction": {"optimize": 1.5},
    "optimize None": {"optimize": None},
    "progressive as text": {"progressive": "yes"},
    "progressive as a fraction": {"progressive": 0.5},
    "progression as text": {"progression": "yes"},
    "smooth as text": {"smooth": "much"},
    "smooth as a fraction": {"smooth": 1.5},
    "smooth None": {"smooth": None},
    "streamtype as text": {"streamtype": "tables"},
    "restart by text": {"restart_marker_blocks": "7"},
    "restart by a fraction": {"restart_marker_rows": 1.5},
    "restart None": {"restart_marker_rows": None},
    "keep_rgb with 4:2:2": {"keep_rgb": True, "subsampling": 1},
    "keep_rgb with 4:2:0": {"keep_rgb": True, "subsampling": "4:2:0"},
}

# Pillow writes these; pyregjpeg says that they make no sense or no file.
OURS: dict[str, dict[str, Any]] = {
    "streamtype of tables only": {"streamtype": 1},
    "streamtype of the picture only": {"streamtype": 2},
    "negative smooth": {"smooth": -1},
    "smooth above 100": {"smooth": 101},
    "negative restart interval": {"restart_marker_blocks": -1},
    "restart interval beyond its marker": {"restart_marker_blocks": 65536},
    "restart rows beyond any marker": {"restart_marker_rows": 2**40},
    "a number for tables": {"qtables": 5},
    "steps beyond 16 bits": {"qtables": [[65536] * 64]},
    "negative steps": {"qtables": [[-1] * 64]},
    "background_quality above quality": {"quality": 50, "background_quality": 51},
    "background_quality above a preset's": {"quality": "web_low", "background_quality": 90},
    "background_quality 0": {"background_quality": 0},
    "background_quality 101": {"quality": 100, "background_quality": 101},
    "background_quality as text": {"background_quality": "low"},
    "background_quality as a fraction": {"background_quality": 30.5},
    "background_quality True": {"background_quality": True},
    "feather as a fraction": {"feather": 0.5},
    "negative feather": {"feather": -1},
    "unknown tables": {"tables": "splendid"},
    "tables of a wrong type": {"tables": 5},
    "unknown effort": {"effort": "splendid"},
    "effort None": {"effort": None},
    "a number for a model": {"region_map": None, "map_model": 3},
    "None for a model": {"region_map": None, "map_model": None},
}


class FailingFile(io.BytesIO):
    """Takes a number of bytes, then has no more room."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.error = OSError(28, "No space left on device")

    def write(self, content: Any, /) -> int:
        if self.tell() + len(content) > self.room:
            raise self.error
        return super().write(content)


def with_map(options: dict[str, Any]) -> dict[str, Any]:
    return {"region_map": np.ones((1, 1)), **options}


@pytest.mark.parametrize("options", AS_PILLOW.values(), ids=AS_PILLOW)
def test_what_pillow_refuses_is_refused_with_an_error_of_its_type(options: dict[str, Any]) -> None:
    image = photograph("coffee")
    with pytest.raises((ValueError, TypeError, OSError)) as pillows:
        saved(image, "JPEG", **options)
    with pytest.raises(type(pillows.value)) as ours:
        saved(image, **with_map(options))
    assert isinstance(ours.value, pyregjpeg.RegionJpegError)


@pytest.mark.parametrize("options", OURS.values(), ids=OURS)
def test_a_bad_value_of_a_known_option_is_an_option_error(options: dict[str, Any]) -> None:
    with pytest.raises(pyregjpeg.OptionError) as error:
        saved(photograph("coffee"), **with_map(options))
    assert "\n" not in str(error.value)
    assert isinstance(error.value, ValueError)
    assert isinstance(error.value, TypeError)


@pytest.mark.parametrize("step", [0, 32768, 65535])
def test_steps_that_libjpeg_brings_into_range_are_brought_into_range(step: int) -> None:
    image = photograph("coffee")
    ours, pillows = (saved(image, name, **with_map({"qtables": [[step] * 64]})) for name in ("REGIONJPEG", "JPEG"))
    assert opened(ours).quantization == opened(pillows).quantization


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "PA", "I", "I;16", "F", "HSV", "LAB", "La", "RGBa"])
def test_a_mode_that_jpeg_does_not_have_is_refused_in_pillows_words(mode: str) -> None:
    image = Image.new(mode, (16, 16))
    with pytest.raises(OSError, match="cannot write mode") as pillows:
        saved(image, "JPEG")
    with pytest.raises(pyregjpeg.CodecError) as ours:
        saved(image)
    assert str(ours.value) == str(pillows.value)


@pytest.mark.parametrize("size", [(65501, 1), (1, 65501), (70000, 1)])
def test_a_side_above_65500_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(pyregjpeg.CodecError, match=r"65500 pixels, not \d+ x \d+"):
        flat(Image.new("L", size))


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (0, 0)])
@pytest.mark.parametrize("options", [{}, {"region_map": [(0, 0, 8, 8)]}, {"background_quality": 75}], ids=str)
def test_an_empty_picture_is_refused(size: tuple[int, int], options: dict[str, Any]) -> None:
    with pytest.raises(pyregjpeg.CodecError, match="empty"):
        pyregjpeg.encode(Image.new("RGB", size), **options)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {"quality": "splendid"}),
        ("RGB", {"dpi": 3}),
        ("RGB", {"exif": b"x" * 70000}),
        ("RGB", {"region_map": np.full((1, 1), np.nan)}),
        ("RGB", {"region_map": None, "map_model": "no such model"}),
        ("RGBA", {}),
    ],
    ids=["option", "dpi", "metadata", "map", "model", "mode"],
)
def test_an_error_leaves_the_file_untouched(mode: str, options: dict[str, Any]) -> None:
    file = io.BytesIO(b"something else")
    with pytest.raises(pyregjpeg.RegionJpegError):
        photograph("coffee", mode).save(file, format="REGIONJPEG", **with_map(options))
    assert file.getvalue() == b"something else"
    assert file.tell() == 0


@pytest.mark.parametrize("room", [0, 1, 100, 5000])
def test_a_failing_file_object_gets_its_own_error_raised_unchanged(room: int) -> None:
    file = FailingFile(room)
    with pytest.raises(OSError, match="No space left") as error:
        photograph("coffee").save(file, format="REGIONJPEG", region_map=np.ones((1, 1)))
    assert error.value is file.error


def test_a_closed_file_gets_its_own_error() -> None:
    file = io.BytesIO()
    file.close()
    with pytest.raises(ValueError, match="closed file") as error:
        photograph("coffee").save(file, format="REGIONJPEG", region_map=np.ones((1, 1)))
    assert not isinstance(error.value, pyregjpeg.RegionJpegError)


def test_paths_file_objects_and_pipes_get_the_same_bytes(tmp_path: Path) -> None:
    image = photograph("coffee")
    options: dict[str, Any] = {"format": "REGIONJPEG", "region_map": np.ones((1, 1)), "icc_profile": bytes(200_000)}
    expected = saved(image, **options)

    image.save(str(tmp_path / "text.jpg"), **options)
    image.save(tmp_path / "path.jpg", **options)
    with (tmp_path / "file.jpg").open("wb") as file:
        image.save(file, **options)
    assert {path.name: path.read_bytes() == expected for path in tmp_path.iterdir()} == {
        "text.jpg": True,
        "path.jpg": True,
        "file.jpg": True,
    }

    reading_end, writing_end = os.pipe()
    received: list[bytes] = []
    with os.fdopen(reading_end, "rb") as reader:
        thread = threading.Thread(target=lambda: received.append(reader.read()))
        thread.start()
        with os.fdopen(writing_end, "wb") as writer:
            image.save(writer, **options)
        thread.join()
    assert received == [expected]


def test_what_a_file_held_before_is_replaced_from_where_it_stands() -> None:
    file = io.BytesIO(b"header")
    file.seek(6)
    photograph("coffee").save(file, format="REGIONJPEG", region_map=np.ones((1, 1)))
    assert file.getvalue() == b"header" + saved(photograph("coffee"), region_map=np.ones((1, 1)))
