"""Tables of a text: what a row says once it is read with the names of its columns. Nothing here is shown or cited."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from indexer.text import Span

_RULE = r"[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?"
_TABLE = re.compile(rf"^([^\n|]*\|[^\n]*)\n(?=[^\n]*\|){_RULE}(?:\n|\Z)((?:[^\n|]*\|[^\n]*(?:\n|\Z))*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose columns have names: where its rows stand, where the line of the names, and the names."""

    rows: Span
    line: Span
    names: tuple[str, ...]


def table_at(text: str, place: int) -> Table | None:
    """The table that has a row there."""
    tables = _tables(text)
    number = bisect_right(tables, place, key=lambda table: table.rows[0]) - 1
    return tables[number] if number >= 0 and place < tables[number].rows[1] else None


def as_read(text: str, start: int, end: int) -> str:
    """What text[start:end] says; the row of a table, or a part of it, with its first cell and the names of its columns.

    `| 教务处 | 周敏 | 8010 |` says 教务处，负责人是周敏，分机是8010.
    """
    table = table_at(text, start)
    if not table:
        return text[start:end]
    (first, last), *others = _cells(text, text.rfind("\n", 0, start) + 1)
    said = [text[first:last]] if first < last else []
    for (left, right), name in zip(others, [*table.names[1:], *[""] * len(others)], strict=False):
        part = text[max(left, start) : min(right, end)]
        if part:
            said.append(f"{name}{': ' if name.isascii() else '是'}{part}" if name else part)
    return "，".join(said) + "。"


@lru_cache(maxsize=256)
def _tables(text: str) -> list[Table]:
    found = []
    for match in _TABLE.finditer(text):
        line = text[slice(*match.span(1))]
        left = match.start() + len(line) - len(line.lstrip())
        names = tuple(text[first:last] for first, last in _cells(text, match.start()))
        if any(names):
            found.append(Table(match.span(2), (left, match.start() + len(line.rstrip())), names))
    return found


def _cells(text: str, start: int) -> list[Span]:
    """The cells of the row that begins there, without white space at their ends; the first may be empty."""
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    inner = line.strip().removeprefix("|")
    at = start + line.index(inner) if inner else start
    spans = []
    for cell in re.split(r"(?<!\\)\|", inner.removesuffix("|")):
        left = at + len(cell) - len(cell.lstrip())
        spans.append((left, max(left, at + len(cell.rstrip()))))
        at += len(cell) + 1
    return spans
