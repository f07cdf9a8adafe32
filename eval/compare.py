"""Two runs over the same questions: what changed, is it more than noise, and which questions did it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import permutation_test

from eval.cases import Case, CaseError
from eval.metrics import Interval, mean_interval
from eval.run import MEASURES, Result

_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure, after minus before, over the questions that have it in both runs."""

    measure: str
    before: float
    after: float
    change: Interval
    p_value: float  # two-sided paired permutation test
    won: tuple[str, ...]  # ids of questions that rose
    lost: tuple[str, ...]

    @property
    def regressed(self) -> bool:
        """Lower by more than chance would explain: the interval lies below zero, and the test says so or all is lost.

        The interval alone is too narrow where few questions moved: of 118, 4 lost and none won keep it below zero, and
        chance does that to one run in eight (p = 0.125). The test cannot tell where fewer than six questions are asked.
        """
        return self.change.high < 0 and (self.p_value < _SIGNIFICANT or not self.after)


def compare(before: Sequence[Result], after: Sequence[Result]) -> list[Difference]:
    """Every measure that both runs have, `right` first; questions are paired by id, and must be the same ones."""
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    shared = check_same(before, after)
    differences = []
    for measure in ("right", *MEASURES):
        pairs = [(key, getattr(old[key], measure), getattr(new[key], measure)) for key in shared]
        pairs = [(key, float(a), float(b)) for key, a, b in pairs if a is not None and b is not None]
        if pairs:
            differences.append(difference(measure, pairs))
    return differences


def check_same(before: Sequence[Result | Case], after: Sequence[Result | Case]) -> list[str]:
    """The ids that both have; a CaseError where there is none, or one stands for two questions."""
    old, new = ({one.id: _asked_of(one) for one in side} for side in (before, after))
    shared = [key for key in old if key in new]
    if not shared:
        raise CaseError("两次评测没有共同的问题", "the two runs share no question: run them on the same cases")
    other = [key for key in shared if old[key] != new[key]]
    if other:
        raise CaseError(
            f"两次评测里编号相同的问题有 {len(other)} 个不是同一题（第一个是 {other[0]}）；请用同样的用例重新评测",
            f"{len(other)} questions of the same id differ in text or gold ({other[0]} first): run both on the same",
        )
    return shared


def _asked_of(one: Result | Case) -> tuple[object, ...]:
    """What makes a question the same in two runs: its words, what came before and what is right."""
    if isinstance(one, Case):
        return one.question, one.history, tuple(gold.quote for gold in one.gold), one.must
    return one.question, one.history, one.expected, one.required


def difference(measure: str, pairs: Sequence[tuple[str, float, float]]) -> Difference:
    """One measure over (id, before, after) of each question."""
    before = np.array([a for _, a, _ in pairs])
    after = np.array([b for _, _, b in pairs])
    change = mean_interval((after - before).tolist())
    assert change  # pairs is not empty
    p_value = 1.0
    if len(pairs) > 1 and (after != before).any():
        test = permutation_test(
            (after, before), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", vectorized=True,
            n_resamples=5000, batch=250, rng=0,
        )  # fmt: skip
        p_value = float(test.pvalue)
    won = tuple(key for key, a, b in pairs if b > a)
    lost = tuple(key for key, a, b in pairs if b < a)
    return Difference(measure, float(before.mean()), float(after.mean()), change, p_value, won, lost)
