"""The same as batch, on a Dask cluster: batches of files go out, results stream back, and no file is ever dropped."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from . import storage
from .cluster_batch import Batch, Convert, Done, convert_batch, stop
from .cluster_crew import LOOK_SECONDS, Crew, connected
from .conversion import ConvertResult, convert_file
from .journal import Journal
from .scan import Job
from .settings import Settings

STOP_SECONDS = 30  # for the files in hand when the run is broken off
BATCHES_PER_THREAD = 3  # one in work; with those that wait, an adaptive cluster sees that it has work for more
BATCH_SECONDS = 2.0  # long beside the scheduler's millisecond for a task, short for what a lost worker costs
BATCH_FILES = 64


def run(
    jobs: Iterator[Job],
    settings: Settings,
    journal: Journal,
    address: str,
    stopped: Callable[[], bool] = lambda: False,
    convert: Convert = convert_file,
) -> Iterator[ConvertResult]:
    """Convert the jobs on the cluster whose scheduler listens at `address`, such as "tcp://host:8786".

    Yields a result for every job, in the order in which they are done. What is in flight is bounded by the cluster's
    threads, whatever the number of jobs. A file that fails is tried once more, on another worker if there is one; what
    a lost worker had in hand goes to others; a file with which workers die again and again is reported as failed.
    Local paths must lead to the same files on the workers as here.

    Once `stopped`, what is queued is taken back, and the files that are in work come as the last results; to whoever
    stops asking for results the journal tells of them.

    ClusterError where no scheduler or worker is to be had, or a worker cannot do the work.
    """
    with connected(address) as client:
        flight = _Flight(client, settings, convert)
        try:
            for results in itertools.chain(flight.results(jobs, stopped), flight.last_results()):
                _record(results, journal)  # before the first is told: nobody may ask for the next
                yield from results
        finally:
            for results in flight.last_results():
                _record(results, journal)


class _Flight:
    """The batches that are on their way to the workers and back."""

    def __init__(self, client: Any, settings: Settings, convert: Convert) -> None:
        self.client, self.convert = client, convert
        self.settings = _settings_for_the_journey(settings)
        self.name = uuid.uuid4().hex
        self.crew = Crew(client)
        self.pace = _Pace()
        self.in_flight: dict[Any, Batch] = {}  # by their futures
        self.landed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.again: deque[Batch] = deque()
        self.suspects: deque[Batch] = deque()  # of one file each

    def results(self, jobs: Iterator[Job], stopped: Callable[[], bool]) -> Iterator[list[ConvertResult]]:
        """Of every job one, as batches come back; ends when nothing is in flight any more, or at once when stopped."""
        more = True
        while not stopped():
            most = BATCHES_PER_THREAD * max(1, self.crew.threads())
            while (more or self.again) and len(self.in_flight) < most:
                if self.again:
                    self._submit(self.again.popleft())
                    continue
                chosen = list(itertools.islice(jobs, self.pace.files()))
                more = bool(chosen)
                yield self._settled(chosen)
                if to_send := tuple(job for job in chosen if not (job.failed or job.skipped)):
                    self._submit(Batch(to_send))
            if not self.in_flight:
                if not self.suspects:
                    return
                self._submit(self.suspects.popleft())
            if (future := self._landed()) is not None:
                yield self._results_of(future)
            self._free_the_stranded()

    def last_results(self) -> Iterator[list[ConvertResult]]:
        """Lets the workers finish the files that they have in work, and takes back the rest."""
        if not self.in_flight or self.client.status != "running":
            return
        self.client.run(stop, self.name, on_error="ignore")
        patience = time.monotonic() + STOP_SECONDS
        while self.in_flight and self.crew.threads() and time.monotonic() < patience:
            if (future := self._landed()) is not None:
                batch = self.in_flight.pop(future)
                if future.status == "finished":
                    yield [result for _, result in _told_as_asked(batch, future.result())]
        self.client.cancel(list(self.in_flight), force=True)
        self.in_flight.clear()

    def _settled(self, jobs: list[Job]) -> list[ConvertResult]:
        """The results of those of which it is known already that there is nothing to convert."""
        return [convert_file(job, self.settings) for job in jobs if job.failed or job.skipped]

    def _submit(self, batch: Batch) -> None:
        others = [worker for worker in self.crew.workers if worker != batch.failed_on] if batch.failed_on else []
        travelling = replace(batch, jobs=tuple(map(_for_the_journey, batch.jobs)))
        future = self.client.submit(
            convert_batch, self.name, travelling, self.settings, self.convert, workers=others or None, pure=False
        )
        self.in_flight[future] = replace(batch, only_on=frozenset(others))
        future.add_done_callback(self.landed.put)

    def _landed(self) -> Any:
        """A future that is done; None after a while, for there may be new workers to give work to."""
        with contextlib.suppress(queue.Empty):
            future = self.landed.get(timeout=LOOK_SECONDS)
            return future if future in self.in_flight else None
        return None

    def _results_of(self, future: Any) -> list[ConvertResult]:
        """What has become of the batch's jobs, but for those that are tried again."""
        batch = self.in_flight.pop(future)
        if future.status == "cancelled":
            raise self.crew.gone()
        try:
            done: Done = future.result()
        except Exception as error:
            self.crew.look()  # where a worker cannot load the batch, this says it better
            return self._lost(batch, error)
        self.pace.learn(done)
        final, failed = [], []
        for job, result in _told_as_asked(batch, done):
            if result.status == "failed" and not batch.failed_on:
                failed.append(job)
            else:
                final.append(result)
        if failed:
            self.again.append(Batch(tuple(failed), failed_on=done.worker))
        return final

    def _lost(self, batch: Batch, error: Exception) -> list[ConvertResult]:
        """Dask has tried it on several workers and lost them all; alone, one file after another, the culprit shows."""
        if batch.alone:
            [job] = batch.jobs
            return [ConvertResult(job.source, job.target, "failed", message=_what_happened(error))]
        self.suspects.extend(replace(batch, jobs=(job,), alone=True) for job in batch.jobs)
        return []

    def _free_the_stranded(self) -> None:
        """Batches that only workers may convert that have left meanwhile go to any."""
        for future, batch in list(self.in_flight.items()):
            if batch.only_on and not batch.only_on & self.crew.workers.keys():
                del self.in_flight[future]
                self.client.cancel(future, force=True)
                self._submit(batch)


