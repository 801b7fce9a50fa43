"""purpose="machine": the tables, sampling and scans of the file, wrong options, and the human's file as ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helper import ODD_SIZED, photograph, roundtrip, saved
from machine_families import AVERAGE, FULL, HALF, LUMA, RATIOS, family_at, steps_of
from PIL import Image
from tiny_model import brightness_network, model_file

import pyregjpeg
from pyregjpeg import map_model
from pyregjpeg.errors import CodecError, OptionError
from pyregjpeg.target_size import encode_to_size

SIDE = 192  # of a square picture; half, a third and so on of it are whole
PLANES = {0: [FULL], 1: [HALF, FULL], 2: [HALF]}  # those of chroma, by Pillow's number for the sampling
SAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def picture(mode: str = "RGB") -> Image.Image:
    return photograph("astronaut", mode).resize((SIDE, SIDE))


def for_machine(image: Image.Image, **options: Any) -> bytes:
    return pyregjpeg.encode(image, **{"purpose": "machine", "region_map": AVERAGE, **options})


def tables(image: Image.Image, **options: Any) -> list[list[int]]:
    """The tables in its file for a machine, as Pillow reads them."""
    read = roundtrip(image, **{"purpose": "machine", "region_map": AVERAGE, **options})
    return [list(table) for table in read.quantization.values()]


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("ratio", [ratio for ratio in RATIOS if SIDE % ratio == 0])
def test_the_tables_in_the_file_are_those_of_the_ratio_and_the_sampling(ratio: float, subsampling: int) -> None:
    for quality in (20, 75):
        written = tables(picture(), machine_size=int(SIDE / ratio), quality=quality, subsampling=subsampling)
        luma, chroma = (steps_of(ratio, quality, *planes) for planes in ([LUMA], PLANES[subsampling]))
        assert written == [luma.tolist(), chroma.tolist()]


@pytest.mark.parametrize("ratio", [1, 2, 6])
def test_without_a_word_the_sampling_is_the_best_for_the_ratio(ratio: float) -> None:
    by_default = for_machine(picture(), machine_size=int(SIDE / ratio))
    best = SAMPLINGS[family_at(ratio)["subsampling"]]
    assert by_default == for_machine(picture(), machine_size=int(SIDE / ratio), subsampling=best)
    assert by_default != for_machine(picture(), machine_size=int(SIDE / ratio), subsampling=(best + 1) % 3)


@pytest.mark.parametrize("mode", ["1", "L", "CMYK"])
def test_what_has_no_chroma_has_lumas_steps(mode: str) -> None:
    assert tables(picture(mode), machine_size=SIDE // 2) == [steps_of(2, 75, LUMA).tolist()]
    assert roundtrip(picture(mode), purpose="machine", region_map=AVERAGE).size == (SIDE, SIDE)


def test_rgb_that_is_kept_has_lumas_steps() -> None:
    assert tables(picture(), machine_size=SIDE // 2, keep_rgb=True) == [steps_of(2, 75, LUMA).tolist()]


@pytest.mark.parametrize("mode", ["RGBX", "YCbCr"])
def test_other_colours_are_as_rgb(mode: str) -> None:
    assert tables(picture(mode)) == tables(picture())


def test_alpha_is_refused_as_ever() -> None:
    with pytest.raises(CodecError):
        for_machine(picture("RGBA"))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 3)])
def test_the_smallest_pictures_are_written(mode: str, size: tuple[int, int]) -> None:
    for options in ({}, {"effort": "best"}, {"progressive": True}):
        assert roundtrip(Image.new(mode, size), purpose="machine", region_map=AVERAGE, **options).size == size


def test_the_ratio_is_that_of_the_short_side_however_the_picture_lies() -> None:
    lying = photograph("chelsea").resize((SIDE * 2, SIDE))
    exif = Image.Exif()
    exif[0x0112] = 6
    expected = [steps_of(2, 75, LUMA).tolist(), steps_of(2, 75, HALF).tolist()]
    for image in (lying, lying.transpose(Image.Transpose.ROTATE_90)):
        for options in ({}, {"exif": exif}):
            assert tables(image, machine_size=SIDE // 2, subsampling=2, **options) == expected


def test_the_network_sees_224_pixels_if_nothing_is_said() -> None:
    image = photograph("astronaut").resize((448, 448))
    assert for_machine(image) == for_machine(image, machine_size=224) != for_machine(image, machine_size=112)


@pytest.mark.parametrize("machine_size", [64, 192])
def test_a_higher_quality_takes_more_bytes(machine_size: int) -> None:
    sizes = [len(for_machine(picture(), quality=quality, machine_size=machine_size)) for quality in range(5, 101, 10)]
    assert sizes == sorted(set(sizes))


def test_the_quality_is_75_if_nothing_is_said() -> None:
    assert for_machine(picture()) == for_machine(picture(), quality=75) != for_machine(picture(), quality=74)


def test_qtables_win() -> None:
    given = [[*range(1, 65)], [*range(2, 66)]]
    assert tables(picture(), qtables=given) == given
    assert tables(picture(), quality="web_low") == tables(picture(), qtables="web_low")
    one = [[7] * 64]  # luma's and chroma's
    assert tables(picture(), qtables=one) == one


@pytest.mark.parametrize("effort", ["fast", "best"])
def test_it_is_progressive_where_that_is_smaller_unless_something_is_said(effort: str) -> None:
    def is_progressive(image: Image.Image, **options: Any) -> bool:
        read = roundtrip(image, purpose="machine", region_map=AVERAGE, effort=effort, **options)
        return bool(read.info.get("progressive"))

    large = photograph("coffee").resize((634, 422))
    assert is_progressive(large)
    assert not is_progressive(Image.new("L", (8, 8)))
    assert is_progressive(Image.new("L", (8, 8)), progressive=True)
    assert not is_progressive(large, progressive=False)
    assert not is_progressive(large, optimize=False)


def test_best_effort_is_smaller_in_the_same_tables() -> None:
    image = photograph("coffee").resize((634, 422))
    fast, best = (for_machine(image, effort=effort) for effort in ("fast", "best"))
    assert len(best) < len(fast)
    assert tables(image, effort="fast") == tables(image, effort="best")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"purpose": "robot"}, "purpose is 'human' or 'machine', not 'robot'"),
        ({"machine_size": 100}, "machine_size goes with purpose='machine' only"),
        ({"purpose": "human", "machine_size": 224}, "machine_size goes with purpose='machine' only"),
        ({"purpose": "machine", "machine_size": 0}, "machine_size is an integer, 1 or more, not 0"),
        ({"purpose": "machine", "machine_size": 2.5}, "machine_size is an integer, 1 or more, not 2.5"),
        ({"purpose": "machine", "machine_size": True}, "machine_size is an integer, 1 or more, not True"),
        (
            {"purpose": "machine", "background_quality": 20},
            "purpose='machine' and background_quality exclude each other",
        ),
        ({"purpose": "machine", "tables": "annex-k"}, "purpose='machine' and tables exclude each other"),
        ({"purpose": "machine", "tables": "perceptual"}, "purpose='machine' and tables exclude each other"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_said(options: dict[str, Any], sentence: str) -> None:
    jpeg = saved(picture(), "JPEG")
    writers: list[Callable[[], bytes]] = [
        lambda: pyregjpeg.encode(picture(), **options),
        lambda: saved(picture(), **options),
        lambda: pyregjpeg.transcode(jpeg, **options),
    ]
    for write in writers:
        with pytest.raises(OptionError) as caught:
            write()
        assert str(caught.value) == sentence
    with pytest.raises(OptionError):
        pyregjpeg.convert("a.png", "b.jpg", **options)


def test_the_overhead_free_dialect_is_for_itself() -> None:
    with pytest.raises(OptionError, match=r"^purpose does not go with overhead_free$"):
        pyregjpeg.encode(picture(), purpose="machine", overhead_free=True)


def test_a_human_has_what_there_is_without_a_purpose() -> None:
    for options in ({}, {"effort": "best"}, {"tables": "annex-k"}, {"subsampling": 0}):
        jpeg = pyregjpeg.encode(picture(), region_map=AVERAGE, **options)
        assert jpeg == pyregjpeg.encode(picture(), region_map=AVERAGE, purpose="human", **options)
        assert jpeg != for_machine(picture(), **{name: value for name, value in options.items() if name != "tables"})


def test_the_default_map_is_of_the_model_for_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = model_file(tmp_path, brightness_network())
    monkeypatch.setitem(map_model._registered, "machine", path)
    by_default = pyregjpeg.encode(picture(), purpose="machine")
    assert by_default == pyregjpeg.encode(picture(), purpose="machine", map_model=path) != for_machine(picture())
    jpeg = saved(picture(), "JPEG", quality=90)
    of_jpeg = pyregjpeg.transcode(jpeg, purpose="machine")
    assert of_jpeg == pyregjpeg.transcode(jpeg, purpose="machine", map_model=path)
    assert of_jpeg != pyregjpeg.transcode(jpeg, purpose="machine", region_map=AVERAGE)


def test_a_map_is_taken_as_it_is_unless_a_feather_is_asked_for() -> None:
    box = [(64, 64, 128, 128)]
    by_default, sharp, feathered = (
        for_machine(picture(), region_map=box, **options) for options in ({}, {"feather": 0}, {"feather": 2})
    )
    assert by_default == sharp != feathered


def test_the_best_quality_that_fits_is_found() -> None:
    for target in (2000, 6000):
        jpeg, quality = encode_to_size(photograph(ODD_SIZED), target, purpose="machine", region_map=AVERAGE)
        assert jpeg == for_machine(photograph(ODD_SIZED), quality=quality)
        assert len(jpeg) <= target < len(for_machine(photograph(ODD_SIZED), quality=quality + 1))
