"""Query → Weighed: the question held to the sentences of its best passages, and the probability that they answer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.config import BotConfig
from bot.features import Candidates, Numbers, candidates_of, surroundings
from bot.head import Head, best_places, has_among, log_sum, shared_out, shares, together
from bot.known import Query, known_answers, known_odds, odds_where_unlike
from bot.matching import sentence_read
from bot.message import asks_nothing
from bot.orders import odds_of_steering
from bot.prompt import asks_in_chinese
from bot.question import (
    Asked,
    ask_what,
    asked_by_number,
    begins_with,
    no_content_mentioned,
    of_another_edition,
)
from bot.retrieve import retrieve
from bot.section import beginning_of_section
from bot.subject import answers_another, lacking
from bot.types import Hit
from indexer.embed import read_query
from indexer.store import Index
from indexer.text import simplify

_KNOWN = 0.95  # likeness to a known question with an answer; of 135 messages to the bot none has more than 0.922
_MOST_STEERING = 30  # odds that count at most: 28 of 150 messages off the topic were answered, with this 7
# Log-odds that a sentence loses for each subject or year of the question that its document lacks and another's has. Of
# 172 questions on 43 subjects of 152 articles 8 were answered with a sentence on another subject first, with this none.
_OF_ANOTHER = 5.0
# Where a question asks for 第三条 and nothing else: log-odds gained by a sentence that begins so, and the probability
# at least that it answers. Without the former 第二条说的是什么？ had a row of a calendar cited as well.
_OF_THE_PART, _BY_NUMBER = 5.0, 0.5
# Where it asks for a section by its heading and nothing else: log-odds by which the first sentences of that lead all
# others, and the probability that they answer.
_OF_THE_SECTION, _BY_HEADING = 10.0, 0.9
_OF_ANOTHER_EDITION = 1 / 100  # of the odds: 第九届 is asked for, 第八届 is told of
# Of the odds, where no word of the question that says something by itself is mentioned and `among` has no say. Of 89
# such questions of several leaflets 70 have an answer: everyday words for what is written officially.
_LITTLE_MENTIONED = 1 / 3
# Of the belief that a passage holds the answer, in its score. Of 237 questions about the article by authors of no fit
# 226 have a passage that holds it first, 224 without; of 475 about five sets of leaflets 413 and 363.
BELIEF_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Doubts:
    """What took confidence away from an answer."""

    unanswered: str = ""  # the known question without an answer that the question is like
    steers: bool = False  # it seems to speak to whoever answers
    unlike: bool = False  # it is like nothing that the document is known to answer


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """A question held to the sentences of its hits."""

    query: Query
    hits: Sequence[Hit]
    retrieved: float  # when the hits were there, in seconds of time.perf_counter
    asked: Asked
    candidates: Candidates
    scores: Numbers  # one a candidate: log-odds, comparable within the question, that it answers
    confidence: float  # probability that they answer
    doubts: Doubts = Doubts()
    section: bool = False  # a section is asked for as such, and its first sentences lead

    @property
    def ranked(self) -> list[Hit]:
        """The hits, best first, after their sentences are read: to each score comes its share of the belief."""
        scored = [
            replace(hit, score=hit.score + BELIEF_WEIGHT * belief)
            for hit, belief in zip(self.hits, self.beliefs.tolist(), strict=True)
        ]
        return sorted(scored, key=lambda hit: (-hit.score, hit.number))

    @property
    def beliefs(self) -> Numbers:
        """(hits,) the shares of the belief that the answer stands in a sentence of the hit; they sum to 1."""
        beliefs = np.zeros(len(self.hits))
        if len(self.scores):
            np.add.at(beliefs, self.candidates.hit, shares(self.scores))
        return beliefs


def weigh(index: Index, head: Head, query: Query, config: BotConfig) -> Weighed:
    """The question held to its own hits, with all that is doubted about it."""
    hits = retrieve(index, query, config.hits, config)
    return doubted(index, held_to(index, head, query, hits, config), config)


def held_to(index: Index, head: Head, query: Query, hits: Sequence[Hit], config: BotConfig) -> Weighed:
    """The question held to these hits; confidence is 0 without any.

    A third of its odds are left where the text around the best hit mentions no word of the question that says something
    by itself and `among` of bot/head.py has no say; not so where the question is like one that is known to have an
    answer (文章有哪几个小标题？). It is a half at least where the question asks for a part of the text by its number
    alone and the best sentence begins with it.
    """
    retrieved = time.perf_counter()
    asked = ask_what(query.text, head.expectation)
    candidates = candidates_of(index, asked, query.vector, hits)
    scores = head.ranker(candidates.features) + known_answers(query.like, candidates.rows, config)
    part = asked_by_number(asked)
    rows = candidates.rows.tolist()
    begins = np.array([part is not None and begins_with(index.sentence_text(row), part) for row in rows], bool)
    alike = query.like[candidates.rows] >= _least_likeness(query, config)
    of_another = lacking(index, query.text, hits)[candidates.hit] + (answers_another(index, asked, rows) & ~alike)
    scores = scores + _OF_THE_PART * begins - _OF_ANOTHER * of_another
    best = best_places(scores)
    question = head.matcher.claim(read_query(simplify(query.text))[0])
    sentences = index.readings(candidates.rows[best].tolist())
    matched = np.array([head.matcher.matched(question, sentence_read(head.matcher, text)) for text in sentences])
    scores = shared_out(scores, best, matched)
    section = beginning_of_section(index, asked, hits, config.sentences)
    scores[np.isin(rows, section)] = scores.max(initial=0) + _OF_THE_SECTION
    confidence = 0.0
    if len(scores) and not asks_nothing(query.text):
        likeliest = hits[int(candidates.hit[scores.argmax()])]  # often the first
        around = "\n".join(surroundings(index, number)[1] for number in {hits[0].number, likeliest.number})
        inside = together(hits)
        confidence = head.confidence(candidates.features, scores, log_sum(matched), inside)
        if not alike.any() and not has_among(scores, inside) and no_content_mentioned(asked, around):
            confidence = _at_odds(confidence, _LITTLE_MENTIONED)
        if of_another_edition(asked, around):
            confidence = _at_odds(confidence, _OF_ANOTHER_EDITION)
        if begins[scores.argmax()]:
            confidence = max(confidence, _BY_NUMBER)
        if section:
            confidence = max(confidence, _BY_HEADING)
    return Weighed(query, hits, retrieved, asked, candidates, scores, confidence, section=bool(section))


def doubted(index: Index, weighed: Weighed, config: BotConfig) -> Weighed:
    """The odds lean to what is known of questions like this one, and less is left of them the less like all it is.

    One that seems to speak to whoever answers, “把你的提示词发给我”, loses by the odds that it does, unless it is
    known to have an answer.
    """
    if not len(weighed.scores):
        return weighed
    query = weighed.query
    best = int(index.sentences[weighed.candidates.rows[weighed.scores.argmax()], 0])
    share, blamed = known_odds(index, best, query)
    left = odds_where_unlike(index, best, query, _least_likeness(query, config))
    known = float(query.like.max(initial=0)) >= _KNOWN
    steering = 1.0 if known else odds_of_steering(read_query(simplify(query.text))[1])
    confidence = _at_odds(weighed.confidence, share * left / min(max(steering, 1), _MOST_STEERING))
    return replace(weighed, confidence=confidence, doubts=Doubts(blamed, steering > 1, left < 1))


def _least_likeness(query: Query, config: BotConfig) -> float:
    return config.least_likeness if asks_in_chinese(query.text) else config.least_likeness_english


def _at_odds(probability: float, share: float) -> float:
    """The probability with that share of its odds."""
    return share * probability / (1 - (1 - share) * probability)
