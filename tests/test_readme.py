"""The README's commands: each runs, in the order in which a reader would type them."""

from __future__ import annotations

import re
import shlex
from itertools import chain
from pathlib import Path

import pytest
from click.testing import CliRunner
from helper import photograph

from pyregjpeg.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
OUTLINE = [
    "Generating a map",
    "Compressing with a map",
    "Training your own model",
    "Evaluating metrics",
    "What a MSROI map is and is not",
    "Questions about standard JPEG",
]
WITH_COMMANDS = [
    "Generating a map",
    "Compressing with a map",
    "For a network that reads the picture",
    "Folders",
    "Evaluating metrics",
]


def section(heading: str) -> str:
    return README.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_outline_is_that_of_the_2017_system() -> None:
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)
    assert [heading for heading in headings if heading in OUTLINE] == OUTLINE


def test_its_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photograph("astronaut").resize((480, 480)).save("photo.png")
    photograph("astronaut").resize((480, 480)).save("photo.jpg", quality=90)
    ran = 0
    for heading in WITH_COMMANDS:
        for program in blocks(section(heading), "python"):
            exec(program, {})
            ran += 1
        for line in "".join(blocks(section(heading), "sh")).splitlines():
            name, *words = shlex.split(line, comments=True)
            if name != "pyregjpeg":
                continue
            expanded = [sorted(map(str, Path().glob(word))) if "*" in word else [word] for word in words]
            result = CliRunner().invoke(main, list(chain.from_iterable(expanded)))
            assert result.exit_code == 0, f"{line}: {result.output}"
            ran += 1
    assert ran >= 10
    sizes = [Path(name).stat().st_size for name in ("smaller/photo.jpg", "photo.jpg", "photo.png")]
    assert sizes == sorted(set(sizes))


def test_every_file_that_it_links_to_is_there() -> None:
    pages = [Path("README.md"), Path("benchmarks/GALLERY.md"), Path("benchmarks/README.md")]
    root = Path(__file__).parents[1]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#]+)\)", (root / page).read_text("utf-8"))
        if "://" not in link
    ]
    assert len(links) > 10
    assert not [f"{page}: {link}" for page, link in links if not (root / page.parent / link).exists()]
