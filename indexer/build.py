"""The recipe: read → chunk → embed (cached) → store → validate → hold to the golden questions → publish."""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from indexer.cache import EmbeddingCache
from indexer.chunk import cut_document
from indexer.config import IndexConfig
from indexer.embed import Encoder, Vectors, bulk_encoder, fingerprint_of, open_encoder
from indexer.errors import ContentError
from indexer.read import Content, check_folder, read_folder
from indexer.store import (
    FORMAT,
    Index,
    Manifest,
    SkippedFile,
    check_search,
    known_questions,
    open_version,
    write_manifest,
    write_version,
)
from indexer.text import simplify
from indexer.types import Chunk, Document, Sentence
from indexer.versions import (
    building_folder,
    cannot_write,
    is_held,
    keep_documents,
    only_builder,
    prune,
    publish,
    published,
    release,
)

_BATCH = 64  # texts embedded between two lines of the progress bar, and lost at most when a build dies
_AT_ONCE = 16  # known questions read together: a third of the time of one by one; more gain nothing


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What `jiawen index --json` prints. A chunk counts as embedded if the encoder saw any sentence of it.

    `version` is the published one. If not `published`, that is the one before, and `regressed` or `held` says why.
    """

    version: str
    documents: int
    chunks: int
    embedded: int
    reused: int
    removed: int
    published: bool
    seconds: float = 0.0
    skipped: tuple[SkippedFile, ...] = ()
    regressed: tuple[str, ...] = ()  # what the gate found, a line each
    held: bool = False  # the same content was rolled back, so nothing publishes it but a build by hand


Progress = Callable[[int, int], None]  # (texts embedded, texts to embed)
Gate = Callable[[Index, Index], list[str] | None]  # (candidate, published) → what got worse, a line each; None: unasked


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a build goes about publishing."""

    on_progress: Progress = lambda done, total: None
    gates: Sequence[Gate] = ()
    override_gates: bool = False
    drop_unreadable: bool = False  # a file that cannot be read loses its earlier content too
    automatic: bool = False  # nobody asked: content that was rolled back stays back


_DEFAULTS = BuildOptions()


def build(kb: Path, index: Path, config: IndexConfig, options: BuildOptions = _DEFAULTS) -> BuildReport:
    """Builds a version of `kb` beside the published one and publishes it; unchanged content publishes nothing new."""
    check_folder(kb)  # before the folder of the index is made
    return _build(lambda: read_folder(kb), str(kb.resolve()), index, config, options)


def build_documents(
    documents: list[Document], index: Path, config: IndexConfig, options: BuildOptions = _DEFAULTS
) -> BuildReport:
    """The same for documents that are already read."""
    return _build(lambda: Content(documents, []), "", index, config, options)


def _build(
    read: Callable[[], Content], kb: str, index: Path, config: IndexConfig, options: BuildOptions
) -> BuildReport:
    started = time.perf_counter()
    try:
        with only_builder(index):
            report = _build_alone(read(), kb, index, config, options)
    except sqlite3.Error as error:
        raise cannot_write(index, error) from error
    return replace(report, seconds=round(time.perf_counter() - started, 3))


def _build_alone(content: Content, kb: str, index: Path, config: IndexConfig, options: BuildOptions) -> BuildReport:
    previous = published(index)
    documents, kept = _with_earlier(content, previous, options.drop_unreadable)
    kb_digest = digest_of(documents)
    skipped = tuple(SkippedFile(one.file, str(one.error), one.doc_id in kept) for one in content.skipped)
    built_from = (kb_digest, fingerprint_of(config.encoder), asdict(config), skipped, kb)
    if previous:
        manifest = previous.manifest
        before = manifest.kb_digest, manifest.fingerprint, manifest.config, manifest.skipped, manifest.kb
        unchanged = built_from == before
        held = options.automatic and is_held(index, kb_digest)
        if unchanged or held:
            count = len(previous.chunks)
            return BuildReport(
                manifest.version, len(documents), count, 0, count, 0, unchanged, skipped=skipped, held=held
            )

    encoder = open_encoder(config.encoder)
    chunks, sentences = _cut(documents, config, encoder)
    with EmbeddingCache(index / "embeddings.sqlite", encoder.fingerprint, encoder.dimension) as cache:
        vectors, new_texts = _embed_sentences(sentences, encoder, cache, options.on_progress)
        known = _embed_known(documents, encoder, cache, options.on_progress)
    now = datetime.now(UTC)
    places = [(number, one.start, one.end) for number, inside in enumerate(sentences) for one in inside]
    rows = np.array(places, np.int64)
    manifest = Manifest(
        version=f"{now:%Y%m%d-%H%M%S-%f}",
        format=FORMAT,
        built_at=now.astimezone().isoformat(timespec="seconds"),
        encoder=config.encoder,
        fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        config=asdict(config),
        kb_digest=kb_digest,
        documents=len(documents),
        chunks=len(chunks),
        sentences=len(rows),
        files={},
        kb=kb,
        skipped=skipped,
        gate="overridden" if options.override_gates else "",
    )

    def write(folder: Path) -> dict[str, str]:
        return write_version(folder, documents, chunks, rows, vectors, known)

    regressed = _publish(index, manifest, write, previous, options)
    embedded = sum(any(sentence.embedded_text in new_texts for sentence in inside) for inside in sentences)
    kept_chunks = {(chunk.doc_id, chunk.text.strip()) for chunk in chunks}
    chunks_before = previous.chunks if previous else ()
    return BuildReport(
        version=previous.manifest.version if previous and regressed else manifest.version,
        documents=len(documents),
        chunks=len(chunks),
        embedded=embedded,
        reused=len(chunks) - embedded,
        removed=sum((chunk.doc_id, chunk.text.strip()) not in kept_chunks for chunk in chunks_before),
        published=not regressed,
        skipped=skipped,
        regressed=tuple(regressed),
    )


