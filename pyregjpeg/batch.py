"""Many files: a plan of what goes where and how, and its run on threads of this process or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from . import cluster, scan, settings
from .conversion import ConvertResult, convert_file
from .errors import OptionError
from .journal import Journal
from .scan import Job
from .settings import Settings

AHEAD = 2  # jobs that wait for a thread, so that none waits for a job
Location = str | os.PathLike[str]


@dataclass(frozen=True)
class Plan:
    """A run whose options have been checked."""

    inputs: tuple[str, ...]
    output: str | None
    recursive: bool
    keep_tree: bool
    suffix: str
    in_place: bool
    workers: int
    scheduler: str | None
    settings: Settings

    def jobs(self) -> Iterator[Job]:
        """What there is to do, found anew at every call."""
        return scan.jobs(
            self.inputs,
            self.output,
            recursive=self.recursive,
            keep_tree=self.keep_tree,
            suffix=self.suffix,
            in_place=self.in_place,
        )

    def results(self, journal: Journal, stopped: Callable[[], bool] = lambda: False) -> Iterator[ConvertResult]:
        """Do it, and yield what became of each file as it is done; once `stopped`, only what is in hand."""
        jobs = takewhile(lambda _: not stopped(), self.jobs())
        try:
            if self.scheduler is None:
                yield from run(jobs, self.settings, journal, self.workers)
            else:
                yield from cluster.run(jobs, self.settings, journal, self.scheduler, stopped)
        finally:
            journal.close()


def convert(
    sources: Location | Iterable[Location], target: Location | None = None, **options: Any
) -> Iterator[ConvertResult]:
    """Convert files, folders and patterns, local or by fsspec URL; yields a `ConvertResult` for each, as it is done.

    `target` is a .jpg file or a folder; without it results go beside their sources (`suffix`) or in their stead
    (`in_place`). JPEGs go by their coefficients, as `transcode` does it, all else through pixels, as `encode` does.

    Options, with the meaning of those of `pyregjpeg convert`: quality, background_quality, map_model, region_map (a
    file, a folder of them, or boxes), progressive, subsampling, pixels, target_size, min_savings, overwrite, suffix,
    in_place, tables, effort, purpose, machine_size, damaged, background_color, cluster, keep_dates, strip, jobs
    (threads; 0: one for each core), dry_run, recursive, keep_tree.

    Raises, before anything is read, TypeError for an option that it does not know, OptionError, MapError or ModelError
    for a bad value. What is wrong with a single file is in its result.
    """
    return planned(sources, target, **options).results(Journal())


def planned(
    sources: Location | Iterable[Location],
    target: Location | None = None,
    *,
    recursive: bool = False,
    keep_tree: bool = False,
    suffix: str = "",
    in_place: bool = False,
    jobs: int = 0,
    cluster: str | None = None,
    **options: Any,
) -> Plan:
    """The plan for these options, those of `convert`; raises as it does."""
    inputs = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    if not isinstance(jobs, int) or jobs < 0:
        raise OptionError(f"jobs is a number of threads, 0 for one on each core, not {jobs!r}")
    plan = Plan(
        inputs=tuple(os.fspath(source) for source in inputs),
        output=None if target is None else os.fspath(target),
        recursive=recursive,
        keep_tree=keep_tree,
        suffix=suffix,
        in_place=in_place,
        workers=jobs or cores(),
        scheduler=cluster,
        settings=settings.checked(**options),
    )
    plan.jobs()  # checks how inputs and output go together
    if in_place and plan.settings.overwrite == "never":
        raise OptionError("converting in place replaces the sources; that and never overwriting exclude each other")
    if cluster is not None and scan.STANDARD in (*plan.inputs, plan.output):
        raise OptionError("a cluster reads no standard input and writes no standard output")
    return plan


def run(jobs: Iterator[Job], settings: Settings, journal: Journal, workers: int) -> Iterator[ConvertResult]:
    """Convert the jobs on so many threads; yields a result for each, in the order in which they are done.

    Only a few jobs more than there are threads are ever in hand. Whoever stops asking for results early waits for what
    is in hand, and finds it in the journal.
    """
    in_hand: list[Future[ConvertResult]] = []
    with ThreadPoolExecutor(workers) as threads:
        try:
            for job in jobs:
                if job.source == scan.STANDARD:  # a thread that waits for input could not be interrupted
                    yield convert_file(job, settings)
                    continue
                in_hand.append(threads.submit(_convert, job, settings, journal))
                if len(in_hand) >= workers + AHEAD:
                    yield from _done(in_hand, journal)
            while in_hand:
                yield from _done(in_hand, journal)
        finally:
            for future in in_hand:
                future.cancel()
            wait(in_hand)
            for future in in_hand:
                if not future.cancelled():
                    journal.record(future.result())


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _convert(job: Job, settings: Settings, journal: Journal) -> ConvertResult:
    return convert_file(job, settings, journal.find(job), lambda digest: journal.is_output(job, digest))


def _done(in_hand: list[Future[ConvertResult]], journal: Journal) -> Iterator[ConvertResult]:
    """The results that are there, at least one, recorded and out of the list."""
    done = wait(in_hand, return_when=FIRST_COMPLETED).done
    for future in [future for future in in_hand if future in done]:
        in_hand.remove(future)
        journal.record(future.result())
        yield future.result()
