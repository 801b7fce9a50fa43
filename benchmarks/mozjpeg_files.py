"""A command line around pyvips: JPEG files to mozjpeg's, in threads, with what else they carry.

`batch` runs it as the other programs are run: nobody ships one that does no more than this.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from . import peers


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--quality", type=int, default=75)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    convert = partial(peers.mozjpeg_file, folder=options.output, quality=options.quality)
    with ThreadPoolExecutor(options.threads) as pool:
        list(pool.map(convert, options.files))


if __name__ == "__main__":
    main()
