"""The folder of versions: what is published, rolled back, pruned, verified, kept; and builders that meet."""

import fcntl
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.app import index as command
from indexer.build import BuildOptions, BuildReport
from indexer.errors import IndexBroken, IndexMissing, JiawenError
from indexer.store import FORMAT
from indexer.types import Document
from indexer.versions import (
    KEPT,
    current_version,
    faults_of,
    is_held,
    keep_documents,
    kept_document,
    only_builder,
    open_index,
    prune,
    roll_back,
    someone_builds,
    version_names,
)


@pytest.fixture
def three(built, kb: Path) -> list[str]:
    """Versions over 甲, 乙 and 丙; the last is published."""
    names = []
    for letter in "甲乙丙":
        (kb / "a.md").write_text(f"{letter}{letter}。", encoding="utf-8")
        names.append(built().version)
    return names


def test_rolling_back_publishes_the_version_before(three: list[str], kb: Path, counting) -> None:
    index = kb.parent / "index"
    assert version_names(index) == three
    assert roll_back(index).version == three[1]
    assert open_index(index, counting.fingerprint).documents["a"].text == "乙乙。"
    assert roll_back(index).version == three[0]
    with pytest.raises(IndexMissing, match=f"no version before {three[0]}"):
        roll_back(index)
    assert roll_back(index, three[2]).version == current_version(index) == three[2]
    with pytest.raises(IndexMissing, match="no version nowhere"):
        roll_back(index, "nowhere")


@pytest.fixture
def build_of(built, kb: Path):
    """`build_of("甲")` builds a folder that holds this alone; by itself, unless `automatic` is False."""

    def run(text: str, automatic: bool = True) -> BuildReport:
        (kb / "a.md").write_text(f"{text}。", encoding="utf-8")
        return built(BuildOptions(automatic=automatic))

    return run


def test_all_that_was_rolled_back_stays_back_until_a_person_publishes_it(three: list[str], kb: Path, build_of) -> None:
    index = kb.parent / "index"
    roll_back(index)
    roll_back(index)
    assert [build_of(text).held for text in ("丙丙", "乙乙")] == [True, True]
    assert build_of("丙丙", automatic=False).published
    assert [build_of(text).held for text in ("乙乙", "丙丙")] == [True, False]
    roll_back(index, three[1])  # forward again
    assert [build_of(text).held for text in ("丁丁", "乙乙")] == [False, False]


def test_going_back_over_several_versions_holds_them_all(three: list[str], kb: Path, build_of) -> None:
    roll_back(kb.parent / "index", three[0])
    assert [build_of(text).held for text in ("乙乙", "丙丙")] == [True, True]


def test_a_hold_of_an_earlier_program_counts(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    (index / "HELD").write_text("a" * 64, encoding="utf-8")
    roll_back(index)
    assert is_held(index, "a" * 64)
    assert len((index / "HELD").read_text(encoding="utf-8").splitlines()) == 2


def test_content_is_held_before_another_is_published(three: list[str], kb: Path, monkeypatch) -> None:
    index = kb.parent / "index"
    replaced: list[str] = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (replaced.append(Path(new).name), replace(old, new)))
    roll_back(index)
    assert replaced == ["HELD", "CURRENT"]


def test_rolling_back_passes_over_what_was_rolled_back(three: list[str], kb: Path, build_of) -> None:
    index = kb.parent / "index"
    assert roll_back(index).version == three[1]
    build_of("丁丁")
    assert roll_back(index).version == three[1]
    roll_back(index, three[0])
    build_of("戊戊")
    assert roll_back(index).version == three[0]


def test_the_version_before_is_that_before_the_wait(three: list[str], kb: Path, build_of, monkeypatch) -> None:
    @contextmanager
    def after_a_build(index: Path) -> Iterator[None]:
        build_of("丁丁")
        with only_builder(index):
            yield

    monkeypatch.setattr("indexer.versions.only_builder", after_a_build)
    assert roll_back(kb.parent / "index").version == three[1]
    assert [build_of(text).held for text in ("丙丙", "丁丁")] == [True, True]


def test_what_a_rollback_says_is_true_of_any_folder(three: list[str], kb: Path) -> None:
    said = CliRunner().invoke(command, ["rollback", "--index", str(kb.parent / "index")]).stdout
    assert f"published {three[1]}; the content folder is as it was" in said


def test_who_has_to_wait_is_told(three: list[str], kb: Path, monkeypatch) -> None:
    monkeypatch.setattr("indexer.versions.someone_builds", lambda index: True)
    for name in ("rollback", "prune"):
        assert "waiting for it" in CliRunner().invoke(command, [name, "--index", str(kb.parent / "index")]).stderr


@pytest.mark.parametrize("name", ["rollback", "prune"])
def test_an_index_that_cannot_be_written_is_one_line_with_the_cure(
    three: list[str], kb: Path, monkeypatch, name: str
) -> None:
    index = kb.parent / "index"

    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", read_only)  # what the lock is taken with
    with pytest.raises(JiawenError, match=r"cannot write the index .*index \(.*Read-only.*\): check space and"):
        CliRunner().invoke(command, [name, "--index", str(index)], catch_exceptions=False)
    monkeypatch.undo()
    assert current_version(index) == three[2]


