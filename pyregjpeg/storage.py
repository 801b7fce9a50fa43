"""Where files are: local paths and fsspec URLs such as ``s3://bucket/a.jpg``, behind one small set of functions.

A location is a str. What goes wrong with one is an OSError of the fitting kind whose text is one sentence.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import glob as local_glob
import mimetypes
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import whole_file

EXTRA = 'pip install "pyregjpeg[cluster]"'

OnError = Callable[[OSError], object]
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_MAGIC = re.compile(r"[*?[]")


def is_remote(location: str) -> bool:
    """Whether it is a URL; all else is a path of this machine."""
    return _URL.match(location) is not None


def join(root: str, relative: str) -> str:
    """The location of `relative`, a path with slashes, below `root`."""
    return f"{root.rstrip('/')}/{relative}" if is_remote(root) else os.path.join(root, relative)  # noqa: PTH118, no ./


def has_magic(location: str) -> bool:
    """Whether it holds one of the characters that make it a pattern for `glob`."""
    return _MAGIC.search(location) is not None


def is_folder(location: str) -> bool:
    """Whether there is a folder; in a bucket, anything whose name begins with the location and a slash."""
    if not is_remote(location):
        return Path(location).is_dir()
    with _one_sentence(location, "read"):
        filesystem, path = _filesystem(location)
        if _is_bucket(filesystem):  # s3fs's own isdir lists, and keeps, the whole folder
            return any(True for _ in _level(location))
        return bool(filesystem.isdir(path))


def size(location: str) -> int | None:
    """Bytes of the file, None where there is none."""
    with _one_sentence(location, "read"):
        try:
            if not is_remote(location):
                status = Path(location).stat()
                return None if stat.S_ISDIR(status.st_mode) else status.st_size
            filesystem, path = _filesystem(location)
            entry = filesystem.info(path)
            return int(entry["size"]) if entry["type"] == "file" else None
        except (FileNotFoundError, NotADirectoryError):
            return None


def read(location: str) -> bytes:
    """All bytes of the file, in a bucket those of one moment."""
    with _one_sentence(location, "read"):
        if not is_remote(location):
            return Path(location).read_bytes()
        filesystem, path = _filesystem(location)
        return bytes(filesystem.cat_file(path))


def write(location: str, content: bytes) -> None:
    """Make the file, with the folders above it, or replace it: nobody ever finds anything but a complete one.

    `whole_file.write` says what becomes of links and permissions; in a bucket an object appears when all of it has
    arrived.
    """
    with _one_sentence(location, "written"):
        if not is_remote(location):
            whole_file.write(Path(location), content)
            return
        filesystem, path = _filesystem(location)
        kind = mimetypes.guess_type(path)[0]  # browsers offer an object of unknown type as a download
        filesystem.pipe_file(path, content, **({"ContentType": kind} if kind and _is_bucket(filesystem) else {}))


def append(location: str, content: bytes, *, sync: bool = True) -> None:
    """Add to the end of the file, which is made where it does not exist; with `sync`, on its disk when this returns."""
    with _one_sentence(location, "written"):
        if not is_remote(location):
            whole_file.append(Path(location), content, sync=sync)
            return
        filesystem, path = _filesystem(location)
        with filesystem.open(path, "ab") as file:
            file.write(content)


def dates(location: str) -> tuple[int, int]:
    """When the local file was last read and changed, in nanoseconds since 1970."""
    with _one_sentence(location, "read"):
        status = Path(location).stat()
        return status.st_atime_ns, status.st_mtime_ns


def set_dates(location: str, read_and_changed: tuple[int, int]) -> None:
    """Give the local file the dates that `dates` returned for another."""
    with _one_sentence(location, "given its dates"):
        os.utime(location, ns=read_and_changed)


def remove(location: str) -> None:
    """Remove the file, if there is one."""
    with _one_sentence(location, "removed"), contextlib.suppress(FileNotFoundError):
        if not is_remote(location):
            Path(location).unlink()
            return
        filesystem, path = _filesystem(location)
        filesystem.rm_file(path)


def walk(folder: str, on_error: OnError | None = None, *, recursive: bool = True) -> Iterator[str]:
    """Every file in the folder, and in those below it, as they are found and in order of their names within each.

    Symbolic links are followed, but never back into a folder that they lie in. Files that `write` has not finished
    are left out, and so are devices, pipes and sockets. `on_error` is told of the folders that cannot be read; without
    it the first one ends the walk.
    """
    return _walk(folder, (), on_error, recursive)


def glob(pattern: str) -> Iterator[str]:
    """The files and folders that match, as they are found: ``*``, ``?`` and ``[]`` in a name, ``**`` for any folders.

    As in a shell, a name that begins with a dot is only matched by a pattern that does.
    """
    if not is_remote(pattern):
        return local_glob.iglob(pattern, recursive=True)  # noqa: PTH207, Path's finds hidden files too
    scheme, path = pattern.split("://", 1)
    first, *parts = path.split("/")
    return _matches(f"{scheme}://{first}", parts)


def _walk(folder: str, above: tuple[tuple[int, int], ...], on_error: OnError | None, recursive: bool) -> Iterator[str]:
    try:
        if is_remote(folder):
            entries = _level(folder)
        else:
            with _one_sentence(folder, "read"):
                status = Path(folder).stat()
                if (status.st_dev, status.st_ino) in above:
                    return
                above = (*above, (status.st_dev, status.st_ino))
                entries = iter(_entries(folder))
        for name, is_a_folder in entries:
            if is_a_folder:
                if recursive:
                    yield from _walk(join(folder, name), above, on_error, recursive)
            elif not whole_file.is_temporary(name):
                yield join(folder, name)
    except OSError as error:
        if on_error is None:
            raise
        on_error(error)


def _entries(folder: str) -> list[tuple[str, bool]]:
    """(name, whether it is a folder) of the files and folders of a local folder."""
    entries = []
    with os.scandir(folder) as found:
        for entry in found:
            try:
                mode = entry.stat().st_mode
            except OSError:  # a broken link: whoever reads it will say so
                mode = stat.S_IFREG
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                entries.append((entry.name, stat.S_ISDIR(mode)))
    return sorted(entries)


def _level(folder: str) -> Iterator[tuple[str, bool]]:
    """(name, whether it is a folder) of what lies directly in a remote folder, a page at a time from a bucket."""
    with _one_sentence(folder, "read"):
        filesystem, path = _filesystem(folder)
        if not _is_bucket(filesystem):
            entries = filesystem.ls(path, detail=True) if filesystem.isdir(path) else []  # a file lists itself
            yield from sorted(
                (entry["name"].rstrip("/").rsplit("/", 1)[-1], entry["type"] == "directory") for entry in entries
            )
            return
        bucket, _, inside = path.partition("/")  # s3fs's own listing holds the whole folder in memory
        prefix = f"{inside}/" if inside else ""
        more: dict[str, str] = {}
        while True:
            page = filesystem.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, Delimiter="/", **more)
            names = [(entry["Key"][len(prefix) :], False) for entry in page.get("Contents", ())]
            names += [(entry["Prefix"][len(prefix) : -1], True) for entry in page.get("CommonPrefixes", ())]
            yield from sorted(entry for entry in names if entry[0])  # the folder itself may be an empty object
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}


def _matches(folder: str, parts: list[str]) -> Iterator[str]:
    """What in the remote folder matches the pattern's parts, one for each level."""
    while len(parts) > 1 and not has_magic(parts[0]):
        folder, parts = join(folder, parts[0]), parts[1:]
    if not parts:
        return
    part, *rest = parts
    if part == "**":
        yield from _matches(folder, rest or ["*"])
    for name, is_a_folder in _level(folder):
        if name.startswith(".") and not part.startswith("."):
            continue
        if part == "**":
            if is_a_folder:
                yield from _matches(join(folder, name), parts)
        elif fnmatch.fnmatchcase(name, part):
            if not rest:
                yield join(folder, name)
            elif is_a_folder:
                yield from _matches(join(folder, name), rest)


