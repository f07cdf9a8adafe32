"""Sentences and questions that try to steer whoever answers, and ordinary ones → bot/orders.npz, and how well it tells
them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from eval.cases import CaseError
from indexer.embed import Vectors
from indexer.store import read_jsonl

ORDERS = Path(__file__).parent / "practice" / "orders.jsonl"
STEERING = Path(__file__).parent / "practice" / "steering.jsonl"
FOLDS = 10
# Share of ordinary ones above the threshold. Of sentences, 0.002 catches 3 % more orders. A question above loses odds
# by how far it is above, so that more may be: of 612 answerable questions none is refused for it.
FALSE_ALARMS = {"sentence": 0.001, "question": 0.005}
_INVERSE_PENALTY = 100.0  # for unit vectors; from 10 to 10,000 the cross-validated figures hardly change
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Told:
    """How well orders are told from ordinary sentences or questions, on those left out of the fit."""

    caught: float  # share of the orders
    near_misses: float  # share of those that merely resemble orders, taken for some
    ordinary: float  # share of ordinary ones taken for orders
    missed: tuple[str, ...]


def read_orders(path: Path) -> tuple[list[str], Flags]:
    """(texts, which of them are orders) of a JSON Lines file with `text` and `order`."""
    try:
        rows = read_jsonl(path)
        return [str(row["text"]) for row in rows], np.array([bool(row["order"]) for row in rows], np.bool_)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(f"读不了 {path}（{error!r}）", f"cannot read {path} ({error!r})") from error


def fit(vectors: Vectors, orders: Flags, ordinary: Vectors, false_alarms: float) -> tuple[Vectors, float]:
    """(weights, threshold): that share of the ordinary ones lies above it."""
    model = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=5000)
    model.fit(np.concatenate([vectors, ordinary]), np.concatenate([orders, np.zeros(len(ordinary), np.bool_)]))
    weights = model.coef_[0].astype(np.float32)
    return weights, float(np.quantile(ordinary @ weights, 1 - false_alarms))


def told_apart(texts: Sequence[str], vectors: Vectors, orders: Flags, ordinary: Vectors, false_alarms: float) -> Told:
    """What models say of sentences they were not fitted on."""
    taken = np.zeros(len(texts), np.bool_)
    alarms = np.zeros(len(ordinary), np.bool_)
    for fold in range(FOLDS):
        out, ordinary_out = np.arange(len(texts)) % FOLDS == fold, np.arange(len(ordinary)) % FOLDS == fold
        weights, threshold = fit(vectors[~out], orders[~out], ordinary[~ordinary_out], false_alarms)
        taken[out] = vectors[out] @ weights > threshold
        alarms[ordinary_out] = ordinary[ordinary_out] @ weights > threshold
    missed = tuple(text for text, order, found in zip(texts, orders, taken, strict=True) if order and not found)
    return Told(float(taken[orders].mean()), float(taken[~orders].mean()), float(alarms.mean()), missed)
