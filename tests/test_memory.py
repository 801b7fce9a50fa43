"""Memory: none is lost over thousands of saves, and sequential files with standard Huffman tables stream."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helper import photograph
from measured_memory import MIB, STATUS, memory_kept, peak_above_start

import pyregjpeg
from pyregjpeg import native

pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="memory is measured as Linux tells it")

GREY_64_MEGAPIXELS = """
levels = np.zeros((1000, 1000), dtype=np.uint8)
component = native.Component(1, 1, 0, levels)
settings = native.Settings(
    width=8000, height=8000, pixels="L", components=(component,), tables=np.full((1, 64), 20, dtype=np.uint16),
    allowances=np.zeros(1, dtype=np.float32), optimize={optimize})
strip = np.tile(np.arange(8000, dtype=np.uint16) // 40, (16, 1)).astype(np.uint8)
"""


class FullFile(io.BytesIO):
    def write(self, content: object, /) -> int:
        raise OSError(28, "No space left on device")


def save_well_and_badly() -> None:
    image = photograph("gravel")
    ones = np.ones((1, 1))
    image.save(io.BytesIO(), format="REGIONJPEG", region_map=ones, comment=b"c" * 1000)
    with pytest.raises(OSError, match="No space"):
        image.save(FullFile(), format="REGIONJPEG", region_map=ones, progressive=True)
    with pytest.raises(pyregjpeg.OptionError):
        image.save(io.BytesIO(), format="REGIONJPEG", region_map=ones, quality="splendid")
    with pytest.raises(pyregjpeg.MapError):
        image.save(io.BytesIO(), format="REGIONJPEG", region_map=ones * 2)
    component = native.Component(1, 1, 0, np.zeros((8, 8), dtype=np.uint8))
    tables = np.ones((1, 64), dtype=np.uint16)
    settings = native.Settings(
        width=64,
        height=64,
        pixels="L",
        components=(component,),
        tables=tables,
        allowances=np.zeros(1, dtype=np.float32),
    )
    with pytest.raises(pyregjpeg.CodecError):  # in the middle of the picture
        native.encode(settings, [np.zeros((20, 64), dtype=np.uint8)])


def test_two_thousand_saves_well_and_badly_keep_no_memory() -> None:
    assert memory_kept(save_well_and_badly, first=100, then=400) < 3 * MIB  # of five each


def test_a_sequential_file_with_standard_huffman_tables_streams() -> None:
    preparation = GREY_64_MEGAPIXELS.format(optimize=False)
    assert peak_above_start(preparation, "native.encode(settings, [strip] * 500)") < 8 * MIB


def test_only_what_needs_two_passes_keeps_the_coefficients() -> None:
    preparation = GREY_64_MEGAPIXELS.format(optimize=True)
    assert peak_above_start(preparation, "native.encode(settings, [strip] * 500)") > 100 * MIB


@pytest.mark.parametrize("view", ["[::-1]", "[:, ::-1]", "[100:-100, 100:-100]", ".swapaxes(0, 1)", "[::2, ::2]"])
def test_an_array_is_not_copied_to_be_encoded_however_it_lies_in_memory(view: str) -> None:
    preparation = f"array = np.full((5000, 6000, 3), 120, dtype=np.uint8){view}"
    encode = "pyregjpeg.encode(array, optimize=False, quality=75, background_quality=75, tables='annex-k')"
    assert peak_above_start(preparation, encode) < 15 * MIB


@pytest.mark.parametrize(
    ("options", "bytes_of_a_sample"), [("optimize=False", 2), ("effort='fast'", 2), ("effort='best'", 2 + 4)]
)
def test_by_default_levels_are_in_memory_and_with_best_effort_coefficients_too(
    options: str, bytes_of_a_sample: int
) -> None:
    preparation = "array = np.full((5000, 6000, 3), 120, dtype=np.uint8)"
    encode = f"pyregjpeg.encode(array, {options}, background_quality=75)"
    expected = 5000 * 6000 * 3 // 2 * bytes_of_a_sample
    assert abs(peak_above_start(preparation, encode) - expected) < 20 * MIB


def test_a_picture_is_not_copied_to_be_saved() -> None:
    preparation = "image = Image.new('RGB', (9000, 3000), (90, 120, 200))"
    save = "image.save(io.BytesIO(), 'REGIONJPEG', optimize=False, background_quality=75, tables='annex-k')"
    assert peak_above_start(preparation, save) < 12 * MIB
