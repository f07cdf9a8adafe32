"""The nouns of an answer: Hit, Evidence, Citation, AnswerSentence, Answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from indexer.types import Chunk, Document


class Verdict(StrEnum):
    """How far the knowledge base carries the answer."""

    GROUNDED = "grounded"  # every sentence is supported
    PARTIAL = "partial"  # some sentences are marked unsupported, or more is being written
    REFUSED = "refused"  # the knowledge base does not hold the answer


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk. `score` is similarity plus weighted coverage, higher is better; ranks count from 1.

    A rank is None where that side alone would not have proposed the chunk.
    """

    chunk: Chunk
    number: int  # of the chunk in its index
    score: float
    similarity: float  # cosine of the question and the chunk's nearest sentence
    coverage: float  # BM25 as a share of its ceiling, 0 to 1
    dense_rank: int | None
    lexical_rank: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, or a list, of a hit: a span of its document."""

    hit: Hit
    start: int
    end: int

    def holds(self, other: "Evidence") -> bool:
        """The other lies in it."""
        return self.hit.chunk.doc_id == other.hit.chunk.doc_id and self.start <= other.start < self.end


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence stands: `quote == document.text[start:end]`, always."""

    number: int
    doc_id: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    quote: str
    url: str = ""
    digest: str = ""  # of the document's text: it opens the citation after the document has changed
    page: int | None = None  # of a PDF, from 1
    published: str = ""  # as the document's front matter has it


def cite(number: int, document: Document, chunk: Chunk, start: int, end: int) -> Citation:
    """The citation of document.text[start:end], which lies in the chunk."""
    return Citation(
        number,
        document.id,
        document.title,
        chunk.headings,
        start,
        end,
        document.text[start:end],
        document.url,
        document.digest,
        document.page_of(start),
        document.published,
    )


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of the answer and the numbers of the citations that support it.

    Of a generated one: `unresolved` are numbers it cites that name no passage, `reason` says why it is not supported,
    `mended` that the model cited a passage that does not carry it, and another is given. `before` is the line break, a
    line that leads over to it (注意：) and the numbering that it begins with; the row of a table or an item of a list
    is a line of its own.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool
    unresolved: tuple[int, ...] = ()
    reason: str = ""
    mended: bool = False
    before: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says; a refusal has no sentences and no citations.

    In their place it has the `nearest`: of each of the three passages likeliest to answer the likeliest sentence.
    """

    question: str
    sentences: tuple[AnswerSentence, ...]
    verdict: Verdict
    confidence: float  # probability that the knowledge base answers the question and the answer is supported
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    refusal: str  # the words of a refusal, otherwise empty
    answerer: str
    index_version: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    searched: str = ""  # the question made self-contained, where that is another text
    note: str = ""  # what a reader should know about how the answer came to be, Chinese | English
    grows: bool = False  # more is being written
    pending: str = ""  # of an answer that grows: the sentence being written
    nearest: tuple[Evidence, ...] = ()  # likeliest first

    @property
    def text(self) -> str:
        """The answer with its citation numbers in brackets, or the refusal."""
        written = ""
        for sentence in self.sentences:
            numbers = "".join(f"[{number}]" for number in sentence.citations)
            written += f"{sentence.before}{sentence.text}{numbers}{space_behind(sentence.text)}"
        return self.refusal or written.strip()


def space_behind(sentence: str) -> str:
    """A space where the sentence ends as English does; Chinese sentences follow each other without one."""
    return " " if re.search(r"[\w.!?]$", sentence, re.ASCII) else ""


def written_date(published: str) -> str:
    """The date, and time, of a document as people write it."""
    return published.replace("T", " ")
