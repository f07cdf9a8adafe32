"""The nouns of an answer: Hit, Citation, AnswerSentence, Answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from indexer.types import Chunk


class Verdict(StrEnum):
    """How far the knowledge base carries the answer."""

    GROUNDED = "grounded"  # every sentence is supported
    PARTIAL = "partial"  # some sentences are marked unsupported
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


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of the answer and the numbers of the citations that support it."""

    text: str
    citations: tuple[int, ...]
    supported: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says; a refusal has no sentences and no citations, but the nearest passages in `hits`."""

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

    @property
    def text(self) -> str:
        """The answer with its citation numbers in brackets, or the refusal."""
        return self.refusal or "".join(
            sentence.text + "".join(f"[{number}]" for number in sentence.citations) for sentence in self.sentences
        )
