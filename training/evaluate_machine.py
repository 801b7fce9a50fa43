"""How well the shipped map for machines tells where errors change the answers of networks, on validation photographs.

    python -m training.evaluate_machine --data prepared/machine --card

Share of the wanted maps' variance within pictures that the map explains, and correlation: with the mean of the
networks' maps and with each one's own. Beside it the mean of all training maps, which knows no picture, and the map of
another picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from pyregjpeg.map_model import load_model
from training.lite0 import Lite0
from training.machine import OCTAVES
from training.machine_data import Examples, Floats, correlation, explained_share, load_examples
from training.onnx_files import WEIGHTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that training.machine_labels filled")
    parser.add_argument("--model", default="machine", help="name or .onnx file (default: %(default)s)")
    parser.add_argument("--card", action="store_true", help="write the figures into the card of the shipped model")
    arguments = parser.parse_args()
    lite0 = Lite0()
    training, validation = (load_examples(arguments.data, part, lite0) for part in ("training", "validation"))
    figures = judged(octaves_of(arguments.model, validation), training, validation)
    for name, figure in figures.items():
        print(f"{name:60} {figure:.3f}")
    if arguments.card:
        write_card(figures)


def octaves_of(name: str, examples: Examples) -> Floats:
    """The model's maps of the crops (n, rows, cols), in octaves."""
    model = load_model(name)
    maps = [model.predict(Image.fromarray(picture)) for picture in examples.pictures]
    return (np.stack(maps) - 0.5) * OCTAVES


def judged(maps: Floats, training: Examples, validation: Examples) -> dict[str, float]:
    """Figures by name, as a card has them."""
    wanted = validation.wanted()
    figures: dict[str, float] = {"validation_crops": len(wanted)}
    for name, its_maps in {"all_networks": wanted, **validation.by_network}.items():
        figures[f"explained_of_{name}"] = explained_share(maps, its_maps)
        figures[f"correlation_with_{name}"] = correlation(maps, its_maps)
    place = np.broadcast_to(training.wanted().mean(0), wanted.shape)
    figures["explained_by_place_alone"] = explained_share(place, wanted)
    figures["correlation_with_place_alone"] = correlation(place, wanted)
    figures["correlation_with_another_picture"] = correlation(np.roll(maps, 1, 0), wanted)
    return {name: round(figure, 3) for name, figure in figures.items()}


def write_card(figures: dict[str, float]) -> None:
    path = WEIGHTS / "machine.json"
    card = json.loads(path.read_text("utf-8"))
    card["measured"] |= figures
    path.write_text(json.dumps(card, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
