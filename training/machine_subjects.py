"""Photographs coded for networks again and again: bytes, and how far the answers of training networks move.

A subject is a square that is larger than what networks see by a ratio. Its coefficients and its map are found once;
files are real ones, read by Pillow, scaled down as its reader would.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.task_curves import Sweep
from pyregjpeg import codec, native, region_map
from pyregjpeg.machine_rule import MachineRule
from pyregjpeg.machine_tables import DEFAULT_SIZE, Found
from pyregjpeg.options import scans
from training.judges import Network
from training.qf_data import sources

# At most this share of each source, for a spread of kinds; ImageNet's fill the rest.
SHARES = {"erase": 0.12, "wallpapers": 0.16, "calibration": 0.25, "opencv": 0.04, "bsds500": 0.12, "camvid": 0.06}
FILLS = "imagenet"
CHROMA_AREAS = {"4:2:0": 4.0, "4:4:4": 1.0}

Levels = NDArray[np.uint8]


class Subject:
    """One square and the training network that is asked about it; coefficients are those of one subsampling."""

    def __init__(self, pixels: NDArray[np.uint8], subsampling: str) -> None:
        self.pixels, self.subsampling = pixels, subsampling
        self.image = Image.fromarray(pixels)
        options = {"subsampling": subsampling, "purpose": "machine", "region_map": np.full((1, 1), 0.5)}
        prepared = codec.prepare(self.image, options)
        self._settings = prepared.settings
        self._coefficients = native.Coefficients(prepared.settings, prepared.picture.strips())

    @cached_property
    def levels(self) -> Levels:
        """Of each luma block, as the registered model finds them."""
        from pyregjpeg import predict_map

        return region_map.to_levels(region_map.block_importance(predict_map(self.image, "machine"), self.image.size))

    def encoded(self, found: Found, scale: float, levels: Levels | None = None) -> bytes:
        """The file with these tables at a scale; with the map of such levels, without: a flat one."""
        area = CHROMA_AREAS[self.subsampling]
        rule, tables = MachineRule(found, area), found.tables(scale, area)
        flat = np.full(region_map.grid_shape(self.image.size), region_map.LEVELS // 2, dtype=np.uint8)
        kinds = (0, 1, 1)
        samplings = [(part.h_samp, part.v_samp) for part in self._settings.components]
        settings = replace(
            self._settings,
            components=codec.components(samplings, kinds, kinds, rule.levels(flat if levels is None else levels)),
            tables=tables,
            weights=rule.weights_of(tables, (0, 1)),
            allowances=rule.allowances(found.bit_at(scale)),
            scans=scans(None, trellis=True, optimize=True),
        )
        return self._coefficients.encode(settings)

    def plain(self, quality: int) -> bytes:
        """Pillow's file, optimised, in its usual 4:2:0."""
        file = io.BytesIO()
        self.image.save(file, "JPEG", quality=quality, optimize=True)
        return file.getvalue()


def squares(root: Path, ratio: float, count: int, side: int = DEFAULT_SIZE) -> list[NDArray[np.uint8]]:
    """At most `count` squares of training photographs, scaled down to `side` times the ratio, never up."""
    size = round(side * ratio / 16) * 16
    of_source: dict[str, list[Image.Image]] = {}
    for source, _, _, image in sources(root):
        if min(image.size) >= size and source in (*SHARES, FILLS):
            of_source.setdefault(source, []).append(image)
    shares = {source: min(round(SHARES.get(source, 0) * count), len(images)) for source, images in of_source.items()}
    shares[FILLS] = min(len(of_source.get(FILLS, [])), count - sum(shares.values()))
    chosen = [
        of_source[source][place]
        for source in of_source
        for place in np.linspace(0, len(of_source[source]) - 1, shares[source]).astype(int)
    ]
    return [_square(image, size) for image in chosen]


def sweep(
    subjects: Sequence[Subject],
    networks: Sequence[Network],
    files: Callable[[Subject], Iterator[bytes]],
) -> Sweep:
    """Bytes and distances of each subject's files; the networks take turns."""
    sizes, distances = [], []
    for number, subject in enumerate(subjects):
        network = networks[number % len(networks)]
        [clean] = network.asked([subject.image])
        coded = list(files(subject))
        given = network.asked([Image.open(io.BytesIO(file)).convert("RGB") for file in coded])
        sizes.append([len(file) for file in coded])
        distances.append(network.distances(clean, given))
    return Sweep(np.array(sizes, dtype=np.float64), np.array(distances), {})


def _square(image: Image.Image, size: int) -> NDArray[np.uint8]:
    side = min(image.size)
    left, upper = (image.width - side) // 2, (image.height - side) // 2
    box = (left, upper, left + side, upper + side)
    return np.asarray(image.crop(box).resize((size, size), Image.Resampling.LANCZOS))
