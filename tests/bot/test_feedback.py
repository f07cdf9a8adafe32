"""Opinions beside the index: one line each, within limits."""

import json
import resource
import signal
from pathlib import Path

import pytest

from bot.feedback import FILE, Limit, add_feedback
from bot.shared import TooMany
from indexer.errors import JiawenError

CITATION = {"doc_id": "a", "start": 0, "end": 2, "quote": "甲。", "digest": "d", "title": "题", "url": "https://x"}
ANSWER = {
    "question": "那乙呢？", "searched": "甲是什么？ 那乙呢？", "answer": "甲。[1]", "verdict": "grounded",
    "citations": [CITATION], "index_version": "v", "timings_ms": {"total": 1.0},
}  # fmt: skip


def test_an_opinion_is_a_line_with_the_question_that_stands_alone(tmp_path: Path) -> None:
    add_feedback(tmp_path, ANSWER, True, "")
    add_feedback(tmp_path, ANSWER | {"searched": ""}, False, "wrong")
    first, second = map(json.loads, (tmp_path / FILE).read_text(encoding="utf-8").splitlines())
    assert (first["question"], first["good"], first["reason"]) == ("甲是什么？ 那乙呢？", True, "")
    assert (second["question"], second["good"], second["reason"]) == ("那乙呢？", False, "wrong")
    assert first["citations"] == [{"doc_id": "a", "start": 0, "end": 2, "quote": "甲。", "digest": "d"}]
    assert set(first) == {"at", "good", "reason", "question", "answer", "verdict", "citations", "index_version"}


def test_a_full_file_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_feedback(tmp_path, ANSWER, True, "")
    size = (tmp_path / FILE).stat().st_size
    monkeypatch.setattr("bot.feedback._LARGEST", size)
    with pytest.raises(TooMany, match="no room"):
        add_feedback(tmp_path, ANSWER, True, "")
    assert (tmp_path / FILE).stat().st_size == size


def test_a_full_disk_is_one_line_and_leaves_no_half_opinion(tmp_path: Path) -> None:
    add_feedback(tmp_path, ANSWER, True, "")
    before = (tmp_path / FILE).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 9, limits[1]))  # what then fits is half a line
        for _ in range(2):
            with pytest.raises(JiawenError, match=f"cannot write the folder {tmp_path.name} .*: check name, space"):
                add_feedback(tmp_path, ANSWER, True, "")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    assert (tmp_path / FILE).read_bytes() == before


def test_so_many_calls_in_so_many_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("bot.feedback.time.monotonic", lambda: now)
    limit = Limit(2, 60)
    limit.take()
    limit.take()
    with pytest.raises(TooMany, match="try again in a minute"):
        limit.take()
    now = 61.0
    limit.take()