class _Pace:
    """How many files make a batch, going by the time that the last ones took.

    Time and not bytes, because what a listing names has a size only for one more request each.
    """

    def __init__(self) -> None:
        self.recent: deque[tuple[int, float]] = deque(maxlen=32)

    def learn(self, done: Done) -> None:
        self.recent.append((len(done.results), done.seconds))

    def files(self) -> int:
        files = sum(files for files, _ in self.recent)
        seconds = sum(seconds for _, seconds in self.recent)
        return max(1, min(BATCH_FILES, int(BATCH_SECONDS * files / seconds))) if files and seconds else 1


def _record(results: list[ConvertResult], journal: Journal) -> None:
    for result in results:
        journal.record(result)


def _told_as_asked(batch: Batch, done: Done) -> Iterator[tuple[Job, ConvertResult]]:
    """Each job that was done and its result, with the names that the user gave."""
    for job, result in zip(batch.jobs, done.results, strict=False):
        yield job, replace(result, source=job.source, target=job.target)


def _for_the_journey(job: Job) -> Job:
    """With paths that do not depend on the folder that a program was started in."""
    root = job.root and _absolute(job.root)
    return replace(job, source=_absolute(job.source), target=_absolute(job.target), root=root)


def _settings_for_the_journey(settings: Settings) -> Settings:
    region_map = settings.region_map and _absolute(settings.region_map)
    map_model = settings.map_model
    if map_model is not None and map_model.endswith(".onnx"):
        map_model = _absolute(map_model)
    return replace(settings, region_map=region_map, map_model=map_model)


def _absolute(location: str) -> str:
    return location if storage.is_remote(location) else os.path.abspath(location)  # noqa: PTH100, links stay


def _what_happened(error: Exception) -> str:
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return "every worker that was given this file, and no other, died of it"
    return f"it cannot be given to a worker: {error}"
