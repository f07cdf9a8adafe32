"""The head: small models over the features. One ranks sentences; the others say how likely the best of them answer.

`matcher` (bot/matching.py) reads the question's tokens beside those of the likeliest sentences: which of them answers.
`judge`, a forest that is told this, knows near misses: do the sentences hold what is asked. `topic`, a logistic model,
knows whether the subject is there at all. Where the hits are of several documents, `among`, another forest, is told
what all of these say, and has the last word. Their numbers are in head.npz, fitted by `jiawen eval fit` (which says on
what): plain arrays, nothing pickled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.features import WIDTH, Numbers
from bot.matching import Matcher
from bot.question import Expectation, expectation_from
from bot.types import Hit

HEAD = Path(__file__).parent / "head.npz"
# What is added to the judge's log-odds where the hits are of several documents, and where they are of one: shares of
# the matcher's log-odds and of the topic's, of which no more than so much speaks for an answer: that the subject is
# there answers nothing yet. When they were chosen, on documents left out of the fit, AUROC was 0.829 for near misses of
# several leaflets, 0.909 of other practice without the article, 0.987 for CMRC's questions whose paragraph is left out;
# without the matcher's shares 0.798, 0.895 and 0.988, with half its share inside 0.823, 0.905 and 0.987. Inside one
# document the subject only speaks against an answer, and little: colloquial questions look off-topic.
MATCHER_AMONG, TOPIC_AMONG, TOPIC_MOST = 0.15, 1.0, 1.25
MATCHER_INSIDE, TOPIC_INSIDE = 0.2, 0.05
FEWEST = 9  # candidates: `among` has learned from no question with fewer
UNSURE = 1e-4  # no chance of the forest is taken for nearer to 0 or 1
EXTREME = 5.0  # standard deviations beyond which a feature says no more
MATCHED = 6  # sentences that a question is matched with; one of six holds the answer in 95 of 100 cases, of three 91
MATCHER_WEIGHT = 0.4  # of its log-odds beside the ranker's, for which of them it is; 0.3 to 0.5 do as well


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Standardise, then a linear part plus one hidden layer: x·linear + silu(x·inner + bias)·outer + offset."""

    mean: Numbers
    scale: Numbers
    linear: Numbers
    inner: Numbers
    bias: Numbers
    outer: Numbers
    offset: Numbers

    def __call__(self, rows: Numbers) -> Numbers:
        """(rows, columns) → (rows,)"""
        x = np.clip((rows - self.mean) / self.scale, -EXTREME, EXTREME)
        hidden = x @ self.inner + self.bias
        return np.asarray(x @ self.linear + (hidden / (1 + np.exp(-hidden))) @ self.outer + self.offset)


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Decision trees as arrays (trees, nodes): go left where x[feature] <= threshold; a leaf leads to itself."""

    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    chance: Numbers  # of the leaves
    depth: int

    def __call__(self, row: Numbers) -> float:
        """The mean chance of the leaves that the row falls into."""
        trees = np.arange(len(self.feature))
        node = np.zeros(len(trees), np.int64)
        values = row.astype(np.float32)
        for _ in range(self.depth):
            goes_left = values[self.feature[trees, node]] <= self.threshold[trees, node]
            node = np.where(goes_left, self.left[trees, node], self.right[trees, node])
        return float(self.chance[trees, node].mean())


@dataclass(frozen=True, slots=True, eq=False)
class Among:
    """What the hits of several documents say: boosted trees beside what the others say, and how much each counts.

    Unanswerable questions count threefold in that, so its odds are the lower.
    """

    forest: Forest  # its leaves hold steps of log-odds
    calibration: tuple[float, float, float]  # log-odds = first · what was said before + second · forest + third

    def __call__(self, told: Numbers) -> float:
        """The log-odds that the question is answered; `told` is what `told_among` makes."""
        before, now, intercept = self.calibration
        return before * float(told[-1]) + now * self.forest(told) + intercept


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What was fitted: the models, the calibration of their log-odds, and what documents hold of a question's words."""

    ranker: Network  # log-odds, comparable within one question, that a sentence holds the answer
    judge: Forest
    topic: Network
    matcher: Matcher
    calibration: tuple[float, float]  # probability = logistic(slope · log-odds + intercept)
    among: Among
    expectation: Expectation

    def confidence(self, features: Numbers, scores: Numbers, matched: float, together: float) -> float:
        """Probability that the question is answered by the candidates, of which there is one at least.

        `matched` is the log-odds of the matcher that one of the best of them answers, `together` the share of the hits
        that are of the best hit's document.
        """
        slope, intercept = self.calibration
        summary = summarise(features, scores)
        said = slope * log_odds_of_answer(self.judge, self.topic, summary, matched, together) + intercept
        if has_among(scores, together):
            said = self.among(told_among(summary, matched, together, said))
        return logistic(said)


