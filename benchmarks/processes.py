"""One photograph per task, spread over processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def concatenated(function: Callable[[Item], list[Found]], items: Iterable[Item], jobs: int) -> list[Found]:
    """The lists that `function` returns for each item, one after the other, computed in `jobs` processes.

    The processes are started afresh rather than forked, for libvips and its threads do not survive a fork.
    """
    if jobs == 1:
        return [found for item in items for found in function(item)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return [found for batch in pool.map(function, items) for found in batch]
