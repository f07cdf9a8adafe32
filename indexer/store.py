"""The index on disk, read and written: the only `import faiss`, the only place where a distance becomes a score.

    <index>/CURRENT                name of the published version
    <index>/versions/<version>/    manifest.json documents.jsonl chunks.jsonl sentences.npy vectors.faiss lexical/
    <index>/embeddings.sqlite      fingerprint + sha256(text) → vector

No file is pickled. A version never changes once CURRENT names it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import faiss
import numpy as np
import numpy.typing as npt

from indexer.embed import Vectors
from indexer.errors import IndexBroken, IndexMismatch, IndexMissing
from indexer.lexical import LexicalIndex
from indexer.types import Chunk, Document

FORMAT = 1  # raised when what is in the files, or how they are computed, changes
CURRENT = "CURRENT"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version is: manifest.json."""

    version: str
    format: int
    built_at: str  # ISO 8601 with offset
    encoder: str
    fingerprint: str
    dimension: int
    config: dict[str, Any]
    kb_digest: str
    documents: int
    chunks: int
    sentences: int
    files: dict[str, str]  # path inside the version → sha256


@dataclass(frozen=True, slots=True)
class Index:
    """One version, opened: immutable, safe to search from several threads.

    `sentences` has a row per vector: (chunk number, start, end), ordered by chunk; a chunk's rows are
    `first_sentence[chunk]:first_sentence[chunk + 1]`.
    """

    manifest: Manifest
    documents: dict[str, Document]
    chunks: tuple[Chunk, ...]
    sentences: npt.NDArray[np.int64]
    first_sentence: npt.NDArray[np.int64]
    lexical: LexicalIndex
    vectors: "faiss.IndexFlatIP"

    def nearest_sentences(self, query: Vectors, limit: int) -> tuple[npt.NDArray[np.int64], Vectors]:
        """(rows, cosines) of the nearest sentences, best first."""
        return search_vectors(self.vectors, query, limit)

    def sentence_text(self, row: int) -> str:
        """The text of the sentence of that row."""
        chunk, start, end = self.sentences[row].tolist()
        return self.documents[self.chunks[chunk].doc_id].text[start:end]

    def similarities(self, query: Vectors, chunk: int) -> Vectors:
        """Cosine of the query with each sentence of the chunk, in order."""
        first, last = int(self.first_sentence[chunk]), int(self.first_sentence[chunk + 1])
        if first == last:
            return np.zeros(0, np.float32)
        return np.asarray(self.vectors.reconstruct_n(first, last - first) @ query, np.float32)


def search_vectors(vectors: "faiss.IndexFlatIP", query: Vectors, limit: int) -> tuple[npt.NDArray[np.int64], Vectors]:
    """(rows, inner products) of the `limit` nearest rows, best first; fewer where the index holds fewer."""
    scores, rows = vectors.search(query[None, :], min(limit, vectors.ntotal))
    return rows[0], scores[0]


def lexical_text(chunk: Chunk) -> str:
    """What the lexical index holds of a chunk: its headings and its text."""
    return "\n".join([*chunk.headings, chunk.text])


