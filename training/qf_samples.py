"""The sample figure of a QF system: pictures as they are decoded, beside their generated and their predicted maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.qf_pipeline import QfSystem

TITLES = ("decoded", "luma, generated", "luma, predicted", "chroma, generated", "chroma, predicted")


def draw_samples(system: QfSystem, pictures: Tensor, path: Path) -> None:
    """Write a PNG: a row for each of `pictures` (n, height, width, 3), each map with a bar of quality factors.

    The two maps of a plane have the same colours, from the smallest generated factor to the largest. Needs matplotlib
    (extra [plot]).
    """
    from matplotlib.figure import Figure

    with torch.inference_mode():
        passed = system(pictures)
    figure = Figure(figsize=(13, 2.4 * len(pictures)), layout="constrained")
    for number, row in enumerate(figure.subplots(len(pictures), len(TITLES), squeeze=False)):
        row[0].imshow(passed.pictures[number].numpy().astype(np.uint8))
        for plane in range(2):
            lowest, highest = passed.factors[number, plane].min(), passed.factors[number, plane].max()
            for axes, maps in zip(row[1 + 2 * plane :], (passed.factors, passed.predicted.round()), strict=False):
                image = axes.imshow(maps[number, plane].numpy(), vmin=float(lowest), vmax=float(highest))
                figure.colorbar(image, ax=axes)
        for axes, title in zip(row, TITLES, strict=True):
            axes.set_title(title, fontsize=9)
            axes.axis("off")
    figure.savefig(path, dpi=60)
