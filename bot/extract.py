"""Weighed → the sentences that answer, in the order they are shown. No language model."""

import re
from dataclasses import dataclass

import numpy as np

from bot.config import BotConfig
from bot.head import shares
from bot.lists import list_at
from bot.question import LIST
from bot.types import Hit
from bot.weigh import Weighed
from indexer.store import Index
from indexer.table import table_at

# A question that wants a list, beside those that the head knows as such.
_WANTS_A_LIST = re.compile(
    r"(?:什么|啥|何种)(?:材料|资料|条件|证件|手续|东西|要求|情[况形])|[带交备][些点]?(?:什么|啥)|需要(?:什么|啥)"
)
_SAYS = re.compile(r"[。！？!?]\W*$")  # 1. 居民户口簿； does not


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that is cited, or a list: a span of the document of its hit."""

    hit: Hit
    start: int
    end: int

    def holds(self, other: "Evidence") -> bool:
        """The other lies in it."""
        return self.hit.chunk.doc_id == other.hit.chunk.doc_id and self.start <= other.start < self.end


def choose_sentences(index: Index, weighed: Weighed, config: BotConfig) -> list[Evidence]:
    """The fewest verbatim sentences that hold the answer with enough belief, at most `config.sentences`.

    The one most likely to answer comes first, any others after it in reading order; where the question asks for several
    things and none is likelier to hold them than all others together, all are in reading order. A table's row, which
    does not say what its cells are, brings the line that names the columns. A list counts as one sentence: it is cited
    whole for the sentence that leads to it, for two items that say little alone, for one where several are asked for.
    """
    if not len(weighed.scores):
        return []
    belief, several = shares(weighed.scores), LIST in weighed.asked.kinds
    whole = several or bool(_WANTS_A_LIST.search(weighed.asked.text))
    places = zip(weighed.candidates.hit.tolist(), index.sentences[weighed.candidates.rows, 1:].tolist(), strict=True)
    sentences = [Evidence(weighed.hits[hit], start, end) for hit, (start, end) in places]
    chosen: dict[str, Evidence] = {}
    for at in np.argsort(-belief, kind="stable").tolist():
        inside = [any(one.holds(sentence) for one in chosen.values()) for sentence in sentences]
        if len(chosen) == config.sentences or belief[inside].sum() >= config.enough_belief:
            break
        if chosen and belief[at] < config.least_belief:
            break
        if inside[at]:
            continue
        one, text = sentences[at], index.documents[sentences[at].hit.chunk.doc_id].text
        if found := list_at(text, one.start):
            all_of_it = Evidence(one.hit, *found.span)
            items = [other for other in chosen.values() if all_of_it.holds(other)]
            fragments = items and not _SAYS.search(text[one.start : one.end])
            if whole or fragments or found.lead == (one.start, one.end):
                chosen = {said: other for said, other in chosen.items() if other not in items}
                one = all_of_it
        chosen.setdefault(text[one.start : one.end], one)  # a repeated sentence is cited once
    top = sentences[int(belief.argmax())]
    best = next(one for one in chosen.values() if one.holds(top))
    for one in list(chosen.values()):
        text = index.documents[one.hit.chunk.doc_id].text
        if table := table_at(text, one.start):
            chosen.setdefault(text[slice(*table.line)], Evidence(one.hit, *table.line))
    several = several and belief.max() < 0.5
    return sorted(chosen.values(), key=lambda one: (not several and one is not best, one.hit.number, one.start))
