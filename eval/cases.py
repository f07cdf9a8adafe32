"""Questions with known answers: golden sets in JSON Lines, and readers for SQuAD-shaped and BEIR data."""

import csv
import json
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import BotConfig
from bot.context import check_question
from indexer.errors import ContentError, QuestionError
from indexer.text import normal_text
from indexer.types import Document

# What a line raises that is no JSON, or another JSON than is asked for; RecursionError where it is nested too deep.
_MALFORMED = (ValueError, KeyError, TypeError, RecursionError)


class CaseError(ContentError):
    """A file of cases cannot be read, or its gold is not in the knowledge base."""


class NotHeld(CaseError):
    """The knowledge base does not hold the gold of a case."""


@dataclass(frozen=True, slots=True)
class Gold:
    """Where an answer stands: a quote, and the spans at which the document holds it; or a document as a whole."""

    doc_id: str
    quote: str
    spans: tuple[tuple[int, int], ...]
    grade: int | None = None  # how relevant the whole document is; None where the quote is what is sought


@dataclass(frozen=True, slots=True)
class Case:
    """A question; without gold the knowledge base does not answer it and the right response is a refusal.

    Every `gold` must be cited for a full answer; `must` are strings the answer has to hold, or one of `alternatives`.
    """

    id: str
    question: str
    kind: str
    gold: tuple[Gold, ...] = ()
    must: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()  # earlier (question, answer) of the conversation
    doc_id: str = ""  # the document that it is about, answered there or not, where the data names it
    alternatives: tuple[str, ...] = ()  # what other annotators of public data marked as the answer

    @property
    def answerable(self) -> bool:
        """The knowledge base holds the answer."""
        return bool(self.gold)

    def lacking(self, text: str) -> list[str]:
        """The required strings that the text does not hold; none where it holds an alternative."""
        if any(one in text for one in self.alternatives):
            return []
        return [one for one in self.must if one not in text]


def read_cases(path: Path, documents: Mapping[str, Document], skip_unfound: bool = False) -> list[Case]:
    """The cases of a JSON Lines file, every quote found in its document; the first mistake is named by its line.

    With `skip_unfound` a case whose quote is not found is left out: it is about other content.
    """
    cases: dict[str, Case] = {}

    def take(row: dict[str, Any]) -> None:
        try:
            case = Case(
                id=identity_of(row["id"], "id"),
                question=text_of(row["question"], "question"),
                kind=text_of(row["kind"], "kind"),
                gold=tuple(
                    resolve(text_of(gold["doc_id"], "doc_id"), text_of(gold["quote"], "quote"), documents)
                    for gold in objects_of(row["gold"], "gold")
                ),
                must=tuple(text_of(one, "must") for one in _list_of(row.get("must", []), "must")),
                history=tuple(
                    (text_of(turn["question"], "question"), text_of(turn["answer"], "answer"))
                    for turn in objects_of(row.get("history", []), "history")
                ),
                doc_id=identity_of(row["doc_id"], "doc_id") if "doc_id" in row else "",
            )
        except NotHeld:
            if skip_unfound:
                return
            raise
        check_question(case.question, BotConfig())
        if case.id in cases:
            raise taken(case.id)
        cases[case.id] = case

    try:
        each_line(path, take)
    except NotHeld as error:
        if any(case.answerable for case in read_cases(path, documents, skip_unfound=True)):
            raise
        raise NotHeld(
            f"{error.chinese}；整个文件没有一条关于这些内容，自己的用例请用 --cases 指定，网页里用 JIAWEN_GOLDEN",
            f"{error.english}; no line is about the content: give your own with --cases, to the page in JIAWEN_GOLDEN",
        ) from error
    if not cases and not skip_unfound:
        raise CaseError(f"{path} 里没有用例", f"{path} holds no case: write one a line")
    return list(cases.values())


