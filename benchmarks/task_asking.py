"""Asking networks about the files of one picture: how far their answers are from those on the clean picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.judges import Network, Values

from .task_coding import Coded
from .task_pictures import TaskPicture

DISTANCE = "distance"
AGREEMENT, CONFIDENCE = "agreement", "confidence"  # of the class that is first on the clean picture
TOP_1, TOP_5 = "top-1", "top-5"  # whether the true class is first, or among the first five
Measures = Mapping[str, NDArray[np.float64]]  # by name, (qualities,)


@dataclass(frozen=True)
class Answers:
    """Of one picture: by arm its bytes (qualities,), by network and arm what was measured, by network on the clean one.

    The clean picture has no distance.
    """

    photograph: str
    sizes: Mapping[str, NDArray[np.float64]]
    answers: Mapping[str, Mapping[str, Measures]]
    clean: Mapping[str, Measures]


def answers_about(
    picture: TaskPicture,
    coded: Mapping[str, list[Coded]],
    arms_of: Mapping[str, Sequence[str]],
    networks: Mapping[str, Network],
) -> Answers:
    """What the networks say about the files of each arm; `arms_of` names those that each is asked about."""
    answers: dict[str, dict[str, Measures]] = {}
    on_clean: dict[str, Measures] = {}
    for name, arms in arms_of.items():
        network = networks[name]
        clean = network.asked([picture.image])
        on_clean[name] = _classes(network, clean[0], clean, picture.label)
        answers[name] = {}
        for arm in arms:
            given = network.asked([file.image for file in coded[arm]])
            distances = {DISTANCE: network.distances(clean[0], given)}
            answers[name][arm] = distances | _classes(network, clean[0], given, picture.label)
    sizes = {arm: np.array([file.size for file in files], dtype=np.float64) for arm, files in coded.items()}
    return Answers(picture.photograph, sizes, answers, on_clean)


def _classes(network: Network, clean: Values, given: Values, label: int | None) -> dict[str, NDArray[np.float64]]:
    """What a classifier says of the class that is first on the clean picture, and of the true one, if it is known."""
    if not network.classifies:
        return {}
    first = int(clean.argmax())
    found = {AGREEMENT: (given.argmax(axis=1) == first).astype(np.float64), CONFIDENCE: np.exp(given[:, first])}
    if label is not None:
        before = (given > given[:, [label]]).sum(axis=1)
        found |= {TOP_1: (before < 1).astype(np.float64), TOP_5: (before < 5).astype(np.float64)}
    return found
