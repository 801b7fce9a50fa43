"""The house keeps its shape: imports go down a floor, files stay small, importing the package stays cheap."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "pyregjpeg").glob("*.py"))
FOLDERS = ("pyregjpeg", "csrc", "tests", "benchmarks", "training")
PYTHON_SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]
C_SOURCES = sorted((ROOT / "csrc").glob("*.[ch]"))

FLOORS = (
    {"errors", "whole_file", "disk_table", "_native"},
    {
        *("native", "pixels", "region_map", "quantization", "metadata", "metrics", "storage"),
        *("model_card", "network", "corrections", "packing"),
    },
    {"markers", "scan", "map_files", "picture_files", "qf_planes", "qf_segment"},
    {"reader", "carried", "visualize", "perceptual_metrics", "journal", "qf_model", "qf_predictor"},
    {"map_model", "perceptual", "machine_tables"},
    {"options", "comparison"},
    {"picture_map"},
    {"level_rule", "machine_rule"},
    {"table_kinds"},
    {"chosen_tables"},
    {"codec"},
    {"overhead_free", "transcoding", "settings", "qf_inspection"},
    {"plugin", "inspection", "target_size"},
    {"conversion"},
    {"cluster_batch"},
    {"cluster_crew"},
    {"cluster"},
    {"batch"},
    {"cli", "cli_convert", "cli_decode", "cli_inspect", "progress", "__main__", "__init__"},
)
FLOOR_OF = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
TOP = len(FLOORS) - 1


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_rooms(source: str) -> set[str]:
    """The modules of this package that a module of it imports, wherever in it the import stands."""
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "pyregjpeg"):
            path = (node.module or "").removeprefix("pyregjpeg").strip(".")
            rooms |= {path.split(".")[0]} if path else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            rooms |= {[*name, "__init__"][1] for name in names if name[0] == "pyregjpeg"}
    return rooms


def loaded_by(statement: str) -> set[str]:
    """The names of the modules that a fresh interpreter has loaded after the statement."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("from . import native, pixels", {"native", "pixels"}),
        ("from .errors import MapError", {"errors"}),
        ("def f():\n    from pyregjpeg.codec import encode", {"codec"}),
        ("import numpy, pyregjpeg.batch", {"batch"}),
        ("from pyregjpeg import cli", {"cli"}),
        ("import pyregjpeg", {"__init__"}),
    ],
)
def test_this_test_sees_every_way_to_import(source: str, rooms: set[str]) -> None:
    assert imported_rooms(source) == rooms


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_a_floor(path: Path) -> None:
    assert path.stem in FLOOR_OF


@pytest.mark.parametrize("path", [path for path in MODULES if FLOOR_OF.get(path.stem) != TOP], ids=name_of)
def test_a_module_imports_only_from_floors_below_its_own(path: Path) -> None:
    floor = FLOOR_OF[path.stem]
    too_high = {room for room in imported_rooms(path.read_text("utf-8")) if FLOOR_OF.get(room, TOP) >= floor}
    assert not too_high


@pytest.mark.parametrize("path", PYTHON_SOURCES + C_SOURCES, ids=name_of)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", PYTHON_SOURCES, ids=name_of)
def test_a_python_file_opens_with_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", C_SOURCES, ids=name_of)
def test_a_c_file_opens_with_a_comment(path: Path) -> None:
    assert path.read_text("utf-8").startswith("/*")


@pytest.mark.parametrize("heavy", ["onnxruntime", "torch", "matplotlib", "click", "scipy", "fsspec", "distributed"])
def test_importing_the_package_does_not_import_what_only_some_calls_need(heavy: str) -> None:
    assert heavy not in loaded_by("import pyregjpeg")


def test_a_save_with_a_map_does_not_import_onnxruntime() -> None:
    save = (
        "import io, pyregjpeg; from PIL import Image; image = Image.new('L', (9, 9))\n"
        "image.save(io.BytesIO(), 'REGIONJPEG', region_map=[(0, 0, 5, 5)])"
    )
    assert "onnxruntime" not in loaded_by(save)


def test_no_tracked_file_names_a_place_on_one_machine() -> None:
    git = shutil.which("git")
    files = PYTHON_SOURCES + C_SOURCES
    if git is not None and (ROOT / ".git").exists():
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    machine_path = re.compile(rb"(?<![\w.$}])/(?:work|home|root|Users)/\w")
    found = [name_of(path) for path in files if path.is_file() and machine_path.search(path.read_bytes())]
    assert not found
