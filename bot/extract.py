"""Weighed → the sentences that answer, in the order they are shown. No language model."""

from dataclasses import dataclass

import numpy as np

from bot.config import BotConfig
from bot.head import shares
from bot.question import LIST
from bot.types import Hit
from bot.weigh import Weighed
from indexer.store import Index
from indexer.table import table_at


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that is cited: a span of the document of its hit."""

    hit: Hit
    start: int
    end: int


def choose_sentences(index: Index, weighed: Weighed, config: BotConfig) -> list[Evidence]:
    """The fewest verbatim sentences that hold the answer with enough belief, at most `config.sentences`.

    The one most likely to answer comes first, any others after it in reading order; where the question asks for several
    things and none is likelier to hold them than all others together, all are in reading order. A table's row, which
    does not say what its cells are, brings the line that names the columns.
    """
    if not len(weighed.scores):
        return []
    candidates, belief = weighed.candidates, shares(weighed.scores)
    chosen: dict[str, Evidence] = {}
    held = 0.0
    for at in np.argsort(-belief, kind="stable").tolist():
        if len(chosen) == config.sentences or held >= config.enough_belief:
            break
        if chosen and belief[at] < config.least_belief:
            break
        row, hit = int(candidates.rows[at]), weighed.hits[int(candidates.hit[at])]
        _, start, end = index.sentences[row].tolist()
        text = index.sentence_text(row)
        if text not in chosen:  # a repeated sentence is cited once
            chosen[text] = Evidence(hit, start, end)
            held += float(belief[at])
    best = next(iter(chosen.values()))
    for one in list(chosen.values()):
        text = index.documents[one.hit.chunk.doc_id].text
        if table := table_at(text, one.start):
            chosen.setdefault(text[slice(*table.line)], Evidence(one.hit, *table.line))
    several = LIST in weighed.asked.kinds and belief.max() < 0.5
    return sorted(chosen.values(), key=lambda one: (not several and one is not best, one.hit.number, one.start))
