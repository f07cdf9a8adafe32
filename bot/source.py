"""The page of one document, with the cited span marked: where every citation leads; the reader shows its <main>."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from html import escape
from itertools import takewhile
from typing import Literal

from bot.types import written_date
from indexer.table import Part, cell_text, parts
from indexer.text import sentence_spans
from indexer.types import Document

FONT = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
# A table wider than the page scrolls within its box.
TABLE_STYLE = """
.table { overflow: auto hidden; margin: .6rem 0; }
table { border-collapse: collapse; width: max-content; max-width: max(100%, 42rem); }
th, td { text-align: start; vertical-align: top; padding: .3rem .6rem; border: 1px solid #8888; }
:is(th, td):not(:empty) { min-width: 4.5em; overflow-wrap: break-word; }
@media print { .table { overflow: visible; } table { max-width: 100%; } }
"""
# Characters that make what follows run the other way: text could be shown as what it is not.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MOST_COMPARED = 40_000  # pairs of sentences: 0.1 s at worst
_STYLE = """
:root { color-scheme: light dark; }
body {
  font: 16px/1.8 FONT;
  margin: 0 auto; max-width: 44rem; padding: 1rem; overflow-wrap: anywhere; line-break: strict;
}
h1 { font-size: 1.25rem; line-height: 1.4; } h2, h3, h4, h5, h6 { font-size: 1.05rem; }
.about { opacity: .75; font-size: .875rem; } p { margin: .6rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.page { opacity: .6; font-size: .8rem; border-top: 1px solid; padding-top: .3rem; }
.changed { position: sticky; top: 0; background: Canvas; }
.changed { border: 1px solid #b26a00; border-left-width: .4rem; border-radius: .3rem; padding: .5rem .8rem; }
.changed ul { padding-left: 1.2rem; }
ins { background: #d7f5dc; color: #10401b; } del { background: #ffe0dd; color: #641414; }
mark { background: #ffe27a; color: #1a1a1a; border-radius: .2rem; scroll-margin: 30vh; outline: none; }
TABLE
""".replace("FONT", FONT).replace("TABLE", TABLE_STYLE)


def visible(text: str) -> str:
    """The text with every character that would turn its direction written out, such as [U+202E]."""
    return _OVERRIDES.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)


def escaped(text: str) -> str:
    """The text as HTML that shows it, in the direction it has."""
    return escape(visible(text))


# Without a fragment the page still opens on the marked text, but leaves the focus where the reader has it.
_SCRIPT = """<script>
const cited = document.getElementById("cited");
if (cited && !location.hash) scrollTo(0, cited.getBoundingClientRect().top + scrollY - innerHeight * .3);
</script>"""


def source_page(document: Document, start: int, end: int, now: Document | None) -> str:
    """The whole document as a page of its own, the span [start:end] marked with id `cited`; every text escaped.

    `now` is the document of that id as it is published: where its text is another, the page says so and shows how.
    """
    text = document.text
    headings = {span[0]: (level, title) for span, level, title in document.headings}
    blocks = (
        [] if document.title in (title for _, title in headings.values()) else [f"<h1>{escaped(document.title)}</h1>"]
    )
    page = 0
    for part in parts(text, 0, len(text)):
        line_start = part.start
        for line in (
            [text[part.start : part.end]] if part.names else text[part.start : part.end].removesuffix("\n").split("\n")
        ):
            level, shown = headings.get(line_start, (0, line))
            left = line_start + line.index(shown)
            if shown.strip():
                here = document.page_of(left) or 0  # as a citation says
                if here > page:
                    page = here
                    blocks.append(f'<p class="page">第 {page} 页 page {page}</p>')
                tag = f"h{level}" if level else "p"
                inner = f"<{tag}>{marked(text, left, left + len(shown), start, end)}</{tag}>"
                blocks.append(table_as_html(text, part, start, end) if part.names else inner)
            line_start += len(line) + 1
    shown = "\n".join(blocks).replace("<mark>", '<mark id="cited" tabindex="-1">', 1)
    about = " · ".join(
        escaped(value) for value in (document.source, written_date(document.published), document.id) if value
    )
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escaped(document.title)}</title><style>{_STYLE}</style>"
        f'<main><p class="about">{about}</p>' + _what_changed(document, now) + shown + f"</main>{_SCRIPT}"
    )


def marked(text: str, left: int, right: int, start: int, end: int) -> str:
    """text[left:right] as HTML, what of text[start:end] is in it marked."""
    low, high = max(left, start), min(right, end)
    if low >= high:
        return escaped(text[left:right])
    return f"{escaped(text[left:low])}<mark>{escaped(text[low:high])}</mark>{escaped(text[high:right])}"


def table_as_html(text: str, part: Part, start: int, end: int) -> str:
    """The part, which is of a table; what of text[start:end] is in its cells is marked."""
    names, *rows = [
        [cell_text(marked(text, *cell, start, end)) for cell in cells] for cells in (part.names, *part.rows)
    ]
    return html_table(names, rows)


def html_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The cells, which are HTML, in a box that scrolls; without names no line for them."""
    named = "".join(f'<th scope="col">{cell}</th>' for cell in names)
    head = f"<thead><tr>{named}</tr></thead>" if any(names) else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in rows)
    table = f"<table>{head}<tbody>{body}</tbody></table>"
    return f'<div class="table" tabindex="0" role="group" aria-label="表格 table">{table}</div>'


def _what_changed(cited: Document, now: Document | None) -> str:
    """A note above a text that is no longer the published one, with the sentences that went and came."""
    if now and now.text == cited.text:
        return ""
    if now is None:
        note = "来源已删除，下面是引用时的原文。 The source was removed; this is the text cited."
        return f'<p class="changed" role="note">{note}</p>'
    rows = [f"<li><{mark}>{escaped(one)}</{mark}></li>" for mark, one in changed_sentences(cited.text, now.text)]
    note = "来源已更新，下面是引用时的原文。 The source has changed; this is the text cited."
    return (
        f'<div class="changed" role="note">{note}'
        f"<details><summary>有何不同 What changed</summary><ul>{''.join(rows)}</ul></details></div>"
    )


def changed_sentences(before: str, after: str) -> list[tuple[Literal["del", "ins"], str]]:
    """The sentences that went and came between two texts, in reading order.

    Where most of two long texts is another, those that only one of them has: to compare 1,000 lines that repeat each
    other place by place took 45 s.
    """
    old, new = ([text[start:end] for start, end in sentence_spans(text)] for text in (before, after))
    same = _common(old, new)
    old, new = old[same:], new[same:]
    same = _common(old[::-1], new[::-1])
    old, new = old[: len(old) - same], new[: len(new) - same]
    if len(old) * len(new) > _MOST_COMPARED:
        gone, come = set(old).difference(new), set(new).difference(old)
        return [("del", one) for one in old if one in gone] + [("ins", one) for one in new if one in come]
    rows: list[tuple[Literal["del", "ins"], str]] = []
    for operation, low, high, new_low, new_high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation != "equal":
            rows += [("del", one) for one in old[low:high]]
            rows += [("ins", one) for one in new[new_low:new_high]]
    return rows


def _common(old: list[str], new: list[str]) -> int:
    """How many sentences both begin with."""
    return len(list(takewhile(lambda both: both[0] == both[1], zip(old, new, strict=False))))
