"""How like a question is to known ones, and what that says for the sentences that answer those, or against any."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.config import BotConfig
from bot.features import Numbers
from bot.lexicon import contrasts
from bot.question import ASKS, KINDS, LIST, TELLING, numbers_of
from bot.reading import exclusive
from indexer.embed import Vectors
from indexer.store import Index
from indexer.text import fold
from indexer.types import KnownQuestion

Group = tuple[tuple[str, ...], ...]

_COMPARED = 50  # known questions nearest to the one asked
_NONE = np.zeros(0, np.int64)
# Taken from a cosine where no character is shared: one changed word (哪天 for 哪里, 初中 for 中小学) moves a cosine by
# hundredths. With it 749 of 788 near misses about the article are refused and 18 of 1,225 answerable questions, of all
# authors but those of the known questions; 739 and 17 without.
_UNSHARED = 0.1
_LEAST_ALIKE = 0.83  # likeness so reckoned that says something
_WEIGHT = 50  # of each unit of it, in the exponent of the odds
# Kinds of answer that one asks for in the words of the other: 谁负责 and 负责人叫什么名字, 哪天 and 什么时间.
_SAME_KIND = {
    KINDS.index(kind): KINDS.index(other)
    for other, kinds in {"who": ("name", "organisation"), "time": ("year", "date"), "where": ("address",)}.items()
    for kind in kinds
}
_folded = lru_cache(maxsize=8192)(fold)  # the same known questions are looked at again and again
# (least, most) that odds are multiplied with: a tenth at least, three of a passage that little is known of, so that
# strong evidence still answers, for the document may have come to hold it. Of 384 answerable questions about the
# article by five authors 377 are answered with what they must hold, and 268 of 279 near misses are refused; 368 and 254
# without such lines.
_BOUNDS, _BOUNDS_OF_NEW = (1 / 10, 1.8), (3 / 10, 1.8)
# From this likeness on it is the same question but for its marks (为什么 for 哪个 has 0.988), and what is known of it
# weighs three times as much in the exponent. Of 700 known questions none is refused, without this 7, and of 500 known
# to have no answer none is answered, not 19.
_SAME, _TIMES_OF_SAME, _BOUNDS_OF_SAME = 0.995, 3, (1 / 100, 10.0)
# A question that the document asks itself counts from this cosine on: of a page on one subject those on another have up
# to 0.931 (身份证丢了怎么办？ and 社保卡丢了怎么办？), the same in other words 0.938 and more.
_ASKED_IN_TEXT = 0.935
# Where little is known of a document: (log-odds a unit of likeness above _ASKED_IN_TEXT, most that odds are multiplied
# with) and that of the same question.
_OF_LIKE, _OF_ITSELF = (50, 10.0), 100.0
_WELL_KNOWN = 10  # characters of a text for each of its known questions, at most
# Log-odds lost for each unit of likeness that a question lacks. Of 1,170 off-topic questions the
# article answers 5, not 31 as where all had a fifth of the odds below 0.9; none of 727 answerable ones more is refused.
_UNLIKE, _LEAST = 120, 1 / 30  # a thirtieth of the odds is left at least


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question that says all that is searched for, and how near it is to the known ones of an index."""

    text: str
    vector: Vectors
    cosines: Vectors  # with all known questions
    # (sentences,) cosine with the nearest known question that the sentence answers; 0 where none of those compared does
    like: Numbers


def query_of(index: Index, text: str, vector: Vectors) -> Query:
    """The question, held to the known ones; `vector` is what the encoder makes of its text."""
    cosines = index.known_vectors @ vector
    return Query(text, vector, cosines, _likeness(index, text, cosines))


def _likeness(index: Index, question: str, cosines: Vectors) -> Numbers:
    """(sentences,) as Query.like has it; one that asks for another number or the opposite does not count."""
    found = np.zeros(len(index.sentences))
    answered, rows = index.known_rows.T
    like = np.zeros(len(index.known))
    for number, cosine in _nearest(answered, cosines):
        known = index.known[number]
        if not asks_another(question, known) and (cosine >= _ASKED_IN_TEXT or not known.in_text):
            like[number] = cosine
    np.maximum.at(found, rows, like[answered])
    return found


def _nearest(numbers: npt.NDArray[np.int64], cosines: Vectors) -> list[tuple[int, float]]:
    """(number, cosine) of the nearest ones of these known questions, nearest first."""
    chosen = np.full(len(cosines), -np.inf)
    chosen[numbers] = cosines[numbers]
    count = min(_COMPARED, len(chosen))
    nearest = np.argpartition(-chosen, count - 1)[:count] if count else _NONE
    best = nearest[np.argsort(-chosen[nearest])]
    return [(number, float(chosen[number])) for number in best.tolist() if chosen[number] > -np.inf]


def known_answers(like: Numbers, rows: npt.NDArray[np.int64], config: BotConfig) -> Numbers:
    """(rows,) what is added to the log-odds of a sentence that is known to answer a question so much like this one."""
    excess = like[rows] - config.known_floor
    return np.asarray(config.known_weight * np.maximum(0, excess))


