"""What `convert` tells while it works and at the end: a bar on a terminal or a line a file, JSON records, a table."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import click
from tqdm import tqdm

from .conversion import ConvertResult

RECORD = ("source", "target", "bytes_in", "bytes_out", "status", "message", "milliseconds", "quality", "tables")
STATUSES = ("converted", "kept", "skipped", "failed")
WRITTEN = ("converted", "kept")
MEGABYTE = 1e6
COLUMNS = 80  # of a terminal that does not know how many it has


class Progress:
    """Told of each result, it says what the user asked to hear; a context manager, which ends the bar."""

    def __init__(self, *, records: bool, quiet: bool, verbose: bool, lines_on_stderr: bool) -> None:
        """`records`: as JSON, one a line; `quiet`: failures only; `verbose`: more of each file."""
        self.files: Counter[str] = Counter()
        self.bytes_in: Counter[str] = Counter()
        self.bytes_out: Counter[str] = Counter()
        self._records, self._quiet, self._verbose = records, quiet, verbose
        self._lines_on_stderr = lines_on_stderr
        self._started = time.monotonic()
        self._bar: Any = None
        self._counter: threading.Thread | None = None
        self._closed = False
        if sys.stderr.isatty() and not quiet:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns
            self._bar = tqdm(unit=" files", dynamic_ncols=columns > 0, ncols=None if columns else COLUMNS, leave=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed = True
        if self._counter is not None:
            self._counter.join()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def count(self, jobs: Callable[[], Iterator[object]]) -> None:
        """Find out meanwhile how many there are, for the time left; without a bar nobody asks."""
        if self._bar is not None:
            self._counter = threading.Thread(target=self._count, args=(jobs,))
            self._counter.start()

    def tell(self, result: ConvertResult) -> None:
        """Tell of one more result."""
        status = result.status
        self.files[status] += 1
        if status in WRITTEN:
            self.bytes_in[status] += result.bytes_in or 0
            self.bytes_out[status] += result.bytes_out or 0
        if self._bar is not None:
            saved = self.bytes_in.total() - self.bytes_out.total()
            self._bar.set_postfix_str(f"{saved / MEGABYTE:.1f} MB saved", refresh=False)
            self._bar.update()
        if self._records:
            self._say(json.dumps({name: getattr(result, name) for name in RECORD}), err=False)
            return
        source = printable(result.source)
        if status == "failed":
            self._say(f"{source}: {printable(result.message)}", err=True)
        if self._quiet:
            return
        if status == "converted" and result.message:
            self._say(f"{source}: warning: {printable(result.message)}", err=True)
        if status != "failed" and (self._bar is None or self._verbose):
            self._say(self._line(result), err=self._lines_on_stderr)

    def summary(self) -> str:
        """What was done, as a table."""
        seconds = time.monotonic() - self._started
        rows = [f"{'':9} {'files':>9} {'bytes in':>16} {'bytes out':>16} {'saved':>8}"]
        for status in STATUSES:
            row = f"{status:9} {self.files[status]:>9,}"
            before, after = self.bytes_in[status], self.bytes_out[status]
            if before:
                row += f" {before:>16,} {after:>16,} {100 * (1 - after / before):>6.1f} %"
            rows.append(row)
        files = self.files.total()
        rows.append(f"{files:,} files in {seconds:.1f} s, {files / max(seconds, 1e-3):.1f} files/s")
        if self._verbose:
            rows[-1] += f", peak memory {peak_memory() / MEGABYTE:.0f} MB"
        return "\n".join(rows)

    def _line(self, result: ConvertResult) -> str:
        source, target = printable(result.source), printable(result.target)
        if result.status == "skipped":
            return f"{source}: skipped: {printable(result.message)}"
        line = f"{source} -> {target}: {result.bytes_in:,} -> {result.bytes_out:,} bytes"
        if result.status == "kept":
            line += f", kept{f': {printable(result.message)}' if result.message else ''}"
        if self._verbose:
            tables = f", tables {result.tables}" if result.tables else ""
            line += f" (quality {result.quality}{tables}, {result.milliseconds} ms)"
        return line

    def _say(self, line: str, *, err: bool) -> None:
        if self._bar is None:
            click.echo(line, err=err)
        else:
            self._bar.write(line, file=sys.stderr if err else sys.stdout)

    def _count(self, jobs: Callable[[], Iterator[object]]) -> None:
        total = 0
        try:
            for _ in jobs():
                if self._closed:
                    return
                total += 1
        except OSError:  # who does the jobs will say so
            return
        self._bar.total = total
        self._bar.refresh()


def printable(text: str) -> str:
    """The text with what would move a terminal's cursor, or is no valid character, written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def peak_memory() -> int:
    """The most bytes of memory that this process has held at once."""
    import resource  # not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
