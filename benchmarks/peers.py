"""The encoders that are compared, each as one function of a picture and a quality, all but guetzli writing 4:2:0."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin


@dataclass(frozen=True)
class Picture:
    """An RGB picture in both forms in which encoders want it, so that no comparison pays for a conversion."""

    image: Image.Image
    array: NDArray[np.uint8]

    @classmethod
    def of(cls, image: Image.Image) -> Picture:
        return cls(image, np.ascontiguousarray(image.convert("RGB")))

    @property
    def megapixels(self) -> float:
        return self.image.width * self.image.height / 1e6


Encoder: TypeAlias = Callable[[Picture, int], bytes]

MOZJPEG = {  # what its own tools set by default
    "interlace": True,
    "optimize_coding": True,
    "trellis_quant": True,
    "overshoot_deringing": True,
    "optimize_scans": True,
    "quant_table": 3,
}

_INSTALL = {"pyvips": "'pyvips[binary]'", "pyregjpeg": "."}


class PeerUnavailableError(RuntimeError):
    """A peer encoder is not installed, or is not what it should be."""


def pillow(picture: Picture, quality: int, *, optimize: bool = False, progressive: bool = False) -> bytes:
    file = io.BytesIO()
    picture.image.save(file, "JPEG", quality=quality, subsampling=2, optimize=optimize, progressive=progressive)
    return file.getvalue()


def mozjpeg(picture: Picture, quality: int, **settings: Any) -> bytes:
    """mozjpeg as its own tools set it by default: progressive, trellis, deringing, optimised scans, table 3.

    `settings` are pyvips' and change that.
    """
    height, width, bands = picture.array.shape
    image = _vips().Image.new_from_memory(picture.array, width, height, bands, "uchar").copy(interpretation="srgb")
    encoded: bytes = image.jpegsave_buffer(Q=quality, subsample_mode="on", keep="none", **(MOZJPEG | settings))
    return encoded


def mozjpeg_file(source: Path, folder: Path, quality: int) -> None:
    """A JPEG file to one of the same name in `folder`, with its metadata and its chroma subsampling."""
    image = _vips().Image.new_from_file(str(source), access="sequential")
    image.jpegsave(str(folder / source.name), Q=quality, subsample_mode="auto", **MOZJPEG)


def jpegli(picture: Picture, quality: int) -> bytes:
    """jpegli as pyjpegli sets it: adaptive quantisation, sequential, optimised Huffman tables."""
    package = _import("pyjpegli")
    encoded: bytes = package.encode(picture.array, picture.image.width, picture.image.height, quality)
    return encoded


def jpegli_progressive(picture: Picture, quality: int) -> bytes:
    """The same levels in progressive scans, by libjpeg-turbo's jpegtran."""
    command = ["jpegtran", "-optimize", "-progressive", "-copy", "all"]
    return subprocess.run(command, input=jpegli(picture, quality), stdout=subprocess.PIPE, check=True).stdout


def guetzli(picture: Picture, quality: int, program: Path) -> bytes:
    """guetzli, which takes a minute for a megapixel, no quality below 84, and writes 4:4:4."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "picture.png"), Path(folder, "picture.jpg")
        picture.image.save(source)
        subprocess.run([program, "--quality", str(quality), source, target], check=True)
        return target.read_bytes()


def pyregjpeg(picture: Picture, quality: int, **options: Any) -> bytes:
    """Ours, with the map that the options give; without one a flat map."""
    package = _import("pyregjpeg")
    if "region_map" not in options:
        options.setdefault("background_quality", quality)
    encoded: bytes = package.encode(picture.array, quality=quality, subsampling=2, **options)
    return encoded


# Our variants, as the options by which a user asks for them.
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "best": {"tables": "perceptual", "effort": "best"},
    "fast": {"tables": "perceptual"},
    "fast, annex-k": {"tables": "annex-k"},
}
OURS: dict[str, Encoder] = {name: partial(pyregjpeg, **options) for name, options in VARIANTS.items()}
PEERS: dict[str, Encoder] = {
    "Pillow, optimised": partial(pillow, optimize=True),
    "mozjpeg": mozjpeg,
    "mozjpeg, sequential": partial(mozjpeg, interlace=False, optimize_scans=False),
    "jpegli": jpegli,
    "jpegli, progressive": jpegli_progressive,
}


def check_peers() -> None:
    """Encode a small picture with everybody.

    Raises:
        PeerUnavailableError: a package is missing, pyvips is not linked with mozjpeg, or somebody does not write 4:2:0.
    """
    if mozjpeg(_noise(), 75) == mozjpeg(_noise(), 75, trellis_quant=False):
        raise PeerUnavailableError(
            "pyvips is not linked with mozjpeg, for its trellis changes nothing: pip install 'pyvips[binary]'"
        )
    for name, encoder in (PEERS | OURS).items():
        encoded = encoder(_noise(), 75)
        if JpegImagePlugin.get_sampling(Image.open(io.BytesIO(encoded))) != 2:
            raise PeerUnavailableError(f"{name} does not write 4:2:0, so its sizes cannot be compared with the others.")


@cache
def _vips() -> Any:
    os.environ.setdefault("VIPS_CONCURRENCY", "1")  # read when the library starts
    return _import("pyvips")


def _noise() -> Picture:
    return Picture.of(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)))


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PeerUnavailableError(
            f"The benchmarks need {module}: pip install {_INSTALL.get(module, module)}"
        ) from error
