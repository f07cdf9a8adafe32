"""Sentence-passage pairs with a known verdict → how often `bot.verify` is right, and the forest it is fitted with."""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from bot.conflicts import is_verbatim, unheld
from bot.head import Forest
from bot.matching import Matcher, states_of_passage, states_of_query
from bot.reading import items, read
from bot.verify import COLUMNS, EVEN, Support, contradicted, evidence, passage_of, verify
from eval.arrays import forest_arrays, matcher_arrays
from eval.cases import CaseError, each_line, flag_of, identity_of, objects_of, taken, text_of
from eval.examples import Lesson
from eval.metrics import mean_interval
from eval.trees import train_forest

FOLDS = 10
# Of a network on twins, then on claims that are none: what it learns longer of twins is how these were written.
EPOCHS, LATER_EPOCHS = 9, 7
NETWORKS = 4  # three that each leave out a third of the documents, and the one that is kept
STEPS = EPOCHS + NETWORKS * LATER_EPOCHS  # how often `fit` calls `trained`, where it is given twins
LEAVES, SHARE = 192, 0.4  # of a tree; of the columns that a split looks at
# Kinds that are to be caught, and what one of them counts: with 1 a point more is decided right, and 5 points fewer of
# these are caught. Close ones (`close number`) count 1: with 3, half of what leaflets carry would be unsupported.
CHANGED, CHANGED_WEIGHT = ("number", "date", "negation"), 3.0


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


def read_pairs(*files: Path) -> list[Pair]:
    """The pairs of JSON Lines files, a line one of them or a passage with several; a mistake is named by its line.

    No id may be in two of the files either: such a pair would count twice.
    """
    pairs: dict[str, Pair] = {}

    def take(row: dict[str, Any]) -> None:
        for pair in _pairs_of(row):
            if pair.id in pairs:
                raise taken(pair.id)
            pairs[pair.id] = pair

    for path in files:
        before = len(pairs)
        each_line(path, take)
        if len(pairs) == before:
            raise CaseError(f"{path} 里没有句对", f"{path} holds no pair: write one a line")
    return list(pairs.values())


def _pairs_of(row: dict[str, Any]) -> list[Pair]:
    passage = text_of(row["passage"], "passage")
    if "pairs" in row:
        key = identity_of(row["id"], "id")
        return [
            Pair(
                f"{key}-{number}-{kind}",
                passage,
                text_of(twins[kind], kind),
                kind == "supported",
                text_of(twins["kind"], "kind"),
                identity_of(row.get("doc_id", key), "doc_id"),
                True,
            )
            for number, twins in enumerate(objects_of(row["pairs"], "pairs"))
            for kind in ("supported", "unsupported")
        ]
    doc_id = identity_of(row["doc_id"], "doc_id")
    pairs = []
    for one in objects_of(row.get("claims", [row]), "claims"):
        texts = (
            text_of(one["claim"], "claim"),
            flag_of(one["supported"], "supported"),
            text_of(one["kind"], "kind"),
        )
        pairs.append(Pair(identity_of(one["id"], "id"), passage, *texts, doc_id))
    return pairs


def judge(pairs: Sequence[Pair], done: Callable[[], object] = lambda: None) -> list[Judged]:
    """Every pair with its verdict."""
    judged = []
    for pair in pairs:
        judged.append(Judged(pair, verify(pair.claim, [passage_of(pair.passage)])))
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
    matcher: Matcher
    right: float  # of the pairs that are no twins


