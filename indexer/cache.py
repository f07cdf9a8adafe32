"""The embeddings already made: unchanged text is not embedded again, whatever became of the build that made them."""

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from indexer.embed import Vectors

_TABLE = (
    "CREATE TABLE IF NOT EXISTS embeddings (fingerprint TEXT, text_sha256 BLOB, vector BLOB,"
    " PRIMARY KEY (fingerprint, text_sha256)) WITHOUT ROWID"
)


class EmbeddingCache:
    """embeddings.sqlite: the vectors of one encoder by the sha256 of their text. Use it in a `with` statement.

    It only saves work: a file that is no sound database is begun anew, and what is no unit vector of the encoder's
    length counts as missing.
    """

    def __init__(self, path: Path, fingerprint: str, dimension: int) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._bytes = dimension * np.dtype(np.float32).itemsize
        self._connection = sqlite3.connect(path)
        try:
            self._connection.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)

    def __enter__(self) -> "EmbeddingCache":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, sqlite3.OperationalError):  # locked, disk full, read-only: not the file's fault
            raise error
        self._connection.close()
        for suffix in ("", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._connection = sqlite3.connect(self._path)
        self._connection.execute(_TABLE)

    def get(self, text: str) -> Vectors | None:
        """The vector of that text, or None."""
        query = "SELECT vector FROM embeddings WHERE fingerprint = ? AND text_sha256 = ?"
        try:
            row = self._connection.execute(query, (self._fingerprint, _text_key(text))).fetchone()
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)
            return None
        if not row or not isinstance(row[0], bytes) or len(row[0]) != self._bytes:
            return None
        vector = np.frombuffer(row[0], np.float32)
        return vector if abs(float(vector @ vector) - 1) < 1e-3 else None

    def put(self, texts: Iterable[str], vectors: Vectors) -> None:
        """Keeps them at once: a build that dies later need not embed them again."""
        rows = [
            (self._fingerprint, _text_key(text), vector.tobytes()) for text, vector in zip(texts, vectors, strict=True)
        ]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", rows)


def _text_key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8")).digest()
