"""The plates of the gallery: what is drawn where, and that plain JPEG has the bytes of the defaults."""

from __future__ import annotations

import numpy as np
import pytest
from helper import photograph, saved
from PIL import Image

from benchmarks import gallery
from benchmarks.plate import GAP, MARGIN, SUBJECT_COLOUR, Column, Details, Look, draw


def test_a_plate_shows_the_details_of_each_column_enlarged() -> None:
    image = photograph("chelsea")
    columns = [Column(image, "one", ""), Column(Image.new("RGB", image.size, "red"), "two", "")]
    look = Look(width=400, detail_shape=0.5, zoom=3, title_size=10, caption_size=8)
    plate = draw(image, np.eye(4, dtype=np.float32), columns, Details((100, 50), (10, 10)), look)
    width = (400 - 2 * MARGIN - GAP) // 2
    height = width // 2
    top = MARGIN + round(width * image.height / image.width) + 2 * 10 + 22
    left = plate.crop((MARGIN, top, MARGIN + width, top + height))
    for x, y in ((5, 5), (20, 10), (50, 22)):  # inside the frame
        assert left.getpixel((3 * x + 1, 3 * y + 1)) == image.getpixel((100 + x, 50 + y))
    assert plate.getpixel((MARGIN + width + GAP + width // 2, top + height // 2)) == (255, 0, 0)
    assert "#{:02x}{:02x}{:02x}".format(*left.getpixel((0, height // 2))) == SUBJECT_COLOUR


def test_plain_jpeg_has_the_bytes_of_a_save_with_the_defaults() -> None:
    image = photograph("chelsea")
    inside = np.zeros((image.height, image.width), dtype=bool)
    inside[60:120, 100:200] = True
    original, plain, ours = gallery.columns(image, inside)
    assert original.image == image
    size = len(saved(image))
    assert ours.title == f"REGIONJPEG, {size:,} bytes"
    assert int(plain.title.split()[1].replace(",", "")) == pytest.approx(size, rel=0.01)
    assert plain.image != ours.image


def test_every_plate_has_its_own_name_and_photograph() -> None:
    assert len({subject.name for subject in gallery.SUBJECTS}) == len(gallery.SUBJECTS) == 6
    assert len({subject.photograph for subject in gallery.SUBJECTS}) == 6
