"""The fuzz bodies on a fixed corpus."""

from __future__ import annotations

import random

import pytest
from fuzz_encode import fuzz_one

CORPUS = 1500


@pytest.mark.parametrize("content", [b"", b"\0" * 300, b"\xff" * 300, bytes(range(256))])
def test_plain_bytes_are_encoded_or_refused(content: bytes) -> None:
    fuzz_one(content)


def test_random_bytes_are_encoded_or_refused() -> None:
    written = [fuzz_one(random.Random(seed).randbytes(900)) for seed in range(CORPUS)]
    assert 0.1 < sum(written) / CORPUS < 0.9
