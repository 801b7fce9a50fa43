"""Fill a folder with the photographs of the benchmarks: Debian packages unpacked, public repositories cloned.

Debian packages come through apt-get, which must know the release bookworm; nothing is installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .photographs import SETS, add_photographs_option

REPOSITORIES_VARIABLE = "PYREGJPEG_REPOSITORIES"
PUBLIC_REPOSITORIES = "https://github.com/{owner}/{name}"


def fetch_package(package: str, folder: Path) -> None:
    """Unpack a Debian package into `folder` without installing it."""
    with tempfile.TemporaryDirectory() as download:
        subprocess.run(["apt-get", "download", package], cwd=download, check=True)
        (archive,) = Path(download).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)


def fetch_repository(repository: str, folder: Path, location: str) -> None:
    """Clone "owner/name" from `location`, which has {owner} and {name} in it."""
    owner, name = repository.split("/")
    subprocess.run(["git", "clone", "--depth", "1", location.format(owner=owner, name=name), folder], check=True)


def fetch_set(set_name: str, root: Path, location: str) -> None:
    """Everything the set needs that is not in the folder `root` yet."""
    photograph_set = SETS[set_name]
    for package in photograph_set.packages:
        folder = root / "deb" / package
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            fetch_package(package, folder)
    for repository in photograph_set.repositories:
        folder = root / repository.split("/")[1]
        if not folder.is_dir():
            root.mkdir(parents=True, exist_ok=True)
            fetch_repository(repository, folder, location)
    print(f"{set_name}: {len(photograph_set.list_photographs(root))} photographs in {root}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"one or more of {', '.join(SETS)} (default: all)")
    parser.add_argument(
        "--repositories",
        default=os.environ.get(REPOSITORIES_VARIABLE, PUBLIC_REPOSITORIES),
        metavar="LOCATION",
        help=f"where repositories are cloned from (default: ${REPOSITORIES_VARIABLE}, or {PUBLIC_REPOSITORIES})",
    )
    add_photographs_option(parser)
    options = parser.parse_args(arguments)
    unknown = set(options.sets) - set(SETS)
    if unknown:
        parser.error(f"there is no set {', '.join(sorted(unknown))}; choose from {', '.join(SETS)}")
    for set_name in options.sets or SETS:
        fetch_set(set_name, options.photographs, options.repositories)


if __name__ == "__main__":
    main()
