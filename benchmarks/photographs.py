"""The named sets of photographs that the benchmarks run on, found in one folder outside the repository.

The folder holds git checkouts by their name and unpacked Debian packages as deb/PACKAGE; fetch_photographs.py fills it.
What each set is for, and the terms of the photographs, is in benchmarks/README.md. No set shares a photograph with
another.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PIL import Image

from .qt_resources import read_resources

ROOT_VARIABLE = "PYREGJPEG_PHOTOGRAPHS"

# Scaling down by this factor hides the traces of the compression that a photograph already went through.
HIDES_COMPRESSION = 1.5


@dataclass(frozen=True)
class Photograph:
    """One photograph, read when asked for; `busy` means detail nearly everywhere: foliage, gravel, crowds."""

    name: str
    read: Callable[[], bytes]
    reduction: float = 1.0
    busy: bool = False

    def load(self, megapixels: float | None = None) -> Image.Image:
        """The photograph in RGB, its sides divided by `reduction`.

        `megapixels` asks for at most that many; nothing is ever enlarged.
        """
        image = Image.open(io.BytesIO(self.read())).convert("RGB")
        factor = self.reduction
        if megapixels is not None:
            factor = max(factor, (image.width * image.height / (megapixels * 1e6)) ** 0.5)
        if factor == 1.0:
            return image
        size = (round(image.width / factor), round(image.height / factor))
        return image.resize(size, Image.Resampling.LANCZOS)


@dataclass(frozen=True)
class PhotographSet:
    """A set: what has to be in the folder for it, and how it is listed from there."""

    list_photographs: Callable[[Path], list[Photograph]]
    packages: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()

    def folders(self, root: Path) -> list[Path]:
        checkouts = [root / repository.split("/")[1] for repository in self.repositories]
        return [root / "deb" / package for package in self.packages] + checkouts


class MissingPhotographsError(FileNotFoundError):
    """A set is not in the folder; the message says what to run."""


def add_photographs_option(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get(ROOT_VARIABLE)
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="DIR",
        default=Path(default) if default else None,
        required=default is None,
        help=f"folder with the photographs (default: ${ROOT_VARIABLE})",
    )


def photographs(set_name: str, root: Path) -> list[Photograph]:
    """The photographs of a set, always in the same order.

    Raises:
        MissingPhotographsError: a package or repository of the set is not in the folder `root`.
    """
    photograph_set = SETS[set_name]
    missing = [folder for folder in photograph_set.folders(root) if not folder.is_dir()]
    if missing:
        raise MissingPhotographsError(
            f"The photographs '{set_name}' need {missing[0]}, which is not there; "
            f"run: python -m benchmarks.fetch_photographs --photographs {root} {set_name}"
        )
    return photograph_set.list_photographs(root)


def reduced(chosen: Iterable[Photograph]) -> list[Photograph]:
    """The same photographs, smaller, so that sizes are not those of pictures that were JPEG already."""
    return [replace(photograph, reduction=max(photograph.reduction, HIDES_COMPRESSION)) for photograph in chosen]


def centre_box(size: tuple[int, int], share: float = 0.4) -> tuple[int, int, int, int]:
    """A stand-in for what matters: the box (left, upper, right, lower) in the middle with `share` of the area."""
    width, height = size
    left, upper = (round(side * (1 - share**0.5) / 2) for side in size)
    return left, upper, width - left, height - upper


def _file(path: Path, reduction: float = 1.0, busy: bool = False, name: str | None = None) -> Photograph:
    return Photograph(name or path.stem, partial(Path.read_bytes, path), reduction, busy)


def _kodak(root: Path) -> list[Photograph]:
    folder = root / "Kodak-Lossless-True-Color-Image-Suite" / "PhotoCD_PCD0992"
    return [_file(path, name=f"kodak{path.stem}") for path in sorted(folder.glob("*.png"))]


_PLASMA = "BytheWater ColorfulCups DarkestHour EveningGlow FallenLeaf Kite OneStandsOut Path summer_1am"
_MATE = "Aqua Blinds Dune FreshFlower Garden GreenMeadow LadyBird RainDrops Storm TwoWings Wood YellowFlower"
_LOMIRI = {
    "lomiri-wallpapers-16.04": "Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Picture_0B_by_freespace "
    "Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich friends_by_Aitzol_Berasategi "
    "life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi seeding_by_Clements_Engelhardt "
    "sunset_by_Aitzol_Berasategi",
    "lomiri-wallpapers-20.04": "Kleiber_by_Lukas_Baubkus",
}
_BUSY = {"EveningGlow", "OneStandsOut", "Path", "Dune", "GreenMeadow", "Wood", "Dragonfly", "life", "picosdeeuropa"}


def _wallpapers(root: Path) -> list[Photograph]:
    """The photographs among the wallpapers of KDE and MATE, 1.3 to 4.9 megapixels; the rest are drawings or gray."""
    plasma = root / "deb/plasma-workspace-wallpapers/usr/share/wallpapers"
    mate = root / "deb/mate-backgrounds/usr/share/backgrounds/mate/nature"
    files = {name: plasma / name / "contents/images/2560x1600.jpg" for name in _PLASMA.split()}
    files |= {name: mate / f"{name}.jpg" for name in _MATE.split()}
    return [_file(path, busy=name in _BUSY, name=name) for name, path in files.items()]


def _large(root: Path) -> list[Photograph]:
    """The photographs among the wallpapers of Lomiri, 4.5 to 20 megapixels."""
    paths = [
        root / "deb" / package / f"usr/share/backgrounds/{name}.jpg"
        for package, names in _LOMIRI.items()
        for name in names.split()
    ]
    subjects = [path.stem.split("_by_")[0] for path in paths]
    return [_file(path, busy=name in _BUSY, name=name) for path, name in zip(paths, subjects, strict=True)]


# Looked at one by one: gray, cut out, posterised or framed.
_NOT_FOR_CALIBRATION = {"castleClinton", "middleeast", "castillodeSanMarcos", "georgeWashingtonBirthplace"}
_GCOMPRIS = ("explore_farm_animals", "explore_monuments", "explore_world_animals", "explore_world_music")
SCRATCH = {
    "Indoors": "clothing-store kitchen the-movies-inside",
    "Nature": "beach-malibu canyon flower-bed garden-rock grand-canyon gravel-desert hill lake pathway tree "
    "water-and-rocks",
    "Outdoors": "all-sports-mural bench-with-view berkeley-mural boardwalk brick-wall-and-stairs brick-wall2 "
    "building-at-mit building-fireproof castle city-with-water2 driveway hallway_outdoors houses mansion parking-ramp "
    "pool route66 silos the-movies train-tracks1 train-tracks2 village wooden-house",
    "Sports": "baseball-field basketball-court1-b football-field playing-field tennis-backboard",
}


def _calibration(root: Path) -> list[Photograph]:
    """Animals, buildings and musicians of GCompris, about 680x480, and scenes of Scratch, 320x240, once reduced."""
    containers = [root / f"deb/gcompris-qt-data/usr/share/gcompris-qt/rcc/{name}.rcc" for name in _GCOMPRIS]
    scenes = root / "deb/scratch/usr/share/scratch/Media/Backgrounds"
    paths = [scenes / folder / f"{name}.jpg" for folder, names in SCRATCH.items() for name in names.split()]
    return [
        *(photograph for container in containers for photograph in _webp_in(container)),
        *(_file(path, HIDES_COMPRESSION) for path in paths),
    ]


def _webp_in(container: Path) -> Iterable[Photograph]:
    for member, content in read_resources(container):
        name = Path(member).stem
        if not member.endswith(".webp") or name in _NOT_FOR_CALIBRATION:
            continue
        width, height = Image.open(io.BytesIO(content)).size
        if width * height >= 200_000:  # smaller ones are thumbnails
            yield Photograph(name, partial(_resource, container, member), HIDES_COMPRESSION)


def _resource(container: Path, member: str) -> bytes:
    return next(content for name, content in read_resources(container) if name == member)


def _imagenet_train(root: Path) -> list[Photograph]:
    """One photograph per ImageNet class, without the test fifth: every fifth file, which no training may see."""
    return [photograph for index, photograph in enumerate(_imagenet(root)) if index % 5]


def _imagenet_test(root: Path) -> list[Photograph]:
    """The test fifth."""
    return _imagenet(root)[::5]


def _imagenet(root: Path) -> list[Photograph]:
    return [_file(path, HIDES_COMPRESSION) for path in sorted((root / "imagenet-sample-images").glob("*.JPEG"))]


SETS: Mapping[str, PhotographSet] = {
    "kodak": PhotographSet(_kodak, repositories=("MohamedBakrAli/Kodak-Lossless-True-Color-Image-Suite",)),
    "wallpapers": PhotographSet(_wallpapers, packages=("plasma-workspace-wallpapers", "mate-backgrounds")),
    "large": PhotographSet(_large, packages=("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04")),
    "calibration": PhotographSet(_calibration, packages=("gcompris-qt-data", "scratch")),
    "imagenet_train": PhotographSet(_imagenet_train, repositories=("EliSchwartz/imagenet-sample-images",)),
    "imagenet_test": PhotographSet(_imagenet_test, repositories=("EliSchwartz/imagenet-sample-images",)),
}
