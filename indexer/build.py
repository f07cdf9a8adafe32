"""The recipe: read → chunk → embed (cached) → store → validate → publish."""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from indexer.chunk import chunk_document, chunk_sentences
from indexer.config import IndexConfig
from indexer.embed import Encoder, Vectors, bulk_encoder, fingerprint_of, open_encoder
from indexer.errors import ContentError, IndexBroken, IndexMismatch, IndexMissing, JiawenError
from indexer.read import read_folder
from indexer.store import (
    CURRENT,
    FORMAT,
    EmbeddingCache,
    Index,
    Manifest,
    current_version,
    open_version,
    version_folder,
    write_manifest,
    write_version,
)
from indexer.types import Chunk, Document, Sentence

_BATCH = 64  # texts embedded between two lines of the progress bar, and lost at most when a build dies


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What `jiawen index --json` prints. A chunk counts as embedded if the encoder saw any sentence of it."""

    version: str
    documents: int
    chunks: int
    embedded: int
    reused: int
    removed: int
    published: bool
    seconds: float


Progress = Callable[[int, int], None]  # (texts embedded, texts to embed)


def build(kb: Path, index: Path, config: IndexConfig, on_progress: Progress = lambda done, total: None) -> BuildReport:
    """Builds a version of `kb` beside the published one and publishes it; unchanged content publishes nothing new."""
    return build_documents(read_folder(kb), index, config, on_progress)


def build_documents(
    documents: list[Document], index: Path, config: IndexConfig, on_progress: Progress = lambda done, total: None
) -> BuildReport:
    """The same for documents that are already read."""
    started = time.perf_counter()
    kb_digest = digest_of(documents)
    fingerprint = fingerprint_of(config.encoder)
    previous = _published(index)
    if previous:
        built_from = (previous.manifest.kb_digest, previous.manifest.fingerprint, previous.manifest.config)
        if built_from == (kb_digest, fingerprint, asdict(config)):
            count = len(previous.chunks)
            seconds = round(time.perf_counter() - started, 3)
            return BuildReport(previous.manifest.version, len(documents), count, 0, count, 0, True, seconds)

    encoder = open_encoder(config.encoder)
    by_document = {document.id: chunk_document(document, config) for document in documents}
    chunks = [chunk for inside in by_document.values() for chunk in inside]
    sentences = [
        inside
        for document in documents
        for inside in chunk_sentences(document, by_document[document.id], encoder.count_tokens, encoder.max_tokens)
    ]
    if not any(sentences):
        raise ContentError(
            "内容里没有可以检索的句子；请补上正文", "the content holds no sentence to search: write some text"
        )
    try:
        index.mkdir(parents=True, exist_ok=True)
        with EmbeddingCache(index / "embeddings.sqlite", encoder.fingerprint, encoder.dimension) as cache:
            vectors, new_texts = _embed(sentences, encoder, cache, on_progress)
        version = _publish(index, config, encoder, kb_digest, documents, chunks, sentences, vectors)
    except (OSError, sqlite3.Error) as error:
        raise JiawenError(
            f"写不了索引 {index}：{error}；请检查磁盘空间和权限",
            f"cannot write the index {index} ({error}): check space and permissions",
        ) from error
    embedded = sum(any(sentence.embedded_text in new_texts for sentence in inside) for inside in sentences)
    kept = {(chunk.doc_id, chunk.text) for chunk in chunks}
    removed = sum((chunk.doc_id, chunk.text) not in kept for chunk in previous.chunks) if previous else 0
    seconds = round(time.perf_counter() - started, 3)
    return BuildReport(version, len(documents), len(chunks), embedded, len(chunks) - embedded, removed, True, seconds)


def digest_of(documents: list[Document]) -> str:
    """sha256 over everything the index keeps of the content."""
    return hashlib.sha256(json.dumps([asdict(document) for document in documents]).encode()).hexdigest()


def _published(index: Path) -> Index | None:
    """The published version, or None where there is none that this program can read: building mends that."""
    try:
        return open_version(version_folder(index, current_version(index)))
    except (IndexMissing, IndexBroken, IndexMismatch):
        return None


def _embed(
    sentences: list[list[Sentence]], encoder: Encoder, cache: EmbeddingCache, on_progress: Progress
) -> tuple[Vectors, set[str]]:
    """(one vector per sentence in order, the texts the cache did not hold)."""
    texts = [sentence.embedded_text for inside in sentences for sentence in inside]
    known = {text: vector for text in dict.fromkeys(texts) if (vector := cache.get(text)) is not None}
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    quickest = bulk_encoder(encoder, sum(map(len, missing)))
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        vectors = quickest.encode_passages(batch)
        cache.put(batch, vectors)
        known.update(zip(batch, vectors, strict=True))
        on_progress(start + len(batch), len(missing))
    return np.stack([known[text] for text in texts]), set(missing)


def _publish(
    index: Path,
    config: IndexConfig,
    encoder: Encoder,
    kb_digest: str,
    documents: list[Document],
    chunks: list[Chunk],
    sentences: list[list[Sentence]],
    vectors: Vectors,
) -> str:
    """Writes the version beside the others, opens it as a reader would, then replaces CURRENT in one step."""
    now = datetime.now().astimezone()
    version = f"{now:%Y%m%d-%H%M%S-%f}"
    rows = [(number, s.start, s.end) for number, inside in enumerate(sentences) for s in inside]
    folder = version_folder(index, f".building-{os.getpid()}")
    folder.mkdir(parents=True)
    try:
        files = write_version(folder, documents, chunks, np.array(rows, np.int64), vectors)
        manifest = Manifest(
            version=version,
            format=FORMAT,
            built_at=now.isoformat(timespec="seconds"),
            encoder=config.encoder,
            fingerprint=encoder.fingerprint,
            dimension=encoder.dimension,
            config=asdict(config),
            kb_digest=kb_digest,
            documents=len(documents),
            chunks=len(chunks),
            sentences=len(rows),
            files=files,
        )
        write_manifest(folder, manifest)
        open_version(folder)
        os.rename(folder, version_folder(index, version))
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # only there if a step failed
    temporary = index / f"{CURRENT}.new"
    temporary.write_text(version + "\n", encoding="utf-8")
    os.replace(temporary, index / CURRENT)
    return version
