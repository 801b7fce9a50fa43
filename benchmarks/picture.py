"""The picture of README: one photograph, its map, and what the same number of bytes looks like with and without it."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import pyregjpeg
from pyregjpeg.metrics import psnr_y
from pyregjpeg.visualize import overlay

from .photographs import add_photographs_option, photographs

# "friends" by Aitzol Berasategi, CC-BY-4.0; lomiri-wallpapers is a set that no model was trained on.
SET_NAME, PHOTOGRAPH = "large", "friends"
CREDIT = 'Photograph: "friends" by Aitzol Berasategi, CC BY 4.0, cropped and scaled down'
CROP = (0, 560, 2056, 2100)  # in the original
REDUCTION = 2
SUBJECTS = [(300, 65, 545, 340), (480, 380, 700, 730)]  # left, upper, right, lower in the reduced picture
SUBJECT_DETAIL, BACKGROUND_DETAIL = (352, 104), (100, 610)  # corners of what is shown enlarged

QUALITY, BACKGROUND_QUALITY = 50, 15
BYTES_TOLERANCE = 0.01

MARGIN, GAP, ZOOM = 28, 14, 3
INK, FAINT, SUBJECT_COLOUR, BACKGROUND_COLOUR = "#1f2933", "#66727f", "#f2a541", "#4fa3d1"


@dataclass(frozen=True)
class Column:
    """One way of storing the picture, with the caption under it."""

    image: Image.Image
    title: str
    caption: str


def jpeg_of_size(image: Image.Image, size: int) -> bytes:
    """Plain JPEG within one percent of `size` bytes: Pillow's tables scaled by what bisection finds."""
    base = _annex_k_tables()
    low, high = 0.02, 8.0
    for _ in range(40):
        factor = (low * high) ** 0.5
        tables = [[min(255, max(1, round(step * factor))) for step in table] for table in base]
        encoded = _save(image, qtables=tables)
        if abs(len(encoded) / size - 1) < BYTES_TOLERANCE / 4:
            break
        low, high = (factor, high) if len(encoded) > size else (low, factor)
    if abs(len(encoded) / size - 1) > BYTES_TOLERANCE:
        raise RuntimeError(f"No scale of the tables gives {size} bytes; the nearest is {len(encoded)}.")
    return encoded


def _annex_k_tables() -> list[list[int]]:
    """The tables at quality 50, where Pillow scales those of Annex K by one."""
    tables = Image.open(io.BytesIO(_save(Image.new("RGB", (16, 16)), quality=50))).quantization  # type: ignore[attr-defined]
    return [list(tables[0]), list(tables[1])]


def _save(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", subsampling=2, optimize=True, **options)
    return file.getvalue()


def boxes_as_map(image: Image.Image) -> NDArray[np.float32]:
    region_map = np.zeros((image.height, image.width), dtype=np.float32)
    for left, upper, right, lower in SUBJECTS:
        region_map[upper:lower, left:right] = 1
    return region_map


def columns(image: Image.Image, region_map: NDArray[np.float32]) -> list[Column]:
    """Original, plain JPEG and REGIONJPEG at the same bytes."""
    ours = pyregjpeg.encode(
        image, quality=QUALITY, background_quality=BACKGROUND_QUALITY, region_map=region_map, subsampling=2
    )
    plain = jpeg_of_size(image, len(ours))
    subject = boxes_as_map(image)

    def column(title: str, encoded: bytes) -> Column:
        decoded = Image.open(io.BytesIO(encoded)).convert("RGB")
        inside, outside = psnr_y(image, decoded, subject), psnr_y(image, decoded, 1 - subject)
        caption = f"{len(encoded):,} bytes,  {inside:.1f} dB on the dogs,  {outside:.1f} dB elsewhere"
        return Column(decoded, title, caption)

    original = Column(image, "Original", f"{image.width} x {image.height}, {3 * image.width * image.height:,} bytes")
    return [original, column("JPEG", plain), column("REGIONJPEG", ours)]


def draw(image: Image.Image, region_map: NDArray[np.float32], shown: Sequence[Column]) -> Image.Image:
    """Above the photograph and its map, below a grid of enlarged details: one column per way of storing it."""
    width = 1600
    detail_width = (width - 2 * MARGIN - GAP * (len(shown) - 1)) // len(shown)
    detail_height = round(detail_width * 0.72)
    panel_width = (width - 2 * MARGIN - GAP) // 2
    panel_height = round(panel_width * image.height / image.width)
    grid_top = MARGIN + panel_height + 70
    height = grid_top + 2 * detail_height + GAP + 120
    canvas = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(canvas)

    scale = panel_width / image.width
    panels = (image, "The photograph"), (overlay(image, region_map), "What matters: the region map")
    for index, (panel, title) in enumerate(panels):
        left = MARGIN + index * (panel_width + GAP)
        canvas.paste(panel.resize((panel_width, panel_height), Image.Resampling.LANCZOS), (left, MARGIN))
        pen.text((left, MARGIN + panel_height + 8), title, INK, _font(24))
    source_size = (detail_width / ZOOM, detail_height / ZOOM)
    details = ((SUBJECT_DETAIL, SUBJECT_COLOUR), (BACKGROUND_DETAIL, BACKGROUND_COLOUR))
    for (x, y), colour in details:
        corners = [x * scale, y * scale, (x + source_size[0]) * scale, (y + source_size[1]) * scale]
        pen.rectangle([round(corner) + MARGIN for corner in corners], outline=colour, width=4)

    for index, column in enumerate(shown):
        left = MARGIN + index * (detail_width + GAP)
        for row, ((x, y), colour) in enumerate(details):
            top = grid_top + row * (detail_height + GAP)
            box = (x, y, x + source_size[0], y + source_size[1])
            detail = column.image.resize((detail_width, detail_height), Image.Resampling.NEAREST, box=box)
            canvas.paste(detail, (left, top))
            pen.rectangle((left, top, left + detail_width - 1, top + detail_height - 1), outline=colour, width=4)
        caption_top = grid_top + 2 * detail_height + GAP + 8
        pen.text((left, caption_top), column.title, INK, _font(24))
        pen.text((left, caption_top + 32), column.caption, FAINT, _font(18))
    pen.text((MARGIN, height - 36), CREDIT, FAINT, _font(15))
    return canvas


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_photographs_option(parser)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/pictures/overview.jpg"), metavar="FILE")
    parser.add_argument(
        "--map", choices=["model", "boxes"], default="model", help="the default map model, or two boxes drawn by hand"
    )
    options = parser.parse_args(arguments)
    (photograph,) = (p for p in photographs(SET_NAME, options.photographs) if p.name == PHOTOGRAPH)
    image = photograph.load().crop(CROP).reduce(REDUCTION)
    region_map = pyregjpeg.predict_map(image) if options.map == "model" else boxes_as_map(image)
    shown = columns(image, region_map)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    draw(image, region_map, shown).save(options.output, quality=84, subsampling=0, optimize=True, progressive=True)
    for column in shown:
        print(f"{column.title}: {column.caption}")
    print(f"{options.output}: {options.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
