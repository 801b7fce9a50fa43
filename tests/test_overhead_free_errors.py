"""What goes wrong with overhead-free files, and what is refused before there is one: each time one clear sentence."""

from __future__ import annotations

import dataclasses
import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import flat, photograph, saved
from overhead_free_files import GivenMap, encoded, picture_of
from PIL import Image
from qf_stub import DIGEST, StubPredictor, install, predicts, random_factors

import pyregjpeg
from pyregjpeg import OptionError, qf_segment, target_size, transcode
from pyregjpeg.errors import CodecError, MapError, ModelError
from pyregjpeg.metadata import APP9
from pyregjpeg.qf_segment import QfSegment
from pyregjpeg.reader import Reader

SIZE = (131, 77)
FACTORS = random_factors(SIZE)
PICTURE = picture_of(SIZE)


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> StubPredictor:
    predictor = StubPredictor(predicts(FACTORS))
    install(monkeypatch, predictor)
    return predictor


def program(*arguments: str, stdin: bytes) -> bytes:
    path = shutil.which(arguments[0])
    assert path is not None, f"{arguments[0]} is not installed"
    return subprocess.run([path, *arguments[1:]], input=stdin, capture_output=True, check=True).stdout


def told_in(jpeg: bytes) -> QfSegment:
    with Reader(jpeg) as reader:
        return qf_segment.read(qf_segment.payloads(reader.segments))


def with_told(jpeg: bytes, told: QfSegment) -> bytes:
    """The file with another segment in the place of its one."""
    end = 24 + int.from_bytes(jpeg[22:24], "big") - 2
    assert jpeg[20:22] == bytes((0xFF, APP9))
    return jpeg[:20] + told.written() + jpeg[end:]


def sentence_of(error: type[Exception], act: Callable[[], Any]) -> str:
    with pytest.raises(error) as caught:
        act()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def decoding(jpeg: bytes, error: type[Exception] = CodecError) -> str:
    """What decode and Image.open both say."""
    message = sentence_of(error, lambda: pyregjpeg.decode(jpeg))
    assert sentence_of(error, lambda: Image.open(io.BytesIO(jpeg)).load()) == message
    return message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"background_quality": 40}, "background_quality does not go with overhead_free"),
        ({"qtables": "web_low"}, "qtables does not go with overhead_free"),
        ({"qtables": [[1] * 64]}, "qtables does not go with overhead_free"),
        ({"feather": 2}, "feather does not go with overhead_free"),
        ({"keep_rgb": True}, "keep_rgb does not go with overhead_free"),
        ({"tables": "perceptual"}, "tables does not go with overhead_free"),
        ({"quality": "web_low"}, "quality is an integer from 1 to 100, not 'web_low'"),
        ({"quality": "keep"}, "quality is an integer from 1 to 100, not 'keep'"),
        ({"subsampling": "4:2:2"}, "subsampling is '4:4:4' or '4:2:0', not '4:2:2'"),
        ({"subsampling": 1}, "subsampling is '4:4:4' or '4:2:0', not 1"),
        ({"overhead_free": "yes"}, "overhead_free is True or False"),
    ],
)
def test_options_of_the_standard_dialect_are_refused(options: dict[str, Any], message: str) -> None:
    given = {"overhead_free": True, "map_model": GivenMap(FACTORS), **options}
    assert message in sentence_of(OptionError, lambda: pyregjpeg.encode(PICTURE, **given))
    assert message in sentence_of(OptionError, lambda: saved(PICTURE, **given))


def test_the_defaults_of_these_options_may_be_said() -> None:
    defaults = {"background_quality": None, "qtables": None, "feather": 1, "keep_rgb": False}
    defaults |= {"tables": None, "effort": "fast"}
    assert encoded(PICTURE, FACTORS, **defaults, quality=-1, subsampling=-1) == encoded(PICTURE, FACTORS)


def test_an_option_that_there_is_not_is_unknown_as_ever() -> None:
    assert "purpose" in sentence_of(TypeError, lambda: encoded(PICTURE, FACTORS, purpose="machine"))


@pytest.mark.parametrize("mode", ["1", "RGBX", "CMYK", "YCbCr"])
def test_other_modes_are_refused(mode: str) -> None:
    message = sentence_of(CodecError, lambda: encoded(PICTURE.convert(mode), FACTORS))
    assert message == f"overhead_free is for pictures of mode RGB or L, not {mode}"


def test_models_of_another_kind_and_bad_maps_are_refused() -> None:
    for model in ("msroi", pyregjpeg.load_model("msroi")):
        message = sentence_of(
            ModelError, lambda model=model: pyregjpeg.encode(PICTURE, overhead_free=True, map_model=model)
        )
        assert message == "The model 'msroi' is of kind 'importance' and gives no QF map"
    assert sentence_of(MapError, lambda: pyregjpeg.encode(PICTURE, overhead_free=True, region_map=np.array([[2.0]])))
    assert sentence_of(ModelError, lambda: pyregjpeg.encode(PICTURE, overhead_free=True, map_model="nothing"))


def test_a_number_of_bytes_cannot_be_asked_for() -> None:
    message = sentence_of(OptionError, lambda: target_size.encode_to_size(PICTURE, 5000, overhead_free=True))
    assert message == "target_size is for the standard dialect, and does not go with overhead_free"


def test_a_file_of_the_standard_dialect_is_not_decoded() -> None:
    message = sentence_of(CodecError, lambda: pyregjpeg.decode(flat(photograph("gravel"))))
    assert message == "This is no overhead-free file: it has no QF map segment."
    assert sentence_of(CodecError, lambda: pyregjpeg.decode(b"no picture"))


