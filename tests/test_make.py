"""`make` on machines that lack something says so in one line; where all is there, it does nothing twice."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files make needs, in a path with a space, not installed."""
    folder = tmp_path / "with space"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, capture_output=True, text=True, check=False, env=environment, timeout=60
    )


def fake_python(folder: Path, answers_version: bool) -> str:
    """A python3 that is too old, or one without venv."""
    path = folder / "python-fake"
    path.write_text(f'#!/bin/sh\ncase "$2" in *version_info*) exit {0 if answers_version else 1};; esac\nexit 1\n')
    path.chmod(0o755)
    return f"PYTHON=./{path.name}"


def error_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 2
    return [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]


@pytest.mark.parametrize("target", ["chat", "test", "install"])
def test_an_old_python(checkout: Path, target: str) -> None:
    (line,) = error_lines(make(checkout, target, fake_python(checkout, answers_version=False)))
    assert "./python-fake is not Python 3.11 or newer: install one" in line


def test_no_python_at_all(checkout: Path) -> None:
    (line,) = error_lines(make(checkout, "chat", "PYTHON=no-such-python"))
    assert "no-such-python is not Python 3.11 or newer" in line


def test_no_venv_module(checkout: Path) -> None:
    (line,) = error_lines(make(checkout, "chat", fake_python(checkout, answers_version=True)))
    assert "has no venv module: install it, e.g. apt install python3-venv" in line


def test_an_installed_checkout_is_not_installed_again(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/core.stamp").touch()
    done = make(checkout, "install", "PYTHON=no-such-python")
    assert (done.returncode, done.stderr) == (0, "")
    assert "installed" in done.stdout
