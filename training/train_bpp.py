"""Train the bpp estimator on code lengths of real blocks, and say how far it is off on pictures that it never saw.

    python -m training.train_bpp --data prepared/qf.npz

The pictures are crops of photographs quantised with random QF maps, in both subsamplings, as every file has them with
optimal Huffman tables of its own. Writes the weights, and a CSV with a line for each epoch. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import qf_data
from training.bpp_estimator import WEIGHTS, BppEstimator, EstimatorConfig, features
from training.code_lengths import Bits, code_lengths
from training.differentiable_jpeg import Planes, Subsampling, coefficients, quantised, round_straight_through, steps

SUBSAMPLINGS: tuple[Subsampling, ...] = ("4:2:0", "4:4:4")
SIDES = (224, 224, 224, 448)
QUALITY_FACTORS = (2.0, 50.0)
UNEVENNESS = 0.5  # of the logarithm of a picture's quality factors, at most: standard deviation between regions
BLOCK_WEIGHT = 0.2  # of the error of blocks beside that of whole pictures
VALIDATED = 200  # pictures
RESULTS = Path(__file__).parent / "results" / "runs" / "bpp_estimator.csv"


@dataclass(frozen=True)
class Example:
    """Features of a picture's blocks, luma (blocks, 64) and chroma, and the bits of each."""

    luma: Tensor
    chroma: Tensor
    luma_bits: Tensor
    chroma_bits: Tensor

    @property
    def bits(self) -> float:
        return float(self.luma_bits.sum() + self.chroma_bits.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="file that training.qf_data wrote")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="weights to write (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = EstimatorConfig()
    fit = examples(qf_data.load(arguments.data, "training"), config.pictures, seed=1)
    validation = examples(qf_data.load(arguments.data, "validation"), VALIDATED, seed=2)
    print(f"{len(fit)} pictures to fit to, {len(validation)} to validate on", flush=True)
    estimator = train(fit, validation, config, RESULTS)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.output, **{name: value.numpy() for name, value in estimator.state_dict().items()})


def examples(photos: list[qf_data.Photo], count: int, seed: int) -> list[Example]:
    """`count` crops with random quality factors, always the same of the same seed."""
    made = []
    for number in range(count):
        random = np.random.default_rng((seed, number))
        subsampling, side = SUBSAMPLINGS[number % 2], SIDES[number // 2 % len(SIDES)]
        pictures, _ = qf_data.batch_of_crops(photos, 1, side, random)
        made.append(example(pictures, random_factors(side // 16, random), subsampling))
    return made


def random_factors(regions: int, random: np.random.Generator) -> Tensor:
    """Whole quality factors (1, 2, regions, regions) about one that is as likely to be low as high."""
    lowest, highest = np.log(QUALITY_FACTORS)
    centre = random.uniform(lowest, highest, (2, 1, 1))
    spread = random.uniform(0, UNEVENNESS) * random.standard_normal((2, regions, regions))
    return torch.tensor(np.exp(centre + spread).round().clip(*QUALITY_FACTORS)[None], dtype=torch.float32)


def example(pictures: Tensor, factors: Tensor, subsampling: Subsampling) -> Example:
    values = coefficients(pictures, subsampling)
    levels = quantised(values, steps(factors, values, subsampling), round_straight_through)
    bits = picture_code_lengths(levels, subsampling)[0]
    luma, chroma = features(levels, subsampling)
    return Example(
        luma[0].flatten(0, 1).half(),
        chroma[0].flatten(0, 1).half(),
        torch.tensor(bits[0], dtype=torch.float32),
        torch.tensor(np.concatenate(bits[1:]), dtype=torch.float32),
    )


def picture_code_lengths(levels: Planes, subsampling: Subsampling) -> list[list[Bits]]:
    """For each picture of a batch, and each component, the bits of its blocks."""
    batch = zip(*(plane.detach().numpy().astype(np.int32) for plane in levels), strict=True)
    return [code_lengths((*luma, *chroma), subsampling) for luma, chroma in batch]


def train(fit: Sequence[Example], validation: Sequence[Example], config: EstimatorConfig, log: Path) -> BppEstimator:
    """Minimise the relative error of pictures, and of blocks beside it; a line in `log` for each epoch."""
    torch.manual_seed(0)
    estimator = BppEstimator(config)
    total = config.epochs * (len(fit) // config.batch)
    optimizer = torch.optim.Adam(estimator.parameters(), config.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=total + 1)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("epoch", "loss", "validation_error_percent"))
        for epoch in range(config.epochs):
            order = np.random.default_rng(epoch).permutation(len(fit))
            losses = []
            for first in range(0, len(fit) - config.batch + 1, config.batch):
                loss = loss_of(estimator, [fit[number] for number in order[first:][: config.batch]])
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
            line = (epoch + 1, round(float(np.mean(losses)), 4), round(100 * error(estimator, validation), 2))
            writer.writerow(line)
            print(*line, flush=True)
    return estimator.eval()


def loss_of(estimator: BppEstimator, batch: Sequence[Example]) -> Tensor:
    luma = torch.cat([each.luma for each in batch]).float()
    chroma = torch.cat([each.chroma for each in batch]).float()
    of_luma, of_chroma = estimator.block_bits(luma, chroma)
    parts = zip(
        batch,
        torch.split(of_luma, [len(each.luma) for each in batch]),
        torch.split(of_chroma, [len(each.chroma) for each in batch]),
        strict=True,
    )
    losses = []
    for each, its_luma, its_chroma in parts:
        of_picture = (its_luma.sum() + its_chroma.sum() - each.bits).abs()
        of_blocks = (its_luma - each.luma_bits).abs().sum() + (its_chroma - each.chroma_bits).abs().sum()
        losses.append((of_picture + BLOCK_WEIGHT * of_blocks) / each.bits)
    return torch.stack(losses).mean()


def error(estimator: BppEstimator, chosen: Sequence[Example]) -> float:
    """The mean absolute error of a picture's bits, relative to them."""
    return float(np.mean(np.abs(relative_errors(estimator, chosen))))


def relative_errors(estimator: BppEstimator, chosen: Sequence[Example]) -> list[float]:
    with torch.inference_mode():
        estimates = [estimator.block_bits(each.luma.float(), each.chroma.float()) for each in chosen]
    return [
        float(of_luma.sum() + of_chroma.sum()) / each.bits - 1
        for each, (of_luma, of_chroma) in zip(chosen, estimates, strict=True)
    ]


if __name__ == "__main__":
    main()
