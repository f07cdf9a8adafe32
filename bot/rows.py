"""What a claim says of a table: the cells it puts together, and what their rows say.

Read as sentences (indexer/table.py) the rows are so much alike that a cell of the next row looks as well held as one of
the row that is meant, and with many columns a row is longer than any claim about it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, permutations

from bot.reading import Reading, readable
from indexer.table import Rows, said

_BREAK = re.compile(r"[,:](?!\d)|(?<!\d)[,:]|[;。!?…\n]")  # 1:03:22 and 1,200 are cells
_EACH = "分别"
_NUMBER_GOES_ON = r"[\d.,:%‰万亿千百十]"  # 5元 is not in 15元, nor 20 in 20万


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause of a claim, the cells and names of columns in it, and whether a cell is that of the clause before."""

    text: str
    cells: list[str]
    names: list[str]
    goes_on: bool


def mixed(claim: Reading, passage: Reading, tables: Sequence[Rows]) -> str:
    """What the first clause that does so puts together and no row has so, Chinese | English; or empty.

    Several cells of one column (甲和乙都是3元) have each their own rows.
    """
    for names, *rows in map(_folded, tables):
        for clause in _clauses(claim, names, rows):
            reason = _apart(clause.cells, rows)
            if len(clause.names) == 1:
                reason = reason or _in_another_column(clause.cells, rows, clause.names[0], names.index(clause.names[0]))
            if reason and (clause.goes_on or clause.text not in passage.text):
                return reason
    return ""


def told(claim: Reading, tables: Sequence[Rows]) -> str:
    """What the rows of the claim's cells say in the columns that it names or has a cell of; or empty."""
    sentences: dict[str, None] = {}
    for names, *rows in map(_folded, tables):
        for clause in _clauses(claim, names, rows):
            for row in rows:
                if clause.cells and len({*clause.cells} & {*row}) >= min(len(clause.cells), 2):
                    others = list(zip(names[1:], row[1:], strict=False))
                    asked = {cell for name, cell in others if name in clause.names}
                    meant = [one for one in others if one[0] in clause.names or one[1] in {*clause.cells} - asked]
                    sentences[said(row[0], meant or others)] = None
    return "\n".join(sentences)


def _clauses(claim: Reading, names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Iterator[_Clause]:
    """The clauses, of which 分别 makes one for each of those it tells of.

    A figure, or a cell and the name of its column, goes on with the row before: 杨绍辉获男子半程冠军，奖金5万元.
    """
    firsts, every = {row[0] for row in rows}, [cell for row in rows for cell in row]
    before: list[str] = []
    clauses = _BREAK.split(claim.text)
    for text in chain.from_iterable([one] if _EACH in one else one.split("、") for one in clauses):
        cells, named = _found(every, text), _found(names[1:], text)
        owners, theirs = (_found(every, part) for part in text.partition(_EACH)[::2])
        if _EACH in text and len(owners) > 1:
            # 教务处、后勤处的分机分别是8010、8020; where one is no cell nobody knows whose another is.
            for pair in zip(owners, theirs, strict=True) if len(owners) == len(theirs) else ():
                yield _Clause(text, [*pair], named, goes_on=False)
            continue
        goes_on = bool(before) and len(cells) == 1 and firsts.isdisjoint(cells) and bool(_counts(cells[0]) or named)
        if cells and not goes_on:
            before = [cell for cell in cells if not _counts(cell)]
        yield _Clause(text, [*before, *cells] if goes_on else cells, named, goes_on)


def _apart(cells: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    columns = {one: {at for row in rows for at, cell in enumerate(row) if cell == one} for one in cells}
    for cell, other in permutations(cells, 2):
        alike = [one for one in cells if columns[one] & columns[other]]
        if cell not in alike and not any({cell, one} <= {*row} for row in rows for one in alike):
            return f"表中“{cell}”与“{other}”不在一行 | “{cell}” and “{other}” are in different rows of the table"
    return ""


def _in_another_column(cells: Sequence[str], rows: Sequence[tuple[str, ...]], name: str, column: int) -> str:
    """首次 of 20元 where 20元 stands under 补办, and another figure under 首次."""
    for row in rows:
        given = row[column] if column < len(row) else ""
        others = [cell for cell in cells if cell != row[0] and _counts(cell) == _counts(given)]
        if given and others and {*cells} <= {*row} and given not in cells:
            return f"表中“{name}”是“{given}” | “{name}” is “{given}” in the table"
    return ""


@lru_cache(maxsize=256)
def _folded(rows: Rows) -> Rows:
    return tuple(tuple(map(readable, row)) for row in rows)


def _counts(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def _found(words: Iterable[str], clause: str) -> list[str]:
    """Those of the words that stand in the clause, in order, without any that is part of a longer one there."""
    longest_first = sorted({word for word in words if len(word) > 1}, key=len, reverse=True)
    either = "|".join(
        rf"{rf'(?<!{_NUMBER_GOES_ON})' if word[0].isdigit() else ''}{re.escape(word)}"
        rf"{rf'(?!{_NUMBER_GOES_ON})' if word[-1].isdigit() else ''}"
        for word in longest_first
    )
    return list(dict.fromkeys(re.findall(either, clause))) if either else []
