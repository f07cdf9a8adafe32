"""Questions with known answers → Examples: what the head sees of them, and which sentences answer."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.config import BotConfig
from bot.context import in_context
from bot.features import candidates_of
from bot.head import together
from bot.known import Query, known_answers, query_of
from bot.question import Asked, Expectation, ask_what, content_words, holds, word_class
from bot.retrieve import retrieve
from bot.types import Hit
from eval.cases import Case, CaseError, read_cases, read_squad
from indexer.build import build_documents
from indexer.config import IndexConfig
from indexer.embed import Vectors, fingerprint_of
from indexer.lexical import LexicalIndex
from indexer.read import read_folder
from indexer.store import Index, lexical_text, read_jsonl
from indexer.text import fold, sentence_spans, simplify
from indexer.token_states import States
from indexer.types import Document
from indexer.versions import open_index

PRACTICE, LEAFLETS = "practice", "leaflets"
_UNREAD = "leaflets_2"
WRITTEN = (PRACTICE, LEAFLETS)  # sources written for Jiawen, which have near misses
_PRACTICE_FOLDER = Path(__file__).parent / "practice"
FOLDS = 5
MOST_ASKED = 4000  # questions of one document; the article has 11,149, most of them reworded
_PRIOR = 6.0  # questions that a word class weighs beside the word's own
_SEEN = 3  # questions that name a word before it has a chance of its own


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One question over one set of candidates."""

    case: Case
    question: str  # self-contained
    source: str  # one of WRITTEN, or the name of the public file
    document: str  # that the question is about
    variant: str  # answerable, near miss, left out (the document), elsewhere
    fold: int
    features: npt.NDArray[np.float32]
    holds_answer: npt.NDArray[np.bool_]  # per candidate: the whole answer, or a part of it that is asked for
    texts: tuple[str, ...]
    together: float  # share of the hits that are of the best hit's document
    known: npt.NDArray[np.float64]  # per candidate: what known questions, this one left out, add to its log-odds
    stands_for: int = 1  # one of so many questions of its document is asked: this one stands for them

    @property
    def answerable(self) -> bool:
        """Some candidate answers."""
        return bool(self.holds_answer.any())


@dataclass(frozen=True, slots=True)
class Twin:
    """A question of a passage, which answers it or not; another differs from it in little and is the other way."""

    question: str
    sentences: tuple[str, ...]
    right: tuple[bool, ...]  # which of them answer


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a network learns from: the states of a claim and the passage it is held to, of a question and sentences."""

    asked: States
    texts: Sequence[npt.NDArray[np.floating[Any]]]
    right: Sequence[bool]  # which of the texts carry the claim (answer the question)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Cases, which name their documents, and their index; `alone` asks each of one of its own document as well."""

    name: str
    index: Index
    cases: Sequence[Case]
    alone: bool


def practice_material(cache: Path) -> Material:
    """eval/practice/documents/ and cases.jsonl, written for Jiawen; their index is kept under `cache`."""
    return _written(PRACTICE, _PRACTICE_FOLDER / "documents", _PRACTICE_FOLDER / "cases.jsonl", cache / PRACTICE)


def leaflet_materials(cache: Path, name: str = LEAFLETS) -> list[Material]:
    """Each folder of eval/practice/`name`/ as a knowledge base of its own; their indexes are kept under `cache`.

    Not all as one: what the leaflets of one folder do not answer those of another may.
    """
    paths = sorted((_PRACTICE_FOLDER / name).glob("*.jsonl"))
    return [_written(LEAFLETS, path.with_suffix(""), path, cache / name / path.stem) for path in paths]


def leaflet_questions() -> list[str]:
    """What is asked of leaflets, all that are here, in everyday words; follow-ups are left out."""
    rows = (row for path in sorted(_PRACTICE_FOLDER.glob("leaflets*/*.jsonl")) for row in read_jsonl(path))
    return [row["question"] for row in rows if not row.get("history")]


