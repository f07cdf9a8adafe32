"""Tables of a text: what a row says once it is read with the names of its columns. Nothing here is shown or cited."""

import re
from bisect import bisect_right
from functools import lru_cache

from indexer.text import Span

_RULE = r"[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?"
_TABLE = re.compile(rf"^[^\n|]*\|[^\n]*\n(?=[^\n]*\|){_RULE}(?:\n|\Z)((?:[^\n|]*\|[^\n]*(?:\n|\Z))*)", re.MULTILINE)


def as_read(text: str, start: int, end: int) -> str:
    """What text[start:end] says; the row of a table, or a part of it, with its first cell and the names of its columns.

    `| 教务处 | 周敏 | 8010 |` says 教务处，负责人是周敏，分机是8010.
    """
    tables = _tables(text)
    number = bisect_right(tables, start, key=lambda table: table[0][0]) - 1
    if number < 0 or start >= tables[number][0][1]:
        return text[start:end]
    names = tables[number][1]
    (first, last), *others = _cells(text, text.rfind("\n", 0, start) + 1)
    said = [text[first:last]] if first < last else []
    for (left, right), name in zip(others, [*names[1:], *[""] * len(others)], strict=False):
        part = text[max(left, start) : min(right, end)]
        if part:
            said.append(f"{name}{': ' if name.isascii() else '是'}{part}" if name else part)
    return "，".join(said) + "。"


@lru_cache(maxsize=256)
def _tables(text: str) -> list[tuple[Span, tuple[str, ...]]]:
    """(span of the rows, names of the columns) of every table whose columns have names."""
    found = []
    for match in _TABLE.finditer(text):
        names = tuple(text[left:right] for left, right in _cells(text, match.start()))
        if any(names):
            found.append((match.span(1), names))
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
