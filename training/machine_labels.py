"""What the map for machines is trained on: where errors in crops of photographs change the answers of networks.

    python -m training.machine_labels --data prepared/qf.npz --references networks --output prepared/machine

Each photograph first whole, squeezed into a square, then a random crop of each in every further round. A crop is looked
at as it is and as it comes out of a JPEG file of low quality, larger than what the networks see. Of each network's
Fisher information that of 8x8 blocks is kept, in bands of frequencies of luma and in chroma. Files of a few crops each,
that are never written again; goes on where it stopped, and may be stopped at any time.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from training.differentiable_jpeg import dct_matrix
from training.fisher import Reader, gradients, training_readers
from training.qf_data import Photo, load

SIDE = 224  # of the crops that are kept, pixels
BLOCK = 8
AT_ONCE = 16  # crops in a file
QUALITIES = (10, 45)
LARGEST_RATIO = 2.3  # of the compressed picture's side to SIDE
STRETCH = 0.15  # of a crop's sides, at most
SHORTEST = 0.45  # of the photograph's short side, of a crop
MEASURED = 32  # crops from which the weights of frequencies come
RAREST = 0.02  # of the strongest frequency's information: what has less gets no higher weight than this would
DRAWS = {"training": 1, "validation": 3}
BANDS = (1, 3, 6)  # of luma: the sums of row and column of a frequency from which the next band begins
PARTS = len(BANDS) + 2  # bands of luma, chroma
TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], np.float32)  # from Y, Cb, Cr

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Crop:
    """A crop as large as it is compressed, and how it comes out of the file."""

    clean: Image.Image
    decoded: Image.Image

    def seen(self, side: int) -> list[Pixels]:
        """Both, as a network of that input size sees them."""
        sized = (image.resize((side, side), Image.Resampling.BILINEAR) for image in (self.clean, self.decoded))
        return [np.asarray(image) for image in sized]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="file that training.qf_data made")
    parser.add_argument("--references", type=Path, required=True, help="folder that training.fetch_references filled")
    parser.add_argument("--output", type=Path, required=True, help="folder to write, 6 MB for every 16 crops")
    parser.add_argument("--rounds", type=int, default=4, help="through the photographs (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    readers = training_readers(arguments.references)
    photos = {part: load(arguments.data, part) for part in DRAWS}
    arguments.output.mkdir(parents=True, exist_ok=True)
    weights = frequency_weights(readers, photos["training"], arguments.output / "frequencies.npz")
    for part, number, places in plan({part: len(of_part) for part, of_part in photos.items()}, arguments.rounds):
        path = arguments.output / f"{part}-{number:04}.npz"
        if path.exists():
            continue
        crops = [crop_of(photos[part][photo], photo, its_round) for photo, its_round in places]
        arrays = {
            reader.name: information(reader, crops, DRAWS[part], number, weights[reader.name]) for reader in readers
        }
        pictures = np.stack([crop.seen(SIDE)[0] for crop in crops])
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, pictures=pictures, **arrays)  # type: ignore[arg-type, unused-ignore]
        partial.rename(path)
        print(path.name, flush=True)


def plan(photos: dict[str, int], rounds: int) -> Iterator[tuple[str, int, list[tuple[int, int]]]]:
    """For each file its part, its number and what is in it, (photograph, round): validation after a first round."""
    for part, its_rounds in (("training", [0]), ("validation", [0]), ("training", range(1, rounds))):
        for its_round in its_rounds:
            order = np.random.default_rng(its_round).permutation(photos[part])
            files = -(-len(order) // AT_ONCE)
            for number in range(files):
                chosen = order[number * AT_ONCE : (number + 1) * AT_ONCE]
                yield part, its_round * files + number, [(int(photo), its_round) for photo in chosen]


def crop_of(photo: Photo, number: int, its_round: int) -> Crop:
    """The whole photograph in round 0, then parts of it: any place and scale, every other one mirrored."""
    random = np.random.default_rng((number, its_round))
    image = Image.fromarray(photo.pixels)
    if its_round:
        short = min(image.size)
        own = random.uniform(min(short, max(SIDE, SHORTEST * short)), short)
        width, height = (round(min(short, own * random.uniform(1 - STRETCH, 1 + STRETCH))) for _ in range(2))
        left, upper = (int(random.integers(spare + 1)) for spare in (image.width - width, image.height - height))
        image = image.crop((left, upper, left + width, upper + height))
        if random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    ratio = random.uniform(1, min(LARGEST_RATIO, max(1, min(image.size) / SIDE)))
    side = round(SIDE * ratio)
    clean = image.resize((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    clean.save(file, "JPEG", quality=int(random.integers(*QUALITIES)))
    return Crop(clean, Image.open(file).convert("RGB"))


def frequency_weights(readers: Sequence[Reader], photos: Sequence[Photo], path: Path) -> dict[str, Floats]:
    """Of each network (3, 8, 8), in Y, Cb, Cr: what makes all frequencies carry the same on average; kept in `path`."""
    if not path.exists():
        order = np.random.default_rng(0).permutation(len(photos))[:MEASURED]
        crops = [crop_of(photos[photo], int(photo), 0) for photo in order]
        found = {reader.name: weights_of(np.mean(energies(reader, crops, 1, 0), (0, 1, 2, 3))) for reader in readers}
        np.savez(path, **found)  # type: ignore[arg-type, unused-ignore]
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def weights_of(mean: Floats) -> Floats:
    """One over the mean information (..., 8, 8) of each frequency, limited."""
    return 1 / np.maximum(mean, RAREST * mean.max((-2, -1), keepdims=True))


def information(reader: Reader, crops: Sequence[Crop], draws: int, seed: int, weights: Floats) -> Floats:
    """Weighted information (crops, 2, parts, rows, cols) of the blocks of each crop, clean and decoded."""
    found = energies(reader, crops, draws, seed) * weights
    luma, chroma = found[..., 0, :, :], found[..., 1:, :, :].sum((-3, -2, -1))
    bands = np.digitize(np.add.outer(np.arange(BLOCK), np.arange(BLOCK)), BANDS)
    parts = [(luma * (bands == band)).sum((-2, -1)) for band in range(len(BANDS) + 1)]
    return np.stack([*parts, chroma], 2).astype(np.float32)


def energies(reader: Reader, crops: Sequence[Crop], draws: int, seed: int) -> Floats:
    """Mean squares over draws (crops, 2, rows, cols, 3, 8, 8) of the gradients' DCT, by block, in Y, Cb, Cr."""
    pictures = np.stack([picture for crop in crops for picture in crop.seen(reader.side)])
    with torch.autocast("cpu", torch.bfloat16, enabled=not reader.classifies):  # the classifiers lose by it
        found = gradients(reader, pictures, draws, seed) @ TO_RGB
    size = reader.side // BLOCK
    blocks = found.reshape(len(crops), 2, draws, size, BLOCK, size, BLOCK, 3).transpose(0, 1, 2, 3, 5, 7, 4, 6)
    transformed = (blocks.reshape(*blocks.shape[:6], -1) @ dct_matrix().numpy().T).reshape(blocks.shape)
    mean: Floats = np.square(transformed).mean(2)
    return mean


if __name__ == "__main__":
    main()
