"""The segment of the overhead-free dialect: what it tells, in one part or more, and what damage it may have."""

from __future__ import annotations

import dataclasses
import io
import random
import struct

import numpy as np
import pytest
from helper import APP0, APP1, flat, photograph, segments
from hypothesis import given
from hypothesis import strategies as st

from pyregjpeg import qf_segment
from pyregjpeg.errors import CodecError
from pyregjpeg.markers import segments as markers
from pyregjpeg.metadata import APP9, QF_MAP_SIGNATURE, segment
from pyregjpeg.qf_segment import QfSegment

LARGE = random.Random(1).randbytes(150_000)
WITH_PREDICTOR = QfSegment(2, ((5, 21), (9, 9)), "qf", b"digest8b", b"corrections", 0xDEADBEEF)
WHOLE = QfSegment(1, ((2, 50), (50, 50)), "", b"", b"", 0)


def payloads_of(written: bytes) -> list[bytes]:
    """As a reader of a file with these segments finds them."""
    found = [(it.marker, it.payload) for it in markers(b"\xff\xd8" + written + b"\xff\xd9")]
    return qf_segment.payloads(found)


def body(**changes: object) -> bytes:
    head = {"version": 1, "planes": 2, "limits": bytes((5, 21, 9, 9)), "check": 0, "length": 2, **changes}
    return struct.pack(">BB4sIB", *head.values()) + b"qf" + b"digest8b"


@pytest.mark.parametrize("told", [WITH_PREDICTOR, WHOLE, dataclasses.replace(WITH_PREDICTOR, told=LARGE)])
def test_what_is_written_is_read(told: QfSegment) -> None:
    assert qf_segment.read(payloads_of(told.written())) == told


def test_what_is_too_large_for_one_segment_is_in_numbered_ones_in_any_order() -> None:
    told = dataclasses.replace(WHOLE, told=LARGE)
    payloads = payloads_of(told.written())
    assert [payload[6:8] for payload in payloads] == [b"\1\3", b"\2\3", b"\3\3"]
    assert qf_segment.read(payloads[::-1]) == told


@pytest.mark.parametrize(
    "damage",
    [
        lambda parts: parts[:2],
        lambda parts: parts[1:],
        lambda parts: [*parts, parts[1]],
        lambda parts: [*parts, QF_MAP_SIGNATURE + b"\4\4rest"],
        lambda parts: [*parts, QF_MAP_SIGNATURE + b"\4\3rest"],
        lambda parts: [parts[0], parts[1], QF_MAP_SIGNATURE + b"\3\4rest"],
        lambda parts: [QF_MAP_SIGNATURE + b"\1\0"],
    ],
    ids=["last missing", "first missing", "twice", "another file's", "too many", "counts differ", "none of none"],
)
def test_parts_that_do_not_belong_together_are_refused(damage: object) -> None:
    payloads = payloads_of(dataclasses.replace(WHOLE, told=LARGE).written())
    with pytest.raises(CodecError, match="incomplete, or there are too many"):
        qf_segment.read(damage(payloads))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (body(version=2), "is of version 2; this pyregjpeg reads version 1"),
        (body()[:10], "damaged"),
        (body()[:-1], "damaged"),
        (body(planes=0), "damaged"),
        (body(planes=3), "damaged"),
        (body(limits=bytes((1, 21, 9, 9))), "damaged"),
        (body(limits=bytes((5, 51, 9, 9))), "damaged"),
        (body(limits=bytes((5, 21, 10, 9))), "damaged"),
        (body(length=200), "damaged"),
        (body()[:11] + b"\xe9f" + b"digest8b", "damaged"),
    ],
)
def test_a_damaged_segment_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        qf_segment.read([QF_MAP_SIGNATURE + b"\1\1" + content])
    assert qf_segment.read([QF_MAP_SIGNATURE + b"\1\1" + body()]).limits == ((5, 21), (9, 9))


@pytest.mark.parametrize("cut", [6, 7])
def test_a_segment_that_ends_before_its_numbers_is_refused(cut: int) -> None:
    with pytest.raises(CodecError, match="damaged"):
        qf_segment.read([(QF_MAP_SIGNATURE + b"\1\1")[:cut]])


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(content: bytes) -> None:
    try:
        told = qf_segment.read([QF_MAP_SIGNATURE + b"\1\1" + content])
    except CodecError:
        return
    assert payloads_of(told.written()) == [QF_MAP_SIGNATURE + b"\1\1" + content]


def test_more_than_255_segments_are_refused() -> None:
    with pytest.raises(CodecError, match="more regions than an overhead-free file can tell of"):
        dataclasses.replace(WHOLE, told=bytes(255 * 65525)).written()


def spliced(jpeg: bytes, between: bytes, place: int = 20) -> io.BytesIO:
    return io.BytesIO(jpeg[:place] + between + jpeg[place:])


def test_a_segment_is_found_wherever_it_is_before_the_scan() -> None:
    jpeg = flat(photograph("gravel", "L"))
    ours = WHOLE.written()
    assert not qf_segment.is_in(io.BytesIO(jpeg))
    assert not qf_segment.is_in(spliced(jpeg, segment(APP9, b"Media Jukebox\0")))
    assert not qf_segment.is_in(spliced(jpeg, segment(APP1, QF_MAP_SIGNATURE)))
    place = 2
    for _, payload in segments(jpeg)[:-1]:
        assert qf_segment.is_in(spliced(jpeg, ours, place))
        assert qf_segment.is_in(spliced(jpeg, segment(APP1, bytes(70)) + b"\xff\xff" + ours, place))
        place += 4 + len(payload)
    assert not qf_segment.is_in(io.BytesIO(jpeg + ours))


@given(st.binary(max_size=80))
def test_looking_for_a_segment_never_fails(content: bytes) -> None:
    assert qf_segment.is_in(io.BytesIO(b"\xff\xd8" + content)) in (True, False)


def test_looking_for_a_segment_reads_little_and_ends() -> None:
    empty = segment(APP0, b"")
    file = io.BytesIO(b"\xff\xd8" + 100_000 * empty)
    assert not qf_segment.is_in(file)
    assert file.tell() < 5000


def test_the_check_is_of_the_map_the_size_and_every_level() -> None:
    levels = [np.zeros((2, 3, 8, 8), np.int16), np.zeros((1, 2, 8, 8), np.int16)]
    factors = np.full((2, 1, 2), 9, np.uint8)
    check = qf_segment.check_of((20, 16), levels, factors)
    assert qf_segment.check_of((20, 15), levels, factors) != check
    assert qf_segment.check_of((16, 20), levels, factors) != check
    for plane in levels:
        plane[-1, -1, 7, 7] = 1
        assert qf_segment.check_of((20, 16), levels, factors) != check
        plane[-1, -1, 7, 7] = 0
    factors[1, 0, 1] = 8
    assert qf_segment.check_of((20, 16), levels, factors) != check
