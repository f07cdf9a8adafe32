"""Which hits are about what a question names: the title of one document, a year, where another document lacks it."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.question import Asked, mentions, numbers_of
from bot.types import Hit
from indexer.faq import answers_yes_or_no, only_asks
from indexer.store import Index
from indexer.text import fold
from indexer.types import Document

_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST = 0.6  # share of a title's letters that makes a part of it the name of its subject: 白石桥改造 of 白石桥改造-更新
_YEARS = range(1000, 3000)


def lacking(index: Index, question: str, hits: Sequence[Hit]) -> npt.NDArray[np.int64]:
    """(hits,) how many of the subjects and years asked of the document of a hit lacks and that of another one has.

    A sentence seldom names its subject, and so fits any question of its kind: 花期1-3月。
    """
    documents = [index.documents[hit.chunk.doc_id] for hit in hits]
    subjects = {subject for one in documents for subject in _subjects(one.title)}
    asked = fold(question)
    # Of a follow-up what it names itself: 天坛建于哪一年？ 胜利广场呢？
    marks = _marks(asked.rstrip("? ").rpartition("? ")[2], subjects) or _marks(asked, subjects)
    held = [{mark for mark in marks if _holds(one, mark)} for one in documents]
    known = set().union(*held)
    return np.array([len(known - own) for own in held], np.int64)


def answers_another(index: Index, asked: Asked, rows: Iterable[int]) -> npt.NDArray[np.bool_]:
    """(rows,) whether the sentence is a yes or no to another question: 答：可以。 for 拍照 below 问：可以捐书吗？"""

    def is_of_another(row: int) -> bool:
        if not answers_yes_or_no(index.sentence_text(row)) or not row or not only_asks(index.sentence_text(row - 1)):
            return False
        whole = fold(index.sentence_text(row - 1) + index.sentence_text(row))
        return bool(asked.saying) and not any(mentions(whole, word) for word in asked.saying)

    return np.array([is_of_another(row) for row in rows], bool)


def _marks(asked: str, subjects: Iterable[str]) -> set[str]:
    years = (one for one in numbers_of(asked) if one.unit == "年" and not one.ordinal and one.value in _YEARS)
    return {subject for subject in subjects if subject in asked} | {str(int(one.value)) for one in years}


def _holds(document: Document, mark: str) -> bool:
    return mark in _folded(document.title) or mark in document.published or mark in _folded(document.text)


@lru_cache(maxsize=4096)
def _subjects(title: str) -> tuple[str, ...]:
    parts = _WORD.findall(fold(title))
    return tuple(part for part in parts if len(part) >= _MOST * sum(map(len, parts)))


_folded = lru_cache(maxsize=256)(fold)  # of a whole document 10 ms for 60,000 characters
