"""Question → Hits: nearest sentences, shared terms and known questions, one score."""

import numpy as np

from bot.config import BotConfig
from bot.features import Numbers
from bot.types import Hit
from indexer.embed import Vectors
from indexer.store import Index


def retrieve(index: Index, question: str, query: Vectors, like: Numbers, k: int, config: BotConfig) -> list[Hit]:
    """The k best chunks for the question, best first, each with its ranks on either side.

    `query` is its vector, `like` how like it is to known questions that each sentence answers (bot/known.py).

    A chunk is as near as its nearest sentence: on public questions that finds the right paragraph first in 97 of 100
    cases, where one vector per paragraph does in 94.
    """
    rows, cosines = index.nearest_sentences(query, config.candidate_sentences)
    similarity: dict[int, float] = {}
    for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True):
        similarity.setdefault(int(index.sentences[row, 0]), cosine)
    dense_rank = {chunk: rank for rank, chunk in enumerate(similarity, 1)}

    coverage = index.lexical.coverage(question)
    best = np.argsort(-coverage, kind="stable")[: config.candidate_chunks].tolist()
    lexical_rank = {chunk: rank for rank, chunk in enumerate(best, 1) if coverage[chunk] > 0}
    known = np.zeros(len(index.chunks))
    np.maximum.at(known, index.sentences[:, 0], like)
    for chunk in (lexical_rank.keys() | set(np.flatnonzero(known).tolist())) - similarity.keys():
        similarity[chunk] = float(index.similarities(query, chunk).max(initial=-1.0))

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
