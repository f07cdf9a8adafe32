"""Answers to take away: as text, Markdown, or one HTML page without a script, each with the passages it stands on."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.source import FONT, escaped, visible
from bot.types import space_behind, written_date
from indexer.types import Document

Given = Mapping[str, Any]  # an answer as the page was given it: wire.growing_answer_to_json
DocumentOf = Callable[[str], Document | None]  # of a digest

VERDICTS = {"grounded": "有据 Grounded", "partial": "部分有据 Partly grounded", "refused": "未找到 Not found"}
_AROUND = 300  # characters of the passage on either side of the quote, at most
# What Markdown, HTML or a link finder could take for markup.
_MARKUP = re.compile(r"[\\`*_\[\]<>&~|$#@!]|^[-+=]|(?:(?<=^\d)|(?<=^\d\d)|(?<=^\d{3}))[.)]|:(?=//)|(?<=[wW])\.")
_STYLE = f"""
:root {{ color-scheme: light dark; }}
body {{
  font: 16px/1.75 {FONT};
  margin: 0 auto; max-width: 46rem; padding: 1rem; overflow-wrap: anywhere; line-break: strict;
}}
h1 {{ font-size: 1.3rem; }} h2 {{ font-size: 1.1rem; margin-top: 2.5rem; border-top: 1px solid; padding-top: 1rem; }}
blockquote {{ margin: .3rem 0 1rem; padding-left: .8rem; border-left: 3px solid; white-space: pre-wrap; }}
mark {{ background: #ffe27a; color: #1a1a1a; }}
"""


def as_text(answers: Sequence[Given]) -> str:
    """What is pasted into a letter: each answer with its numbers, then the quotes that they stand for."""
    parts = []
    for answer in answers:
        quotes = [f"[{one['number']}] {_place(one)}：“{one['quote']}”" for one in answer["citations"]]
        parts.append("\n".join([_said(answer, _line, "\n"), *map(_line, quotes)]))
    return "\n\n".join(parts) + "\n"


def as_markdown(answers: Sequence[Given], document_of: DocumentOf) -> str:
    """Questions, answers and passages; no text of them can become a link, an image, a heading or HTML."""
    parts = []
    for answer in answers:
        parts += [f"## {_plain(answer['question'])}", f"**{VERDICTS[answer['verdict']]}**"]
        parts += [f"*{_plain(answer['note'])}*"] if answer["note"] else []
        parts.append(_said(answer, _plain, "  \n"))
        for one in answer["citations"]:
            quoted = _plain("".join(_passage(one, document_of)))
            parts += [f"\\[{one['number']}\\] {_plain(_place(one))}", f"> {quoted}"]
    return "\n\n".join(parts) + "\n"


def as_html(answers: Sequence[Given], document_of: DocumentOf) -> str:
    """One page that needs nothing else: no script, no request; its policy forbids both."""
    parts = []
    for answer in answers:
        parts += [f"<h2>{escaped(answer['question'])}</h2>", f"<p><strong>{VERDICTS[answer['verdict']]}</strong></p>"]
        parts += [f"<p>{escaped(answer['note'])}</p>"] if answer["note"] else []
        parts.append(f"<p>{_said(answer, escaped, '<br>')}</p>")
        for one in answer["citations"]:
            before, quote, after = map(escaped, _passage(one, document_of))
            passage = f"<blockquote>{before}<mark>{quote}</mark>{after}</blockquote>"
            parts.append(f"<p>[{one['number']}] {escaped(_place(one))}</p>{passage}")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>嘉问 Jiawen</title><style>{_STYLE}</style><h1>嘉问 Jiawen</h1>\n" + "\n".join(parts) + "\n"
    )


def _said(answer: Given, show: Callable[[str], str], line_break: str) -> str:
    """The refusal, or the sentences with their numbers; one without support says why."""
    lines = [""]
    for sentence in answer["sentences"]:
        numbers = "".join(f"[{number}]" for number in sentence["citations"])
        unknown = "".join(f"[{number}?]" for number in sentence["unresolved"])
        why = "" if sentence["supported"] else f"（无依据 unsupported：{sentence['reason']}）"
        before = sentence.get("before", "")  # older answers have none
        if before.startswith("\n") and lines[-1]:
            lines.append("")
        lines[-1] += f"{before.lstrip()}{sentence['text']}{numbers}{unknown}{why}{space_behind(sentence['text'])}"
    return show(answer["refusal"]) or line_break.join(show(line.rstrip()) for line in lines)


def _place(citation: Given) -> str:
    page = f"第 {citation['page']} 页 p. {citation['page']}" if citation["page"] else ""
    headings = [name for name in citation["headings"] if name != citation["title"]]
    published = written_date(citation.get("published", ""))  # older answers have none
    return " · ".join(filter(None, (f"《{citation['title']}》", published, *headings, page, citation["url"])))


def _passage(citation: Given, document_of: DocumentOf) -> tuple[str, str, str]:
    """(text before, quote, text after) of the paragraph that is cited; the quote alone where the text is not kept."""
    document = document_of(citation["digest"])
    if document is None:
        return "", citation["quote"], ""
    text, start, end = document.text, citation["start"], citation["end"]
    before = text[max(0, start - _AROUND) : start].rpartition("\n")[2]
    after = text[end : end + _AROUND].partition("\n")[0]
    return before, text[start:end], after


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def _plain(text: str) -> str:
    """One line that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\g<0>", _line(text))
