"""Sentence-passage pairs with a known verdict → how often `bot.verify` is right, and the forest it is fitted with."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from bot.conflicts import is_verbatim, unheld
from bot.head import Forest
from bot.matching import Matcher, states_of
from bot.reading import items, read
from bot.verify import COLUMNS, EVEN, Passage, Support, evidence, verify
from eval.cases import CaseError
from eval.fit import forest_arrays, train_forest
from eval.metrics import mean_interval
from indexer.embed import Encoder, Vectors
from indexer.text import sentence_spans, simplify

FOLDS = 10
NETWORKS = 6  # five that each leave out a fifth of the documents, and the one that is kept
_BEYOND = 0.01  # cosine by which a supported claim may be farther off than any supported one yet


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and the passage it is said to stand on; `kind` says how it was made.

    A `twin` has another pair that differs in one thing only and has the other verdict.
    """

    id: str
    passage: str
    claim: str
    supported: bool
    kind: str
    doc_id: str
    twin: bool = False


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
    """The pairs of a JSON Lines file, one a line or a passage with its twins a line; a mistake is named by its line."""
    pairs: dict[str, Pair] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"读不了 {path}：{error}", f"cannot read {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = _pairs_of(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise CaseError(
                f"{path} 第 {number} 行不是合法的句对（{error!r}）；请对照 docs/architecture.md",
                f"{path}, line {number} is not a pair ({error!r}): see docs/architecture.md",
            ) from error
        for pair in found:
            if pair.id in pairs:
                raise CaseError(
                    f"{path} 第 {number} 行：编号 {pair.id} 重复", f"{path}, line {number}: id {pair.id} is taken"
                )
            pairs[pair.id] = pair
    if not pairs:
        raise CaseError(f"{path} 里没有句对", f"{path} holds no pair: write one a line")
    return list(pairs.values())


def _pairs_of(row: dict[str, Any]) -> list[Pair]:
    if "pairs" in row:
        return [
            Pair(
                f"{row['id']}-{number}-{kind}",
                row["passage"],
                twins[kind],
                kind == "supported",
                twins["kind"],
                row["id"],
                True,
            )
            for number, twins in enumerate(row["pairs"])
            for kind in ("supported", "unsupported")
        ]
    texts: dict[str, Any] = {name: str(row[name]) for name in ("id", "passage", "claim", "kind", "doc_id")}
    if not isinstance(row["supported"], bool):
        raise TypeError("supported is neither true nor false")
    return [Pair(**texts, supported=row["supported"])]


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


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What `fit` makes: bot/verify.npz, bot/matching.npz, and the share decided right on documents left out."""

    forest: Forest
    least_near: float
    matcher: dict[str, Any]
    right: float


def fit(
    pairs: Sequence[Pair],
    encoder: Encoder,
    done: Callable[[], object] = lambda: None,
    trained: Callable[[], object] = lambda: None,
) -> Fitted:
    """The network learns from all pairs, the forest from those that are no twins and that no rule decides.

    The forest is shown what networks say of documents that they have not seen. `done` is called after each pair that is
    no twin, `trained` after each of NETWORKS x EPOCHS epochs.
    """
    from eval.matching import train_matcher  # PyTorch: only here

    read_by = [(states_of("query", pair.claim), states_of("passage", pair.passage)) for pair in pairs]
    known = np.array([pair.supported for pair in pairs])
    documents = [pair.doc_id for pair in pairs]
    matched = np.zeros(len(pairs))
    for others, left_out in GroupKFold(min(NETWORKS - 1, len(set(documents)))).split(read_by, known, documents):
        matcher = Matcher(train_matcher([read_by[at] for at in others], known[others], trained))
        matched[left_out] = [matcher(*read_by[at]) for at in left_out]
    single = [at for at, pair in enumerate(pairs) if not pair.twin]
    forest, least_near, right = _fit_forest([pairs[at] for at in single], matched[single], encoder, done)
    return Fitted(forest, least_near, train_matcher(read_by, known, trained), right)


def _fit_forest(
    pairs: Sequence[Pair], matched: npt.NDArray[np.float64], encoder: Encoder, done: Callable[[], object]
) -> tuple[Forest, float, float]:
    """(the forest, the least nearness of a claim that is carried, the share decided right on documents left out)."""
    embedded = Embedded(encoder)
    rows, ruled, nearest = [], [], []
    context = read("")
    for pair, log_odds in zip(pairs, matched.tolist(), strict=True):
        claim, given = read(pair.claim), read(pair.passage)
        near = embedded.passage(pair.passage).vectors @ embedded.claim(pair.claim)
        rows.append(evidence(pair.claim, claim, given, context, items(claim, given), near, log_odds))
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


def save_matcher(path: Path, arrays: dict[str, Any]) -> None:
    """Writes what `bot.matching` reads, in half precision."""
    halves: dict[str, Any] = {name: np.asarray(values, np.float16) for name, values in arrays.items()}
    np.savez_compressed(path, **halves)
