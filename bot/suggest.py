"""Questions that follow from an answer: written in the cited documents or drafted from them, and asked before shown."""

import re
from collections.abc import Collection, Iterator

from bot.answer import Answerer
from bot.prompt import is_chinese
from bot.types import Answer, Citation
from indexer.text import fold, sentence_spans
from indexer.types import Document

SUGGESTIONS = 3
_TRIED = 12  # candidates that are asked, at some 30 ms each
_LONGEST = 30  # characters of a name or heading that a question is drafted from
_QUESTION = re.compile(r"[?？]$")
_NUMBERING = re.compile(
    r"^(?:[(（]?[一二三四五六七八九十\d]+[)）]|第?[一二三四五六七八九十\d]+[章节条部分]*[、.．\s])\s*"
)
_MEANING = re.compile(r"^[“「]?([^，,。；;：:“”「」\s]{2,16})[”」]?[，,]?(?:是指|指的是)")
_NAMING = re.compile(r"([^，,。；;：:、“”\s]{2,16}?)(?:被|正式){1,2}(命名|评|授予|确定|列)为")


def suggestions(bot: Answerer, answer: Answer, asked: Collection[str] = ()) -> list[str]:
    """At most SUGGESTIONS questions, none of them asked yet; each is answered by other text than the answer cites."""
    taken = {_key(question) for question in (answer.question, *asked)}
    cited = {(one.doc_id, one.start) for one in answer.citations}
    chosen: list[str] = []
    for question in _candidates(bot, answer, taken):
        reply = bot.verbatim(question)  # without a language model, in milliseconds
        stands_on = {(one.doc_id, one.start) for one in reply.citations}
        if stands_on - cited:
            cited |= stands_on
            chosen.append(question)
            if len(chosen) == SUGGESTIONS:
                break
    return chosen


def _candidates(bot: Answerer, answer: Answer, taken: set[str]) -> Iterator[str]:
    """At most _TRIED, without doubles: of every cited document its own questions, then those drafted from its text."""
    nearest: dict[str, Citation] = {}
    for citation in answer.citations:
        nearest.setdefault(citation.doc_id, citation)
    left = _TRIED
    for citation in nearest.values():
        document = bot.index.documents[citation.doc_id]
        for question in (*document.questions, *_drafted(document, citation)):
            key = _key(question)
            if key not in taken and len(question) <= bot.config.longest_question and left:
                taken.add(key)
                left -= 1
                yield question


def _drafted(document: Document, citation: Citation) -> Iterator[str]:
    """Questions from the document's sections, the cited one first, and from the sentences after the cited one."""
    after = citation.end
    for start, end in sentence_spans(document.text[after : after + 3000]):
        sentence = document.text[after + start : after + end]
        if match := _MEANING.search(sentence):
            yield f"什么是{match[1]}？"
        if match := _NAMING.search(sentence):
            yield f"{match[1]}被{match[2]}为什么？"
    sections = [(document.text.find(known.quote), known.question) for known in document.known if known.in_text]
    for span, _, title in document.headings:
        name = _NUMBERING.sub("", title)
        if title != document.title and not _QUESTION.search(name) and 2 <= len(name) <= _LONGEST:
            sections.append((span[0], f"“{name}”说了什么？" if is_chinese(name) else f"What does “{name}” say?"))
    for _, question in sorted(sections, key=lambda section: abs(section[0] - citation.start)):
        yield question


def _key(question: str) -> str:
    return re.sub(r"\W", "", fold(question))
