"""The journal of an output folder: which file was made of what and how, so that a second run need not make it again.

One JSON object a line, only ever appended to. A line that is torn or damaged tells of nothing; its file is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import storage
from .disk_table import DiskTable
from .scan import HIDDEN, Job

NAME = f"{HIDDEN}journal.jsonl"
ANNOUNCED = f"{HIDDEN}announced"  # beside it in a bucket, see `announce`
LINES = 200  # at most so many wait to be written to a bucket, where appending is dear,
SECONDS = 10.0  # and at most so long
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """One file that was made: its path below the root, and SHA-256 digests of what it was made of, of it, and how."""

    root: str
    target: str
    source: str
    output: str
    options: str

    def line(self) -> bytes:
        """What the journal holds of it."""
        digests = {name: getattr(self, name) for name in DIGESTS}
        return json.dumps({"target": self.target, **digests}).encode("ascii") + b"\n"


DIGESTS = ("source", "output", "options")


class Result(Protocol):
    """What became of one file, as `conversion` tells it."""

    @property
    def entry(self) -> Entry | None: ...
    @property
    def announced(self) -> bool: ...


class Journal:
    """The journals of all roots that the jobs of one run name, each read when its first job comes along.

    It may be used from many threads at once. Call `close` at the end: what goes to a bucket waits a little. `error` is
    the first one that kept a journal from being read or written, or None.
    """

    def __init__(self) -> None:
        self.error: OSError | None = None
        self._lock = threading.Lock()
        self._pages: dict[str, _Pages | None] = {}

    def find(self, job: Job) -> Entry | None:
        """What is known of the job's target."""
        with self._noted_error():
            for root, pages in self._of(job):
                text = pages.made.get(_below(root, job.target))
                if text is not None:
                    return Entry(root, _below(root, job.target), *text.split())
        return None

    def is_output(self, job: Job, digest: str) -> bool:
        """Whether the job's source, which has this digest, is a result itself, of this run or of an earlier one.

        It is if it lies where its journal says that it was put or, under another name but below the journal's root, if
        it is something that was made, not merely kept. OSError if the journal is there but cannot be read: what it may
        know of must not be converted again.
        """
        for root, pages in self._of(job):
            relative = _below(root, job.source)
            if relative.startswith("../"):
                continue
            made = "" if job.in_place else pages.made.get(relative) or ""
            if digest in pages.outputs or digest in made.split()[1:2]:
                return True
        return False

    def announced(self, job: Job) -> Entry | None:
        """Take in what others have announced since the journal was read, for they may be gone.

        Returns what is announced of the job's target and not yet recorded. OSError if it cannot be read.
        """
        if job.root is None or not job.in_place:
            return None
        with self._lock:
            pages = self._opened(job.root, must_exist=False)
            assert pages is not None
            if not storage.is_remote(job.root):
                pages.read_on()
                return None
        return pages.announced(_below(job.root, job.target))

    def record(self, result: Result) -> None:
        """Note what was made, if anything was."""
        if result.entry is not None:
            with self._noted_error(), self._lock:
                pages = self._opened(result.entry.root, must_exist=False)
                assert pages is not None
                pages.add(result.entry, announced=result.announced)

    def close(self) -> None:
        """Write what waits."""
        with self._noted_error(), self._lock:
            for pages in self._pages.values():
                if pages is not None:
                    pages.flush()

    @contextlib.contextmanager
    def _noted_error(self) -> Iterator[None]:
        """A run goes on without its journal."""
        try:
            yield
        except OSError as error:
            self.error = self.error or error

    def _of(self, job: Job) -> Iterator[tuple[str, _Pages]]:
        """The journals that may tell of the job's target.

        What is converted in place may have been before, as part of a larger folder or of a smaller one: then every
        folder above it is asked.
        """
        if job.root is None:
            return
        for root in dict.fromkeys([job.root, *_folders_above(job.target)] if job.in_place else [job.root]):
            with self._lock:
                pages = self._opened(root, must_exist=root != job.root)
            if pages is not None:
                yield root, pages

    def _opened(self, root: str, *, must_exist: bool) -> _Pages | None:
        pages = self._pages.get(root)
        if pages is None and (root not in self._pages or not must_exist):
            needed = not must_exist or storage.size(storage.join(root, NAME)) is not None
            pages = self._pages[root] = _Pages(root) if needed else None
        return pages


