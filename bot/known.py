"""How like a question is to known ones, and what that says for the sentences that answer those."""

import numpy as np
import numpy.typing as npt

from bot.config import BotConfig
from bot.features import Numbers
from bot.question import numbers_of
from bot.reading import exclusive
from indexer.embed import Vectors
from indexer.store import Index
from indexer.text import fold
from indexer.types import KnownQuestion

_COMPARED = 50  # known questions nearest to the one asked
_WELL_KNOWN = 10  # characters of a document for each of its known questions, at most


def likeness(index: Index, question: str, query: Vectors) -> Numbers:
    """(sentences,) cosine of the question with the nearest known one that the sentence answers; 0 for none.

    A known question that asks for another number or the opposite does not count, however near: 2023年 for 2024年.
    """
    found = np.zeros(len(index.sentences))
    cosines = (index.known_vectors @ query).astype(np.float64)
    nearest = np.argsort(-cosines)[:_COMPARED].tolist()
    alike = np.zeros(len(cosines), bool)
    alike[[number for number in nearest if not asks_another(question, index.known[number])]] = True
    numbers, rows = index.known_rows[alike[index.known_rows[:, 0]]].T
    np.maximum.at(found, rows, cosines[numbers])
    return found


def known_answers(
    index: Index, question: str, query: Vectors, rows: npt.NDArray[np.int64], config: BotConfig
) -> Numbers:
    """(rows,) what is added to the log-odds of a sentence that is known to answer a question like this one."""
    excess = likeness(index, question, query)[rows] - config.known_floor
    return np.asarray(config.known_weight * np.maximum(0, excess))


def unlike_known(index: Index, doc_id: str, query: Vectors, least: float) -> bool:
    """It is well known what people ask of the document, and the question is less like all of that than `least`."""
    chunks, places = np.unique(index.sentences[index.known_rows[:, 1], 0], return_inverse=True)
    own = np.array([index.chunks[chunk].doc_id == doc_id for chunk in chunks], bool)
    numbers = np.unique(index.known_rows[own[places], 0])
    well_known = len(numbers) * _WELL_KNOWN >= len(index.documents[doc_id].text)
    return well_known and float((index.known_vectors[numbers] @ query).max()) < least


def asks_another(question: str, known: KnownQuestion) -> bool:
    """The question has a number that neither the known one nor its answer has, or a word that excludes one of it."""
    asked, other = fold(question), fold(known.question)
    there = (*numbers_of(other), *numbers_of(fold(known.quote)))
    if any(not any(one.agrees(two) for two in there) for one in numbers_of(asked)):
        return True
    for group in exclusive(asked):
        ours, theirs = (
            {at for at, words in enumerate(group) if any(map(text.__contains__, words))} for text in (asked, other)
        )
        if ours and theirs and not ours & theirs:
            return True
    return False
