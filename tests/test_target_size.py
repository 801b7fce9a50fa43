"""The best quality whose file fits into a number of bytes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from helper import COLOUR_PHOTOGRAPHS, opened, photograph, read_levels, saved
from hypothesis import given, settings
from hypothesis import strategies as st

import pyregjpeg
from pyregjpeg import codec, native
from pyregjpeg.errors import CodecError, OptionError
from pyregjpeg.network import Network
from pyregjpeg.target_size import encode_to_size, transcode_to_size
from pyregjpeg.transcoding import transcoded

BOX: dict[str, Any] = {"region_map": [(40, 40, 160, 160)]}


@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
@pytest.mark.parametrize("target_size", [4000, 7000, 12000])
def test_the_file_fits_and_that_of_the_next_quality_does_not(name: str, target_size: int) -> None:
    image = photograph(name)
    jpeg, quality = encode_to_size(image, target_size, **BOX)
    assert len(jpeg) <= target_size
    background = max(1, (quality + 1) * 4 // 5)
    assert len(pyregjpeg.encode(image, quality=quality + 1, background_quality=background, **BOX)) > target_size


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr", "RGBX"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": False}, {"restart_marker_rows": 1}])
def test_the_file_is_the_one_that_encode_makes_of_that_quality(mode: str, options: dict[str, Any]) -> None:
    image = photograph("coffee").convert("RGBX" if mode == "RGBX" else mode)
    options = {**BOX, **options, "comment": "small", "dpi": (72, 72)}
    jpeg, quality = encode_to_size(image, 12000, **options)
    assert jpeg == pyregjpeg.encode(image, quality=quality, **options)


@settings(deadline=None, max_examples=40)
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    seed=st.integers(0, 2**32),
    subsampling=st.sampled_from([0, 1, 2]),
    quality=st.integers(1, 100),
    allowances=st.integers(1, 100),
)
def test_kept_coefficients_make_the_same_file_as_pixels(
    size: tuple[int, int], seed: int, subsampling: int, quality: int, allowances: int
) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    options = {"region_map": random.random((3, 3)), "subsampling": subsampling}
    other = codec.prepare(pixels, {**options, "quality": 50})
    prepared = codec.prepare(pixels, {**options, "quality": quality, "background_quality": min(quality, allowances)})
    with native.Coefficients(other.settings, other.picture.strips()) as coefficients:
        assert coefficients.encode(prepared.settings) == native.encode(prepared.settings, prepared.picture.strips())


def test_coefficients_of_another_picture_are_refused() -> None:
    small, large = (codec.prepare(np.zeros((side, side, 3), np.uint8), BOX) for side in (8 * 25, 8 * 30))
    with (
        native.Coefficients(small.settings, small.picture.strips()) as coefficients,
        pytest.raises(CodecError, match="another picture"),
    ):
        coefficients.encode(large.settings)
    grey = codec.prepare(np.zeros((200, 200), np.uint8), BOX)
    with (
        native.Coefficients(small.settings, small.picture.strips()) as coefficients,
        pytest.raises(CodecError, match="another picture"),
    ):
        coefficients.encode(grey.settings)


@pytest.mark.parametrize("model", ["msroi", "qf"])
def test_the_map_model_looks_once(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    look = Network.run
    monkeypatch.setattr(Network, "run", lambda *arguments: looks.append(1) or look(*arguments))
    encode_to_size(photograph("coffee"), 8000, map_model=model)
    transcode_to_size(saved(photograph("coffee"), "JPEG", quality=92), 8000, map_model=model)
    assert len(looks) == 2


def test_a_quality_that_is_given_is_the_best_that_is_tried() -> None:
    image = photograph("coffee")
    jpeg, quality = encode_to_size(image, 10**7, quality=60, background_quality=30, **BOX)
    assert quality == 60
    assert jpeg == pyregjpeg.encode(image, quality=60, background_quality=30, **BOX)
    assert encode_to_size(image, 10**7, **BOX)[1] == 100


def test_the_background_falls_with_the_quality() -> None:
    image = photograph("coffee")
    jpeg, quality = encode_to_size(image, 6000, quality=80, background_quality=20, **BOX)
    assert quality < 80
    assert jpeg == pyregjpeg.encode(image, quality=quality, background_quality=round(quality / 4), **BOX)


@pytest.mark.parametrize("target_size", [6000, 10000, 14000])
def test_a_jpeg_fits_and_would_not_with_the_next_quality(target_size: int) -> None:
    source = saved(photograph("coffee"), "JPEG", quality=92)
    found = transcode_to_size(source, target_size, **BOX)
    assert len(found.jpeg) <= target_size
    assert found == transcoded(source, quality=found.quality, **BOX)
    assert len(transcoded(source, quality=found.quality + 1, **BOX).jpeg) > target_size


def test_a_jpeg_that_fits_keeps_its_tables() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=85)
    found = transcode_to_size(source, len(source), **BOX)
    assert (found.tables, found.quality) == ("kept", 85)
    assert found == transcoded(source, **BOX)
    assert transcode_to_size(source, len(source), quality=50, **BOX).quality == 50


def test_a_jpeg_is_read_as_it_was_for_every_quality() -> None:
    source = saved(photograph("coffee"), "JPEG", quality=92, progressive=True)
    flat = transcode_to_size(source, 9000, background_quality=92, optimize=True)
    again = transcoded(source, quality=flat.quality, background_quality=flat.quality)
    assert all(
        np.array_equal(*planes) for planes in zip(read_levels(flat.jpeg)[0], read_levels(again.jpeg)[0], strict=True)
    )
    assert opened(flat.jpeg).size == photograph("coffee").size


def test_what_does_not_fit_is_refused_with_the_smallest_size() -> None:
    image = photograph("coffee")
    with pytest.raises(CodecError, match=r"Even at quality 1 the file has \d+ bytes; the target size is 500\."):
        encode_to_size(image, 500, **BOX)
    with pytest.raises(CodecError, match="Even at quality 1"):
        transcode_to_size(saved(image, "JPEG"), 500, **BOX)


@pytest.mark.parametrize("target_size", [0, -1, 1.5, "9000", None, True])
def test_a_target_that_is_no_number_of_bytes_is_refused(target_size: Any) -> None:
    for fit in (lambda: encode_to_size(photograph("coffee"), target_size), lambda: transcode_to_size(b"", target_size)):
        with pytest.raises(OptionError, match="target_size is a number of bytes"):
            fit()


def test_options_that_leave_no_quality_to_look_for_are_refused() -> None:
    with pytest.raises(OptionError, match="qtables"):
        encode_to_size(photograph("coffee"), 9000, qtables=[[16] * 64])
    with pytest.raises(OptionError, match="quality is an integer"):
        encode_to_size(photograph("coffee"), 9000, quality="web_low")
    with pytest.raises(TypeError, match="unknown"):
        transcode_to_size(saved(photograph("coffee"), "JPEG"), 9000, qualty=5)


def test_what_is_found_says_what_became_of_the_file() -> None:
    found = transcode_to_size(saved(photograph("coffee"), "JPEG", quality=92), 9000, **BOX)
    assert dataclasses.asdict(found) == {
        "jpeg": found.jpeg,
        "kept": False,
        "tables": "coarser",
        "quality": found.quality,
        "damage": "",
    }
