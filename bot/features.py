"""What speaks for and against each candidate sentence, as numbers: the input of the head (bot/head.py).

A candidate is a sentence of a retrieved chunk. Every number is computed from the question's one vector, the vectors of
the index and the texts; nothing is embedded again. The order of the columns is fixed by the code: a head fits the code
that it was trained with, and `WIDTH` guards that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.question import GIVES, KINDS, LIST, NAME, NUMERIC, WHO, Asked, holds
from bot.types import Hit
from indexer.embed import Vectors
from indexer.lexical import LexicalIndex, terms
from indexer.quantity import Quantity, quantities
from indexer.store import Index
from indexer.text import fold

Numbers = npt.NDArray[np.float64]
SURROUNDINGS = 12  # chunks on either side in which a word may stand that the sentence takes for granted
WIDTH = 12 + 11 + 13 + 45 + 2 * len(KINDS)  # columns
_SURE = 0.97  # no word is expected with more certainty
_CLAUSES = ",;:"
_NOTHING = 1e-12  # a square below it is that of nothing, and rounding
_END_OF_CHUNK = 0.03  # cosine by which a missing neighbour is taken to be further than the sentence


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A sentence taken apart, folded."""

    text: str
    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    gives: tuple[bool, ...]  # per kind of answer
    clauses: tuple[str, ...]


