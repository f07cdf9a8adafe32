"""What a claim says of a table is held to the row and the column that it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reading import read
from bot.rows import mixed, told
from bot.verify import Passage, passage_of, verify

FEES = """收费标准如下，补领须登报声明。

| 证件 | 首次申领 | 换领 | 补领 | 窗口 |
| --- | --- | --- | --- | --- |
| 居民身份证 | 免费 | 20元 | 40元 | 3号窗口 |
| 居住证 | 免费 | 免费 | 20元 | 4号窗口 |
| 护照 | 120元 | 120元 | 120元 | 6号窗口 |

居住证满一年后也可在3号窗口签注。
"""
RACE = """| 项目 | 冠军 | 成绩 | 奖金（万元） |
| --- | --- | --- | --- |
| 男子半程 | 杨绍辉 | 1:03:22 | 5 |
| 女子半程 | 李芷萱 | 1:12:05 | 5 |
| 男子全程 | 何晓峰 | 2:19:47 | 30 |
"""


@pytest.mark.parametrize(
    ("claim", "table"),
    [
        ("补领居民身份证收费40元。", FEES),
        ("居民身份证换领20元，补领40元。", FEES),
        ("居民身份证和居住证首次申领都免费。", FEES),
        ("居住证首次申领免费，在4号窗口办理。", FEES),
        ("居住证满一年后也可在3号窗口签注。", FEES),  # as the text below the table says
        ("李芷萱的成绩为1:12:05。", RACE),
        ("杨绍辉获男子半程冠军，成绩1:03:22，奖金5万元。", RACE),
        ("男子半程和女子半程的奖金都是5万元。", RACE),
    ],
)
def test_what_a_row_says_is_supported(claim: str, table: str) -> None:
    support = verify(claim, [passage_of(table)])
    assert support.supported, support.reason


@pytest.mark.parametrize(
    ("claim", "table", "named"),
    [
        ("补领护照收费40元。", FEES, ("护照", "40元")),
        ("补领居民身份证收费20元。", FEES, ("补领", "40元")),  # which is for its renewal
        ("居民身份证换领40元，补领20元。", FEES, ("换领", "20元")),
        ("居民身份证在6号窗口办理。", FEES, ("居民身份证", "6号窗口")),
        ("居民身份证补领40元，窗口是4号窗口。", FEES, ("居民身份证", "4号窗口")),
        ("李芷萱的成绩为1:03:22。", RACE, ("李芷萱", "1:03:22")),
        ("男子半程冠军是李芷萱。", RACE, ("男子半程", "李芷萱")),
        ("杨绍辉获男子半程冠军，奖金30万元。", RACE, ("杨绍辉", "30万元")),
        ("男子半程和女子半程的奖金都是30万元。", RACE, ("男子半程", "30万元")),
        ("男子半程、女子半程的冠军分别是李芷萱、杨绍辉。", RACE, ("男子半程", "李芷萱")),
        ("男子半程和女子半程的成绩分别为1:12:05和1:03:22。", RACE, ("男子半程", "1:12:05")),
    ],
)
def test_a_cell_of_another_row_or_column_is_not(claim: str, table: str, named: tuple[str, str]) -> None:
    support = verify(claim, [passage_of(table)])
    assert not support.supported
    assert all(one in support.reason for one in named), support.reason
    assert " | " in support.reason


@pytest.mark.parametrize(
    ("claim", "table"),
    [
        ("男子半程、女子半程、男子全程的冠军分别是杨绍辉、李芷萱和何晓峰。", RACE),
        ("男子半程、女子半程的奖金分别是5万元、5万元。", RACE),
        ("男子半程、女子半程、男子全程的冠军分别是杨绍辉、某人和何晓峰。", RACE),
        ("居民身份证换领、补领分别收费20元、40元。", FEES),
        ("居民身份证、居住证和护照分别在3号窗口、4号窗口和6号窗口办理。", FEES),
    ],
)
def test_what_is_said_of_several_rows_one_after_the_other_is_not_mixed(claim: str, table: str) -> None:
    assert mixed(read(claim), read(""), passage_of(table).tables) == ""


def test_cells_of_two_tables_may_stand_together() -> None:
    other = "\n| 窗口 | 值班 |\n| --- | --- |\n| 3号窗口 | 马丽 |\n| 4号窗口 | 丁强 |\n"
    tables = passage_of(FEES + other).tables
    assert len(tables) == 2
    assert mixed(read("居民身份证在3号窗口由马丽办理。"), read(""), tables) == ""
    assert "丁强" in mixed(read("居民身份证在3号窗口由丁强办理。"), read(""), tables)


def test_a_number_is_no_part_of_a_longer_one() -> None:
    tables = ((("组", "分"), ("甲组", "20"), ("乙组", "12")),)
    assert mixed(read("甲组得120分，比乙组多12.5%，共20万。"), read(""), tables) == ""
    assert mixed(read("甲组得12分。"), read(""), tables)


def test_of_the_rows_that_are_meant_the_columns_named_are_told() -> None:
    tables = passage_of(RACE).tables
    assert told(read("男子半程的奖金是5万元。"), tables) == "男子半程，奖金是5万元。"
    assert told(read("李芷萱的成绩为1:12:05。"), tables) == "女子半程，冠军是李芷萱，成绩是1:12:05。"
    assert told(read("李芷萱跑得很快，成绩1:12:05。"), tables).endswith("女子半程，冠军是李芷萱，成绩是1:12:05。")
    assert told(read("男子全程在雨中开跑。"), tables) == "男子全程，冠军是何晓峰，成绩是2:19:47，奖金是30万元。"
    assert told(read("比赛在雨中开跑。"), tables) == ""


def test_tables_of_passages_cited_together_are_held_to() -> None:
    passages = [passage_of(RACE), Passage("女子半程冠军李芷萱来自甘肃。")]
    assert not verify("女子半程冠军李芷萱来自甘肃，成绩为1:03:22。", passages, [0, 1]).supported


CELL = st.sampled_from(["", "甲", "甲组", "12", "120", "3元", "a.b", "(", "|"])


@given(
    st.text("甲组乙12元30，。:分", max_size=30),
    st.lists(st.lists(CELL, min_size=1, max_size=4).map(tuple), min_size=1, max_size=4).map(tuple),
)
def test_any_claim_may_be_held_to_any_table(claim: str, rows: tuple[tuple[str, ...], ...]) -> None:
    reason = mixed(read(claim), read(""), [rows])
    assert not reason or " | " in reason
    if len({*rows[1:]}) <= 1:
        assert "不在一行" not in reason  # all that one row has is in one row
    told(read(claim), [rows])
