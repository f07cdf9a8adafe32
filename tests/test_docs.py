"""What the documents say is there is there, and the other way round."""

import re
from pathlib import Path

import click
import pytest

from bot.app import main

ROOT = Path(__file__).parent.parent
READMES = ["README.md", "README.zh.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READMES)
def test_readme_has_the_two_commands_and_a_screenshot(name: str) -> None:
    text = read(name)
    assert "make chat" in text
    assert "make test" in text
    assert (ROOT / "docs/screenshot.png").read_bytes().startswith(b"\x89PNG")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("name", [*READMES, "docs/architecture.md"])
def test_every_command_is_documented(name: str) -> None:
    for command in main.list_commands(None):
        assert re.search(rf"jiawen {command}\b|make {command}\b", read(name)), command


def test_every_module_is_in_the_layout() -> None:
    layout = read("docs/architecture.md").split("## Layout")[1].split("## ")[0]
    for package in ("indexer", "bot", "eval"):
        for path in (ROOT / package).glob("[!_]*.py"):
            assert re.search(rf"^  {path.name}\s", layout, re.MULTILINE), path
    for name in re.findall(r"^  (\w+\.py)", layout, re.MULTILINE):
        assert list(ROOT.glob(f"*/{name}")), name


@pytest.mark.parametrize("name", READMES)
def test_every_command_line_in_the_readme_parses(name: str) -> None:
    import shlex

    for line in re.findall(r"^\.venv/bin/jiawen (.+)$", read(name), re.MULTILINE):
        command, *arguments = shlex.split(line, comments=True)
        arguments = ["-" if argument == "questions.txt" else argument for argument in arguments]
        found = main.get_command(None, command)
        if isinstance(found, click.Group) and arguments and arguments[0] in found.commands:
            command, *arguments = arguments
            found = found.commands[command]
        assert found.make_context(command, arguments).params
