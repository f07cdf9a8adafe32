"""A content folder that goes, comes back and is replaced goes on being watched."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from indexer.errors import JiawenError
from indexer.watch import changes


@pytest.fixture
def stop() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def test_a_folder_that_is_replaced_is_watched_anew(kb: Path, stop: Event) -> None:
    watching = changes(kb, stop)
    next(watching)
    shutil.rmtree(kb)
    kb.mkdir()
    next(watching)
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    assert next(watching, "ended") is None
    stop.set()
    assert list(watching) == []


def test_a_folder_that_is_missing_is_waited_for(kb: Path, stop: Event) -> None:
    kb.rmdir()
    watching = changes(kb, stop)
    next(watching)  # so that it is said
    kb.mkdir()
    next(watching)
    kb.rmdir()
    next(watching)
    (kb.parent / "other").mkdir()
    kb.symlink_to(kb.parent / "other")
    next(watching)
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    next(watching)
    stop.set()
    assert list(watching) == []


@pytest.mark.parametrize("error", [OSError(28, "OS file watch limit reached"), RuntimeError("too many open files")])
def test_a_folder_that_cannot_be_watched_is_said(
    kb: Path, stop: Event, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def watch(*_: object, **__: object) -> Iterator[None]:
        raise error

    monkeypatch.setattr("indexer.watch.watch", watch)
    with pytest.raises(JiawenError, match=r"cannot watch .* \(.*(limit reached|too many).*\): check the permissions"):
        next(changes(kb, stop))
