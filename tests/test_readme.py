"""What the README and the documents say is true: commands run, links and files are there."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from corridor.outputs.folder import OWNED

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
ROWS = re.findall(r"^\| (`[^|]+`) \|", README, flags=re.MULTILINE)
OUTPUTS = [name.rstrip("/") for row in ROWS for name in re.findall(r"`([^`]+)`", row)]
TOP = {
    "corridor",
    "layers",
    "maps",
    "tests",
    "data",
    "docs",
    "requirements",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "Makefile",
    "Containerfile",
}
MADE = {"out", "demo", "real", "build", "dist"}  # as in .gitignore


def run(block, language, folder):
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    command = ["bash", "-euo", "pipefail", "-c", block] if language == "sh" else [sys.executable, "-c", block]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_its_commands_run_in_order_in_an_empty_folder(tmp_path):
    for language, block in BLOCKS:
        if language in {"sh", "python"}:
            assert run(block, language, tmp_path)
    for study in ("demo", "study", "answers", "planned", "again"):
        found = {path.name for path in (tmp_path / study).iterdir()}
        assert {"map.html", "study.gpkg", "totals.csv", "run.json"} <= found
        assert found <= set(OUTPUTS), study


def test_the_table_names_what_a_study_folder_may_hold():
    assert set(OUTPUTS) == set(OWNED) - {"export"}
    assert len(OUTPUTS) == len(set(OUTPUTS))


def test_blocks_that_are_not_run_here_are_set_up_by_make():
    told = [line for language, block in BLOCKS if language == "console" for line in block.splitlines()]
    assert told == ["make demo", "pip install ."]
    assert {language for language, _ in BLOCKS} == {"console", "sh", "python"}


@pytest.mark.parametrize(
    "target", ["help", "demo", "test", "test-clients", "test-qgis", "bench", "lint", "pins", "clean"]
)
def test_make_knows_its_commands(target):
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("python", "word"),
    [
        ("exit 127", "found no ./python; expected Python 3.11"),
        ('[ "$1" = --version ] && echo Python 3.9.1 || exit 1', "found Python 3.9.1; expected Python 3.11"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt-get install python3-venv"),
    ],
)
def test_make_says_what_is_missing(tmp_path, python, word):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "all.txt").touch()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "python").write_text(f"#!/bin/sh\n{python}\n")
    (tmp_path / "python").chmod(0o755)
    command = ["make", "PYTHON=./python", "env"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert word in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    "document", sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]), ids=lambda p: p.name
)
def test_links_lead_somewhere(document):
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (document.parent / link).exists(), link


def test_the_top_of_the_tree_holds_what_belongs_there():
    found = {
        p.name for p in ROOT.iterdir() if not p.name.startswith(".") and not p.name.endswith(".egg-info")
    }
    assert found - MADE == TOP


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), flags=re.MULTILINE)[1]
    logged = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[
        1
    ]
    assert project == cited == logged


def test_pins_are_hashed_and_name_no_host():
    pins = (ROOT / "requirements" / "all.txt").read_text()
    assert not re.search(r"https?://|--index|--extra-index|--find-links", pins)
    packages = re.split(r"^(?=[a-z0-9])", pins, flags=re.MULTILINE)[1:]
    assert len(packages) > 50
    assert all("==" in package and "--hash=sha256:" in package for package in packages)
