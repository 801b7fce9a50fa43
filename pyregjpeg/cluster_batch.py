"""What a worker of a cluster does: the files of one batch, one after another, in one of its threads."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .conversion import ConvertResult
from .journal import Entry, Journal
from .scan import Job
from .settings import Settings

Convert = Callable[[Job, Settings, Entry | None, Callable[[str], bool]], ConvertResult]
RUNS = 4  # whose journals a worker keeps open

_stopped: set[str] = set()  # runs whose user has had enough
_journals: dict[str, Journal] = {}
_lock = threading.Lock()  # over the journals


@dataclass(frozen=True)
class Batch:
    """A work unit."""

    jobs: tuple[Job, ...]
    failed_on: str = ""  # the worker that could not convert them; empty at the first attempt
    only_on: frozenset[str] = frozenset()  # the workers that may have it; empty: all
    alone: bool = False  # nothing else is in flight meanwhile: should a worker die, it was this file


@dataclass(frozen=True)
class Done:
    """What became of a batch."""

    worker: str
    seconds: float
    results: tuple[ConvertResult, ...]  # of the first of the jobs only, where the run was stopped


def convert_batch(run: str, batch: Batch, settings: Settings, convert: Convert) -> Done:
    """Convert the batch's files until they are done, or `stop` is called for the run."""
    from distributed import get_worker

    begin = time.perf_counter()
    results = []
    for job in batch.jobs:
        if run in _stopped:
            break
        try:
            results.append(_convert(job, settings, convert, _journal_of(run)))
        except Exception as error:  # a journal that cannot be read; the other files go on
            results.append(ConvertResult(job.source, job.target, "failed", message=str(error) or type(error).__name__))
    return Done(get_worker().address, time.perf_counter() - begin, tuple(results))


def stop(run: str) -> None:
    """Let this process begin no more files of the run."""
    _stopped.add(run)


def asking_the_version() -> Callable[[], str]:
    """A function that gives the version of the pyregjpeg that it is run with, empty where there is none.

    It is made here so that it travels as code, not as a name in this module, which may be missing over there.
    """

    def version() -> str:
        import importlib

        try:
            return str(importlib.import_module("pyregjpeg").__version__)
        except ImportError:
            return ""

    return version


def _convert(job: Job, settings: Settings, convert: Convert, journal: Journal) -> ConvertResult:
    """Convert the file, unless it is converted in place and a worker that was lost had done just that."""
    announced = journal.announced(job)
    known = announced or journal.find(job)
    result = convert(job, settings, known, functools.partial(journal.is_output, job))
    if announced is not None and result.status == "skipped":
        return replace(result, message="a worker that was lost had done it", entry=announced, announced=True)
    return result


def _journal_of(run: str) -> Journal:
    """The journals as they were when this process began to work for the run."""
    with _lock:
        while run not in _journals and len(_journals) >= RUNS:
            del _journals[next(iter(_journals))]
        return _journals.setdefault(run, Journal())
