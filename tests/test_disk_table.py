"""The table on disk: what is put under a key is found under it, and a large one takes little memory."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import pyregjpeg
from pyregjpeg.disk_table import DiskTable

FILLED = """
import resource, sys
from pyregjpeg.disk_table import DiskTable
held = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table, before = DiskTable(), held()
for number in range(150_000):
    table[f"a/folder/with/a/long/name/{number:09}.jpg"] = "d" * 150
assert table.get(f"a/folder/with/a/long/name/{149_999:09}.jpg") == "d" * 150
print(held() - before)
"""


def test_a_key_has_the_text_that_it_was_given_last() -> None:
    table = DiskTable()
    table["a"] = "1"
    table["a"] = "2"
    assert (table.get("a"), table.get("b")) == ("2", None)
    assert "a" in table
    assert "b" not in table


def test_setdefault_tells_what_was_there() -> None:
    table = DiskTable()
    assert table.setdefault("a", "1") is None
    assert table.setdefault("a", "2") == "1"
    assert table.get("a") == "1"


@pytest.mark.parametrize("name", ["", "two\nlines", "späte Blüte", "\udcff", "a\0b"])
def test_any_name_is_a_key(name: str) -> None:
    table = DiskTable()
    table[name] = name
    assert table.get(name) == name


def test_many_threads_may_use_it() -> None:
    table = DiskTable()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: table.setdefault(str(number % 100), str(number)), range(2000)))
    assert all(table.get(str(number)) is not None for number in range(100))


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_a_large_one_lies_on_disk() -> None:
    environment = {"PYTHONPATH": str(Path(pyregjpeg.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", FILLED], env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20 << 10  # KiB; the texts alone are 30 MiB
