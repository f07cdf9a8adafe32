"""The rows of a table are read with the names of its columns, and shown by their cells."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.table import as_read, parts, tables_in, texts
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


def shown(text: str, start: int, end: int) -> list[str | list[list[str]]]:
    return [
        [texts(text, cells) for cells in (one.names, *one.rows)] if one.names else text[one.start : one.end]
        for one in parts(text, start, end)
    ]


def test_a_text_is_in_parts_of_which_tables_are_known_by_their_cells() -> None:
    names = ["部门", "负责人", "电话"]
    whole = [names, ["教务处", "周敏", "8010"], ["", "吴建国", ""]]
    assert shown(contacts, 0, len(contacts)) == ["# 电话\n\n", whole, "\n总机：8000\n"]
    row = contacts.index("| 教务处")
    assert shown(contacts, row, row + len("| 教务处 | 周敏 | 8010 |")) == [whole[:2]]
    assert shown(contacts, contacts.index("| 部门"), contacts.index("| ---") - 1) == [[names]]
    assert shown(contacts, 0, 4) == ["# 电话"]
    assert shown(bare, 0, len(bare)) == [[["部门", "Phone"], ["门卫。夜间", "80|81", "后门"]]]
    place = bare.index("80")
    assert shown(bare, place, place + 2)[0][1] == ["门卫。夜间", "80", ""]  # whose it is stays with a part of a row
    unnamed = "|  |  |\n|---|---|\n| 甲 | 乙 |"
    assert shown(unnamed, 0, len(unnamed)) == [[["", ""], ["甲", "乙"]]]


def test_names_of_columns_without_end_are_not_shown_with_every_row() -> None:
    text = "|" * 3000 + "\n|---|---|\n| 甲 | 乙 |\n"
    assert shown(text, 0, len(text)) == [text]


@given(
    st.lists(st.sampled_from(["|", "-", ":", "\\", "甲", "乙。", "a", " ", "\n", "|---|---|\n", "| 甲 | 乙 |\n"])).map(
        "".join
    )
)
def test_any_text_has_a_reading_and_its_parts_join_back_to_it(text: str) -> None:
    assert len(readings(text)) == len(sentence_spans(text))
    for names, *rows in tables_in(text, sentence_spans(text)):
        assert rows
        assert len(names) <= max(map(len, rows))
    for start, end in [(0, len(text)), *sentence_spans(text), (len(text) // 3, len(text) // 2)]:
        found = parts(text, start, end)
        assert "".join(text[one.start : one.end] for one in found) == text[start:end]
        cells = [cell for one in found for row in (one.names, *one.rows) for cell in row]
        assert all(0 <= left <= right <= len(text) for left, right in cells)


@pytest.mark.parametrize("text", ["甲|\n" + " " * 100_000 + "x|", "|甲|\n" * 30_000, "甲|\n-" + " " * 100_000 + "x|"])
def test_a_reading_takes_no_time(text: str) -> None:
    started = time.process_time()
    as_read(text, len(text) - 2, len(text))
    tables_in(text, [(len(text) - 2, len(text))])
    parts(text, 0, len(text))
    assert time.process_time() - started < 5
