"""What there is to convert: files, folders and patterns become jobs, a source and a target each, as they are found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PIL import Image

from . import storage
from .disk_table import DiskTable
from .errors import OptionError

STANDARD = "-"  # standard input or output
HIDDEN = ".pyregjpeg-"  # how the names of our own files begin
UNDECODED = {"MPEG", "HDF5", "GRIB", "BUFR"}  # Pillow knows their names, not their content


@dataclass(frozen=True)
class Job:
    """One file to convert, or the reason why it is none."""

    source: str
    target: str
    name: str = ""  # path below the folder that was given, without suffix: a folder of maps is searched for it
    root: str | None = None  # the folder whose journal tells of the target; None: no journal
    in_place: bool = False  # the target is the source
    failed: str = ""  # why it cannot be converted
    skipped: str = ""  # why it need not be


@dataclass(frozen=True)
class _Found:
    source: str
    folder: str  # from which `relative` leads to the source
    relative: str
    failed: str = ""
    skipped: str = ""


def jobs(
    inputs: Iterable[str],
    output: str | None = None,
    *,
    recursive: bool = False,
    keep_tree: bool = False,
    suffix: str = "",
    in_place: bool = False,
) -> Iterator[Job]:
    """A job for each file of `inputs`: files, folders (`recursive`: and those below), patterns, "-".

    `output` is a .jpg file, a folder or "-"; None puts results beside their sources, under a name that ends in
    `suffix`, or with `in_place` in their stead. In a folder it is the names that tell which files are pictures; the
    others are skipped, and the output folder, where it lies inside an input, is left out. No two jobs have one target.
    OptionError, at once, where inputs and output do not fit together.
    """
    inputs = list(inputs)
    _check(inputs, output, suffix, in_place)
    into = None if output is None or not _is_folder(inputs, output) else output
    return _jobs(inputs, output, into, recursive, keep_tree, suffix)


def openable(name: str) -> bool:
    """Whether Pillow has a decoder for files whose name ends as this one does."""
    return _suffix(name) in _openable_suffixes()


def _check(inputs: list[str], output: str | None, suffix: str, in_place: bool) -> None:
    if not inputs:
        raise OptionError("there is nothing to convert")
    if in_place and (output is not None or suffix):
        raise OptionError("converting in place has neither an output nor a suffix: it replaces the sources")
    if output is None and not (suffix or in_place):
        raise OptionError("where to? Name a .jpg file or a folder, or give a suffix, or convert in place")
    if "/" in suffix or os.sep in suffix:
        raise OptionError(f"a suffix is the end of a name, not {suffix!r}")
    if STANDARD in inputs:
        if len(inputs) > 1:
            raise OptionError("standard input goes with no other input")
        if output is None or (output != STANDARD and _is_folder(inputs, output)):
            raise OptionError("what comes from standard input goes to a .jpg file or to standard output")
    if output is None or output == STANDARD or _is_folder(inputs, output):
        if output == STANDARD and not _is_one_file(inputs):
            raise OptionError("only one file fits into standard output")
        return
    if Image.registered_extensions().get(_suffix(output)) != "JPEG":
        raise OptionError(f"{output} names no JPEG file; the output is a .jpg file or a folder")
    if not _is_one_file(inputs):
        raise OptionError(f"more than one file does not fit into the one file {output}")


def _is_folder(inputs: list[str], output: str) -> bool:
    """Whether results go into a folder of this name, which need not exist yet."""
    if output == STANDARD:
        return False
    return output.endswith("/") or _suffix(output) not in Image.registered_extensions() or storage.is_folder(output)


def _is_one_file(inputs: list[str]) -> bool:
    return len(inputs) == 1 and (inputs[0] == STANDARD or not (_is_pattern(inputs[0]) or storage.is_folder(inputs[0])))


def _jobs(
    inputs: list[str], output: str | None, into: str | None, recursive: bool, keep_tree: bool, suffix: str
) -> Iterator[Job]:
    taken = DiskTable()
    for found in _found(inputs, into, recursive):
        job = Job(
            source=found.source,
            target=found.source,
            name=str(Path(found.relative).with_suffix("")) if found.relative else "",
            failed=found.failed,
            skipped=found.skipped,
        )
        if job.failed or job.skipped:
            yield job
            continue
        if into is not None:
            relative = found.relative if keep_tree else _name(found.relative)
            job = replace(job, target=storage.join(into, _renamed(relative, suffix)), root=into)
        elif output is not None:
            job = replace(job, target=output)
        elif suffix:
            job = replace(job, target=storage.join(found.folder, _renamed(found.relative, suffix)), root=found.folder)
        else:
            job = replace(job, root=found.folder)
        if _same_file(job.source, job.target):
            job = _in_place(job)
        first = taken.setdefault(_key(job), job.source)
        if first is None:
            yield job
        elif _absolute(first) == _absolute(job.source):
            pass  # it was named twice
        elif job.in_place:
            yield replace(job, skipped=f"it is {first} under another name")
        else:
            advice = "; -S keeps the folders apart" if recursive and not keep_tree else ""
            yield replace(job, failed=f"{job.target} is written from {first} already{advice}")


def _found(inputs: list[str], into: str | None, recursive: bool) -> Iterator[_Found]:
    for given in inputs:
        try:
            if given == STANDARD:
                yield _Found(STANDARD, "", "")
            elif storage.is_folder(given):
                yield from _in_folder(given, into, recursive)
            elif _is_pattern(given):
                yield from _matching(given, into, recursive)
            else:
                yield _Found(given, _parent(given), _name(given))
        except OSError as error:  # a bucket that cannot be reached; the other inputs may be elsewhere
            yield _Found(given, "", "", failed=str(error))


def _in_folder(folder: str, into: str | None, recursive: bool) -> Iterator[_Found]:
    unreadable: list[OSError] = []
    own = _below(folder, into)
    for source in storage.walk(folder, unreadable.append, recursive=recursive):
        while unreadable:
            yield _Found(folder, folder, "", failed=str(unreadable.pop()))
        relative = source[len(storage.join(folder, "")) :]
        if (own and relative.startswith(own)) or _name(relative).startswith(HIDDEN):
            continue
        if openable(relative):
            yield _Found(source, folder, relative)
        else:
            yield _Found(source, folder, relative, skipped="its name is not that of a picture")
    for error in unreadable:
        yield _Found(folder, folder, "", failed=str(error))


def _matching(pattern: str, into: str | None, recursive: bool) -> Iterator[_Found]:
    """The files that match, and those in the folders that do; they lie below the part without wildcards."""
    fixed = pattern[: min(pattern.index(character) for character in "*?[" if character in pattern)]
    folder = fixed[: fixed.rindex("/") + 1] if "/" in fixed else ""
    nothing = True
    for match in storage.glob(pattern):
        nothing = False
        if storage.is_folder(match):
            yield from _in_folder(match, into, recursive)
        else:
            yield _Found(match, folder.rstrip("/") or folder or ".", match[len(folder) :])
    if nothing:
        yield _Found(pattern, "", "", failed="no file has such a name")


def _is_pattern(given: str) -> bool:
    """Whether it is to be expanded: a file may well be called photo[1].jpg."""
    return storage.has_magic(given) and storage.size(given) is None and not storage.is_folder(given)


def _below(folder: str, inner: str | None) -> str:
    """How paths relative to `folder` begin that lie in `inner`; empty where it is not inside the folder."""
    if inner is None or storage.is_remote(folder) != storage.is_remote(inner):
        return ""
    if storage.is_remote(folder):
        outer, inside = storage.join(folder, ""), storage.join(inner, "")
    else:
        outer, inside = (os.path.join(os.path.realpath(path), "") for path in (folder, inner))  # noqa: PTH118, ends in /
    return inside[len(outer) :] if inside.startswith(outer) else ""


def _renamed(relative: str, suffix: str) -> str:
    """The path of the result: the same for a JPEG, but for the suffix, and .jpg for all others."""
    name = _name(relative)
    stem, ending = os.path.splitext(name)  # noqa: PTH122, a location need be no path
    kept = ending if Image.registered_extensions().get(ending.lower()) == "JPEG" else ".jpg"
    return f"{relative[: len(relative) - len(name)]}{stem}{suffix}{kept}"


def _in_place(job: Job) -> Job:
    """The job whose target is its source; the file behind a link is known by its own place, whatever leads to it."""
    root = job.root or _parent(job.target)
    if storage.is_remote(job.target):
        return replace(job, in_place=True, root=root)
    real = os.path.realpath(job.target)
    if real == _absolute(job.target):
        return replace(job, in_place=True, root=root)
    root = os.path.realpath(root)
    return replace(job, in_place=True, target=real, root=root if Path(root) in Path(real).parents else _parent(real))


def _same_file(source: str, target: str) -> bool:
    if source == target:
        return source != STANDARD
    if storage.is_remote(source) or storage.is_remote(target):
        return False
    try:
        return Path(source).samefile(target)
    except OSError:
        return False


def _key(job: Job) -> str:
    """The same for all names of one target."""
    if storage.is_remote(job.target) or job.target == STANDARD:
        return job.target
    path = _absolute(job.target)
    # The file systems that these two have by default take A.jpg and a.jpg for one file.
    return path.casefold() if sys.platform in ("win32", "darwin") else path


def _absolute(location: str) -> str:
    return location if storage.is_remote(location) else os.path.abspath(location)  # noqa: PTH100, links stay


def _parent(location: str) -> str:
    name = _name(location)
    return location[: len(location) - len(name)].rstrip("/") or ("/" if location.startswith("/") else ".")


def _name(location: str) -> str:
    return location[location.rfind("/") + 1 :] if storage.is_remote(location) else os.path.basename(location)  # noqa: PTH119


def _suffix(location: str) -> str:
    return os.path.splitext(location)[1].lower()  # noqa: PTH122, a location need be no path


@cache
def _openable_suffixes() -> frozenset[str]:
    known = Image.registered_extensions()  # loads Pillow's plugins
    return frozenset(suffix for suffix, form in known.items() if form in Image.OPEN and form not in UNDECODED)
