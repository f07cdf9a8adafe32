import json
import os
from pathlib import Path

import numpy as np
import pytest

from indexer.build import BuildOptions, build
from indexer.config import IndexConfig
from indexer.errors import ContentError, IndexBroken, IndexMismatch, JiawenError
from indexer.store import Index
from indexer.versions import current_version, open_index, roll_back


def paragraphs(*letters: str) -> str:
    return "\n\n".join(f"{letter}{letter}这一段话足够长，不会和下一段合并。" for letter in letters)


def test_a_build_is_published_and_opens(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲", "乙"), encoding="utf-8")
    report = built(merge_characters=10)
    index = kb.parent / "index"
    opened = open_index(index, counting.fingerprint)
    assert (report.documents, report.chunks, report.embedded, report.reused, report.removed) == (1, 2, 2, 0, 0)
    assert report.published
    assert opened.manifest.version == report.version == current_version(index)
    assert [chunk.text for chunk in opened.chunks] == [paragraphs("甲") + "\n\n", paragraphs("乙")]
    assert sorted(path.name for path in (index / "versions").iterdir()) == [report.version]


def test_only_what_changed_is_embedded(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲", "乙", "丙"), encoding="utf-8")
    built(merge_characters=10)
    counting.seen.clear()
    (kb / "a.md").write_text(paragraphs("甲", "丁", "丙"), encoding="utf-8")
    report = built(merge_characters=10)
    assert counting.seen == [paragraphs("丁")]
    assert (report.chunks, report.embedded, report.reused, report.removed) == (3, 1, 2, 1)


def test_a_renamed_file_is_not_embedded_again(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲", "乙"), encoding="utf-8")
    built()
    counting.seen.clear()
    (kb / "a.md").rename(kb / "b.txt")
    built()
    assert counting.seen == []


def test_unchanged_content_publishes_nothing_new(built, kb: Path) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    first, second = built(), built()
    assert (second.version, second.embedded, second.reused, second.published) == (first.version, 0, 1, True)


def test_other_settings_are_a_reason_to_rebuild(built, kb: Path) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    assert built().version != built(chunk_characters=60).version


def test_a_broken_version_is_mended_by_building(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    first = built()
    index = kb.parent / "index"
    (index / "versions" / first.version / "chunks.jsonl").write_text("", encoding="utf-8")
    assert built().version != first.version
    assert len(open_index(index, counting.fingerprint).chunks) == 1


def test_bad_content_leaves_the_published_version(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    first = built()
    (kb / "a.md").write_text(" ", encoding="utf-8")
    with pytest.raises(ContentError, match=r"a\.md has no text"):
        built(BuildOptions(drop_unreadable=True))
    assert open_index(kb.parent / "index", counting.fingerprint).manifest.version == first.version


def test_an_empty_folder_is_refused(built, kb: Path) -> None:
    (kb / "README.md").write_text("不是内容", encoding="utf-8")
    with pytest.raises(ContentError, match="holds no article"):
        built()
    assert not (kb.parent / "index").exists()  # with nothing but its lock


def test_a_file_that_cannot_be_read_is_skipped_and_its_earlier_content_stays(built, kb: Path, counting) -> None:
    index = kb.parent / "index"
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    (kb / "b.md").write_text(paragraphs("乙"), encoding="utf-8")
    built()
    (kb / "a.md").write_text(paragraphs("丙"), encoding="utf-8")
    (kb / "b.md").write_bytes(bytes(range(256)))
    (kb / "c.xlsx").write_bytes(b"PK")
    report = built()
    assert [(file, kept) for file, _, kept in report.skipped] == [("b.md", True), ("c.xlsx", False)]
    assert "save it as UTF-8" in report.skipped[0][1]
    opened = open_index(index, counting.fingerprint)
    assert [document.text for document in opened.documents.values()] == [paragraphs("丙"), paragraphs("乙")]
    assert opened.manifest.skipped == report.skipped
    assert built().version == report.version
    dropped = built(BuildOptions(drop_unreadable=True))
    assert [kept for _, _, kept in dropped.skipped] == [False, False]
    assert list(open_index(index, counting.fingerprint).documents) == ["a"]
    (kb / "b.md").unlink()
    (kb / "c.xlsx").unlink()
    assert built().skipped == ()


def test_a_skipped_file_is_no_change_wherever_the_folder_is_read_from(built, kb: Path, monkeypatch) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    (kb / "b.md").write_bytes(bytes(range(256)))
    first = built()
    monkeypatch.chdir(kb.parent)
    assert build(Path(kb.name), kb.parent / "index", IndexConfig()).version == first.version
    assert str(kb / "b.md") in first.skipped[0].reason


def test_the_same_content_in_another_folder_is_published_with_it(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    built()
    other = kb.rename(kb.parent / "other")
    assert build(other, kb.parent / "index", IndexConfig()).embedded == 0
    assert open_index(kb.parent / "index", counting.fingerprint).manifest.kb == str(other)


def test_removed_and_edited_text_leaves_the_index(built, kb: Path) -> None:
    (kb / "a.md").write_text(paragraphs("甲", "乙"), encoding="utf-8")
    (kb / "b.md").write_text(paragraphs("丙"), encoding="utf-8")
    built(merge_characters=10)
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    (kb / "b.md").unlink()
    report = built(merge_characters=10)
    assert (report.documents, report.chunks, report.removed) == (1, 1, 2)
    folder = kb.parent / "index" / "versions" / report.version
    for path in folder.rglob("*"):
        assert path.is_dir() or not any(letter in path.read_bytes().decode("utf-8", "ignore") for letter in "乙丙"), (
            path
        )


def test_moves_and_reverted_edits_embed_nothing(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲", "乙"), encoding="utf-8")
    built()
    (kb / "a.md").write_text(paragraphs("甲", "丙"), encoding="utf-8")
    built()
    counting.seen.clear()
    (kb / "a.md").write_text(paragraphs("甲", "乙"), encoding="utf-8")
    built()
    (kb / "sub").mkdir()
    (kb / "a.md").rename(kb / "sub" / "b.md")
    report = built()
    assert counting.seen == []
    assert (report.embedded, report.reused, report.removed) == (0, 1, 1)


def test_a_gate_keeps_the_published_version(built, kb: Path, counting) -> None:
    asked: list[tuple[list[str], list[str]]] = []

    def gate(candidate: Index, published: Index) -> list[str]:
        asked.append(([one.text for one in candidate.chunks], [one.text for one in published.chunks]))
        return ["q1: 甲？"]

    index = kb.parent / "index"
    (kb / "a.md").write_text("甲甲。", encoding="utf-8")
    first = built(BuildOptions(gates=[gate]))
    assert (first.published, asked) == (True, [])  # nothing to be worse than
    (kb / "a.md").write_text("乙乙。", encoding="utf-8")
    second = built(BuildOptions(gates=[gate]))
    assert (second.published, second.regressed, second.version) == (False, ("q1: 甲？",), first.version)
    assert asked == [(["乙乙。"], ["甲甲。"])]
    assert current_version(index) == first.version
    assert sorted(path.name for path in (index / "versions").iterdir()) == [first.version]
    third = built(BuildOptions(gates=[gate], override_gates=True))
    assert third.published
    assert open_index(index, counting.fingerprint).manifest.gate == "overridden"
    (kb / "a.md").write_text("丙丙。", encoding="utf-8")
    built(BuildOptions(gates=[lambda candidate, published: []]))
    assert open_index(index, counting.fingerprint).manifest.gate == "passed"
    (kb / "a.md").write_text("丁丁。", encoding="utf-8")
    built(BuildOptions(gates=[lambda candidate, published: None]))  # it had nothing to ask
    assert open_index(index, counting.fingerprint).manifest.gate == ""


def test_content_that_was_rolled_back_is_not_published_by_itself(built, kb: Path) -> None:
    index = kb.parent / "index"
    (kb / "a.md").write_text("甲甲。", encoding="utf-8")
    first = built()
    (kb / "a.md").write_text("乙乙。", encoding="utf-8")
    built()
    assert roll_back(index).version == first.version
    automatic = built(BuildOptions(automatic=True))
    assert (automatic.published, automatic.held, automatic.version) == (False, True, first.version)
    (kb / "a.md").write_text("丙丙。", encoding="utf-8")
    assert built(BuildOptions(automatic=True)).published
    (kb / "a.md").write_text("乙乙。", encoding="utf-8")
    assert built(BuildOptions(automatic=True)).held
    by_hand = built()
    assert by_hand.published
    assert current_version(index) == by_hand.version
    assert built(BuildOptions(automatic=True)).published


def test_a_candidate_that_cannot_be_searched_is_not_published(built, kb: Path, counting, monkeypatch) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    first = built()
    monkeypatch.setattr(counting, "vectors", lambda texts: np.full((len(texts), 8), np.nan, np.float32))
    (kb / "a.md").write_text(paragraphs("乙"), encoding="utf-8")
    with pytest.raises(IndexBroken, match="not found by its own vector"):
        built()
    assert current_version(kb.parent / "index") == first.version
    monkeypatch.undo()


def test_a_full_disk_is_one_line_and_the_next_build_completes(built, kb: Path, monkeypatch) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    first = built()
    (kb / "a.md").write_text(paragraphs("乙"), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(JiawenError, match=r"No space left on device.*check space"):
            built()
    index = kb.parent / "index"
    assert current_version(index) == first.version
    assert built().published
    assert len(list((index / "versions").iterdir())) == 2


def test_a_build_that_dies_leaves_current_and_keeps_its_embeddings(built, kb: Path, counting, monkeypatch) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    first = built()
    (kb / "a.md").write_text(paragraphs("乙"), encoding="utf-8")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        built()
    monkeypatch.undo()
    index = kb.parent / "index"
    assert current_version(index) == first.version
    monkeypatch.setattr("indexer.build.open_encoder", lambda name: counting)
    monkeypatch.setattr("indexer.build.fingerprint_of", lambda name: counting.fingerprint)
    counting.seen.clear()
    assert build(kb, index, IndexConfig()).published
    assert counting.seen == []


def test_headings_alone_cannot_be_indexed(built, kb: Path) -> None:
    (kb / "a.md").write_text("# 题\n\n## 又一题\n", encoding="utf-8")
    with pytest.raises(ContentError, match="no sentence"):
        built()
    assert not (kb.parent / "index").exists()


def test_an_index_folder_that_cannot_be_written(kb: Path, counting) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    (kb.parent / "file").write_text("", encoding="utf-8")
    with pytest.raises(JiawenError, match="cannot write the index"):
        build(kb, kb.parent / "file" / "index", IndexConfig())


def test_an_index_of_another_encoder_is_refused(built, kb: Path) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    built()
    with pytest.raises(IndexMismatch, match=r"counting/1, the setting is other/1: run `jiawen index`"):
        open_index(kb.parent / "index", "other/1")


def test_progress_counts_to_the_end(built, kb: Path) -> None:
    (kb / "a.md").write_text("".join(f"第{number}句甲。" for number in range(150)), encoding="utf-8")
    seen: list[tuple[int, int]] = []
    built(BuildOptions(on_progress=lambda done, total: seen.append((done, total))))
    assert seen == [(64, 150), (128, 150), (150, 150)]


def test_manifest_says_what_the_version_is(built, kb: Path) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    version = kb.parent / "index" / "versions" / built().version
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fingerprint"] == "counting/1"
    assert manifest["dimension"] == 8
    assert (manifest["documents"], manifest["chunks"], manifest["sentences"]) == (1, 1, 1)
    assert set(manifest["files"]) == {
        "documents.jsonl", "chunks.jsonl", "sentences.npy", "vectors.faiss", "known.npy",
        "lexical/postings.npz", "lexical/vocabulary.json",
    }  # fmt: skip