def logistic(log_odds: float) -> float:
    """The probability of log-odds."""
    return float(1 / (1 + np.exp(-log_odds)))


def has_among(scores: Numbers, together: float) -> bool:
    """The hits are of several documents, and of no fewer candidates than `among` has learned from."""
    return together < 1 and len(scores) >= FEWEST


def told_among(summary: Numbers, matched: float, together: float, said: float) -> Numbers:
    """What `among` is told: the features, and what matcher, judge and topic `said`, as calibrated log-odds."""
    return np.append(summary, [matched, together, said])


def log_odds_of_answer(judge: Forest, topic: Network, summary: Numbers, matched: float, together: float) -> float:
    """The three models' log-odds that a question is answered, weighed together, before calibration."""
    subject = float(topic(summary[None])[0])
    among = MATCHER_AMONG * matched + TOPIC_AMONG * min(subject, TOPIC_MOST)
    inside = MATCHER_INSIDE * matched + TOPIC_INSIDE * min(subject, 0.0)
    chance = min(max(judge(np.append(summary, matched)), UNSURE), 1 - UNSURE)
    return float(np.log(chance / (1 - chance))) + (1 - together) * among + together * inside


def together(hits: Sequence[Hit]) -> float:
    """The share of the hits that are of the best hit's document; 1 for none."""
    return sum(hit.chunk.doc_id == hits[0].chunk.doc_id for hit in hits) / len(hits) if hits else 1.0


def best_places(scores: Numbers) -> list[int]:
    """The places of the best candidates, which the question is matched with, in the order of the candidates."""
    return sorted(np.argsort(-scores, kind="stable")[:MATCHED].tolist())


def log_sum(log_odds: Numbers) -> float:
    """The log of the sum of odds; −∞ for none."""
    return float(np.logaddexp.reduce(log_odds))


def shared_out(scores: Numbers, best: Sequence[int], matched: Numbers) -> Numbers:
    """The scores, where the matcher has its say in which of the best candidates it is; all others stay as likely.

    None of the best falls behind the others, which it has not read.
    """
    told = scores[best] + MATCHER_WEIGHT * matched
    others = np.delete(scores, best).max(initial=-np.inf)
    changed = scores.copy()
    changed[best] = np.maximum(told - log_sum(told) + log_sum(scores[best]), np.nextafter(others, np.inf))
    return changed


def shares(scores: Numbers) -> Numbers:
    """Scores as probabilities that sum to 1."""
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def summarise(features: Numbers, scores: Numbers) -> Numbers:
    """One row about a question: the best candidate, the mean and the best of each column, how clear the lead is."""
    order = np.argsort(-scores, kind="stable")
    weights = shares(scores)
    ranked = np.concatenate([scores[order], np.full(2, scores.min() - 1)])
    lead = [ranked[0], ranked[0] - ranked[1], ranked[0] - ranked[2], weights.max(), len(scores) / 40]
    return np.concatenate([features[order[0]], weights @ features, features.max(axis=0), lead])


@cache
def load_head(path: Path = HEAD) -> Head:
    """The fitted head in a file."""
    with np.load(path, allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    lacking = {"matcher.back_mix.bias", "among.calibration"} - arrays.keys()
    if arrays["ranker.mean"].shape != (WIDTH,) or lacking:
        raise ValueError(f"{path} was fitted for other features: run `jiawen eval fit`")
    words = dict(zip(arrays["words"].tolist(), arrays["word_chances"].astype(np.float64).tolist(), strict=True))
    classes = dict(zip(arrays["classes"].tolist(), arrays["class_chances"].astype(np.float64).tolist(), strict=True))
    expectation = expectation_from(words, classes)
    judge = forest_from(arrays, "judge")
    among = Among(forest_from(arrays, "among"), tuple(arrays["among.calibration"].tolist()))
    matcher = Matcher({name.removeprefix("matcher."): arrays[name] for name in arrays if name.startswith("matcher.")})
    ranker, topic = _network(arrays, "ranker"), _network(arrays, "topic")
    return Head(ranker, judge, topic, matcher, tuple(arrays["calibration"].tolist()), among, expectation)


def forest_from(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Forest:
    """The forest stored under a name by `eval.arrays.forest_arrays`."""
    feature, left, right = (arrays[f"{name}.{part}"].astype(np.int64) for part in ("feature", "left", "right"))
    chance = arrays[f"{name}.chance"].astype(np.float64)
    return Forest(feature, arrays[f"{name}.threshold"], left, right, chance, int(arrays[f"{name}.depth"]))


def _network(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Network:
    parts: Sequence[str] = ("mean", "scale", "linear", "inner", "bias", "outer", "offset")
    return Network(*(arrays[f"{name}.{part}"].astype(np.float64) for part in parts))
