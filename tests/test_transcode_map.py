"""transcode(): the map that is given or that a model makes of a small decode of the picture, and the other options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import PHOTOGRAPHS, mean_difference, opened, photograph, saved
from jpeg_sources import KINDS, UNDECODABLE, jpeg_of
from numpy.typing import NDArray
from PIL import ExifTags, Image
from tiny_model import brightness_network, model_file

import pyregjpeg
from pyregjpeg import region_map
from pyregjpeg.map_model import input_size, load_model

CENTRE = [(80, 60, 240, 160)]
MSROI = load_model("msroi").card


class Spy:
    """Stands in for a map model: keeps the pictures that it is shown, and finds the same in all of them."""

    card = MSROI

    def __init__(self, found: NDArray[np.float32]) -> None:
        self.found = found
        self.seen: list[Image.Image] = []

    def predict(self, image: Image.Image) -> NDArray[np.float32]:
        self.seen.append(image.copy())
        return self.found


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy(np.random.default_rng(0).random((7, 10), dtype=np.float32))
    monkeypatch.setattr("pyregjpeg.map_model.load_model", lambda model: spy)
    return spy


def test_without_a_map_the_models_is_taken(spy: Spy) -> None:
    source = jpeg_of("4:2:0")
    assert pyregjpeg.transcode(source) == pyregjpeg.transcode(source, region_map=spy.found)
    assert len(spy.seen) == 1


@pytest.mark.parametrize(
    "options", [{"region_map": CENTRE}, {"background_quality": 100}, {"quality": 60, "background_quality": 60}], ids=str
)
def test_no_model_runs_where_a_map_is_given_or_has_nothing_to_say(spy: Spy, options: dict[str, Any]) -> None:
    assert pyregjpeg.transcode(jpeg_of("4:2:0"), **options)
    assert spy.seen == []


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_second_time_with_the_models_map_little_changes(name: str) -> None:
    """The model sees a picture that is a little different."""
    source = saved(photograph(name), "JPEG", quality=90)
    for options in ({}, {"quality": 70}):
        once = pyregjpeg.transcode(source, **options)
        assert 0.9 * len(once) < len(pyregjpeg.transcode(once, **options)) <= len(once)


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_model_looks_at_a_picture_decoded_no_larger_than_it_needs(spy: Spy, shrink: int, progressive: bool) -> None:
    needed = input_size(400, 300, MSROI)
    size = (needed[0] * shrink + 3, needed[1] * shrink + 2)
    source = saved(photograph("coffee").resize(size), "JPEG", progressive=progressive)
    pyregjpeg.transcode(source)
    [seen] = spy.seen
    assert seen.size == (-(-size[0] // shrink), -(-size[1] // shrink))
    assert mean_difference(seen, opened(source).resize(seen.size, Image.Resampling.BOX)) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_model_sees_the_picture_upright_and_its_map_is_turned_back(spy: Spy, orientation: int) -> None:
    upright = photograph("coffee").resize((1280, 860))
    back = region_map.TURNS[orientation][1] if orientation > 1 else None
    stored = upright.transpose(back) if back is not None else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    source = saved(stored, "JPEG", exif=exif)
    jpeg = pyregjpeg.transcode(source)
    [seen] = spy.seen
    assert mean_difference(seen, upright.resize(seen.size)) < 6
    turned = np.asarray(Image.fromarray(spy.found).transpose(back)) if back is not None else spy.found
    assert jpeg == pyregjpeg.transcode(source, region_map=turned)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in UNDECODABLE])
def test_a_model_sees_pictures_of_every_kind(kind: str, tmp_path: Path) -> None:
    bright = model_file(tmp_path, brightness_network())
    source = jpeg_of(kind)
    seen = np.asarray(opened(source).convert("RGB")).mean(axis=2) / 255
    expected = pyregjpeg.transcode(source, region_map=seen, allow_larger=True)
    jpeg = pyregjpeg.transcode(source, map_model=bright, allow_larger=True)
    assert abs(len(jpeg) - len(expected)) < 0.05 * len(expected)


@pytest.mark.parametrize("kind", UNDECODABLE)
def test_a_picture_that_no_decoder_shows_to_the_model_is_refused(kind: str) -> None:
    with pytest.raises(pyregjpeg.CodecError, match="give a region_map"):
        pyregjpeg.transcode(jpeg_of(kind))


def test_a_damaged_exif_does_not_keep_a_picture_from_its_map() -> None:
    plain = saved(photograph("chelsea"), "JPEG")
    damaged = saved(photograph("chelsea"), "JPEG", exif=b"Exif\0\0XX")
    assert pyregjpeg.read_levels(pyregjpeg.transcode(damaged))[0].tolist() == (
        pyregjpeg.read_levels(pyregjpeg.transcode(plain))[0].tolist()
    )


@pytest.mark.parametrize(("quality", "background"), [(90, 72), (61, 48), (30, 24)])
def test_the_default_background_quality_is_four_fifths_of_what_the_tables_amount_to(
    quality: int, background: int
) -> None:
    source = saved(photograph("coffee"), "JPEG", quality=quality)
    by_default = pyregjpeg.transcode(source, region_map=CENTRE)
    assert by_default == pyregjpeg.transcode(source, region_map=CENTRE, background_quality=background)
    assert by_default != pyregjpeg.transcode(source, region_map=CENTRE, background_quality=background - 3)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"qtables": "keep"}, TypeError),
        ({"subsampling": 0}, TypeError),
        ({"quality": 0}, pyregjpeg.OptionError),
        ({"quality": 101}, pyregjpeg.OptionError),
        ({"quality": "keep"}, pyregjpeg.OptionError),
        ({"quality": True}, pyregjpeg.OptionError),
        ({"background_quality": 0}, pyregjpeg.OptionError),
        ({"quality": 50, "background_quality": 51}, pyregjpeg.OptionError),
        ({"progressive": "yes"}, pyregjpeg.OptionError),
        ({"optimize": None}, pyregjpeg.OptionError),
        ({"allow_larger": "no"}, pyregjpeg.OptionError),
        ({"damaged": "ignore"}, pyregjpeg.OptionError),
        ({"damaged": None}, pyregjpeg.OptionError),
        ({"strip": "exif"}, pyregjpeg.OptionError),
        ({"strip": ("exif", "jfif")}, pyregjpeg.OptionError),
        ({"strip": None}, pyregjpeg.OptionError),
        ({"strip": [["exif"]]}, pyregjpeg.OptionError),
        ({"restart_marker_blocks": 65536}, pyregjpeg.OptionError),
        ({"feather": -1}, pyregjpeg.OptionError),
        ({"tables": "flat"}, pyregjpeg.OptionError),
        ({"effort": "splendid"}, pyregjpeg.OptionError),
        ({"map_model": 5}, pyregjpeg.OptionError),
        ({"map_model": "no such"}, pyregjpeg.ModelError),
        ({"region_map": np.full((1, 1), 2.0)}, pyregjpeg.MapError),
        ({"region_map": np.full((1, 1), 2.0), "background_quality": 100}, pyregjpeg.MapError),
    ],
    ids=str,
)
def test_a_bad_option_is_refused_in_one_sentence(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        pyregjpeg.transcode(jpeg_of("4:2:0"), **options)
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_background_quality_above_the_sources_is_the_sources() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=60)
    jpegs = {pyregjpeg.transcode(source, background_quality=number) for number in (60, 61, 90)}
    assert len(jpegs) == 1


@pytest.mark.parametrize("jpeg", ["a.jpg", Path("a.jpg"), None, 5, [255, 216]], ids=str)
def test_what_is_no_bytes_is_refused(jpeg: Any) -> None:
    with pytest.raises(pyregjpeg.OptionError, match="given as bytes"):
        pyregjpeg.transcode(jpeg)
