"""The pictures of GALLERY.md: six photographs at the default settings beside plain JPEG of the same bytes."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import pyregjpeg
from pyregjpeg.metrics import psnr_y, ssimulacra2

from .photographs import add_photographs_option, photographs
from .picture import jpeg_of_size
from .plate import Column, Details, Look, draw
from .region_figures import Mask, inside_of, on_pixels

LOOK = Look(width=1000, detail_shape=0.7, zoom=3, title_size=18, caption_size=12)
QUALITY_OF_THE_PLATE = 68


@dataclass(frozen=True)
class Subject:
    """A photograph of the Kodak suite, the name of its plate, and what is enlarged of it."""

    photograph: str
    name: str
    details: Details


SUBJECTS = (
    Subject("kodak14", "several", Details((390, 215), (560, 60))),
    Subject("kodak15", "person", Details((400, 120), (495, 305))),
    Subject("kodak08", "text", Details((560, 300), (20, 20))),
    Subject("kodak23", "animal", Details((170, 190), (110, 90))),
    Subject("kodak13", "landscape", Details((380, 60), (430, 180))),
    Subject("kodak07", "close-up", Details((350, 150), (560, 190))),
)


def columns(image: Image.Image, inside: Mask) -> list[Column]:
    """Original, plain JPEG and REGIONJPEG with its defaults, of the same bytes."""
    ours = pyregjpeg.encode(image)
    plain = jpeg_of_size(image, len(ours))

    def column(title: str, encoded: bytes) -> Column:
        decoded = Image.open(io.BytesIO(encoded)).convert("RGB")
        within, without = psnr_y(image, decoded, inside), psnr_y(image, decoded, ~inside)
        caption = f"inside {within:.1f} dB, outside {without:.1f} dB, SSIMULACRA2 {ssimulacra2(image, decoded):.1f}"
        return Column(decoded, f"{title}, {len(encoded):,} bytes", caption)

    original = Column(image, "Original", f"{image.width} x {image.height}, inside: the most important 30 %")
    return [original, column("JPEG", plain), column("REGIONJPEG", ours)]


def plate(subject: Subject, image: Image.Image) -> Image.Image:
    region_map = pyregjpeg.predict_map(image)
    shown = columns(image, inside_of(on_pixels(region_map, image.size)))
    for column in shown[1:]:
        print(f"{subject.name}: {column.title}, {column.caption}")
    return draw(image, region_map, shown, subject.details, LOOK, panel_titles=("The photograph", "Its map"))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_photographs_option(parser)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/pictures"), metavar="DIR")
    options = parser.parse_args(arguments)
    by_name = {photograph.name: photograph for photograph in photographs("kodak", options.photographs)}
    options.output.mkdir(parents=True, exist_ok=True)
    for subject in SUBJECTS:
        path = options.output / f"gallery-{subject.name}.jpg"
        drawn = plate(subject, by_name[subject.photograph].load())
        drawn.save(path, quality=QUALITY_OF_THE_PLATE, subsampling=2, optimize=True, progressive=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
