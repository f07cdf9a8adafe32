from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import BotConfig
from bot.retrieve import retrieve
from indexer.chunk import chunk_document, chunk_sentences
from indexer.config import IndexConfig
from indexer.lexical import LexicalIndex
from indexer.store import lexical_text
from indexer.types import Document
from indexer.versions import open_index
from tests.conftest import CountingEncoder, query_for


def test_score_is_the_nearest_sentence_plus_weighted_coverage(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。乙丙。\n\n丁丁丁。甲乙。丙。\n\n没有字母的一段。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    config = BotConfig(coverage_weight=0.5)
    hits = retrieve(index, query_for(index, "甲乙"), 10, config)
    coverage = LexicalIndex.from_texts([lexical_text(chunk) for chunk in index.chunks]).coverage("甲乙")
    assert [hit.number for hit in hits] == [1, 0, 2]
    assert [hit.similarity for hit in hits] == pytest.approx([1, 2**-0.5, 0])
    assert [hit.coverage for hit in hits] == pytest.approx(coverage[[1, 0, 2]])
    assert [hit.score for hit in hits] == pytest.approx([hit.similarity + 0.5 * hit.coverage for hit in hits])
    assert [(hit.dense_rank, hit.lexical_rank) for hit in hits] == [(1, 1), (2, 2), (3, None)]


words = st.text(alphabet="甲乙丙丁戊天地人。", min_size=1, max_size=25)


@given(
    st.lists(words, min_size=1, max_size=8), st.text(alphabet="甲乙丙天地人", min_size=1, max_size=6), st.integers(1, 9)
)
@settings(max_examples=60)
def test_hits_are_brute_force_over_every_chunk(tmp_path_factory, texts: list[str], question: str, k: int) -> None:
    from indexer.store import FORMAT, Manifest, open_version, write_manifest, write_version

    encoder = CountingEncoder()
    config = IndexConfig(merge_characters=1)
    document = Document("a", "题", "\n\n".join(texts))
    chunks = chunk_document(document, config)
    sentences = chunk_sentences(document, chunks, len, 40)
    rows = [(number, s.start, s.end) for number, inside in enumerate(sentences) for s in inside]
    if not rows:
        return
    vectors = encoder.vectors([s.embedded_text for inside in sentences for s in inside])
    folder = tmp_path_factory.mktemp("version")
    files = write_version(folder, [document], chunks, np.array(rows, np.int64), vectors, vectors[:0])
    write_manifest(folder, Manifest("v", FORMAT, "2026-01-01", "", "", 8, {}, "", 1, len(chunks), len(rows), files))
    index = open_version(folder)

    query = query_for(index, question)
    coverage = index.lexical.coverage(question)
    expected = {}
    for number in range(len(chunks)):
        nearest = [vector @ query.vector for vector, row in zip(vectors, rows, strict=True) if row[0] == number]
        if nearest:
            expected[number] = max(nearest) + 0.2 * coverage[number]
    best = sorted(expected.values(), reverse=True)[:k]
    hits = retrieve(index, query, k, BotConfig())
    assert [hit.score for hit in hits] == pytest.approx(best, abs=1e-5)
    assert [hit.score for hit in hits] == pytest.approx([expected[hit.number] for hit in hits], abs=1e-5)


def test_a_chunk_only_the_terms_find_is_scored_by_its_own_sentences(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲甲。\n\n乙天地人。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    config = BotConfig(candidate_sentences=1)
    hits = retrieve(index, query_for(index, "甲天地人"), 5, config)
    assert [(hit.number, hit.dense_rank, hit.lexical_rank) for hit in hits] == [(0, 1, 2), (1, None, 1)]
    assert hits[1].similarity == pytest.approx(0)
