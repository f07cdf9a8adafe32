"""The rows of a table are read with the names of its columns."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.table import as_read, tables_in
from indexer.text import sentence_spans

contacts = "# 电话\n\n| 部门 | 负责人 | 电话 |\n| --- | :-: | --- |\n| 教务处 | 周敏 | 8010 |\n|  | 吴建国 |  |\n\n总机：8000\n"
bare = "部门 | Phone\n--- | ---\n门卫。夜间 | 80\\|81 | 后门"


def readings(text: str) -> list[str]:
    return [as_read(text, start, end) for start, end in sentence_spans(text)]


def test_a_row_is_read_with_the_names_of_its_columns() -> None:
    assert readings(contacts) == [
        "# 电话",
        "| 部门 | 负责人 | 电话 |",
        "| --- | :-: | --- |",
        "教务处，负责人是周敏，电话是8010。",
        "负责人是吴建国。",
        "总机：8000",
    ]


def test_a_part_of_a_row_is_read_with_its_first_cell() -> None:
    assert readings(bare)[-2:] == ["门卫。夜间。", "门卫。夜间，Phone: 80\\|81，后门。"]


def test_a_unit_in_the_name_of_a_column_is_read_behind_its_figures() -> None:
    text = "| 乡镇 | 总产量（万吨） | 面积(m²) | 年份（公历） |\n| --- | --- | --- | --- |\n| 平安镇 | 1.48 | 未测 | 2023 |"
    assert readings(text)[-1] == "平安镇，总产量是1.48万吨，面积(m²)是未测，年份（公历）是2023。"
    assert tables_in(text, sentence_spans(text)) == (
        (("乡镇", "总产量", "面积", "年份（公历）"), ("平安镇", "1.48万吨", "未测", "2023")),
    )


def test_of_tables_the_rows_at_the_places_asked_for_are_given() -> None:
    text = f"{contacts}\n{bare}"
    spans = sentence_spans(text)
    assert tables_in(text, spans) == (
        (("部门", "负责人", "电话"), ("教务处", "周敏", "8010"), ("", "吴建国", "")),
        (("部门", "Phone"), ("门卫。夜间", "80\\|81", "后门")),
    )
    (rows,) = tables_in(text, [span for span in spans if "吴建国" in text[slice(*span)]])
    assert rows == (("部门", "负责人", "电话"), ("", "吴建国", ""))
    assert tables_in(text, [(0, 4)]) == ()


@pytest.mark.parametrize(
    "text", ["甲 | 乙\n丙 | 丁", "|  |  |\n| --- | --- |\n| 教务处 | 8010 |", "甲乙\n---\n丙丁", "| 甲 |\n|---|"]
)
def test_without_names_of_columns_a_line_says_what_it_says(text: str) -> None:
    assert readings(text) == text.split("\n")


@given(
    st.lists(st.sampled_from(["|", "-", ":", "\\", "甲", "乙。", "a", " ", "\n", "|---|---|\n", "| 甲 | 乙 |\n"])).map(
        "".join
    )
)
def test_any_text_has_a_reading(text: str) -> None:
    assert len(readings(text)) == len(sentence_spans(text))
    for names, *rows in tables_in(text, sentence_spans(text)):
        assert rows
        assert len(names) <= max(map(len, rows))


@pytest.mark.parametrize("text", ["甲|\n" + " " * 100_000 + "x|", "|甲|\n" * 30_000, "甲|\n-" + " " * 100_000 + "x|"])
def test_a_reading_takes_no_time(text: str) -> None:
    started = time.process_time()
    as_read(text, len(text) - 2, len(text))
    tables_in(text, [(len(text) - 2, len(text))])
    assert time.process_time() - started < 5
