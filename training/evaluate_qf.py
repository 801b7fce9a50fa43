"""Set a trained QF system beside flat quality factors, on the photographs for validation, and keep its weights.

    python -m training.evaluate_qf shipping training/runs/qf-shipping-0.pt --data prepared/qf.npz --keep

The generated map is tried at several strengths, factors times quality / 75. Flat maps are tried with one factor for
all, and with those of luma and chroma in the ratio that the generator chose on average. Bits are counted with optimal
Huffman tables of each picture and without headers; the classifier is the one that was trained against, so this says
what was learnt, not what it is worth.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import qf_data
from training.lite0 import Lite0
from training.qf_networks import CONFIGURATIONS
from training.qf_pipeline import QfSystem, keep
from training.qf_validation import Clean, measure

QUALITIES = (40, 55, 75, 100, 140)
FLAT = (5, 7, 9, 12, 15, 20, 26)
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration", choices=CONFIGURATIONS)
    parser.add_argument("checkpoint", type=Path, help="of training.train_qf")
    parser.add_argument("--data", type=Path, required=True, help="file that training.qf_data wrote")
    parser.add_argument("--keep", action="store_true", help="write the weights to training/weights")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = CONFIGURATIONS[arguments.configuration]
    system = QfSystem(config).eval()
    system.load_state_dict(torch.load(arguments.checkpoint)["system"])
    if arguments.keep:
        keep(system, arguments.configuration)
    classifier = Lite0().eval()
    clean = Clean.of(qf_data.load(arguments.data, "validation"), classifier)

    chosen = measure(system, clean, classifier)
    ratio = chosen["chroma_factor"] / chosen["luma_factor"]
    arms: dict[str, list[tuple[float, Callable[[Tensor], Tensor]]]] = {
        "generated": [(quality, partial(strengthened, quality=quality)) for quality in QUALITIES],
        "flat, one factor": [(factor, partial(flat, luma=factor, chroma=factor)) for factor in FLAT],
        "flat, generated means": [(factor, partial(flat, luma=factor, chroma=factor * ratio)) for factor in FLAT],
    }
    found: dict[str, list[dict[str, float]]] = {}
    for name, tries in arms.items():
        found[name] = []
        for strength, change in tries:
            line = {"strength": float(strength)} | measure(system, clean, classifier, change)
            found[name].append(line)
            print(
                f"{name:22} {strength:5} {line['bpp']:.3f} bpp, KL {line['kl']:.3f}, {line['agreement']:.0f} %",
                flush=True,
            )
    at = chosen["bpp"]
    gains = {name: round(100 * (at / bpp_at(lines, chosen["kl"]) - 1), 1) for name, lines in found.items()}
    print(f"chosen {chosen}; bits at its KL, per cent against the other curves {gains}")
    content = {"pictures": len(clean.pictures), "chosen": chosen, "bits_at_equal_kl_percent": gains, "curves": found}
    path = RESULTS / f"evaluate_qf-{arguments.configuration}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def strengthened(factors: Tensor, quality: float) -> Tensor:
    """The map at another quality, as the overhead-free dialect has it."""
    return (factors * quality / 75).round().clamp(2, 50)


def flat(factors: Tensor, luma: float, chroma: float) -> Tensor:
    """A map of that shape with one factor for luma and one for chroma."""
    wanted = torch.tensor([luma, chroma], dtype=torch.float32)[None, :, None, None]
    return wanted.round().clamp(2, 50).expand_as(factors)


def bpp_at(lines: list[dict[str, float]], kl: float) -> float:
    """Where a curve has this KL, linear in the logarithms between its points."""
    by_kl = sorted((np.log(line["kl"]), np.log(line["bpp"])) for line in lines)
    return float(np.exp(np.interp(np.log(kl), *np.array(by_kl).T)))


if __name__ == "__main__":
    main()