def test_a_predictor_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = encoded(PICTURE, FACTORS)
    install(monkeypatch, None)
    assert decoding(jpeg, ModelError) == f"the file's predictor stub ({DIGEST[:4].hex()}) is not installed"


def test_a_predictor_of_another_digest_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = encoded(PICTURE, FACTORS)
    install(monkeypatch, StubPredictor(predicts(FACTORS), digest=DIGEST[::-1]))
    assert "stub" in decoding(jpeg, ModelError)


@pytest.mark.parametrize("says", [np.nan, np.inf])
def test_a_predictor_that_fails_is_refused(says: float, monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = encoded(PICTURE, FACTORS)
    install(monkeypatch, StubPredictor(np.full(1, says, np.float32)))
    assert "gave no QF map" in decoding(jpeg, ModelError)
    assert "gave no QF map" in sentence_of(ModelError, lambda: encoded(PICTURE, FACTORS))


def test_a_predictor_that_is_too_far_off_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = encoded(PICTURE, FACTORS)
    install(monkeypatch, StubPredictor(predicts(FACTORS) + np.float32(0.2)))
    assert "QF map of the file is damaged" in decoding(jpeg)


@pytest.mark.parametrize(
    "changes",
    [
        {"planes": 1},
        {"limits": ((2, 50), (50, 50))},
        {"told": b""},
        {"told": b"\0\0"},
        {"predictor": "", "digest": b""},
        {"check": 1},
    ],
    ids=str,
)
def test_a_segment_that_tells_of_another_map_is_noticed(changes: dict[str, Any]) -> None:
    jpeg = encoded(PICTURE, FACTORS)
    told = told_in(jpeg)
    assert with_told(jpeg, told) == jpeg
    assert "QF map" in decoding(with_told(jpeg, dataclasses.replace(told, **changes)))


def test_no_damaged_bit_shows_another_picture() -> None:
    jpeg = encoded(PICTURE, FACTORS)
    expected = pyregjpeg.decode(jpeg).tobytes()
    end = 22 + int.from_bytes(jpeg[22:24], "big")
    for place in (*range(2, end), *range(end, len(jpeg), 3)):
        damaged = bytearray(jpeg)
        damaged[place] ^= 1 << (place % 8)
        try:
            shown = pyregjpeg.decode(bytes(damaged))
        except (CodecError, ModelError, Image.DecompressionBombError):
            continue
        assert shown.tobytes() == expected


@pytest.mark.parametrize(
    "change", [("-flip", "horizontal"), ("-rotate", "180"), ("-crop", "64x64+0+0"), ("-crop", "127x95+0+0")], ids=str
)
def test_a_picture_that_was_turned_or_cropped_is_noticed(change: tuple[str, str]) -> None:
    jpeg = encoded(picture_of((128, 96)), random_factors((128, 96)))
    turned = program("jpegtran", "-copy", "all", *change, stdin=jpeg)
    assert "QF map" in decoding(turned)


def test_other_tables_are_noticed() -> None:
    jpeg = bytearray(encoded(PICTURE, FACTORS))
    jpeg[jpeg.index(b"\xff\xdb") + 10] ^= 1
    assert "altered" in decoding(bytes(jpeg))


def test_a_segment_in_a_file_of_other_components_is_refused() -> None:
    told = told_in(encoded(PICTURE, FACTORS))
    for other in (flat(PICTURE.convert("L")), flat(PICTURE.convert("CMYK")), flat(PICTURE, keep_rgb=True)):
        assert "other components" in sentence_of(
            CodecError, lambda other=other: pyregjpeg.decode(other[:2] + told.written() + other[2:])
        )


def test_missing_and_repeated_segments_are_noticed() -> None:
    size = (400, 300)
    factors = random_factors(size)
    jpeg = encoded(picture_of(size), factors)
    told = told_in(jpeg)
    assert "too many" in decoding(jpeg[:20] + told.written() + jpeg[20:])
    large = dataclasses.replace(told, told=told.told + bytes(100_000)).written()
    first = 2 + int.from_bytes(large[2:4], "big")
    end = 22 + int.from_bytes(jpeg[22:24], "big")
    for left in (large[:first], large[first:]):
        assert "incomplete" in decoding(jpeg[:20] + left + jpeg[end:])


def test_a_bomb_of_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = encoded(PICTURE, FACTORS)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(Image.DecompressionBombError):
        pyregjpeg.decode(jpeg)


def test_transcode_names_decode_instead() -> None:
    message = sentence_of(CodecError, lambda: transcode(encoded(PICTURE, FACTORS), background_quality=100))
    assert "overhead-free" in message
    assert "pyregjpeg.decode" in message


@pytest.mark.parametrize("options", [{}, {"pixels": True}, {"min_savings": 1.0}])
def test_convert_takes_the_right_pixels(options: dict[str, Any], tmp_path: Path) -> None:
    source = tmp_path / "in.jpg"
    source.write_bytes(jpeg := encoded(PICTURE, FACTORS, dpi=(300, 300)))
    [result] = pyregjpeg.convert(
        source, tmp_path / "out", quality=30, background_quality=30, region_map=[(0, 0, 9, 9)], **options
    )
    assert result.status == "converted", result.message
    written = (tmp_path / "out" / "in.jpg").read_bytes()
    assert written == flat(pyregjpeg.decode(jpeg), quality=30, dpi=(300, 300))


def test_convert_in_place_leaves_it_alone(tmp_path: Path) -> None:
    source = tmp_path / "in.jpg"
    source.write_bytes(jpeg := encoded(PICTURE, FACTORS))
    [result] = pyregjpeg.convert(source, in_place=True, background_quality=75, quality=75)
    assert result.status == "skipped"
    assert source.read_bytes() == jpeg
