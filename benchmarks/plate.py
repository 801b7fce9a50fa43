"""A plate: one photograph and its map, and below them enlarged details of it as several encoders keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pyregjpeg.visualize import overlay

MARGIN, GAP = 28, 14
INK, FAINT, SUBJECT_COLOUR, BACKGROUND_COLOUR = "#1f2933", "#66727f", "#f2a541", "#4fa3d1"


@dataclass(frozen=True)
class Column:
    """One way of storing the picture, with the caption under it."""

    image: Image.Image
    title: str
    caption: str


@dataclass(frozen=True)
class Details:
    """The upper left corners (x, y) of what is shown enlarged, of the subject and of the background."""

    subject: tuple[int, int]
    background: tuple[int, int]


@dataclass(frozen=True)
class Look:
    """The width of the plate, the shape of its details and how much they are enlarged; sizes of its letters."""

    width: int
    detail_shape: float  # height over width
    zoom: int
    title_size: int
    caption_size: int


def draw(
    image: Image.Image,
    region_map: NDArray[np.float32],
    columns: Sequence[Column],
    details: Details,
    look: Look,
    *,
    credit: str = "",
    panel_titles: tuple[str, str] = ("The photograph", "What matters: the region map"),
) -> Image.Image:
    """Above the photograph and its map, below a grid of details: one column per way of storing it, framed as above."""
    detail_width = (look.width - 2 * MARGIN - GAP * (len(columns) - 1)) // len(columns)
    detail_height = round(detail_width * look.detail_shape)
    panel_width = (look.width - 2 * MARGIN - GAP) // 2
    panel_height = round(panel_width * image.height / image.width)
    grid_top = MARGIN + panel_height + 2 * look.title_size + 22
    caption_top = grid_top + 2 * detail_height + GAP + 8
    caption_height = look.title_size + 8 + round(1.4 * look.caption_size)
    height = caption_top + caption_height + (55 if credit else 16)
    canvas = Image.new("RGB", (look.width, height), "white")
    pen = ImageDraw.Draw(canvas)
    title_font, caption_font = ImageFont.load_default(look.title_size), ImageFont.load_default(look.caption_size)

    scale = panel_width / image.width
    panels = zip((image, overlay(image, region_map)), panel_titles, strict=True)
    for index, (panel, title) in enumerate(panels):
        left = MARGIN + index * (panel_width + GAP)
        canvas.paste(panel.resize((panel_width, panel_height), Image.Resampling.LANCZOS), (left, MARGIN))
        pen.text((left, MARGIN + panel_height + 8), title, INK, title_font)
    source_width, source_height = detail_width / look.zoom, detail_height / look.zoom
    framed = ((details.subject, SUBJECT_COLOUR), (details.background, BACKGROUND_COLOUR))
    for (x, y), colour in framed:
        corners = [x * scale, y * scale, (x + source_width) * scale, (y + source_height) * scale]
        pen.rectangle([round(corner) + MARGIN for corner in corners], outline=colour, width=4)

    for index, column in enumerate(columns):
        left = MARGIN + index * (detail_width + GAP)
        for row, ((x, y), colour) in enumerate(framed):
            top = grid_top + row * (detail_height + GAP)
            box = (x, y, x + source_width, y + source_height)
            detail = column.image.resize((detail_width, detail_height), Image.Resampling.NEAREST, box=box)
            canvas.paste(detail, (left, top))
            pen.rectangle((left, top, left + detail_width - 1, top + detail_height - 1), outline=colour, width=4)
        pen.text((left, caption_top), column.title, INK, title_font)
        pen.text((left, caption_top + look.title_size + 8), column.caption, FAINT, caption_font)
    pen.text((MARGIN, height - 36), credit, FAINT, ImageFont.load_default(15))
    return canvas
