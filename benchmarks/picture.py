"""The picture of README: one photograph, its map, and what the same number of bytes looks like with and without it."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg.metrics import psnr_y

from .equal_bytes import at_size
from .photographs import add_photographs_option, photographs
from .plate import Column, Details, Look, draw

# "friends" by Aitzol Berasategi, CC-BY-4.0; lomiri-wallpapers is a set that no model was trained on.
SET_NAME, PHOTOGRAPH = "large", "friends"
CREDIT = 'Photograph: "friends" by Aitzol Berasategi, CC BY 4.0, cropped and scaled down'
CROP = (0, 560, 2056, 2100)  # in the original
REDUCTION = 2
SUBJECTS = [(300, 65, 545, 340), (480, 380, 700, 730)]  # left, upper, right, lower in the reduced picture
DETAILS = Details(subject=(352, 104), background=(100, 610))

QUALITY, BACKGROUND_QUALITY = 50, 15
LOOK = Look(width=1600, detail_shape=0.72, zoom=3, title_size=24, caption_size=18)


def jpeg_of_size(image: Image.Image, size: int) -> bytes:
    """Plain JPEG within one percent of `size` bytes: with Annex K's tables at the quality that fits."""
    return at_size(lambda tables, _: _save(image, qtables=tables.tolist()), size)


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
        image,
        quality=QUALITY,
        background_quality=BACKGROUND_QUALITY,
        region_map=region_map,
        tables="annex-k",
        subsampling=2,
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
    plate = draw(image, region_map, shown, DETAILS, LOOK, credit=CREDIT)
    plate.save(options.output, quality=84, subsampling=0, optimize=True, progressive=True)
    for column in shown:
        print(f"{column.title}: {column.caption}")
    print(f"{options.output}: {options.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
