"""Sentence-passage pairs with a known verdict → how often `bot.verify` is right, and the forest it is fitted with."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from bot.conflicts import is_verbatim, unheld
from bot.head import Forest
from bot.reading import items, read
from bot.verify import COLUMNS, EVEN, Passage, Support, evidence, verify
from eval.cases import CaseError
from eval.fit import forest_arrays, train_forest
from eval.metrics import mean_interval
from indexer.embed import Encoder, Vectors
from indexer.text import sentence_spans, simplify

FOLDS = 10
_BEYOND = 0.01  # cosine by which a supported claim may be farther off than any supported one yet


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and the passage it is said to stand on; `kind` says how it was made."""

    id: str
    passage: str
    claim: str
    supported: bool
    kind: str
    doc_id: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair and the verdict on it."""

    pair: Pair
    support: Support

    @property
    def right(self) -> bool:
        """The verdict is the known one."""
        return self.support.supported == self.pair.supported


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a JSON Lines file; the first mistake is named by its line."""
    pairs: dict[str, Pair] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"读不了 {path}：{error}", f"cannot read {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            texts = {name: str(row[name]) for name in ("id", "passage", "claim", "kind", "doc_id")}
            if not isinstance(row["supported"], bool):
                raise TypeError("supported is neither true nor false")
        except (ValueError, KeyError, TypeError) as error:
            raise CaseError(
                f"{path} 第 {number} 行不是合法的句对（{error!r}）；请对照 docs/architecture.md",
                f"{path}, line {number} is not a pair ({error!r}): see docs/architecture.md",
            ) from error
        if texts["id"] in pairs:
            raise CaseError(
                f"{path} 第 {number} 行：编号 {texts['id']} 重复", f"{path}, line {number}: id {texts['id']} is taken"
            )
        pairs[texts["id"]] = Pair(supported=row["supported"], **texts)
    if not pairs:
        raise CaseError(f"{path} 里没有句对", f"{path} holds no pair: write one a line")
    return list(pairs.values())


class Embedded:
    """The passages and claims of pairs with their vectors, as the index and the bot make them; each text once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._passages: dict[str, Passage] = {}

    def passage(self, text: str) -> Passage:
        """The text as a passage, a vector a sentence."""
        if text not in self._passages:
            sentences = [simplify(text[start:end]) for start, end in sentence_spans(text)]
            self._passages[text] = Passage(text, self._encoder.encode_passages(sentences))
        return self._passages[text]

    def claim(self, text: str) -> Vectors:
        """The vector of a claim."""
        return self._encoder.encode_query(simplify(text))


def judge(pairs: Sequence[Pair], encoder: Encoder, done: Callable[[], object] = lambda: None) -> list[Judged]:
    """Every pair with its verdict."""
    embedded = Embedded(encoder)
    judged = []
    for pair in pairs:
        judged.append(Judged(pair, verify(pair.claim, embedded.claim(pair.claim), [embedded.passage(pair.passage)])))
        done()
    return judged


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """Shares decided right with their 95 % intervals: of all, of the supported, of the unsupported, of each kind."""

    def share(chosen: Sequence[Judged]) -> dict[str, float] | None:
        interval = mean_interval([float(one.right) for one in chosen])
        return asdict(interval) if interval else None

    kinds = sorted({(one.pair.kind, one.pair.supported) for one in judged}, key=lambda kind: (not kind[1], kind[0]))
    return {
        "right": share(judged),
        "supported": share([one for one in judged if one.pair.supported]),
        "unsupported": share([one for one in judged if not one.pair.supported]),
        "kinds": [
            {"kind": kind, "supported": supported, **(share(chosen) or {})}
            for kind, supported in kinds
            if (chosen := [one for one in judged if (one.pair.kind, one.pair.supported) == (kind, supported)])
        ],
        "failures": [
            {"id": one.pair.id, "kind": one.pair.kind, "claim": one.pair.claim, "supported": one.pair.supported,
             "reason": one.support.reason, "score": round(one.support.score, 3)}
            for one in judged
            if not one.right
        ],
    }  # fmt: skip


def fit(
    pairs: Sequence[Pair], encoder: Encoder, done: Callable[[], object] = lambda: None
) -> tuple[Forest, float, float]:
    """(forest, least nearness, share that the forest decides right on documents left out).

    The forest is grown on the pairs that no rule decides.
    """
    embedded = Embedded(encoder)
    rows, ruled, nearest = [], [], []
    context = read("")
    for pair in pairs:
        claim, given = read(pair.claim), read(pair.passage)
        near = embedded.passage(pair.passage).vectors @ embedded.claim(pair.claim)
        rows.append(evidence(pair.claim, claim, given, context, items(claim, given), near))
        ruled.append(True if is_verbatim(claim, given) else False if unheld(claim, given, context) else None)
        if pair.supported and not claim.english:
            nearest.append(float(near.max()))
        done()
    x, known = np.array(rows, np.float32), np.array([pair.supported for pair in pairs])
    open_ = np.array([verdict is None for verdict in ruled])
    documents = [pair.doc_id for pair in pairs]
    right = np.array([verdict == truth for verdict, truth in zip(ruled, known.tolist(), strict=True)])
    for others, left_out in GroupKFold(min(FOLDS, len(set(documents)))).split(x, known, documents):
        learned = others[open_[others]]
        forest = train_forest(x[learned], known[learned])
        for at in left_out[open_[left_out]]:
            right[at] = (forest(x[at]) >= EVEN) == known[at]
    return train_forest(x[open_], known[open_]), min(nearest, default=-1.0) - _BEYOND, float(right.mean())


def save_forest(path: Path, forest: Forest, least_near: float) -> None:
    """Writes what `bot.verify` reads."""
    np.savez_compressed(
        path, columns=np.array(COLUMNS), least_near=np.array(least_near), **forest_arrays(forest, "forest")
    )
