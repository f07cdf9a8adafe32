"""What a new version is held to, in a folder whose vectors can be worked out by hand."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest

from eval.cases import CaseError
from eval.gate import hold
from indexer.build import BuildOptions
from indexer.versions import open_index
from tests.conftest import plain_head


@pytest.fixture
def regressed(built, kb: Path, tmp_path: Path, counting, monkeypatch):
    """`regressed(file)` is what the gate says where that file, of one other sentence, takes the place of all content.

    Six questions are held to, three with the ids 1 to 3 in each of two files.
    """
    golden = []
    for name, letters in (("one.jsonl", "甲乙丙"), ("two.jsonl", "丁戊己")):
        rows = [
            {"id": number, "question": letter, "kind": "k", "gold": [{"doc_id": "a", "quote": letter * 3}]}
            for number, letter in enumerate(letters, 1)
        ]
        golden.append(tmp_path / name)
        golden[-1].write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    monkeypatch.setenv("JIAWEN_GOLDEN", os.pathsep.join(map(str, golden)))
    monkeypatch.setattr("eval.gate.open_encoder", lambda name: counting)
    monkeypatch.setattr("eval.gate.load_head", plain_head)
    (kb / "a.md").write_text("甲甲甲。乙乙乙。丙丙丙。丁丁丁。戊戊戊。己己己。", encoding="utf-8")
    built()

    def after(file: str) -> tuple[str, ...]:
        (kb / "a.md").unlink()
        (kb / file).write_text("庚庚庚。", encoding="utf-8")
        return built(BuildOptions(gates=[hold])).regressed

    return after


def test_files_that_share_ids_lose_no_question(regressed) -> None:
    first, *lost = regressed("b.md")
    assert first.startswith("标准问题答对 golden questions right 100.0% → 0.0%")
    assert lost == ["1: 甲", "2: 乙", "3: 丙", "1: 丁", "2: 戊", "3: 己"]


@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_how_far_the_questions_are_is_shown_at_a_terminal_only(regressed, monkeypatch, at_a_terminal: bool) -> None:
    shown = StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: at_a_terminal)
    monkeypatch.setattr("sys.stderr", shown)
    regressed("b.md")
    assert ("把关 Gate" in shown.getvalue() and "/6 " in shown.getvalue()) == at_a_terminal
    assert bool(shown.getvalue()) == at_a_terminal


def test_what_stands_where_a_lost_quote_stood_is_no_answer(regressed) -> None:
    assert "1: 甲" in regressed("a.md")


def test_nothing_is_passed_where_no_question_is_about_the_content(built, kb: Path, counting, monkeypatch) -> None:
    monkeypatch.delenv("JIAWEN_GOLDEN", raising=False)
    for text in ("甲甲。", "乙乙。"):
        (kb / "a.md").write_text(text, encoding="utf-8")
        assert built(BuildOptions(gates=[hold])).published
    assert open_index(kb.parent / "index", counting.fingerprint).manifest.gate == ""


def test_a_file_that_cannot_be_read_is_named_with_its_setting(regressed, monkeypatch) -> None:
    monkeypatch.setenv("JIAWEN_GOLDEN", "nowhere.jsonl")
    with pytest.raises(CaseError, match=r"JIAWEN_GOLDEN: cannot read nowhere\.jsonl"):
        regressed("b.md")
