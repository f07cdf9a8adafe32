"""Which sentences a question asks for that names a heading and nothing else: 退证, “作息与门禁”说了什么？"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from bot.question import Asked
from bot.types import Hit
from indexer.store import Index
from indexer.text import fold

NUMBERING = re.compile(
    r"^(?:[(（]?[一二三四五六七八九十\d]+[)）]|第?[一二三四五六七八九十\d]+[章节条部分]*[、.．\s])\s*"
)
# 二、结婚登记, of a text without Markdown.
PLAIN_HEADING = re.compile(r"^[一二三四五六七八九十]{1,3}、[^，,。；;：:！!？?\n]{1,25}$", re.MULTILINE)
# What a question says of a section without naming any matter of it.
_OF_A_SECTION = re.compile(
    "请问|介绍|关于|一下|主要|具体|内容|规定|要求|部分|方面|情况|什么|啥|哪些|怎么|如何|[请看查讲说写的了是有里中都呢]"
    r"|\b(?:what|does|do|is|are|in|the|about|section|say|says|tell|me)\b"
)


def beginning_of_section(index: Index, asked: Asked, hits: Sequence[Hit], count: int) -> list[int]:
    """The first rows of the section that the question asks for by its heading alone, `count` at most.

    A part of the document's title may stand beside it: 图书馆的入馆须知. None where no hit begins such a section, or
    two do: then what is asked is for their sentences to say.
    """
    read = {hit.number for hit in hits}
    found = []
    for hit in hits:
        title = index.documents[hit.chunk.doc_id].title
        sections = _sections(index, hit.number, title, read)
        found += [(_named(asked.text, name, title), rows) for name, rows in sections if rows]
    longest = max((length for length, _ in found), default=0)  # 图书馆的入馆须知 may be a title, and hold a heading
    named = [rows for length, rows in found if length == longest > 0]
    return named[0][:count] if len(named) == 1 else []


def _sections(index: Index, number: int, title: str, read: Collection[int]) -> Iterator[tuple[str, list[int]]]:
    """(name, rows) of the sections that begin in the chunk, the document being one, as far as they are read."""
    chunk = index.chunks[number]
    before = index.chunks[number - 1] if number else None
    begun = before.headings if before and before.doc_id == chunk.doc_id else ()
    own = len(_rows(index, number))
    whole: list[int] = []
    rows: list[int] = []
    at = number
    while at in read and index.chunks[at].doc_id == chunk.doc_id:
        whole += _rows(index, at)
        if index.chunks[at].headings[: len(chunk.headings)] == chunk.headings:
            rows = whole.copy()
        at += 1
    starts = [place for place, row in enumerate(rows) if PLAIN_HEADING.fullmatch(index.sentence_text(row))]
    for name in dict.fromkeys(chunk.headings):
        if name == title and name not in begun:
            yield name, [row for row in whole if not PLAIN_HEADING.fullmatch(index.sentence_text(row))]
        elif name not in begun:
            yield name, rows[: starts[0]] if starts else rows
    for place, after in pairwise([*starts, len(rows)]):
        if place < own:
            yield index.sentence_text(rows[place]), rows[place + 1 : after]


def _rows(index: Index, number: int) -> list[int]:
    """Of the chunk's sentences those that say something, not the rule of a table."""
    return [row for row in index.rows_of(number) if re.search(r"\w", index.sentence_text(row))]


def _named(question: str, heading: str, title: str) -> int:
    """How many characters of the question name the heading; 0 where it does not, or asks for anything else."""
    name = fold(NUMBERING.sub("", heading))
    if len(name) < 2 or name not in question:
        return 0
    rest = re.findall(r"\w+", _OF_A_SECTION.sub(" ", question.replace(name, " ", 1)))
    return len(name) * all(len(word) > 1 and word in fold(title) for word in rest)
