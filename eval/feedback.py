"""Readers' opinions (bot/feedback.py) → evaluation cases, for a person to look at before anything is held to them."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import BotConfig
from bot.context import check_question
from eval.cases import CaseError, each_line, flag_of, objects_of, resolve, text_of
from indexer.errors import QuestionError
from indexer.types import Document

KIND = "feedback"


@dataclass(frozen=True, slots=True)
class FromFeedback:
    """`rows` are new cases as JSON objects; `unfinished` are the questions that need a gold quote from a person."""

    rows: tuple[dict[str, Any], ...]
    unfinished: tuple[tuple[str, str], ...]  # (question, the reader's reason)


def read_feedback(path: Path) -> list[dict[str, Any]]:
    """The opinions of a file, oldest first, as far as a case needs them. Raises CaseError where it cannot be read."""
    if not path.exists():
        raise CaseError(f"{path} 不存在，还没有反馈", f"no feedback yet: {path} does not exist")
    opinions: list[dict[str, Any]] = []
    each_line(path, lambda row: opinions.append(_opinion(row)))
    return opinions


def _opinion(row: Mapping[str, Any]) -> dict[str, Any]:
    citations = [
        {key: text_of(one[key], key) for key in ("doc_id", "quote")}
        for one in objects_of(row["citations"], "citations")
    ]
    texts = {key: text_of(row[key], key) for key in ("question", "reason", "verdict")}
    return texts | {"good": flag_of(row["good"], "good"), "citations": citations}


def cases_from(
    opinions: Iterable[Mapping[str, Any]], documents: Mapping[str, Document], taken: Collection[str]
) -> FromFeedback:
    """A case for every question that a reader settled, the last opinion on it counting; those in `taken` are left out.

    A helpful answer makes its quotes gold; a helpful refusal and "should be refused" make a case without gold. Another
    opinion says that the answer is wrong but not what is right; nor is a quote gold that the documents no longer hold.
    """
    latest = {opinion["question"]: opinion for opinion in opinions}
    rows: list[dict[str, Any]] = []
    unfinished: list[tuple[str, str]] = []
    for question, opinion in latest.items():
        if question in taken:
            continue
        try:
            check_question(question, BotConfig())  # one in context may be longer than any that is asked
        except QuestionError as error:
            unfinished.append((question, error.english))
            continue
        refusal = opinion["verdict"] == "refused" if opinion["good"] else opinion["reason"] == "should be refused"
        quotes = [] if refusal else [{key: one[key] for key in ("doc_id", "quote")} for one in opinion["citations"]]
        if refusal or (opinion["good"] and quotes and _held(quotes, documents)):
            name = hashlib.sha256(question.encode()).hexdigest()[:8]
            rows.append({"id": f"feedback-{name}", "question": question, "kind": KIND, "gold": quotes, "must": []})
        else:
            unfinished.append((question, opinion["reason"] or "quote not found"))
    return FromFeedback(tuple(rows), tuple(unfinished))


def _held(quotes: Iterable[Mapping[str, str]], documents: Mapping[str, Document]) -> bool:
    try:
        return all(resolve(one["doc_id"], one["quote"], documents) for one in quotes)
    except CaseError:
        return False
