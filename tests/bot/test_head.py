"""The head's models by hand, and what is shipped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.features import WIDTH
from bot.head import (
    HEAD,
    Among,
    Forest,
    Network,
    best_places,
    load_head,
    log_odds_of_answer,
    log_sum,
    logistic,
    shared_out,
    shares,
    summarise,
    together,
)
from tests.conftest import plain_head


def test_a_network_by_hand() -> None:
    network = Network(
        np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([1.0, 1.0]), np.array([[1.0], [0.0]]), np.array([0.5]),
        np.array([3.0]), np.array(0.25),
    )  # fmt: skip
    hidden = 1.0 + 0.5  # (3 - 1) / 2 + bias
    expected = (1.0 + 5.0) + 3 * hidden / (1 + np.exp(-hidden)) + 0.25  # 7 is cut to 5 standard deviations
    assert network(np.array([[3.0, 7.0]])) == pytest.approx([expected])


def test_a_forest_by_hand() -> None:
    forest = Forest(
        feature=np.array([[1, 0, 0], [0, 0, 0]]), threshold=np.array([[0.5, 0, 0], [2, 0, 0]], np.float32),
        left=np.array([[1, 1, 2], [1, 1, 2]]), right=np.array([[2, 1, 2], [2, 1, 2]]),
        chance=np.array([[0, 0.2, 0.8], [0, 0.4, 0.6]]), depth=1,
    )  # fmt: skip
    assert forest(np.array([2.0, 0.5])) == pytest.approx((0.2 + 0.4) / 2)
    assert forest(np.array([2.1, 0.6])) == pytest.approx((0.8 + 0.6) / 2)


def test_a_summary_has_the_best_the_mean_and_the_lead() -> None:
    features = np.array([[1.0, 5.0], [3.0, 1.0]])
    summary = summarise(features, np.log(np.array([1.0, 3.0])))
    assert summary == pytest.approx([3, 1, 2.5, 2, 3, 5, np.log(3), np.log(3), np.log(3) + 1, 0.75, 2 / 40])
    assert shares(np.log(np.array([1.0, 3.0]))) == pytest.approx([0.25, 0.75])


def test_confidence_is_the_calibrated_chance() -> None:
    features = np.zeros((2, WIDTH))
    assert plain_head(0.9).confidence(features, np.zeros(2), 0.0, 1.0) == pytest.approx(0.9)
    assert logistic(0) == 0.5


def test_the_judge_is_told_what_the_matcher_says() -> None:
    head, summary = plain_head(0.5), np.zeros(3 * WIDTH + 5)
    leaves = np.array([[1, 1, 2]]), np.array([[2, 1, 2]])
    feature = np.array([[len(summary), 0, 0]])
    judge = Forest(feature, np.array([[1.5, 0, 0]], np.float32), *leaves, np.array([[0, 0.2, 0.8]]), 1)
    for matched, told in ((1.0, np.log(0.2 / 0.8)), (2.0, np.log(0.8 / 0.2))):  # and it counts beside the judge as well
        assert log_odds_of_answer(judge, head.topic, summary, matched, 1.0) == pytest.approx(told + 0.2 * matched)
        assert log_odds_of_answer(judge, head.topic, summary, matched, 0.0) == pytest.approx(told + 0.15 * matched)


def test_where_the_hits_are_of_several_documents_more_trees_have_the_last_word() -> None:
    """What was said before and the share of one document count: 0.5 · said + 2 · (-1 or 1.5) + 0.25."""
    width = 3 * WIDTH + 5
    leaves = np.array([[1, 1, 2]]), np.array([[2, 1, 2]])
    feature = np.array([[width + 1, 0, 0]])  # `together`, behind the summary and what the matcher says
    forest = Forest(feature, np.array([[0.5, 0, 0]], np.float32), *leaves, np.array([[0, -1.0, 1.5]]), 1)
    head = replace(plain_head(0.9), among=Among(forest, (0.5, 2.0, 0.25)))
    said = np.log(9)
    for together_, told in ((0.4, 0.5 * said - 2 + 0.25), (0.6, 0.5 * said + 3 + 0.25), (1.0, said)):
        found = head.confidence(np.zeros((9, WIDTH)), np.zeros(9), 0.0, together_)
        assert found == pytest.approx(1 / (1 + np.exp(-told)))
    of_too_few = head.confidence(np.zeros((8, WIDTH)), np.zeros(8), 0.0, 0.4)
    assert of_too_few == pytest.approx(0.9)


def test_the_question_is_matched_with_its_best_sentences_in_their_order() -> None:
    assert best_places(np.array([0.0, 5.0, 1.0, 3.0, 1.0, 2.0, 4.0, -1.0])) == [1, 2, 3, 4, 5, 6]
    assert best_places(np.array([1.0, 5.0, 1.0, 3.0, 1.0, 2.0, 4.0])) == [0, 1, 2, 3, 5, 6]
    assert best_places(np.zeros(1)) == [0]


def test_the_matcher_has_its_say_in_which_of_the_best_it_is() -> None:
    scores = np.log(np.array([0.5, 4.0, 3.0, 1.0]))
    matched = np.log(np.array([1.0, 32.0]))  # 0.4 of it counts: the odds of the second, 4 times
    told = shared_out(scores, [1, 2], matched)
    assert np.exp(told) == pytest.approx([0.5, 7 * 4 / 16, 7 * 12 / 16, 1])
    assert log_sum(told) == pytest.approx(np.log(8.5))
    assert scores[1] == np.log(4)  # as they were
    told = shared_out(scores, [1, 2], np.array([0.0, 50.0]))
    assert np.exp(told) == pytest.approx([0.5, 1, 7, 1])  # what it has not read stays behind what it has
    assert np.argsort(-told).tolist() == [2, 1, 3, 0]
    assert shared_out(np.zeros(0), [], np.zeros(0)).tolist() == []
    assert log_sum(np.zeros(0)) == -np.inf


def test_inside_one_document_the_topic_only_speaks_against() -> None:
    head = plain_head(0.5)
    topic = Network(
        head.topic.mean, head.topic.scale, head.topic.linear, head.topic.inner, *[np.zeros(0)] * 2, np.array(-2.0)
    )
    summary = np.zeros(3 * WIDTH + 5)
    assert log_odds_of_answer(head.judge, topic, summary, 0.0, 1.0) == pytest.approx(0.05 * -2)
    assert log_odds_of_answer(head.judge, topic, summary, 0.0, 0.25) == pytest.approx(0.75 * -2 + 0.05 * 0.25 * -2)
    there = replace(topic, offset=np.array(1.0))
    assert log_odds_of_answer(head.judge, there, summary, 0.0, 1.0) == 0
    assert log_odds_of_answer(head.judge, there, summary, 0.0, 0.25) == pytest.approx(0.75)
    surer = replace(topic, offset=np.array(9.0))  # no more than 1.25 of it count
    assert log_odds_of_answer(head.judge, surer, summary, 0.0, 0.25) == pytest.approx(0.75 * 1.25)
    assert together([]) == 1


def test_the_shipped_head_is_plain_arrays_and_small() -> None:
    assert HEAD.stat().st_size < 1_500_000
    head = load_head()
    assert 0 < head.expectation("什么", "r") < 0.2 < 0.6 < head.expectation("面积", "n") < 1
    assert head.calibration[0] > 0
    assert min(head.among.calibration[:2]) > 0


@pytest.mark.parametrize("missing", ["a feature", "matcher", "among"])
def test_a_head_for_other_features_is_refused(tmp_path: Path, missing: str) -> None:
    with np.load(HEAD, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files if missing not in name}
    if missing == "a feature":
        arrays["ranker.mean"] = arrays["ranker.mean"][:-1]
    np.savez(tmp_path / "head.npz", **arrays)
    with pytest.raises(ValueError, match="was fitted for other features: run `jiawen eval fit`"):
        load_head(tmp_path / "head.npz")
