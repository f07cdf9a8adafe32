"""Hits → the sentences that answer, and how likely it is that they do. No language model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.config import BotConfig
from bot.types import Hit
from indexer.embed import Vectors
from indexer.lexical import LexicalIndex, terms
from indexer.store import Index


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may be cited: a span of its document, and why it was chosen."""

    hit: Hit
    start: int
    end: int
    text: str
    score: float


def choose_sentences(
    index: Index, question: str, query: Vectors, hits: Sequence[Hit], config: BotConfig
) -> list[Evidence]:
    """The fewest verbatim sentences that answer, in reading order; empty only where the hits hold no sentence."""
    candidates = []
    for hit in hits:
        first = int(index.first_sentence[hit.number])
        for offset, cosine in enumerate(index.similarities(query, hit.number).tolist()):
            _, start, end = index.sentences[first + offset].tolist()
            text = index.documents[hit.chunk.doc_id].text[start:end]
            score = cosine + config.coverage_weight * presence(index.lexical, question, text)
            candidates.append(Evidence(hit, start, end, text, score))
    candidates.sort(key=lambda evidence: (-evidence.score, evidence.hit.number, evidence.start))
    chosen = [one for one in candidates if one.score >= candidates[0].score - config.sentence_margin]
    distinct = list({one.text: one for one in reversed(chosen)}.values())[::-1][: config.sentences]
    return sorted(distinct, key=lambda evidence: (evidence.hit.number, evidence.start))


def presence(lexical: LexicalIndex, question: str, text: str) -> float:
    """Share of the question's terms that the text holds, weighted by rarity, 0 to 1."""
    held = set(terms(text))
    weights = {term: lexical.rarity(term) for term in terms(question)}
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0


def confidence(index: Index, question: str, hits: Sequence[Hit], config: BotConfig) -> float:
    """Probability that the best hit answers the question, 0 where there is no hit."""
    if not hits:
        return 0.0
    best = hits[0]
    shared = presence(index.lexical, question, best.chunk.text)
    logit = config.intercept + config.similarity_weight * best.similarity + config.presence_weight * shared
    return 1 / (1 + math.exp(-logit))
