"""Make the default map of a trained head: the spreads of its two parts, and its threshold, from photographs.

    python -m training.fit_msroi training/runs/head-0.pt --data prepared

No label and no position is needed: spreads are means over photographs, and the threshold is where two fifths of all
their places are above it. Needs the extra [train].
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training.msroi import WEIGHTS, evidence, strength, total
from training.msroi_data import CROPS, Prepared
from training.msroi_networks import Head

IMPORTANT = 0.4  # of all places of the photographs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="weights that training.train_msroi wrote")
    parser.add_argument("--data", type=Path, required=True, help="folder that training.msroi_data filled")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="file to write (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    trained = torch.load(arguments.run)["network"]
    head = Head(subjects=len(trained["composites.bias"])).eval()
    head.load_state_dict(trained)
    data = Prepared.of(arguments.data / "photographs")
    whole = np.arange(0, len(data), CROPS)
    with torch.inference_mode():
        batches = [data.batch(places, ("features_16", "features_32")) for places in np.array_split(whole, 16)]
        found = torch.cat([evidence(head, features) for features, _ in batches])
        strong = torch.cat([strength(features) for _, features in batches])
        spreads = [float(plane.std((1, 2)).mean()) for plane in (found, strong)]
        threshold = float(np.quantile(total(found, strong, *spreads).numpy(), 1 - IMPORTANT))
    arrays = {name: value.numpy() for name, value in trained.items() if not name.startswith("photographs.")}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        arguments.output,
        threshold=np.float32(threshold),
        spread_of_evidence=np.float32(spreads[0]),
        spread_of_strength=np.float32(spreads[1]),
        **arrays,
    )
    print(f"spreads {spreads[0]:.3f} and {spreads[1]:.3f}, threshold {threshold:.3f}, {len(whole)} photographs")


if __name__ == "__main__":
    main()
