"""The network is trained: it learns from twins what tells them apart, and is the one that the bot reads."""

import numpy as np
import pytest
import torch

from bot.matching import Matcher
from eval.examples import Lesson
from eval.matching import Network, train_matcher

WIDTH = 8


def lessons(pairs, known) -> list[Lesson]:
    return [Lesson(claim, [passage], [supported]) for (claim, passage), supported in zip(pairs, known, strict=True)]


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
    matcher = train_matcher(lessons(pairs, known), 11, lambda: epochs.append(1))
    right = np.mean([(matcher(*pair) > 0) == supported for pair, supported in zip(pairs, known, strict=True)])
    assert right > 0.9
    assert len(epochs) == 11


def test_it_learns_which_text_is_right() -> None:
    """Where none or one of three texts holds the token asked for."""
    chance = np.random.default_rng(5)
    words = chance.normal(size=(12, WIDTH)).astype(np.float32)
    taught = []
    for number in range(400):
        order = chance.permutation(12)
        texts = [words[own] for own in np.split(order[:9], 3)]
        asked = order[chance.integers(9)] if number % 2 else order[9]
        taught.append(Lesson(words[[asked]], texts, [bool(asked in own) for own in np.split(order[:9], 3)]))
    matcher = train_matcher(taught[:300], 25)
    which, any_ = [], []
    for one in taught[300:]:
        said = np.array([matcher(one.asked, text) for text in one.texts])
        any_.append((np.logaddexp.reduce(said) > 0) == any(one.right))
        which += [said.argmax() == np.argmax(one.right)] if any(one.right) else []
    assert np.mean(which) > 0.9
    assert np.mean(any_) > 0.9


def test_it_sees_what_the_claim_leaves_out() -> None:
    chance = np.random.default_rng(2)
    words = chance.normal(size=(12, WIDTH)).astype(np.float32)
    denial = words[:1]
    pairs, known = [], []
    for _ in range(300):
        before, claim, behind = np.split(words[1:][chance.permutation(11)[:7]], (2, 5))
        passage = np.concatenate([before, denial, claim, behind])
        pairs += [(claim, passage), (claim, passage[passage[:, 0] != denial[0, 0]])]
        known += [False, True]
    matcher = train_matcher(lessons(pairs, known), 15)
    assert np.mean([(matcher(*pair) > 0) == supported for pair, supported in zip(pairs, known, strict=True)]) > 0.95


def test_with_roles_it_sees_better_which_figure_stands_beside_a_name() -> None:
    """Of three names with a figure each, three tokens on: all tokens of a wrong claim stand in the passage as well."""
    chance = np.random.default_rng(7)
    words = chance.normal(size=(16, WIDTH)).astype(np.float32)
    words[8:12, 0] = 4  # the figures are of one kind
    pairs, known = [], []
    for _ in range(400):
        names, figures, others = (
            chance.permutation(8)[:3],
            8 + chance.permutation(4)[:3],
            chance.integers(12, 16, (3, 3)),
        )
        passage = words[np.stack([names, *others[:2], figures, others[2]], axis=1).ravel()]
        at, other = chance.permutation(3)[:2]
        for figure, supported in ((figures[at], True), (figures[other], False)):
            pairs.append((words[[figure, *chance.integers(12, 16, 2), names[at]]], passage))
            known.append(supported)
    without, with_roles = (
        np.mean([(matcher(*pair) > 0) == supported for pair, supported in zip(pairs, known, strict=True)])
        for matcher in (train_matcher(lessons(pairs, known), 15, roles=roles) for roles in (False, True))
    )
    assert with_roles > without + 0.03


@pytest.mark.parametrize("roles", [False, True])
def test_the_trained_network_is_the_one_that_is_read(roles: bool) -> None:
    torch.manual_seed(3)
    network = Network(WIDTH, roles).eval()
    texts = [torch.nn.functional.normalize(torch.randn(count, WIDTH), dim=1) for count in (3, 50, 5, 9)]
    claims, passages = (torch.nn.utils.rnn.pad_sequence(pair, batch_first=True) for pair in (texts[::2], texts[1::2]))
    ours, theirs = (batch.abs().sum(dim=2) > 0 for batch in (claims, passages))
    with torch.no_grad():
        found = network(claims, passages, ours, theirs).tolist()
    nothing = np.zeros(WIDTH, np.float32)
    matcher = Matcher(network.arrays() | {"claim mean": nothing, "passage mean": nothing})
    for said, claim, passage in zip(found, texts[::2], texts[1::2], strict=True):
        assert matcher(claim.numpy(), passage.numpy()) == pytest.approx(said, abs=1e-4)


def test_a_network_goes_on_from_one_that_has_learnt_from_other_pairs() -> None:
    chance = np.random.default_rng(4)
    texts = [chance.normal(size=(3, WIDTH)).astype(np.float32) for _ in range(80)]
    twins = [(text, other) for at, text in enumerate(texts) for other in (text, texts[at - 1])]
    known = np.array([True, False] * len(texts))
    first = train_matcher(lessons(twins[:120], known[:120]), 15)
    shifted = [(claim + 1, passage + 1) for claim, passage in twins[:4]]
    epochs = []
    later = train_matcher(lessons(shifted, known[:4]), 1, lambda: epochs.append(1), first)
    alone = train_matcher(lessons(shifted, known[:4]), 1)
    assert len(epochs) == 1
    for name in ("claim mean", "passage mean"):
        assert later.arrays[name] == pytest.approx(first.arrays[name])
    right = [
        np.mean([(matcher(*pair) > 0) == truth for pair, truth in zip(twins[120:], known[120:], strict=True)])
        for matcher in (first, later, alone)
    ]
    assert right[1] == right[0] > 0.9 > right[2]
    assert not np.array_equal(later.arrays["out.weight"], first.arrays["out.weight"])


def test_texts_without_tokens_are_left_out() -> None:
    pairs = [(np.ones((2, WIDTH), np.float32), np.eye(WIDTH, dtype=np.float32)[:3])] * 2
    pairs += [(np.zeros((0, WIDTH), np.float32), np.ones((1, WIDTH), np.float32))]
    matcher = train_matcher(lessons(pairs, [True, True, False]), 11)
    assert matcher(*pairs[0]) > 0
    assert matcher(*pairs[2]) == pytest.approx(0)
