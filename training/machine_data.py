"""What `machine_labels` made, as the map for machines is trained on it: Lite0's features of crops, and wanted maps.

A wanted map says, in octaves, how much more or less than the picture's average an error counts at each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import avg_pool2d, interpolate, pad

from training.lite0 import STRIDE_8, STRIDE_16, STRIDE_32, Lite0
from training.machine_labels import BLOCK

STAGES = {"stage_8": STRIDE_8, "stage_16": STRIDE_16, "stage_32": STRIDE_32}
SEEN = 192  # pixels, the side of a crop as the map model looks at it: smaller than networks see, to be quick
CELLS = SEEN // BLOCK  # of a wanted map, along each side
NEIGHBOURS = 3  # blocks each way over which information is averaged
COUNTED = (
    3  # parts: low and middle frequencies of luma, whose true maps save a point more bytes than those of all parts
)
FAINTEST = 1e-4  # of a picture's mean information; what has less counts as this

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """Crops: pictures (n, SEEN, SEEN, 3), and wanted maps (n, cells, cells) by network.

    Lite0's features by stage (n, 2, channels, rows, cols) are those of each picture and of its mirror image.
    """

    pictures: NDArray[np.uint8]
    features: dict[str, NDArray[np.float16]]
    by_network: dict[str, Floats]

    def wanted(self) -> Floats:
        """The mean of all networks' maps, each of which is the logarithm of its information."""
        mean: Floats = np.mean(list(self.by_network.values()), 0)
        return mean


def load_examples(folder: Path, part: str, lite0: Lite0) -> Examples:
    """All files of "training" or "validation" that `folder` has by now; features are kept beside them."""
    paths = sorted(folder.glob(f"{part}-*.npz"))
    if not paths:
        raise FileNotFoundError(f"There is no {part} file in {folder}; run: python -m training.machine_labels")
    files = [dict(np.load(path)) for path in paths]
    pictures = [np.stack([_sized(picture) for picture in arrays.pop("pictures")]) for arrays in files]
    kept = [
        _features(folder / f"features at {SEEN}" / path.name, of_file, lite0)
        for path, of_file in zip(paths, pictures, strict=True)
    ]
    return Examples(
        np.concatenate(pictures),
        {stage: np.concatenate([features[stage] for features in kept]) for stage in STAGES},
        {name: np.concatenate([wanted_map(arrays[name]) for arrays in files]) for name in files[0]},
    )


def wanted_map(information: Floats) -> Floats:
    """Octaves (n, cells, cells) of information (n, levels, parts, rows, cols), on average 0 in each picture."""
    total = torch.tensor(information[:, :, :COUNTED].sum((1, 2)))[:, None]
    around = pad(total, (NEIGHBOURS // 2,) * 4, mode="replicate")
    smooth = avg_pool2d(around, NEIGHBOURS, stride=1)
    octaves = smooth.maximum(FAINTEST * smooth.mean((2, 3), keepdim=True)).log2()
    sized = interpolate(octaves, (CELLS, CELLS), mode="bilinear", align_corners=False)[:, 0]
    centred: Floats = (sized - sized.mean((1, 2), keepdim=True)).numpy()
    return centred


def explained_share(maps: Floats, wanted: Floats) -> float:
    """1 - squared error over that of a flat map, of octaves (n, rows, cols); each picture's own mean does not count."""
    centred = maps - maps.mean((1, 2), keepdims=True)
    return 1 - float(np.square(centred - wanted).sum() / np.square(wanted).sum())


def correlation(maps: Floats, wanted: Floats) -> float:
    """Mean over pictures."""
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(maps, wanted, strict=True)]))


def _sized(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((SEEN, SEEN), Image.Resampling.BICUBIC))


def _features(path: Path, pictures: NDArray[np.uint8], lite0: Lite0) -> dict[str, NDArray[np.float16]]:
    """Those of the pictures and of their mirror images, by stage, made once."""
    if not path.exists():
        with torch.inference_mode():
            mirrored = pictures[:, :, ::-1].copy()
            both = [lite0.features(torch.tensor(seen), STAGES.values()) for seen in (pictures, mirrored)]
        stages = [np.stack([of_one.half().numpy() for of_one in of_both], 1) for of_both in zip(*both, strict=True)]
        path.parent.mkdir(exist_ok=True)
        np.savez(path, **dict(zip(STAGES, stages, strict=True)))  # type: ignore[arg-type, unused-ignore]
    with np.load(path) as stored:
        return {stage: stored[stage] for stage in STAGES}
