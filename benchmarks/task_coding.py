"""What the arms of all reports are made of: a picture with another one, and a file with what it decodes to."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from PIL import Image

from . import peers
from .task_pictures import TaskPicture


@dataclass
class Pair:
    """A picture, and another one that its map may be borrowed from."""

    picture: TaskPicture
    other: TaskPicture

    @cached_property
    def source(self) -> peers.Picture:
        return peers.Picture.of(self.picture.image)


@dataclass(frozen=True)
class Coded:
    """A file's size in bytes, and the picture that comes out of it."""

    size: int
    image: Image.Image


Subject = TypeVar("Subject", bound=Pair)
Arm = Callable[[Subject, int], Coded]


def opened(jpeg: bytes) -> Coded:
    """A file that every decoder opens."""
    return Coded(len(jpeg), Image.open(io.BytesIO(jpeg)).convert("RGB"))


def peer(encoder: peers.Encoder, subject: Pair, quality: int) -> Coded:
    return opened(encoder(subject.source, quality))
