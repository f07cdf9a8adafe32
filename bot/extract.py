"""Weighed → the sentences that answer, in the order they are shown. No language model."""

import re
from collections.abc import Collection
from itertools import pairwise

import numpy as np

from bot.config import BotConfig
from bot.head import shares
from bot.lists import list_at
from bot.question import LIST
from bot.types import Evidence
from bot.weigh import Weighed
from indexer.faq import only_asks
from indexer.store import Index
from indexer.table import table_at

# A question that wants a list, beside those that the head knows as such.
_WANTS_A_LIST = re.compile(
    r"(?:什么|啥|何种)(?:材料|资料|条件|证件|手续|东西|要求|情[况形])|[带交备][些点]?(?:什么|啥)|需要(?:什么|啥)"
)
# 二、结婚登记, of a text without Markdown.
_HEADING = re.compile(r"[一二三四五六七八九十]{1,3}、[^，,。；;：:！!？?]{1,25}")
_NEAREST = 3  # passages that a refusal shows
_SAYS = re.compile(r"[。！？!?]\W*$")  # 1. 居民户口簿； does not


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
    sentences = _sentences(index, weighed)
    chosen: dict[str, Evidence] = {}
    for at in np.argsort(-belief, kind="stable").tolist():
        inside = [any(one.holds(sentence) for one in chosen.values()) for sentence in sentences]
        if len(chosen) == config.sentences or belief[inside].sum() >= config.enough_belief:
            break
        if chosen and belief[at] < config.least_belief:
            break
        text = index.documents[sentences[at].hit.chunk.doc_id].text
        one = None if inside[at] else _cited_for(sentences[at], text, chosen.values(), whole)
        if one and (said := text[one.start : one.end]) not in chosen:  # a repeated sentence is cited once
            chosen = {key: other for key, other in chosen.items() if not one.holds(other)} | {said: one}
    best = max(chosen.values(), key=lambda one: belief[list(map(one.holds, sentences))].sum())
    for one in list(chosen.values()):
        text = index.documents[one.hit.chunk.doc_id].text
        if table := table_at(text, one.start):
            chosen.setdefault(text[slice(*table.line)], Evidence(one.hit, *table.line))
    several = several and belief.max() < 0.5
    return sorted(chosen.values(), key=lambda one: (not several and one is not best, one.hit.number, one.start))


def _sentences(index: Index, weighed: Weighed) -> list[Evidence]:
    """The candidates; for 问：要钱吗？, which answers nothing, what stands behind it."""
    places = zip(weighed.candidates.hit.tolist(), index.sentences[weighed.candidates.rows, 1:].tolist(), strict=True)
    found = [Evidence(weighed.hits[hit], start, end) for hit, (start, end) in places]
    for at, (one, behind) in reversed(list(enumerate(pairwise(found)))):
        chunk = one.hit.chunk
        if behind.hit is one.hit and only_asks(chunk.text[one.start - chunk.start : one.end - chunk.start]):
            found[at] = found[at + 1]
    return found


def _cited_for(one: Evidence, text: str, chosen: Collection[Evidence], whole: bool) -> Evidence | None:
    """The sentence, or the list that it stands in or leads to; nothing for a heading behind what is chosen."""
    said = text[one.start : one.end]
    found = list_at(text, one.start)
    if found is None:
        return None if chosen and _HEADING.fullmatch(said) else one
    every = Evidence(one.hit, *found.span)
    fragments = any(every.holds(other) for other in chosen) and not _SAYS.search(said)
    return every if whole or fragments or found.lead == (one.start, one.end) else one


def nearest_sentences(index: Index, weighed: Weighed) -> list[Evidence]:
    """The sentence likeliest to answer of each of the three likeliest passages, likeliest first."""
    nearest: dict[int, Evidence] = {}
    sentences = _sentences(index, weighed)
    for at in np.argsort(-weighed.scores, kind="stable").tolist():
        nearest.setdefault(sentences[at].hit.number, sentences[at])
    return list(nearest.values())[:_NEAREST]
