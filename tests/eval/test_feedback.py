"""Opinions of readers become cases, and what a reader cannot settle is left to a person."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.feedback import FILE
from eval.app import evaluation
from eval.cases import CaseError, read_cases
from eval.feedback import cases_from, read_feedback
from indexer.types import Document

DOCUMENTS = {"a": Document("a", "题", "甲是五。乙是六。")}


def opinion(
    question: str, good: bool, reason: str = "", quotes: tuple[str, ...] = ("甲是五。",), **values: object
) -> dict:
    citations = [{"doc_id": "a", "quote": quote} for quote in quotes]
    return {
        "question": question,
        "good": good,
        "reason": reason,
        "verdict": "grounded",
        "citations": citations,
    } | values


def test_what_a_reader_settles() -> None:
    found = cases_from(
        [
            opinion("甲是几？", True),
            opinion("丙是几？", False, "should be refused"),
            opinion("丁是几？", True, verdict="refused", quotes=()),
        ],
        DOCUMENTS,
        (),
    )
    assert [(row["question"], row["gold"]) for row in found.rows] == [
        ("甲是几？", [{"doc_id": "a", "quote": "甲是五。"}]),
        ("丙是几？", []),
        ("丁是几？", []),
    ]
    assert found.unfinished == ()


def test_what_needs_a_person() -> None:
    found = cases_from(
        [
            opinion("甲是几？", False, "wrong"),
            opinion("乙是几？", True, quotes=("乙是七。",)),
            opinion("戊是几？", False, "should be answered", verdict="refused", quotes=()),
        ],
        DOCUMENTS,
        (),
    )
    assert found.rows == ()
    assert found.unfinished == (
        ("甲是几？", "wrong"),
        ("乙是几？", "quote not found"),
        ("戊是几？", "should be answered"),
    )


def test_the_last_opinion_counts_and_a_known_question_is_left_out() -> None:
    opinions = [opinion("甲是几？", True), opinion("甲是几？", False, "wrong"), opinion("乙是几？", True)]
    found = cases_from(opinions, DOCUMENTS, {"乙是几？"})
    assert (found.rows, found.unfinished) == ((), (("甲是几？", "wrong"),))


def test_any_character_may_be_in_an_opinion(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(json.dumps(opinion("甲\u2028是\x85几？", True), ensure_ascii=False) + "\n", encoding="utf-8")
    assert [row["question"] for row in read_feedback(file)] == ["甲\u2028是\x85几？"]


def test_no_file_yet_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no feedback yet"):
        read_feedback(tmp_path / FILE)
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(CaseError, match="cannot read"):
        read_feedback(tmp_path / FILE)
    good = json.dumps(opinion("甲？", True))
    for bad in ("[1]", '{"question": "x"}', json.dumps(opinion("乙？", True) | {"reason": None})):
        (tmp_path / FILE).write_text(f"{good}\n{bad}\n", encoding="utf-8")
        with pytest.raises(CaseError, match=r"cannot read .*, line 2"):
            read_feedback(tmp_path / FILE)


def test_a_question_that_cannot_be_asked_is_no_case() -> None:
    found = cases_from([opinion("问" * 501, True)], DOCUMENTS, ())
    assert (found.rows, "501 characters" in found.unfinished[0][1]) == ((), True)


def test_the_command_appends_cases_that_can_be_read(built, kb: Path, tmp_path: Path) -> None:
    (kb / "a.md").write_text("甲是五。乙是六。", encoding="utf-8")
    built()
    index = tmp_path / "index"
    rows = [
        opinion("甲是几？", True),
        opinion("丙\x1b[31m？", False, "should be refused"),
        opinion("乙？", False, "wrong"),
    ]
    (index / FILE).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    out = tmp_path / "cases.jsonl"
    done = CliRunner().invoke(evaluation, ["from-feedback", "--index", str(index), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "written: 2" in done.output
    assert "needs a gold quote (wrong)  乙？" in done.output
    assert "\x1b" not in done.output
    cases = read_cases(out, DOCUMENTS)
    assert [(case.question, case.answerable) for case in cases] == [("甲是几？", True), ("丙\x1b[31m？", False)]
    again = CliRunner().invoke(evaluation, ["from-feedback", "--index", str(index), "--out", str(out)])
    assert "written: 0" in again.output
    assert len(read_cases(out, DOCUMENTS)) == 2
