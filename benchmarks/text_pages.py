"""Pictures of text, drawn here: a page in print, a screen with a program in colours, a slide with a diagram.

Letters are those of DejaVu as matplotlib has them, so that everybody draws the same pictures.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_TEXT = """
Light falls on paper and comes back changed. A camera counts it, a table divides what was counted, and a rule says
what may be left out. Of 64 waves in a block most are never missed: the eye reads edges, forgives noise in leaves,
and sees every ring around a letter. So a page of print is a hard test for a method that was made for faces,
clouds and grass; where black meets white nothing hides what is gone.
"""
_CODE = (
    "def quantise(block, table):",
    '    """Levels of one block."""',
    "    levels = np.rint(block / table)",
    "    small = abs(block) < 0.6 * table",
    "    levels[small] = 0  # nobody misses these",
    "    return levels",
    "",
    "for row in range(0, height, 8):",
    "    for column in range(0, width, 8):",
    '        write(quantise(samples[row], tables["luma"]))',
    "",
)
_COLOURS = {"def": "#c586c0", "for": "#c586c0", "in": "#c586c0", "return": "#c586c0", "#": "#6a9955", '"': "#ce9178"}
_INK, _BARS = "#1b1b1b", ("#30638e", "#d1495b", "#edae49", "#1b7f79", "#6a4c93")


def page() -> Image.Image:
    """Two columns of black serif letters on white."""
    image = Image.new("RGB", (848, 1096), "white")
    pen = ImageDraw.Draw(image)
    pen.text((60, 48), "On leaving out", "black", _font("Serif-Bold", 30))
    words = itertools.cycle(_TEXT.split())
    for left in (60, 440):
        for line, top in zip(_lines(pen, words, _font("Serif", 14), 348), range(110, 1040, 20), strict=False):
            pen.text((left, top), line, "black", _font("Serif", 14))
    return image


def screen() -> Image.Image:
    """A program in coloured letters on dark grey."""
    image = Image.new("RGB", (1200, 720), "#1e1e1e")
    pen, font = ImageDraw.Draw(image), _font("SansMono", 15)
    pen.rectangle((0, 0, 1200, 34), fill="#333333")
    pen.text((16, 7), "quantise.py", "#d4d4d4", _font("Sans", 14))
    for number, (line, top) in enumerate(zip(itertools.cycle(_CODE), range(48, 700, 22), strict=False), start=1):
        pen.text((14, top), f"{number:3}", "#858585", font)
        left = 64.0 + pen.textlength(line[: len(line) - len(line.lstrip())], font)
        for word in line.split():
            colour = next((shade for start, shade in _COLOURS.items() if word.startswith(start)), "#d4d4d4")
            pen.text((left, top), word, colour, font)
            left += pen.textlength(f"{word} ", font)
    return image


def slide() -> Image.Image:
    """Large letters and coloured bars on a pale slope of colours."""
    height, width = 720, 1080
    slope = np.linspace(0, 1, height)[:, None, None] * np.ones((1, width, 1))
    image = Image.fromarray(np.rint(255 - slope * np.array([40, 20, 6])).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.text((60, 44), "Bytes, by what they are spent on", _INK, _font("Sans-Bold", 40))
    for index, (colour, share) in enumerate(zip(_BARS, (0.42, 0.27, 0.16, 0.1, 0.05), strict=True)):
        top = 150 + 98 * index
        pen.rectangle((330, top, 330 + round(1500 * share), top + 62), fill=colour)
        pen.text((60, top + 14), ("edges", "texture", "slopes", "colour", "headers")[index], _INK, _font("Sans", 28))
        pen.text((345 + round(1500 * share), top + 14), f"{share:.0%}", _INK, _font("Sans", 28))
    pen.text((60, 670), " ".join(_TEXT.split()[:15]), "#5a5a5a", _font("Sans-Oblique", 16))
    return image


def _lines(pen: ImageDraw.ImageDraw, words: Iterator[str], font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    """Lines that are no longer than that, without end."""
    line = next(words)
    for word in words:
        if pen.textlength(f"{line} {word}", font) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}"


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / f"fonts/ttf/DejaVu{name}.ttf", size)


def as_png(draw: Callable[[], Image.Image]) -> bytes:
    file = io.BytesIO()
    draw().save(file, "PNG", compress_level=1)
    return file.getvalue()
