"""The real program in a process of its own, and folders of pictures for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyregjpeg

PROGRAM = (sys.executable, "-m", "pyregjpeg")
# A process that dies in C says where.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(pyregjpeg.__file__).parents[1]), "PYTHONFAULTHANDLER": "1"}
# Root writes to what is read-only by one of its capabilities; without them it is as anybody.
AS_ANYBODY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.name == "posix" and os.geteuid() == 0 else ()
BOX = ("--box", "8,8,40,40")  # without a map model, which takes its time to load


def started(*arguments: str, folder: Path, prefix: tuple[str, ...] = (), **options: Any) -> subprocess.Popen[bytes]:
    """`pyregjpeg convert` in the folder, at work, with pipes for what it says; run by the prefix, if there is one."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = (*prefix, *PROGRAM, "convert", *BOX, *arguments)
    # Without a buffer: communicate() would not find in it what came together with a line that was read before.
    return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, bufsize=0, **{**pipes, **options})


def convert(
    *arguments: str, folder: Path, given: bytes = b"", exit_code: int = 0, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """`pyregjpeg convert` in the folder, once it has ended with that exit code."""
    process = started(*arguments, folder=folder, **options)
    out, err = process.communicate(given, timeout=60)
    assert process.returncode == exit_code, f"ended with {process.returncode}\n{out!r}\n{err.decode(errors='replace')}"
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def records(out: bytes) -> list[dict[str, Any]]:
    """The records of --json, of which every line is one."""
    return [json.loads(line) for line in out.splitlines()]


def statuses(out: bytes) -> dict[str, str]:
    return {record["source"]: record["status"] for record in records(out)}


def jpegs(folder: Path) -> dict[str, bytes]:
    """The JPEGs below the folder by their path in it."""
    return {os.path.relpath(path, folder): path.read_bytes() for path in folder.rglob("*.jpg") if path.is_file()}


def unfinished(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob(".*") if path.name.endswith(".partial")]
