"""What a million photographs of 12 megapixels cost, and what they wait for: processor, storage or scheduler.

Measured are a 12-megapixel JPEG's processor time, bytes in and bytes out by `pyregjpeg convert`, the time that a Dask
cluster needs for a file with which nothing is done, and what the disk of this machine takes. The rest is arithmetic.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pyregjpeg import cluster
from pyregjpeg.conversion import ConvertResult
from pyregjpeg.journal import Entry, Journal
from pyregjpeg.scan import Job
from pyregjpeg.settings import Settings

from .batch import CONVERT, local_cluster
from .commands import Usage, measured
from .jpeg_folders import LARGEST, Folder, centre_map, large_files
from .report import benchmark_parser, print_table, write_results

MILLION = 1_000_000
CORES = (16, 64, 256)
LINK_GIGABITS = 10  # a common network link of one machine or of a bucket's gateway; the one figure that is not measured
NO_OP_FILES = 20_000


@dataclass(frozen=True)
class File:
    """What one photograph takes, medians over runs: seconds, processor seconds, bytes read and bytes written."""

    seconds: float
    processor_seconds: float
    bytes_in: float
    bytes_out: float

    def core_hours(self) -> float:
        """Of a million."""
        return MILLION * self.processor_seconds / 3600

    def link_hours(self) -> float:
        """That all bytes of a million take on the link, in and out one after the other."""
        return MILLION * 8 * (self.bytes_in + self.bytes_out) / (LINK_GIGABITS * 1e9) / 3600

    def cores_to_fill_the_link(self) -> float:
        return self.core_hours() / self.link_hours()


def measure_files(folder: Folder, options: Sequence[str], scratch: Path, rounds: int) -> File:
    """One thread; what the program takes to start and to end is measured with one tiny picture, and taken off."""
    tiny = Folder(scratch / "tiny", (), 0.0, 0)
    if not tiny.path.is_dir():
        tiny.path.mkdir()
        Image.new("RGB", (16, 16)).save(tiny.path / "tiny.jpg")
    start: list[Usage] = []
    runs: list[Usage] = []
    for index in range(rounds):
        for usages, source in ((start, tiny.path), (runs, folder.path)):
            output = Path(tempfile.mkdtemp(dir=scratch, prefix=f"{source.name}-{index}-"))
            usages.append(measured([[*CONVERT, *options, "-j", "1", str(source), "-o", str(output)]]))
    written = sum(file.stat().st_size for file in output.glob("*.jpg"))
    return File(
        _per_file([run.seconds for run in runs], [run.seconds for run in start], folder),
        _per_file([run.processor_seconds for run in runs], [run.processor_seconds for run in start], folder),
        folder.bytes / len(folder.files),
        written / len(folder.files),
    )


def _per_file(runs: Sequence[float], start: Sequence[float], folder: Folder) -> float:
    return float(np.median(runs) - np.median(start)) / len(folder.files)


def do_nothing(
    job: Job, settings: Settings, finished: Entry | None = None, is_output: Callable[[str], bool] | None = None
) -> ConvertResult:
    """Stands for the conversion of a file."""
    return ConvertResult(job.source, job.target, "converted", 1_000_000, 500_000, milliseconds=1, quality=75)


def measure_scheduler(files: int) -> dict[str, float]:
    """Milliseconds for each file, of the time that passes and of the processor, of scheduler and client together."""

    def jobs() -> Iterator[Job]:
        return (Job(f"/photographs/{index}.jpg", f"/smaller/{index}.jpg") for index in range(files))

    with local_cluster() as workers:
        address = workers.scheduler_address
        for _ in cluster.run(iter([next(jobs())]), Settings(), Journal(), address, convert=do_nothing):
            pass  # the workers have imported what they need
        start, processor_start = time.perf_counter(), time.process_time()
        done = sum(1 for _ in cluster.run(jobs(), Settings(), Journal(), address, convert=do_nothing))
        seconds, processor = time.perf_counter() - start, time.process_time() - processor_start
    if done != files:
        raise RuntimeError(f"The cluster has done {done} of {files} files.")
    return {"ms": 1000 * seconds / files, "processor ms": 1000 * processor / files}


def measure_disk(folder: Folder, scratch: Path) -> dict[str, float]:
    """Milliseconds for reading such a file, as it is remembered by the system, and for writing it to stay."""
    from pyregjpeg import storage

    seconds: dict[str, list[float]] = {"read ms": [], "write ms": []}
    for file in folder.files:
        start = time.perf_counter()
        content = storage.read(str(file))
        read = time.perf_counter()
        storage.write(str(scratch / "written.jpg"), content)
        seconds["read ms"].append(read - start)
        seconds["write ms"].append(time.perf_counter() - read)
    return {name: 1000 * float(np.median(values)) for name, values in seconds.items()}


def report(files: dict[str, File], scheduler: dict[str, float], disk: dict[str, float]) -> dict[str, Any]:
    """Print what was measured and what follows from it; give back both."""
    rows, results = [], {}
    for name, file in files.items():
        results[name] = {
            "ms": 1000 * file.seconds,
            "processor ms": 1000 * file.processor_seconds,
            "MB in": file.bytes_in / 1e6,
            "MB out": file.bytes_out / 1e6,
            "core-hours": file.core_hours(),
            "TB in": file.bytes_in * MILLION / 1e12,
            "TB out": file.bytes_out * MILLION / 1e12,
            "link hours": file.link_hours(),
            "cores to fill the link": file.cores_to_fill_the_link(),
            "cores to fill the scheduler": 1000 * file.processor_seconds / scheduler["ms"],
        }
        rows.append([name, *(f"{value:.3g}" for value in results[name].values())])
    headers = ["convert", *next(iter(results.values()))]
    print_table(f"**A file of {LARGEST} MP, and a million of them** (link: {LINK_GIGABITS} Gbit/s)", headers, rows)
    hours = [
        [
            name,
            *(f"{max(file.core_hours() / cores, file.link_hours(), scheduler['ms'] / 3.6):.2f} h" for cores in CORES),
        ]
        for name, file in files.items()
    ]
    print_table("**Hours for a million**", ["convert", *(f"{cores} cores" for cores in CORES)], hours)
    others = {f"scheduler, {name}": value for name, value in scheduler.items()}
    others |= {f"disk, {name}": value for name, value in disk.items()}
    print_table("**For each file**", ["", "ms"], [[name, f"{value:.2f}"] for name, value in others.items()])
    return {"convert": results, "scheduler": scheduler, "disk": disk, "link, Gbit/s": LINK_GIGABITS}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command (default: %(default)s)")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where the files are made (default: temporary)")
    options = parser.parse_args(arguments)
    rounds = 1 if options.quick else options.rounds
    with tempfile.TemporaryDirectory(dir=options.scratch) as name:
        scratch = Path(name)
        folder = large_files(options.photographs, scratch / "in", options.quick)
        given = ("--region-map", str(centre_map(scratch / "map.png")))
        ways = {
            "map given, tables kept": given,
            "map given, to q75": (*given, "-q", "75", "--tables", "annex-k"),
            "map model, tables kept": (),
            "map model, to q75": ("-q", "75", "--tables", "annex-k"),
            "lossless": ("-b", "100"),
        }
        files = {way: measure_files(folder, settings, scratch, rounds) for way, settings in ways.items()}
        disk = measure_disk(folder, scratch)
    results = report(files, measure_scheduler(NO_OP_FILES // 20 if options.quick else NO_OP_FILES), disk)
    write_results(options.output, "million", {"rounds": rounds, **results})


if __name__ == "__main__":
    main()
