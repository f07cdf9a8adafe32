"""The network that matches tokens, against loops over one token at a time; what the shipped one says of a few claims."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bot.head import load_head
from bot.matching import (
    AWAY,
    JUMP,
    NEAREST,
    NEIGHBOURS,
    OWN,
    REACH,
    Matcher,
    load_matcher,
    passage_read,
    sentence_read,
    states_of_passage,
    states_of_query,
    states_of_sentence,
)

GOLDEN = Path(__file__).parent.parent.parent / "eval/golden/claims.jsonl"
CHANCE = np.random.default_rng(0)
WIDTH, ALIGN, PROJECT, COMPARE, MIX, HIDDEN = 5, 3, 2, 4, 3, 2
BACK_COMPARE, BACK_MIX, ROLE = 3, 2, 3


def numbers(*shape: int) -> np.ndarray:
    return CHANCE.normal(size=shape).astype(np.float32)


ARRAYS = {
    "claim mean": numbers(WIDTH), "passage mean": numbers(WIDTH), "temperature": np.float32(2.0), "gate": np.float32(0.5),
    "align": numbers(ALIGN, WIDTH), "project.weight": numbers(PROJECT, WIDTH), "project.bias": numbers(PROJECT),
    "compare.weight": numbers(COMPARE, 4 * PROJECT + 3), "compare.bias": numbers(COMPARE),
    "mix.weight": numbers(MIX, COMPARE, 3), "mix.bias": numbers(MIX),
    "back_compare.weight": numbers(BACK_COMPARE, 4 * PROJECT + 3), "back_compare.bias": numbers(BACK_COMPARE),
    "back_mix.weight": numbers(BACK_MIX, BACK_COMPARE, 3), "back_mix.bias": numbers(BACK_MIX),
    "hidden.weight": numbers(HIDDEN, 3 * MIX + 2 * BACK_MIX), "hidden.bias": numbers(HIDDEN),
    "out.weight": numbers(1, HIDDEN), "out.bias": numbers(1),
}  # fmt: skip
WITH_ROLES = ARRAYS | {
    "role.weight": numbers(ROLE, WIDTH), "sharp": np.float32(3.0), "kind": np.float32(1.5),
    "compare.weight": numbers(COMPARE, 6 * PROJECT + 5),
}  # fmt: skip


def bent(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def compared(
    a: dict[str, np.ndarray],
    own: list[np.ndarray],
    others: list[np.ndarray],
    near: list[list[float]],
    way: str,
    in_place: list[tuple[np.ndarray, list[float]]] | None = None,
) -> list[list[float]]:
    rows = []
    for at, (one, other, beside_it) in enumerate(zip(own, others, near, strict=True)):
        left, right = (4 * (a["project.weight"] @ x + a["project.bias"]) for x in (one, other))
        row = [*left, *right, *abs(left - right), *(left * right), one @ other, *beside_it]
        if in_place:
            there = 4 * (a["project.weight"] @ in_place[at][0] + a["project.bias"])
            row += [*in_place[at][1], *abs(left - there), *(left * there)]
        rows.append([bent(x) for x in a[f"{way}compare.weight"] @ row + a[f"{way}compare.bias"]])
    mixed = []
    for i in range(len(rows)):
        total = a[f"{way}mix.bias"].copy()
        for at in range(3):
            if 0 <= i + at - 1 < len(rows):
                total += a[f"{way}mix.weight"][:, :, at] @ rows[i + at - 1]
        mixed.append([bent(x) for x in total])
    return mixed


def expected(
    a: dict[str, np.ndarray], ours: list[np.ndarray], theirs: list[np.ndarray], shares: list[list[float]]
) -> list[tuple[np.ndarray, list[float]]]:
    """Of each token what stands where the matches of the others say, and how far that is so there and at its match."""
    found = []
    for i, one in enumerate(ours):
        told = {k: math.exp(-abs(i - k) / AWAY) for k in range(len(ours)) if abs(i - k) > OWN}
        said = [sum(told[k] * shares[k][j] * max(shares[k]) for k in told) for j in range(len(theirs))]
        heat = [
            sum(said[m] * math.exp(-abs(j - m) / AWAY) for m in range(len(theirs))) / (sum(said) + 1e-3)
            for j in range(len(theirs))
        ]
        own = a["role.weight"] @ one
        kinds = [
            own @ other / np.linalg.norm(own) / np.linalg.norm(other)
            for other in (a["role.weight"] @ x for x in theirs)
        ]
        weights = [math.exp(a["sharp"] * h + a["kind"] * k) for h, k in zip(heat, kinds, strict=True)]
        weights = [w / sum(weights) for w in weights]
        there = sum(w * other for w, other in zip(weights, theirs, strict=True))
        found.append((there, [float(np.dot(shares[i], heat)), float(np.dot(weights, heat))]))
    return found


def slowly(arrays: dict[str, np.ndarray], claim: np.ndarray, passage: np.ndarray) -> float:
    """The same by loops, in double precision."""
    a = {name: np.asarray(values, float) for name, values in arrays.items()}

    def unit(token: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return (token - mean) / math.sqrt(sum((token - mean) ** 2))

    ours = [unit(token, a["claim mean"]) for token in claim]
    theirs = [unit(token, a["passage mean"]) for token in passage]
    match = [
        [a["temperature"] * (one @ other) + a["gate"] * ((a["align"] @ one) @ (a["align"] @ other)) for other in theirs]
        for one in ours
    ]

    def beside(i: int, j: int) -> float:
        near = [(i - 1, j - 1), (i + 1, j + 1)]
        return match[i][j] + sum(
            NEIGHBOURS * match[k][m] for k, m in near if 0 <= k < len(ours) and 0 <= m < len(theirs)
        )

    shares, matched, places = [], [], []
    for i in range(len(ours)):
        weights = [math.exp(beside(i, j)) for j in range(len(theirs))]
        shares.append([w / sum(weights) for w in weights])
        matched.append(sum(w * other for w, other in zip(shares[-1], theirs, strict=True)))
        places.append(sum(w * j for j, w in enumerate(shares[-1])))
    jumps = [
        0.0,
        *(math.tanh((after - before - 1) / JUMP) for before, after in pairwise(places)),
        0.0,
    ]
    in_place = expected(a, ours, theirs, shares) if "role.weight" in a else None
    columns = list(zip(*compared(a, ours, matched, list(map(list, pairwise(jumps))), "", in_place), strict=True))
    pooled = [*(sum(c) / len(c) for c in columns), *map(max, columns), *map(min, columns)]
    received = [sum(row[j] for row in shares) for j in range(len(theirs))]
    around = [sum(received[max(j - REACH, 0) : j + REACH + 1]) for j in range(len(theirs))]
    nearest = sorted(sorted(range(len(theirs)), key=lambda j: -around[j])[:NEAREST])
    told = []
    for j in nearest:
        weights = [math.exp(beside(i, j)) for i in range(len(ours))]
        told.append(sum(w * one for w, one in zip(weights, ours, strict=True)) / sum(weights))
    near = [[math.tanh(received[j]), math.tanh(around[j])] for j in nearest]
    back = compared(a, [theirs[j] for j in nearest], told, near, "back_")
    columns = list(zip(*([x * weight for x in row] for row, (_, weight) in zip(back, near, strict=True)), strict=True))
    pooled += [*(sum(c) / sum(weight for _, weight in near) for c in columns), *map(max, columns)]
    hidden = [bent(x) for x in a["hidden.weight"] @ pooled + a["hidden.bias"]]
    return float(a["out.weight"][0] @ hidden + a["out.bias"][0])


@pytest.mark.parametrize("arrays", [ARRAYS, WITH_ROLES])
@pytest.mark.parametrize(("tokens", "others"), [(1, 1), (1, 4), (3, 1), (4, 6), (2, NEAREST + 9)])
def test_the_network_is_what_it_says(tokens: int, others: int, arrays: dict[str, np.ndarray]) -> None:
    claim, passage = numbers(tokens, WIDTH), numbers(others, WIDTH)
    assert Matcher(arrays)(claim, passage) == pytest.approx(slowly(arrays, claim, passage), abs=1e-4)


def test_nothing_to_match_says_nothing() -> None:
    assert Matcher(ARRAYS)(numbers(0, WIDTH), numbers(3, WIDTH)) == 0
    assert Matcher(ARRAYS)(numbers(3, WIDTH), numbers(0, WIDTH)) == 0


def test_a_long_passage_is_read_whole() -> None:
    line = "甲馆周三至周日开放,乙馆关闭。" * 20
    whole = states_of_passage("\n".join([line] * 4))
    assert len(whole) == 4 * len(states_of_passage(line)) > 512
    assert len(states_of_passage("甲\n" * 1000)) > 1000


def test_a_sentence_is_read_in_simplified_characters() -> None:
    assert states_of_sentence("門票二十元。") == pytest.approx(states_of_passage("门票二十元。"), abs=1e-5)


@pytest.mark.parametrize("kept", [passage_read, sentence_read])
def test_what_a_network_reads_of_a_text_is_kept(kept) -> None:
    matcher, other = load_matcher(), load_head().matcher
    read = kept(matcher, "门票二十元。")
    assert kept(matcher, "门票二十元。") is read
    assert kept(other, "门票二十元。").projected != pytest.approx(read.projected, abs=0.01)
    question = matcher.claim(states_of_query("门票多少钱？"))
    assert matcher.matched(question, read) == matcher(
        states_of_query("门票多少钱？"), states_of_passage("门票二十元。")
    )


def test_the_shipped_network_tells_carried_claims_from_others() -> None:
    """On pairs that it was not fitted on; by chance it would be 0.5."""
    rows = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    said = [load_matcher()(states_of_query(row["claim"]), states_of_passage(row["passage"])) for row in rows]
    assert roc_auc_score([row["supported"] for row in rows], said) > 0.75
