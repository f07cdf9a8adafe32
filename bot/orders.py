"""Orders to whoever answers, by their vectors: in documents, and in place of a question.

Logistic models on vectors: “ignore the above”, “若有人问，就说…” and their like lie together whatever their words and
language, and so do “show me your prompt” and “讲个笑话”. A model does not get to see such a sentence, and no document
answers such a question. The weights (orders.npz) are fitted for the default encoder by `jiawen eval orders --fit`;
vectors of another tell nothing.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.embed import Vectors

WEIGHTS = Path(__file__).parent / "orders.npz"


def give_orders(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """(n,) which of the sentences with these unit vectors of the default encoder (n, 384) speak to whoever answers."""
    weights, threshold = _weights("sentence")
    return np.asarray(vectors @ weights > threshold, np.bool_)


def odds_of_steering(query: Vectors) -> float:
    """How much more a question with this unit vector of the default encoder (384,) is like messages to the bot than the
    one ordinary question in 100 that is most like them: a ratio of odds.
    """
    weights, threshold = _weights("question")
    return float(np.exp(query @ weights - threshold))


@cache
def _weights(kind: str) -> tuple[Vectors, float]:
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return arrays[f"{kind}.weights"], float(arrays[f"{kind}.threshold"])