def _written(name: str, folder: Path, path: Path, cache: Path) -> Material:
    documents = read_folder(folder).documents
    known = {document.id: document for document in documents}
    cases = read_cases(path, known)
    if stray := next((case for case in cases if case.doc_id not in known), None):
        raise CaseError(
            f"{path} 的 {stray.id} 没有写明它问的是 {folder} 里的哪篇文档；请写上 doc_id",
            f"{stray.id} of {path} does not name the document in {folder} that it is about: give its doc_id",
        )
    return Material(name, _indexed(documents, cache), cases, alone=True)


def unread_materials(cache: Path, practice: Material) -> list[Material]:
    """The folders that only `among` learns from, each asked its share of the off-topic practice questions as well."""
    materials = leaflet_materials(cache, _UNREAD)
    off_topic = [case for case in practice.cases if case.kind == "off-topic"]
    return [replace(one, cases=[*one.cases, *off_topic[at :: len(materials)]]) for at, one in enumerate(materials)]


def practice_twins() -> list[Twin]:
    """The questions of eval/practice/contrasts.jsonl."""
    twins = []
    for row in read_jsonl(_PRACTICE_FOLDER / "contrasts.jsonl"):
        spans = sentence_spans(row["passage"])
        sentences = tuple(row["passage"][start:end] for start, end in spans)
        for one in row["questions"]:
            start = row["passage"].index(one["quote"])
            end = start + len(one["quote"])
            right = tuple(left < end and start < behind for left, behind in spans)
            twins.append(Twin(one["answerable"], sentences, right))
            twins.append(Twin(one["near_miss"], sentences, (False,) * len(spans)))
    return twins


def squad_material(path: Path, cache: Path) -> Material:
    """SQuAD-shaped questions and their paragraphs; their index is kept under `cache`."""
    documents, cases = read_squad(path)
    answerable = [case for case in cases if case.answerable]
    return Material(path.stem, _indexed(documents, cache / path.stem), answerable, alone=False)


def _indexed(documents: list[Document], folder: Path) -> Index:
    settings = IndexConfig.from_environment()
    build_documents(documents, folder, settings)
    return open_index(folder, fingerprint_of(settings.encoder))


def only_document(index: Index, doc_id: str) -> Index:
    """The index as if the document were the whole knowledge base."""
    numbers = [number for number, chunk in enumerate(index.chunks) if chunk.doc_id == doc_id]
    rows = np.array([row for number in numbers for row in index.rows_of(number)], np.int64)
    chunks = tuple(index.chunks[number] for number in numbers)
    sentences = index.sentences[rows].copy()
    sentences[:, 0] = np.searchsorted(numbers, sentences[:, 0])
    vectors = type(index.vectors)(index.vectors.d)
    vectors.add(index.vectors_of(rows))
    known_rows = index.known_rows[np.isin(index.known_rows[:, 1], rows)]
    known_rows[:, 1] = np.searchsorted(rows, known_rows[:, 1])
    return replace(
        index,
        documents={doc_id: index.documents[doc_id]},
        chunks=chunks,
        sentences=sentences,
        first_sentence=np.searchsorted(sentences[:, 0], np.arange(len(chunks) + 1)),
        lexical=LexicalIndex.from_texts([lexical_text(chunk) for chunk in chunks]),
        vectors=vectors,
        known_rows=known_rows,
    )


def without_known(index: Index, question: str) -> Index:
    """The index as if nobody had told it the answer to the question."""
    others = [number for number, one in enumerate(index.known) if one.question != question]
    return replace(index, known_rows=index.known_rows[np.isin(index.known_rows[:, 0], others)])


def learn_expectation(materials: Sequence[Material]) -> tuple[dict[str, float], dict[str, float]]:
    """(word → chance, class → chance) that the document which answers a question holds a word of it."""
    words: dict[str, list[float]] = {}
    classes: dict[str, list[float]] = {}
    kinds: dict[str, str] = {}
    for material in materials:
        folded = {doc_id: fold(document.text) for doc_id, document in material.index.documents.items()}
        for case in material.cases:
            if not case.answerable:
                continue
            for word, tag in content_words(fold(case.question)):
                held = holds(folded[case.gold[0].doc_id], word)
                kinds[word] = word_class(word, tag)
                words.setdefault(word, []).append(held)
                classes.setdefault(kinds[word], []).append(held)
    chances = {key: (sum(held) + _PRIOR / 2) / (len(held) + _PRIOR) for key, held in classes.items()}
    return {
        word: (sum(held) + _PRIOR * chances[kinds[word]]) / (len(held) + _PRIOR)
        for word, held in words.items()
        if len(held) >= _SEEN
    }, chances


