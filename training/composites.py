"""Pictures of several objects with exact masks: photographic cut-outs pasted on photographs of scenery.

The cut-outs are those of Tux Paint (Debian package tuxpaint-stamps-default), the scenery is of BSDS500, training and
validation part, and of Scratch. Both are split into a training and a test half, cut-outs by subject: all penguins
are in one half. The same half, seed and count always give the same pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.photographs import SCRATCH

HALVES = ("train", "test")
KINDS = ("1", "2", "3", "4-5", "large", "frame-filling", "empty")  # in turn, so that each is as frequent
SIDE = 480  # of the long side of a picture, in pixels
SMALL, LARGE, FRAME_FILLING = (0.02, 0.12), (0.2, 0.45), (0.5, 0.8)  # of the picture's area, before anything is hidden
SHOWN = 0.55  # at least this share of an object stays in the picture and in front of the others
ENLARGED = 2.0  # times, at most: beyond that a cut-out is visibly softer than its scenery
TRIES = 60

STAMPS = "deb/tuxpaint-stamps-default/usr/share/tuxpaint/stamps"
# Chosen by looking at each: photographs. Left out: drawings, what has no clear outline, and trees, which are scenery.
_FOLDERS = """
    animals/amphibians animals/birds animals/fish animals/insects animals/lizards animals/mammals
    animals/mammals/apes animals/mammals/aquatic animals/mammals/bears animals/mammals/bears/toys
    animals/mammals/bovines animals/mammals/camel animals/mammals/cats animals/mammals/deer animals/mammals/dogs
    animals/mammals/equines animals/mammals/rodents animals/marsupials animals/shellfish food/fruit food/spices
    food/vegetables hobbies hobbies/music/brass hobbies/music/percussion hobbies/music/string household
    household/tools military military/vehicles people people/toys plants/flowers plants/mushrooms seasonal/christmas
    space sports town town/monuments vehicles vehicles/auto vehicles/construction vehicles/cycle vehicles/emergency
    vehicles/flight vehicles/flight/planes vehicles/masstransit vehicles/race vehicles/ship
"""
_NOT_PHOTOGRAPHS = """
    bee fly whale hedgehog appooppanthady inukshuk-outline rugby_goal_posts sedan_police Santa candy_cane star tree
    Candy_cane_photo_1 Candy_cane_photo_2 final-roll-call voyager2 plyers
"""
_SMALLEST = 120  # pixels on the long side
_SUBJECT_OF = {"hen": "chicken", "rooster": "chicken", "seagull": "gull", "duck": "drake", "doe": "deer"}
_SUBJECTS = """
    apricot bear camel cep chicken cow deer donkey drake fireman flower frog gnu guineafowl guitar gull heron lion
    penguin pig rabbit sheep tiger
"""  # words that make one subject of several names

# Chosen by looking at each: nothing in it that a person would call its subject.
_BSDS500 = """
    train/140055 train/144067 train/166081 train/176019 train/176035 train/176039 train/178054 train/187071
    train/20008 train/2092 train/216066 train/22013 train/22093 train/225017 train/227046 train/231015 train/232038
    train/249061 train/249087 train/254033 train/27059 train/28096 train/311081 train/33066 train/35091 train/374020
    train/374067 train/385028 train/45077 train/55067 train/65010 train/68077 train/87065 train/95006 train/97017
    val/126007 val/143090 val/148026 val/182053 val/219090 val/223061 val/241004 val/241048 val/351093 val/76053
    val/86016 val/97033
