"""Questions with known answers: golden sets in JSON Lines, and readers for SQuAD-shaped and BEIR data."""

import csv
import json
import random
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import ContentError
from indexer.types import Document


class CaseError(ContentError):
    """A file of cases cannot be read, or its gold is not in the knowledge base."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands: a quote, and the spans at which the document holds it."""

    doc_id: str
    quote: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A question; without gold the knowledge base does not answer it and the right response is a refusal.

    Every `gold` must be cited for a full answer; `must` are strings the answer has to hold.
    """

    id: str
    question: str
    kind: str
    gold: tuple[Gold, ...] = ()
    must: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()  # earlier (question, answer) of the conversation

    @property
    def answerable(self) -> bool:
        """The knowledge base holds the answer."""
        return bool(self.gold)


def read_cases(path: Path, documents: Mapping[str, Document], skip_unfound: bool = False) -> list[Case]:
    """The cases of a JSON Lines file, every quote found in its document; the first mistake is named by its line.

    With `skip_unfound` a case whose quote is not found is left out: it is about other content.
    """
    cases: dict[str, Case] = {}
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            case = Case(
                id=str(row["id"]),
                question=str(row["question"]),
                kind=str(row["kind"]),
                gold=tuple(resolve(gold["doc_id"], gold["quote"], documents) for gold in row["gold"]),
                must=tuple(map(str, row.get("must", ()))),
                history=tuple((turn["question"], turn["answer"]) for turn in row.get("history", ())),
            )
        except CaseError as error:
            if skip_unfound:
                continue
            raise CaseError(
                f"{path} 第 {number} 行：{error.chinese}", f"{path}, line {number}: {error.english}"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise CaseError(
                f"{path} 第 {number} 行不是合法的用例（{error!r}）；请对照 docs/architecture.md",
                f"{path}, line {number} is not a case ({error!r}): see docs/architecture.md",
            ) from error
        if case.id in cases:
            raise CaseError(
                f"{path} 第 {number} 行：编号 {case.id} 重复", f"{path}, line {number}: id {case.id} is taken"
            )
        cases[case.id] = case
    if not cases and not skip_unfound:
        raise CaseError(f"{path} 里没有用例", f"{path} holds no case: write one a line")
    return list(cases.values())


def resolve(doc_id: str, quote: str, documents: Mapping[str, Document]) -> Gold:
    """The gold with every span at which the document holds the quote; a quote not found is an error."""
    if doc_id not in documents:
        raise CaseError(f"没有文档 {doc_id}", f"no document {doc_id}: correct doc_id")
    text, normal = documents[doc_id].text, unicodedata.normalize("NFC", quote)
    spans = []
    start = text.find(normal) if normal else -1
    while start >= 0:
        spans.append((start, start + len(normal)))
        start = text.find(normal, start + 1)
    if not spans:
        raise CaseError(f"{doc_id} 里没有这句话：{quote}", f"{doc_id} does not hold the quote {quote!r}: correct it")
    return Gold(doc_id, normal, tuple(spans))


def read_squad(path: Path, leave_out: float = 0.0) -> tuple[list[Document], list[Case]]:
    """SQuAD-shaped JSON (CMRC 2018, DRCD) as documents, one a paragraph, and cases; empty questions are left out.

    `leave_out` is the share of paragraphs to drop from the documents: their questions become unanswerable.
    """
    documents: dict[str, Document] = {}
    cases = []
    with _shaped("SQuAD", path):
        articles = json.loads(_read_text(path))["data"]
        paragraphs = [
            (f"{article.get('id', number)}-{place}", str(article.get("title", "")), paragraph)
            for number, article in enumerate(articles)
            for place, paragraph in enumerate(article["paragraphs"])
        ]
        dropped = {doc_id for doc_id, _, _ in paragraphs if random.Random(f"0 {doc_id}").random() < leave_out}
        for doc_id, title, paragraph in paragraphs:
            text = unicodedata.normalize("NFC", paragraph["context"]).replace("\r\n", "\n").replace("\r", "\n")
            if doc_id not in dropped:
                documents[doc_id] = Document(doc_id, title or doc_id, text)
            for question in paragraph["qas"]:
                if question["question"].strip():
                    answers = [] if doc_id in dropped else [answer["text"] for answer in question["answers"]]
                    cases.append(_squad_case(question, doc_id, answers, documents))
    return _not_empty(path, list(documents.values()), cases)


def _squad_case(
    question: Mapping[str, Any], doc_id: str, answers: Iterable[str], documents: Mapping[str, Document]
) -> Case:
    held = [answer for answer in answers if answer and answer in documents[doc_id].text]
    first = held[:1]  # the annotators' answers are alternatives; the first is the reference
    gold = tuple(resolve(doc_id, answer, documents) for answer in first)
    kind = "squad" if gold else "left out"
    return Case(str(question["id"]), question["question"].strip(), kind, gold, tuple(first))


def read_beir(folder: Path) -> tuple[list[Document], list[Case]]:
    """A BEIR folder (corpus.jsonl, queries.jsonl, qrels/*.tsv): every judged document of a query is gold as a whole."""
    relevant: dict[str, list[str]] = {}
    with _shaped("BEIR", folder):
        corpus = [json.loads(line) for line in _read_text(folder / "corpus.jsonl").split("\n") if line.strip()]
        documents = {
            row["_id"]: Document(row["_id"], row.get("title") or row["_id"], unicodedata.normalize("NFC", row["text"]))
            for row in corpus
        }
        queries = [json.loads(line) for line in _read_text(folder / "queries.jsonl").split("\n") if line.strip()]
        for path in sorted((folder / "qrels").glob("*.tsv")):
            for row in csv.DictReader(_read_text(path).splitlines(), delimiter="\t"):
                if int(row["score"]) > 0 and row["corpus-id"] in documents:
                    relevant.setdefault(row["query-id"], []).append(row["corpus-id"])
        cases = [
            Case(
                row["_id"],
                row["text"],
                "beir",
                tuple(resolve(key, documents[key].text, documents) for key in relevant[row["_id"]]),
            )
            for row in queries
            if row["_id"] in relevant
        ]
    return _not_empty(folder, list(documents.values()), cases)


@contextmanager
def _shaped(shape: str, path: Path) -> Iterator[None]:
    """Whatever is not as the format has it is a CaseError that names the file."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise CaseError(
            f"{path} 不是 {shape} 格式（{error!r}）", f"{path} is not {shape}-shaped ({error!r})"
        ) from error


def _not_empty(path: Path, documents: list[Document], cases: list[Case]) -> tuple[list[Document], list[Case]]:
    if not documents or not cases:
        raise CaseError(f"{path} 里没有段落或没有问题", f"{path} leaves no passage or no question")
    return documents, cases


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"读不了 {path}：{error}", f"cannot read {path}: {error}") from error
