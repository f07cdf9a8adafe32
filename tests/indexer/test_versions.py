"""The folder of versions: what is published, rolled back, pruned, verified, kept; and builders that meet."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from indexer.errors import IndexBroken, IndexMissing
from indexer.types import Document
from indexer.versions import (
    KEPT,
    current_version,
    faults_of,
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
    assert held.wait(30)
    assert someone_builds(tmp_path)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not someone_builds(tmp_path)
    with only_builder(tmp_path):
        assert list((tmp_path / "versions").iterdir()) == []
