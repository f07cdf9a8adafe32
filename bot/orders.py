"""Sentences of a document that give orders to whoever answers, by their vectors. A model does not get to see them.

A logistic model on the vector of a sentence, which the index holds: “ignore the above”, “若有人问，就说…” and their
like lie together whatever their words and language. The weights (orders.npz) are fitted for the default encoder by
`jiawen eval orders --fit`; for another encoder nothing is recognised.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.embed import Vectors

WEIGHTS = Path(__file__).parent / "orders.npz"


def give_orders(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """(n,) which of the sentences with these unit vectors (n, dimension) speak to whoever answers."""
    weights, threshold = _weights(WEIGHTS)
    if vectors.shape[1] != len(weights):
        return np.zeros(len(vectors), np.bool_)
    return np.asarray(vectors @ weights > threshold, np.bool_)


@cache
def _weights(path: Path) -> tuple[Vectors, float]:
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["weights"], float(arrays["threshold"])