class _Pages:
    """The journal of one root; one thread at a time adds to it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.location = storage.join(root, NAME)
        self.made = DiskTable()  # by target: digests of source, output and options
        self.outputs = DiskTable()  # by digest
        self._waiting: list[bytes] = []
        self._announced: list[str] = []
        self._written = time.monotonic()
        self._torn = False  # in a bucket; a local file is looked at when it is appended to
        self._length = 0  # of what has been read of a local file
        if storage.is_remote(root):
            for location in storage.walk(storage.join(root, ANNOUNCED), on_error=lambda _: None):
                with contextlib.suppress(FileNotFoundError):  # another run, or machine, has just put it with the others
                    line = storage.read(location)
                    self._read(line)
                    self._waiting.append(line)
                    self._announced.append(location)
        self.read_on()

    def read_on(self) -> None:
        """Read what has been added to the journal, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            for line in _lines(self.location, self._length):
                whole = line.endswith(b"\n")  # else another may be about to write the rest of it
                self._torn = not whole and storage.is_remote(self.root)
                self._length += len(line) if whole else 0
                self._read(line)

    def announced(self, target: str) -> Entry | None:
        with contextlib.suppress(FileNotFoundError):
            return self._read(storage.read(_announcement(self.root, target)))
        return None

    def add(self, entry: Entry, *, announced: bool) -> None:
        self._remember(entry)
        remote = storage.is_remote(self.root)
        if remote or not announced:
            self._waiting.append(entry.line())
        if remote and announced:
            self._announced.append(_announcement(entry.root, entry.target))
        if not remote or len(self._waiting) >= LINES or time.monotonic() - self._written >= SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            lines = b"".join(self._waiting)
            begun = b"\n" if self._torn or _is_torn(self.location) else b""
            storage.append(self.location, begun + lines, sync=False)  # what a power cut takes is done again, no more
            self._torn = False
            self._waiting.clear()
        while self._announced:
            storage.remove(self._announced.pop())
        self._written = time.monotonic()

    def _read(self, line: bytes) -> Entry | None:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if isinstance(fields, dict) and line.endswith(b"\n"):
            target, *digests = (str(fields.get(name)) for name in ("target", *DIGESTS))
            if all(map(_DIGEST.fullmatch, digests)):
                self._remember(entry := Entry(self.root, target, *digests))
                return entry
        return None

    def _remember(self, entry: Entry) -> None:
        self.made[entry.target] = f"{entry.source} {entry.output} {entry.options}"
        if entry.output != entry.source:
            self.outputs[entry.output] = ""


def announce(entry: Entry) -> None:
    """Note, before a file is replaced in place, what by; OSError if that cannot be written.

    The journal has to know of it first: a run that is killed between the two would otherwise leave its own output as
    the source of the next. In a bucket, where many may write and none can append, each entry is an object of its own
    until `Journal.record` puts it with the others.
    """
    if storage.is_remote(entry.root):
        storage.write(_announcement(entry.root, entry.target), entry.line())
    else:
        location = storage.join(entry.root, NAME)
        storage.append(location, b"\n" + entry.line() if _is_torn(location) else entry.line())


def entry(job: Job, source: str, output: str, options: str) -> Entry | None:
    """The entry of what was made for a job; None where no journal is kept."""
    return None if job.root is None else Entry(job.root, _below(job.root, job.target), source, output, options)


def _announcement(root: str, target: str) -> str:
    name = hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()
    return storage.join(root, f"{ANNOUNCED}/{name}.json")


def _is_torn(location: str) -> bool:
    """Whether the last line of a local journal lacks its end: what is appended has to begin a new one."""
    if storage.is_remote(location) or not storage.size(location):
        return False
    with Path(location).open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _lines(location: str, start: int = 0) -> Iterator[bytes]:
    if storage.is_remote(location):
        yield from storage.read(location)[start:].splitlines(keepends=True)
    else:
        with Path(location).open("rb") as file:
            file.seek(start)
            yield from file


def _below(root: str, location: str) -> str:
    """The path from the root; it begins with .. where it leads elsewhere."""
    if storage.is_remote(root) or storage.is_remote(location):
        above = storage.join(root, "")
        return location[len(above) :] if location.startswith(above) else "../" + location
    return os.path.relpath(location, root)


def _folders_above(target: str) -> Iterator[str]:
    """From the folder that the target lies in up to the outermost."""
    if storage.is_remote(target):
        start = target.index("://") + 3
        while (end := target.rfind("/", start)) > 0:
            target = target[:end]
            yield target
    else:
        yield from map(str, Path(os.path.abspath(target)).parents)  # noqa: PTH100, links stay as they are
