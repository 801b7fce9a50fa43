"""How files are damaged, and what transcode() owes them: an error of one sentence, or a file without damage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helper import opened
from jpeg_sources import program

import pyregjpeg
from pyregjpeg import transcoding

NOTHING_MATTERS = np.zeros((1, 1))


def error_of(jpeg: bytes, **options: Any) -> str:
    """The message of the CodecError, which is one sentence."""
    with pytest.raises(pyregjpeg.CodecError) as caught:
        pyregjpeg.transcode(jpeg, region_map=NOTHING_MATTERS, **options)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def mended(jpeg: bytes, **options: Any) -> transcoding.Transcoded:
    """What becomes of a damaged file, which decoders have to read without a warning."""
    result = transcoding.transcoded(jpeg, damaged="keep-going", region_map=NOTHING_MATTERS, **options)
    assert program("djpeg", "-strict", stdin=result.jpeg)
    opened(result.jpeg)
    return result


def payload_of(marker: int, place: int, *values: int) -> Callable[[int, bytes], bytes]:
    """A change of bytes in the segments of that marker."""

    def change(found: int, payload: bytes) -> bytes:
        return payload[:place] + bytes(values) + payload[place + len(values) :] if found == marker else payload

    return change