def write_version(
    folder: Path,
    documents: Sequence[Document],
    chunks: Sequence[Chunk],
    sentences: npt.NDArray[np.int64],
    vectors: Vectors,
) -> dict[str, str]:
    """Writes every file but the manifest into `folder`; returns their sha256."""
    _write_jsonl(folder / "documents.jsonl", [asdict(document) for document in documents])
    _write_jsonl(folder / "chunks.jsonl", [{"id": chunk.id, **asdict(chunk)} for chunk in chunks])
    np.save(folder / "sentences.npy", sentences, allow_pickle=False)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors))
    faiss.write_index(flat, str(folder / "vectors.faiss"))
    LexicalIndex.from_texts([lexical_text(chunk) for chunk in chunks]).save(folder / "lexical")
    return checksums(folder)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """manifest.json, the last file of a version."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def checksums(folder: Path) -> dict[str, str]:
    """Path inside the folder → sha256, for every file but the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def current_version(index: Path) -> str:
    """The name of the published version."""
    try:
        name = (index / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise IndexMissing(
            f"{index} 里还没有索引；请先运行 jiawen index", f"no index in {index} yet: run `jiawen index`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(index / CURRENT, str(error)) from error
    if not name or Path(name).name != name or name.startswith("."):
        raise _broken(index / CURRENT, "not the name of a version")
    return name


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a version's folder, its format checked."""
    path = folder / "manifest.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise IndexMismatch(
                f"{folder} 的格式是 {values['format']}，本程序用 {FORMAT}；请运行 jiawen index 重建",
                f"{folder} has format {values['format']}, this program uses {FORMAT}: run `jiawen index`",
            )
        datetime.fromisoformat(values["built_at"])
        if not isinstance(values["files"], dict):
            raise TypeError("files is not an object")
        return Manifest(**values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(path, str(error)) from error


def open_index(index: Path, fingerprint: str) -> Index:
    """The published version, refused if another encoder wrote it."""
    opened = open_version(version_folder(index, current_version(index)))
    if opened.manifest.fingerprint != fingerprint:
        raise IndexMismatch(
            f"{index} 由编码模型 {opened.manifest.fingerprint} 建成，现在是 {fingerprint}；请运行 jiawen index 重建",
            f"{index} was built with {opened.manifest.fingerprint}, the setting is {fingerprint}: run `jiawen index`",
        )
    return opened


def version_folder(index: Path, version: str) -> Path:
    """Where a version lies."""
    return index / "versions" / version


def open_version(folder: Path) -> Index:
    """A version, every file checked against its manifest and every chunk against its document."""
    manifest = read_manifest(folder)
    try:
        found = checksums(folder)
        for name, expected in manifest.files.items():
            if found.get(name) != expected:
                raise _broken(folder / name, "missing" if name not in found else "altered")
        documents = {
            row["id"]: Document(**row | {"questions": tuple(row["questions"])})
            for row in read_jsonl(folder / "documents.jsonl")
        }
        chunks = tuple(
            Chunk(row["doc_id"], row["start"], row["end"], row["text"], tuple(row["headings"]))
            for row in read_jsonl(folder / "chunks.jsonl")
        )
        sentences = np.load(folder / "sentences.npy", allow_pickle=False)
        vectors: Any = faiss.read_index(str(folder / "vectors.faiss"))
        lexical = LexicalIndex.load(folder / "lexical")
        for chunk in chunks:
            if documents[chunk.doc_id].text[chunk.start : chunk.end] != chunk.text:
                raise ValueError(f"{chunk.id} is not the text of its document")
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, AttributeError, EOFError, BadZipFile) as error:
        raise _broken(folder, f"{error!r:.200}") from error  # numpy, zipfile and faiss each raise their own
    counts = (len(documents), len(chunks), len(sentences), vectors.ntotal, vectors.d)
    if counts != (manifest.documents, manifest.chunks, manifest.sentences, manifest.sentences, manifest.dimension):
        raise _broken(folder, f"counts {counts} differ from the manifest")
    first_sentence = np.searchsorted(sentences[:, 0], np.arange(len(chunks) + 1))
    return Index(manifest, documents, chunks, sentences, first_sentence, lexical, vectors)


class EmbeddingCache:
    """embeddings.sqlite: the vectors of one encoder by the sha256 of their text. Use it in a `with` statement.

    It only saves work: a file that is no database is begun anew, a vector of another length counts as missing.
    """

    _TABLE = (
        "CREATE TABLE IF NOT EXISTS embeddings (fingerprint TEXT, text_sha256 BLOB, vector BLOB,"
        " PRIMARY KEY (fingerprint, text_sha256)) WITHOUT ROWID"
    )

    def __init__(self, path: Path, fingerprint: str, dimension: int) -> None:
        self._fingerprint = fingerprint
        self._bytes = dimension * np.dtype(np.float32).itemsize
        self._connection = sqlite3.connect(path)
        try:
            self._connection.execute(self._TABLE)
        except sqlite3.OperationalError:  # locked, disk full, read-only: not the file's fault
            raise
        except sqlite3.DatabaseError:
            self._connection.close()
            path.unlink()
            self._connection = sqlite3.connect(path)
            self._connection.execute(self._TABLE)

    def __enter__(self) -> "EmbeddingCache":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, text: str) -> Vectors | None:
        """The vector of that text, or None."""
        row = self._connection.execute(
            "SELECT vector FROM embeddings WHERE fingerprint = ? AND text_sha256 = ?",
            (self._fingerprint, _text_key(text)),
        ).fetchone()
        return np.frombuffer(row[0], np.float32) if row and len(row[0]) == self._bytes else None

    def put(self, texts: Iterable[str], vectors: Vectors) -> None:
        """Keeps them at once: a build that dies later need not embed them again."""
        rows = [
            (self._fingerprint, _text_key(text), vector.tobytes()) for text, vector in zip(texts, vectors, strict=True)
        ]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", rows)


def _text_key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8")).digest()


def _broken(path: Path, reason: str) -> IndexBroken:
    return IndexBroken(
        f"索引已损坏：{path}（{reason}）；请运行 jiawen index 重建",
        f"broken index: {path} ({reason}): run `jiawen index`",
    )


def _write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]
