"""What the tests of purpose="machine" share: its tables by the formula, of the file that is shipped, and a flat map."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyregjpeg import machine_tables

CONTENT: dict[str, Any] = json.loads(machine_tables.TABLES.read_text("utf-8"))
FAMILIES: list[dict[str, Any]] = CONTENT["families"]
RATIOS = [family["ratio"] for family in FAMILIES]
LUMA, HALF, FULL = machine_tables.PLANES
AVERAGE = np.full((1, 1), 0.5)  # as region_map: all of the picture counts the same


def family_at(ratio: float) -> dict[str, Any]:
    return FAMILIES[RATIOS.index(ratio)]


def steps_of(ratio: float, quality: int, *planes: str) -> NDArray[np.uint16]:
    """The steps of a ratio that has a family, those of chroma being the geometric mean of the planes."""
    family = family_at(ratio)
    scale = np.exp(np.interp(quality, CONTENT["qualities"], np.log(family["scales"])))
    mean = np.exp(np.mean([np.log(family["steps"][plane]) for plane in planes], axis=0))
    return np.clip(np.rint(mean * scale), 1, 255).astype(np.uint16)
