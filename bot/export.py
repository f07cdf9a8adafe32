"""Answers to take away: as text, Markdown, or one HTML page without a script, each with the passages it stands on."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.lists import item_lines
from bot.source import FONT, TABLE_STYLE, escaped, html_table, marked, table_as_html, visible
from bot.types import space_behind, written_date
from indexer.table import parts, texts
from indexer.types import Document

Given = Mapping[str, Any]  # an answer as the page was given it: wire.growing_answer_to_json
DocumentOf = Callable[[str], Document | None]  # of a digest
Language = Literal["zh", "en"]

_WORDS = {
    "grounded": ("有据", "Grounded"),
    "partial": ("部分有据", "Partly grounded"),
    "refused": ("未找到", "Not found"),
    "nearest": ("可能相关的原文", "Possibly related"),
    "unsupported": ("无依据", "unsupported"),
    "page": ("第 {} 页", "p. {}"),
}
_NEXT_NOTE = re.compile(r"；(?=[^|]* \| )")
_AROUND = 300  # characters of the passage on either side of the quote, at most
# What Markdown, HTML or a link finder could take for markup.
_NUMBERED = "|".join(rf"(?<=^\d{{{digits}}})" for digits in range(1, 10))  # 2024. begins a list as 1. does
_MARKUP = re.compile(rf"[\\`*_\[\]<>&~|$#@!]|^[-+=]|(?:{_NUMBERED})[.)]|:(?=//)|(?<=[wW])\.")
_CELLS_APART = " · "
_STYLE = f"""
:root {{ color-scheme: light dark; }}
body {{
  font: 16px/1.75 {FONT};
  margin: 0 auto; max-width: 46rem; padding: 1rem; overflow-wrap: anywhere; line-break: strict;
}}
h1 {{ font-size: 1.3rem; }} h2 {{ font-size: 1.1rem; margin-top: 2.5rem; border-top: 1px solid; padding-top: 1rem; }}
blockquote {{ margin: .3rem 0 1rem; padding-left: .8rem; border-left: 3px solid; white-space: pre-wrap; }}
mark {{ background: #ffe27a; color: #1a1a1a; }}
{TABLE_STYLE}
"""


@dataclass(slots=True)
class _Table:
    """What an answer has of one table, each row with its numbers in the last cell."""

    names: list[str]
    rows: list[list[str]]


def as_text(answers: Sequence[Given], language: Language | None = None) -> str:
    """What is pasted into a letter: each answer with its numbers, then the quotes that they stand for.

    In the words of that language, or of both; so are the other forms.
    """
    written = []
    for answer in answers:
        quotes = [f"[{one['number']}] {_place(one, language)}：“{quote_as_text(one)}”" for one in _sources(answer)]
        lines = [*lines_of(answer, language), *_over(answer, language), *quotes]
        written.append("\n".join(map(_line, lines)))
    return "\n\n".join(written) + "\n"


def lines_of(answer: Given, language: Language | None = None) -> list[str]:
    """What is answered, or the refusal, with the numbers of the passages; of the rows of a table the cells alone."""
    return [
        line
        for block in _said(answer, language)
        for line in (map(_cells, (block.names, *block.rows)) if isinstance(block, _Table) else block)
        if line.strip()
    ]


def quote_as_text(source: Given) -> str:
    """The quote; of a table's rows the cells alone."""
    return "".join(
        part if isinstance(part, str) else "\n".join(map(_cells, part["rows"] or [part["names"]]))
        for part in source.get("parts", [source["quote"]])
    )


def _cells(cells: Sequence[str]) -> str:
    return _CELLS_APART.join(filter(None, cells))


def as_markdown(answers: Sequence[Given], document_of: DocumentOf, language: Language | None = None) -> str:
    """Questions, answers and passages; no text of them can become a link, an image, a heading or HTML."""
    written = []
    for answer in answers:
        written += [f"## {_plain(answer['question'])}", f"**{_word(answer['verdict'], language)}**"]
        written += [f"*{_plain(_note(answer, language))}*"] if answer["note"] else []
        for block in _said(answer, language):
            if isinstance(block, _Table):
                written.append(_markdown_table(block.names, block.rows))
            else:
                written.append("  \n".join(map(_plain, block)))
        written += _over(answer, language)
        for one in _sources(answer):
            written.append(f"\\[{one['number']}\\] {_plain(_place(one, language))}")
            text, left, right, _, _ = _passage(one, document_of)
            blocks = [
                _markdown_table(texts(text, part.names), [texts(text, cells) for cells in part.rows])
                if part.names
                else _plain(text[part.start : part.end])
                for part in parts(text, left, right)
            ]
            written.append("> " + "\n\n".join(filter(None, blocks)).replace("\n", "\n> "))
    return "\n\n".join(written) + "\n"


def as_html(answers: Sequence[Given], document_of: DocumentOf, language: Language | None = None) -> str:
    """One page that needs nothing else: no script, no request; its policy forbids both."""
    written = []
    for answer in answers:
        verdict = _word(answer["verdict"], language)
        written += [f"<h2>{escaped(answer['question'])}</h2>", f"<p><strong>{verdict}</strong></p>"]
        written += [f"<p>{escaped(_note(answer, language))}</p>"] if answer["note"] else []
        for block in _said(answer, language):
            if isinstance(block, _Table):
                names, *rows = [[*map(escaped, cells)] for cells in (block.names, *block.rows)]
                written.append(html_table(names, rows))
            else:
                written.append(f"<p>{'<br>'.join(map(escaped, block))}</p>")
        written += [f"<p>{line}</p>" for line in _over(answer, language)]
        for one in _sources(answer):
            text, left, right, *quoted = _passage(one, document_of)
            passage = "".join(
                table_as_html(text, part, *quoted) if part.names else marked(text, part.start, part.end, *quoted)
                for part in parts(text, left, right)
            )
            place = escaped(_place(one, language))
            written.append(f"<p>[{one['number']}] {place}</p><blockquote>{passage}</blockquote>")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{language or "zh"}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>嘉问 Jiawen</title><style>{_STYLE}</style><h1>嘉问 Jiawen</h1>\n" + "\n".join(written) + "\n"
    )


def _word(name: str, language: Language | None) -> str:
    chinese, english = _WORDS[name]
    return {"zh": chinese, "en": english}.get(language or "", f"{chinese} {english}")


def _half(message: str, language: Language | None) -> str:
    """Of `中文 | English` the part in that language; as it is for both, or where it has but one."""
    chinese, _, english = message.partition(" | ")
    return {"zh": chinese, "en": english or chinese}.get(language or "", message)


def _note(answer: Given, language: Language | None) -> str:
    parts = [_half(part, language) for part in _NEXT_NOTE.split(answer["note"])]
    return ("; " if language == "en" else "；").join(parts)


def _sources(answer: Given) -> list[Given]:
    """The citations; where there are none the nearest passages in their shape."""
    nearest = [
        {"quote": hit["text"], "headings": [], "page": None, "url": ""}
        | hit
        | hit.get("sentence", {})
        | {"number": hit["rank"]}
        for hit in answer["nearest"]
    ]
    return answer["citations"] or nearest


def _over(answer: Given, language: Language | None) -> list[str]:
    """What stands over the nearest passages, where the sources are these."""
    return [_word("nearest", language)] if answer["nearest"] and not answer["citations"] else []


def _said(answer: Given, language: Language | None) -> list[list[str] | _Table]:
    """The refusal, or the sentences in lines; rows of one table together where the first is, as in page/answer.js."""
    if answer["refusal"]:
        return [[answer["refusal"]]]
    groups: list[list[Given] | _Table] = []
    tables: dict[tuple[str, int], _Table] = {}
    run: list[Given] = []  # sentences that are no rows
    for sentence in answer["sentences"]:
        row = _row(sentence, answer["citations"])
        if row is None:
            if not run:
                groups.append(run)
            run.append(sentence)
            continue
        run = []
        if lead := sentence.get("before", "").rpartition("\n")[0].strip():  # older answers have none
            groups.append([{"text": lead, "citations": [], "unresolved": [], "supported": True}])
        digest, part = row
        key = digest, part["table"]
        if key not in tables:
            tables[key] = _Table(part["names"], [])
            groups.append(tables[key])
        *cells, last = part["rows"][0] if part["rows"] else part["names"]
        numbered = [*cells, last + _numbers(sentence)]
        if part["rows"]:
            tables[key].rows.append(numbered)
        else:
            tables[key].names = numbered
    return [one if isinstance(one, _Table) else _lines(one, language) for one in groups]


def _lines(sentences: Sequence[Given], language: Language | None) -> list[str]:
    """The sentences with their numbers; one without support says why."""
    lines = [""]
    for sentence in sentences:
        why = "" if sentence["supported"] else _because(sentence["reason"], language)
        before = sentence.get("before", "")  # older answers have none
        for at, part in enumerate(before.split("\n")):
            if at and lines[-1]:
                lines.append("")
            lines[-1] += part
        begins, *others = item_lines(f"{sentence['text']}{_numbers(sentence)}{why}") or [""]
        lines[-1] += begins
        lines += others
        lines[-1] += space_behind(sentence["text"])
    return [line.rstrip() for line in lines]


def _numbers(sentence: Given) -> str:
    """Those of its passages, and those that name none."""
    return "".join([f"[{one}]" for one in sentence["citations"]] + [f"[{one}?]" for one in sentence["unresolved"]])


def _row(sentence: Given, citations: Sequence[Given]) -> tuple[str, Given] | None:
    """(digest, part of a table) where the sentence is a row of one, or its line of names."""
    cited = next((one for one in citations if one["number"] in sentence["citations"][:1]), None)
    if cited is None or cited["quote"] != sentence["text"] or not sentence["supported"]:
        return None
    match cited.get("parts"):  # only of what has a table in it
        case [part]:
            return cited["digest"], part
    return None


def _because(reason: str, language: Language | None) -> str:
    why = f"{_word('unsupported', language)}{': ' if language == 'en' else '：'}{_half(reason, language)}"
    return f" ({why})" if language == "en" else f"（{why}）"


def _place(citation: Given, language: Language | None) -> str:
    page = _word("page", language).replace("{}", str(citation["page"])) if citation["page"] else ""
    headings = [name for name in citation["headings"] if name != citation["title"]]
    published = written_date(citation.get("published", ""))  # older answers have none
    return " · ".join(filter(None, (f"《{citation['title']}》", published, *headings, page, citation["url"])))


def _passage(citation: Given, document_of: DocumentOf) -> tuple[str, int, int, int, int]:
    """(text, left, right, start, end): the quote is text[start:end], the paragraph around it text[left:right].

    The quote alone where the text is not kept.
    """
    document = document_of(citation["digest"])
    if document is None:
        length = len(citation["quote"])
        return citation["quote"], 0, length, 0, length
    text, start, end = document.text, citation["start"], citation["end"]
    left = start - len(text[max(0, start - _AROUND) : start].rpartition("\n")[2])
    right = end + len(text[end : end + _AROUND].partition("\n")[0])
    return text, left, right, start, end


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def _plain(text: str) -> str:
    """One line that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\g<0>", _line(text))


def _markdown_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The cells, which are text; what Markdown would leave out, a cell beyond the names, has an empty one."""
    width = max(map(len, (names, *rows)))
    lines = [[*map(_plain, cells), *[""] * (width - len(cells))] for cells in (names, *rows)]
    lines.insert(1, ["---"] * width)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