def _cut(documents: list[Document], config: IndexConfig, encoder: Encoder) -> tuple[list[Chunk], list[list[Sentence]]]:
    """(the chunks of all documents, the sentences of each)."""
    chunks: list[Chunk] = []
    sentences: list[list[Sentence]] = []
    for document in documents:
        inside, of_each = cut_document(document, config, encoder.count_tokens, encoder.max_tokens)
        chunks += inside
        sentences += of_each
    if not any(sentences):
        raise ContentError(
            "内容里没有可以检索的句子；请补上正文", "the content holds no sentence to search: write some text"
        )
    return chunks, sentences


def _with_earlier(content: Content, previous: Index | None, drop: bool) -> tuple[list[Document], set[str]]:
    """(the documents, with the published content of files that cannot be read now; the ids of those)."""
    documents = {document.id: document for document in content.documents}
    earlier = previous.documents if previous and not drop else {}
    kept = {one.doc_id for one in content.skipped if one.doc_id in earlier and one.doc_id not in documents}
    documents.update({doc_id: earlier[doc_id] for doc_id in kept})
    if not documents:
        raise content.skipped[0].error
    return [documents[doc_id] for doc_id in sorted(documents)], kept


def digest_of(documents: list[Document]) -> str:
    """sha256 over everything the index keeps of the content."""
    return hashlib.sha256(json.dumps([asdict(document) for document in documents]).encode()).hexdigest()


def _embed_sentences(
    sentences: list[list[Sentence]], encoder: Encoder, cache: EmbeddingCache, on_progress: Progress
) -> tuple[Vectors, set[str]]:
    """(one vector per sentence in order, the texts the cache did not hold)."""
    texts = [sentence.embedded_text for inside in sentences for sentence in inside]
    vectors, missing = _kept(texts, cache)
    quickest = bulk_encoder(encoder, sum(map(len, missing)))
    vectors |= _embed(missing, quickest.encode_passages, cache, on_progress)
    return np.stack([vectors[text] for text in texts]), set(missing)


def _embed_known(documents: list[Document], encoder: Encoder, cache: EmbeddingCache, on_progress: Progress) -> Vectors:
    """(known questions, dimension) their vectors, as the questions they will be compared with."""
    keys = [f"question\0{simplify(known.question)}" for _, known in known_questions(documents)]  # no passage's text
    vectors, missing = _kept(keys, cache)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a reading is done on one core

        def encode(batch: list[str]) -> Vectors:
            texts = [key.partition("\0")[2] for key in batch]
            parts = [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]
            return np.concatenate(list(pool.map(encoder.encode_queries, parts)))

        vectors |= _embed(missing, encode, cache, on_progress)
    return np.array([vectors[key] for key in keys], np.float32).reshape(-1, encoder.dimension)


def _kept(keys: list[str], cache: EmbeddingCache) -> tuple[dict[str, Vectors], list[str]]:
    """(the vectors that the cache holds, the keys it does not hold, each once and in order)."""
    vectors = {key: vector for key in dict.fromkeys(keys) if (vector := cache.get(key)) is not None}
    return vectors, [key for key in dict.fromkeys(keys) if key not in vectors]


def _embed(
    keys: list[str], encode: Callable[[list[str]], Vectors], cache: EmbeddingCache, on_progress: Progress
) -> dict[str, Vectors]:
    """A vector for every key, a batch at a time, each kept in the cache at once."""
    vectors: dict[str, Vectors] = {}
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        encoded = encode(batch)
        cache.put(batch, encoded)
        vectors.update(zip(batch, encoded, strict=True))
        on_progress(start + len(batch), len(keys))
    return vectors


def _publish(
    index: Path,
    manifest: Manifest,
    write: Callable[[Path], dict[str, str]],
    previous: Index | None,
    options: BuildOptions,
) -> list[str]:
    """Writes a version, opens it as a reader would and publishes it; or gives what the gates hold against it."""
    folder = building_folder(index)
    try:
        manifest = replace(manifest, files=write(folder))
        write_manifest(folder, manifest)
        candidate = open_version(folder)
        check_search(candidate)
        if previous and options.gates and not options.override_gates:
            asked = [found for gate in options.gates if (found := gate(candidate, previous)) is not None]
            if regressed := [line for found in asked for line in found]:
                return regressed
            if asked:
                write_manifest(folder, replace(manifest, gate="passed"))
        keep_documents(index, candidate.documents.values())
        publish(index, folder, manifest.version)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # only there if a step failed
    if not options.automatic:
        release(index, manifest.kb_digest)
    prune(index)
    return []
