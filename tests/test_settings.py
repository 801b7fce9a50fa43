"""The settings of a run: wrong ones are refused before anything is read, and equal ones have equal digests."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_model import brightness_network, model_file

from pyregjpeg import map_model
from pyregjpeg.errors import MapError, ModelError, OptionError, RegionJpegError
from pyregjpeg.map_model import load_model
from pyregjpeg.settings import checked

BOX = [(0, 0, 8, 8)]


def digest(**options: Any) -> str:
    return checked(region_map=BOX, **options).digest("")


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 70},
        {"background_quality": 30},
        {"progressive": True},
        {"subsampling": "4:4:4"},
        {"pixels": True},
        {"target_size": 1000},
        {"min_savings": 5.0},
        {"purpose": "machine"},
        {"purpose": "machine", "machine_size": 100},
        {"damaged": "keep-going"},
        {"background_color": "black"},
        {"strip": ["exif"]},
    ],
    ids=str,
)
def test_an_option_that_changes_the_output_changes_the_digest(options: dict[str, Any]) -> None:
    assert digest(**options) != digest()


@pytest.mark.parametrize("options", [{"overwrite": "bigger"}, {"keep_dates": True}, {"dry_run": True}], ids=str)
def test_an_option_that_changes_no_byte_of_it_does_not(options: dict[str, Any]) -> None:
    assert digest(**options) == digest()


def test_boxes_and_the_content_of_a_map_are_part_of_the_digest() -> None:
    assert checked(region_map=[(0, 0, 8, 9)]).digest("") != digest()
    assert checked(region_map=BOX).digest("of a map") != digest()


def test_a_map_is_known_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, np.ones((2, 2), dtype=np.float32))
    one, other = (checked(region_map=tmp_path / name) for name in ("a.npy", "b.npy"))
    assert one.digest("content") == other.digest("content")


def test_a_model_that_has_changed_under_its_name_changes_the_digest(tmp_path: Path) -> None:
    before = checked(map_model=str(model_file(tmp_path, brightness_network())))
    (tmp_path / "later").mkdir()
    later = checked(map_model=str(model_file(tmp_path / "later", brightness_network(1 / 510))))
    assert before.model_digest != later.model_digest
    after = dataclasses.replace(later, map_model=before.map_model)
    assert before.digest("") != after.digest("")


def test_the_purpose_chooses_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = model_file(tmp_path, brightness_network())
    monkeypatch.setitem(map_model._registered, "machine", path)
    digests = [checked(purpose="machine", **options).model_digest for options in ({}, {"map_model": path})]
    assert digests == [load_model(path).card.sha256] * 2
    assert checked().model_digest == load_model("msroi").card.sha256


def test_names_of_metadata_are_one_set_however_they_are_given() -> None:
    assert checked(region_map=BOX, strip="xmp,exif,exif").strip == ("exif", "xmp")
    assert checked(region_map=BOX, strip=["xmp", "exif"]).strip == ("exif", "xmp")


def test_a_colour_has_a_name_or_numbers() -> None:
    for given in ("#ff8000", "rgb(255,128,0)", (255, 128, 0)):
        assert checked(region_map=BOX, background_color=given).background_color == (255, 128, 0)


def test_they_can_be_sent() -> None:
    settings = checked(region_map=BOX, quality=60, strip=["all"])
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_without_a_quality_each_way_has_its_own_default() -> None:
    assert "quality" not in checked(region_map=BOX).for_pixels()
    assert "quality" not in checked(region_map=BOX).for_coefficients()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"quality": 0}, OptionError),
        ({"quality": 101}, OptionError),
        ({"quality": 30, "background_quality": 40}, OptionError),
        ({"background_quality": 0}, OptionError),
        ({"subsampling": "4:1:0"}, OptionError),
        ({"overwrite": "sometimes"}, OptionError),
        ({"tables": "best"}, OptionError),
        ({"effort": "none"}, OptionError),
        ({"purpose": "robot"}, OptionError),
        ({"machine_size": 224}, OptionError),
        ({"purpose": "machine", "machine_size": 0}, OptionError),
        ({"purpose": "machine", "tables": "annex-k"}, OptionError),
        ({"purpose": "machine", "background_quality": 20}, OptionError),
        ({"damaged": "perhaps"}, OptionError),
        ({"target_size": 0}, OptionError),
        ({"target_size": "200k"}, OptionError),
        ({"min_savings": 101}, OptionError),
        ({"min_savings": float("nan")}, OptionError),
        ({"background_color": "no such colour"}, OptionError),
        ({"background_color": (1, 2)}, OptionError),
        ({"strip": ["thumbnail"]}, OptionError),
        ({"region_map": [(0, 0, 8)]}, OptionError),
        ({"region_map": [(8, 0, 8, 8)]}, OptionError),
        ({"region_map": [(0, 0, 8, float("nan"))]}, OptionError),
        ({"region_map": [(0, 0, 8, 8, 2)]}, OptionError),
        ({"region_map": "missing.png"}, OSError),
        ({"map_model": "no such model"}, ModelError),
        ({"qualtiy": 3}, TypeError),
        ({"boxes": BOX}, TypeError),
    ],
    ids=str,
)
def test_what_is_wrong_with_any_picture_is_said_at_once(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        checked(**options)


def test_a_file_that_is_no_map_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(b"no picture")
    with pytest.raises(MapError):
        checked(region_map=str(tmp_path / "map.png"))
    np.save(tmp_path / "map.npy", np.full((2, 2), 3.0))
    with pytest.raises(RegionJpegError):
        checked(region_map=tmp_path / "map.npy")


def test_a_background_quality_without_a_quality_depends_on_the_picture() -> None:
    assert checked(region_map=BOX, background_quality=90).background_quality == 90