"""
_SCRATCH_WITH_A_SUBJECT = {"bench-with-view", "silos", "castle", "garden-rock", "tree", "wooden-house"}


@dataclass(frozen=True)
class CutOut:
    """What is pasted: an RGBA picture without empty edges, and the subject that it shows."""

    subject: str
    image: Image.Image


@dataclass(frozen=True)
class Composite:
    """A picture and, for each object in it, its subject and the mask (height, width) of what shows of it.

    `kind` is one of KINDS.
    """

    kind: str
    image: Image.Image
    subjects: tuple[str, ...]
    masks: tuple[NDArray[np.bool_], ...]


def composites(root: Path, half: str, count: int, seed: int) -> Iterator[Composite]:
    """`count` pictures made of the cut-outs and scenery of `half`, from the folder of photographs `root`."""
    cut_outs = [read_cut_out(path) for path in list_cut_outs(root, half)]
    return compositions(cut_outs, list_scenery(root, half), count, seed)


def compositions(
    cut_outs: Sequence[CutOut], scenery: Sequence[Image.Image], count: int, seed: int
) -> Iterator[Composite]:
    """`count` pictures made of these cut-outs and this scenery, of each kind in turn."""
    for number in range(count):
        random = np.random.default_rng((seed, number))
        yield compose(KINDS[number % len(KINDS)], scenery[int(random.integers(len(scenery)))], cut_outs, random)


def read_cut_out(path: Path) -> CutOut:
    image = Image.open(path).convert("RGBA")
    return CutOut(subject(path.stem), image.crop(image.getchannel("A").getbbox()))


def list_cut_outs(root: Path, half: str) -> list[Path]:
    """The files of the cut-outs of a half."""
    left_out = set(_NOT_PHOTOGRAPHS.split())
    paths = [path for folder in _FOLDERS.split() for path in sorted((root / STAMPS / folder).glob("*.png"))]
    named = {path.stem: path for path in paths if max(Image.open(path).size) >= _SMALLEST}  # a name is taken once
    chosen = [path for name, path in named.items() if name not in left_out and "mirror" not in name]
    if not chosen:
        raise FileNotFoundError(f"There are no cut-outs in {root / STAMPS}: unpack tuxpaint-stamps-default there")
    subjects = sorted({subject(path.stem) for path in chosen})
    return [path for path in chosen if HALVES[subjects.index(subject(path.stem)) % 2] == half]


def subject(name: str) -> str:
    """What a cut-out of that name shows, the same for all that show it: "little-penguin" is a penguin."""
    words = [_SUBJECT_OF.get(word, word) for word in re.findall("[a-z]+", name.lower())]
    return next((word for word in words if word in _SUBJECTS.split()), " ".join(words))


def list_scenery(root: Path, half: str) -> list[Image.Image]:
    """The pictures of scenery of a half, at most SIDE pixels long."""
    pictures = [Image.open(root / f"BSDS500/BSDS500/data/images/{name}.jpg") for name in _BSDS500.split()]
    pictures += [
        Image.open(root / "deb/scratch/usr/share/scratch/Media/Backgrounds" / folder / f"{name}.jpg")
        for folder, names in SCRATCH.items()
        for name in names.split()
        if name not in _SCRATCH_WITH_A_SUBJECT
    ]
    chosen = [picture.convert("RGB") for picture in pictures[HALVES.index(half) :: 2]]
    for picture in chosen:
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return chosen


def compose(kind: str, scenery: Image.Image, cut_outs: Sequence[CutOut], random: np.random.Generator) -> Composite:
    """Paste as many of `cut_outs` on `scenery` as `kind` says, at random places, sizes, ways round and colours."""
    image = scenery.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else scenery.copy()
    share = {"large": LARGE, "frame-filling": FRAME_FILLING}.get(kind, SMALL)
    wanted = {"2": 2, "3": 3, "4-5": int(random.integers(4, 6)), "empty": 0}.get(kind, 1)
    subjects: list[str] = []
    masks: list[NDArray[np.bool_]] = []
    whole: list[int] = []  # the area of each object before anything of it was hidden
    for _ in range(TRIES * wanted):
        if len(masks) == wanted:
            break
        cut_out = cut_outs[int(random.integers(len(cut_outs)))]
        layer, area = placed(cut_out.image, image.size, random.uniform(*share), random)
        if layer is None:
            continue
        mask = np.asarray(layer.getchannel("A")) >= 128
        behind = [other & ~mask for other in masks]
        if all(shown.sum() >= SHOWN * size for shown, size in zip([*behind, mask], [*whole, area], strict=True)):
            image.paste(layer, mask=layer)
            masks, whole = [*behind, mask], [*whole, area]
            subjects.append(cut_out.subject)
    return Composite(kind, image, tuple(subjects), tuple(masks))


def placed(
    cut_out: Image.Image, size: tuple[int, int], share: float, random: np.random.Generator
) -> tuple[Image.Image | None, int]:
    """`cut_out` in a layer of the picture's size, and its area there; None if it would be enlarged too much.

    It may reach beyond the picture's edges by up to a quarter of its sides.
    """
    area = share * size[0] * size[1]
    scale = (area / max(1, int((np.asarray(cut_out.getchannel("A")) >= 128).sum()))) ** 0.5
    width, height = (max(1, round(side * scale)) for side in cut_out.size)
    if scale > ENLARGED or width > 1.4 * size[0] or height > 1.4 * size[1]:
        return None, 0
    small = recoloured(cut_out.resize((width, height), Image.Resampling.LANCZOS), random)
    left, upper = (
        round(random.uniform(min(-0.25 * own, whole - 0.75 * own), max(-0.25 * own, whole - 0.75 * own)))
        for own, whole in zip((width, height), size, strict=True)
    )
    layer = Image.new("RGBA", size)
    layer.paste(small, (left, upper))
    return layer, round(area)


def recoloured(cut_out: Image.Image, random: np.random.Generator) -> Image.Image:
    """`cut_out` turned round or not, a little darker or paler or not, its edge softened by up to a pixel and a half."""
    if random.random() < 0.5:
        cut_out = cut_out.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    colours = cut_out.convert("RGB")
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        colours = enhance(colours).enhance(random.uniform(0.75, 1.25))
    colours.putalpha(cut_out.getchannel("A").filter(ImageFilter.GaussianBlur(random.uniform(0, 1.5))))
    return colours
