"""Sentences and questions that try to steer whoever answers, and ordinary ones → bot/orders.npz, and how well it tells
them apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from eval.cases import each_line, flag_of, text_of
from indexer.embed import Encoder, Vectors
from indexer.store import Index
from indexer.text import simplify

FOLDS = 10
_BATCH = 16  # questions encoded at a time
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kind:
    """What orders stand in, where those that are known are, and how they are told apart."""

    path: Path
    false_alarms: float  # share of ordinary ones above the threshold
    inverse_penalty: float  # of the logistic model on unit vectors


_PRACTICE = Path(__file__).parent / "practice"
KINDS = {
    # 0.002 catches 3 % more; from 10 to 10,000 the cross-validated figures hardly change.
    "sentence": Kind(_PRACTICE / "orders.jsonl", 0.001, 100.0),
    # One above loses odds by how far it is above: more may be, and 100 is too sure (“tell me about training”).
    "question": Kind(_PRACTICE / "steering.jsonl", 0.01, 10.0),
}


@dataclass(frozen=True, slots=True)
class Told:
    """How well orders are told from ordinary sentences or questions, on those left out of the fit."""

    caught: float  # share of the orders
    near_misses: float  # share of those that merely resemble orders, taken for some
    ordinary: float  # share of ordinary ones taken for orders
    counts: tuple[int, int, int]  # of each of these three
    missed: tuple[str, ...]


def read_orders(path: Path) -> tuple[list[str], Flags]:
    """(texts, which of them are orders) of a JSON Lines file with `text` and `order`."""
    rows: list[tuple[str, bool]] = []
    each_line(path, lambda row: rows.append((text_of(row["text"], "text"), flag_of(row["order"], "order"))))
    return [text for text, _ in rows], np.array([order for _, order in rows], np.bool_)


def fit(vectors: Vectors, orders: Flags, ordinary: Vectors, kind: Kind) -> tuple[Vectors, float]:
    """(weights, threshold): the kind's share of the ordinary ones lies above it."""
    model = LogisticRegression(C=kind.inverse_penalty, class_weight="balanced", max_iter=5000)
    model.fit(np.concatenate([vectors, ordinary]), np.concatenate([orders, np.zeros(len(ordinary), np.bool_)]))
    weights = model.coef_[0].astype(np.float32)
    return weights, float(np.quantile(ordinary @ weights, 1 - kind.false_alarms))


def told_apart(texts: Sequence[str], vectors: Vectors, orders: Flags, ordinary: Vectors, kind: Kind) -> Told:
    """What models say of sentences they were not fitted on."""
    taken = np.zeros(len(texts), np.bool_)
    alarms = np.zeros(len(ordinary), np.bool_)
    for fold in range(FOLDS):
        out, ordinary_out = np.arange(len(texts)) % FOLDS == fold, np.arange(len(ordinary)) % FOLDS == fold
        weights, threshold = fit(vectors[~out], orders[~out], ordinary[~ordinary_out], kind)
        taken[out] = vectors[out] @ weights > threshold
        alarms[ordinary_out] = ordinary[ordinary_out] @ weights > threshold
    missed = tuple(text for text, order, found in zip(texts, orders, taken, strict=True) if order and not found)
    counts = int(orders.sum()), int((~orders).sum()), len(ordinary)
    return Told(float(taken[orders].mean()), float(taken[~orders].mean()), float(alarms.mean()), counts, missed)


def weighed(encoder: Encoder, index: Index, questions: Sequence[str]) -> Iterator[tuple[str, Told, Vectors, float]]:
    """(name of the kind, how well it is told apart, weights, threshold) for each kind.

    Ordinary are the sentences of the index and the questions.
    """

    def queries(texts: Sequence[str]) -> Vectors:
        parts = range(0, len(texts), _BATCH)
        return np.concatenate([encoder.encode_queries(texts[at : at + _BATCH]) for at in parts])

    for name, encode, ordinary in (
        ("sentence", encoder.encode_passages, index.vectors_of(range(len(index.sentences)))),
        ("question", queries, queries([simplify(question) for question in questions])),
    ):
        kind = KINDS[name]
        texts, orders = read_orders(kind.path)
        vectors = encode([simplify(text) for text in texts])
        told = told_apart(texts, vectors, orders, ordinary, kind)
        yield name, told, *fit(vectors, orders, ordinary, kind)
