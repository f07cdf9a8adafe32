"""Candidates for cases → those that a person keeps, asked one by one in the terminal."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from eval.draft import Draft
from indexer.text import one_line


def accept(offered: Sequence[Draft], out: Path, held: set[str], unasked: bool) -> int:
    """Writes the accepted ones to the file as they are accepted; their number. Ends at q, Ctrl-C or the last answer."""
    no_terminal = click.UsageError("没有终端可以问；请在终端里运行，或加 --all | no terminal to ask on: add --all")
    if offered and not unasked and sys.stdin is None:
        raise no_terminal
    accepted, answered = 0, unasked
    try:
        for number, one in enumerate(offered, 1):
            question = one.question if unasked else _decided(one, f"{number}/{len(offered)}")
            if question is None:
                break
            answered = True
            if question and question not in held:
                append(out, {**one.row, "question": question})
                held.add(question)
                accepted += 1
    except click.Abort:
        if not answered and not sys.stdin.isatty():
            raise no_terminal from None
        click.echo()
    return accepted


def _decided(one: Draft, place: str) -> str | None:
    """The question to keep, as a person left it; empty to skip the candidate, None to stop."""
    click.echo(f"\n{place}  {one.kind}  {one_line(one.question)}")
    if one.quote:
        click.echo(f"  出处 expected: {one_line(one.quote)}")
        click.echo(f"  必含 must hold: {one_line(one.must) or '–'}")
    else:
        click.echo(f"  应当拒答 should be refused: {one_line(one.swapped)}?")
    keys = click.Choice(["y", "e", "n", "q"], case_sensitive=False)
    key = click.prompt("  收 accept y / 改 edit e / 弃 skip n / 退 quit q", type=keys, show_choices=False)
    if key == "e":
        return _edited(one.question)
    return {"y": one.question, "n": "", "q": None}[key]


def _edited(question: str) -> str:
    """The question as typed; on a terminal the draft stands in the line to be changed."""
    if not sys.stdin.isatty():
        return one_line(click.prompt("  问题 question"))
    import readline

    readline.set_startup_hook(lambda: readline.insert_text(one_line(question)))
    try:
        return one_line(click.prompt("  问题 question"))
    finally:
        readline.set_startup_hook()


def append(path: Path, row: dict[str, Any]) -> None:
    """Writes the row as the file's last line, after one that someone left without its end too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(max(file.tell() - 1, 0))
        line = b"" if file.read(1) in {b"", b"\n"} else b"\n"
        file.write(line + json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")
