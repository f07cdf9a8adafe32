import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import auroc, false_answers_at, mean_interval, ranking_measures, risk_coverage


@given(
    st.lists(
        st.tuples(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1), st.integers(0, 12)),
        min_size=1,
        max_size=5,
    )
)
def test_ranking_measures_by_their_definitions(rows: list[tuple[list[int], set[int], int]]) -> None:
    retrieved, relevant = {}, {}
    for number, (order, gold, kept) in enumerate(rows):
        retrieved[str(number)] = [f"d#{place}" for place in order[:kept]]
        relevant[str(number)] = {f"d#{place}": 1 for place in gold}
    found = ranking_measures(retrieved, relevant)
    for number, (order, gold, kept) in enumerate(rows):
        hits = [float(place in gold) for place in order[:kept]]
        key = str(number)
        discount = 1 / np.log2(np.arange(2, 12))
        ideal = discount[: min(len(gold), 10)].sum()
        assert found["hit@1"][key] == any(hits[:1])
        assert found["hit@5"][key] == any(hits[:5])
        assert found["recall@5"][key] == pytest.approx(sum(hits[:5]) / len(gold))
        first = next((rank for rank, hit in enumerate(hits[:10], 1) if hit), None)
        assert found["mrr@10"][key] == pytest.approx(1 / first if first else 0)
        assert found["ndcg@10"][key] == pytest.approx((np.array(hits[:10]) * discount[: len(hits[:10])]).sum() / ideal)


def test_a_question_without_hits_counts_as_zero() -> None:
    found = ranking_measures({"1": [], "2": ["d#0"]}, {"1": {"d#0": 1}})
    assert {name: values for name, values in found.items()} == {name: {"1": 0.0} for name in found}


def test_ndcg_prefers_the_higher_grade() -> None:
    grades = {"1": {"a": 2, "b": 1}}
    assert ranking_measures({"1": ["a", "b"]}, grades)["ndcg@10"]["1"] == 1.0
    turned = (1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3))
    assert ranking_measures({"1": ["b", "a"]}, grades)["ndcg@10"]["1"] == pytest.approx(turned)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_the_chance_of_the_right_order(rows: list[tuple[int, bool]]) -> None:
    confidence, answerable = [score / 4 for score, _ in rows], [kind for _, kind in rows]
    pairs = [(a > b) + 0.5 * (a == b) for a, held in zip(confidence, answerable, strict=True) if held
             for b, other in zip(confidence, answerable, strict=True) if not other]  # fmt: skip
    assert auroc(confidence, answerable) == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


def test_false_answers_by_hand() -> None:
    confidence = [0.9, 0.8, 0.7, 0.6, 0.65, 0.1]
    answerable = [True, True, True, True, False, False]
    assert false_answers_at(confidence, answerable, 0.0) == 0.5
    assert false_answers_at(confidence, answerable, 0.5) == 0.0
    assert false_answers_at([0.5], [True], 0.05) is None


def test_risk_and_coverage_by_hand() -> None:
    coverage, risk = risk_coverage([0.2, 0.9, 0.5, 0.7], [False, True, True, False], 4)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert risk_coverage([0.9, 0.5], [True, False], 8)[0].tolist() == [1 / 8, 2 / 8]


def test_intervals() -> None:
    assert mean_interval([]) is None
    constant = mean_interval([1.0, 1.0])
    assert (constant.value, constant.low, constant.high, constant.questions) == (1.0, 1.0, 1.0, 2)
    coin = mean_interval([0.0, 1.0] * 200)
    assert coin.value == 0.5
    assert coin.low == pytest.approx(0.5 - 1.96 * 0.5 / 20, abs=0.01)
    assert coin.high == pytest.approx(0.5 + 1.96 * 0.5 / 20, abs=0.01)
