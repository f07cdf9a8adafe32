"""Pairs with a known verdict: read, judged, summed up, fitted on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bot.head import forest_from
from bot.matching import load_matcher, states_of_passage, states_of_query
from bot.verify import COLUMNS, Support
from eval.app import evaluation
from eval.cases import CaseError
from eval.claims import EPOCHS, LATER_EPOCHS, NETWORKS, Judged, Pair, _strays, fit, judge, read_pairs, summary
from eval.examples import Lesson

GOLDEN = Path(__file__).parent.parent.parent / "eval/golden"
PRACTICE = GOLDEN.parent / "practice"
PASSAGE = "甲馆有讲解员4名,乙馆有讲解员5名。两馆周三至周日开放。"


def row(number: int, claim: str, supported: bool, kind: str = "paraphrase", **changed: object) -> dict[str, object]:
    return {"id": f"c{number}", "doc_id": f"d{number}", "origin": "practice", "passage": PASSAGE, "claim": claim,
            "supported": supported, "kind": kind} | changed  # fmt: skip


ROWS = [
    row(1, "甲馆有讲解员4名。", True, "verbatim"),
    row(2, "甲馆有讲解员四名。", True),
    row(3, "甲馆有讲解员14名。", False, "number"),
    row(4, "甲馆周一开放。", False, "date"),
]


TWINS = {"kind": "number", "supported": "甲馆有讲解员四名。", "unsupported": "甲馆有讲解员五名。"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in ROWS), encoding="utf-8")
    return path


def test_pairs_are_read_in_order(file: Path) -> None:
    pairs = read_pairs(file)
    assert pairs[2] == Pair("c3", PASSAGE, "甲馆有讲解员14名。", False, "number", "d3")
    assert [pair.id for pair in pairs] == ["c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no pair"),
        ("{", r"cannot read .*, line 1 \(not JSON: Expecting property name .*, character 2\)"),
        ("[" * 200_000, r"cannot read .*, line 1 \(it is nested too deep\)"),
        (json.dumps(row(1, "甲", True) | {"supported": "true"}), "neither true nor false"),
        (json.dumps({"id": "c1"}), r"\(passage is missing\)"),
        (json.dumps({"id": "a", "passage": "甲", "pairs": ["x"]}), 'what stands in pairs is not an object: "x"'),
        (json.dumps(row(1, "甲", True) | {"claim": None}), "claim is not text: null"),
        (json.dumps({"id": "a", "passage": None, "pairs": []}), "passage is not text: null"),
        (json.dumps({"id": "a", "passage": "甲", "pairs": [TWINS | {"supported": True}]}), "supported is not text"),
        (json.dumps({"id": "a", "passage": "甲", "pairs": [TWINS | {"supported": None}]}), "supported is not text"),
        (json.dumps({"id": "a", "passage": "甲", "pairs": [TWINS | {"kind": ["x"]}]}), "kind is not text"),
        (json.dumps({"id": "a", "passage": "甲", "pairs": []}), "holds no pair"),
        (json.dumps(row(1, "甲", True)) + "\n\n" + json.dumps(row(1, "乙", True)), "line 3: id c1 is taken"),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=message):
        read_pairs(path)
    with pytest.raises(CaseError, match=r"cannot read .* \(No such file or directory\): check the path"):
        read_pairs(tmp_path / "none.jsonl")


def test_a_pair_in_two_files_would_count_twice(file: Path) -> None:
    with pytest.raises(CaseError, match="line 1: id c1 is taken"):
        read_pairs(file, file)


def test_each_pair_is_judged(file: Path) -> None:
    done: list[None] = []
    judged = judge(read_pairs(file), lambda: done.append(None))
    assert [one.right for one in judged] == [True, True, True, True]
    assert "14名" in judged[2].support.reason
    assert len(done) == 4


def test_a_line_may_hold_a_passage_with_twins(tmp_path: Path) -> None:
    path = tmp_path / "contrasts.jsonl"
    path.write_text(json.dumps({"id": "a", "passage": PASSAGE, "pairs": [TWINS]}), encoding="utf-8")
    assert read_pairs(path) == [
        Pair("a-0-supported", PASSAGE, "甲馆有讲解员四名。", True, "number", "a", twin=True),
        Pair("a-0-unsupported", PASSAGE, "甲馆有讲解员五名。", False, "number", "a", twin=True),
    ]


def test_a_line_may_hold_a_passage_with_its_claims(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    claims = [{name: one[name] for name in ("id", "claim", "supported", "kind")} for one in ROWS]
    path.write_text(json.dumps({"doc_id": "d", "passage": PASSAGE, "claims": claims}), encoding="utf-8")
    assert read_pairs(path) == [
        Pair(one["id"], PASSAGE, one["claim"], one["supported"], one["kind"], "d") for one in ROWS
    ]


def test_the_twins_written_for_the_network_differ() -> None:
    pairs = read_pairs(PRACTICE / "contrasts.jsonl")
    assert len(pairs) > 10_000
    for right, wrong in zip(pairs[::2], pairs[1::2], strict=True):
        assert (right.supported, wrong.supported, right.doc_id) == (True, False, wrong.doc_id)
        assert right.claim != wrong.claim


def test_shares_are_of_pairs_and_kinds() -> None:
    def judged(number: int, known: bool, given: bool, kind: str) -> Judged:
        pair = Pair(f"c{number}", PASSAGE, "甲", known, kind, "d")
        return Judged(pair, Support(given, 0, "" if given else "文中没有 | not there", 0.5))

    numbers = summary([
        judged(1, True, True, "paraphrase"), judged(2, True, False, "paraphrase"), judged(3, False, False, "number"),
        judged(4, False, True, "number"), judged(5, False, False, "number"), judged(6, False, False, "paraphrase"),
    ])  # fmt: skip
    assert (numbers["right"]["value"], numbers["right"]["questions"]) == (pytest.approx(4 / 6), 6)
    assert (numbers["supported"]["value"], numbers["unsupported"]["value"]) == (0.5, 0.75)
    assert [(one["kind"], one["supported"], one["value"]) for one in numbers["kinds"]] == [
        ("paraphrase", True, 0.5),
        ("number", False, pytest.approx(2 / 3)),
        ("paraphrase", False, 1.0),
    ]
    assert [(one["id"], one["supported"]) for one in numbers["failures"]] == [("c2", True), ("c4", False)]
    assert summary([judged(1, True, True, "paraphrase")])["unsupported"] is None


def test_what_is_fitted_prefers_claims_that_the_passage_holds() -> None:
    rows = [
        row(number, f"讲解员在{'甲乙'[number % 2]}馆{'讲解' if number % 3 else '开放'}。", True) for number in range(12)
    ] + [
        row(number, f"游客可以{word}。", False) for number, word in enumerate(["划船", "骑马", "滑雪", "登山"] * 3, 12)
    ]
    pairs = [Pair(**{key: value for key, value in one.items() if key != "origin"}) for one in rows]
    twins = [replace(pair, id=f"{pair.id} twin", twin=True) for pair in pairs]
    epochs: list[int] = []
    fitted = fit(pairs + twins * 8, trained=lambda: epochs.append(1))
    forest = fitted.forest
    assert len(epochs) == EPOCHS + NETWORKS * LATER_EPOCHS
    assert fitted.right == 1.0
    held, lacking = np.zeros((2, len(COLUMNS)))
    held[COLUMNS.index("coverage")] = held[COLUMNS.index("aligned")] = 1.0
    lacking[[COLUMNS.index(name) for name in ("missing", "missing others", "longest run", "last")]] = 1.0
    assert forest(held) > forest(lacking)
    passage = states_of_passage(PASSAGE)
    likely, unlikely = (fitted.matcher(states_of_query(pair.claim), passage) for pair in (pairs[0], pairs[-1]))
    assert likely > 0 > unlikely


def test_the_forest_is_shown_claims_with_the_passage_of_another_document() -> None:
    pairs = [
        Pair(f"c{at}", f"{name}馆开放。", f"{name}馆开放了。", name != "丁", "paraphrase", name)
        for at, name in enumerate("甲乙丙丁" * 9)
    ]
    lessons = [Lesson(np.full((1, 1), at), [np.full((1, 1), at)], [True]) for at in range(len(pairs))]
    strays, said = _strays(pairs, lessons, lambda asked, text: (int(asked[0, 0]), int(text[0, 0])))
    assert 3 < len(strays) <= 9
    for stray, (at, other) in zip(strays, said, strict=True):
        assert (stray.claim, stray.passage, stray.doc_id) == (pairs[at].claim, pairs[other].passage, pairs[at].doc_id)
        assert pairs[at].supported
        assert pairs[other].supported
        assert not stray.supported
        assert pairs[at].doc_id != pairs[other].doc_id


def test_english_claims_are_left_to_the_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def train(lessons: list[object], *_: object, **__: object) -> Callable[..., float]:
        counts.append(len(lessons))
        return lambda *_: 0.0

    monkeypatch.setattr("eval.matching.train_matcher", train)
    told = [("馆里可以划船。", False), ("甲馆开放。", True), ("Hall A is open.", True), ("Visitors may ride.", False)]
    fit([Pair(f"c{at}", PASSAGE, *one, "paraphrase", f"d{at % 2}") for at, one in enumerate(told * 2)])
    assert counts == [2, 2, 4]


def test_the_command_prints_shares_and_failures(file: Path) -> None:
    other = file.with_name("other.jsonl")
    other.write_text(json.dumps(row(9, "甲馆有讲解员8名。", True, "wrong on purpose")), encoding="utf-8")
    printed = CliRunner().invoke(evaluation, ["claims", str(file), str(other)])
    assert printed.exit_code == 0
    assert "right               0.800" in printed.output
    assert "✗ number            1.000" in printed.output
    assert "false alarm  c9  wrong on purpose  甲馆有讲解员8名。  “8名”不符" in printed.output
    as_json = CliRunner().invoke(evaluation, ["claims", str(file), "--json"])
    assert json.loads(as_json.output)["right"]["value"] == 1.0


def test_the_command_grows_the_forest_anew(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    more = [
        row(5, "甲馆开放。", True),
        row(6, "馆里可以划船。", False),
        row(7, "乙馆开放。", True),
        row(8, "馆里可以骑马。", False),
    ]
    file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in ROWS + more), encoding="utf-8")
    monkeypatch.setattr("bot.verify.FOREST", tmp_path / "verify.npz")
    monkeypatch.setattr("bot.matching.MATCHING", tmp_path / "matching.npz")
    printed = CliRunner().invoke(evaluation, ["claims", str(file), "--fit"], catch_exceptions=False)
    assert "right on documents left out" in printed.output
    with np.load(tmp_path / "verify.npz", allow_pickle=False) as stored:
        assert tuple(stored["columns"].tolist()) == COLUMNS
        forest = forest_from(stored, "forest")
    assert 0 <= forest(np.zeros(len(COLUMNS))) <= 1
    assert np.isfinite(load_matcher(tmp_path / "matching.npz")(states_of_query("甲馆"), states_of_passage(PASSAGE)))


@pytest.mark.parametrize(
    "path", [*sorted(GOLDEN.glob("claims*.jsonl")), *sorted(PRACTICE.glob("claims*.jsonl"))], ids=str
)
def test_the_pairs_are_ours(path: Path) -> None:
    """Pairs of public origin stay out of the repository."""
    pairs = read_pairs(path)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {one["origin"] for one in rows} <= {"article", "practice"}
    assert min(sum(pair.supported for pair in pairs), sum(not pair.supported for pair in pairs)) > 50


def test_no_golden_claim_is_fitted_on() -> None:
    fitted = {
        pair.claim
        for name in ("claims", "claims_close", "contrasts")
        for pair in read_pairs(PRACTICE / f"{name}.jsonl")
    }
    for path in GOLDEN.glob("claims*.jsonl"):
        assert not fitted & {pair.claim for pair in read_pairs(path)}
