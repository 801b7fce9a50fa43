"""Make a model of pyregjpeg/weights: PyTorch to ONNX, to int8, the result checked, measured, its card.

    python -m training.export msroi --bsds500 BSDS500/data/images
    python -m training.export msroi-2017 --bsds500 BSDS500/data/images
    python -m training.export machine --bsds500 BSDS500/data/images

Needs the extra [train]. Ranges for int8 come from BSDS500's training part, on which was also chosen which tensors stay
in float32 (--float-below); what int8 does to the map is measured on its validation part.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from pyregjpeg.map_model import load_model, to_pixels
from pyregjpeg.model_card import ModelCard
from training.map_models import EXPORTED
from training.onnx_files import WEIGHTS, exported, started, written
from training.quantize import compute_in_int8, store_in_int8

TOLERANCE = 1e-4  # of the map, between PyTorch and onnxruntime in float32

Results = list[dict[str, NDArray[np.float32]]]  # of each picture, by name


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    model = EXPORTED[arguments.model]
    pictures = read_pictures(arguments.bsds500 / "val", model.card)
    module = model.module().eval()

    in_float = export(module, model.outputs)
    by_float = run_onnx(in_float, pictures)
    by_torch = run_torch(module, model.outputs, pictures)
    deviation = max(float(np.abs(a["map"] - b["map"]).max()) for a, b in zip(by_float, by_torch, strict=True))
    if deviation > TOLERANCE:
        sys.exit(f"onnxruntime and PyTorch differ by {deviation} in the map, more than {TOLERANCE}")

    if model.in_int8:
        in_int8 = compute_in_int8(in_float, read_pictures(arguments.bsds500 / "train", model.card))
    else:
        in_int8 = onnx.ModelProto()
        in_int8.CopyFrom(in_float)
        store_in_int8(in_int8, arguments.float_below)
    by_int8 = run_onnx(in_int8, pictures)
    figures = {"photographs": len(pictures), "float_map_max_difference_from_pytorch": deviation}
    figures |= compare_maps(by_float, by_int8)
    if model.ranking:
        figures |= compare_ranking(by_float, by_int8, model.ranking)

    del in_int8.graph.output[1:]
    path = written(in_int8, dataclasses.replace(model.card, measured=figures), arguments.output)
    load_model(path)
    for name, figure in {"bytes": path.stat().st_size, **figures}.items():
        print(f"{name:40} {figure:.7g}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=EXPORTED)
    parser.add_argument("--bsds500", type=Path, required=True, metavar="DIR", help="folder of BSDS500's train and val")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder for the .onnx file and its card")
    parser.add_argument(
        "--float-below",
        type=int,
        default=2**14,
        help="of msroi-2017: tensors with fewer values stay float32 (default: %(default)s)",
    )
    return parser.parse_args()


def read_pictures(folder: Path, card: ModelCard) -> list[NDArray[np.uint8]]:
    """Every JPEG of `folder`, in order, as the runner hands it to the network."""
    pictures = [to_pixels(Image.open(path), card) for path in sorted(folder.glob("*.jpg"))]
    if not pictures:
        sys.exit(f"There is no .jpg file in {folder}")
    return pictures


def export(module: nn.Module, outputs: Sequence[str]) -> onnx.ModelProto:
    """`module` as an ONNX model in float32, for every input size, with outputs of these names."""
    any_size = {1: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC}
    example = torch.zeros(1, 192, 288, 3, dtype=torch.uint8)
    axes = {"image": {1: "height", 2: "width"}, outputs[0]: {0: "rows", 1: "cols"}}
    return exported(module, {"image": (example, any_size)}, outputs, axes)


def run_torch(module: nn.Module, outputs: Sequence[str], pictures: list[NDArray[np.uint8]]) -> Results:
    """What PyTorch computes for each picture."""
    with torch.inference_mode():
        results = [module(torch.tensor(picture)) for picture in pictures]
    return [{name: value.numpy() for name, value in zip(outputs, values, strict=True)} for values in results]


def run_onnx(model: onnx.ModelProto, pictures: list[NDArray[np.uint8]]) -> Results:
    """What onnxruntime computes for each picture."""
    session = started(model)
    names = [output.name for output in model.graph.output]
    return [dict(zip(names, session.run(names, {"image": picture}), strict=True)) for picture in pictures]


def compare_maps(by_float: Results, by_int8: Results) -> dict[str, float]:
    """What int8 weights do to the map: correlation, and difference on the scale 0..1."""
    pairs = [(a["map"], b["map"]) for a, b in zip(by_float, by_int8, strict=True)]
    correlation = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs]
    difference = [np.abs(a - b) for a, b in pairs]
    return rounded(
        {
            "int8_map_correlation_mean": np.mean(correlation),
            "int8_map_correlation_median": np.median(correlation),
            "int8_map_correlation_min": np.min(correlation),
            "int8_map_difference_mean": np.mean([places.mean() for places in difference]),
            "int8_map_difference_max": max(places.max() for places in difference),
        }
    )


def compare_ranking(by_float: Results, by_int8: Results, ranking: str) -> dict[str, float]:
    """What int8 weights do to the five best classes."""
    pairs = [(a[ranking][0], b[ranking][0]) for a, b in zip(by_float, by_int8, strict=True)]
    ranks = [(np.argsort(-a)[:5], np.argsort(-b)[:5]) for a, b in pairs]
    return rounded(
        {
            "int8_same_top1_share": np.mean([a[0] == b[0] for a, b in ranks]),
            "int8_same_top5_share": np.mean([set(a) == set(b) for a, b in ranks]),
            "int8_same_top5_in_order_share": np.mean([(a == b).all() for a, b in ranks]),
        }
    )


def rounded(figures: dict[str, Any]) -> dict[str, float]:
    return {name: round(float(figure), 5) for name, figure in figures.items()}


if __name__ == "__main__":
    main()
