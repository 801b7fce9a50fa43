"""The map of one picture: the one that is given, or what a map model finds, as map levels of its blocks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import map_model, pixels, qf_model, region_map
from .errors import ModelError
from .options import RegionOptions
from .pixels import Source

Loaded: TypeAlias = map_model.MapModel | qf_model.QfModel
Model: TypeAlias = str | os.PathLike[str] | Loaded

SHORT_SIDE_TO_TURN = 512  # pixels; at least twice what a model of kind "importance" looks at


def predict_map(image: Source, model: Model = "msroi") -> NDArray[np.float32]:
    """What a map model finds important in the picture: float32 (rows, cols), 0 = background, 1 = most important.

    The map covers the whole picture, in the axes of its pixels as they are stored, at the model's resolution; that of a
    QF map has a value for each 8x8 block, 1 where the quality factor of luma is the picture's largest, 0 where it is
    the smallest, in proportion to decibels in between. The model sees the picture upright: its EXIF orientation is
    applied for the model and undone for the map. Raises ModelError if the model cannot be had or cannot be run.
    """
    return _seen(_image(image), map_model.load_model(model)).importance


def predict_factors(image: Source, model: Model = "qf") -> NDArray[np.uint8]:
    """The QF map of the picture: uint8 (2, region rows, region columns), of luma and chroma, 2 to 50.

    In the axes of the pixels as they are stored, seen upright as by `predict_map`. Raises ModelError as that does, and
    for a model of another kind.
    """
    loaded = map_model.load_model(model)
    if not isinstance(loaded, qf_model.QfModel):
        raise ModelError(f"The model {loaded.card.name!r} is of kind {loaded.card.kind!r} and gives no QF map")
    return _upright(_image(image), loaded.factors)


@dataclass(frozen=True)
class Allotment:
    """What the blocks of one picture may lose: `allowances` for map levels, and the `levels` of blocks.

    Those of luma and of chroma, both (rows, columns) of luma's 8x8 blocks: a component takes its own part of them.
    """

    levels: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    allowances: NDArray[np.float32]


class PictureMap:
    """What the options, or else the map model that they name, say of one picture; a model looks once at the most."""

    def __init__(self, options: RegionOptions, size: tuple[int, int], picture: Callable[[Loaded], Image.Image]) -> None:
        """`size` is (width, height); `picture` is called only where a model is to look, and told which."""
        self._options = options
        self._size = size
        self._picture = picture

    def levels(self, *, flat: bool) -> NDArray[np.uint8]:
        """The map level of each 8x8 block, (rows, columns) of 0 to LEVELS - 1; the highest everywhere if `flat`."""
        highest = np.full(region_map.grid_shape(self._size), region_map.LEVELS - 1, dtype=np.uint8)
        if flat and self._options.region_map is None:
            return highest
        of_map = self._levels  # a map that is given is checked even where the qualities leave it nothing to say
        return highest if flat else of_map

    def fall(self) -> float | None:
        """The decibels of luma PSNR from importance 1 to 0 that a QF map asks for; None by any other map."""
        return self._found.fall if self._options.region_map is None else None

    @cached_property
    def _levels(self) -> NDArray[np.uint8]:
        given = self._options.region_map
        blocks = region_map.block_importance(self._found.importance if given is None else given, self._size)
        return region_map.feathered(region_map.to_levels(blocks), self._options.feather)

    @cached_property
    def _found(self) -> _Seen:
        model = map_model.load_model(self._options.map_model)
        return _seen(self._picture(model), model)


@dataclass(frozen=True)
class _Seen:
    """What a map model says of a picture; `fall` is that of PictureMap."""

    importance: NDArray[np.float32]
    fall: float | None = None


def _seen(picture: Image.Image, model: Loaded) -> _Seen:
    if not isinstance(model, qf_model.QfModel):
        return _Seen(_upright(picture, model.predict, shrunk=True))
    look = model.factors
    factors = _upright(picture, lambda seen: qf_model.on_blocks(look(seen)[0], seen.size))
    return _Seen(qf_model.importance(factors), qf_model.fall(factors))


def _image(image: Source) -> Image.Image:
    return image if isinstance(image, Image.Image) else pixels.picture_of(image).image()


def _upright(
    picture: Image.Image, look: Callable[[Image.Image], NDArray[Any]], *, shrunk: bool = False
) -> NDArray[Any]:
    """What is found in the picture turned upright, turned back; `shrunk`: it need not be seen in full."""
    turns = region_map.turns(picture)
    if turns is None:
        return look(picture)
    upright, back = turns
    # Turning costs as much as a copy of the picture, and such a model looks at few of its pixels.
    shrink = min(picture.size) // SHORT_SIDE_TO_TURN
    if shrunk and shrink > 1 and picture.mode in ("L", "RGB", "RGBX", "CMYK", "YCbCr"):
        picture = picture.reduce(shrink)
    found = look(picture.transpose(upright))
    planes = [np.asarray(Image.fromarray(plane).transpose(back)) for plane in found.reshape(-1, *found.shape[-2:])]
    return np.stack(planes).reshape(*found.shape[:-2], *planes[0].shape)