def known_odds(index: Index, chunk: int, query: Query) -> tuple[float, str]:
    """(what to multiply the odds of an answer from the chunk with, the known question that made it less than 1 or "").

    A hundredth for a question that an editor wrote down, word for word, as without an answer. Less than 1 where it is
    more like one that the document is known not to answer than like any with an answer, in whatever document and
    whether its words still stand or not. More than 1 where it is more like one with an answer that stands in this
    document. Where none without an answer is like it and there are few of these, more for what is much like one with
    an answer, and a hundred times for the same question; else 1.
    """
    doc_id, well_known = index.chunks[chunk].doc_id, _is_well_known(index, chunk)
    without, own = index.unanswered.get(doc_id, _NONE), index.answered.get(doc_id, _NONE)
    blamed, unanswered = _nearest_alike(index, without, query, apart=well_known)
    has_many = len(without) * _WELL_KNOWN >= len(index.documents[doc_id].text)
    standing = index.known_rows[:, 0]
    if unanswered <= _LEAST_ALIKE and not has_many:
        _, answered = _nearest_alike(index, np.intersect1d(own, standing), query)
        weight, most = _OF_LIKE
        more = np.exp(weight * (answered - _ASKED_IN_TEXT))
        return _OF_ITSELF if answered >= _SAME else float(np.clip(more, 1, most)), ""
    nearest, answered = _nearest_alike(index, np.concatenate([own, standing]), query)
    if unanswered > answered and _letters(index.known[blamed].question) == _letters(query.text):
        return _BOUNDS_OF_SAME[0], index.known[blamed].question  # as an editor wrote it down
    if well_known and max(answered, unanswered) >= _SAME:
        weight, bounds = _WEIGHT * _TIMES_OF_SAME, _BOUNDS_OF_SAME
    else:
        weight, bounds = _WEIGHT, _BOUNDS if well_known else _BOUNDS_OF_NEW
    share = float(np.clip(np.exp(weight * (max(_LEAST_ALIKE, answered) - max(_LEAST_ALIKE, unanswered))), *bounds))
    if share < 1:
        return share, index.known[blamed].question
    return (share if nearest in own and nearest in standing else 1.0), ""


def _nearest_alike(index: Index, numbers: npt.NDArray[np.int64], query: Query, apart: bool = True) -> tuple[int, float]:
    """(the number of the likest of these known questions that says something of this one, how like), or (-1, 0).

    How like: the cosine less _UNSHARED where no character is shared, in part where some are. None has another number or
    the opposite, nor is one apart where those are not to be counted. Of a well-known passage they are, since there what
    has an answer is known to have one: of 1,325 near misses about the article by authors of no fit 26 more are refused,
    of 2,060 answerable questions 7 fewer answered rightly.
    """
    question, asked = query.text, _characters(query.text)
    likest, best = -1, 0.0
    for number, cosine in _nearest(numbers, query.cosines):
        if cosine <= best:
            break  # no cosine that follows is greater, and nothing is added to it
        known = index.known[number]
        how_like = cosine - _UNSHARED * (1 - _shared(asked, _characters(known.question)))
        if how_like > best and not asks_another(question, known) and (apart or not _is_apart(known, question)):
            likest, best = number, how_like
    return likest, best


@lru_cache(maxsize=8192)
def _characters(text: str) -> Counter[str]:
    return Counter(_letters(text))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, _folded(text)))


def _shared(one: Counter[str], other: Counter[str]) -> float:
    """The share of both that they have in common (Dice 1945, https://doi.org/10.2307/1932409)."""
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)


def odds_where_unlike(index: Index, chunk: int, query: Query, least: float) -> float:
    """What to multiply the odds of an answer from the chunk with, where it is well known what people ask of it.

    Less than 1, a thirtieth at least, for a question that is less than `least` like all that its document is known to
    answer. Of a chunk that is new to the document nothing is known yet.
    """
    if not _is_well_known(index, chunk):
        return 1.0
    nearest = query.cosines[index.answered[index.chunks[chunk].doc_id]].max()
    return float(np.clip(np.exp(_UNLIKE * (nearest - least)), _LEAST, 1))


def _is_well_known(index: Index, chunk: int) -> bool:
    """The chunk has a known question for every ten of its characters."""
    of_chunk = np.isin(index.known_rows[:, 1], index.rows_of(chunk))
    questions = np.unique(index.known_rows[of_chunk, 0])  # each once, however many sentences its quote touches
    return len(questions) * _WELL_KNOWN >= len(index.chunks[chunk].text)


def asks_another(question: str, known: KnownQuestion) -> bool:
    """The question has a number that neither the known one nor its answer has, or a word that excludes one of it."""
    asked, other = _folded(question), _folded(known.question)
    if numbers := numbers_of(asked):
        there = (*numbers_of(other), *numbers_of(_folded(known.quote)))
        if any(not any(one.agrees(two) for two in there) for one in numbers):
            return True
    for group, ours in _choices(asked):
        theirs = _chosen(group, other)
        if theirs and not ours & theirs:
            return True
    return False


@lru_cache(maxsize=1024)
def _choices(text: str) -> tuple[tuple[Group, frozenset[int]], ...]:
    """The choices that exclude each other, such as 增加 and 减少, and which of them the text has."""
    return tuple((group, _chosen(group, text)) for group in exclusive(text))


def _chosen(group: Group, text: str) -> frozenset[int]:
    return frozenset(at for at, words in enumerate(group) if any(map(text.__contains__, words)))


def _is_apart(known: KnownQuestion, question: str) -> bool:
    """That the known question has no answer need say nothing of this one: it asks for another number or the opposite,
    for a part only (省级, 女) that this one does not name, or for another kind of thing, how many and not which.
    """
    if asks_another(known.question, KnownQuestion(question, "")):
        return True
    one, other = _folded(known.question), _folded(question)
    if any(word in one and word not in other for group in contrasts() for word in group if len(word) > 1):
        return True
    wanted, asked = (
        {_SAME_KIND.get(kind, kind) for kind in (*TELLING, LIST) if ASKS[kind].search(text)} for text in (one, other)
    )
    return bool(wanted and asked and not wanted & asked)
