"""Train the QF map generator and the predictor together, against a frozen classifier and a frozen bpp estimator.

    python -m training.train_qf shipping --data prepared/qf.npz

Goes on, to the bit, where an earlier run of the same configuration and seed stopped. Each epoch adds a line to a CSV,
and draws the curve and the sample figure: validation pictures as they are decoded, with their generated and their
predicted maps. Needs the extras [train] and [plot].
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training import qf_data
from training.bpp_estimator import WEIGHTS, BppEstimator, load_estimator
from training.checkpoints import restore
from training.lite0 import Lite0
from training.qf_networks import CONFIGURATIONS, QfConfig
from training.qf_pipeline import QfSystem, losses
from training.qf_samples import draw_samples
from training.qf_validation import Clean, measure

RUNS = Path("training/runs")
SHOWN = 3  # pictures in the sample figure


@dataclass(frozen=True)
class Epoch:
    """One line of the CSV.

    Losses are means over the training pictures. The rest is of validation pictures at 224: `kl` from the answer on the
    clean picture, `bpp` counted with the picture's own Huffman tables, `agreement` of the first class in per cent,
    means and standard deviations within a picture of quality factors, and how many regions the predictor tells rightly.
    """

    epoch: int
    images: int
    images_per_second: float
    loss: float
    task_loss: float
    bpp_estimated: float
    prediction_error: float
    kl: float
    bpp: float
    agreement: float
    luma_factor: float
    luma_spread: float
    chroma_factor: float
    chroma_spread: float
    predicted_rightly: float
    prediction_off_by: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration", choices=CONFIGURATIONS)
    parser.add_argument("--data", type=Path, required=True, help="file that training.qf_data wrote")
    parser.add_argument("--estimator", type=Path, default=WEIGHTS, help="weights of the bpp estimator")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="default: those of the configuration")
    parser.add_argument("--steps", type=int, help="an epoch, default: those of the configuration")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=RUNS, help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = CONFIGURATIONS[arguments.configuration]
    config = replace(config, steps=arguments.steps or config.steps, epochs=arguments.epochs or config.epochs)
    classifier = Lite0().eval()
    clean = Clean.of(qf_data.load(arguments.data, "validation"), classifier)
    run = arguments.output / f"qf-{arguments.configuration}-{arguments.seed}"
    photos = qf_data.load(arguments.data, "training")
    train(config, photos, clean, classifier, load_estimator(arguments.estimator), arguments.seed, run)


def train(
    config: QfConfig,
    photos: list[qf_data.Photo],
    clean: Clean,
    classifier: Lite0,
    estimator: BppEstimator,
    seed: int,
    run: Path,
) -> None:
    """Train to the configuration's epochs; what was done is taken from `run`.pt, which each epoch writes anew."""
    torch.manual_seed(seed)
    system = QfSystem(config)
    average = get_ema_multi_avg_fn(config.averaging)  # type: ignore[no-untyped-call, unused-ignore]
    averaged = AveragedModel(system, multi_avg_fn=average)
    kept = cast(QfSystem, averaged.module)
    optimizer = torch.optim.Adam(system.parameters(), config.learning_rate)
    run.parent.mkdir(parents=True, exist_ok=True)
    states: dict[str, Any] = {"system": system, "averaged": averaged, "optimizer": optimizer}
    for epoch in range(restore(run.with_suffix(".pt"), states), config.epochs):
        started = time.perf_counter()
        random = np.random.default_rng((seed, epoch))
        means = train_epoch(system, averaged, optimizer, photos, classifier, estimator, random)
        rate = config.steps * config.batch / (time.perf_counter() - started)
        line = Epoch(
            epoch=epoch + 1,
            images=(epoch + 1) * config.steps * config.batch,
            images_per_second=round(rate, 2),
            **means,
            **measure(kept, clean, classifier),
        )
        print(line, flush=True)
        append(run.with_suffix(".csv"), line)
        draw_curve(run.with_suffix(".csv"), run.with_suffix(".png"))
        draw_samples(kept, clean.pictures[:SHOWN], run.with_name(f"{run.name}-samples.png"))
        save(run.with_suffix(".pt"), {"epochs": epoch + 1} | {name: each.state_dict() for name, each in states.items()})


def train_epoch(
    system: QfSystem,
    averaged: AveragedModel,
    optimizer: torch.optim.Optimizer,
    photos: list[qf_data.Photo],
    classifier: Lite0,
    estimator: BppEstimator,
    random: np.random.Generator,
) -> dict[str, float]:
    """The mean losses, by the names of the CSV's columns."""
    config = system.config
    seen: list[dict[str, float]] = []
    for step in range(config.steps):
        side = config.sides[step % len(config.sides)]
        found = losses(system, classifier, estimator, *qf_data.batch_of_crops(photos, config.batch, side, random))
        optimizer.zero_grad()
        torch.autograd.backward(found["loss"])
        for network in (system.generator, system.predictor):
            torch.nn.utils.clip_grad_norm_(network.parameters(), config.gradient_norm)
        optimizer.step()
        averaged.update_parameters(system)
        seen.append({name: value.item() for name, value in found.items()})
    means = {name: round(float(np.mean([each[name] for each in seen])), 4) for name in seen[0]}
    return means | {"bpp_estimated": means.pop("bpp")}


def save(checkpoint: Path, content: dict[str, Any]) -> None:
    """So that an interruption leaves the old checkpoint or the new one, never half of it."""
    unfinished = checkpoint.with_suffix(".part")
    torch.save(content, unfinished)
    unfinished.replace(checkpoint)


def append(log: Path, line: Epoch) -> None:
    """Add the line; lines from its epoch on, of a run that was interrupted before its checkpoint, are dropped."""
    kept = log.read_text().splitlines()[: line.epoch] if line.epoch > 1 else []
    with log.open("w", newline="") as file:
        file.writelines(f"{row}\n" for row in kept)
        writer = csv.DictWriter(file, [field.name for field in fields(Epoch)], lineterminator="\n")
        if not kept:
            writer.writeheader()
        writer.writerow(asdict(line))


def draw_curve(log: Path, path: Path) -> None:
    """Losses, rate and factors over images seen."""
    from matplotlib.figure import Figure

    with log.open(newline="") as file:
        lines = list(csv.DictReader(file))
    groups = (("loss", "task_loss", "kl"), ("bpp_estimated", "bpp"), ("luma_factor", "chroma_factor"))
    figure = Figure(figsize=(12, 3), layout="constrained")
    for axes, names in zip(figure.subplots(1, len(groups)), groups, strict=True):
        for name in names:
            axes.plot([int(line["images"]) for line in lines], [float(line[name]) for line in lines], label=name)
        axes.set_xlabel("images")
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    main()
