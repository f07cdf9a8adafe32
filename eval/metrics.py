"""What a run is measured by. Rankings by ir-measures (which counts a question without hits as zero), the rest here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import RR, R, Success, nDCG
from scipy.stats import bootstrap
from sklearn.metrics import roc_auc_score

from eval.cases import Case

RANKING = {
    "hit@1": Success @ 1, "hit@5": Success @ 5, "recall@5": R @ 5, "mrr@10": RR @ 10,
    "ndcg@10": nDCG @ 10,
}  # fmt: skip
_RESAMPLES = 2000
_NOTHING = "(not retrieved)"


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % bootstrap confidence interval over questions."""

    value: float
    low: float
    high: float
    questions: int


def overlaps(doc_id: str, start: int, end: int, case: Case) -> list[bool]:
    """For each gold of the case: does [start, end) of the document share text with one of its spans."""
    return [
        gold.doc_id == doc_id and any(start < right and left < end for left, right in gold.spans) for gold in case.gold
    ]


def ranking_measures(
    retrieved: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Measure → case id → value, for the cases that have something relevant to find.

    `retrieved` has what was found for a case, best first; `relevant` all that is relevant to it, with its grade, which
    only nDCG tells apart. Both name passages, or both documents.
    """
    run = {
        case: {key: float(len(retrieved.get(case, ())) - rank) for rank, key in enumerate(retrieved.get(case, ()))}
        or {_NOTHING: 0.0}
        for case in relevant
    }
    values: dict[str, dict[str, float]] = {name: {} for name in RANKING}
    names = {measure: name for name, measure in RANKING.items()}
    for one in ir_measures.iter_calc(list(RANKING.values()), relevant, run):
        values[names[one.measure]][one.query_id] = float(one.value)
    return values


def mean_interval(values: Sequence[float]) -> Interval | None:
    """The mean and its interval; None for no values."""
    data = np.asarray(values, np.float64)
    if not len(data):
        return None
    low = high = float(data.mean())
    if len(data) > 1 and data.std() > 0:
        ends = bootstrap((data,), np.mean, n_resamples=_RESAMPLES, method="percentile", rng=0).confidence_interval
        low, high = float(ends.low), float(ends.high)
    return Interval(float(data.mean()), low, high, len(data))


def auroc(confidence: Sequence[float], answerable: Sequence[bool]) -> float | None:
    """Chance that an answerable question has a higher confidence than an unanswerable one; None without both kinds."""
    if len(set(answerable)) < 2:
        return None
    return float(roc_auc_score(answerable, confidence))


def false_answers_at(confidence: Sequence[float], answerable: Sequence[bool], false_refusals: float) -> float | None:
    """Share of the unanswerable that would be answered with the threshold that refuses that share of the answerable."""
    scores, held = np.asarray(confidence), np.asarray(answerable, bool)
    if held.all() or not held.any():
        return None
    threshold = np.quantile(scores[held], false_refusals)
    return float((scores[~held] >= threshold).mean())


def risk_coverage(
    confidence: Sequence[float], right: Sequence[bool], questions: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """(coverage, risk) of giving only the most confident of the answers, for each number of them, given all of them.

    Coverage is the share of all `questions` that is answered, and ends at that of the answers given; risk the share of
    those answers that are wrong (El-Yaniv and Wiener 2010). A refusal is no answer, right or wrong.
    """
    order = np.argsort(-np.asarray(confidence), kind="stable")
    wrong = 1.0 - np.asarray(right, np.float64)[order]
    answered = np.arange(1, len(wrong) + 1)
    return answered / max(questions, 1), np.cumsum(wrong) / answered
