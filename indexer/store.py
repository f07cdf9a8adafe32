"""One version on disk, written and read: the only `import faiss`, the only place where a distance becomes a score.

    manifest.json documents.jsonl chunks.jsonl sentences.npy vectors.faiss known.npy lexical/

No file is pickled. A version never changes once it is published.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import faiss
import numpy as np
import numpy.typing as npt

from indexer.embed import Vectors
from indexer.errors import IndexBroken, IndexMismatch
from indexer.lexical import LexicalIndex, terms
from indexer.table import as_read
from indexer.types import Chunk, Document, KnownQuestion

FORMAT = 8  # raised when what is in the files, or how they are computed, changes
MANIFEST = "manifest.json"
_SAMPLE = 50  # sentences that a check searches for
_NEAR = 10  # passages with more of a passage's words than itself, at most: long ones that repeat it


class SkippedFile(NamedTuple):
    """A file of kb/ that could not be read, why, and whether its earlier content is kept."""

    file: str
    reason: str
    kept: bool


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
    kb: str = ""  # the folder it was read from, absolute
    skipped: tuple[SkippedFile, ...] = ()
    gate: str = ""  # passed, overridden, or empty where nothing was there to hold it to


@dataclass(frozen=True, slots=True)
class Index:
    """One version, opened: immutable, safe to search from several threads.

    The chunks of a document stand together, in order.
    `sentences` has a row per vector: (chunk number, start, end), ordered by chunk; a chunk's rows are
    `first_sentence[chunk]:first_sentence[chunk + 1]`. `known` has the known questions, with a vector each; a
    row of `known_rows` is (number of a question, row of a sentence that answers it). `answered` has the numbers of a
    document's questions with a quote, whether it still stands or not, and `unanswered` of those without.
    """

    manifest: Manifest
    documents: dict[str, Document]
    chunks: tuple[Chunk, ...]
    sentences: npt.NDArray[np.int64]
    first_sentence: npt.NDArray[np.int64]
    lexical: LexicalIndex
    vectors: "faiss.IndexFlatIP"
    known: tuple[KnownQuestion, ...]
    known_vectors: Vectors
    known_rows: npt.NDArray[np.int64]
    answered: dict[str, npt.NDArray[np.int64]]
    unanswered: dict[str, npt.NDArray[np.int64]]

    def nearest_sentences(self, query: Vectors, limit: int) -> tuple[npt.NDArray[np.int64], Vectors]:
        """(rows, cosines) of the `limit` nearest sentences, best first; fewer where there are fewer."""
        cosines, rows = self.vectors.search(query[None, :], min(limit, self.vectors.ntotal))
        return rows[0], cosines[0]

    def sentence_text(self, row: int) -> str:
        """The text of the sentence of that row."""
        chunk, start, end = self.sentences[row].tolist()
        return self.documents[self.chunks[chunk].doc_id].text[start:end]

    def readings(self, rows: Sequence[int]) -> list[str]:
        """What those sentences say: their text, or that of a table's row with the names of its columns."""
        places = self.sentences[rows].tolist()
        return [as_read(self.documents[self.chunks[chunk].doc_id].text, start, end) for chunk, start, end in places]

    def rows_of(self, chunk: int) -> range:
        """The rows of the chunk's sentences."""
        return range(int(self.first_sentence[chunk]), int(self.first_sentence[chunk + 1]))

    def vectors_of(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Vectors:
        """(rows, dimension) the vectors of those sentences."""
        if not len(rows):
            return np.zeros((0, self.vectors.d), np.float32)
        return np.asarray(self.vectors.reconstruct_batch(np.asarray(rows, np.int64)), np.float32)

    def similarities(self, query: Vectors, chunk: int) -> Vectors:
        """Cosine of the query with each sentence of the chunk, in order."""
        return self.vectors_of(self.rows_of(chunk)) @ query


def known_questions(documents: Iterable[Document]) -> list[tuple[str, KnownQuestion]]:
    """(id of the document, the question) for every known question."""
    return [(one.id, known) for one in documents for known in one.known]


def _rows_of_known(
    known: Sequence[tuple[str, KnownQuestion]],
    documents: dict[str, Document],
    chunks: Sequence[Chunk],
    sentences: npt.NDArray[np.int64],
    first_sentence: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """(number of a known question, row of a sentence that its quote touches), where the quote first stands."""
    rows_of: dict[str, tuple[int, int]] = {}  # a document's first row and the row behind its last
    for chunk, first, last in zip(chunks, first_sentence[:-1].tolist(), first_sentence[1:].tolist(), strict=True):
        rows_of[chunk.doc_id] = rows_of.get(chunk.doc_id, (first, 0))[0], last
    found = []
    for number, (doc_id, one) in enumerate(known):
        left = documents[doc_id].text.find(one.quote)
        if not one.quote or left < 0:
            continue
        first, last = rows_of[doc_id]
        _, starts, ends = sentences[first:last].T
        begin = first + np.searchsorted(ends, left, "right")
        end = first + np.searchsorted(starts, left + len(one.quote))
        found += [(number, row) for row in range(begin, end)]
    return np.array(found, np.int64).reshape(-1, 2)


def _numbers_by_document(
    known: Sequence[tuple[str, KnownQuestion]], has_quote: bool
) -> dict[str, npt.NDArray[np.int64]]:
    found: dict[str, list[int]] = {}
    for number, (doc_id, one) in enumerate(known):
        if bool(one.quote) is has_quote:
            found.setdefault(doc_id, []).append(number)
    return {doc_id: np.array(numbers, np.int64) for doc_id, numbers in found.items()}


def lexical_text(chunk: Chunk) -> str:
    """What the lexical index holds of a chunk: its headings and its text."""
    return "\n".join([*chunk.headings, chunk.text])


def write_version(
    folder: Path,
    documents: Sequence[Document],
    chunks: Sequence[Chunk],
    sentences: npt.NDArray[np.int64],
    vectors: Vectors,
    known_vectors: Vectors,
) -> dict[str, str]:
    """Writes every file but the manifest into `folder`; returns their sha256."""
    _write_jsonl(folder / "documents.jsonl", [asdict(document) for document in documents])
    _write_jsonl(folder / "chunks.jsonl", [{"id": chunk.id, **asdict(chunk)} for chunk in chunks])
    np.save(folder / "sentences.npy", sentences, allow_pickle=False)
    np.save(folder / "known.npy", known_vectors, allow_pickle=False)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors))
    faiss.write_index(flat, str(folder / "vectors.faiss"))
    LexicalIndex.from_texts([lexical_text(chunk) for chunk in chunks]).save(folder / "lexical")
    return checksums(folder)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """manifest.json, the last file of a version, with its own sha256; then everything is forced to the disk."""
    values = asdict(manifest)
    text = json.dumps({**values, "sha256": _digest(values)}, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    for path in (*folder.rglob("*"), folder):
        flush(path)


def flush(path: Path) -> None:
    """Forces a file's content, or a folder's entries, to the disk: a power cut after that loses nothing of it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, text: str) -> None:
    """The file as a whole or as it was, whatever happens; that it is this one is kept once its folder is flushed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(text, encoding="utf-8")
        flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def checksums(folder: Path) -> dict[str, str]:
    """Path inside the folder → sha256, for every file but the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a version's folder, its format and its own sha256 checked."""
    path = folder / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise IndexMismatch(
                f"{folder} 的格式是 {values['format']}，本程序用 {FORMAT}；请运行 jiawen index 重建",
                f"{folder} has format {values['format']}, this program uses {FORMAT}: run `jiawen index`",
            )
        if values.pop("sha256") != _digest(values):
            raise ValueError("altered")
        if not isinstance(values["files"], dict):
            raise TypeError("files is not an object")
        return Manifest(**values | {"skipped": tuple(SkippedFile(*one) for one in values["skipped"])})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise broken(path, str(error)) from error


def altered_files(folder: Path, manifest: Manifest) -> list[str]:
    """The files of a version that are missing or altered, in order."""
    found = checksums(folder)
    return [
        f"{name} ({'missing' if name not in found else 'altered'})"
        for name, expected in manifest.files.items()
        if found.get(name) != expected
    ]


def open_version(folder: Path) -> Index:
    """A version, every file checked against its manifest and every chunk against its document."""
    manifest = read_manifest(folder)
    try:
        harmed = altered_files(folder, manifest)
        if harmed:
            raise broken(folder, ", ".join(harmed))
        documents = {row["id"]: document_from(row) for row in read_jsonl(folder / "documents.jsonl")}
        chunks = tuple(
            Chunk(row["doc_id"], row["start"], row["end"], row["text"], tuple(row["headings"]))
            for row in read_jsonl(folder / "chunks.jsonl")
        )
        sentences = np.load(folder / "sentences.npy", allow_pickle=False)
        vectors: Any = faiss.read_index(str(folder / "vectors.faiss"))
        known_vectors = np.load(folder / "known.npy", allow_pickle=False)
        known = known_questions(documents.values())
        if known_vectors.shape != (len(known), manifest.dimension):
            raise ValueError(f"{len(known_vectors)} vectors for {len(known)} known questions")
        first_sentence = np.searchsorted(sentences[:, 0], np.arange(len(chunks) + 1))
        known_rows = _rows_of_known(known, documents, chunks, sentences, first_sentence)
        lexical = LexicalIndex.load(folder / "lexical")
        for chunk in chunks:
            if documents[chunk.doc_id].text[chunk.start : chunk.end] != chunk.text:
                raise ValueError(f"{chunk.id} is not the text of its document")
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, AttributeError, EOFError, BadZipFile) as error:
        raise broken(folder, f"{error!r:.200}") from error  # numpy, zipfile and faiss each raise their own
    counts = (len(documents), len(chunks), len(sentences), vectors.ntotal, vectors.d)
    if counts != (manifest.documents, manifest.chunks, manifest.sentences, manifest.sentences, manifest.dimension):
        raise broken(folder, f"counts {counts} differ from the manifest")
    answered, unanswered = (_numbers_by_document(known, has_quote) for has_quote in (True, False))
    told = tuple(one for _, one in known)
    return Index(
        manifest, documents, chunks, sentences, first_sentence, lexical, vectors, told, known_vectors, known_rows,
        answered, unanswered,
    )  # fmt: skip


