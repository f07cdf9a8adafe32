import json
import os
from pathlib import Path

import pytest

from indexer.build import build
from indexer.config import IndexConfig
from indexer.errors import ContentError, IndexMismatch, JiawenError
from indexer.store import current_version, open_index


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
    (kb / "b.md").write_bytes(bytes(range(256)))
    with pytest.raises(ContentError, match=r"b\.md"):
        built()
    assert open_index(kb.parent / "index", counting.fingerprint).manifest.version == first.version


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


def test_progress_counts_to_the_end(kb: Path, counting) -> None:
    (kb / "a.md").write_text("".join(f"第{number}句甲。" for number in range(150)), encoding="utf-8")
    seen: list[tuple[int, int]] = []
    build(kb, kb.parent / "index", IndexConfig(), lambda done, total: seen.append((done, total)))
    assert seen == [(64, 150), (128, 150), (150, 150)]


def test_manifest_says_what_the_version_is(built, kb: Path) -> None:
    (kb / "a.md").write_text(paragraphs("甲"), encoding="utf-8")
    version = kb.parent / "index" / "versions" / built().version
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fingerprint"] == "counting/1"
    assert manifest["dimension"] == 8
    assert (manifest["documents"], manifest["chunks"], manifest["sentences"]) == (1, 1, 1)
    assert set(manifest["files"]) == {
        "documents.jsonl", "chunks.jsonl", "sentences.npy", "vectors.faiss", "lexical/postings.npz", "lexical/vocabulary.json",
    }  # fmt: skip
