"""The tokens of a claim or question, each beside those of a passage that it matches, and what a network makes of them.

The network is of the kind that attends, compares and aggregates (Parikh et al. 2016, https://arxiv.org/abs/1606.01933)
over the states that the encoder gives the tokens half-way up (indexer/token_states.py); it also sees whether neighbours
match neighbours, and what the passage says there that the claim or question does not. One is fitted for claims
(matching.npz, by `jiawen eval claims --fit`), which also sees what the passage has in the place of each token, and one
for questions (part of head.npz, by `jiawen eval fit`): plain arrays, nothing pickled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.embed import token_reader
from indexer.text import simplify
from indexer.token_states import States, gelu, softmax

MATCHING = Path(__file__).parent / "matching.npz"
NEIGHBOURS = 0.3  # weight of the match of the tokens before and behind
_TOGETHER = 400  # characters, some 260 tokens of Chinese; the encoder reads 512
WAYS = ("", "back_")  # from the claim to the passage, and back
JUMP = 6.0  # tokens: a jump of the matches beyond which farther says little more
NEAREST, REACH = 40, 2  # tokens of a passage that are matched back, and how far beside a match they stand
# Tokens over which others say where one should stand, and how near it they do not: they may be of the same figure.
AWAY, OWN = 6.0, 1


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A text as a network reads it, each (tokens, width); whatever it is held to, this stays."""

    centred: States
    aligned: States
    projected: States
    roles: States  # no columns for a network that does not see what stands in a token's place


@lru_cache(maxsize=64)
def states_of_query(text: str) -> States:
    """(tokens, hidden) of a question or claim; kept, since a claim is held to several passages."""
    return token_reader().states("query", simplify(text))


def states_of_passage(text: str) -> States:
    """(tokens, hidden) of a text of any length, by as many of its lines at a time as the encoder reads whole."""
    return np.concatenate([token_reader().states("passage", simplify(part)) for part in _parts(text)])


def states_of_sentence(text: str) -> States:
    """(tokens, hidden) of a sentence."""
    return token_reader().states("passage", simplify(text))


def _parts(text: str) -> Iterator[str]:
    """The lines, as many at a time as the encoder reads whole."""
    part = ""
    for line in text.split("\n"):
        if part and len(part) + len(line) >= _TOGETHER:
            yield part
            part = line
        else:
            part = f"{part} {line}" if part else line
    yield part


