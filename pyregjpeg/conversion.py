"""One file: read, made smaller, written, with a record of what happened to it."""

from __future__ import annotations

import hashlib
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from . import codec, journal, map_files, picture_files, qf_segment, storage, target_size, transcoding
from .errors import CodecError
from .options import DEFAULT_QUALITY
from .scan import STANDARD, Job
from .settings import Settings

JPEG_START = b"\xff\xd8\xff"
LARGEST_FILE = 1 << 30  # bytes; larger ones are not read into memory
Stamp = tuple[int, int]  # bytes, and when they were changed


@dataclass(frozen=True)
class ConvertResult:
    """What happened to one file.

    `status`: "converted"; "kept", a JPEG whose own bytes are the result, for nothing smaller was found; "skipped",
    nothing was done, or needed to be; "failed". `message` says why, or what the user should know. `quality` is the
    Pillow quality that the tables in the result amount to; `tables` says of a JPEG that went by its coefficients
    whether they are the source's own, "kept", or "coarser". Sizes are None where there is nothing to measure.
    """

    source: str
    target: str
    status: Literal["converted", "kept", "skipped", "failed"]
    bytes_in: int | None = None
    bytes_out: int | None = None
    message: str = ""
    milliseconds: int = 0
    quality: int | None = None
    tables: str | None = None
    entry: journal.Entry | None = field(default=None, repr=False)  # what the journal is to keep of it
    announced: bool = field(default=False, repr=False)  # `journal.announce` was called for it


@dataclass(frozen=True)
class _Made:
    """The bytes of a result and what is to be said about them."""

    jpeg: bytes
    quality: int | None
    tables: str | None
    notes: tuple[str, ...]
    damage: str = ""


class _SkippedError(Exception):
    """Nothing is to be done with the file, for the reason given."""


def convert_file(
    job: Job,
    settings: Settings,
    finished: journal.Entry | None = None,
    is_output: Callable[[str], bool] = lambda digest: False,
) -> ConvertResult:
    """Convert one file; whatever goes wrong with it is in the result, and nothing is raised.

    `finished` is what the journal tells of the job's target, `is_output` whether it knows a digest as that of one of
    its own results.
    """
    started = time.perf_counter()
    result = ConvertResult(job.source, job.target, "failed")
    try:
        _check_before(job, settings)
        before, dates = _stamp(job.source), _dates(job, settings)
        content = _read(job.source, before)
        result = replace(result, bytes_in=len(content))
        result = _converted(job, settings, content, before, finished, is_output)
        if dates is not None and not settings.dry_run:
            storage.set_dates(job.target, dates)
    except _SkippedError as reason:
        result = replace(result, status="skipped", message=str(reason))
    except Exception as error:  # damaged and huge files make Pillow raise errors of many kinds; the others go on
        result = replace(result, status="failed", message=" ".join(str(error).split()) or type(error).__name__)
    return replace(result, milliseconds=round(1000 * (time.perf_counter() - started)))


def _check_before(job: Job, settings: Settings) -> None:
    """What needs no look at the content."""
    if job.failed:
        raise CodecError(job.failed)
    if job.skipped:
        raise _SkippedError(job.skipped)
    if settings.overwrite == "never" and not job.in_place and storage.size(job.target) is not None:
        raise _SkippedError("the target is there already")


def _converted(
    job: Job,
    settings: Settings,
    content: bytes,
    before: Stamp | None,
    finished: journal.Entry | None,
    is_output: Callable[[str], bool],
) -> ConvertResult:
    """The result, written unless it is a dry run."""
    region_map = map_files.read(settings.region_map, job.name) if settings.region_map else None
    digest, options = _digest(content), settings.digest(region_map.digest if region_map else "")
    _check_finished(job, digest, options, finished, is_output)

    given = settings.boxes or (region_map.region_map() if region_map else None)
    made = _made(job, content, settings, {} if given is None else {"region_map": given})
    existing = storage.size(job.target) if settings.overwrite == "bigger" and not job.in_place else None
    if existing is not None and existing <= len(made.jpeg):
        raise _SkippedError(f"the target is there already and not bigger: {existing:,} bytes")

    kept = made.jpeg == content
    result = ConvertResult(
        source=job.source,
        target=job.target,
        status="kept" if kept else "converted",
        bytes_in=len(content),
        bytes_out=len(made.jpeg),
        message="; ".join(made.notes),
        quality=made.quality,
        tables=made.tables,
    )
    if settings.dry_run:
        return result
    entry = journal.entry(job, digest, _digest(made.jpeg), options)
    if kept and job.in_place:
        return replace(result, entry=entry)
    if job.in_place:
        if _stamp(job.source) != before:
            raise CodecError("it was changed while it was converted, and is left as it is")
        if entry is not None:
            journal.announce(entry)
    if job.target == STANDARD:
        sys.stdout.buffer.write(made.jpeg)
        sys.stdout.buffer.flush()
    else:
        storage.write(job.target, made.jpeg)
    return replace(result, entry=entry, announced=job.in_place)


