"""Weighed → the sentences that answer, in the order they are shown. No language model."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from bot.config import BotConfig
from bot.head import shares
from bot.lists import list_at
from bot.question import LIST, WHY
from bot.section import PLAIN_HEADING
from bot.types import Evidence
from bot.weigh import Weighed
from indexer.faq import answers_yes_or_no, only_asks
from indexer.store import Index
from indexer.table import Table, table_at

# A question that wants a list, beside those that the head knows as such.
_WANTS_A_LIST = re.compile(
    r"(?:什么|啥|何种)(?:材料|资料|条件|证件|手续|东西|要求|情[况形])|[带交备][些点]?(?:什么|啥)|需要(?:什么|啥)"
)
# And one that wants all rows of a table, or cannot be answered without them.
_WANTS_A_TABLE = re.compile(
    r"各(?![自位是有为多要占])|所有|全部|一览|目录|名单|明细|最[便贵大小多少早晚长短高低近远快慢]|(?:表|标准)[?]?$"
)
# A sentence whose reason is the one before it, unless it gives another.
_THEREFORE = re.compile(r"(?:因此|因而|所以|于是|故此|为此|由此|在此背景|正因)(?!.*(?:因|由于|为了))")
# And one that takes back the one before it, as what people think.
_TAKES_BACK = re.compile(
    r"(?:其实|但|然而|可是?|不过)*(?:事实|实情|实际)?(?:上|并)*(?:并非如此|不然|不是这样|并不是这样)"
)
# What is quoted and not cut off: 300 characters bound the harm of a mark that closes nothing.
_QUOTATION = re.compile(r"“[^“”\n]{1,300}”|「[^「」\n]{1,300}」|『[^『』\n]{1,300}』")
_ROW = re.compile(r"\S.*\S")
_MOST_ROWS = 30  # of a table that is cited whole
_ONE = 0.5  # belief from which one sentence is likelier to answer than all others together
_NEAREST = 3  # passages that a refusal shows
_SAYS = re.compile(r"[。！？!?]\W*$")  # 1. 居民户口簿； does not


def choose_sentences(index: Index, weighed: Weighed, config: BotConfig) -> list[Evidence]:
    """The fewest verbatim sentences that hold the answer with enough belief, at most `config.sentences`.

    The one most likely to answer comes first, any others after it in reading order; where the question asks for several
    things and none is likelier to hold them than all others together, all are in reading order. A table's row, which
    does not say what its cells are, brings the line that names the columns; of two rows of a table that is asked for
    as a whole all others are cited too. A list counts as one sentence: it is cited
    whole for the sentence that leads to it, for two items that say little alone, for one where several are asked for.
    Where a reason is asked for, 因此… comes behind the sentence before it, which has the reason; what is taken back by
    其实不然 is not cited without it.
    """
    if not len(weighed.scores):
        return []
    belief, several = shares(weighed.scores), weighed.section or LIST in weighed.asked.kinds
    whole = several or bool(_WANTS_A_LIST.search(weighed.asked.text))
    sentences = _sentences(index, weighed)
    chosen: dict[str, Evidence] = {}
    for at in np.argsort(-belief, kind="stable").tolist():
        inside = [any(one.holds(sentence) for one in chosen.values()) for sentence in sentences]
        if len(chosen) == config.sentences or belief[inside].sum() >= config.enough_belief:
            break
        if chosen and belief[at] < config.least_belief:
            break
        one = None if inside[at] else _cited_for(index, sentences[at], chosen.values(), whole)
        if one and (said := _quote(index, one)) not in chosen:  # a repeated sentence is cited once
            chosen = {key: other for key, other in chosen.items() if not one.holds(other)} | {said: one}
    brought = list(_brought(index, sentences, chosen, WHY in weighed.asked.kinds))[: config.sentences - len(chosen)]
    chosen |= {_quote(index, one): one for one in brought}
    several = bool(brought) or (several and belief.max() < _ONE)
    if several or _WANTS_A_TABLE.search(weighed.asked.text):
        told = list(_with_whole_tables(chosen.values(), index))
        several = several or len(told) > len(chosen)
        chosen = {_quote(index, one): one for one in told}
    best = max(chosen.values(), key=lambda one: belief[list(map(one.holds, sentences))].sum())
    for one in list(chosen.values()):
        if table := table_at(_text(index, one), one.start):
            names = Evidence(one.hit, *table.line)
            chosen.setdefault(_quote(index, names), names)
    return sorted(chosen.values(), key=lambda one: (not several and one is not best, one.hit.number, one.start))


def _brought(index: Index, sentences: Iterable[Evidence], chosen: Collection[str], reasons: bool) -> Iterator[Evidence]:
    """What is not chosen and comes right before 因此… that is, where `reasons` are asked for, or takes back what is."""
    for before, one in pairwise(sentences):
        said, then = _quote(index, before), _quote(index, one)
        if before.hit is one.hit and (said in chosen) != (then in chosen):
            if reasons and then in chosen and _THEREFORE.match(then):
                yield before
            elif said in chosen and _TAKES_BACK.match(then):
                yield one


def _with_whole_tables(chosen: Iterable[Evidence], index: Index) -> Iterator[Evidence]:
    """What is chosen; in the place of two rows or more of a table all of its rows."""
    rows: dict[tuple[str, Table], list[Evidence]] = {}
    for one in chosen:
        if table := table_at(_text(index, one), one.start):
            rows.setdefault((one.hit.chunk.doc_id, table), []).append(one)
        else:
            yield one
    for (_, table), own in rows.items():
        lines = [match.span() for match in _ROW.finditer(_text(index, own[0]), *table.rows)]
        whole = len(own) > 1 and len(lines) <= _MOST_ROWS
        yield from (Evidence(own[0].hit, *line) for line in lines) if whole else own


def _text(index: Index, one: Evidence) -> str:
    return index.documents[one.hit.chunk.doc_id].text


def _quote(index: Index, one: Evidence) -> str:
    return _text(index, one)[one.start : one.end]


def _sentences(index: Index, weighed: Weighed) -> list[Evidence]:
    """The candidates; for 问：要钱吗？, which answers nothing, what stands behind it; 答：不要。 together with it."""
    places = zip(weighed.candidates.hit.tolist(), index.sentences[weighed.candidates.rows, 1:].tolist(), strict=True)
    found = [Evidence(weighed.hits[hit], start, end) for hit, (start, end) in places]
    for at, (one, behind) in reversed(list(enumerate(pairwise(found)))):
        if behind.hit is one.hit and only_asks(_quote(index, one)):
            if answers_yes_or_no(_quote(index, behind)):
                found[at + 1] = replace(one, end=behind.end)
            found[at] = found[at + 1]
    return found


def _cited_for(index: Index, one: Evidence, chosen: Collection[Evidence], whole: bool) -> Evidence | None:
    """The sentence, or the list that it stands in or leads to; nothing for a heading behind what is chosen."""
    said = _quote(index, one)
    found = list_at(_text(index, one), one.start)
    if found is None:
        return None if chosen and PLAIN_HEADING.fullmatch(said) else _with_its_quotation(index, one)
    every = Evidence(one.hit, *found.span)
    fragments = any(every.holds(other) for other in chosen) and not _SAYS.search(said)
    return every if whole or fragments or found.lead == (one.start, one.end) else one


def _with_its_quotation(index: Index, one: Evidence) -> Evidence:
    """The sentence with the others that a quotation in it runs through: 他说：“…。…。”"""
    rows = index.sentences[index.rows_of(one.hit.number), 1:].tolist()
    chunk = one.hit.chunk
    for quoted in _QUOTATION.finditer(_text(index, one), chunk.start, chunk.end):
        parts = [(start, end) for start, end in rows if start < quoted.end() and quoted.start() < end]
        if len(parts) > 1 and (one.start, one.end) in parts:
            return replace(one, start=parts[0][0], end=parts[-1][1])
    return one


def nearest_sentences(index: Index, weighed: Weighed) -> list[Evidence]:
    """The sentence likeliest to answer of each of the three likeliest passages, likeliest first."""
    nearest: dict[int, Evidence] = {}
    sentences = _sentences(index, weighed)
    for at in np.argsort(-weighed.scores, kind="stable").tolist():
        nearest.setdefault(sentences[at].hit.number, sentences[at])
    return list(nearest.values())[:_NEAREST]