def _filesystem(url: str) -> tuple[Any, str]:
    """fsspec's object for the URL's scheme, and the path by which it knows the file."""
    if url.lower().startswith("file://"):
        raise OSError(errno.EINVAL, "a local file is named by its path, without file://")
    try:
        from fsspec.core import url_to_fs  # only here: local files need none of it

        # More than one request at a time would mean one more for the size, and pieces of different moments.
        options = {"max_concurrency": 1} if url.lower().startswith(("s3://", "s3a://")) else {}
        filesystem, path = url_to_fs(url, **options)
    except ImportError as error:  # fsspec says which package the scheme needs
        raise OSError(errno.EINVAL, f"{_first_line(error)}; {EXTRA} gives what buckets need") from None
    return filesystem, path


def _is_bucket(filesystem: Any) -> bool:
    return hasattr(filesystem, "call_s3")


@contextlib.contextmanager
def _one_sentence(location: str, done: str) -> Iterator[None]:
    """Whatever goes wrong inside comes out as the OSError of its kind, saying what happened to which location."""
    try:
        yield
    except Exception as error:  # botocore's errors are no OSErrors, and other file systems have their own
        number = error.errno if isinstance(error, OSError) else None
        told = error.strerror if isinstance(error, OSError) else None
        if isinstance(error, FileNotFoundError):  # s3fs gives its own neither number nor words
            number = errno.ENOENT
            told = os.strerror(number)
        kind = (
            type(OSError(number, "")) if number else PermissionError if isinstance(error, PermissionError) else OSError
        )
        sentence = kind(f"{location} cannot be {done}: {told or _first_line(error)}")
        sentence.errno = number
        raise sentence from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
