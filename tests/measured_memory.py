"""Memory as Linux tells it: in use now, and at the peak of a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

STATUS = Path("/proc/self/status")
MIB = 2**20

# Runs in a fresh process: prints by how many bytes `statement` raised the peak above what was in use before.
PEAK = """
import io
import numpy as np
from PIL import Image
import pyregjpeg
from pyregjpeg import native

def status(field):
    line = next(line for line in open("/proc/self/status") if line.startswith(field))
    return int(line.split()[1]) * 1024

{preparation}
pyregjpeg.encode(Image.new("RGB", (64, 64)), quality=75, background_quality=75)
before = status("VmRSS")
{statement}
print(status("VmHWM") - before)
"""


def memory_in_use() -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def peak_above_start(preparation: str, statement: str) -> int:
    program = PEAK.format(preparation=preparation, statement=statement)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    return int(done.stdout)


def memory_kept(action: Callable[[], object], *, first: int, then: int) -> int:
    """How many bytes more are held after doing it `then` times, when it was done `first` times before."""
    for _ in range(first):
        action()
    before = memory_in_use()
    for _ in range(then):
        action()
    return memory_in_use() - before