def test_status_of_an_index_writes_nothing(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    (index / "build.lock").unlink()
    before = sorted(index.rglob("*"))
    assert CliRunner().invoke(command, ["status", "--index", str(index)]).exit_code == 0
    assert sorted(index.rglob("*")) == before


def test_two_who_ask_do_not_take_each_other_for_a_build(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    with (index / "build.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # as another asks
        assert not someone_builds(index)


def test_a_broken_version_is_not_rolled_back_to(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    (index / "versions" / three[1] / "chunks.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(IndexBroken, match=r"chunks\.jsonl"):
        roll_back(index)
    assert current_version(index) == three[2]


def test_verify_names_every_harmed_file(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    folder = index / "versions" / three[0]
    assert faults_of(index, three[0]) == []
    (folder / "chunks.jsonl").write_text("", encoding="utf-8")
    (folder / "lexical/vocabulary.json").unlink()
    assert faults_of(index, three[0]) == ["chunks.jsonl (altered)", "lexical/vocabulary.json (missing)"]
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"documents": 1', '"documents": 2'), "utf-8")
    (fault,) = faults_of(index, three[0])
    assert "manifest.json (altered)" in fault
    assert faults_of(index, three[1]) == []
    with pytest.raises(IndexMissing, match="no version nowhere: see"):
        faults_of(index, "nowhere")


def test_pruning_keeps_the_newest_the_published_and_the_texts(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    roll_back(index, three[0])
    assert prune(index, keep=2) == [three[1]]
    assert version_names(index) == [three[0], three[2]]
    digests = [Document("a", "a", f"{letter}{letter}。").digest for letter in "甲乙丙"]
    assert [document and document.text for document in (kept_document(index, one) for one in digests)] == [
        "甲甲。", "乙乙。", "丙丙。",
    ]  # fmt: skip
    prune(index, keep=1, forget=True)
    assert version_names(index) == [three[0]]
    assert [bool(kept_document(index, one)) for one in digests] == [True, False, False]


def test_texts_of_versions_of_another_format_are_not_forgotten(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    manifest = index / "versions" / three[1] / "manifest.json"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace(f'"format": {FORMAT}', '"format": 3'), encoding="utf-8"
    )
    prune(index, keep=2, forget=True)
    digests = [Document("a", "a", f"{letter}{letter}。").digest for letter in "甲乙丙"]
    assert [bool(kept_document(index, one)) for one in digests] == [False, True, True]


def test_where_a_text_cannot_be_read_nothing_is_pruned(three: list[str], kb: Path) -> None:
    index = kb.parent / "index"
    (index / "versions" / three[1] / "documents.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(IndexBroken, match=r"documents\.jsonl"):
        prune(index, keep=2, forget=True)
    assert version_names(index) == three


def test_a_build_leaves_a_bounded_number_of_versions(built, kb: Path, monkeypatch) -> None:
    assert KEPT == 20
    monkeypatch.setattr("indexer.build.prune", lambda index: prune(index, keep=3))
    for number in range(5):
        (kb / "a.md").write_text(f"甲{number}。", encoding="utf-8")
        last = built().version
    names = version_names(kb.parent / "index")
    assert (len(names), names[-1]) == (3, last)


@pytest.mark.parametrize("digest", ["", "../CURRENT", "g" * 64, "0" * 64])
def test_no_digest_leads_out_of_the_folder(tmp_path: Path, digest: str) -> None:
    keep_documents(tmp_path, [Document("a", "题", "甲")])
    assert kept_document(tmp_path, digest) is None


def test_a_kept_text_that_was_altered_is_not_shown(tmp_path: Path) -> None:
    document = Document("a", "题", "甲", questions=("问？",), pages=(0,))
    keep_documents(tmp_path, [document])
    assert kept_document(tmp_path, document.digest) == document
    path = tmp_path / "documents" / document.digest
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"text": "乙"}), encoding="utf-8")
    assert kept_document(tmp_path, document.digest) is None
    keep_documents(tmp_path, [document])
    assert kept_document(tmp_path, document.digest) == document


def test_kept_texts_are_forced_to_the_disk(tmp_path: Path, monkeypatch) -> None:
    forced: list[str] = []
    for module in ("store", "versions"):
        monkeypatch.setattr(f"indexer.{module}.flush", lambda path: forced.append(path.stem))
    document = Document("a", "题", "甲")
    keep_documents(tmp_path, [document])
    assert forced == [f".{document.digest}", "documents"]


def test_what_could_not_be_exchanged_leaves_nothing(three: list[str], kb: Path, monkeypatch) -> None:
    index = kb.parent / "index"
    before = sorted(index.rglob("*"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        keep_documents(index, [Document("a", "题", "又一篇")])
    with pytest.raises(JiawenError, match="No space"):
        roll_back(index)
    assert sorted(index.rglob("*")) == before


def hold_the_lock(index: str, held: "multiprocessing.synchronize.Event") -> None:
    with only_builder(Path(index)):
        (Path(index) / "versions" / ".building-9").mkdir(parents=True, exist_ok=True)
        held.set()
        time.sleep(60)


def test_the_lock_dies_with_its_process_and_its_leavings_go(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    process = spawn.Process(target=hold_the_lock, args=(str(tmp_path), held))
    process.start()
    assert held.wait(120)
    assert someone_builds(tmp_path)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not someone_builds(tmp_path)
    with only_builder(tmp_path):
        assert list((tmp_path / "versions").iterdir()) == []
