"""The report of purpose="machine": pictures of several sizes for networks that see them at 224 to 416 pixels.

The tables and the map were made for EfficientNet-Lite0 and Lite1. Lite2 is of their family; the others, of
training/held_out.py, had no part in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from training import judges
from training.judges import LITE2, NANODET_NAME, RESNET50_NAME, Network

from .machine_arms import (
    ARMS,
    BORROWED,
    MACHINE,
    MACHINE_FLAT,
    MOZJPEG,
    PILLOW,
    PROGRESSIVE,
    SCALED,
    SCALED_MACHINE,
    TABLES,
    Subject,
    arms_at,
    qualities_of,
)
from .machine_report import report_setting
from .processes import concatenated
from .report import write_results
from .task_asking import Answers, answers_about
from .task_figures import curve_figure
from .task_pictures import TaskPicture, large, largest, own_size, small, streets
from .task_report import Curves

DRIVEN = "Lite0, made for it"
SLOW = (RESNET50_NAME, NANODET_NAME)  # they take ten times as long as the rest, so they are asked about a fifth
SLOW_EVERY = 5
SLOW_ARMS = (PILLOW, PROGRESSIVE, MOZJPEG, SCALED, SCALED_MACHINE, TABLES, MACHINE_FLAT, BORROWED, MACHINE)
COLOURS = {  # what they are compared with is grey
    PILLOW: "#222222",
    MOZJPEG: "#d1495b",
    "jpegli": "#edae49",
    SCALED: "#6a4c93",
    SCALED_MACHINE: "#b08fd8",
    TABLES: "#7fc7c2",
    MACHINE_FLAT: "#30638e",
    MACHINE: "#1b7f79",
}


@dataclass(frozen=True)
class Setting:
    """Which pictures; at ratio 1 networks see them as they are."""

    pictures: Callable[[Path, bool], list[TaskPicture]]
    ratio_1: bool = False


SETTINGS: Mapping[str, Setting] = {
    "ratio 1": Setting(small, ratio_1=True),
    "ratio 1.6, CamVid": Setting(streets),
    "ratio 1.7, ImageNet": Setting(own_size),
    "ratio 2.3": Setting(large),
    "ratio 4": Setting(largest),
}


@dataclass(frozen=True)
class Job:
    """One picture, the one that its map may be borrowed from, and who is asked about it."""

    picture: TaskPicture
    other: TaskPicture
    ratio_1: bool
    arms_of: Mapping[str, Sequence[str]]  # by network
    references: Path | None


@cache
def networks(references: Path | None) -> Mapping[str, Network]:
    """Those that are asked, started once in each process; those that had no part only from the folder that has them."""
    known = {DRIVEN: judges.lite0(), LITE2: judges.lite2()}
    return known | (judges.held_out(references) if references else {})


def ask(job: Job) -> list[Answers]:
    """All that is asked about one picture; every network sees the same files."""
    subject = Subject(job.picture, job.other)
    coded = {
        arm: [ARMS[arm](subject, quality) for quality in qualities_of(arm, job.ratio_1)] for arm in arms_at(job.ratio_1)
    }
    return [answers_about(job.picture, coded, job.arms_of, networks(job.references))]


def jobs_of(setting: Setting, pictures: Sequence[TaskPicture], references: Path | None) -> list[Job]:
    """A job for each picture; the other picture of each is one from the other half of the list."""
    arms = arms_at(setting.ratio_1)
    jobs = []
    for number, picture in enumerate(pictures):
        arms_of = {
            name: [arm for arm in arms if arm in SLOW_ARMS] if name in SLOW else arms
            for name in networks(references)
            if name not in SLOW or number % SLOW_EVERY == 0
        }
        other = pictures[(number + len(pictures) // 2) % len(pictures)]
        jobs.append(Job(picture, other, setting.ratio_1, arms_of, references))
    return jobs


def report(options: argparse.Namespace) -> None:
    results: dict[str, Any] = {"pictures of": "trial" if options.trial else "judging"}
    curves: dict[str, Curves] = {}
    for name, setting in SETTINGS.items():
        pictures = setting.pictures(options.photographs, not options.trial)
        pictures = pictures[:: len(pictures) // 4] if options.quick else pictures
        found = concatenated(ask, jobs_of(setting, pictures, options.references), options.jobs)
        results[name], curves[name] = report_setting(name, found, setting.ratio_1)
    curve_figure(options.output / "rate_machine.png", curves, COLOURS)
    write_results(options.output, "rate_machine", results)
