"""Decision trees, trained by scikit-learn and kept as the plain arrays of a Forest of bot/head.py."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier

from bot.head import Forest


def train_forest(
    rows: npt.NDArray[np.float32],
    kinds: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64] | None,
    leaves: int,
    share: float,
) -> Forest:
    """The forest that tells rows of one kind from the other; each split looks at a share of the columns.

    With 128 leaves a tree it fits in some 150 kB, with 512 in 0.8 MB.
    """
    model = ExtraTreesClassifier(150, max_leaf_nodes=leaves, max_features=share, random_state=0, n_jobs=-1)
    return _as_forest([tree.tree_ for tree in model.fit(rows, kinds, weights).estimators_], kind=1)


def train_boosted(
    rows: npt.NDArray[np.float32], kinds: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> Forest:
    """Boosted trees of 16 leaves; the mean of the leaves is their log-odds but for a factor and a constant."""
    model = GradientBoostingClassifier(
        max_depth=4, n_estimators=300, learning_rate=0.05, subsample=0.5, max_features=0.1, random_state=0
    )
    return _as_forest([tree.tree_ for (tree,) in model.fit(rows, kinds, weights).estimators_], kind=0)


def _as_forest(trees: Sequence[Any], kind: int) -> Forest:
    """Trees of scikit-learn as arrays; `kind` is the place of the wanted value in a leaf."""
    nodes = max(tree.node_count for tree in trees)
    shape = (len(trees), nodes)
    feature, left, right = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    threshold, chance = np.zeros(shape, np.float32), np.zeros(shape)
    for number, tree in enumerate(trees):
        count, itself = tree.node_count, np.arange(tree.node_count)
        leaf = tree.children_left < 0
        feature[number, :count] = np.where(leaf, 0, tree.feature)
        threshold[number, :count] = tree.threshold
        left[number, :count] = np.where(leaf, itself, tree.children_left)
        right[number, :count] = np.where(leaf, itself, tree.children_right)
        chance[number, :count] = np.where(leaf, tree.value[:, 0, kind], 0)  # only a leaf's is read
    return Forest(feature, threshold, left, right, chance, max(int(tree.max_depth) for tree in trees))