def each_line(path: Path, take: Callable[[Any], object]) -> None:
    """Gives `take` the JSON of every line that is not blank; what is wrong with one is a CaseError that names it."""
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            take(_object(json.loads(line), "这一行", "the line"))
        except (CaseError, QuestionError) as error:
            kind = NotHeld if isinstance(error, NotHeld) else CaseError
            raise kind(f"{path} 第 {number} 行：{error.chinese}", f"{path}, line {number}: {error.english}") from error
        except _MALFORMED as error:
            chinese, english = _in_words(error)
            raise CaseError(
                f"读不了 {path} 第 {number} 行（{chinese}）；请对照 docs/architecture.md 改正，或删去这一行",
                f"cannot read {path}, line {number} ({english}): see docs/architecture.md; correct or delete the line",
            ) from error


def _in_words(error: Exception) -> tuple[str, str]:
    """What Python has against a text, for who wrote it: (Chinese, English)."""
    match error:
        case KeyError():
            return f"缺少 {error.args[0]}", f"{error.args[0]} is missing"
        case json.JSONDecodeError():
            place = f"line {error.lineno}, character" if error.lineno > 1 else "character"
            return (
                f"不是 JSON，第 {error.lineno} 行第 {error.colno} 个字",
                f"not JSON: {error.msg}, {place} {error.colno}",
            )
        case UnicodeEncodeError():
            return "有无效字符", "it holds characters that are not text"
        case RecursionError():
            return "嵌套太深", "it is nested too deep"
        case TypeError(args=(str(chinese), str(english))):
            return chinese, english
    return str(error), str(error)


def text_of(value: object, name: str) -> str:
    """The value, if it is a string; a TypeError for anything else, a ValueError for what UTF-8 cannot write."""
    if not isinstance(value, str):
        raise _unlike(name, name, "文字", "text", value)
    value.encode("utf-8")
    return value


def identity_of(value: object, name: str) -> str:
    """An id, a string or a whole number, as a string; a TypeError for anything else."""
    return str(value) if type(value) is int else text_of(value, name)


def flag_of(value: object, name: str) -> bool:
    """The value, if it is true or false; a TypeError for anything else."""
    if not isinstance(value, bool):
        shown = json.dumps(value, ensure_ascii=False)
        raise TypeError(f"{name} 既不是 true 也不是 false：{shown}", f"{name} is neither true nor false: {shown}")
    return value


