"""Recall against time: the default map at several input sizes, and in float32, on composites and beside Pillow's save.

    python -m training.evaluate_input

Time is that of the map of a photograph of 2 megapixels, one thread, scaling included, over that of Pillow's optimised
save of the same photograph, interleaved. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.encode_speed import TIMED_BY_SIZE, save
from benchmarks.photographs import add_photographs_option, photographs
from benchmarks.report import geometric_mean, print_table, write_results
from benchmarks.timing import pin_to_one_core, speed_ratio, time_interleaved
from pyregjpeg.map_model import MapModel, load_model
from training.composites import composites
from training.export import export
from training.map_models import MODELS
from training.map_scores import Record, judge, summary_of_composites
from training.onnx_files import WEIGHTS

SIDES = (128, 160, 192, 224, 256, 320)  # of a square with as many pixels as the network sees
MEGAPIXELS = 2
ROUNDS = 25
RESULTS = Path("training/results")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument("--count", type=int, default=490, help="how many composites of the test half")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the JSON (default: %(default)s)")
    arguments = parser.parse_args()
    pin_to_one_core()
    models = all_models()
    records: dict[str, list[Record]] = {name: [] for name in models}
    for composite in composites(arguments.photographs, "test", arguments.count, 0):
        for name, model in models.items():
            found = judge(model.predict(composite.image), composite.masks, composite.image.size)
            records[name].append({"kind": composite.kind, **found})
    times = over_pillow(models, arguments.photographs)
    results = {name: {"over Pillow": times[name], **summary_of_composites(records[name])} for name in models}
    rows = [
        [
            name,
            f"{row['recall_30_up_to_3'][0]:.1f}",
            f"{row['recall_30_4-5'][0]:.1f}",
            f"{row['auc'][0]:.3f}",
            f"{row['auc_large'][0]:.2f}",
            f"{row['over Pillow']:.2f}",
        ]
        for name, row in results.items()
    ]
    headers = ["input", "1 to 3 objects", "4 or 5", "AUC", "AUC, large", "time over Pillow's"]
    print_table("Objects found at 30 %, in per cent, by the size of what msroi looks at", headers, rows)
    write_results(arguments.output, "evaluate_input", {"composites": arguments.count, "inputs": results})


def all_models() -> dict[str, MapModel]:
    """The default model at each size, and what it was before it was computed in int8."""
    shipped = load_model("msroi").card
    network = (WEIGHTS / "msroi.onnx").read_bytes()
    sizes = {f"{side}x{side}": dataclasses.replace(shipped, pixels=side**2) for side in SIDES}
    models = {name: MapModel(card, network, 1) for name, card in sizes.items()}
    model = MODELS["msroi"]
    exported = export(model.module().eval(), model.outputs)
    del exported.graph.output[1:]
    return {**models, "224x224, float32": MapModel(shipped, exported.SerializeToString(), 1)}


def over_pillow(models: dict[str, MapModel], root: Path) -> dict[str, float]:
    """Of each model its time over Pillow's, the geometric mean over photographs."""
    ratios: dict[str, list[float]] = {name: [] for name in models}
    for photograph in (each for each in photographs("large", root) if each.name in TIMED_BY_SIZE):
        image = photograph.load(MEGAPIXELS)
        tasks: dict[str, Any] = {name: partial(model.predict, image) for name, model in models.items()}
        seconds = time_interleaved({"Pillow": partial(save, image, "JPEG", quality=75, optimize=True), **tasks}, ROUNDS)
        for name in models:
            ratios[name].append(1 / speed_ratio(seconds[name], seconds["Pillow"]).median)
    return {name: geometric_mean(values) for name, values in ratios.items()}


if __name__ == "__main__":
    main()
