"""Stand-ins for the conversion of a file, which tests send to the workers of a cluster; they note who ran them.

A job's target is a folder's file: what is noted is in files beside it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from pyregjpeg import storage
from pyregjpeg.conversion import ConvertResult, convert_file
from pyregjpeg.journal import Entry
from pyregjpeg.scan import Job
from pyregjpeg.settings import Settings

IsOutput = Callable[[str], bool]


def quick(job: Job, settings: Settings, known: Entry | None, is_output: IsOutput) -> ConvertResult:
    """Takes no time."""
    return ConvertResult(job.source, job.target, "converted", 10, 5)


def slow(job: Job, settings: Settings, known: Entry | None, is_output: IsOutput) -> ConvertResult:
    """Takes a while and makes its target."""
    time.sleep(0.1)
    Path(job.target).write_bytes(b"")
    return quick(job, settings, known, is_output)


def failing(job: Job, settings: Settings, known: Entry | None, is_output: IsOutput) -> ConvertResult:
    """A file named "bad" fails always, one named "unlucky" the first time."""
    attempts = noted(job.target)
    note(job.target)
    name = Path(job.source).name
    if name == "bad" or (name == "unlucky" and not attempts):
        return ConvertResult(job.source, job.target, "failed", message=f"attempt {len(attempts) + 1}")
    if name == "raising":
        raise MemoryError
    return quick(job, settings, known, is_output)


def deadly(job: Job, settings: Settings, known: Entry | None, is_output: IsOutput) -> ConvertResult:
    """A file named "poison" kills its process always, one named "accident" the first time."""
    attempts = noted(job.target)
    note(job.target)
    name = Path(job.source).name
    if name == "poison" or (name == "accident" and not attempts):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return quick(job, settings, known, is_output)


def last_words(job: Job, settings: Settings, known: Entry | None, is_output: IsOutput) -> ConvertResult:
    """Converts it; then one named "accident" kills its process the first time, before anybody hears of what it did."""
    result = convert_file(job, settings, known, is_output)
    killed = storage.join(job.target.rsplit("/", 2)[0], "killed")  # beside the folder
    if "accident" in job.source and storage.size(killed) is None:
        storage.write(killed, b"")
        os.kill(os.getpid(), signal.SIGKILL)
    return result


def cut_short(job: Job, settings: Settings, known: Entry | None, is_output: IsOutput) -> ConvertResult:
    """Converts it; one named "accident" kills its process the first time when its bytes are written but not renamed."""
    if "accident" in job.source and not noted(job.target):
        note(job.target)
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    return convert_file(job, settings, known, is_output)


def note(target: str) -> None:
    """Note that this process is at work on the target."""
    with Path(f"{target}.pids").open("a") as file:
        file.write(f"{os.getpid()}\n")


def noted(target: str) -> list[str]:
    """The processes that were at work on the target, one for each attempt."""
    path = Path(f"{target}.pids")
    return path.read_text().split() if path.exists() else []
