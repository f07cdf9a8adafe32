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
_END_OF_CHUNK = 0.03  # cosine by which a missing neighbour is taken to be further than the sentence


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A sentence taken apart, folded."""

    text: str
    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    gives: npt.NDArray[np.bool_]  # per kind of answer
    clauses: tuple[str, ...]


@lru_cache(maxsize=32_768)
def read_sentence(sentence: str) -> Reading:
    """The sentence taken apart; kept, since the same sentences answer many questions."""
    text = fold(sentence)
    marked = text
    for mark in _CLAUSES:
        marked = marked.replace(mark, "\n")
    return Reading(
        text,
        frozenset(terms(sentence)),
        quantities(text),
        np.array([bool(gives.search(text)) for gives in GIVES]),
        tuple(clause for clause in marked.split("\n") if clause.strip()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The sentences of the hits: `rows` of the index, which hit each is of, and `features` (candidates, columns)."""

    rows: npt.NDArray[np.int64]
    hit: npt.NDArray[np.int64]
    features: Numbers


def candidates_of(
    index: Index, asked: Asked, query: Vectors, hits: Sequence[Hit], without: frozenset[int] = frozenset()
) -> Candidates:
    """Every sentence of the hits with its features; `without` leaves rows out as if they were not in the index."""
    found = [(row, place) for place, hit in enumerate(hits) for row in index.rows_of(hit.number) if row not in without]
    rows = np.array([row for row, _ in found], np.int64)
    place = np.array([place for _, place in found], np.int64)
    if not found:
        return Candidates(rows, place, np.zeros((0, WIDTH)))
    readings = [read_sentence(index.sentence_text(row)) for row in rows.tolist()]
    chunk = index.sentences[rows, 0]
    vectors = index.vectors_of(rows).astype(np.float64)
    shared = _shared(asked, readings, index.lexical)
    parts = [
        _nearness(query, vectors, chunk),
        _sharing(shared, chunk),
        _shape(asked, readings, chunk, place),
        _agreement(index, asked, readings, chunk, without),
        np.array([reading.gives for reading in readings], np.float64),
        np.repeat([[float(kind in asked.kinds) for kind in range(len(KINDS))]], len(found), axis=0),
    ]
    return Candidates(rows, place, np.concatenate(parts, axis=1))


def _below_best(values: Numbers) -> Numbers:
    return np.asarray(values - values.max(), np.float64)


def _neighbours(chunk: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(position before, position after) of every candidate inside its chunk, itself at the chunk's ends."""
    at = np.arange(len(chunk))
    before = np.where((at > 0) & (chunk == np.roll(chunk, 1)), at - 1, at)
    after = np.where((at < len(at) - 1) & (chunk == np.roll(chunk, -1)), at + 1, at)
    return before, after


def _unit(vectors: Numbers) -> Numbers:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float64)


def _nearness(query: Vectors, vectors: Numbers, chunk: npt.NDArray[np.int64]) -> Numbers:
    """Cosines: alone, to the best, of the neighbours, and with what the passage is about taken out of both sides."""
    cosine = np.asarray(vectors @ query, np.float64)
    before, after = _neighbours(chunk)
    at = np.arange(len(chunk))
    first = np.zeros(len(chunk), np.int64)
    best, centre = np.zeros(len(chunk)), np.zeros_like(vectors)
    for number in np.unique(chunk):
        inside = chunk == number
        first[inside] = np.flatnonzero(inside)[0]
        best[inside] = cosine[inside].max()
        centre[inside] = vectors[inside].mean(axis=0)

    def partial(topic: Numbers) -> Numbers:
        """Correlation of question and sentence after their share of the topic is removed."""
        topic = _unit(topic)
        rest_of_question = query - (topic @ query)[:, None] * topic
        rest = vectors - (vectors * topic).sum(axis=1)[:, None] * topic
        return np.asarray((_unit(rest_of_question) * _unit(rest)).sum(axis=1))

    of_passage, of_all = partial(centre), partial(np.repeat(vectors.mean(axis=0)[None], len(chunk), axis=0))
    of_opening = np.where(first == at, of_passage, partial(vectors[first]))
    return np.stack([
        cosine, _below_best(cosine), cosine - best,
        np.where(before == at, -_END_OF_CHUNK, cosine[before] - cosine),
        np.where(after == at, -_END_OF_CHUNK, cosine[after] - cosine),
        best, _below_best(best), of_passage, _below_best(of_passage), of_opening, of_all, _below_best(of_all),
    ], axis=1)  # fmt: skip


def _shared(asked: Asked, readings: Sequence[Reading], lexical: LexicalIndex) -> tuple[Numbers, Numbers, Numbers]:
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


