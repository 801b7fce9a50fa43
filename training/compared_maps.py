"""Every map that is compared: of the registered models, of what else Lite0 says, without a network, of references."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pyregjpeg.map_model import load_model
from training.class_maps import class_activation_map, grad_cam
from training.lite0 import STRIDE_8, STRIDE_16, STRIDE_32, Lite0
from training.map_models import MODELS
from training.map_scores import MapOf, Plane
from training.reference_networks import reference_maps
from training.simple_maps import centre_gaussian, energy, rarity, spectral_residual, stretched, together
from training.trained_maps import maps_of_runs, pixels


def all_maps(references: Path | None = None, runs: Path | None = None) -> dict[str, MapOf]:
    """The maps by name; those of reference networks and of training runs only from the folders that hold them."""
    network = Lite0().eval()
    random = np.random.default_rng(0)

    def read(image: Image.Image, *blocks: int) -> list[Plane]:
        """The features (channels, rows, cols) that come out of these blocks of Lite0."""
        with torch.inference_mode():
            return [features[0].numpy() for features in network.features(pixels(image), blocks)]

    def energies(image: Image.Image) -> list[Plane]:
        return [energy(features) for features in read(image, STRIDE_8, STRIDE_16, STRIDE_32)]

    ours: dict[str, MapOf] = {name: load_model(name).predict for name in MODELS}
    others: dict[str, MapOf] = {
        **(maps_of_runs(runs, network) if runs else {}),
        "class activation map": lambda image: class_activation_map(network, pixels(image)),
        "Grad-CAM": lambda image: grad_cam(network, pixels(image)),
        "E: feature energy": lambda image: together(*energies(image)),
        "R: rarity": lambda image: rarity(*read(image, STRIDE_16)),
        "E + R": lambda image: together(*energies(image), rarity(*read(image, STRIDE_16))),
        "spectral residual": spectral_residual,
        "centre Gaussian": centre_gaussian,
        "random": lambda image: random.random((image.height // 16, image.width // 16)),
        **(reference_maps(references) if references else {}),
    }
    return {**ours, **{name: partial(_stretched_map, map_of) for name, map_of in others.items()}}


def _stretched_map(map_of: MapOf, image: Image.Image) -> Plane:
    return stretched(map_of(image))
