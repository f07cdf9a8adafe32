"""Sentence-passage pairs with a known verdict → how often `bot.verify` is right, and the weights it is fitted with."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from bot.reading import Numbers, items, read
from bot.verify import COLUMNS, EXTREME, Passage, Support, decided, evidence, nearness, verify
from eval.cases import CaseError
from eval.metrics import mean_interval
from indexer.embed import Encoder, Vectors
from indexer.text import sentence_spans, simplify

FOLDS = 10
# Inverse strength of the L2 penalty. Over 0.03 to 3 the cross-validated accuracy stays within 1 %.
_INVERSE_PENALTY = 0.3
Flags = npt.NDArray[np.bool_]


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


def fit(pairs: Sequence[Pair], encoder: Encoder, done: Callable[[], object] = lambda: None) -> tuple[str, float]:
    """(verify.json, share decided right on documents left out), fitted on the pairs that no rule decides."""
    embedded = Embedded(encoder)
    rows, verdicts = [], []
    context = read("")
    for pair in pairs:
        claim, given = read(pair.claim), read(pair.passage)
        found = items(claim, given)
        near = nearness(embedded.claim(pair.claim), embedded.passage(pair.passage))
        rows.append(evidence(pair.claim, claim, given, context, found, near))
        verdicts.append(decided(claim, given, context, found, rows[-1]))
        done()
    x, known = np.array(rows), np.array([pair.supported for pair in pairs])
    open_ = np.array([verdict is None for verdict in verdicts])
    documents = [pair.doc_id for pair in pairs]
    right = np.array([verdict == "" for verdict in verdicts]) == known
    for others, left_out in GroupKFold(min(FOLDS, len(set(documents)))).split(x, known, documents):
        learned = others[open_[others]]
        asked = left_out[open_[left_out]]
        right[asked] = (_log_odds(_fitted(x[learned], known[learned]), x[asked]) > 0) == known[asked]
    stored = {"columns": COLUMNS, **_fitted(x[open_], known[open_])}
    return json.dumps(stored, ensure_ascii=False, indent=1) + "\n", float(right.mean())


def _fitted(rows: Numbers, supported: Flags) -> dict[str, Any]:
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=3000)
    model.fit(np.clip((rows - mean) / scale, -EXTREME, EXTREME), supported)
    return {
        "mean": np.round(mean, 5).tolist(),
        "scale": np.round(scale, 6).tolist(),
        "weights": np.round(model.coef_[0], 4).tolist(),
        "intercept": round(float(model.intercept_[0]), 4),
    }


def _log_odds(fitted: dict[str, Any], rows: Numbers) -> Numbers:
    x = np.clip((rows - np.array(fitted["mean"])) / np.array(fitted["scale"]), -EXTREME, EXTREME)
    return np.asarray(x @ np.array(fitted["weights"]) + fitted["intercept"])
