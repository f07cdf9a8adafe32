"""Readers' opinions (bot/feedback.py) → evaluation cases, for a person to look at before anything is held to them."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases import CaseError, resolve
from indexer.types import Document

KIND = "feedback"


@dataclass(frozen=True, slots=True)
class FromFeedback:
    """`rows` are new cases as JSON objects; `unfinished` are the questions that need a gold quote from a person."""

    rows: tuple[dict[str, Any], ...]
    unfinished: tuple[tuple[str, str], ...]  # (question, the reader's reason)


def read_feedback(path: Path) -> list[dict[str, Any]]:
    """The opinions of a file, oldest first. Raises CaseError where it cannot be read."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except FileNotFoundError:
        raise CaseError(f"{path} 不存在，还没有反馈", f"no feedback yet: {path} does not exist") from None
    except (OSError, ValueError) as error:
        raise CaseError(f"读不了 {path}：{error}", f"cannot read {path}: {error}") from error


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
