"""The command line's `convert`: pictures in, JPEGs in which what matters keeps its quality out."""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from . import batch
from .carried import STRIPPABLE
from .errors import RegionJpegError
from .journal import Journal
from .progress import Progress
from .scan import STANDARD
from .settings import CHOICES

SOME_FAILED = 1
UNITS = {"": 1, "k": 1000, "m": 1000**2}
PIXELS_ONLY = "for what goes through pixels"


def _boxes(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[tuple[float, ...]]:
    try:
        return [tuple(float(number) for number in value.split(",")) for value in values]
    except ValueError:
        raise click.BadParameter("a box is LEFT,UPPER,RIGHT,LOWER or LEFT,UPPER,RIGHT,LOWER,IMPORTANCE") from None


def _bytes(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kM]?)", value, re.IGNORECASE)
    if found is None:
        raise click.BadParameter(f"bytes are a number such as 200000, 200k or 1.5M, not {value!r}")
    return int(float(found[1]) * UNITS[found[2].lower()])


def _names(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[str]:
    return [name for value in values for name in value.split(",")]


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("-o", "--output", "target", help="A .jpg file, a folder, or - for standard output.")
@click.option("-R", "--recursive", is_flag=True, help="Folders with all folders in them.")
@click.option("-S", "--keep-tree", is_flag=True, help="Keep their folders in the output folder.")
@click.option(
    "-q",
    "--quality",
    type=click.IntRange(1, 100),
    help="Of what matters; Pillow's scale.  [default: the tables of the source for JPEGs, 75 for others]",
)
@click.option(
    "-b",
    "--background-quality",
    type=click.IntRange(1, 100),
    help="Of the rest.  [default: 4/5 of quality, with -m qf as its map says]",
)
@click.option(
    "--purpose",
    type=click.Choice(CHOICES["purpose"]),
    default="human",
    show_default=True,
    help="Who looks at the pictures: machine is a network, whose answers are to stay the same.",
)
@click.option(
    "--machine-size",
    type=click.IntRange(1),
    metavar="PIXELS",
    help="The short side in which that network sees a picture.  [default: 224]",
)
@click.option(
    "-m",
    "--map-model",
    help="A registered name or the path of an .onnx file.  [default: msroi, with --purpose machine machine]",
)
@click.option(
    "--region-map",
    metavar="PATH",
    help="A picture or .npy instead of a model, or a folder with one for each picture, by its name.",
)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    callback=_boxes,
    metavar="L,U,R,D[,IMPORTANCE]",
    help="What matters, in pixels; repeatable.",
)
@click.option(
    "--progressive/--no-progressive",
    default=None,
    help="Write progressive JPEGs, or none.  [default: JPEGs as they are; with --effort best what is smaller]",
)
@click.option("--subsampling", type=click.Choice(CHOICES["subsampling"]), help=f"Of colour, {PIXELS_ONLY}.")
@click.option("--pixels", is_flag=True, help="JPEGs through pixels too, not by their coefficients.")
@click.option(
    "--target-size",
    callback=_bytes,
    metavar="BYTES",
    help="The best quality whose file fits; 200k and 1.5M are understood.",
)
@click.option(
    "--min-savings",
    type=click.FloatRange(0, 100),
    metavar="PCT",
    help="What saves less is kept, if it is a JPEG, or skipped.",
)
@click.option(
    "-O",
    "--overwrite",
    type=click.Choice(CHOICES["overwrite"]),
    default="all",
    show_default=True,
    help="Which of the files to replace that are there already.",
)
@click.option("--suffix", default="", help="At the end of the results' names; without -o they go beside the sources.")
@click.option("--in-place", is_flag=True, help="Replace the sources; JPEGs only, and never twice.")
@click.option(
    "--tables",
    type=click.Choice(CHOICES["tables"]),
    help="Of quantisation: ours, or exactly Pillow's.  [default: perceptual]",
)
@click.option(
    "--effort",
    type=click.Choice(CHOICES["effort"]),
    default="fast",
    show_default=True,
    help="How much time to take: best is two to three times as long for smaller files.",
)
@click.option(
    "--damaged",
    type=click.Choice(CHOICES["damaged"]),
    default="refuse",
    show_default=True,
    help="JPEGs that decode with warnings; not with --pixels.",
)
@click.option(
    "--background-color",
    metavar="COLOUR",
    default="white",
    show_default=True,
    help=f"Shines through alpha, {PIXELS_ONLY}.",
)
@click.option("--cluster", metavar="ADDRESS", help="The scheduler of a Dask cluster, such as tcp://host:8786.")
@click.option("--keep-dates", is_flag=True, help="Results have the dates of their sources; on local disks.")
@click.option(
    "--strip",
    multiple=True,
    callback=_names,
    metavar="NAME",
    help=f"Metadata to leave out: {', '.join(STRIPPABLE)}; repeatable.",
)
@click.option(
    "-j", "--jobs", type=click.IntRange(0), default=0, show_default=True, help="Threads; 0 for one on each core."
)
@click.option("--dry-run", is_flag=True, help="Do all but writing, and say what would be saved.")
@click.option("--json", "records", is_flag=True, help="One JSON object a file on standard output.")
@click.option("-Q", "--quiet", is_flag=True, help="Say only what failed.")
@click.option("-v", "--verbose", is_flag=True, help="Say more of each file, and the peak memory.")
def convert(
    inputs: tuple[str, ...],
    target: str | None,
    boxes: list[tuple[float, ...]],
    records: bool,
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Convert files, folders, patterns, or - for standard input, local or s3://; of any format that Pillow opens.

    JPEGs go by their coefficients, all else through pixels; transparent pictures are flattened. What an earlier run has
    done with the same options is skipped, by the journal (.pyregjpeg-journal.jsonl) in the output folder, so that
    running it again resumes an interrupted run. Ctrl-C finishes what is in hand.

    Exit code 0 when all went well, nothing to do included, 1 when some files failed (the others are done) or it was
    interrupted, 2 for wrong usage, said before anything is read.
    """
    if boxes and options["region_map"]:
        raise click.UsageError("--box and --region-map exclude each other")
    if records and target == STANDARD:
        raise click.UsageError("--json and the picture cannot both go to standard output")
    chosen = {name: value for name, value in options.items() if value is not None}
    if boxes:
        chosen["region_map"] = boxes
    try:
        plan = batch.planned(inputs, target, **chosen)
    except (RegionJpegError, OSError) as error:
        raise click.UsageError(str(error)) from None
    journal = Journal()
    told = Progress(records=records, quiet=quiet, verbose=verbose, lines_on_stderr=target == STANDARD)
    broken = ""
    with _interruptible() as interrupted, _without_warnings(), told:
        told.count(plan.jobs)
        try:
            for result in plan.results(journal, interrupted.is_set):
                told.tell(result)
        except (RegionJpegError, OSError) as error:  # the cluster or the bucket is gone; one file's errors are its own
            broken = str(error)
    for line in _closing(told, broken, journal.error, quiet=quiet, dry_run=plan.settings.dry_run):
        click.echo(line, err=True)
    if interrupted.is_set():
        click.echo(f"Interrupted after {told.files.total():,} files; the same command again does the others.", err=True)
    if broken or interrupted.is_set() or told.files["failed"]:
        raise SystemExit(SOME_FAILED)


def _closing(
    told: Progress, broken: str, journal_error: OSError | None, *, quiet: bool, dry_run: bool
) -> Iterator[str]:
    files = told.files.total()
    if broken:
        yield f"Given up: {broken}"
    elif not files and not quiet:
        yield "There is no file to convert."
    if files > 1 and not quiet:
        yield told.summary()
    if dry_run and not quiet:
        yield "Nothing was written: it was a dry run."
    if journal_error is not None:
        yield f"A second run will not know what was done: {journal_error}"


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second interrupts as usual."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # signals are not ours there
        yield event
        return
    before = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """What Pillow warns of, odd metadata and large pictures, would tear the bar and names no file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
