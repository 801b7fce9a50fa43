"""The constants of the default map, from photographs that may be trained on: one of each ImageNet class, four fifths.

    python -m training.fit_energy

Prints SCALES and RANGE of training/msroi_energy.py. Needs the extra [train].
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from benchmarks.photographs import add_photographs_option, photographs
from pyregjpeg.map_model import to_pixels
from training.export import MODELS
from training.msroi_energy import SCALES, MsroiEnergy, strengths, total

PERCENTILE = 25  # of the photographs' ranges; those below it hold the emptiest scenes
EVERY = 4  # one photograph in four: the figures no longer move


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    module = MsroiEnergy().eval()
    chosen = photographs("imagenet_train", arguments.photographs)[::EVERY]
    spreads, ranges = [], []
    with torch.inference_mode():
        for photograph in chosen:
            planes = strengths(module.features(torch.tensor(to_pixels(photograph.load(), MODELS["msroi"].card))))
            spreads.append([float(plane.std()) for plane in planes])
            together = total(planes)
            ranges.append(float(together.amax() - together.amin()))
    scales = dict(zip(SCALES, np.mean(spreads, axis=0).round(3).tolist(), strict=True))
    print(f"SCALES = {scales}\nRANGE = {np.percentile(ranges, PERCENTILE):.2f}  # with the scales in use: {SCALES}")
    print(f"photographs: {len(chosen)}; ranges at 1, 5, 10, 25, 50, 75, 95 %:", end=" ")
    print(np.percentile(ranges, [1, 5, 10, 25, 50, 75, 95]).round(2).tolist())


if __name__ == "__main__":
    main()
