"""The questions that a document asks and answers itself."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.faq import answers_yes_or_no, asked_and_answered
from indexer.read import read_folder
from indexer.types import KnownQuestion


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# 须知\n\n## 问：要钱吗？\n\n答：免费。补卡 16 元。\n\n## 丢了怎么办？ ##\n先挂失。\n\n## 其他\n电话在此。",
            [("要钱吗？", "答：免费。补卡 16 元。"), ("丢了怎么办？", "先挂失。")],
        ),
        ("1、怎么办？\n答：去窗口。\n\n2. 多久\n当天。\n", [("怎么办？", "答：去窗口。\n\n2. 多久\n当天。")]),
        (
            "**问：多久办好**\n**答：**当天。\nQ2: Where is it?\nA: Here.",
            [("多久办好", "**答：**当天。"), ("Where is it?", "A: Here.")],
        ),
        (
            "问：要钱吗？答：免费。\n**问：多久？** **答：**三天。"
            + "长。" * 60
            + "\n2. 在哪？ A: 1号窗口。\n问：选哪个？A.甲\n\n乙",
            [
                ("要钱吗？", "答：免费。"),
                ("多久？", "答：**三天。" + "长。" * 60),
                ("在哪？", "A: 1号窗口。"),
                ("选哪个？A.甲", "乙"),
            ],
        ),
        ("他问：去哪里？\n没人答。", []),  # a line that begins otherwise
        ("你去哪里？\n我去学校。", []),  # neither a heading nor answered by name
        ("## 怎么办？\n", []),
        (
            "## 二、签约可以得到什么\n\n- 上门。\n\n## 得到什么\n\n优惠。",
            [("签约可以得到什么", "- 上门。")],
        ),  # 得到什么 is short
        ("## 签约可以得到的服务\n\n- 上门。\n\n签约可以得到什么\n\n上门。", []),  # nothing asked; no heading
        ("## 为什么？\n" + "长。" * 300, [("为什么？", "长。" * 200)]),
    ],
)
def test_questions_stand_in_their_own_line_and_have_what_is_below(text: str, expected: list[tuple[str, str]]) -> None:
    assert asked_and_answered("须知", text) == [KnownQuestion(*one, in_text=True) for one in expected]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("社保卡常见问题", "社保卡能代办吗？"),
        ("关于社保卡的常见问题解答（2025）", "社保卡能代办吗？"),
        ("社保卡办事指南", "能代办吗？"),
        ("常见问题", "能代办吗？"),
        ("城乡居民基本养老保险参保缴费有关问题解答", "能代办吗？"),  # too long to be said in front of a question
    ],
)
def test_the_subject_of_the_page_stands_in_front(title: str, asked: str) -> None:
    assert [one.question for one in asked_and_answered(title, "## 能代办吗？\n能。")] == [asked]
    assert [one.question for one in asked_and_answered(title, "## 社保卡怎么补？\n去。")] == ["社保卡怎么补？"]


def test_they_come_before_those_written_beside_the_document(kb: Path) -> None:
    (kb / "a.md").write_text("# 社保卡问答\n\n## 要钱吗？\n\n免费。", encoding="utf-8")
    (kb / "a.questions.jsonl").write_text('{"question": "收费吗？", "quote": "免费"}', encoding="utf-8")
    (document,) = read_folder(kb).documents
    assert document.known == (
        KnownQuestion("社保卡要钱吗？", "免费。", in_text=True), KnownQuestion("收费吗？", "免费"),
    )  # fmt: skip


@given(st.text("问答Q：？?# \n甲乙。1、", max_size=60))
def test_every_answer_stands_in_the_text(text: str) -> None:
    for one in asked_and_answered("题", text):
        assert one.quote
        assert one.quote in text
        assert one.question.strip() == one.question


@pytest.mark.parametrize(
    "text",
    [
        " " * 50_000 + "\n", "甲？\n" + " " * 50_000 + "x", "#" + " " * 50_000, "#" * 50_000, "问：" + "*" * 50_000,
        "1." + " " * 50_000 + "x", "甲乙丙" + "\n" * 50_000 + "丁", "** #" * 25 + "x\n" * 2_000,
    ],
)  # fmt: skip
def test_a_question_is_found_in_no_time(text: str) -> None:
    started = time.process_time()
    asked_and_answered("办理" * 50_000, text)
    assert time.process_time() - started < 5


def test_a_yes_or_no_says_nothing_without_its_question() -> None:
    for sentence in (
        "答：可以。",
        "**答：** 不可以，请到一楼。",
        "A: Yes, at the desk.",
        "答：没有。",
        "答：不收费",
        "答：暂不收费。",
        "A1：有的。",
    ):
        assert answers_yes_or_no(sentence), sentence
    for sentence in (
        "可以。",
        "答：可以到二楼总服务台办理。",
        "答：每人限借五册。",
        "答：有效期为一年。",
        "答：",
        "A：Yesterday",
    ):
        assert not answers_yes_or_no(sentence), sentence
