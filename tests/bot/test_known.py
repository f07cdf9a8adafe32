"""What known questions do for a question like them, by brute force; one that asks for something else does nothing."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bot.config import BotConfig
from bot.known import (
    _is_apart,
    asks_another,
    known_answers,
    known_odds,
    odds_where_unlike,
)
from bot.retrieve import retrieve
from indexer.store import Index
from indexer.types import KnownQuestion
from indexer.versions import open_index
from tests.conftest import query_for


@pytest.fixture
def index(built, kb: Path, counting) -> Index:
    (kb / "a.md").write_text("甲甲。\n\n乙。\n\n丙。乙乙乙。", encoding="utf-8")
    known = [("甲甲丁？", "丙。"), ("乙？", "丙。乙乙"), ("甲甲丁2个？", "甲甲")]
    rows = [json.dumps({"question": question, "quote": quote}) for question, quote in known]
    (kb / "a.questions.jsonl").write_text("\n".join(rows), encoding="utf-8")
    built(merge_characters=1)
    return open_index(kb.parent / "index", counting.fingerprint)


def test_likeness_is_that_of_the_nearest_question_of_a_sentence(index: Index, counting) -> None:
    first = 6 / 40**0.5  # 甲甲丁丁 with 甲甲丁: 4 + 2 of √8 · √5
    assert query_for(index, "甲甲丁丁").like == pytest.approx([first, 0, first, 0])
    assert query_for(index, "乙乙甲").like == pytest.approx([2 / 5, 0, 2 / 5**0.5, 2 / 5**0.5])
    assert query_for(index, "甲3个").like == pytest.approx([0, 0, 0, 0])


def test_an_index_without_known_questions_adds_nothing(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    built()
    plain = open_index(kb.parent / "index", counting.fingerprint)
    assert query_for(plain, "甲").like.tolist() == [0]


def test_it_brings_the_passage_that_answers_it(index: Index, counting) -> None:
    config = BotConfig(coverage_weight=0, candidate_sentences=2)
    hits = retrieve(index, query_for(index, "甲甲丁丁"), 5, config)
    assert [hit.number for hit in hits] == [0, 2, 1]
    assert [hit.score for hit in hits] == pytest.approx([6 / 40**0.5 - config.known_discount] * 2 + [0])
    assert (hits[1].similarity, hits[1].dense_rank) == (0, None)


def test_what_it_adds_to_a_sentence(index: Index, counting) -> None:
    like = query_for(index, "甲甲丁丁").like
    added = known_answers(like, np.array([3, 2, 0]), BotConfig(known_weight=10, known_floor=0.9))
    assert added == pytest.approx([0, 10 * (6 / 40**0.5 - 0.9), 10 * (6 / 40**0.5 - 0.9)])


def test_a_question_like_none_of_the_many_known_loses_odds(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。\n\n乙。\n\n" + "丁" * 40 + "。", encoding="utf-8")
    rows = [{"question": "甲甲丁？", "quote": "甲甲"}, {"question": "丙丙？", "quote": "乙"}]
    (kb / "a.questions.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (kb / "b.md").write_text("丙。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    assert [chunk.text.strip() for chunk in index.chunks] == ["甲甲。", "乙。", "丁" * 40 + "。", "丙。"]
    query = query_for(index, "甲丁")
    likest = 3 / 10**0.5  # 3 of √5 · √2, with the first known one
    assert odds_where_unlike(index, 0, query, likest - 0.01) == 1
    assert odds_where_unlike(index, 0, query, likest + 0.01) == pytest.approx(math.exp(-120 * 0.01), rel=1e-4)
    assert odds_where_unlike(index, 1, query, likest + 0.02) == pytest.approx(math.exp(-120 * 0.02), rel=1e-4)
    assert odds_where_unlike(index, 1, query_for(index, "戊"), 0.5) == pytest.approx(1 / 30)
    assert odds_where_unlike(index, 2, query, 1.0) == 1  # nothing is known of what is new
    assert odds_where_unlike(index, 3, query, 1.0) == 1


def test_a_question_whose_quote_touches_two_sentences_is_one_known_question(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲甲甲甲。乙乙乙乙乙。", encoding="utf-8")
    row = {"question": "甲乙？", "quote": "甲。乙"}
    (kb / "a.questions.jsonl").write_text(json.dumps(row), encoding="utf-8")
    built()
    index = open_index(kb.parent / "index", counting.fingerprint)
    assert odds_where_unlike(index, 0, query_for(index, "戊"), 1.0) == 1  # one on twelve characters


def test_the_odds_lean_to_the_liker_of_those_with_and_those_without_an_answer(
    built, kb: Path, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kb / "a.md").write_text("甲甲。\n\n乙。", encoding="utf-8")
    known = [("甲甲丁？", "甲甲"), ("甲丁？", None), ("甲丁丁3个？", None)]
    rows = [json.dumps({"question": question, "quote": quote}) for question, quote in known]
    (kb / "a.questions.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (kb / "b.md").write_text("丙。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)

    def odds(chunk: int, question: str, least: float, weight: float = 1, blames: str = "甲丁？") -> float:
        monkeypatch.setattr("bot.known._LEAST_ALIKE", least)
        monkeypatch.setattr("bot.known._WEIGHT", weight)
        share, blamed = known_odds(index, chunk, query_for(index, question))
        assert blamed == (blames if share < 1 else "")
        return share

    of_known, of_a, of_b = 0, 1, 2  # 甲甲, with a known question on three characters; 乙, with none; 丙
    # With 甲甲丁 the cosine is 4 of 5, and 2 characters of 3 and 3 are shared; with 甲丁 3 of √10, and 2 of 3 and 2.
    answered, unanswered = 4 / 5 - 0.1 * (1 - 4 / 6), 3 / 10**0.5 - 0.1 * (1 - 4 / 5)
    assert odds(of_a, "甲丁丁", 0.5) == pytest.approx(np.exp(answered - unanswered))
    assert odds(of_a, "甲丁丁", 0.9) == pytest.approx(np.exp(0.9 - unanswered))
    assert odds(of_a, "甲丁丁", 0.9, 1000) == 0.3  # and 甲丁丁3个？, which is nearer, says nothing: it asks for 3
    assert odds(of_known, "甲丁丁", 0.9, 1000, "甲丁丁3个？") == 0.1  # but for a passage of which much is known
    assert (odds(of_a, "甲丁丁", unanswered), odds(of_b, "甲丁丁", 0.5)) == (1, 1)
    # 甲甲丁 itself has an answer, and 甲丁 is as like as before.
    assert odds(of_a, "甲甲丁", 0.5) == pytest.approx(np.exp(1 - unanswered))
    assert odds(of_a, "甲甲丁", 0.5, 1000) == 1.8
    assert odds(of_known, "甲甲丁", 0.5) == pytest.approx(np.exp(3 * (1 - unanswered)))  # the same: three times as much
    assert odds(of_known, "甲甲丁", 0.5, 1000) == 10
    # 甲丁 itself is known to have none; in another order it is as like, but another question.
    assert (odds(of_known, "甲丁", 0.5), odds(of_a, " 甲 丁！", 0.5)) == (0.01, 0.01)
    assert odds(of_known, "丁甲", 0.5) == pytest.approx(np.exp(3 * (unanswered - 1)))
    assert odds(of_known, "丁甲", 0.5, 1000) == 0.01
    assert odds(of_a, "丁甲", 0.5) == pytest.approx(np.exp(unanswered - 1))


def test_where_little_is_known_what_is_like_a_question_with_an_answer_gains(
    built, kb: Path, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kb / "a.md").write_text("甲甲。\n\n乙。己己己己己。", encoding="utf-8")
    rows = [
        {"question": "甲甲丁？", "quote": "甲甲"},
        {"question": "丙丙？", "quote": "不在"},
        {"question": "戊？", "quote": None},
    ]
    (kb / "a.questions.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (kb / "b.md").write_text("己。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)

    def odds(chunk: int, question: str) -> float:
        return known_odds(index, chunk, query_for(index, question))[0]

    assert (odds(0, "甲甲丁"), odds(1, "甲甲丁？"), odds(2, "甲甲丁")) == (100, 100, 1)
    # Of 甲甲甲丁丁 with 甲甲丁 the cosine is 6 + 2 of √13 · √5; 3 characters of 5 and 3 are shared.
    like = 8 / 65**0.5 - 0.1 * (1 - 6 / 8)
    assert like > 0.935
    assert odds(0, "甲甲甲丁丁") == pytest.approx(math.exp(50 * (like - 0.935)))
    monkeypatch.setattr("bot.known._OF_LIKE", (1000, 10.0))
    assert odds(0, "甲甲甲丁丁") == 10
    assert odds(0, "甲甲丁丁丁") == 1
    assert odds(0, "丙丙") == 1  # its words are gone


def test_what_a_document_asks_itself_counts_for_what_is_much_like_it(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("## 甲甲丁？\n\n乙乙。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    assert query_for(index, "甲甲丁").like == pytest.approx([1])
    assert query_for(index, "甲甲甲丁").like == pytest.approx([7 / 50**0.5])
    assert query_for(index, "甲丁").like == pytest.approx([3 / 10**0.5])
    assert query_for(index, "甲丁丁丁").like == [0]


def test_a_farther_known_question_that_shares_more_characters_is_the_likest(
    built, kb: Path, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kb / "a.md").write_text("乙。", encoding="utf-8")
    known = ["甲" * 20 + "丁" * 20, "甲丁丁", "甲甲甲丁"]
    rows = [json.dumps({"question": question, "quote": None}) for question in known]
    (kb / "a.questions.jsonl").write_text("\n".join(rows), encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    monkeypatch.setattr("bot.known._LEAST_ALIKE", 0.5)
    monkeypatch.setattr("bot.known._WEIGHT", 1)
    # Cosines 1, 3 of √10 and 4 of √20; of 40, 3 and 4 characters the two of 甲丁 are there each time.
    how_like = [1 - 0.1 * (1 - 4 / 42), 3 / 10**0.5 - 0.1 * (1 - 4 / 5), 4 / 20**0.5 - 0.1 * (1 - 4 / 6)]
    assert max(how_like) == how_like[1]
    share, blamed = known_odds(index, 0, query_for(index, "甲丁"))
    assert (share, blamed) == (pytest.approx(np.exp(0.5 - how_like[1])), "甲丁丁")


@pytest.mark.parametrize(
    ("known", "question", "apart"),
    [
        ("提出了多少条意见？", "收集了多少条意见？", False),
        ("是谁负责的？", "负责人叫什么名字？", False),
        ("哪天开幕？", "什么时间开幕？", False),
        ("2023年来了多少人？", "来了多少人？", True),
        ("多少所学校建成了基地？", "哪些学校建成了基地？", True),
        ("省级的基地是哪个？", "基地是哪个？", True),
        ("基地是哪个？", "省级的基地是哪个？", False),
        ("有多少所学校？", "学校共几所？", False),
        ("有多少所学校？", "学校的情况怎么样？", False),
    ],
)
def test_what_is_asked_of_a_part_or_in_another_way_says_nothing(known: str, question: str, apart: bool) -> None:
    assert _is_apart(KnownQuestion(known, ""), question) is apart


@pytest.mark.parametrize(
    ("question", "known", "quote", "another"),
    [
        ("2024年来了多少人？", "2023年来了多少人？", "2023年来了5万人", True),
        ("2024年来了多少人？", "去年来了多少人？", "2024年来了5万人", False),
        ("来了多少人？", "2024年来了多少人？", "来了5万人", False),
        ("第五个教育日的主题是什么？", "教育日的主题是什么？", "这是第九个教育日", True),
        ("第九个教育日的主题是什么？", "教育日的主题是什么？", "这是第九个教育日", False),
        ("哪一天启动的？", "哪天启动的？", "15日启动", False),
        ("人数增加了多少？", "人数减少了多少？", "减少5人", True),
        ("人數減少了多少？", "人数减少了多少？", "减少5人", False),
        ("省级的基地是哪个？", "市级的基地是哪个？", "市级基地", True),
        ("人数增加还是减少了？", "人数减少了多少？", "减少5人", False),
    ],
)
def test_what_asks_for_something_else(question: str, known: str, quote: str, another: bool) -> None:
    assert asks_another(question, KnownQuestion(known, quote)) is another
