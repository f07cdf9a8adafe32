"""Tables of a text: where their cells stand, and what a row says once it is read with the names of its columns."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat

from indexer.text import Span

Rows = tuple[tuple[str, ...], ...]  # of a table: the names of the columns, and below them the cells of rows

_RULE = r"[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?"
_TABLE = re.compile(rf"^([^\n|]*\|[^\n]*)\n(?=[^\n]*\|){_RULE}(?:\n|\Z)((?:[^\n|]*\|[^\n]*(?:\n|\Z))*)", re.MULTILINE)
_LONGEST_LINE = 2000  # characters that name columns: each row that is cited is shown with them
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# A unit behind the name of a column: 总产量（吨）, 面积(万平方米).
_UNIT = re.compile(
    r"[ \t]*[（(]((?:[十百千万亿]|平方|立方)*"
    r"(?:[元人个名户家亩吨米升度克件次天日岁台辆间所座%％℃㎡]|公[里斤顷]|千[米克瓦]|毫[米升克]|厘米|小时|分钟|人次|[kcm]?m[²³]?|kg))[)）]$"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Where the rows of a table stand, where the line of its columns' names, and the names, which may be empty."""

    rows: Span
    line: Span
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """text[start:end]; of a table with the cells that name its columns and those of its rows that are in it."""

    start: int
    end: int
    names: tuple[Span, ...] = ()  # none: no table
    rows: tuple[tuple[Span, ...], ...] = ()


def table_at(text: str, place: int) -> Table | None:
    """The table, with names for its columns, that has a row there."""
    tables = _tables(text)
    number = bisect_right(tables, place, key=lambda table: table.rows[0]) - 1
    table = tables[number] if number >= 0 else None
    return table if table and place < table.rows[1] and any(table.names) else None


def parts(text: str, start: int, end: int) -> list[Part]:
    """text[start:end] in parts that join back to it: tables, and what stands around them.

    One whose columns have names without end is not taken for a table. A row that begins or ends outside has only what
    of its cells is inside, and the first cell.
    """
    found = []
    for table in _tables(text):
        line = text.rfind("\n", 0, table.line[0]) + 1
        left, right = max(start, line), min(end, table.rows[1])
        if left >= right or table.line[1] - table.line[0] > _LONGEST_LINE:
            continue
        found += [Part(start, left)] if start < left else []
        rows = []
        at = table.rows[0]
        while at < right:
            behind = text.find("\n", at) + 1 or len(text)
            if behind > left:
                first, *others = _cells(text, at)
                rows.append((first, *((max(low, left), max(low, left, min(high, right))) for low, high in others)))
            at = behind
        found.append(Part(left, right, tuple(_cells(text, line)), tuple(rows)))
        start = right
    return found + ([Part(start, end)] if start < end else [])


def texts(text: str, cells: Iterable[Span]) -> list[str]:
    """What the cells show."""
    return [cell_text(text[start:end]) for start, end in cells]


def cell_text(cell: str) -> str:
    """What the cell shows: a bar that is none between cells stands there without its backslash."""
    return cell.replace("\\|", "|")


def tables_in(text: str, spans: Iterable[Span]) -> tuple[Rows, ...]:
    """The tables that have a row, or a part of one, at one of these spans, with these rows.

    A unit in the name of a column is put behind the figures.
    """
    tables: dict[Table, dict[int, tuple[str, ...]]] = {}
    for place, _ in spans:
        if table := table_at(text, place):
            start = text.rfind("\n", 0, place) + 1
            cells = zip(chain(table.names, repeat("")), _cells(text, start), strict=False)
            tables.setdefault(table, {})[start] = tuple(_with_unit(name, text[slice(*cell)])[1] for name, cell in cells)
    return tuple(
        (tuple(_UNIT.sub("", name) for name in table.names[: max(map(len, rows.values()))]), *rows.values())
        for table, rows in tables.items()
    )


def as_read(text: str, start: int, end: int) -> str:
    """What text[start:end] says; the row of a table, or a part of it, with its first cell and the names of its columns.

    `| 教务处 | 周敏 | 8010 |` says 教务处，负责人是周敏，分机是8010; below 总产量（吨） `6900` says 总产量是6900吨.
    """
    table = table_at(text, start)
    if not table:
        return text[start:end]
    (first, last), *others = _cells(text, text.rfind("\n", 0, start) + 1)
    inside = [text[max(left, start) : min(right, end)] for left, right in others]
    names = chain(table.names[1:], repeat(""))
    return said(text[first:last], map(_with_unit, names, inside))


def said(first: str, others: Iterable[tuple[str, str]]) -> str:
    """A row as a sentence: its first cell, and (name of the column, cell) of others; empty ones are left out."""
    cells = [f"{name}{': ' if name.isascii() else '是'}{cell}" if name else cell for name, cell in others if cell]
    return "，".join([first, *cells] if first else cells) + "。"


def _with_unit(name: str, cell: str) -> tuple[str, str]:
    unit = _UNIT.search(name)
    return (name[: unit.start()], cell + unit[1]) if unit and _NUMBER.fullmatch(cell) else (name, cell)


@lru_cache(maxsize=256)
def _tables(text: str) -> list[Table]:
    found = []
    for match in _TABLE.finditer(text):
        line = text[slice(*match.span(1))]
        left = match.start() + len(line) - len(line.lstrip())
        names = tuple(text[first:last] for first, last in _cells(text, match.start()))
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
