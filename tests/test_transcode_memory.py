"""transcode(): memory is bounded, none is lost, and threads do not disturb one another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from helper import COM, SOF_BASELINE, saved
from jpeg_sources import changed, grey_jpeg, jpeg_of, with_segments
from measured_memory import MIB, STATUS, memory_kept, peak_above_start
from PIL import Image

import pyregjpeg

CENTRE = [(80, 60, 240, 160)]
NOTHING_MATTERS = np.zeros((1, 1))
KINDS = ("4:2:0", "progressive", "CMYK", "arithmetic", "a scan for each component")
measured = pytest.mark.skipif(not STATUS.exists(), reason="memory is measured as Linux tells it")


def sized(jpeg: bytes, width: int, height: int) -> bytes:
    """The file with a claim of that size."""

    def change(marker: int, payload: bytes) -> bytes:
        if marker != SOF_BASELINE:
            return payload
        return payload[:1] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + payload[5:]

    return changed(jpeg, change)


def transcode_well_and_badly() -> None:
    source = with_segments(jpeg_of("4:2:0"), (COM, bytes(1000))) + b"rest"
    for strip in ((), ("comment",)):
        pyregjpeg.transcode(source, region_map=CENTRE, strip=strip, progressive=True)
    pyregjpeg.transcode(source[:-500], region_map=CENTRE, damaged="keep-going")
    pyregjpeg.read_levels(source)
    for bad in (source[:100], source[:3000], b"", sized(source, 65500, 65500)):
        with pytest.raises((pyregjpeg.CodecError, Image.DecompressionBombError)):
            pyregjpeg.transcode(bad)
    with pytest.raises(pyregjpeg.MapError):
        pyregjpeg.transcode(source, region_map=np.full((1, 1), 2.0))
    outside = grey_jpeg(np.full((2, 2, 8, 8), 2000, dtype=np.int16), np.ones((8, 8), dtype=np.uint16))
    with pytest.raises(pyregjpeg.CodecError, match="out of the range"):  # in the middle of writing
        pyregjpeg.transcode(outside, region_map=NOTHING_MATTERS)


@measured
def test_transcoding_well_and_badly_keeps_no_memory() -> None:
    assert memory_kept(transcode_well_and_badly, first=50, then=250) < 3 * MIB


CLAIM = """
jpeg = bytes.fromhex("{jpeg}")
def refused():
    try:
        pyregjpeg.transcode(jpeg)
    except (pyregjpeg.CodecError, Image.DecompressionBombError):
        return
    raise AssertionError("it was not refused")
"""


@measured
@pytest.mark.parametrize("side", [12000, 65500])
def test_a_small_file_that_claims_to_be_a_huge_picture_takes_no_memory(side: int) -> None:
    jpeg = sized(jpeg_of("4:2:0", (8, 8)), side, side)
    assert peak_above_start(CLAIM.format(jpeg=jpeg.hex()), "refused()") < 8 * MIB


@measured
def test_what_is_held_are_the_levels_and_the_files() -> None:
    preparation = "file = io.BytesIO(); Image.effect_noise((4000, 3000), 30).save(file, 'JPEG'); jpeg = file.getvalue()"
    transcode = "pyregjpeg.transcode(jpeg, region_map=[(0, 0, 500, 500)], background_quality=10)"
    levels = 4000 * 3000 * 2
    assert levels < peak_above_start(preparation, transcode) < levels + 30 * MIB


def test_eight_threads_write_the_bytes_of_one() -> None:
    jobs: list[dict[str, Any]] = [
        {"quality": 50},
        {"progressive": True},
        {"strip": ("all",)},
        {"background_quality": 9},
    ]
    pairs = [(jpeg_of(kind), job) for kind in KINDS for job in jobs]

    def transcoded(pair: tuple[bytes, dict[str, Any]]) -> bytes:
        return pyregjpeg.transcode(pair[0], region_map=CENTRE, **pair[1])

    expected = [transcoded(pair) for pair in pairs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(transcoded, pairs * 5)) == expected * 5


def test_threads_that_fail_leave_the_others_their_messages() -> None:
    good, cut, empty = saved(Image.new("L", (64, 64)), "JPEG"), jpeg_of("4:2:0")[:3000], b""

    def outcome(jpeg: bytes) -> str:
        try:
            return str(len(pyregjpeg.transcode(jpeg, region_map=NOTHING_MATTERS)))
        except pyregjpeg.CodecError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(outcome, [good, cut, empty] * 60))
    assert set(outcomes[1::3]) == {"Premature end of JPEG file"}
    assert set(outcomes[2::3]) == {"Empty input file"}
    assert len(set(outcomes[::3])) == 1
