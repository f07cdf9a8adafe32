"""The lists of a text: the sentence that leads to one, and its items."""

import re
from dataclasses import dataclass

from indexer.text import Span, sentence_spans

_TENS = "一二三四五六七八九十"
# What an item begins with; the items of one list begin alike.
_SIGNS = (
    r"[-*+•·●○■□▪➢✓√]",
    r"\d{1,2}(?:[.．](?!\d(?!\d{3}年))|[、)）])",  # 1．2000年以后出版的, not 1.5元
    r"[(（]\d{1,2}[)）]",
    rf"[(（][{_TENS}]{{1,3}}[)）]",
    rf"[{_TENS}]{{1,3}}、",
    "[①-⑳]",
)
_ITEM = re.compile(rf"([ \t]*)(?:{'|'.join(f'({sign})' for sign in _SIGNS)})[ \t]*\S")
_LINE = re.compile(r"^[^\n]*\S", re.MULTILINE)
_LEADS = re.compile(r"[:：]\**$|如下[。.]?$")
_LONGEST = 600  # characters: a longer one is a chapter, whose sentences stand for themselves


@dataclass(frozen=True, slots=True)
class List:
    """Two items or more: where they stand, with the sentence that leads to them if one does, and that sentence."""

    span: Span
    lead: Span | None


def list_at(text: str, start: int) -> List | None:
    """The list that the sentence which begins there leads to or stands in; None where there is none, or a long one."""
    left = text.rfind("\n", 0, max(start - _LONGEST, 0)) + 1
    lines = [match.span() for match in _LINE.finditer(text, left, min(start + 2 * _LONGEST, len(text)))]
    here = next(number for number, (_, end) in enumerate(lines) if start < end)
    signs = [_sign(text[slice(*line)]) for line in lines]
    lead = _lead(text, lines[here])
    first = last = here + (lead is not None and lead[0] == start)
    own = signs[first] if first < len(lines) else None
    if own is None:
        return None
    belongs = [sign is not None and (sign == own or sign[0] > own[0]) for sign in signs]
    while last + 1 < len(lines) and belongs[last + 1]:
        last += 1
    while first and belongs[first - 1]:
        first -= 1
    first = signs.index(own, first)  # no item begins a list further in than the next one
    lead = _lead(text, lines[first - 1]) if first else None
    begin, end = lead[0] if lead else lines[first][0] + own[0], lines[last][1]
    return List((begin, end), lead) if first < last and end - begin <= _LONGEST else None


def is_item(text: str) -> bool:
    """It begins as an item of a list does."""
    return _ITEM.match(text) is not None


def item_lines(text: str) -> list[str]:
    """The text in lines, each item of a list one of its own; a line break that begins no item is white space."""
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and not _ITEM.match(line):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return [line for line in map(str.strip, lines) if line]


def _sign(line: str) -> tuple[int, int] | None:
    """(how far in, which of `_SIGNS`) of a line that is an item."""
    match = _ITEM.match(line)
    return (len(match[1]), match.lastindex or 0) if match else None


def _lead(text: str, line: Span) -> Span | None:
    """The last sentence of a line that leads to the next ones; a heading or a row of a table does not."""
    written = text[slice(*line)]
    if written.startswith(("#", "|")) or not _LEADS.search(written):
        return None
    start, end = sentence_spans(written)[-1]
    return line[0] + start, line[0] + end
