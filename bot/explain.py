"""Why a passage was, or was not, retrieved, and why its sentences were, or were not, cited."""

from dataclasses import dataclass

import numpy as np

from bot.answer import Answerer
from bot.context import History
from bot.head import shares
from bot.known import Query
from bot.lexicon import with_chinese
from bot.refusal import missing
from bot.retrieve import retrieve
from bot.weigh import BELIEF_WEIGHT
from indexer.errors import QuestionError
from indexer.lexical import terms


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one chunk fared with one question. Ranks count from 1 over the whole index; None is not ranked at all."""

    question: str  # as it was searched for
    chunk_id: str
    text: str
    similarity: float  # cosine of the question and the chunk's nearest sentence
    dense_rank: int
    coverage: float
    lexical_rank: int | None  # None: it shares no term
    terms: tuple[tuple[str, float], ...]  # shared terms and what each adds to the coverage, most first
    missing: tuple[str, ...]  # terms of the question that it lacks
    known: str  # the known question of the chunk that is most like this one; empty for none
    likeness: float  # of the two, less what two wordings are nearer than a question and its answer
    weight: float  # of the coverage in the fused score
    fused: float
    fused_rank: int | None  # None: neither side proposed it
    belief: float  # share of the belief that the answer stands in it; 0 where its sentences were not read
    belief_weight: float  # in the score
    score: float
    rank: int | None  # as it is found
    cut: str  # what dropped it; empty where its sentences were read
    sentences: tuple[tuple[float, str, bool], ...]  # (belief that it answers, text, cited), in reading order
    confidence: float
    refused: bool
    unanswered: str  # the known question without an answer that took confidence away; empty for none
    steers: bool  # it seems to speak to whoever answers, which took confidence away
    unlike: bool  # it is like nothing that the document is known to answer, which took confidence away
    unmentioned: str  # what the question names and no passage holds


def explain(bot: Answerer, question: str, chunk_id: str | None = None, history: History = ()) -> Explanation:
    """The explanation for a chunk, by default the best one; an unknown chunk is a QuestionError."""
    found = bot.find(question, history)
    index, config = bot.index, bot.config
    best = [one.hit for one in found.evidence] or found.hits
    number = _number(bot, chunk_id) if chunk_id else best[0].number
    # Of several questions that are answered one by one it is held to the one for which it stands foremost.
    numbers = [[hit.number for hit in one.ranked] for one in found.each]
    read_for = [(own.index(number), at) for at, own in enumerate(numbers) if number in own]
    weighed = found.each[min(read_for)[1]] if read_for else found.weighed
    query, expanded = weighed.query, with_chinese(weighed.query.text)
    ranking = retrieve(index, query, len(index.chunks), config)
    chunk = index.chunks[number]

    nearest = np.array(
        [index.similarities(query.vector, other).max(initial=-1.0) for other in range(len(index.chunks))]
    )
    coverage = index.lexical.coverage(expanded)
    fused_rank = next((place for place, hit in enumerate(ranking, 1) if hit.number == number), None)
    asked_terms = list(dict.fromkeys(terms(expanded)))
    ceiling = index.lexical.ceiling(asked_terms)
    added = {term: _weight_in(bot, term, number) / ceiling for term in asked_terms} if ceiling else {}

    known, like = _nearest_known(bot, query, number)
    cited = {(one.hit.number, one.start) for one in found.evidence}
    fused = max(float(nearest[number]), like) + config.coverage_weight * float(coverage[number])
    belief = next(
        (one for hit, one in zip(weighed.hits, weighed.beliefs.tolist(), strict=True) if hit.number == number), 0.0
    )
    rank = next((place for place, hit in enumerate(weighed.ranked, 1) if hit.number == number), fused_rank)
    beliefs = zip(
        weighed.candidates.rows.tolist(), shares(weighed.scores).tolist() if len(weighed.scores) else [], strict=True
    )
    return Explanation(
        question=query.text,
        chunk_id=chunk.id,
        text=chunk.text,
        similarity=float(nearest[number]),
        dense_rank=int((nearest > nearest[number]).sum()) + 1,
        coverage=float(coverage[number]),
        lexical_rank=int((coverage > coverage[number]).sum()) + 1 if coverage[number] > 0 else None,
        terms=tuple(sorted(((term, share) for term, share in added.items() if share), key=lambda pair: -pair[1])),
        missing=tuple(term for term, share in added.items() if not share),
        known=known,
        likeness=like,
        weight=config.coverage_weight,
        fused=fused,
        fused_rank=fused_rank,
        belief=belief,
        belief_weight=BELIEF_WEIGHT,
        score=fused + BELIEF_WEIGHT * belief,
        rank=rank,
        cut=_cut(bot, fused_rank),
        sentences=tuple(
            (belief, index.sentence_text(row), (number, int(index.sentences[row, 1])) in cited)
            for row, belief in beliefs
            if index.sentences[row, 0] == number
        ),
        confidence=found.weighed.confidence,
        refused=not found.evidence,
        unanswered=weighed.doubts.unanswered,
        steers=weighed.doubts.steers,
        unlike=weighed.doubts.unlike,
        unmentioned=missing(index, weighed.asked, weighed.ranked),
    )


def _nearest_known(bot: Answerer, query: Query, number: int) -> tuple[str, float]:
    """(the known question that brings the chunk nearer, how near); one that asks for something else counts as none."""
    index = bot.index
    known = float(query.like[index.rows_of(number)].max(initial=0))
    if not known:
        return "", -bot.config.known_discount
    questions = index.known_rows[index.sentences[index.known_rows[:, 1], 0] == number, 0]
    nearest = questions[np.abs(query.cosines[questions] - known).argmin()]
    return index.known[nearest].question, known - bot.config.known_discount


def _cut(bot: Answerer, rank: int | None) -> str:
    config = bot.config
    if rank is None:
        return (
            f"不在最近的 {config.candidate_sentences} 句、字词最合的 {config.candidate_chunks} 段里，"
            "也没有相近的已知问题"
            f" | not among {config.candidate_sentences} nearest sentences or {config.candidate_chunks} best by terms,"
            " and of no known question like this one"
        )
    if rank > config.hits:
        return f"第 {rank} 名，只读前 {config.hits} 段 | rank {rank}, and {config.hits} passages are read"
    return ""


def _number(bot: Answerer, chunk_id: str) -> int:
    for number, chunk in enumerate(bot.index.chunks):
        if chunk.id == chunk_id:
            return number
    raise QuestionError(
        f"索引里没有段落 {chunk_id}；jiawen search --json 会列出 chunk_id",
        f"the index holds no chunk {chunk_id}: `jiawen search --json` lists them",
    )


def _weight_in(bot: Answerer, term: str, number: int) -> float:
    rows, weights = bot.index.lexical.term_scores(term)
    return float(weights[rows == number].sum())