class Matcher:
    """The network; `arrays` has what eval/matching.py fits."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.arrays = {name: np.asarray(values, np.float32) for name, values in arrays.items()}
        # Of the tokens before, at and behind each: 0.010 ms each, with the strides in which they are stored 0.029.
        self._mix = {way: np.ascontiguousarray(self.arrays[f"{way}mix.weight"].transpose(2, 1, 0)) for way in WAYS}

    def __call__(self, claim: States, passage: npt.NDArray[np.floating[Any]]) -> float:
        """Log-odds that the passage carries the claim (answers the question), by the states of both; 0 for no token."""
        return self.matched(self.claim(claim), self.passage(passage))

    def claim(self, states: States) -> Read:
        """The claim or question as the network reads it."""
        return self._read(states, "claim mean")

    def passage(self, states: npt.NDArray[np.floating[Any]]) -> Read:
        """The passage or sentence as the network reads it."""
        return self._read(states, "passage mean")

    def _read(self, states: npt.NDArray[np.floating[Any]], mean: str) -> Read:
        get = self.arrays
        own = centred(states, get[mean])
        projected = 4 * (own @ get["project.weight"].T + get["project.bias"])
        return Read(own, own @ get["align"].T, projected, _unit(own @ get.get("role.weight", own[:0]).T))

    def matched(self, claim: Read, passage: Read) -> float:
        """Log-odds that the passage carries the claim (answers the question); 0 for no token."""
        ours, theirs = claim.centred, passage.centred
        if not len(ours) or not len(theirs):
            return 0.0
        get = self.arrays
        cosines = ours @ theirs.T
        match = cosines * get["temperature"]
        match += get["gate"] * claim.aligned @ passage.aligned.T
        beside = match.copy()
        beside[1:, 1:] += NEIGHBOURS * match[:-1, :-1]
        beside[:-1, :-1] += NEIGHBOURS * match[1:, 1:]
        weights = softmax(beside)
        places = weights @ np.arange(len(theirs), dtype=np.float32)
        jumps = np.tanh((np.diff(places) - 1) / JUMP)
        around = np.zeros((len(ours), 2), np.float32)
        around[1:, 0] = around[:-1, 1] = jumps
        if "role.weight" in get:
            around = np.concatenate([around, self._in_place(claim, passage, weights)], axis=1)
        mixed = self._compared(claim.projected, passage.projected, weights, cosines, around, "")
        pooled = [mixed.mean(axis=0), mixed.max(axis=0), mixed.min(axis=0)]
        pooled += self._way_back(claim.projected, passage.projected, beside, cosines, weights)
        hidden = gelu(get["hidden.weight"] @ np.concatenate(pooled) + get["hidden.bias"])
        return float((get["out.weight"] @ hidden + get["out.bias"])[0])

    def _in_place(self, claim: Read, passage: Read, weights: States) -> States:
        """Each token beside what the passage has where it should stand, and how far its match and that stand there.

        Where it should stand, the matches of the tokens around it tell: the 7% of 甲 in 甲降7%，乙降9%, given as 9%,
        matches the 9% of 乙, while 甲 matches beside the 7%.
        """
        get = self.arrays
        peaked = weights * weights.max(axis=1, keepdims=True)
        told = _nearness(len(claim.roles), OWN + 1)
        heat = told @ peaked @ _nearness(len(passage.roles)) / (told @ peaked.sum(axis=1, keepdims=True) + 1e-3)
        chosen = softmax(get["sharp"] * heat + get["kind"] * (claim.roles @ passage.roles.T))
        own, there = claim.projected, chosen @ passage.projected
        standing = np.stack([(weights * heat).sum(axis=1), (chosen * heat).sum(axis=1)], axis=1)
        return np.concatenate([standing, np.abs(own - there), own * there], axis=1)

    def _way_back(self, ours: States, theirs: States, beside: States, cosines: States, weights: States) -> list[States]:
        """What the claim has for each token of the passage that is matched or stands beside one that is.

        A word that the claim leaves out is seen from here only: 并不易燃, retold as 易燃.
        """
        received = weights.sum(axis=0)
        around = np.convolve(received, np.ones(2 * REACH + 1, np.float32), "full")[REACH:-REACH]
        nearest = np.sort(np.argsort(-around, kind="stable")[:NEAREST])
        told = softmax(beside[:, nearest].T)
        near = np.tanh(np.stack([received, around], axis=1)[nearest])
        mixed = self._compared(theirs[nearest], ours, told, cosines[:, nearest].T, near, "back_") * near[:, 1:]
        return [mixed.sum(axis=0) / max(float(near[:, 1].sum()), 1e-3), mixed.max(axis=0)]

    def _compared(
        self, left: States, others: States, weights: States, cosines: States, near: npt.NDArray[Any], way: str
    ) -> States:
        """(tokens, width) each token beside what it is matched with, and both beside those of its neighbours.

        The weights, which sum to 1, mix projections and cosines as they would mix what these are of.
        """
        get = self.arrays
        right = weights @ others
        columns = [left, right, np.abs(left - right), left * right, (weights * cosines).sum(axis=1)[:, None], near]
        weight, bias = get[f"{way}compare.weight"], get[f"{way}compare.bias"]
        compared = gelu(np.concatenate(columns, axis=1) @ weight.T + bias)
        padded = np.zeros((len(compared) + 2, compared.shape[1]), np.float32)
        padded[1:-1] = compared
        mixed = sum(padded[at : at + len(compared)] @ weight for at, weight in enumerate(self._mix[way]))
        return gelu(np.asarray(mixed + get[f"{way}mix.bias"], np.float32))


def centred(states: npt.NDArray[np.floating[Any]], mean: States) -> States:
    """Each state less the mean of all, at unit length: what tokens have in common hides what sets them apart."""
    return _unit(states - mean)


def _unit(states: npt.NDArray[np.floating[Any]]) -> States:
    return np.asarray(states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-6), np.float32)


def _nearness(count: int, least: int = 0) -> States:
    """(count, count) of every two tokens of a text: 1 in one place, 1/e where AWAY apart, 0 if nearer than `least`."""
    apart = np.abs(np.arange(1 - count, count))
    near = np.where(apart < least, 0, np.exp(-apart / AWAY)).astype(np.float32)
    return np.lib.stride_tricks.sliding_window_view(near, count)[::-1]


@lru_cache(maxsize=32)
def passage_read(matcher: Matcher, text: str) -> Read:
    """A passage by a network; kept, since it is read for many claims: 0.6 MB each, 9 MB at most."""
    return matcher.passage(states_of_passage(text))


@lru_cache(maxsize=512)
def sentence_read(matcher: Matcher, text: str) -> Read:
    """A sentence by a network; kept, since the same ones answer many questions: 50 kB each, 1 MB at most."""
    return matcher.passage(states_of_sentence(text))


@cache
def load_matcher(path: Path = MATCHING) -> Matcher:
    """The fitted network in a file."""
    with np.load(path, allow_pickle=False) as stored:
        return Matcher({name: stored[name] for name in stored.files})
