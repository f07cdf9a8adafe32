"""The Answerer: a question in, a cited answer or an honest refusal out."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest
from pathlib import Path

from bot.config import BotConfig
from bot.context import History, check_question, in_context, one_by_one, rewritten
from bot.extract import choose_sentences, nearest_sentences
from bot.generate import Draft
from bot.head import Head, load_head
from bot.known import Query, query_of
from bot.lists import is_item
from bot.llm import Model, ModelError, open_model
from bot.message import MOST_QUESTIONS, SHORT, asked_apart, asks_nothing, goes_on, questions_in, without_courtesies
from bot.prompt import asks_in_chinese
from bot.question import ask_what
from bot.refusal import refusal_of
from bot.retrieve import retrieve
from bot.spelling import Spelling
from bot.types import Answer, AnswerSentence, Citation, Evidence, Hit, Verdict, cite, written_date
from bot.weigh import Weighed, doubted, held_to, weigh
from bot.wording import own_words
from indexer.config import IndexConfig
from indexer.embed import Encoder, open_encoder, token_reader
from indexer.store import Index
from indexer.text import simplify
from indexer.versions import open_index

# Two cosines together. Of 61 misspelt questions about the article 52 are given another spelling, and 49 of these are
# nearer by more than this; of 2,489 others 31 and 2.
_NEARER = 0.003
_NOT_IN_A_NOTE = str.maketrans("|；", "/，")  # which part its languages, and notes from each other


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What is known of a question before anything is answered."""

    question: str  # as asked
    checked: str  # and as it was meant
    weighed: Weighed
    hits: Sequence[Hit]
    evidence: list[Evidence]  # the sentences of the extractive answer
    started: float
    unanswered: Sequence[str] = ()  # of several questions in one message those without an answer, where others have one
    each: Sequence[Weighed] = ()  # of several that are answered one by one

    @property
    def note(self) -> str:
        """Which questions have no answer, Chinese | English; empty where that cannot be said of some only."""
        quoted = "".join(f"“{one}”" for one in self.unanswered).translate(_NOT_IN_A_NOTE)
        return f"没有找到答案：{quoted} | no answer found: {quoted}" if quoted else ""


