"""Questions to begin with and to go on with: written in the documents or drafted from them, and asked before shown."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice

from bot.answer import Answerer
from bot.prompt import is_chinese
from bot.section import NUMBERING, PLAIN_HEADING
from bot.types import Answer, Citation
from indexer.text import fold, sentence_spans
from indexer.types import Document

SUGGESTIONS = 3
_TRIED = 12  # candidates that are asked, at some 30 ms each
_LONGEST = 30  # characters of a name or heading that a question is drafted from
_QUESTION = re.compile(r"[?？]$")
_MEANING = re.compile(r"^[“「]?([^，,。；;：:“”「」\s]{2,16})[”」]?[，,]?(?:是指|指的是)")
_NAMING = re.compile(r"([^，,。；;：:、“”\s]{2,16}?)(?:被|正式){1,2}(命名|评|授予|确定|列)为")


@lru_cache(maxsize=1)
def starters(bot: Answerer, count: int) -> list[str]:
    """Questions to begin with, `count` at most: those written in the documents, else one drafted from each."""
    documents = bot.index.documents.values()
    if written := [question for document in documents for question in document.questions]:
        return written[:count]
    drafted = (_answered(bot, document) for document in islice(documents, _TRIED))
    return list(islice(filter(None, drafted), count))


def _answered(bot: Answerer, document: Document) -> str:
    """The first question drafted from the document that it answers; empty where none of the first few is."""
    for question in islice(_drafted(document, 0, 0), SUGGESTIONS):
        if any(cited.doc_id == document.id for cited in bot.verbatim(question).citations):
            return question
    return ""


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
        for question in (*document.questions, *_drafted(document, citation.start, citation.end)):
            key = _key(question)
            if key not in taken and len(question) <= bot.config.longest_question and left:
                taken.add(key)
                left -= 1
                yield question


def _drafted(document: Document, start: int, end: int) -> Iterator[str]:
    """Questions from the sentences after what is cited, from the sections, the cited one first, and of the whole."""
    after = document.text[end : end + 3000]
    for left, right in sentence_spans(after):
        sentence = after[left:right]
        if match := _MEANING.search(sentence):
            yield f"什么是{match[1]}？"
        if match := _NAMING.search(sentence):
            yield f"{match[1]}被{match[2]}为什么？"
    own = [known for known in document.known if known.in_text]
    sections = [(document.text.find(known.quote), _apart(document.text, known.question)) for known in own]
    headings = [(span[0], title) for span, _, title in document.headings if title != document.title]
    headings += [(plain.start(), plain[0]) for plain in PLAIN_HEADING.finditer(document.text)]
    for at, title in headings:
        name = NUMBERING.sub("", title)
        if not _QUESTION.search(name) and 2 <= len(name) <= _LONGEST:
            sections.append((at, f"“{name}”说了什么？" if is_chinese(name) else f"What does “{name}” say?"))
    for _, question in sorted(sections, key=lambda section: abs(section[0] - start)):
        yield question
    if len(document.title) <= _LONGEST:
        title = document.title
        yield f"《{title}》说了什么？" if is_chinese(title) else f"What does “{title}” say?"


def _apart(text: str, question: str) -> str:
    """The question as the text has it, behind the subject of its page: 医保报销：住院能报销多少？"""
    written = next(at for at in range(len(question)) if question[at:] in text)
    return f"{question[:written]}：{question[written:]}" if written else question


def _key(question: str) -> str:
    return re.sub(r"\W", "", fold(question))
