"""Train the head of the map for machines: Fisher's information of each block, from Lite0's features.

    python -m training.train_machine --data prepared/machine

Smooth L1 in octaves, every crop and its mirror image once an epoch. Each epoch adds a line to a CSV; the weights that
are kept are those of the epoch that explains most of the validation crops' wanted maps, which are of other photographs.
Goes on where an earlier run stopped. Needs the extras [train] and [plot].
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.checkpoints import restore
from training.lite0 import Lite0
from training.machine import WEIGHTS, MachineHead
from training.machine_data import STAGES, Examples, explained_share, load_examples

LEARNING_RATE, WEIGHT_DECAY = 1.5e-3, 1e-2
BATCH = 32
EPOCHS_APART = 1000  # seeds of torch, between one run's and the next's
RUN = Path("training/runs/machine")

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Epoch:
    """One line of the CSV; `explained` is the share of the wanted maps' variance within validation pictures."""

    epoch: int
    crops_per_second: float
    loss: float
    explained: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that training.machine_labels filled")
    parser.add_argument("--seed", type=int, default=0, help="of the start and of the order")
    parser.add_argument("--epochs", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--run", type=Path, default=RUN, help="checkpoint, CSV and curve (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="file to write (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lite0 = Lite0()
    training, validation = (load_examples(arguments.data, part, lite0) for part in ("training", "validation"))
    head = MachineHead()
    best = train(head, training, validation, arguments.seed, arguments.epochs, arguments.run)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.output, **{name: value.numpy() for name, value in best.items()})  # type: ignore[arg-type, unused-ignore]
    draw(arguments.run.with_suffix(".csv"), arguments.run.with_suffix(".png"))
    print(f"{len(training.pictures)} crops to train on, {len(validation.pictures)} to validate on")


def train(
    head: MachineHead, training: Examples, validation: Examples, seed: int, epochs: int, run: Path
) -> Mapping[str, Tensor]:
    """Train to `epochs` in all; the weights of the best. What was done before is taken from `run`.pt."""
    torch.manual_seed(seed)
    for layer in head.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.reset_parameters()
    steps = 2 * len(training.pictures) // BATCH
    optimizer = torch.optim.AdamW(head.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=epochs * steps + 1)
    kept = Kept()
    run.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = run.with_suffix(".pt")
    states: dict[str, Any] = {"head": head, "optimizer": optimizer, "schedule": schedule, "kept": kept}
    for epoch in range(restore(checkpoint, states), epochs):
        torch.manual_seed(EPOCHS_APART * seed + epoch)  # of dropout: the same whether the run was interrupted or not
        started = time.perf_counter()
        loss = train_epoch(head, optimizer, schedule, training, np.random.default_rng((seed, epoch)))
        rate = steps * BATCH / (time.perf_counter() - started)
        explained = explained_share(predicted(head, validation), validation.wanted())
        kept.consider(explained, head)
        line = Epoch(epoch + 1, round(rate, 1), round(loss, 4), round(explained, 4))
        print(line, flush=True)
        append(run.with_suffix(".csv"), line)
        torch.save({"epochs": epoch + 1} | {name: each.state_dict() for name, each in states.items()}, checkpoint)
    return kept.weights


class Kept:
    """The best weights so far."""

    def __init__(self) -> None:
        self.explained, self.weights = -np.inf, dict[str, Tensor]()

    def consider(self, explained: float, head: nn.Module) -> None:
        if explained > self.explained:
            self.explained = explained
            self.weights = {name: value.clone() for name, value in head.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        return {"explained": float(self.explained), "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.explained, self.weights = state["explained"], state["weights"]


def train_epoch(
    head: MachineHead,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    examples: Examples,
    random: np.random.Generator,
) -> float:
    """Every crop and every mirror image once, in any order; the mean loss."""
    head.train()
    wanted, losses = examples.wanted(), []
    order = random.permutation(2 * len(wanted))
    for first in range(0, len(order) - BATCH + 1, BATCH):
        crops, mirrored = np.divmod(order[first : first + BATCH], 2)
        target = np.where(mirrored[:, None, None], wanted[crops][..., ::-1], wanted[crops])
        found = head(inputs(examples, crops, mirrored))
        loss = nn.functional.smooth_l1_loss(found, torch.tensor(target))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def inputs(examples: Examples, crops: NDArray[np.intp], mirrored: NDArray[np.intp]) -> list[Tensor]:
    """By stage, Lite0's features of these crops or of their mirror images."""
    return [torch.tensor(examples.features[stage][crops, mirrored]).float() for stage in STAGES]


def predicted(head: MachineHead, examples: Examples) -> Floats:
    """The head's maps (n, rows, cols) of the crops as they are."""
    head.eval()
    found = []
    with torch.inference_mode():
        for crops in np.array_split(np.arange(len(examples.pictures)), -(-len(examples.pictures) // BATCH)):
            found.append(head(inputs(examples, crops, np.zeros_like(crops))).numpy())
    return np.concatenate(found)


def append(log: Path, line: Epoch) -> None:
    new = line.epoch == 1
    with log.open("w" if new else "a", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(line))


def draw(log: Path, path: Path) -> None:
    """The curve of a CSV: loss and explained share by epoch."""
    from matplotlib.figure import Figure

    with log.open(newline="") as file:
        lines = list(csv.DictReader(file))
    figure = Figure(figsize=(8, 3), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "explained"), strict=True):
        axes.plot([int(line["epoch"]) for line in lines], [float(line[name]) for line in lines], label=name)
        axes.set_xlabel("epoch")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
