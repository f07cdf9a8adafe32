"""BM25 over folded Chinese characters: single ones and neighbouring pairs, so no dictionary is needed.

Built once per index version; a search is a few array additions. Scores are given as coverage, a share of the best
any passage could reach: 1.0 means every term of the question, each as often as counts. That makes questions comparable.
"""

import json
import re
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.text import fold

# Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework"; the usual values.
SATURATION = 1.5  # k1
LENGTH_WEIGHT = 0.75  # b
# Han, kana and hangul run on without spaces; numbers and words of other scripts stand alone.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|\d+(?:\.\d+)?|[^\W\d_{_UNSPACED}]+")


def terms(text: str) -> list[str]:
    """Search terms in order, folded: characters and character pairs of Chinese, words and numbers of the rest."""
    found: list[str] = []
    for match in _TOKEN.finditer(fold(text)):
        token = match[0]
        if match["unspaced"]:
            found.extend(token)
            found.extend(token[i : i + 2] for i in range(len(token) - 1))
        else:
            found.append(token)
    return found


class LexicalIndex:
    """Postings per term: `rows[starts[t]:starts[t+1]]` are the passages that hold term t, `counts` how often."""

    def __init__(
        self,
        vocabulary: Sequence[str],
        starts: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int32],
        counts: npt.NDArray[np.int32],
        lengths: npt.NDArray[np.int32],
    ) -> None:
        self._number = {term: number for number, term in enumerate(vocabulary)}
        self._starts, self._rows, self._counts, self._lengths = starts, rows, counts, lengths
        mean = float(lengths.mean()) if lengths.any() else 1.0
        self._saturation = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * lengths / mean)

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> "LexicalIndex":
        """Index of the texts; row i is texts[i]."""
        number: dict[str, int] = {}
        found = [np.array([number.setdefault(term, len(number)) for term in terms(text)], np.int64) for text in texts]
        lengths = np.array([len(inside) for inside in found], np.int32)
        rows = np.repeat(np.arange(len(texts)), lengths)
        pairs, counts = np.unique(np.concatenate([*found, rows[:0]]) * len(texts) + rows, return_counts=True)
        of_term, of_row = np.divmod(pairs, max(len(texts), 1))
        starts = np.searchsorted(of_term, np.arange(len(number) + 1))
        return cls(list(number), starts, of_row.astype(np.int32), counts.astype(np.int32), lengths)

    def frequencies(self) -> dict[str, int]:
        """How often each term stands in the texts."""
        totals = np.diff(np.concatenate([[0], np.cumsum(self._counts)])[self._starts])
        return dict(zip(self._number, totals.tolist(), strict=True))

    def rarity(self, term: str) -> float:
        """BM25's inverse document frequency, log(1 + (N - n + 0.5) / (n + 0.5)); a term never seen is the rarest."""
        number = self._number.get(term)
        holders = 0 if number is None else int(self._starts[number + 1] - self._starts[number])
        return float(np.log1p((len(self._lengths) - holders + 0.5) / (holders + 0.5)))

    def term_scores(self, term: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """(rows that hold the term, its BM25 weight in each of them)."""
        number = self._number.get(term)
        if number is None:
            return np.zeros(0, np.int32), np.zeros(0)
        span = slice(self._starts[number], self._starts[number + 1])
        rows, counts = self._rows[span], self._counts[span].astype(np.float64)
        return rows, self.rarity(term) * counts * (SATURATION + 1) / (counts + self._saturation[rows])

    def holds(self, text: str) -> bool:
        """Some passage holds every term of the text; not of one without any."""
        rows = [self.term_scores(term)[0] for term in terms(text)]
        return bool(rows) and len(reduce(np.intersect1d, rows)) > 0

    def coverage(self, question: str) -> npt.NDArray[np.float64]:
        """(rows,) in [0, 1]: BM25 of every row, divided by the sum of its terms' rarities times (k1 + 1)."""
        scores = np.zeros(len(self._lengths))
        asked = list(dict.fromkeys(terms(question)))
        for term in asked:
            rows, weights = self.term_scores(term)
            scores[rows] += weights
        ceiling = self.ceiling(asked)
        return scores / ceiling if ceiling else scores

    def ceiling(self, asked: Sequence[str]) -> float:
        """The most that any passage could score for the terms."""
        return sum(self.rarity(term) for term in asked) * (SATURATION + 1)

    def save(self, folder: Path) -> None:
        """Writes postings.npz (plain arrays) and vocabulary.json into the folder."""
        folder.mkdir()
        vocabulary = json.dumps(list(self._number), ensure_ascii=False)
        (folder / "vocabulary.json").write_text(vocabulary, encoding="utf-8")
        arrays: dict[str, Any] = {
            "starts": self._starts, "rows": self._rows, "counts": self._counts, "lengths": self._lengths,
        }  # fmt: skip
        np.savez(folder / "postings.npz", **arrays)

    @classmethod
    def load(cls, folder: Path) -> "LexicalIndex":
        """What `save` wrote; nothing is unpickled."""
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / "postings.npz", allow_pickle=False) as arrays:
            return cls(vocabulary, arrays["starts"], arrays["rows"], arrays["counts"], arrays["lengths"])