def _list_of(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _unlike(name, name, "列表", "a list", value)
    return value


def objects_of(value: object, name: str) -> list[dict[str, Any]]:
    """The value, if it is a list of JSON objects; a TypeError for anything else."""
    return [_object(one, f"{name} 里的一项", f"what stands in {name}") for one in _list_of(value, name)]


def _object(value: object, chinese: str, english: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unlike(chinese, english, "对象", "an object", value)
    return value


def _unlike(chinese: str, english: str, chinese_kind: str, english_kind: str, value: object) -> TypeError:
    """The error for a value of another kind, which is shown as it stands in the file: null, not None."""
    shown = json.dumps(value, ensure_ascii=False)
    return TypeError(f"{chinese} 不是{chinese_kind}：{shown}", f"{english} is not {english_kind}: {shown}")


def taken(key: str) -> CaseError:
    """The error for an id that is there already."""
    return CaseError(f"编号 {key} 重复", f"id {key} is taken")


def resolve(doc_id: str, quote: str, documents: Mapping[str, Document]) -> Gold:
    """The gold with every span at which the document holds the quote; a quote not found is an error."""
    if doc_id not in documents:
        raise NotHeld(f"没有文档 {doc_id}", f"no document {doc_id}: correct doc_id")
    text, normal = documents[doc_id].text, normal_text(quote)
    spans = []
    start = text.find(normal) if normal else -1
    while start >= 0:
        spans.append((start, start + len(normal)))
        start = text.find(normal, start + 1)
    if not spans:
        raise NotHeld(f"{doc_id} 里没有这句话：{quote}", f"{doc_id} does not hold the quote {quote!r}: correct it")
    return Gold(doc_id, normal, tuple(spans))


def read_squad(
    path: Path, leave_out: float = 0.0, say: Callable[[str], object] = lambda _: None
) -> tuple[list[Document], list[Case]]:
    """SQuAD-shaped JSON (CMRC 2018, DRCD) as documents, one a paragraph, and cases; empty questions are left out.

    `leave_out` is the share of paragraphs to drop from the documents: their questions become unanswerable. A question
    whose answers its paragraph does not hold is left out too, as nobody knows what it is; `say` is told how many.
    """
    documents: dict[str, Document] = {}
    cases: dict[str, Case] = {}
    dropped, unfound = set(), []
    content = _read_text(path)
    with _shaped("SQuAD", path):
        articles = objects_of(_object(json.loads(content), "文件", "the file")["data"], "data")
    paragraphs = []
    for number, article in enumerate(articles):
        with _shaped("SQuAD", f"{path} 第 {number + 1} 篇", f"{path}, article {number + 1}"):
            inside = objects_of(article["paragraphs"], "paragraphs")
            name, title = article.get("id", number), str(article.get("title", ""))
            paragraphs += [(f"{name}-{place}", title, paragraph) for place, paragraph in enumerate(inside)]
    for doc_id, title, paragraph in paragraphs:
        with _shaped("SQuAD", f"{path} 段落 {doc_id}", f"{path}, paragraph {doc_id}"):
            if doc_id in documents:
                raise taken(doc_id)
            text = normal_text(text_of(paragraph["context"], "context"))
            documents[doc_id] = Document(doc_id, title or doc_id, text)
            rows = objects_of(paragraph["qas"], "qas")
        if random.Random(f"0 {doc_id}").random() < leave_out:
            dropped.add(doc_id)
        for number, row in enumerate(rows, 1):
            name = row.get("id", f"#{number}")
            at = f"{path} 段落 {doc_id} 问题 {name}", f"{path}, paragraph {doc_id}, question {name}"
            with _shaped("SQuAD", *at):
                key, question = identity_of(row["id"], "id"), text_of(row["question"], "question").strip()
                texts = [text_of(answer["text"], "text") for answer in objects_of(row["answers"], "answers")]
                answers = [normal_text(one) for one in texts if one]
                found = list(dict.fromkeys(one for one in answers if one in text))
                if question and answers and not found:
                    unfound.append(key)
                elif question:
                    if key in cases:
                        raise taken(key)
                    asked = check_question(question, BotConfig())
                    marked = [] if doc_id in dropped else [resolve(doc_id, one, documents) for one in found]
                    cases[key] = _by_annotators(key, asked, doc_id, marked)
    if unfound:
        say(
            f"略去 {len(unfound)} 个段落里没有其答案的问题，第一个是 {unfound[0]}"
            f" | left out: {len(unfound)} questions whose answer is not in their paragraph, {unfound[0]} first"
        )
    return _not_empty(path, [one for one in documents.values() if one.id not in dropped], list(cases.values()))


def _by_annotators(key: str, question: str, doc_id: str, marked: Sequence[Gold]) -> Case:
    """The case that any of the annotators' answers will do for, as in SQuAD's own measure (arXiv 1606.05250, 6.1)."""
    if not marked:
        return Case(key, question, "left out", doc_id=doc_id)
    first, *others = (one.quote for one in marked)
    spans = dict.fromkeys(span for one in marked for span in one.spans)
    gold = Gold(doc_id, first, tuple(spans))
    return Case(key, question, "squad", (gold,), (first,), doc_id=doc_id, alternatives=tuple(others))


def read_beir(folder: Path, say: Callable[[str], object] = lambda _: None) -> tuple[list[Document], list[Case]]:
    """A BEIR folder (corpus.jsonl, queries.jsonl, qrels/): every judged document of a query is gold as a whole.

    Of the judgements those of test.tsv count, as in what others publish; where there is no such file, all. `say` is
    told how many are left out because the document or the query is not there.
    """
    documents: dict[str, Document] = {}
    relevant: dict[str, dict[str, int]] = {}
    asked: dict[str, str] = {}
    unknown = []

    def take_document(row: dict[str, Any]) -> None:
        key = identity_of(row["_id"], "_id")
        if key in documents:
            raise taken(key)
        documents[key] = Document(key, str(row.get("title") or key), normal_text(text_of(row["text"], "text")))

    def take_query(row: dict[str, Any]) -> None:
        key, question = identity_of(row["_id"], "_id"), text_of(row["text"], "text")
        if key in asked:
            raise taken(key)
        asked[key] = check_question(question, BotConfig()) if key in relevant else question

    each_line(folder / "corpus.jsonl", take_document)
    test = folder / "qrels/test.tsv"
    for path in [test] if test.exists() else sorted(test.parent.glob("*.tsv")):
        rows = csv.DictReader(_read_text(path).splitlines(), delimiter="\t")
        for row in rows:
            with _shaped("BEIR", f"{path} 第 {rows.line_num} 行", f"{path}, line {rows.line_num}"):
                query, document, grade = row["query-id"], row["corpus-id"], _grade(row["score"])
                if grade > 0 and document not in documents:
                    unknown.append(f"{query} {document}")
                elif grade > 0:
                    relevant.setdefault(query, {})[document] = grade
    each_line(folder / "queries.jsonl", take_query)
    unknown += [
        f"{query} {document}" for query, judged in relevant.items() if query not in asked for document in judged
    ]
    if unknown:
        say(
            f"略去 {len(unknown)} 条判断，其文档或问题不在数据里，第一条是 {unknown[0]}"
            f" | left out: {len(unknown)} judgements whose document or query is not there, {unknown[0]} first"
        )
    cases = [
        Case(key, question, "beir", tuple(_whole(documents[one], grade) for one, grade in relevant[key].items()))
        for key, question in asked.items()
        if key in relevant
    ]
    return _not_empty(folder, list(documents.values()), cases)


def _grade(value: str | None) -> int:
    if value is None or not re.fullmatch(r"-?\d{1,9}", value.strip()):
        raise _unlike("score", "score", "整数", "a whole number", value)
    return int(value)


def _whole(document: Document, grade: int) -> Gold:
    return Gold(document.id, document.text, ((0, len(document.text)),), grade)


@contextmanager
def _shaped(shape: str, place: object, english_place: object = "") -> Iterator[None]:
    """Whatever is not as the format has it is a CaseError that names the place."""
    try:
        yield
    except (CaseError, QuestionError) as error:
        raise CaseError(f"{place}：{error.chinese}", f"{english_place or place}: {error.english}") from error
    except (*_MALFORMED, AttributeError) as error:
        chinese, english = _in_words(error)
        raise CaseError(
            f"{place} 不是 {shape} 格式（{chinese}）；请换一个或改正",
            f"{english_place or place} is not {shape}-shaped ({english}): give another or correct it",
        ) from error


def _not_empty(path: Path, documents: list[Document], cases: list[Case]) -> tuple[list[Document], list[Case]]:
    if not documents or not cases:
        raise CaseError(f"{path} 里没有段落或没有问题", f"{path} leaves no passage or no question")
    return documents, cases


def check_writable(file: Path) -> None:
    """Raises CaseError where the file could not be written; asked before the work that would be lost."""
    nearest = next(one for one in (file, *file.parents) if os.path.exists(one))  # Path.exists may lack permission
    if nearest.is_dir() == (nearest == file) or not os.access(nearest, os.W_OK):
        raise CaseError(
            f"写不了 {file}；请换一个 --out，或检查权限", f"cannot write {file}: give another --out, or permission"
        )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CaseError(
            f"读不了 {path}：{error.strerror}；请检查路径和权限",
            f"cannot read {path} ({error.strerror}): check the path and permissions",
        ) from error
    except UnicodeDecodeError as error:
        raise CaseError(
            f"读不了 {path}：不是 UTF-8；请另存为 UTF-8", f"cannot read {path} (not UTF-8): save it as UTF-8"
        ) from error
