"""What map networks are trained on: composites with the names of what is in them, and photographs that Lite0 labels.

    python -m training.msroi_data --output prepared

Made once: composites of four fifths of the training half's subjects and scenery ("fit"), others of the last fifth
("validation"), and crops of photographs ("photographs") with what EfficientNet-Lite0 takes them for. Each is a folder
of .npy files: `pixels` uint8 (n, 224, 224, 3), `labels` float16 (n, classes), and Lite0's `features_16` and
`features_32`, float16 (n, channels, rows, cols). No file says where in a picture an object is. Needs the extra [train].
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.photographs import add_photographs_option, photographs
from training.composites import Composite, CutOut, compositions, list_cut_outs, list_scenery, read_cut_out, subject
from training.lite0 import STRIDE_16, STRIDE_32, Lite0

SIDE = 224  # of a picture, squeezed to a square: one more way in which no two are alike
EVERY = 5  # subjects, and every fifth scenery, of the training half are for validation
SEEDS = {"fit": 11, "validation": 12}
CROPS = 6  # of each photograph; the first is all of it
SMALLEST_CROP = 0.35  # of a photograph's area
FILES = ("pixels", "labels", "features_16", "features_32")


@dataclass(frozen=True)
class Prepared:
    """One folder: its arrays by name, read from the disk as they are needed."""

    arrays: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, folder: Path) -> Prepared:
        """What `folder` holds; FileNotFoundError if it was not made."""
        return cls({name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in FILES})

    def __len__(self) -> int:
        return len(self.arrays["labels"])

    def batch(self, places: NDArray[np.intp], names: Iterable[str]) -> list[torch.Tensor]:
        """These rows of the arrays `names`; pixels stay uint8, all else is float32."""
        rows = [self.arrays[name][np.sort(places)] for name in names]
        return [torch.tensor(row if row.dtype == np.uint8 else row.astype(np.float32)) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--output", type=Path, required=True, help="folder to fill, about 4 GB")
    parser.add_argument("--fit", type=int, default=10500, help="composites to fit to (default: %(default)s)")
    parser.add_argument("--validation", type=int, default=700, help="composites to validate on (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = Lite0().eval()
    names = subject_names(arguments.photographs)
    for part, count in (("fit", arguments.fit), ("validation", arguments.validation)):
        made = part_of_training_half(arguments.photographs, part, count)
        prepare(arguments.output / part, count, network, ((each.image, multi_hot(each, names)) for each in made))
    chosen = photographs("imagenet_train", arguments.photographs)
    crops = (crop for photograph in chosen for crop in crops_of(photograph.load(), photograph.name))
    prepare(arguments.output / "photographs", CROPS * len(chosen), network, ((crop, None) for crop in crops))


def subject_names(root: Path) -> list[str]:
    """The subjects of the training half, in order: the classes of composites."""
    return sorted({subject(path.stem) for path in list_cut_outs(root, "train")})


def part_of_training_half(root: Path, part: str, count: int) -> Iterator[Composite]:
    """`count` composites of the cut-outs and the scenery that are for "fit" or for "validation"."""
    subjects = subject_names(root)

    def belongs(number: int) -> bool:
        return (number % EVERY == EVERY - 1) == (part == "validation")

    cut_outs: list[CutOut] = [read_cut_out(path) for path in list_cut_outs(root, "train")]
    cut_outs = [each for each in cut_outs if belongs(subjects.index(each.subject))]
    scenery = [each for number, each in enumerate(list_scenery(root, "train")) if belongs(number)]
    return compositions(cut_outs, scenery, count, SEEDS[part])


def multi_hot(composite: Composite, names: list[str]) -> NDArray[np.float16]:
    """1 for each of `names` that the composite shows."""
    return np.isin(names, composite.subjects).astype(np.float16)


def crops_of(image: Image.Image, name: str) -> Iterator[Image.Image]:
    """The photograph and parts of it, some of them mirrored, always the same of the same name."""
    random = np.random.default_rng(list(name.encode()))
    yield image
    for _ in range(CROPS - 1):
        scale = random.uniform(SMALLEST_CROP, 1) ** 0.5
        width, height = (round(side * min(1, scale * random.uniform(0.85, 1.15))) for side in image.size)
        left, upper = random.integers(image.width - width + 1), random.integers(image.height - height + 1)
        crop = image.crop((left, upper, left + width, upper + height))
        yield crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else crop


def prepare(
    folder: Path, count: int, network: Lite0, pictures: Iterable[tuple[Image.Image, NDArray[np.float16] | None]]
) -> None:
    """Fill `folder` with `count` pictures, their features and labels; Lite0's own answers where there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    row = _row_writer(folder, count)
    for number, (image, labels) in enumerate(pictures):
        pixels = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0))
        with torch.inference_mode():
            features = network.features(torch.tensor(pixels[np.newaxis]), (STRIDE_16, STRIDE_32))
            if labels is None:
                labels = network.scores(features[-1]).softmax(1)[0].numpy().astype(np.float16)
        row(number, "pixels", pixels)
        row(number, "labels", labels)
        for name, plane in zip(FILES[2:], features, strict=True):
            row(number, name, plane[0].numpy().astype(np.float16))
    print(f"{folder}: {count} pictures")


def _row_writer(folder: Path, count: int) -> Callable[[int, str, NDArray[Any]], None]:
    files: dict[str, NDArray[Any]] = {}

    def write(number: int, name: str, values: NDArray[Any]) -> None:
        if name not in files:
            shape = (count, *values.shape)
            files[name] = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", values.dtype, shape)
        files[name][number] = values

    return write


if __name__ == "__main__":
    main()
