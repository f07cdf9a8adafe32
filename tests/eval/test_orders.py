"""Orders in documents: the shipped weights, the fit, the command."""

import numpy as np
import pytest

from eval.cases import CaseError
from eval.orders import KINDS, Kind, fit, read_orders, told_apart


def test_a_clear_cut_is_learned_and_judged_on_what_was_left_out() -> None:
    east, north = np.eye(2, dtype=np.float32)
    vectors = np.stack([east, north] * 20)
    orders = np.array([True, False] * 20)
    ordinary = np.stack([north] * 40)
    weights, threshold = fit(vectors, orders, ordinary, KINDS["sentence"])
    assert (east @ weights > threshold, north @ weights > threshold) == (True, False)
    told = told_apart([str(number) for number in range(40)], vectors, orders, ordinary, KINDS["sentence"])
    assert (told.caught, told.near_misses, told.ordinary, told.missed) == (1.0, 0.0, 0.0, ())
    assert told.counts == (20, 20, 40)


def test_what_cannot_be_learned_is_reported_as_missed() -> None:
    vectors = np.stack([np.eye(2, dtype=np.float32)[0]] * 40)
    orders = np.arange(40) % 2 == 0
    told = told_apart([f"句{number}" for number in range(40)], vectors, orders, vectors, KINDS["sentence"])
    assert told.caught == 0.0
    assert told.missed == tuple(f"句{number}" for number in range(0, 40, 2))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_texts_are_of_both_kinds(kind: Kind) -> None:
    texts, orders = read_orders(kind.path)
    assert len(set(texts)) == len(texts)
    assert min(orders.sum(), (~orders).sum()) >= 50


def test_a_file_that_is_no_such_list(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "甲"}\n', encoding="utf-8")
    with pytest.raises(CaseError, match=r"a\.jsonl"):
        read_orders(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"text": "甲"}', r"a\.jsonl, line 2 \(order is missing\)"),
        ('{"text": null, "order": true}', r"第 2 行（text 不是文字：null）.*line 2 \(text is not text: null\)"),
        ('{"text": "甲", "order": "no"}', r'line 2 \(order is neither true nor false: "no"\)'),
        ("[]", r"line 2 \(the line is not an object: \[\]\)"),
    ],
)
def test_a_line_that_is_none_is_named_in_the_words_of_the_file(tmp_path, row: str, message: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"text": "乙", "order": true}}\n{row}\n', encoding="utf-8")
    with pytest.raises(CaseError, match=message):
        read_orders(tmp_path / "a.jsonl")
