"""Bytes for a network that reads the picture: what its answers cost with each encoder and each map.

What a network answers on the decoded picture is compared with its answer on the clean one: KL(clean || compressed), or
how far features, maps or a detector's scores are from each other. Gains are bytes at the same mean of that, against
Pillow's standard tables; benchmarks/task_curves.py says how they are read off. The report "qf" is on QF maps and their
predictor, "machine" on purpose="machine" and each of its parts. Needs the extras [train] and [bench].
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import machine_task, qf_task
from .report import benchmark_parser

REPORTS = {"machine": machine_task.report, "qf": qf_task.report}


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    REPORTS[options.report](options)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = benchmark_parser(__doc__)
    parser.add_argument("report", choices=REPORTS)
    parser.add_argument(
        "--references", type=Path, metavar="DIR", help="folder with networks (default: without those in it)"
    )
    parser.add_argument("--trial", action="store_true", help="on photographs that are not set aside for judging")
    parser.add_argument("--jobs", type=int, default=1, help="processes that ask (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="of timing, of qf (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
