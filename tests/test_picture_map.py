"""QF maps in the standard dialect: the same picture by a map, the quality of the background, turned pictures, tools."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from helper import PHOTOGRAPHS, flat, opened, photograph, saved
from PIL import Image, ImageOps
from test_qf_model import PLAIN_PSNR, two_colours
from tiny_model import QF, model_file, qf_network

import pyregjpeg
from pyregjpeg import region_map
from pyregjpeg.cli import main
from pyregjpeg.errors import ModelError, OptionError
from pyregjpeg.map_model import load_model
from pyregjpeg.picture_map import predict_factors
from pyregjpeg.qf_model import QfModel
from pyregjpeg.target_size import encode_to_size, transcode_to_size


@pytest.fixture
def model(tmp_path: Path) -> str:
    """One whose factors of luma are 13 and 37 in the halves of `two_colours`."""
    return str(model_file(tmp_path, qf_network(), QF))


def below(quality: int, smallest: int = 13, largest: int = 37) -> int:
    """The quality whose plain PSNR is as far below that of `quality` as the factors are apart."""
    decibels = PLAIN_PSNR[largest - 1] - PLAIN_PSNR[smallest - 1]
    return min(range(1, quality + 1), key=lambda other: abs(PLAIN_PSNR[quality - 1] - decibels - PLAIN_PSNR[other - 1]))


def textured(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """`two_colours` with the brightness of a photograph, so that there is something to quantise."""
    grey = photograph("astronaut", "L").resize(size)
    return Image.merge("YCbCr", (grey, *two_colours(size).split()[1:]))


@pytest.mark.parametrize("quality", [100, 90, 75, 40, 5, 2])
def test_the_background_lies_below_as_far_as_the_smallest_factor(quality: int, model: str) -> None:
    image = textured()
    options: dict[str, Any] = {"quality": quality, "region_map": pyregjpeg.predict_map(image, model)}
    jpeg = pyregjpeg.encode(image, quality=quality, map_model=model)
    assert jpeg == pyregjpeg.encode(image, background_quality=below(quality), **options)
    if quality > 5:
        assert jpeg != pyregjpeg.encode(image, background_quality=quality * 4 // 5, **options)


def test_a_background_quality_that_is_given_holds(model: str) -> None:
    image = textured()
    expected = pyregjpeg.encode(image, background_quality=70, region_map=pyregjpeg.predict_map(image, model))
    assert pyregjpeg.encode(image, background_quality=70, map_model=model) == expected
    with pytest.raises(OptionError, match="above"):
        pyregjpeg.encode(image, background_quality=80, map_model=model)


def test_a_map_of_one_factor_makes_a_flat_file(tmp_path: Path) -> None:
    model = model_file(tmp_path, qf_network(0, 20), QF)
    assert pyregjpeg.encode(photograph("coffee"), map_model=model) == flat(photograph("coffee"))


def test_no_qf_model_looks_where_it_has_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QfModel, "factors", None)
    image = photograph("coffee")
    for options in ({"quality": 1}, {"quality": 60, "background_quality": 60}, {"region_map": np.ones((2, 2))}):
        assert pyregjpeg.encode(image, map_model="qf", **options)
    assert pyregjpeg.transcode(saved(image, "JPEG"), map_model="qf", background_quality=100)


def test_a_map_that_is_given_has_the_usual_background(model: str) -> None:
    options: dict[str, Any] = {"region_map": [(0, 0, 40, 40)], "map_model": model}
    image = textured()
    assert pyregjpeg.encode(image, **options) == pyregjpeg.encode(image, background_quality=60, **options)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_shipped_model_costs_no_bytes_and_any_decoder_opens_the_file(name: str) -> None:
    image = photograph(name)
    jpeg = saved(image, map_model="qf")
    assert len(jpeg) <= len(flat(image))
    assert opened(jpeg).size == image.size


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 16), (31, 33)])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "YCbCr"])
def test_pictures_of_any_size_and_mode_are_encoded(size: tuple[int, int], mode: str) -> None:
    image = photograph("chelsea").resize(size).convert(mode)
    assert opened(pyregjpeg.encode(image, map_model="qf")).size == size


def test_an_array_is_a_picture_too() -> None:
    image = photograph("rocket")
    assert pyregjpeg.encode(np.asarray(image), map_model="qf") == pyregjpeg.encode(image, map_model="qf")
    assert np.array_equal(predict_factors(np.asarray(image)), predict_factors(image))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_model_sees_the_picture_upright_and_its_map_is_turned_back(orientation: int) -> None:
    upright = photograph("coffee")
    stored = upright
    if orientation > 1:
        stored = upright.transpose(region_map.TURNS[orientation][1])
        stored.getexif()[0x0112] = orientation
    assert np.array_equal(np.asarray(ImageOps.exif_transpose(stored)), np.asarray(upright))

    def turned(plane: np.ndarray) -> np.ndarray:
        back = region_map.TURNS[orientation][1] if orientation > 1 else None
        return plane if back is None else np.asarray(Image.fromarray(plane).transpose(back))

    seen, found = predict_factors(upright), predict_factors(stored)
    assert np.array_equal(found, np.stack([turned(plane) for plane in seen]))
    assert found.shape[1:] == (-(-stored.height // 16), -(-stored.width // 16))
    blocks = pyregjpeg.predict_map(stored, "qf")
    assert np.array_equal(blocks, turned(pyregjpeg.predict_map(upright, "qf")))
    assert blocks.shape == region_map.grid_shape(stored.size)


def test_a_large_turned_picture_is_seen_in_full(model: str) -> None:
    stored = two_colours((1100, 1100), "RGB")
    stored.getexif()[0x0112] = 3
    assert predict_factors(stored, model).shape == (2, 69, 69)


def test_a_model_of_another_kind_gives_no_qf_map() -> None:
    with pytest.raises(ModelError, match="'importance'"):
        predict_factors(photograph("coffee"), "msroi")


def test_a_jpeg_is_transcoded_by_its_qf_map(model: str) -> None:
    source = saved(textured().convert("RGB"), "JPEG", quality=90)
    by_map = {"region_map": pyregjpeg.predict_map(opened(source), model)}
    luma = predict_factors(opened(source), model)[0]  # of colours that were quantised
    smallest, largest = int(luma.min()), int(luma.max())
    jpeg = pyregjpeg.transcode(source, map_model=model)
    assert jpeg == pyregjpeg.transcode(source, background_quality=below(90, smallest, largest), **by_map)
    assert len(jpeg) < len(source)
    coarser = pyregjpeg.transcode(source, map_model=model, quality=70)
    background = below(70, smallest, largest)
    assert coarser == pyregjpeg.transcode(source, background_quality=background, quality=70, **by_map)


def test_a_large_jpeg_is_decoded_in_full_for_its_qf_map(model: str) -> None:
    source = saved(two_colours((1600, 1200)).convert("RGB"), "JPEG")
    sizes: list[tuple[int, int]] = []

    class Spy(QfModel):
        def factors(self, image: Image.Image) -> np.ndarray:
            sizes.append(image.size)
            return super().factors(image)

    loaded = load_model(model)
    spy = Spy(loaded.card, Path(model).read_bytes(), 1)
    assert pyregjpeg.transcode(source, map_model=spy)
    assert sizes == [(1600, 1200)]


def test_what_is_to_fit_has_the_background_of_its_quality(model: str) -> None:
    image = textured((192, 128))
    jpeg, quality = encode_to_size(image, 4000, map_model=model)
    assert 5 < quality < 100
    assert jpeg == pyregjpeg.encode(image, quality=quality, map_model=model)
    source = saved(image.convert("RGB"), "JPEG", quality=92)
    found = transcode_to_size(source, 4000, map_model=model)
    assert found.jpeg == pyregjpeg.transcode(source, quality=found.quality, map_model=model)


@pytest.mark.parametrize("flags", [[], ["--blocks"], ["--overlay"]])
def test_the_command_line_draws_the_map(flags: list[str], model: str, tmp_path: Path) -> None:
    two_colours((64, 48), "RGB").save(tmp_path / "a.png")
    arguments = ["map", str(tmp_path / "a.png"), "-o", str(tmp_path / "map.png"), "-m", model, *flags]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    drawn = Image.open(tmp_path / "map.png")
    assert drawn.size == (64, 48)
    left, right = (np.asarray(drawn.crop(box)).astype(float).mean() for box in ((0, 0, 16, 48), (48, 0, 64, 48)))
    assert right != left if flags == ["--overlay"] else (left, right) == (0, 255)


def test_the_command_line_converts_and_lists(tmp_path: Path) -> None:
    photograph("coffee").save(tmp_path / "a.png")
    saved_jpeg = saved(photograph("rocket"), "JPEG", quality=90)
    (tmp_path / "b.jpg").write_bytes(saved_jpeg)
    arguments = ["convert", str(tmp_path / "a.png"), str(tmp_path / "b.jpg"), "-o", str(tmp_path / "out"), "-m", "qf"]
    assert CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False).exit_code == 0
    assert (tmp_path / "out/a.jpg").read_bytes() == pyregjpeg.encode(photograph("coffee"), map_model="qf")
    assert (tmp_path / "out/b.jpg").read_bytes() == pyregjpeg.transcode(saved_jpeg, map_model="qf")
    again = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert [json.loads(line)["status"] for line in again.stdout.splitlines()] == ["skipped"] * 2
    assert "qf (qf): " in CliRunner().invoke(main, ["models"], catch_exceptions=False).stdout


def test_a_save_does_not_depend_on_what_was_saved_before() -> None:
    files = []
    for name in ("coffee", "rocket", "coffee"):
        file = io.BytesIO()
        photograph(name).save(file, "REGIONJPEG", map_model="qf")
        files.append(file.getvalue())
    assert files[0] == files[2] != files[1]
