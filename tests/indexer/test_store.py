import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.cache import EmbeddingCache
from indexer.errors import IndexBroken, IndexMismatch, IndexMissing
from indexer.store import FORMAT, Index, checksums, open_version, write_version
from indexer.types import Chunk, Document
from indexer.versions import open_index


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 60))
@settings(max_examples=40)
def test_search_is_brute_force(seed: int, rows: int, limit: int) -> None:
    import faiss

    random = np.random.default_rng(seed)
    vectors = random.normal(size=(rows, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = vectors[random.integers(rows)]
    flat = faiss.IndexFlatIP(8)
    flat.add(vectors)
    found, scores = Index.nearest_sentences(SimpleNamespace(vectors=flat), query, limit)
    products = vectors @ query
    assert len(found) == min(limit, rows)
    assert products[found] == pytest.approx(np.sort(products)[::-1][:limit], abs=1e-5)
    assert scores == pytest.approx(products[found], abs=1e-5)


def test_similarities_are_the_chunk_s_own(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text("甲甲。乙丙。\n\n丁丁丁。甲乙。丙。", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    query = counting.encode_query("甲乙")
    assert index.similarities(query, 0) == pytest.approx([2**-0.5, 0.5])
    assert index.similarities(query, 1) == pytest.approx([0, 1, 0])
    rows, cosines = index.nearest_sentences(query, 2)
    assert index.sentences[rows].tolist() == [[1, 12, 15], [0, 0, 3]]
    assert cosines == pytest.approx([1, 2**-0.5])


@pytest.fixture
def version(built, kb: Path) -> Path:
    (kb / "a.md").write_text("# 题\n\n甲甲。乙丙。", encoding="utf-8")
    return kb.parent / "index" / "versions" / built().version


@pytest.mark.parametrize(
    "name",
    [
        "documents.jsonl",
        "chunks.jsonl",
        "sentences.npy",
        "vectors.faiss",
        "lexical/postings.npz",
        "lexical/vocabulary.json",
    ],
)
@pytest.mark.parametrize("harm", ["removed", "emptied", "cut", "flipped"])
def test_a_harmed_file_is_named(version: Path, name: str, harm: str) -> None:
    path = version / name
    raw = bytearray(path.read_bytes())
    if harm == "removed":
        path.unlink()
    elif harm == "emptied":
        path.write_bytes(b"")
    elif harm == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    else:
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    with pytest.raises(IndexBroken, match=path.name):
        open_version(version)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", f'{{"format": {FORMAT}}}', f'{{"format": {FORMAT}, "sha256": ""}}', "\udcff"]
)
def test_a_harmed_manifest_is_named(version: Path, text: str) -> None:
    (version / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(IndexBroken, match=r"manifest\.json"):
        open_version(version)


def rewrite_manifest(version: Path, **values: object) -> None:
    path = version / "manifest.json"
    held = json.loads(path.read_text(encoding="utf-8")) | values
    del held["sha256"]
    digest = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({**held, "sha256": digest}), encoding="utf-8")


def test_another_format_is_refused_with_its_cure(version: Path) -> None:
    rewrite_manifest(version, format=999)
    with pytest.raises(IndexMismatch, match=r"format 999, this program uses .*: run `jiawen index`"):
        open_version(version)


def test_counts_that_differ_are_refused(version: Path) -> None:
    rewrite_manifest(version, sentences=7)
    with pytest.raises(IndexBroken, match="counts"):
        open_version(version)


def test_a_chunk_that_is_not_its_slice_is_refused(tmp_path: Path, version: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    document, chunk = Document("a", "题", "甲乙"), Chunk("a", 0, 1, "乙")
    vector = np.eye(8, dtype=np.float32)[:1]
    files = write_version(folder, [document], [chunk], np.array([[0, 0, 1]], np.int64), vector, vector[:0])
    shutil.copy(version / "manifest.json", folder)
    rewrite_manifest(folder, files=files, chunks=1, sentences=1)
    with pytest.raises(IndexBroken, match="a#0-1 is not the text of its document"):
        open_version(folder)


@pytest.mark.parametrize("name", ["", "..", "../../etc", ".building-1", "a/b", "\udcff"])
def test_current_names_a_version_and_nothing_else(version: Path, name: str) -> None:
    index = version.parent.parent
    (index / "CURRENT").write_bytes(name.encode("utf-8", "surrogateescape"))
    with pytest.raises(IndexBroken, match="CURRENT"):
        open_index(index, "counting/1")


def test_no_index_yet(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=f"run `jiawen index --index {tmp_path}`"):
        open_index(tmp_path, "counting/1")


def test_nothing_on_disk_is_a_pickle(version: Path) -> None:
    for path in version.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not raw.startswith(b"\x80"), path
            assert b"numpy.core" not in raw, path


def test_the_cache_keeps_encoders_apart(tmp_path: Path) -> None:
    vector = np.array([0.6, -0.8], np.float32)
    with EmbeddingCache(tmp_path / "e.sqlite", "one", 2) as cache:
        cache.put(["甲"], vector[None])
    with EmbeddingCache(tmp_path / "e.sqlite", "one", 2) as cache:
        assert cache.get("甲").tolist() == vector.tolist()
        assert cache.get("乙") is None
    with EmbeddingCache(tmp_path / "e.sqlite", "two", 2) as cache:
        assert cache.get("甲") is None


def test_a_cache_that_is_no_database_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "e.sqlite").write_bytes(b"garbage" * 1000)
    with EmbeddingCache(tmp_path / "e.sqlite", "one", 2) as cache:
        assert cache.get("甲") is None
        cache.put(["甲"], np.array([[0, 1]], np.float32))
    with EmbeddingCache(tmp_path / "e.sqlite", "one", 3) as cache:
        assert cache.get("甲") is None  # a vector of another length


def test_files_that_is_not_an_object(version: Path) -> None:
    rewrite_manifest(version, files=[])
    with pytest.raises(IndexBroken, match=r"manifest\.json"):
        open_version(version)


def test_an_empty_array_is_broken_even_if_the_manifest_agrees(version: Path) -> None:
    (version / "lexical/postings.npz").write_bytes(b"")
    rewrite_manifest(version, files=checksums(version))
    with pytest.raises(IndexBroken, match="broken index"):
        open_version(version)
