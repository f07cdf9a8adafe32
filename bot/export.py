"""Answers to take away: as text, Markdown, or one HTML page without a script, each with the passages it stands on."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from bot.source import FONT, escaped, visible
from bot.types import space_behind, written_date
from indexer.types import Document

Given = Mapping[str, Any]  # an answer as the page was given it: wire.growing_answer_to_json
DocumentOf = Callable[[str], Document | None]  # of a digest
Language = Literal["zh", "en"]

_WORDS = {
    "grounded": ("有据", "Grounded"),
    "partial": ("部分有据", "Partly grounded"),
    "refused": ("未找到", "Not found"),
    "nearest": ("最接近的段落", "Nearest passages"),
    "unsupported": ("无依据", "unsupported"),
    "page": ("第 {} 页", "p. {}"),
}
_NEXT_NOTE = re.compile(r"；(?=[^|]* \| )")
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


def as_text(answers: Sequence[Given], language: Language | None = None) -> str:
    """What is pasted into a letter: each answer with its numbers, then the quotes that they stand for.

    In the words of that language, or of both; so are the other forms.
    """
    parts = []
    for answer in answers:
        quotes = [f"[{one['number']}] {_place(one, language)}：“{one['quote']}”" for one in _sources(answer)]
        parts.append("\n".join([_said(answer, language, _line, "\n"), *_over(answer, language), *map(_line, quotes)]))
    return "\n\n".join(parts) + "\n"


def as_markdown(answers: Sequence[Given], document_of: DocumentOf, language: Language | None = None) -> str:
    """Questions, answers and passages; no text of them can become a link, an image, a heading or HTML."""
    parts = []
    for answer in answers:
        parts += [f"## {_plain(answer['question'])}", f"**{_word(answer['verdict'], language)}**"]
        parts += [f"*{_plain(_note(answer, language))}*"] if answer["note"] else []
        parts += [_said(answer, language, _plain, "  \n"), *_over(answer, language)]
        for one in _sources(answer):
            quoted = _plain("".join(_passage(one, document_of)))
            parts += [f"\\[{one['number']}\\] {_plain(_place(one, language))}", f"> {quoted}"]
    return "\n\n".join(parts) + "\n"


def as_html(answers: Sequence[Given], document_of: DocumentOf, language: Language | None = None) -> str:
    """One page that needs nothing else: no script, no request; its policy forbids both."""
    parts = []
    for answer in answers:
        verdict = _word(answer["verdict"], language)
        parts += [f"<h2>{escaped(answer['question'])}</h2>", f"<p><strong>{verdict}</strong></p>"]
        parts += [f"<p>{escaped(_note(answer, language))}</p>"] if answer["note"] else []
        parts.append(f"<p>{_said(answer, language, escaped, '<br>')}</p>")
        parts += [f"<p>{line}</p>" for line in _over(answer, language)]
        for one in _sources(answer):
            before, quote, after = map(escaped, _passage(one, document_of))
            passage = f"<blockquote>{before}<mark>{quote}</mark>{after}</blockquote>"
            parts.append(f"<p>[{one['number']}] {escaped(_place(one, language))}</p>{passage}")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="{language or "zh"}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>嘉问 Jiawen</title><style>{_STYLE}</style><h1>嘉问 Jiawen</h1>\n" + "\n".join(parts) + "\n"
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
        hit | {"number": hit["rank"], "quote": hit["text"], "headings": [], "page": None, "url": ""}
        for hit in answer["nearest"]
    ]
    return answer["citations"] or nearest


def _over(answer: Given, language: Language | None) -> list[str]:
    """What stands over the nearest passages, where the sources are these."""
    return [_word("nearest", language)] if answer["nearest"] and not answer["citations"] else []


def _said(answer: Given, language: Language | None, show: Callable[[str], str], line_break: str) -> str:
    """The refusal, or the sentences with their numbers; one without support says why."""
    lines = [""]
    for sentence in answer["sentences"]:
        numbers = "".join(f"[{number}]" for number in sentence["citations"])
        unknown = "".join(f"[{number}?]" for number in sentence["unresolved"])
        why = "" if sentence["supported"] else _because(sentence["reason"], language)
        before = sentence.get("before", "")  # older answers have none
        if before.startswith("\n") and lines[-1]:
            lines.append("")
        lines[-1] += f"{before.lstrip()}{sentence['text']}{numbers}{unknown}{why}{space_behind(sentence['text'])}"
    return show(answer["refusal"]) or line_break.join(show(line.rstrip()) for line in lines)


def _because(reason: str, language: Language | None) -> str:
    why = f"{_word('unsupported', language)}{': ' if language == 'en' else '：'}{_half(reason, language)}"
    return f" ({why})" if language == "en" else f"（{why}）"


def _place(citation: Given, language: Language | None) -> str:
    page = _word("page", language).replace("{}", str(citation["page"])) if citation["page"] else ""
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