def fit(
    pairs: Sequence[Pair], done: Callable[[], object] = lambda: None, trained: Callable[[], object] = lambda: None
) -> Fitted:
    """The network learns from twins, then from the other pairs; the forest from those of them that no rule decides.

    Twins are many and teach what changes a meaning; how claims are worded in answers, the others teach. The forest is
    shown what networks say of documents that they have not seen, but for passages that have twins as well. English
    claims only the forest is shown, and claims with the passage of another document. `done` is called after each pair,
    `trained` after each of STEPS epochs.
    """
    from eval.matching import train_matcher  # PyTorch: only here

    others = [pair for pair in pairs if not pair.twin]
    documents = [pair.doc_id for pair in others]
    if len(set(documents)) < 2:
        raise CaseError(
            "除成对的句子外，至少要有两篇文档的句对，才能留出文档；请加上 eval/practice/claims.jsonl",
            "pairs that are no twins are needed, of two documents at least: add eval/practice/claims.jsonl",
        )
    twins = [pair for pair in pairs if pair.twin]
    first = train_matcher(_lessons(twins, done), EPOCHS, trained, roles=True) if twins else None
    lessons = _lessons(others, done)
    chinese = [not read(pair.claim).english for pair in others]

    def train(chosen: npt.NDArray[np.int64]) -> Matcher:
        return train_matcher([lessons[at] for at in chosen if chinese[at]], LATER_EPOCHS, trained, first, roles=True)

    matched = np.zeros(len(others))
    for kept, left_out in GroupKFold(min(NETWORKS - 1, len(set(documents)))).split(matched, groups=documents):
        matcher = train(kept)
        matched[left_out] = [matcher(lessons[at].asked, lessons[at].texts[0]) for at in left_out]
    final = train(np.arange(len(others)))
    strays, said = _strays(others, lessons, final)
    forest, right = _fit_forest([*others, *strays], np.append(matched, said))
    return Fitted(forest, final, right)


def _strays(pairs: Sequence[Pair], lessons: Sequence[Lesson], matcher: Matcher) -> tuple[list[Pair], list[float]]:
    """(every third right claim with the passage of another document, what the network says of these).

    Close claims share their passage's words or none, right or wrong: without these pairs the forest gave a claim that
    shares one character with its passage 0.46.
    """
    chance = random.Random(0)
    right = [at for at, pair in enumerate(pairs) if pair.supported and not read(pair.claim).english]
    found = []
    for at in right[::3]:
        other = chance.choice(right)
        ours, theirs = pairs[at], pairs[other]
        shares = any(item.held for item in items(read(ours.claim), read(theirs.passage)))  # others a rule decides
        if shares and theirs.doc_id != ours.doc_id and theirs.passage != ours.passage:
            found.append((at, other))
    return (
        [replace(pairs[at], passage=pairs[other].passage, supported=False, kind="other topic") for at, other in found],
        [matcher(lessons[at].asked, lessons[other].texts[0]) for at, other in found],
    )


def _lessons(pairs: Sequence[Pair], done: Callable[[], object]) -> list[Lesson]:
    lessons = []
    states = cache(states_of_passage)
    for pair in pairs:
        lessons.append(Lesson(states_of_query(pair.claim), [states(pair.passage)], [pair.supported]))
        done()
    return lessons


def _fit_forest(pairs: Sequence[Pair], matched: npt.NDArray[np.float64]) -> tuple[Forest, float]:
    """(the forest, the share of the pairs decided right with their document left out)."""
    rows, ruled = [], []
    context = read("")
    for pair, log_odds in zip(pairs, matched.tolist(), strict=True):
        claim, given = read(pair.claim), read(pair.passage)
        found = items(claim, given)
        rows.append(evidence(pair.claim, claim, given, context, found, log_odds))
        wrong = unheld(claim, given, context) or contradicted(claim, given, found)
        ruled.append(False if wrong else True if is_verbatim(claim, given) else None)
    x, known = np.array(rows, np.float32), np.array([pair.supported for pair in pairs])
    open_ = np.array([verdict is None for verdict in ruled])
    changed = ~known & np.isin([pair.kind for pair in pairs], CHANGED)
    weights = np.where(changed, CHANGED_WEIGHT, 1.0)

    def train(chosen: npt.NDArray[np.int64]) -> Forest:
        return train_forest(x[chosen], known[chosen], weights[chosen], LEAVES, SHARE)

    documents = [pair.doc_id for pair in pairs]
    right = np.array([verdict == truth for verdict, truth in zip(ruled, known.tolist(), strict=True)])
    for kept, left_out in GroupKFold(min(FOLDS, len(set(documents)))).split(x, known, documents):
        asked = left_out[open_[left_out]]
        if len(asked):
            forest = train(kept[open_[kept]])
            right[asked] = [(forest(x[at]) >= EVEN) == known[at] for at in asked]
    return train(np.flatnonzero(open_)), float(right.mean())


def save_forest(path: Path, forest: Forest) -> None:
    """Writes what `bot.verify` reads."""
    np.savez_compressed(path, columns=np.array(COLUMNS), **forest_arrays(forest, "forest"))


def save_matcher(path: Path, matcher: Matcher) -> None:
    """Writes what `bot.matching` reads."""
    np.savez_compressed(path, **matcher_arrays(matcher))
