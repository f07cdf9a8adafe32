"""The network is trained: it learns from twins what tells them apart, and is the one that the bot reads."""

import numpy as np
import pytest

from eval.matching import train_matcher

WIDTH = 8


def test_it_learns_whether_the_passage_has_every_token_of_the_claim() -> None:
    chance = np.random.default_rng(1)
    words = chance.normal(size=(12, WIDTH)).astype(np.float32)
    pairs, known = [], []
    for _ in range(300):
        passage = chance.permutation(12)[:6]
        claim = chance.permutation(passage)[:3]
        twin = claim.copy()
        twin[chance.integers(3)] = chance.choice(np.setdiff1d(np.arange(12), passage))
        for tokens, supported in ((claim, True), (twin, False)):
            pairs.append((words[tokens], words[passage]))
            known.append(supported)
    epochs = []
    matcher = train_matcher(pairs, np.array(known), 11, lambda: epochs.append(1))
    right = np.mean([(matcher(*pair) > 0) == supported for pair, supported in zip(pairs, known, strict=True)])
    assert right > 0.9
    assert len(epochs) == 11


def test_texts_without_tokens_are_left_out() -> None:
    pairs = [(np.ones((2, WIDTH), np.float32), np.eye(WIDTH, dtype=np.float32)[:3])] * 2
    pairs += [(np.zeros((0, WIDTH), np.float32), np.ones((1, WIDTH), np.float32))]
    matcher = train_matcher(pairs, np.array([True, True, False]), 11)
    assert matcher(*pairs[0]) > 0
    assert matcher(*pairs[2]) == pytest.approx(0)
