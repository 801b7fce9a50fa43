"""Damaged, cut and hostile files are inspected or refused in one sentence, whatever is done to them."""

from __future__ import annotations

import contextlib

import pytest
from helper import photograph, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pyregjpeg import inspection
from pyregjpeg.errors import CodecError
from pyregjpeg.inspection import inspect


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xd8\xff\xd9", b"\xff\xd8" + b"\0" * 50])
def test_what_is_no_jpeg_is_refused(content: bytes) -> None:
    for looked_at in (inspect, inspection.heatmap):
        with pytest.raises(CodecError):
            looked_at(content)


def test_a_file_that_breaks_off_anywhere_is_refused() -> None:
    jpeg = saved(photograph("coffee").crop((0, 0, 40, 30)), "JPEG", progressive=True)
    for size in range(len(jpeg)):
        with pytest.raises(CodecError):
            inspect(jpeg[:size])


SMALL = [
    saved(photograph("coffee", mode).crop((90, 90, 150, 130)), "JPEG", **options)
    for mode, options in (
        ("RGB", {"comment": "a cup", "icc_profile": b"profile"}),
        ("RGB", {"progressive": True, "restart_marker_rows": 1}),
        ("CMYK", {"optimize": True}),
        ("L", {}),
    )
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with some of its bytes changed, left out, or taken from another."""
    jpeg = bytearray(draw(st.sampled_from(SMALL)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(jpeg) - 1) | st.integers(0, min(700, len(jpeg) - 1)))
        kind = draw(st.sampled_from(("byte", "marker", "cut", "splice")))
        if kind == "byte":
            jpeg[place] = draw(st.integers(0, 255))
        elif kind == "marker":
            jpeg[place : place + 2] = bytes((0xFF, draw(st.integers(0xC0, 0xFE))))
        elif kind == "cut":
            del jpeg[place : place + draw(st.integers(1, 100))]
        else:
            other = draw(st.sampled_from(SMALL))
            start = draw(st.integers(0, len(other)))
            jpeg[place:place] = other[start : start + draw(st.integers(1, 300))]
    return bytes(jpeg)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@given(damaged())
@settings(max_examples=600, deadline=None)
def test_a_damaged_file_is_inspected_or_refused(content: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)  # a size that was hit is no reason to fill the memory
        for looked_at in (inspect, inspection.heatmap):
            with contextlib.suppress(CodecError, Image.DecompressionBombError):
                looked_at(content)
