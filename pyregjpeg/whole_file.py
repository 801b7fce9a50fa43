"""A local file that is made or replaced completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
from pathlib import Path

NAME_MAX = 255  # bytes of a file name that the file systems of Linux and macOS take
UNFINISHED = ".partial"


def write(path: Path, content: bytes) -> None:
    """Write under a temporary name in the same folder, and rename when the bytes are on the disk.

    The folder is made where it does not exist. What replaces a file has its owner and permissions; a symbolic link goes
    on pointing at the file that it points at, which is the one replaced. Raises OSError.
    """
    replaced = path.stat() if path.exists() else None
    if replaced is not None and not stat.S_ISREG(replaced.st_mode):  # /dev/stdout, a pipe: nothing to rename over
        path.write_bytes(content)
        return
    if replaced is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only")
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(temporary_name(target.name))
    descriptor = _open_locked(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.truncate()
            file.write(content)
            file.flush()
            if replaced is not None:
                with contextlib.suppress(PermissionError):  # only root may give a file to its old owner
                    os.fchown(descriptor, replaced.st_uid, replaced.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(replaced.st_mode))
            os.fsync(descriptor)
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)  # or the new name may be lost with the power


def append(path: Path, content: bytes, *, sync: bool) -> None:
    """Add to the end of the file, which is made where it does not exist; with `sync`, on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def temporary_name(name: str) -> str:
    """The same one at every attempt, so that a second run takes what a killed one has left behind."""
    temporary = f".{name}{UNFINISHED}"
    if len(os.fsencode(temporary)) <= NAME_MAX:
        return temporary
    return f".{hashlib.sha256(os.fsencode(name)).hexdigest()}{UNFINISHED}"


def is_temporary(name: str) -> bool:
    """Whether `temporary_name` makes such names."""
    return name.startswith(".") and name.endswith(UNFINISHED)


def _open_locked(temporary: Path) -> int:
    """The temporary file, opened for writing by nobody else until it is closed.

    Two processes may well have the same file in hand: a cluster gives what a worker was doing to another one when the
    first does not answer, though it may still live.
    """
    while True:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):  # the one who had the lock has renamed the file meanwhile
            if os.path.samestat(os.fstat(descriptor), temporary.lstat()):
                return descriptor
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
