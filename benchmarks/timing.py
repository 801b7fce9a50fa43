"""Timing rivals fairly on a noisy machine: alternating, in random order, and as ratios within each round."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class SpeedRatio:
    """How many times as fast as its rival something is: ratio of the medians, 10th and 90th percentile of rounds."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}..{self.high:.2f})"


def pin_to_one_core() -> None:
    """Keep this process on one core, so that neither migration nor a second thread blurs the comparison."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def time_interleaved(tasks: Mapping[str, Callable[[], object]], rounds: int, seed: int = 0) -> dict[str, Seconds]:
    """Seconds of each task in each round, shape (rounds,); every round runs every task once, in random order.

    A first round that does not count warms caches and allocators.
    """
    shuffler = random.Random(seed)
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    with _no_garbage_collection():
        for task in tasks.values():
            task()
        for _ in range(rounds):
            for name in shuffler.sample(list(tasks), len(tasks)):
                start = perf_counter()
                tasks[name]()
                seconds[name].append(perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def speed_ratio(ours: Seconds, rival: Seconds) -> SpeedRatio:
    """Above 1 where we are faster; both arguments come from the same call of `time_interleaved`."""
    low, high = np.percentile(rival / ours, (10, 90))
    return SpeedRatio(float(np.median(rival) / np.median(ours)), float(low), float(high))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
