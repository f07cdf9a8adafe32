"""A claim laid beside a passage: which place each word takes, and what denies it on either side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alignment import COLUMNS, align, compared, denied
from bot.reading import items, read

TWO = "甲馆有讲解员4名,乙馆有讲解员5名。"


def columns(claim: str, passage: str) -> dict[str, float]:
    ours, theirs = read(claim), read(passage)
    return dict(zip(COLUMNS, compared(ours, theirs, read(""), items(ours, theirs)).tolist(), strict=True))


def placed(claim: str, passage: str) -> list[tuple[str, int]]:
    ours, theirs = read(claim), read(passage)
    aligned = align(ours, theirs, items(ours, theirs))
    return [(item.text, start) for item, start in zip(aligned.items, aligned.starts.tolist(), strict=True)]


def test_of_two_places_a_word_takes_the_one_beside_its_neighbours() -> None:
    assert placed("讲解员5名", TWO) == [("讲解员", TWO.rindex("讲解员")), ("5名", TWO.index("5名"))]
    assert placed("讲解员4名", TWO) == [("讲解员", TWO.index("讲解员")), ("4名", TWO.index("4名"))]
    assert placed("游客划船", TWO) == []


def test_what_stands_together_is_aligned_whole_and_what_is_said_elsewhere_costs_a_jump() -> None:
    same = columns("乙馆有讲解员5名", TWO)
    assert (same["aligned"], same["turns"], same["rivals"], same["left over"]) == (1.0, 0.0, 0.0, 0.0)
    assert same["pairs"] == same["window pairs"] == 1.0
    far = columns("市民免费参观", "市民可以预约。展览从周三起开放,老人和学生免费参观。")
    near = columns("市民免费参观", "市民免费参观。")
    assert far["widest jump"] > near["widest jump"]
    assert (far["sentences"], near["sentences"]) == (1.0, 0.0)


def test_what_the_passage_lacks_is_a_run_in_one_clause() -> None:
    whole, half = columns("讲解员4名", TWO), columns("讲解员4名,游客划船", TWO)
    assert (whole["longest run"], whole["poorest clause"], whole["last"]) == (0.0, 0.0, 0.0)
    assert half["poorest clause"] == 1.0
    assert half["longest run"] > 1.0 > half["aligned"]


def test_words_in_another_order_turn() -> None:
    assert columns("参观之前先预约", "预约之后再参观")["turns"] > 0


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("读者可以转借", "转借", 0), ("读者不得转借", "转借", 1), ("不得不转借", "转借", 0), ("禁止垂钓和游泳", "游泳", 1),
        ("禁止垂钓,可以游泳", "游泳", 0), ("没有人转借", "转借", 1), ("法定节假日除外", "法定节假日", 1), ("无须预约", "预约", 1),
        ("不仅转借", "转借", 0),
    ],
)  # fmt: skip
def test_negators_act_inside_their_clause_and_two_cancel(text: str, word: str, expected: int) -> None:
    start = text.index(word)
    assert denied(read(text), np.array([start]), np.array([start + len(word)])).tolist() == [expected]


@pytest.mark.parametrize(
    ("claim", "passage", "expected"),
    [
        ("读者可以转借", "读者不得转借", 1), ("读者不得转借", "读者可以转借", 1), ("读者不得转借", "读者不得转借", 0),
        ("园内允许游泳,禁止垂钓", "园内禁止垂钓、游泳", 1), ("学生须预约", "学生无须预约", 1),
    ],
)  # fmt: skip
def test_a_word_denied_on_one_side_only_has_turned(claim: str, passage: str, expected: int) -> None:
    assert bool(columns(claim, passage)["most turned"]) == bool(expected)


def test_operators_on_one_side_only() -> None:
    row = columns("读者可以转借", "读者必须转借")
    assert (row["allowed claimed"], row["allowed given"], row["demanded given"]) == (2.0, 0.0, 1.0)
    elsewhere = columns("读者可以转借", "游客可以划船。读者转借")
    assert elsewhere["allowed claimed"] == 1.0


def test_frames_of_figures() -> None:
    assert columns("每年检查2次", "每季度检查2次")["each"] == 1.0
    assert columns("每天检查2次", "每日检查2次")["each"] == 0.0
    assert columns("时间缩短了16天", "时间由28天缩短到16天")["to or by"] == 1.0
    assert columns("时间缩短到16天", "时间由28天缩短至16天")["to or by"] == 0.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_have_finite_columns_and_places_inside_the_passage(claim: str, passage: str) -> None:
    ours, theirs = read(claim), read(passage)
    found = items(ours, theirs)
    assert np.isfinite(compared(ours, theirs, read(""), found)).all()
    aligned = align(ours, theirs, found)
    assert [item.start for item in aligned.items] == sorted(item.start for item in aligned.items)
    assert ((aligned.starts >= 0) & (aligned.starts < aligned.ends) & (aligned.ends <= len(theirs.text))).all()
