"""Train a map network on image labels: composites by their subjects, photographs by what Lite0 takes them for.

    python -m training.train_msroi head --data prepared --seed 0

Multi-label: binary cross-entropy of every class. Goes on where an earlier run of the same network and seed stopped.
Each epoch adds a line to a CSV: images seen, images per second, loss, and on validation composites, whose subjects
training never saw, how many objects the map finds at 30 % and its area under the curve; their masks serve nothing else.
Writes the curve as PNG, and the weights. Needs the extras [train] and [plot].
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.photographs import add_photographs_option
from training.checkpoints import restore
from training.composites import KINDS
from training.map_scores import Mask, judge
from training.msroi_2017 import combination
from training.msroi_data import Prepared, part_of_training_half
from training.msroi_networks import NETWORKS, MapNetwork, highest

COMPOSITE_WEIGHT, PHOTOGRAPH_WEIGHT = 10.0, 1.0  # of the mean loss over classes; with 10, 100 composites are forgotten
WEIGHT_DECAY = 1e-2
VALIDATED = 350  # composites
RAREST = 1e-3  # share of pictures that show a class, even of one that none shows
EPOCHS_APART = 1000  # seeds of torch, between one run's and the next's
SMALL = KINDS[:4]
RUNS = Path("training/runs")


@dataclass(frozen=True)
class Epoch:
    """One line of the CSV; recall in per cent of objects of 2 to 12 %."""

    epoch: int
    images: int
    images_per_second: float
    loss: float
    recall_30: float
    recall_30_combination: float
    area_under_curve: float


@dataclass(frozen=True)
class Scene:
    """What a validation composite is judged by: where it is among the prepared, and its masks (height, width)."""

    place: int
    masks: tuple[Mask, ...]
    size: tuple[int, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    add_photographs_option(parser)
    parser.add_argument("--data", type=Path, required=True, help="folder that training.msroi_data filled")
    parser.add_argument("--seed", type=int, default=0, help="of the start and of the order")
    parser.add_argument("--epochs", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=RUNS, help="folder for weights and curve (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = {name: Prepared.of(arguments.data / name) for name in ("fit", "validation", "photographs")}
    scenes = validation_scenes(arguments.photographs)
    run = arguments.output / f"{arguments.network}-{arguments.seed}"
    train(NETWORKS[arguments.network], data, scenes, arguments.seed, arguments.epochs, run)
    draw(run.with_suffix(".csv"), run.with_suffix(".png"), arguments.network)


def train(
    make: Callable[[int], MapNetwork],
    data: dict[str, Prepared],
    scenes: Sequence[Scene],
    seed: int,
    epochs: int,
    run: Path,
) -> None:
    """Train to `epochs` in all; what was done before is taken from `run`.pt, which each epoch writes anew."""
    torch.manual_seed(seed)
    network = make(data["fit"].arrays["labels"].shape[1])
    start_at_frequencies(network.composites, data["fit"])
    start_at_frequencies(network.photographs, data["photographs"])
    steps = len(data["fit"]) // network.batch
    optimizer = torch.optim.AdamW(network.parameters(), network.learning_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, network.learning_rate, total_steps=epochs * steps + 1)
    run.parent.mkdir(parents=True, exist_ok=True)
    checkpoint, log = run.with_suffix(".pt"), run.with_suffix(".csv")
    states: dict[str, Any] = {"network": network, "optimizer": optimizer, "schedule": schedule}
    for epoch in range(restore(checkpoint, states), epochs):
        torch.manual_seed(EPOCHS_APART * seed + epoch)  # of dropout: the same whether the run was interrupted or not
        random = np.random.default_rng((seed, epoch))
        started = time.perf_counter()
        loss = train_epoch(network, optimizer, schedule, data, random)
        rate = steps * network.batch / (time.perf_counter() - started)
        found = validate(network, data["validation"], scenes)
        line = Epoch(epoch + 1, (epoch + 1) * steps * network.batch, round(rate, 1), round(loss, 4), *found)
        print(line, flush=True)
        append(log, line)
        torch.save({"epochs": epoch + 1} | {name: each.state_dict() for name, each in states.items()}, checkpoint)


def start_at_frequencies(classifier: nn.Linear, data: Prepared) -> None:
    """Set the biases to the log odds of each class, so that training does not begin by learning that all are rare."""
    share = torch.tensor(data.arrays["labels"].mean(0, dtype=np.float64)).clamp(RAREST, 1 - RAREST)
    with torch.no_grad():
        classifier.bias.copy_(share.logit())


def train_epoch(
    network: MapNetwork,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    data: dict[str, Prepared],
    random: np.random.Generator,
) -> float:
    """Every composite once, in any order, with photographs beside them; the mean loss."""
    network.train()
    order, losses = random.permutation(len(data["fit"])), []
    photographs = round(network.photographs_a_composite * network.batch)
    for first in range(0, len(order) - network.batch + 1, network.batch):
        loss = COMPOSITE_WEIGHT * loss_of(network, network.composites, data["fit"], order[first:][: network.batch])
        if photographs:
            places = random.choice(len(data["photographs"]), photographs, replace=False)
            loss = loss + PHOTOGRAPH_WEIGHT * loss_of(network, network.photographs, data["photographs"], places)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def loss_of(network: MapNetwork, classifier: nn.Linear, data: Prepared, places: NDArray[np.intp]) -> torch.Tensor:
    inputs, labels = data.batch(places, (network.reads, "labels"))
    with torch.autocast("cpu", network.precision, enabled=network.precision != torch.float32):
        scores = network.scores(inputs, classifier)
    return nn.functional.binary_cross_entropy_with_logits(scores.float(), labels)


def validation_scenes(root: Path) -> list[Scene]:
    """Validation composites with objects of 2 to 12 %, made once more for their masks."""
    made = part_of_training_half(root, "validation", VALIDATED)
    return [Scene(place, each.masks, each.image.size) for place, each in enumerate(made) if each.kind in SMALL]


def validate(network: MapNetwork, data: Prepared, scenes: Sequence[Scene]) -> tuple[float, float, float]:
    """Recall at 30 % of the highest logit's map and of the published combination; area under the former's curve."""
    network.eval()
    by_highest, by_combination = [], []
    for scene in scenes:
        [inputs] = data.batch(np.array([scene.place]), (network.reads,))
        with torch.inference_mode():
            maps = network.class_maps(network.features(inputs))[0]
        by_highest.append(judge(highest(maps).numpy(), scene.masks, scene.size))
        by_combination.append(judge(combination(maps).numpy(), scene.masks, scene.size))
    objects = sum(record["objects"] for record in by_highest)
    recall = [100 * sum(one["found_30"] for one in records) / objects for records in (by_highest, by_combination)]
    area = float(np.mean([record["auc"] for record in by_highest]))
    return round(recall[0], 1), round(recall[1], 1), round(area, 4)


def append(log: Path, line: Epoch) -> None:
    new = line.epoch == 1
    with log.open("w" if new else "a", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(line))


def draw(log: Path, path: Path, title: str) -> None:
    """The curve of a CSV: loss, recall and area over images seen."""
    from matplotlib.figure import Figure

    with log.open(newline="") as file:
        lines = list(csv.DictReader(file))
    figure = Figure(figsize=(8, 3), layout="constrained")
    for axes, names in zip(figure.subplots(1, 2), (("loss",), ("recall_30", "recall_30_combination")), strict=True):
        for name in names:
            axes.plot([int(line["images"]) for line in lines], [float(line[name]) for line in lines], label=name)
        axes.set_xlabel("images")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