@dataclass(eq=False)
class Answerer:
    """Answers from one index version; safe to use from several threads."""

    index: Index
    encoder: Encoder
    config: BotConfig
    head: Head
    model: Model | None = None
    spelling: Spelling = field(init=False)

    def __post_init__(self) -> None:
        self.spelling = Spelling(self.index.lexical, self.index.known)

    def search(self, question: str, k: int, history: History = ()) -> list[Hit]:
        """The k best passages for the question, best first; of the first few the sentences are read for it."""
        weighed = self.weigh(self.checked(question), history)
        read = {hit.number: hit for hit in weighed.ranked}
        others = retrieve(self.index, weighed.query, k, self.config)
        return [*read.values(), *(hit for hit in others if hit.number not in read)][:k]

    def ask(self, question: str, history: History = ()) -> Answer:
        """The whole answer: sentences with their citations, or a refusal where the passages do not answer.

        `history` has the earlier (question, answer) pairs of the conversation, oldest first.
        """
        *_, answer = self.stream(question, history)
        return answer

    def stream(self, question: str, history: History = ()) -> Iterator[Answer]:
        """The answer as it grows; the last one is whole. Without a model there is only that one: verbatim sentences."""
        found = self.find(question, history)
        extractive = self._extractive(found)
        if self.model is None or (extractive.refusal and not self.config.ask_anyway):
            yield extractive
        else:
            yield from self._generated(self.model, found, extractive)

    def verbatim(self, question: str) -> Answer:
        """The answer of a question that stands alone, in the documents' own sentences, with or without a model."""
        return self._extractive(self.find(question, ()))

    def checked(self, question: str) -> str:
        """The question to be answered; an empty or over-long one is a QuestionError.

        Without courtesies around it. Where it is nearer to what the index holds for it, misspelt words are put
        right, and words that no passage has are those that stand for them there.
        """
        checked = without_courtesies(check_question(question, self.config))
        checked = self._nearer(checked, self.spelling.proposed(checked))
        for word, other in own_words(self.index.lexical, simplify(checked)):
            checked = self._nearer(checked, simplify(checked).replace(word, other))
        return checked

    def _nearer(self, question: str, proposed: str) -> str:
        """The proposed question where it is nearer than the other."""
        nearer = proposed != question and self._nearness(proposed) - self._nearness(question) > _NEARER
        return proposed if nearer else question

    def _nearness(self, question: str) -> float:
        """How near the question is to what the index holds: cosines with the nearest sentence and known question."""
        vector = self.encoder.encode_query(simplify(question))
        _, nearest = self.index.nearest_sentences(vector, 1)
        return float(nearest.max(initial=0) + (self.index.known_vectors @ vector).max(initial=0))

    def _query(self, text: str) -> Query:
        return query_of(self.index, text, self.encoder.encode_query(simplify(text)))

    def find(self, question: str, history: History = ()) -> Found:
        """What is known of the question before an answer is written: its hits and the sentences that answer."""
        started = time.perf_counter()
        checked = self.checked(question)
        asked, before = self.completed(checked, history)
        weighed = self.weigh(asked, before)
        found = Found(question, checked, weighed, weighed.ranked, self._evidence(weighed), started)
        parts = [part.strip() for part in questions_in(asked)]
        apart = [one for part in parts for one in asked_apart(part)]
        if len(apart) > MOST_QUESTIONS:
            apart = parts
        several = len(apart) > 1 and not weighed.doubts.steers
        return self._each_answered(found, apart, before, whole=apart == parts) if several else found

    def _each_answered(self, found: Found, parts: Sequence[str], before: History, whole: bool) -> Found:
        """With the sentences that answer each question of a message, in the order asked.

        As it was where no question has an answer by itself, or none a surer one than the message as a whole. Questions
        that are not `whole` but asked in one sentence may be answered in one: then none lacks its answer.
        """
        each = [self.weigh(part, [*before, *((other, "") for other in parts[:at])]) for at, part in enumerate(parts)]
        if found.weighed.confidence >= max(one.confidence for one in each):
            return found
        chosen = [self._evidence(one) for one in each]
        if not any(chosen):
            return found
        evidence = {(one.hit.number, one.start): one for own in chosen for one in own}
        hits = {hit.number: hit for ranked in zip_longest(*(one.ranked for one in each)) for hit in ranked if hit}
        confidence = min(one.confidence for one, own in zip(each, chosen, strict=True) if own)
        lacking = [(part, one) for part, one, own in zip(parts, each, chosen, strict=True) if not own]
        if not whole:
            likeliest = [choose_sentences(self.index, one, self.config)[:1] for _, one in lacking]
            keys = [{(best.hit.number, best.start) for best in own} for own in likeliest]
            lacking = [row for row, own in zip(lacking, keys, strict=True) if not own & evidence.keys()]
        return replace(
            found,
            weighed=replace(found.weighed, confidence=confidence),
            hits=list(hits.values()),
            evidence=list(evidence.values()),
            unanswered=[part for part, _ in lacking],
            each=each,
        )

    def _evidence(self, weighed: Weighed) -> list[Evidence]:
        sure = weighed.confidence >= self.config.refuse_below
        return choose_sentences(self.index, weighed, self.config) if sure else []

    def completed(self, question: str, history: History) -> tuple[str, History]:
        """(the question made self-contained by the model, no history); both as they are where that is not to be had."""
        if self.model is None or in_context(question, history) == question:
            return question, history
        complete = rewritten(self.model, question, history, self.config)
        return (complete, ()) if complete else (question, history)

    def weigh(self, question: str, history: History = ()) -> Weighed:
        """The question and its hits, and the probability that they answer; in context where it leans on the one before.

        One that is surely answered by itself is no follow-up: 拉起那支讲课队伍时定下的宗旨是什么？ Nor is one that is
        answered by itself and less surely in context: 火是几点扑灭的？ after a question on the metro.

        After a message with several questions it leans on the one with which it is answered the most surely.
        """
        alone = weigh(self.index, self.head, self._query(question), self.config)
        if in_context(question, history) == question:
            return alone
        by_itself = 0.0 if goes_on(question) else alone.confidence
        if by_itself >= self.config.sure_alone:
            return alone
        searched = [in_context(question, before) for before in one_by_one(history)]
        followed = max((self._followed(question, alone, text) for text in searched), key=lambda one: one.confidence)
        return alone if by_itself >= max(self.config.surer_alone, followed.confidence) else followed

    def _followed(self, question: str, alone: Weighed, searched: str) -> Weighed:
        """A follow-up as it is searched for; its own words are held to the hits as well.

        The lesser probability counts: with an answered question in front any question would look answered.
        """
        whole = weigh(self.index, self.head, self._query(searched), self.config)
        own = held_to(self.index, self.head, alone.query, whole.hits, self.config)
        if len(question) > SHORT:  # a shorter part is like no whole question: 会上学了什么?
            own = doubted(self.index, own, self.config)
        lesser = min(whole, own, key=lambda one: one.confidence)
        return replace(whole, confidence=lesser.confidence, doubts=lesser.doubts)

    def _extractive(self, found: Found) -> Answer:
        citations = [
            cite(number, self.index.documents[one.hit.chunk.doc_id], one.hit.chunk, one.start, one.end)
            for number, one in enumerate(found.evidence, 1)
        ]
        refusal = "" if citations else self._refusal(found)
        # Rows of tables and lists are lines of their own.
        rows = [one.quote.startswith("|") or is_item(one.quote) or "\n" in one.quote for one in citations]
        breaks = ["", *("\n" if any(pair) else "" for pair in pairwise(rows))]
        sentences = [
            AnswerSentence(one.quote, (one.number,), supported=True, before=before)
            for one, before in zip(citations, breaks, strict=False)
        ]
        verdict = Verdict.GROUNDED if citations else Verdict.REFUSED
        return self._answer(found, sentences, verdict, citations, "extractive", refusal=refusal, note=found.note)

    def _generated(self, model: Model, found: Found, extractive: Answer) -> Iterator[Answer]:
        draft = Draft(self.index, found.hits)
        left = self.config.answer_seconds - (time.perf_counter() - found.started)
        try:
            for _ in draft.write(model, found.weighed.query.text, asks_in_chinese(found.question), left):
                yield replace(
                    self._drafted(found, draft, model.name),
                    verdict=Verdict.PARTIAL,
                    grows=True,
                    pending=draft.pending,
                )
        except ModelError as error:
            why = f"语言模型没有答成：{error.chinese}", f"the model failed ({error.english})"
            yield _instead(extractive, found, *why)
            return
        supported = sum(one.supported for one in draft.sentences)
        if draft.declined and not found.evidence:
            yield extractive
        elif draft.declined:
            yield self._answer(found, [], Verdict.REFUSED, [], model.name, refusal=self._refusal(found))
        elif not supported or (self.config.unsupported == "extractive" and supported < len(draft.sentences)):
            yield _instead(extractive, found, "语言模型写的没有依据", "what the model wrote is not supported")
        else:
            yield self._drafted(found, draft, model.name)

    def _drafted(self, found: Found, draft: Draft, name: str) -> Answer:
        shown = [one for one in draft.sentences if one.supported or self.config.unsupported != "drop"]
        dropped = len(draft.sentences) - len(shown)
        note = _joined(
            "" if found.evidence else "知识库可能没有答案 | the knowledge base may not hold the answer",
            f"删去没有依据的 {dropped} 句 | {dropped} unsupported left out" if dropped else "",
            found.note,
        )
        verdict = Verdict.GROUNDED if all(one.supported for one in shown) and found.evidence else Verdict.PARTIAL
        return self._answer(found, shown, verdict, draft.citations, name, note=note)

    def _answer(
        self,
        found: Found,
        sentences: Sequence[AnswerSentence],
        verdict: Verdict,
        citations: Sequence[Citation],
        answerer: str,
        refusal: str = "",
        note: str = "",
    ) -> Answer:
        share = sum(one.supported for one in sentences) / len(sentences) if sentences else 1.0
        searched = found.weighed.query.text
        has_near = refusal and not asks_nothing(found.question)  # nothing is near to 谢谢！
        return Answer(
            question=found.question,
            sentences=tuple(sentences),
            verdict=verdict,
            confidence=round(found.weighed.confidence * share, 4),
            citations=tuple(citations),
            hits=tuple(found.hits),
            refusal=refusal,
            answerer=answerer,
            index_version=self.index.manifest.version,
            timings_ms=_timings(found),
            searched="" if searched in found.question else searched,  # without its courtesies it is the same
            note=_joined(note, _of_different_dates(citations)),
            nearest=tuple(nearest_sentences(self.index, found.weighed)) if has_near else (),
        )

    def _refusal(self, found: Found) -> str:
        parts = [ask_what(part, self.head.expectation) for part in questions_in(found.checked)]
        return refusal_of(self.index, found.question, parts, found.weighed.asked, found.hits)