def _read(source: str, before: Stamp | None) -> bytes:
    """The source's bytes, all of one moment."""
    if source == STANDARD:
        return sys.stdin.buffer.read()
    size = before[0] if before else storage.size(source)
    if size is not None and size > LARGEST_FILE:
        raise CodecError(f"it is too large to be a picture: {size:,} bytes")
    content = storage.read(source)
    if _stamp(source) != before:
        raise CodecError("it was changed while it was read")
    return content


def _stamp(location: str) -> Stamp | None:
    """The size of a local file and when it was changed; None for others: an object in a bucket never changes."""
    if location == STANDARD or storage.is_remote(location):
        return None
    size = storage.size(location)
    return (size, storage.dates(location)[1]) if size else None  # a pipe has no size


def _dates(job: Job, settings: Settings) -> tuple[int, int] | None:
    """The source's dates, where the target is to have them and both can."""
    if not settings.keep_dates or STANDARD in (job.source, job.target):
        return None
    return None if storage.is_remote(job.source) or storage.is_remote(job.target) else storage.dates(job.source)


def _check_finished(
    job: Job, digest: str, options: str, finished: journal.Entry | None, is_output: Callable[[str], bool]
) -> None:
    """Skip what an earlier run has done: the target is there, as it was made, of the same source in the same way."""
    if is_output(digest) or (job.in_place and finished and finished.output == digest != finished.source):
        raise _SkippedError("it is the result of an earlier run")
    if finished is None or (finished.source, finished.options) != (digest, options):
        return
    if storage.size(job.target) is not None and _digest(storage.read(job.target)) == finished.output:
        raise _SkippedError("an earlier run has done it")


def _made(job: Job, content: bytes, settings: Settings, region_map: dict[str, Any]) -> _Made:
    """The result for one picture; its bytes are the source's own where nothing smaller is to be had."""
    is_jpeg = content.startswith(JPEG_START) and not qf_segment.is_in(io.BytesIO(content))
    if job.in_place and not is_jpeg:
        raise _SkippedError("only JPEGs are converted in place")
    if is_jpeg and not settings.pixels:
        made = _through_coefficients(content, settings, region_map)
    else:
        made = _through_pixels(content, settings, region_map)
    saved = 100 * (1 - len(made.jpeg) / len(content))
    enough = settings.min_savings is None or saved >= settings.min_savings
    if made.jpeg == content or made.damage or (enough and not (is_jpeg and settings.pixels and saved <= 0)):
        return made
    why = f"only {saved:.1f} % would be saved" if saved > 0 else "nothing would be saved"
    if not is_jpeg:
        raise _SkippedError(why)
    return _kept(content, settings, made, why)


def _through_coefficients(content: bytes, settings: Settings, region_map: dict[str, Any]) -> _Made:
    options = {**settings.for_coefficients(), **region_map}
    if settings.target_size is None:
        done = transcoding.transcoded(content, **options)
    else:
        done = target_size.transcode_to_size(content, settings.target_size, **options)
    notes = (f"it is damaged: {done.damage}",) if done.damage else ()
    return _Made(done.jpeg, done.quality, done.tables, notes, damage=done.damage)


def _through_pixels(content: bytes, settings: Settings, region_map: dict[str, Any]) -> _Made:
    picture = picture_files.opened(content, settings.background_color, settings.strip)
    options = {**settings.for_pixels(), **picture.metadata, **region_map}
    if settings.target_size is None:
        jpeg, quality = codec.encode(picture.image, **options), settings.quality or DEFAULT_QUALITY
    else:
        jpeg, quality = target_size.encode_to_size(picture.image, settings.target_size, **options)
    return _Made(jpeg, quality, None, picture.notes)


def _kept(content: bytes, settings: Settings, made: _Made, why: str) -> _Made:
    """The source itself, or where metadata is to go, the source without it and otherwise the same."""
    notes = (*made.notes, f"{why}; the source is kept")
    lossless = {"background_quality": 100, "strip": settings.strip, "damaged": settings.damaged}
    done = transcoding.transcoded(content, **lossless)
    return _Made(done.jpeg if settings.strip else content, done.quality, "kept", notes)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
