"""Every map that is compared: of the registered models, of what else Lite0 says, without a network, of references."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pyregjpeg.map_model import load_model, to_pixels
from training.class_maps import class_activation_map, grad_cam
from training.export import MODELS
from training.map_scores import MapOf, Plane
from training.msroi_energy import MsroiEnergy
from training.msroi_lite0 import MsroiLite0
from training.reference_networks import reference_maps
from training.simple_maps import centre_gaussian, energy, rarity, spectral_residual, stretched, together

CARD = MODELS["msroi-2017"].card  # says how large Lite0 sees a picture in all maps but those of the other models


def all_maps(references: Path | None = None) -> dict[str, MapOf]:
    """The maps by name; those of reference networks only from the folder `references` that holds them."""
    combination, trunk = MsroiLite0().eval(), MsroiEnergy().eval()
    random = np.random.default_rng(0)

    def pixels(image: Image.Image) -> torch.Tensor:
        return torch.tensor(to_pixels(image, CARD))

    def read(image: Image.Image, *blocks: int) -> list[Plane]:
        """The features (channels, rows, cols) that come out of these blocks of Lite0."""
        with torch.inference_mode():
            return [features[0].numpy() for features in trunk.features(pixels(image), blocks)]

    ours: dict[str, MapOf] = {name: load_model(name).predict for name in MODELS}
    others: dict[str, MapOf] = {
        "class activation map": lambda image: class_activation_map(combination, pixels(image)),
        "Grad-CAM": lambda image: grad_cam(combination, pixels(image)),
        "E: feature energy": lambda image: together(*map(energy, read(image, 4, 10, 15))),
        "R: rarity": lambda image: rarity(*read(image, 10)),
        "E + R": lambda image: together(*map(energy, read(image, 4, 10, 15)), rarity(*read(image, 10))),
        "msroi + R": lambda image: together(ours["msroi"](image), rarity(*read(image, 10))),
        "spectral residual": spectral_residual,
        "centre Gaussian": centre_gaussian,
        "random": lambda image: random.random((image.height // 16, image.width // 16)),
        **(reference_maps(references) if references else {}),
    }
    return {**ours, **{name: partial(_stretched_map, map_of) for name, map_of in others.items()}}


def _stretched_map(map_of: MapOf, image: Image.Image) -> Plane:
    return stretched(map_of(image))
