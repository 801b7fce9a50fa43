"""Command lines of programs: run from start to end, with the memory and the processor time that they take."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.01
MEGABYTE = 1e6

Command = Sequence[str]


@dataclass(frozen=True)
class Usage:
    """Of all processes together: seconds that passed, seconds of processor time; megabytes of the largest process."""

    seconds: float
    processor_seconds: float
    peak_megabytes: float


class CommandError(RuntimeError):
    """A program did not end well; the message is what it said."""


def run(commands: Sequence[Command]) -> None:
    """Run them at the same time.

    Raises:
        CommandError: one of them failed.
    """
    for process in _started(commands):
        said, _ = process.communicate()
        _check(process, said)


def measured(commands: Sequence[Command]) -> Usage:
    """Run them at the same time and look at them all along, which costs a little time.

    Raises:
        CommandError: one of them failed.
    """
    before, start, peak = _processor_seconds(), time.perf_counter(), 0.0
    processes = _started(commands)
    while any(process.poll() is None for process in processes):
        peak = max(peak, *(peak_megabytes(process.pid) for process in processes))
        time.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - start
    for process in processes:
        said, _ = process.communicate()
        _check(process, said)
    return Usage(seconds, _processor_seconds() - before, peak)


def peak_megabytes(process: int | str = "self") -> float:
    """The most memory that a process has held so far, 0 of one that is gone; known on Linux only.

    Not getrusage's figure, which is at least what the process held that it was forked from.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes[0]) * 1024 / MEGABYTE if kilobytes else 0.0


def _started(commands: Sequence[Command]) -> list[subprocess.Popen[bytes]]:
    return [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for command in commands]


def _check(process: subprocess.Popen[bytes], said: bytes) -> None:
    if process.returncode != 0:
        arguments = process.args if isinstance(process.args, list) else [process.args]
        words = " ".join(map(str, arguments[:4]))
        raise CommandError(f"'{words} ...' ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
