"""The photographs of several kinds on which encoders are compared with a flat map, and the sizes they are brought to.

All are set aside for testing: none had a part in finding tables, weights or allowances.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from . import text_pages
from .photographs import HIDES_COMPRESSION, Photograph, photographs

# By kind: name, and at most how many megapixels. JPEG originals lose their blocks by being scaled down, by 1.5 or more;
# the one of 12 megapixels, by 1.3.
KINDS: Mapping[str, Mapping[str, float]] = {
    "busy": {
        "kodak01": 0.4,
        "kodak05": 0.4,
        "kodak08": 0.4,
        "kodak13": 0.4,
        "flatworm": 0.5,
        "GreenMeadow": 0.58,
        "Dragonfly": 1.5,
        "life": 1.5,
    },
    "smooth": {
        "kodak03": 0.4,
        "kodak20": 0.4,
        "kodak23": 0.4,
        "Blinds": 1,
        "ColorfulCups": 1,
        "Garden": 1,
        "RainDrops": 1,
        "YellowFlower": 1.2,
        "free": 1.5,
        "Kleiber": 12,
    },
    "portraits": {"kodak04": 0.4, "kodak15": 0.4, "kodak18": 0.4, "astronaut": 0.3, "Shih-Tzu": 0.6},
    "night": {"hubble": 0.4, "DarkestHour": 1, "summer_1am": 1, "Wine": 1.5, "sunset": 1.5},
    "scenes": {
        "kodak12": 0.4,
        "kodak19": 0.4,
        "kodak21": 0.4,
        "kodak22": 0.4,
        "motorcycle": 0.4,
        "Dune": 0.78,
        "FallenLeaf": 1,
        "aitzgorri": 1.5,
        "picosdeeuropa": 2,
        "seeding": 6,
    },
    "text": {"page": 1, "screen": 1, "slide": 1},
}

_SETS = ("kodak", "wallpapers", "large", "imagenet_test")
_OF_SCIKIT_IMAGE = {
    "astronaut": "astronaut.png",
    "motorcycle": "motorcycle_left.png",
    "hubble": "hubble_deep_field.jpg",
}
_DRAWN = {"page": text_pages.page, "screen": text_pages.screen, "slide": text_pages.slide}


@dataclass(frozen=True)
class FlatPhotograph:
    """A photograph of some kind, to be loaded with at most so many megapixels."""

    kind: str
    photograph: Photograph
    megapixels: float

    @property
    def name(self) -> str:
        return self.photograph.name

    def load(self) -> Image.Image:
        return self.photograph.load(self.megapixels)


def flat_photographs(root: Path) -> list[FlatPhotograph]:
    """All of them, kind after kind; raises as `photographs` does."""
    known = {_short(photograph.name): photograph for name in _SETS for photograph in photographs(name, root)}
    known |= {name: _packaged(name, file) for name, file in _OF_SCIKIT_IMAGE.items()}
    known |= {name: Photograph(name, partial(text_pages.as_png, draw)) for name, draw in _DRAWN.items()}
    return [
        FlatPhotograph(kind, known[name], megapixels)
        for kind, of_kind in KINDS.items()
        for name, megapixels in of_kind.items()
    ]


def _short(name: str) -> str:
    """Of a file of ImageNet, "n01234567_Shih-Tzu", what it shows."""
    return name.split("_", 1)[1] if name[:1] == "n" and name[1:9].isdigit() else name


def _packaged(name: str, file: str) -> Photograph:
    """One that scikit-image brings along."""
    path = Path(str(importlib.resources.files("skimage"))) / "data" / file
    return Photograph(name, path.read_bytes, HIDES_COMPRESSION if path.suffix == ".jpg" else 1.0)
