"""The fuzz bodies on a fixed corpus."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_encode import fuzz_one

CORPUS = 1500
DAMAGED = 1500  # JPEGs


@pytest.mark.parametrize("content", [b"", b"\0" * 300, b"\xff" * 300, bytes(range(256))])
def test_plain_bytes_are_encoded_or_refused(content: bytes) -> None:
    fuzz_one(content)


def test_random_bytes_are_encoded_or_refused() -> None:
    written = [fuzz_one(random.Random(seed).randbytes(900)) for seed in range(CORPUS)]
    assert 0.1 < sum(written) / CORPUS < 0.9


@pytest.mark.parametrize("body", ["fuzz_transcode", "fuzz_decode"])
def test_damaged_jpegs_are_read_without_damage_or_refused(body: str) -> None:
    """In a process of its own, whose crash ends no other and whose hang comes to an end."""
    program = f"import fuzz_transcode, {body}; fuzz_transcode.main(['{DAMAGED}', '1'], {body}.fuzz_one)"
    tests = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0.2 < int(done.stdout.split()[0]) / DAMAGED < 0.8
