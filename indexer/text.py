"""Chinese text as pure functions: where sentences and sections begin and end, and how a search key is folded.

Every function that cuts text returns offsets into the text it was given; none returns a changed copy to cite from.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise, product
from typing import Any

Span = tuple[int, int]

_TERMINATOR = "。｡！？!?…"
CLOSERS = frozenset("”’」』）)》〉】〕］]")
_CLOSER = f"[{re.escape(''.join(sorted(CLOSERS)))}]"
# An ASCII full stop ends a sentence only before white space, and not after a capital (initials) or another full stop.
# Nor does an ASCII mark inside a web address or a file name, or before an image: form?id=3, a!b.txt, ![图](…
_NO_END = r"(?<=[A-Za-z0-9/_%=])[!?](?=[A-Za-z0-9/_%=&#])|!(?=\[)"
# Bold that ends with it is of it: **问：要钱吗？**
_BOLD = r"(?:\*{1,3}(?=\s|\Z))?"
# Nor behind the number of an item: 1. 居民户口簿
_ITEM = "".join(
    f"(?<!{start}{indent}{digits})"
    for start, indent, digits in product((r"\A", r"\n"), ("", " ", "  ", "   ", r"\t"), (r"\d", r"\d\d"))
)
SENTENCE_END = re.compile(
    rf"(?!{_NO_END})[{_TERMINATOR}](?:[{_TERMINATOR}]|{_CLOSER})*{_BOLD}|(?<=[^\sA-Z.]){_ITEM}\.{_CLOSER}*(?=\s|$)"
)
# A line break ends one too, unless an English line goes on in lower case.
_LINE_BREAK = re.compile(r"\n+(?![a-z])")
_STRAIGHT_PAIR = re.compile(r'"([^"\n]*)"')
# Text inside a title or brackets is never cut (《谁动了我的奶酪？》); 100 characters bound the harm of an unclosed one.
_BRACKETED = re.compile(r"[《〈（(【〔][^《〈（(【〔》〉）)】〕\n]{0,100}[》〉）)】〕]")
_GOES_ON, _GOES_ON_BEHIND_QUOTE = frozenset("，,、；;：:"), frozenset("的之等")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S(?:[^\n]*\S)?)[ \t]*$", re.MULTILINE)
# No title: a sentence, an address (各位家长：), a Markdown heading, list, quote, rule or table, one of many items.
_CLOSED = re.compile(r"[。！？!?；;：:，,…][”’」』）)]*$")
_MARKED = re.compile(r"[#>|`~*+=-]|\d+(?:[、)）]|[.．](?!\d))|\d{4}[-/.]\d|[(（]?[一二三四五六七八九十]+[、)）]")
_LONGEST_HEADLINE = 60  # characters
_CLOSING_MARKS = re.compile(r"[ \t]#+$")
FENCE = re.compile(r"^(```|~~~).*?(?:^\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)


def normal_text(text: str) -> str:
    """The text as documents hold it: in NFC, with LF line ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences in order, without white space at their ends; every other character is in exactly one."""
    text = _STRAIGHT_PAIR.sub(r"“\1”", text)  # the same length, and it says which quote closes
    cuts = {0, len(text)}
    cuts.update(match.end() for match in _LINE_BREAK.finditer(text))
    cuts.update(offset for span, _, _ in heading_lines(text) for offset in span)
    sealed = [match.span() for match in _BRACKETED.finditer(text)]
    position = 0
    for match in SENTENCE_END.finditer(text):
        while position < len(sealed) and sealed[position][1] <= match.start():
            position += 1
        inside = position < len(sealed) and sealed[position][0] < match.start()
        end = match.end()
        if not inside and not sentence_goes_on(text[end - 1], text[end : end + 1]):
            cuts.add(end)
    bounds = sorted(cuts)
    spans = []
    for start, end in pairwise(bounds):
        piece = text[start:end]
        stripped = piece.strip()
        if stripped:
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, left + len(stripped)))
    return spans


def sentence_goes_on(last: str, following: str) -> bool:
    """A sentence that seems to end with the last character goes on with the following: “何为安全？”的问题, 甲！，乙"""
    return following in _GOES_ON or (last in CLOSERS and following in _GOES_ON_BEHIND_QUOTE)


def heading_lines(text: str) -> Iterator[tuple[Span, int, str]]:
    """Markdown headings outside code fences: (span of the line, level 1-6, title)."""
    fences = FENCE.finditer(text)
    fence = next(fences, None)
    for match in _HEADING.finditer(text):
        while fence and fence.end() <= match.start():
            fence = next(fences, None)
        if not fence or match.start() < fence.start():
            yield match.span(), len(match[1]), _CLOSING_MARKS.sub("", match[2]).rstrip()


def headline(text: str) -> Span | None:
    """The first line of a plain text, if it reads as its title: short, no sentence, and set off from what follows.

    An empty line sets it off, or two lines half as long again below it: those of a wrapped paragraph are of one length.
    """
    start = len(text) - len(text.lstrip())
    line, _, below = text[start:].partition("\n")
    title = line.rstrip()
    if (
        len(title) > _LONGEST_HEADLINE
        or not re.search(r"\w", title)
        or _CLOSED.search(title)
        or _MARKED.match(title)
        or not re.match(r"\s*[^\sa-z]", below)  # an English sentence goes on in lower case, as in `_LINE_BREAK`
    ):
        return None
    lines = below.split("\n")
    longer = sum(len(one.strip()) > 1.5 * len(title) for one in lines)
    return (text.rfind("\n", 0, start) + 1, start + len(title)) if not lines[0].strip() or longer > 1 else None


def substituted(text: str, parts: Mapping[Span, str]) -> str:
    """The text with other words at these spans; one that overlaps the next ends where that begins."""
    behind = len(text)
    for (start, end), part in sorted(parts.items(), reverse=True):
        text = f"{text[:start]}{part}{text[min(end, behind) :]}"
        behind = start
    return text


@cache
def _to_simplified() -> Any:
    import opencc  # 2 MB of tables, read at the first use

    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """The text in simplified characters, so that either script finds the other."""
    return str(_to_simplified().convert(text))


def fold(text: str) -> str:
    """A search key: NFKC, lower case, simplified characters. Never shown and never stored: it moves offsets."""
    return simplify(unicodedata.normalize("NFKC", text).casefold())


def one_line(text: str) -> str:
    """The text in one line, without the characters that would steer a terminal. Only to show it."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in " ".join(text.split()))