def check_search(index: Index) -> None:
    """A sample of the sentences is searched for: each is found by its own vector, its passage by its own words."""
    for row in np.unique(np.linspace(0, len(index.sentences) - 1, _SAMPLE).astype(int)).tolist():
        vector = index.vectors_of([row])[0]
        rows, cosines = index.nearest_sentences(vector, 1)
        if rows[0] < 0 or not abs(float(cosines[0]) - 1) < 1e-3:  # NaN is not near 1 either
            raise broken(Path(index.manifest.version), f"sentence {row} is not found by its own vector")
        chunk = int(index.sentences[row, 0])
        coverage = index.lexical.coverage(lexical_text(index.chunks[chunk]))
        better = int((coverage > coverage[chunk]).sum())
        if terms(index.sentence_text(row)) and (coverage[chunk] <= 0 or better >= _NEAR):
            raise broken(Path(index.manifest.version), f"{index.chunks[chunk].id} is not found by its own words")


def document_from(row: dict[str, Any]) -> Document:
    """A Document from its JSON object."""
    known = tuple(KnownQuestion(**one) for one in row.get("known", ()))  # texts kept by an earlier program have none
    return Document(**row | {"questions": tuple(row["questions"]), "pages": tuple(row["pages"]), "known": known})


def broken(path: Path, reason: str) -> IndexBroken:
    """The error that names a harmed file."""
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
