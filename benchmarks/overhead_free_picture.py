"""The picture of README that shows what an overhead-free file looks like to a viewer that does not know the dialect.

python -m benchmarks.overhead_free_picture --photographs DIR
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

import pyregjpeg
from pyregjpeg.picture_map import predict_factors

from .photographs import add_photographs_option, photographs
from .picture import CREDIT, CROP, PHOTOGRAPH, SET_NAME

REDUCTION = 3


def main(arguments: Sequence[str] | None = None) -> None:
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/pictures/overhead_free.jpg"), metavar="FILE")
    options = parser.parse_args(arguments)
    (photograph,) = (p for p in photographs(SET_NAME, options.photographs) if p.name == PHOTOGRAPH)
    image = photograph.load().crop(CROP).reduce(REDUCTION)
    jpeg = pyregjpeg.encode(image, overhead_free=True, quality=100)

    figure = Figure(figsize=(15, 4.3), layout="constrained")
    shown = figure.subplots(1, 3)
    panels = {
        "pyregjpeg": pyregjpeg.decode(jpeg),
        "An ordinary viewer": Image.open(io.BytesIO(jpeg), formats=["JPEG"]),
    }
    for axes, (title, picture) in zip(shown, panels.items(), strict=False):
        axes.imshow(picture)
        axes.set_title(title)
    factors = shown[2].imshow(predict_factors(image)[0])
    shown[2].set_title("Quality factors of luma, 16x16 pixels each")
    figure.colorbar(factors, ax=shown[2])
    for axes in shown:
        axes.axis("off")
    figure.supxlabel(f"{len(jpeg):,} bytes. {CREDIT}", fontsize=9)
    figure.savefig(options.output, dpi=100, pil_kwargs={"quality": 85, "optimize": True})
    print(f"{options.output}: {options.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
