"""Known questions: read beside their document, embedded once, compared by brute force; a mistake loses nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.build import _embed_known
from indexer.cache import EmbeddingCache
from indexer.chunk import cut_document
from indexer.config import IndexConfig
from indexer.errors import ContentError, IndexBroken
from indexer.lint import lint
from indexer.page import PROBLEM, Page
from indexer.read import read_folder
from indexer.store import (
    FORMAT,
    Manifest,
    checksums,
    document_from,
    known_questions,
    open_version,
    read_manifest,
    write_manifest,
    write_version,
)
from indexer.types import Document, KnownQuestion
from indexer.versions import open_index
from tests.conftest import CountingEncoder


def tell(kb: Path, name: str, *pairs: tuple[str, str | None]) -> Path:
    path = kb / f"{name}.questions.jsonl"
    rows = [json.dumps({"question": question, "quote": quote}, ensure_ascii=False) for question, quote in pairs]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_they_are_read_beside_their_document(kb: Path) -> None:
    (kb / "馆").mkdir()
    (kb / "馆/a.md").write_text("甲。乙。", encoding="utf-8")
    (kb / "b.md").write_text("丙。", encoding="utf-8")
    tell(kb / "馆", "a", ("问甲？", "甲。"), (" 问乙？ ", "乙"), ("问丁？", None))
    content = read_folder(kb)
    assert content.skipped == []
    assert {one.id: one.known for one in content.documents} == {
        "b": (),
        "馆/a": (KnownQuestion("问甲？", "甲。"), KnownQuestion("问乙？", "乙"), KnownQuestion("问丁？", "")),
    }


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "7", '{"question": "问？"}', '{"question": "问？", "quote": 7}', '{"question": " ", "quote": "甲"}',
     '{"question": "问？", "quote": ""}', '{"question": "\\ud800", "quote": "甲"}', "[" * 100_000],
)  # fmt: skip
def test_a_mistake_is_named_by_its_line_and_costs_nothing_else(kb: Path, line: str) -> None:
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    path = tell(kb, "a", ("问？", "甲"))
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    content = read_folder(kb)
    assert [(one.id, one.known) for one in content.documents] == [("a", (KnownQuestion("问？", "甲"),))]
    ((name, _, error),) = [(one.file, one.doc_id, one.error) for one in content.skipped]
    assert name == "a.questions.jsonl"
    assert "a.questions.jsonl, line 3: write" in str(error)


def test_questions_of_no_document_are_named(kb: Path) -> None:
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    tell(kb, "b", ("问？", "甲"))
    (skipped,) = read_folder(kb).skipped
    assert "no document of that name lies beside it" in str(skipped.error)
    (kb / "a.md").unlink()
    with pytest.raises(ContentError, match="holds no article"):
        read_folder(kb)


def test_a_document_that_cannot_be_read_keeps_its_earlier_questions(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    (kb / "b.md").write_text("乙。", encoding="utf-8")
    tell(kb, "a", ("甲？", "甲"))
    built()
    (kb / "a.md").write_bytes(b"\x00\xff")
    (kb / "b.md").write_text("乙乙。", encoding="utf-8")
    report = built()
    assert [(one.file, one.kept) for one in report.skipped] == [("a.md", True)]
    assert open_index(kb.parent / "index", counting.fingerprint).known == (KnownQuestion("甲？", "甲"),)


def test_new_questions_are_a_new_version_and_nothing_is_embedded_twice(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。乙。", encoding="utf-8")
    first = built()
    counting.seen.clear()
    tell(kb, "a", ("甲？", "甲甲"), ("丙？", "乙"))
    second = built()
    assert second.version != first.version
    assert counting.seen == []  # no passage
    asked: list[str] = []
    encode = counting.encode_queries
    counting.encode_queries = lambda texts: asked.extend(texts) or encode(texts)
    tell(kb, "a", ("甲？", "甲甲"), ("丙？", "乙"), ("丁？", "乙"))
    built()
    assert asked == ["丁？"]
    assert built().version == built().version


def test_a_quote_that_is_gone_does_nothing_and_is_named_and_a_heading_is_a_sentence(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。\n\n## 丙丙\n\n丁。", encoding="utf-8")
    tell(kb, "a", ("甲？", "甲甲"), ("乙？", "没有的话"), ("丙\n？", "丙丙"))
    built()
    index = open_index(kb.parent / "index", counting.fingerprint)
    assert index.known == (
        KnownQuestion("甲？", "甲甲"), KnownQuestion("乙？", "没有的话"), KnownQuestion("丙\n？", "丙丙"),
    )  # fmt: skip
    assert index.known_rows.tolist() == [[0, 0], [2, 1]]
    assert [index.sentence_text(row) for row in range(3)] == ["甲甲。", "丙丙", "丁。"]
    assert {doc_id: numbers.tolist() for doc_id, numbers in index.answered.items()} == {"a": [0, 1, 2]}
    page = Page(index.documents["a"], *cut_document(index.documents["a"], IndexConfig(), len, 40))
    found = [one for one in lint([page]) if one.rule == "lost-question"]
    assert [one.severity for one in found] == [PROBLEM]
    assert "a.questions.jsonl: the quote of “乙？” stands in no sentence" in found[0].message


def test_those_without_an_answer_are_kept_by_their_document(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。", encoding="utf-8")
    (kb / "b.md").write_text("乙。丙。", encoding="utf-8")
    tell(kb, "a", ("丁？", None), ("甲？", "甲甲"), ("戊？", None))
    tell(kb, "b", ("己？", None), ("丙？", "丙"))
    built()
    index = open_index(kb.parent / "index", counting.fingerprint)
    assert [one.question for one in index.known] == ["丁？", "甲？", "戊？", "己？", "丙？"]
    assert {doc_id: numbers.tolist() for doc_id, numbers in index.unanswered.items()} == {"a": [0, 2], "b": [3]}
    assert [(number, index.sentence_text(row)) for number, row in index.known_rows.tolist()] == [
        (1, "甲甲。"), (4, "丙。"),
    ]  # fmt: skip
    assert index.known_vectors[2] == pytest.approx(counting.encode_query("戊？"))
    page = Page(index.documents["a"], *cut_document(index.documents["a"], IndexConfig(), len, 40))
    assert [one for one in lint([page]) if one.rule == "lost-question"] == []


def test_a_question_both_answered_and_not_is_named() -> None:
    known = (
        KnownQuestion("甲是谁？", "甲甲"),
        KnownQuestion("甲 是谁", ""),
        KnownQuestion("乙是谁？", ""),
        KnownQuestion("长2.4米吗？", "甲"),
        KnownQuestion("长24米吗？", ""),
    )
    document = Document("a", "a", "甲甲。", known=known)
    page = Page(document, *cut_document(document, IndexConfig(), len, 40))
    (found,) = [one for one in lint([page]) if one.rule == "disputed-question"]
    assert found.severity == PROBLEM
    assert "a.questions.jsonl: “甲 是谁” stands both with a quote and with null" in found.message


texts = st.lists(st.text(alphabet="甲乙丙丁天地。\n", min_size=1, max_size=30), min_size=1, max_size=3)


@given(texts, st.data())
@settings(max_examples=40)
def test_the_rows_of_a_question_are_brute_force(tmp_path_factory, texts: list[str], data: st.DataObject) -> None:
    encoder = CountingEncoder()
    documents, chunks, rows, embedded = [], [], [], []
    for number, text in enumerate(texts):
        spans = data.draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, 9)), max_size=4))
        known = [KnownQuestion(data.draw(st.text("甲乙丙丁", min_size=1)), text[at : at + size]) for at, size in spans]
        document = Document(f"d{number}", "题", text, known=(*known, KnownQuestion("甲", "没有的话")))
        inside, sentences = cut_document(document, IndexConfig(merge_characters=1), len, 40)
        rows += [(len(chunks) + at, one.start, one.end) for at, found in enumerate(sentences) for one in found]
        embedded += [one.embedded_text for found in sentences for one in found]
        chunks += inside
        documents.append(document)
    if not rows:
        return
    folder = tmp_path_factory.mktemp("version")
    with EmbeddingCache(folder / "cache", encoder.fingerprint, encoder.dimension) as cache:
        vectors = _embed_known(documents, encoder, cache, lambda done, total: None)
    (folder / "cache").unlink()
    files = write_version(folder, documents, chunks, np.array(rows, np.int64), encoder.vectors(embedded), vectors)
    counts = len(documents), len(chunks), len(rows)
    write_manifest(folder, Manifest("v", FORMAT, "2026-01-01", "", "", 8, {}, "", *counts, files))
    index = open_version(folder)
    found = sorted(map(tuple, index.known_rows.tolist()))
    expected = []
    number = 0
    for document in documents:
        for one in document.known:
            left = document.text.find(one.quote)
            assert index.known[number] == one
            assert index.known_vectors[number] == pytest.approx(encoder.encode_query(one.question))
            for row, (chunk, start, end) in enumerate(rows):
                if left >= 0 and chunks[chunk].doc_id == document.id and left < end and start < left + len(one.quote):
                    expected.append((number, row))
            number += 1
    assert (found, number) == (sorted(expected), len(index.known))


def test_vectors_that_do_not_fit_are_a_broken_index(built, kb: Path) -> None:
    (kb / "a.md").write_text("甲甲。", encoding="utf-8")
    tell(kb, "a", ("甲？", "甲甲"))
    version = kb.parent / "index" / "versions" / built().version
    np.save(version / "known.npy", np.zeros((2, 8), np.float32))
    write_manifest(version, replace(read_manifest(version), files=checksums(version)))
    with pytest.raises(IndexBroken, match="2 vectors for 1 known questions"):
        open_version(version)


def test_a_text_kept_by_an_earlier_program_knows_no_question() -> None:
    row = {"id": "a", "title": "题", "text": "文", "source": "", "published": "", "url": "", "questions": [],
           "file": "a.md", "pages": []}  # fmt: skip
    assert document_from(row).known == ()
    known = document_from(row | {"known": [{"question": "问？", "quote": "文"}]})
    assert known_questions([known]) == [("a", KnownQuestion("问？", "文"))]
