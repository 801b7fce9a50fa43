"""What follows the picture in a file, more pictures or anything else: it stays, and is found where it is now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helper import APP2, opened, payloads
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_sources import EOI, SOI, jpeg_of, with_segments
from multi_picture import by_hand, by_pillow, frames, parts

import pyregjpeg

CENTRE = [(80, 60, 240, 160)]


def directory(jpeg: bytes) -> bytes:
    [payload] = [payload for payload in payloads(jpeg, APP2) if payload.startswith(b"MPF\0")]
    return payload


@pytest.mark.parametrize("strip", [(), ("exif",), ("comment", "exif")], ids=str)
@pytest.mark.parametrize("options", [{"quality": 50}, {"progressive": True}, {"background_quality": 100}], ids=str)
@pytest.mark.parametrize("source", [by_pillow, by_hand])
def test_the_other_pictures_of_a_file_are_found_where_they_are_now(
    source: Callable[[], bytes], options: dict[str, Any], strip: tuple[str, ...]
) -> None:
    before, jpeg = source(), pyregjpeg.transcode(source(), region_map=CENTRE, strip=strip, **options)
    assert len(jpeg) < len(before)
    assert len(frames(jpeg)) == len(parts(before)) == (2 if source is by_pillow else 3)
    assert frames(jpeg)[1:] == frames(before)[1:]
    assert parts(jpeg)[1:] == parts(before)[1:]
    order = "little" if source is by_pillow else "big"
    assert len(parts(jpeg)[0]).to_bytes(4, order) in directory(jpeg)


def test_a_file_that_is_kept_keeps_its_directory_unless_something_is_stripped() -> None:
    once = pyregjpeg.transcode(by_hand(), background_quality=100)
    assert pyregjpeg.transcode(once, background_quality=100) is once
    stripped = pyregjpeg.transcode(once, background_quality=100, strip=("comment",))
    assert len(stripped) == len(once) - len(b"comment") - 4
    assert directory(stripped) != directory(once)
    assert frames(stripped) == frames(once)


@pytest.mark.parametrize("source", [by_pillow, by_hand])
def test_stripping_all_leaves_one_picture(source: Callable[[], bytes]) -> None:
    jpeg = pyregjpeg.transcode(source(), region_map=CENTRE, strip=("all",))
    assert opened(jpeg).format == "JPEG"
    assert jpeg.count(SOI) == 1
    assert jpeg.endswith(EOI)


@pytest.mark.parametrize("rest", [b"\0", b"a film" * 1000, EOI, SOI, bytes(100000)], ids=len)
def test_what_follows_the_picture_stays(rest: bytes) -> None:
    jpeg = pyregjpeg.transcode(jpeg_of("4:2:0"), region_map=CENTRE)
    assert pyregjpeg.transcode(jpeg_of("4:2:0") + rest, region_map=CENTRE) == jpeg + rest
    assert pyregjpeg.transcode(jpeg_of("4:2:0") + rest, region_map=CENTRE, strip=("all",)) == jpeg
    assert pyregjpeg.transcode(jpeg + rest, region_map=CENTRE, strip=("all",)) == jpeg


@settings(deadline=None)
@given(data=st.data())
def test_a_directory_that_is_damaged_does_no_harm(data: st.DataObject) -> None:
    whole = directory(by_hand())
    damaged = bytearray(whole[: data.draw(st.integers(4, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.sampled_from([0, 1, 2, 8, 127, 255]))
    source = with_segments(jpeg_of("4:2:0"), (APP2, bytes(damaged))) + b"rest"
    jpeg = pyregjpeg.transcode(source, region_map=CENTRE)
    assert jpeg.endswith(b"rest")
    [written] = payloads(jpeg, APP2)
    assert len(written) == len(damaged)