def _instead(extractive: Answer, found: Found, chinese: str, english: str) -> Answer:
    """The verbatim answer or the refusal, and in both languages why it stands there."""
    verbatim = f"{chinese}，以下是原文 | {english}: verbatim"
    note = f"{chinese} | {english}" if extractive.refusal else verbatim
    return replace(extractive, note=_joined(note, extractive.note), timings_ms=_timings(found))


def _of_different_dates(citations: Sequence[Citation]) -> str:
    """When what is cited was published, Chinese | English, where it was not at one time: a number may have changed."""
    dates = {one.number: written_date(one.published).translate(_NOT_IN_A_NOTE) for one in citations if one.published}
    if len(set(dates.values())) < 2:
        return ""
    given = [f"[{number}] {date}" for number, date in dates.items()]
    return f"出处的日期不同：{'、'.join(given)} | the sources have different dates: {', '.join(given)}"


def _joined(*notes: str) -> str:
    return "；".join(filter(None, notes))


def _timings(found: Found) -> dict[str, float]:
    now = time.perf_counter()
    return {
        "retrieve": round((found.weighed.retrieved - found.started) * 1000, 2),
        "answer": round((now - found.weighed.retrieved) * 1000, 2),
        "total": round((now - found.started) * 1000, 2),
    }


def open_bot(index: str | Path = ".jiawen", config: BotConfig | None = None) -> Answerer:
    """The Answerer over the published version of an index folder, with the model of the settings, if any."""
    settings = IndexConfig.from_environment()
    config = config or BotConfig.from_environment()
    encoder = open_encoder(settings.encoder)
    model = open_model(config.model, config.answer_seconds) if config.model else None  # first: with or without an index
    opened = open_index(Path(index), encoder.fingerprint)
    token_reader()  # 0.4 s, which the first question need not wait for
    return Answerer(opened, encoder, config, load_head(), model)