def examples_of(material: Material, encode: Callable[[str], Vectors], expectation: Expectation) -> Iterator[Example]:
    """The cases of the material in the variants they can be asked in, MOST_ASKED at most of a document, evenly."""
    alone = (
        {doc_id: only_document(material.index, doc_id) for doc_id in material.index.documents} if material.alone else {}
    )
    of_each: dict[str, list[Case]] = {}
    for case in material.cases:
        of_each.setdefault(case.doc_id, []).append(case)
    for cases in of_each.values():
        every = -(-len(cases) // MOST_ASKED)
        for case in cases[::every]:
            for example in _variants(material, alone, case, encode, expectation):
                yield replace(example, stands_for=every)


def _variants(
    material: Material,
    alone: Mapping[str, Index],
    case: Case,
    encode: Callable[[str], Vectors],
    expectation: Expectation,
) -> Iterator[Example]:
    config = BotConfig()
    question = in_context(case.question, case.history)
    vector = encode(simplify(question))
    doc_id = case.doc_id
    asked = ask_what(question, expectation)
    about_itself = case.kind == "metadata"  # 这篇文章 means any document that it is asked of
    others = sorted(alone.keys() - {doc_id})
    if others and not about_itself:
        other = alone[others[_fold(case.id, len(others))]]  # knows no question of this document
        query = query_of(other, question, vector)
        best = retrieve(other, query, config.hits, config)
        yield _example(material, case, "elsewhere", other, asked, query, best)
    for whole in filter(None, (None if about_itself else material.index, alone.get(doc_id))):
        index = without_known(whole, case.question)
        query = query_of(index, question, vector)
        hits = retrieve(index, query, 3 * config.hits, config)
        best = hits[: config.hits]
        if not case.answerable:
            yield _example(material, case, "near miss", index, asked, query, best)
            continue
        right = _answering_rows(index, case)
        yield _example(material, case, "answerable", index, asked, query, best, right=right)
        elsewhere = [hit for hit in hits if hit.chunk.doc_id != doc_id][: config.hits]
        if elsewhere and whole is material.index:
            yield _example(material, case, "left out", index, asked, query, elsewhere)


def _example(
    material: Material, case: Case, variant: str, index: Index, asked: Asked, query: Query,
    hits: Sequence[Hit], right: frozenset[int] = frozenset(),
) -> Example:  # fmt: skip
    found = candidates_of(index, asked, query.vector, hits)
    rows = found.rows.tolist()
    return Example(
        case,
        query.text,
        material.name,
        case.doc_id,
        variant,
        _fold(case.doc_id),
        found.features.astype(np.float32),
        np.array([row in right for row in rows], bool),
        tuple(index.readings(rows)),
        together(hits),
        known_answers(query.like, found.rows, BotConfig()),
    )


def _fold(doc_id: str, folds: int = FOLDS) -> int:
    """A number below `folds`; documents of one article (the part before the last hyphen of public data) share it."""
    article = doc_id.rsplit("-", 1)[0] if doc_id.rsplit("-", 1)[-1].isdigit() else doc_id
    return int(hashlib.md5(article.encode(), usedforsecurity=False).hexdigest(), 16) % folds


def _answering_rows(index: Index, case: Case) -> frozenset[int]:
    """The rows that hold a whole span of a gold; of a gold that none holds whole, those that touch it."""
    found: set[int] = set()
    for gold in case.gold:
        numbers = [number for number, chunk in enumerate(index.chunks) if chunk.doc_id == gold.doc_id]
        rows = [(row, *index.sentences[row, 1:].tolist()) for number in numbers for row in index.rows_of(number)]
        whole = {row for row, start, end in rows if any(start <= left and right <= end for left, right in gold.spans)}
        found |= whole or {
            row for row, start, end in rows if any(start < right and left < end for left, right in gold.spans)
        }
    return frozenset(found)
