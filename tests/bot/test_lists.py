"""Where the lists of a text stand, and what leads to them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lists import item_lines, list_at
from indexer.text import sentence_spans

PLAIN = "换领新证。所需材料如下：\n\n1. 户口簿；\n2. 原证。交回。\n\n## 补领\n"
NESTED = "分两类：\n（一）个人：\n  - 身份证；\n  - 照片。\n（二）单位。\n1. 另说。"
BARE = "## 服务\n- 入学；\n- 考证。\n"


def list_of(text: str, begin: str) -> tuple[str, str] | None:
    found = list_at(text, text.index(begin))
    return found and (text[slice(*found.span)], text[slice(*found.lead)] if found.lead else "")


@pytest.mark.parametrize(
    ("text", "begin", "expected"),
    [
        (PLAIN, "所需", ("所需材料如下：\n\n1. 户口簿；\n2. 原证。交回。", "所需材料如下：")),
        (PLAIN, "1. 户", ("所需材料如下：\n\n1. 户口簿；\n2. 原证。交回。", "所需材料如下：")),
        (PLAIN, "交回", ("所需材料如下：\n\n1. 户口簿；\n2. 原证。交回。", "所需材料如下：")),
        (PLAIN, "换领", None),
        (NESTED, "分两类", (NESTED[: NESTED.index("\n1.")], "分两类：")),
        (NESTED, "（二）", (NESTED[: NESTED.index("\n1.")], "分两类：")),
        (NESTED, "（一）", ("（一）个人：\n  - 身份证；\n  - 照片。", "（一）个人：")),
        (NESTED, "- 照片", ("（一）个人：\n  - 身份证；\n  - 照片。", "（一）个人：")),
        (NESTED, "1. 另", None),
        (BARE, "- 考证", ("- 入学；\n- 考证。", "")),
        ("如下：\n正文。\n", "如下", None),
        ("如下：\n1. 一项。\n", "1.", None),  # one item is no list
        ("如下：", "如下", None),
        ("如下：\n" + "- 长句" * 150 + "\n- 短句", "如下", None),
        ("数据：\n3.5 万人；\n2024年起。", "数据", None),
        ("数据：\n3．5万人；\n4．2024人。", "数据", None),
        (
            "赔款：\n1．2000年以后的；\n2．2000年以前的。",
            "赔款",
            ("赔款：\n1．2000年以后的；\n2．2000年以前的。", "赔款："),
        ),
    ],
)
def test_lists(text: str, begin: str, expected: tuple[str, str] | None) -> None:
    assert list_of(text, begin) == expected


@given(
    st.lists(
        st.sampled_from(
            ["1. 甲；", "2、乙。丙。", "（一）丁：", "  - 戊", "己：", "庚。", "", "## 辛", "|壬|", "\t", "①癸"]
        )
    )
)
def test_any_list_holds_the_sentence_and_whole_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    for start, end in sentence_spans(text):
        if found := list_at(text, start):
            left, right = found.span
            assert left <= start < end <= right
            assert text[right : right + 1].strip(" \t") in ("", "\n")
            assert text[left:right] == text[left:right].strip()
            if found.lead:
                assert found.lead[0] == left
                assert text[found.lead[1] - 1] in "：:下"


@pytest.mark.parametrize("unit", [" ", "\t", "\n", "- ", "甲"])
def test_a_list_behind_a_long_line_is_found_in_time_linear_in_its_length(unit: str) -> None:
    text = f"甲。\n{unit * 200_000}\n所需材料如下：\n1. 户口簿；\n2. 原证。"
    started = time.perf_counter()
    assert list_of(text, "所需") == ("所需材料如下：\n1. 户口簿；\n2. 原证。", "所需材料如下：")
    assert time.perf_counter() - started < 10  # it takes 0.01 s; 200,000 blanks squared took minutes


def test_only_an_item_begins_a_line() -> None:
    assert item_lines("如下：\n\n1. 甲；\n  续。\n（二）乙。") == ["如下：", "1. 甲；   续。", "（二）乙。"]
    assert item_lines("It goes\non.") == ["It goes on."]
    assert item_lines(" \n ") == []
