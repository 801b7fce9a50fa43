"""A Dask cluster as this process sees it: the connection, and the workers, looked after as they come and go."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Any

from . import storage
from .cluster_batch import asking_the_version
from .errors import ClusterError

CONNECT_SECONDS = 10
WORKERLESS_SECONDS = 60  # how long to wait for a worker where there is none
LOOK_SECONDS = 1  # how often the scheduler is asked for its workers


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler that listens at the address; ClusterError if there is none."""
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(f"A cluster needs Dask: {storage.EXTRA}") from None
    with _silence():
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(f"No Dask scheduler answers at {address}: {error}") from error
        with client:
            yield client


class Crew:
    """The cluster's workers, all of them found fit for the work."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.address = client.scheduler.address
        self.workers: dict[str, int] = {}  # their threads, by address
        self.version = asking_the_version()()
        self.fit: set[str] = set()
        self.looked = self.manned = time.monotonic()
        self.look()

    def threads(self) -> int:
        if time.monotonic() - self.looked > LOOK_SECONDS:
            self.look()
        return sum(self.workers.values())

    def gone(self) -> ClusterError:
        """What to raise when the scheduler does not answer any more, or has forgotten what it was given."""
        return ClusterError(f"The scheduler at {self.address} is gone, or was restarted")

    def look(self) -> None:
        """ClusterError if a worker has come that cannot do the work, or there have been none for long."""
        try:
            self.workers = self.client.nthreads()
            new = list(self.workers.keys() - self.fit)
            versions = self.client.run(asking_the_version(), workers=new, on_error="return") if new else {}
        except OSError as error:
            raise self.gone() from error
        for worker, version in versions.items():
            if version == self.version:
                self.fit.add(worker)
            elif isinstance(version, str):
                has = f"pyregjpeg {version}" if version else "no pyregjpeg"
                raise ClusterError(f"The worker {worker} has {has}; it needs {self.version}, which runs here")
        self.fit &= self.workers.keys()
        self.looked = time.monotonic()
        if self.workers:
            self.manned = self.looked
        elif self.looked - self.manned > WORKERLESS_SECONDS:
            raise ClusterError(f"The cluster at {self.address} has had no worker for {WORKERLESS_SECONDS} seconds")


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What Dask logs of lost workers and connections on standard error, our results and errors tell."""
    levels = {logger: logger.level for logger in map(logging.getLogger, ("distributed", "distributed.client"))}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