def _sharing(shared: tuple[Numbers, Numbers, Numbers], chunk: npt.NDArray[np.int64]) -> Numbers:
    """Shares of the question's weighted terms: in the sentence, its window, its passage, and what only it adds."""
    held, weights, pairs = shared
    of_pairs, of_characters = weights * pairs, weights * (1 - pairs)
    of_pairs, of_characters = of_pairs / max(of_pairs.sum(), 1e-9), of_characters / max(of_characters.sum(), 1e-9)
    holders = held.sum(axis=0)
    of_rare = of_pairs * np.log1p((len(held) - holders + 0.5) / (holders + 0.5))
    of_rare = of_rare / max(of_rare.sum(), 1e-9)
    before, after = _neighbours(chunk)
    window = np.maximum(np.maximum(held[before], held[after]), held)
    passage, added = np.zeros_like(held), np.zeros(len(held))
    for number in np.unique(chunk):
        inside = np.flatnonzero(chunk == number)
        passage[inside] = held[inside].max(axis=0, initial=0)
        opening = held[inside[0]]
        second = held[inside[1]] if len(inside) > 1 else np.zeros_like(opening)
        for at in inside:
            other = opening if at != inside[0] else second
            added[at] = (held[at] * (1 - other)) @ of_pairs
    sentence, characters, rare = held @ of_pairs, held @ of_characters, held @ of_rare
    return np.stack([
        sentence, _below_best(sentence), characters, _below_best(characters), rare, _below_best(rare),
        window @ of_pairs, added, _below_best(added), passage @ of_pairs, passage @ of_characters,
    ], axis=1)  # fmt: skip


def _shape(
    asked: Asked, readings: Sequence[Reading], chunk: npt.NDArray[np.int64], place: npt.NDArray[np.int64]
) -> Numbers:
    """Length, position, rank of the passage, the longest stretch of the question, how much of the sentence is new."""
    before, after = _neighbours(chunk)
    at = np.arange(len(chunk))
    stretch = np.array([_longest_common(asked.text, reading.text) for reading in readings], np.float64)
    asked_terms = set(terms(asked.text))
    new = np.array([len(reading.terms - asked_terms) / max(len(reading.terms), 1) for reading in readings])
    lengths = np.array([len(reading.text) for reading in readings], np.float64)
    position = np.zeros(len(chunk))
    for number in np.unique(chunk):
        inside = np.flatnonzero(chunk == number)
        position[inside] = np.linspace(0, 1, len(inside)) if len(inside) > 1 else 0.0
    marks = np.array([min(reading.text.count("、"), 6) / 6 for reading in readings])
    return np.stack([
        stretch / len(asked.text), np.minimum(stretch, 12) / 12, _below_best(stretch) / 12, np.log(lengths) / 4,
        np.full(len(chunk), np.log(len(asked.text)) / 3), before == at, after == at, position, place == 0, place / 4,
        new, marks, marks * (LIST in asked.kinds),
    ], axis=1)  # fmt: skip


def _longest_common(first: str, second: str) -> int:
    """Length of the longest stretch of `first` that `second` holds."""
    best = 0
    for start in range(len(first)):
        while start + best < len(first) and first[start : start + best + 1] in second:
            best += 1
    return best


def _agreement(
    index: Index, asked: Asked, readings: Sequence[Reading], chunk: npt.NDArray[np.int64], without: frozenset[int]
) -> Numbers:
    """What the question names and wants against what the sentence, its passage and its surroundings hold."""
    surprise = -np.log(1 - np.minimum(asked.expected, _SURE))  # of a missing word, in nats
    numbers, which = np.unique(chunk, return_inverse=True)
    around = [surroundings(index, number, without) for number in numbers.tolist()]
    held = _held(asked, [reading.text for reading in readings])
    held_near = _held(asked, [near for near, _, _ in around])[which]
    held_far = _held(asked, [far for _, far, _ in around])[which]
    rows = [
        _wanted(asked, reading)
        + _in_one_clause(asked, surprise, reading, words)
        + _named(asked, reading, around[at][1], around[at][2])
        for reading, words, at in zip(readings, held, which.tolist(), strict=True)
    ]
    missing = [_missing(asked, surprise, words) for words in (held, held_near, held_far)]
    return np.concatenate([*missing, np.array(rows, np.float64)], axis=1)


def surroundings(
    index: Index, number: int, without: frozenset[int] = frozenset()
) -> tuple[str, str, tuple[Quantity, ...]]:
    """(text of the chunk, text of its document around it with the title, the numbers of the latter), folded."""
    document = index.documents[index.chunks[number].doc_id]
    texts = []
    for low, high in ((number, number + 1), (number - SURROUNDINGS, number + SURROUNDINGS + 1)):
        chunks = [
            other
            for other in range(max(low, 0), min(high, len(index.chunks)))
            if index.chunks[other].doc_id == document.id
        ]
        rows = [row for chunk in chunks for row in index.rows_of(chunk) if row not in without]
        texts.append([read_sentence(index.sentence_text(row)) for row in rows])
    title = read_sentence(document.title)
    near, far = texts
    numbers = tuple(dict.fromkeys(quantity for reading in [title, *far] for quantity in reading.quantities))
    return "\n".join(reading.text for reading in near), "\n".join(reading.text for reading in [title, *far]), numbers


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


def _wanted(asked: Asked, reading: Reading) -> list[float]:
    """Does the sentence give the kinds of answer that the question wants, and a number that the question lacks."""
    telling = asked.telling
    given = [bool(reading.gives[kind]) for kind in telling]
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


def _in_one_clause(asked: Asked, surprise: Numbers, reading: Reading, held: Numbers) -> list[float]:
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


def _named(asked: Asked, reading: Reading, around: str, numbers_around: Sequence[Quantity]) -> list[float]:
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