@lru_cache(maxsize=32_768)
def read_sentence(sentence: str) -> Parts:
    """The sentence taken apart; kept, since the same sentences answer many questions."""
    text = fold(sentence)
    marked = text
    for mark in _CLAUSES:
        marked = marked.replace(mark, "\n")
    return Parts(
        text,
        frozenset(terms(sentence)),
        quantities(text),
        tuple(bool(gives.search(text)) for gives in GIVES),
        tuple(clause for clause in marked.split("\n") if clause.strip()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The sentences of the hits: `rows` of the index, which hit each is of, and `features` (candidates, columns)."""

    rows: npt.NDArray[np.int64]
    hit: npt.NDArray[np.int64]
    features: Numbers


def candidates_of(index: Index, asked: Asked, query: Vectors, hits: Sequence[Hit]) -> Candidates:
    """Every sentence of the hits with its features."""
    found = [
        (row, place, reading)
        for place, hit in enumerate(hits)
        for rows in [index.rows_of(hit.number)]
        for row, said in zip(rows, index.readings(rows), strict=True)
        if (reading := read_sentence(said)).terms  # a rule or a lone bracket answers nothing
    ]
    rows = np.array([row for row, _, _ in found], np.int64)
    place = np.array([place for _, place, _ in found], np.int64)
    if not found:
        return Candidates(rows, place, np.zeros((0, WIDTH)))
    readings = [reading for _, _, reading in found]
    passages = _passages(place)
    vectors = index.vectors_of(rows).astype(np.float64)
    parts = [
        _nearness(query, vectors, passages),
        _sharing(asked, readings, index.lexical, passages),
        _shape(asked, readings, place, passages),
        _agreement(index, asked, readings, [hits[at].number for at in place[passages.starts].tolist()], passages),
        np.array([reading.gives for reading in readings], np.float64),
        np.repeat([[float(kind in asked.kinds) for kind in range(len(KINDS))]], len(found), axis=0),
    ]
    return Candidates(rows, place, np.concatenate(parts, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """Which candidates stand together: the passages one after another, each with its sentences in order."""

    starts: npt.NDArray[np.int64]  # per passage: the position of its first candidate
    sizes: npt.NDArray[np.int64]  # per passage: how many there are
    own: npt.NDArray[np.int64]  # per candidate: its passage, and so for the rest
    first: npt.NDArray[np.int64]  # the position of the first of its passage
    before: npt.NDArray[np.int64]  # of the one before, itself at the start
    after: npt.NDArray[np.int64]  # of the one behind, itself at the end


def _passages(place: npt.NDArray[np.int64]) -> Passages:
    at = np.arange(len(place))
    opens = np.concatenate([[True], place[1:] != place[:-1]])
    starts = np.flatnonzero(opens)
    own = np.cumsum(opens) - 1
    closes = np.concatenate([opens[1:], [True]])
    return Passages(starts, np.diff(np.append(starts, len(place))), own, starts[own], at - (~opens), at + (~closes))


def _below_best(values: Numbers) -> Numbers:
    return np.asarray(values - values.max(), np.float64)


def _nearness(query: Vectors, vectors: Numbers, passages: Passages) -> Numbers:
    """Cosines: alone, to the best, of the neighbours, and with what the passage is about taken out of both sides."""
    cosine = np.asarray(vectors @ query, np.float64)
    between = vectors @ vectors.T
    at = np.arange(len(cosine))
    best = np.maximum.reduceat(cosine, passages.starts)[passages.own]

    def partial(topics: Numbers, which: npt.NDArray[np.int64]) -> Numbers:
        """Correlation of question and sentence without their share of a topic, which is a weighted sum of sentences."""
        to_topic, of_topic = (topics @ between)[which, at], (topics @ between * topics).sum(axis=1)[which]
        of_topic = np.maximum(of_topic, _NOTHING)
        of_question = (topics @ cosine)[which]
        rest = (float(query @ query) - of_question**2 / of_topic) * (np.diagonal(between) - to_topic**2 / of_topic)
        return np.asarray((cosine - of_question * to_topic / of_topic) / np.sqrt(np.maximum(rest, _NOTHING)))

    alike = np.equal.outer(np.arange(len(passages.starts)), passages.own) / passages.sizes[:, None]
    of_passage, of_opening = partial(alike, passages.own), partial(np.eye(len(at))[passages.starts], passages.own)
    of_opening = np.where(passages.first == at, of_passage, of_opening)
    of_all = partial(np.full((1, len(at)), 1 / len(at)), np.zeros(len(at), np.int64))
    return np.stack([
        cosine, _below_best(cosine), cosine - best,
        np.where(passages.before == at, -_END_OF_CHUNK, cosine[passages.before] - cosine),
        np.where(passages.after == at, -_END_OF_CHUNK, cosine[passages.after] - cosine),
        best, _below_best(best), of_passage, _below_best(of_passage), of_opening, of_all, _below_best(of_all),
    ], axis=1)  # fmt: skip


def _shared(asked: Asked, readings: Sequence[Parts], lexical: LexicalIndex) -> tuple[Numbers, Numbers, Numbers]:
    """((candidates, terms) 1 where the sentence holds the question's term, weight of each term, 1 where it is a pair).

    A term weighs its rarity times the chance that an answering document holds the words it lies in.
    """
    chance = np.ones(len(asked.text))
    for word, expected in zip(asked.words, asked.expected, strict=True):
        start = asked.text.find(word)
        while start >= 0:
            chance[start : start + len(word)] = np.minimum(chance[start : start + len(word)], expected)
            start = asked.text.find(word, start + 1)
    weights: dict[str, float] = {}
    for term in dict.fromkeys(terms(asked.text)):
        start = asked.text.find(term)
        expected = float(chance[start : start + len(term)].min()) if start >= 0 else 0.5
        weights[term] = expected * max(lexical.rarity(term), 0.3)
    held = np.array([[term in reading.terms for term in weights] for reading in readings], np.float64)
    pairs = np.array([len(term) > 1 or term.isascii() for term in weights], np.float64)
    return held.reshape(len(readings), len(weights)), np.array(list(weights.values())), pairs


def _sharing(asked: Asked, readings: Sequence[Parts], lexical: LexicalIndex, passages: Passages) -> Numbers:
    """Shares of the question's weighted terms: in the sentence, its window, its passage, and what only it adds."""
    held, weights, pairs = _shared(asked, readings, lexical)
    of_pairs, of_characters = weights * pairs, weights * (1 - pairs)
    of_pairs, of_characters = of_pairs / max(of_pairs.sum(), 1e-9), of_characters / max(of_characters.sum(), 1e-9)
    holders = held.sum(axis=0)
    of_rare = of_pairs * np.log1p((len(held) - holders + 0.5) / (holders + 0.5))
    of_rare = of_rare / max(of_rare.sum(), 1e-9)
    window = np.maximum(np.maximum(held[passages.before], held[passages.after]), held)
    passage = np.maximum.reduceat(held, passages.starts, axis=0)[passages.own]
    # What the opening lacks; of the opening, what the second sentence lacks, if there is one.
    other = np.where(passages.first == np.arange(len(held)), passages.after, passages.first)
    added = (held * (1 - held[other])) @ of_pairs
    alone = (passages.sizes == 1)[passages.own]
    added[alone] = held[alone] @ of_pairs
    sentence, characters, rare = held @ of_pairs, held @ of_characters, held @ of_rare
    return np.stack([
        sentence, _below_best(sentence), characters, _below_best(characters), rare, _below_best(rare),
        window @ of_pairs, added, _below_best(added), passage @ of_pairs, passage @ of_characters,
    ], axis=1)  # fmt: skip


def _shape(asked: Asked, readings: Sequence[Parts], place: npt.NDArray[np.int64], passages: Passages) -> Numbers:
    """Length, position, rank of the passage, the longest stretch of the question, how much of the sentence is new."""
    at = np.arange(len(place))
    stretch = np.array([_longest_common(asked.text, reading.text) for reading in readings], np.float64)
    asked_terms = set(terms(asked.text))
    new = np.array([len(reading.terms - asked_terms) / max(len(reading.terms), 1) for reading in readings])
    lengths = np.array([len(reading.text) for reading in readings], np.float64)
    position = (at - passages.first) / np.maximum(passages.sizes - 1, 1)[passages.own]
    marks = np.array([min(reading.text.count("、"), 6) / 6 for reading in readings])
    return np.stack([
        stretch / len(asked.text), np.minimum(stretch, 12) / 12, _below_best(stretch) / 12, np.log(lengths) / 4,
        np.full(len(place), np.log(len(asked.text)) / 3), passages.before == at, passages.after == at, position,
        place == 0, place / 4, new, marks, marks * (LIST in asked.kinds),
    ], axis=1)  # fmt: skip


def _longest_common(first: str, second: str) -> int:
    """Length of the longest stretch of `first` that `second` holds."""
    best = 0
    for start in range(len(first)):
        while start + best < len(first) and first[start : start + best + 1] in second:
            best += 1
    return best


def _agreement(
    index: Index, asked: Asked, readings: Sequence[Parts], chunks: Sequence[int], passages: Passages
) -> Numbers:
    """What the question names and wants against what the sentence, its passage and its surroundings hold."""
    surprise = -np.log(1 - np.minimum(asked.expected, _SURE))  # of a missing word, in nats
    around = [surroundings(index, number) for number in chunks]
    held = _held(asked, [reading.text for reading in readings])
    held_near = _held(asked, [near for near, _, _ in around])[passages.own]
    held_far = _held(asked, [far for _, far, _ in around])[passages.own]
    rows = [
        _wanted(asked, reading)
        + _in_one_clause(asked, surprise, reading, words)
        + _named(asked, reading, around[own][1], around[own][2])
        for reading, words, own in zip(readings, held.tolist(), passages.own.tolist(), strict=True)
    ]
    missing = [_missing(asked, surprise, words) for words in (held, held_near, held_far)]
    return np.concatenate([*missing, np.array(rows, np.float64)], axis=1)


def surroundings(index: Index, number: int) -> tuple[str, str, tuple[Quantity, ...]]:
    """(text of the chunk, text of its document around it with the title, the numbers of the latter), folded."""
    document = index.documents[index.chunks[number].doc_id]
    reach = range(max(number - SURROUNDINGS, 0), min(number + SURROUNDINGS + 1, len(index.chunks)))
    own = [other for other in reach if index.chunks[other].doc_id == document.id]
    near = _readings(index, number, number)
    far = [read_sentence(document.title), *_readings(index, own[0], own[-1])]
    numbers = tuple(quantity for reading in far for quantity in reading.quantities)
    return "\n".join(reading.text for reading in near), "\n".join(reading.text for reading in far), numbers


def _readings(index: Index, first: int, last: int) -> list[Parts]:
    """The sentences of a document's chunks from the first to the last."""
    rows = range(index.rows_of(first).start, index.rows_of(last).stop)
    return [read_sentence(text) for text in index.readings(rows)]


def _held(asked: Asked, texts: Sequence[str]) -> Numbers:
    """(texts, words): how far each text holds each word of the question."""
    return np.array([[holds(text, word) for word in asked.words] for text in texts]).reshape(
        len(texts), len(asked.words)
    )


def _missing(asked: Asked, surprise: Numbers, held: Numbers) -> Numbers:
    """How much of the expected is held; how surprising the missing is: together, at most, of nouns, of names."""
    if not asked.words:
        return np.repeat([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]], len(held), axis=0)
    missing = (1 - held) * surprise
    return np.stack([
        held @ surprise / max(float(surprise.sum()), 1e-6), missing.sum(axis=1) / 5, missing.max(axis=1) / 3,
        (1 - held) @ (asked.expected > 0.6) / 3, (missing * asked.nouns).max(axis=1) / 3,
        (missing * asked.proper).max(axis=1) / 3,
    ], axis=1)  # fmt: skip


def _wanted(asked: Asked, reading: Parts) -> list[float]:
    """Does the sentence give the kinds of answer that the question wants, and a number that the question lacks."""
    telling = asked.telling
    given = [reading.gives[kind] for kind in telling]
    new = [one for one in reading.quantities if not any(one.value == other.value for other in asked.quantities)]
    numeric = bool(asked.kinds & NUMERIC)
    counted = any(one.unit and one.unit in asked.unit for one in new)
    names = WHO in asked.kinds or NAME in asked.kinds
    return [
        sum(given) / len(given) if given else 0.5,
        float(all(given)) if given else 0.5,
        float(bool(given) and not any(given)),
        float(bool(given)),
        float(numeric and not new),
        float(numeric and bool(new)),
        0.5 if not asked.unit else float(counted),
        float(bool(asked.unit) and not counted),
        float(names and not reading.gives[NAME]),
        float(names and bool(reading.gives[NAME])),
        float(LIST in asked.kinds and "、" not in reading.text),
    ]


def _in_one_clause(asked: Asked, surprise: Numbers, reading: Parts, held: Sequence[float]) -> list[float]:
    """The most of the expected words that one clause holds; the same for clauses that give what is wanted."""
    total = max(float(surprise.sum()), 1e-6)
    weights = [
        (word, weight / total)
        for word, weight, share in zip(asked.words, surprise.tolist(), held, strict=True)
        if share
    ]
    telling = asked.telling
    best = giving = 0.0
    for clause in reading.clauses:
        share = sum(weight * holds(clause, word) for word, weight in weights)
        best = max(best, share)
        if share > giving and all(GIVES[kind].search(clause) for kind in telling):
            giving = share
    return [best, giving, best - giving]


def _named(asked: Asked, reading: Parts, around: str, numbers_around: Sequence[Quantity]) -> list[float]:
    """Numbers, ordinals, years, titles and contrasts of the question that the sentence or its surroundings lack."""
    if not (asked.quantities or asked.titles or asked.contrasts):
        return [0.0] * 13

    def lacking(wanted: Sequence[Quantity], held: Sequence[Quantity]) -> list[bool]:
        return [not any(one.agrees(other) for other in held) for one in wanted]

    here, there = lacking(asked.quantities, reading.quantities), lacking(asked.quantities, numbers_around)
    ordinals = [one for one in asked.quantities if one.ordinal]
    years = [one for one in asked.quantities if one.unit == "年" and one.value > 1000]
    contradicted = [
        named not in reading.text and any(other in reading.text for other in others)
        for named, others in asked.contrasts
    ]
    return [
        sum(here) / len(here) if here else 0.0,
        float(any(there)),
        float(bool(here)),
        float(any(lacking(ordinals, reading.quantities))),
        float(any(lacking(ordinals, numbers_around))),
        float(any(lacking(years, reading.quantities))),
        float(any(lacking(years, numbers_around))),
        sum(title not in reading.text for title in asked.titles) / max(len(asked.titles), 1),
        sum(title not in around for title in asked.titles) / max(len(asked.titles), 1),
        float(bool(asked.titles)),
        float(any(contradicted)),
        float(any(named not in around for named, _ in asked.contrasts)),
        float(bool(asked.contrasts)),
    ]
