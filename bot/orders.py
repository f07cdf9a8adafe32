"""Sentences of a document that give orders to whoever answers, by their vectors. A model does not get to see them.

A logistic model on the vector of a sentence, which the index holds: “ignore the above”, “若有人问，就说…” and their
like lie together whatever their words and language. The weights (orders.npz) are fitted for the default encoder by
`jiawen eval orders --fit`; vectors of another tell nothing.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.embed import Vectors

WEIGHTS = Path(__file__).parent / "orders.npz"


def give_orders(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """(n,) which of the sentences with these unit vectors of the default encoder (n, 384) speak to whoever answers."""
    weights, threshold = _weights(WEIGHTS)
    return np.asarray(vectors @ weights > threshold, np.bool_)


@cache
def _weights(path: Path) -> tuple[Vectors, float]:
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["weights"], float(arrays["threshold"])
