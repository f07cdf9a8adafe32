"""The Answerer: a question in, a cited answer or an honest refusal out."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from bot.config import BotConfig
from bot.extract import Evidence, choose_sentences
from bot.features import Candidates, Numbers, candidates_of, surroundings
from bot.head import Head, load_head, together
from bot.lexicon import with_chinese
from bot.question import Asked, ask_what, names_something, nothing_mentioned, what_is_missing
from bot.retrieve import retrieve
from bot.types import Answer, AnswerSentence, Citation, Hit, Verdict
from indexer.config import IndexConfig
from indexer.embed import Encoder, Vectors, open_encoder
from indexer.errors import QuestionError
from indexer.store import Index
from indexer.text import simplify
from indexer.versions import open_index

REFUSAL_CHINESE = "知识库中没有找到相关内容。"
REFUSAL_ENGLISH = "The knowledge base holds nothing on this."
History = Sequence[tuple[str, str]]
# A question that leans on the one before: 那城市博物馆呢？ 他是什么职务？ What about the other?
_LEANS = re.compile(
    r"^(那|那么|还有|另外|and\b|what about\b)|呢[?？]?$|[他她它]|(?<!在)(这|那|该|其)(?!他|她|它|余|中|些人)",
    re.IGNORECASE,
)
_SHORT = 9  # characters: 什么时候启动的？ leans, 番茄炒蛋怎么做？ names its own matter
_HAN = re.compile(r"[\u3400-\u9fff]")


class Answerer:
    """Answers from one index version; safe to use from several threads."""

    def __init__(self, index: Index, encoder: Encoder, config: BotConfig, head: Head) -> None:
        self.index = index
        self.encoder = encoder
        self.config = config
        self.head = head

    def search(self, question: str, k: int, history: History = ()) -> list[Hit]:
        """The k best passages for the question, best first."""
        checked = in_context(check_question(question, self.config), history)
        query = self.encoder.encode_query(simplify(checked))
        return retrieve(self.index, with_chinese(checked), query, k, self.config)

    def ask(self, question: str, history: History = ()) -> Answer:
        """Verbatim sentences, each with its citation; a refusal where the passages do not answer.

        `history` has the earlier (question, answer) pairs of the conversation, oldest first.
        """
        started = time.perf_counter()
        checked = in_context(check_question(question, self.config), history)
        query = self.encoder.encode_query(simplify(checked))
        hits = retrieve(self.index, with_chinese(checked), query, self.config.hits, self.config)
        retrieved = time.perf_counter()
        asked, candidates, scores = self.weigh(checked, query, hits)
        probability = self.confidence(asked, hits, candidates, scores)
        evidence: list[Evidence] = []
        if probability >= self.config.refuse_below:
            evidence = choose_sentences(self.index, asked, hits, candidates, scores, self.config)
        citations = [self._cite(number, one) for number, one in enumerate(evidence, 1)]
        refusal = "" if citations else refusal_for(checked, self.missing(asked, hits))
        finished = time.perf_counter()
        return Answer(
            question=question,
            sentences=tuple(AnswerSentence(one.quote, (one.number,), supported=True) for one in citations),
            verdict=Verdict.GROUNDED if citations else Verdict.REFUSED,
            confidence=round(probability, 4),
            citations=tuple(citations),
            hits=tuple(hits),
            refusal=refusal,
            answerer="extractive",
            index_version=self.index.manifest.version,
            timings_ms={
                "retrieve": round((retrieved - started) * 1000, 2),
                "answer": round((finished - retrieved) * 1000, 2),
                "total": round((finished - started) * 1000, 2),
            },
        )

    def weigh(self, question: str, query: Vectors, hits: Sequence[Hit]) -> tuple[Asked, Candidates, Numbers]:
        """(the question taken apart, the sentences of the hits, the head's score of each)."""
        asked = ask_what(question, self.head.expectation)
        candidates = candidates_of(self.index, asked, query, hits)
        return asked, candidates, self.head.scores(candidates.features)

    def confidence(self, asked: Asked, hits: Sequence[Hit], candidates: Candidates, scores: Numbers) -> float:
        """Probability that the hits answer the question; 0 where they mention no word that it hangs on."""
        if not hits or nothing_mentioned(asked, surroundings(self.index, hits[0].number)[1]):
            return 0.0
        return self.head.confidence(candidates.features, scores, together(hits))

    def missing(self, asked: Asked, hits: Sequence[Hit]) -> str:
        """What the question names and the text around the best passage does not hold; empty where it holds all."""
        if not hits:
            return ""
        _, around, quantities = surroundings(self.index, hits[0].number)
        return what_is_missing(asked, around, quantities)

    def _cite(self, number: int, evidence: Evidence) -> Citation:
        chunk = evidence.hit.chunk
        document = self.index.documents[chunk.doc_id]
        return Citation(
            number,
            document.id,
            document.title,
            chunk.headings,
            evidence.start,
            evidence.end,
            evidence.text,
            document.url,
            document.digest,
            document.page_of(evidence.start),
        )


def in_context(question: str, history: History) -> str:
    """The question with the one before in front, where it leans on it; otherwise unchanged."""
    if history and (_LEANS.search(question) or (len(question) <= _SHORT and not names_something(question))):
        return f"{history[-1][0]} {question}"
    return question


def check_question(question: str, config: BotConfig) -> str:
    """The question without white space at its ends; empty and over-long ones are refused."""
    try:
        question.encode("utf-8")
    except UnicodeEncodeError:
        raise QuestionError(
            "问题里有无法识别的字符；请用 UTF-8 编码",
            "the question holds characters that are not text: send it as UTF-8",
        ) from None
    stripped = question.strip()
    if not stripped:
        raise QuestionError("问题是空的；请写下您的问题", "the question is empty: write one")
    if len(stripped) > config.longest_question:
        raise QuestionError(
            f"问题有 {len(stripped)} 字，最多 {config.longest_question} 字；请缩短",
            f"the question has {len(stripped)} characters, at most {config.longest_question} are read: shorten it",
        )
    return stripped


def refusal_for(question: str, missing: str) -> str:
    """The refusal in the language of the question, naming what is missing where that is known."""
    if _HAN.search(question):
        return f"{REFUSAL_CHINESE.rstrip('。')}：文中没有提到“{missing}”。" if missing else REFUSAL_CHINESE
    return f"{REFUSAL_ENGLISH.rstrip('.')}: “{missing}” is not mentioned." if missing else REFUSAL_ENGLISH


def open_bot(index: str | Path = ".jiawen", config: BotConfig | None = None) -> Answerer:
    """The Answerer over the published version of an index folder."""
    settings = IndexConfig.from_environment()
    encoder = open_encoder(settings.encoder)
    return Answerer(open_index(Path(index), encoder.fingerprint), encoder, config or BotConfig(), load_head())
