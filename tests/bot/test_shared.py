"""Only what this server gave comes back: seals, shared answers, and their files."""

import hmac
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shared import NotFound, SharedAnswers, TooMany
from indexer.errors import JiawenError

ANSWER = json.dumps({"question": "问", "answer": "答"}, ensure_ascii=False)


@pytest.fixture
def shared(tmp_path: Path) -> SharedAnswers:
    return SharedAnswers(tmp_path)


def test_a_sealed_answer_opens_also_after_a_restart(shared: SharedAnswers, tmp_path: Path) -> None:
    seal = shared.seal(ANSWER)
    assert shared.opened(ANSWER, seal) == {"question": "问", "answer": "答"}
    assert SharedAnswers(tmp_path).opened(ANSWER, seal)["answer"] == "答"
    assert (tmp_path / "seal.key").stat().st_mode & 0o777 == 0o600


def test_a_changed_answer_or_another_key_does_not_open(shared: SharedAnswers, tmp_path: Path) -> None:
    seal = shared.seal(ANSWER)
    other = tmp_path / "other"
    other.mkdir()
    for answer, given_seal in [(ANSWER.replace("答", "假"), seal), (ANSWER, SharedAnswers(other).seal(ANSWER))]:
        with pytest.raises(NotFound, match="not given here"):
            shared.opened(answer, given_seal)


@given(st.text(), st.text())
def test_no_guessed_seal_opens_and_none_is_an_error_of_ours(answer: str, seal: str) -> None:
    with pytest.raises(NotFound):
        SharedAnswers(Path("/nonexistent")).opened(answer, seal)


def test_a_shared_answer_is_kept_once_and_comes_back_to_the_byte(shared: SharedAnswers, tmp_path: Path) -> None:
    name = shared.keep(ANSWER)
    assert shared.keep(ANSWER) == name
    assert shared.kept(name) == ANSWER
    assert os.listdir(tmp_path / "shared") == [name]


@pytest.mark.parametrize("name", ["", "../seal.key", "0" * 32, "Z" * 32, "/etc/passwd", "0" * 31 + "\n"])
def test_no_other_name_opens_a_file(shared: SharedAnswers, name: str) -> None:
    shared.keep(ANSWER)
    with pytest.raises(NotFound, match="no such shared answer"):
        shared.kept(name)


def test_an_altered_shared_answer_is_not_shown(shared: SharedAnswers, tmp_path: Path) -> None:
    name = shared.keep(ANSWER)
    (tmp_path / "shared" / name).write_text(ANSWER.replace("答", "假"), encoding="utf-8")
    with pytest.raises(NotFound):
        shared.kept(name)


def test_there_is_an_end_to_what_is_kept(shared: SharedAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shared._KEPT", 1)
    shared.keep(ANSWER)
    shared.keep(ANSWER)
    with pytest.raises(TooMany, match="no room"):
        shared.keep("{}")


def test_an_answer_that_cannot_be_kept_is_one_line(shared: SharedAnswers, tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(JiawenError, match=r"cannot write the folder shared \(No space left on device\): check") as said:
        shared.keep(ANSWER)
    assert str(tmp_path) not in str(said.value)
    assert os.listdir(tmp_path / "shared") == []


@pytest.mark.parametrize("kept", [b"", b"short"])
def test_a_key_that_was_cut_short_seals_nothing(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "seal.key").write_bytes(kept)
    shared = SharedAnswers(tmp_path)
    seal = shared.seal(ANSWER)
    assert seal != hmac.new(kept, ANSWER.encode(), "sha256").hexdigest()
    assert shared.opened(ANSWER, seal)["answer"] == "答"


def test_on_a_full_disk_no_half_key_is_left(shared: SharedAnswers, tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.shared.flush", full)
    assert shared.opened(ANSWER, shared.seal(ANSWER))["answer"] == "答"
    assert os.listdir(tmp_path) == []
