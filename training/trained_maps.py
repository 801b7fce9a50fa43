"""The maps of networks in a folder of training runs, to compare with those that are registered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pyregjpeg.map_model import to_pixels
from training.lite0 import STRIDE_16, Lite0
from training.map_models import MODELS
from training.map_scores import MapOf, Plane
from training.msroi import Msroi
from training.msroi_2017 import combination
from training.msroi_networks import NETWORKS, MapNetwork, highest

Reading = Callable[[torch.Tensor], torch.Tensor]  # of class maps (classes, rows, cols) to a map (rows, cols)


def maps_of_runs(folder: Path, lite0: Lite0) -> dict[str, MapOf]:
    """By name, each of NETWORKS that `folder` has with both readings, and the default map of each head fitted there."""
    maps: dict[str, MapOf] = {}
    for run in sorted(folder.glob("*.pt")):
        kind, seed = run.stem.rsplit("-", 1)
        network = load_network(kind, run)
        for reading in (combination, highest):
            maps[f"{kind} network, seed {seed}, {reading.__name__}"] = reader(network, reading, lite0)
    for weights in sorted(folder.glob("*.npz")):
        maps[f"msroi in float32, seed {weights.stem.rsplit('-', 1)[1]}"] = whole(Msroi(weights).eval())
    return maps


def load_network(kind: str, run: Path) -> MapNetwork:
    state = torch.load(run)["network"]
    network = NETWORKS[kind](len(state["composites.bias"])).eval()
    network.load_state_dict(state)
    return network


def pixels(image: Image.Image) -> torch.Tensor:
    """The picture as msroi-2017 sees it, and with it every map that is compared but is no registered model."""
    return torch.tensor(to_pixels(image, MODELS["msroi-2017"].card))


def reader(network: MapNetwork, reading: Reading, lite0: Lite0) -> MapOf:
    """`reading` of the network's class maps, as a function of a picture."""

    def map_of(image: Image.Image) -> Plane:
        with torch.inference_mode():
            seen = pixels(image)
            inputs = seen if network.reads == "pixels" else lite0.features(seen, [STRIDE_16])[0]
            return np.asarray(reading(network.class_maps(network.features(inputs))[0]))

    return map_of


def whole(module: Msroi) -> MapOf:
    """The map of a module as a function of a picture."""

    def map_of(image: Image.Image) -> Plane:
        with torch.inference_mode():
            return np.asarray(module(pixels(image))[0])

    return map_of
