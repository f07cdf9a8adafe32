"""Fitting on tiny material: what is learned, what is kept apart, and that what is saved is what was fitted."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bot.config import BotConfig
from bot.features import WIDTH
from bot.head import Head, load_head, shares, summarise
from bot.matching import states_of_query, states_of_sentence
from bot.question import expectation_from
from eval.app import evaluation
from eval.arrays import save_head
from eval.cases import Case, CaseError, read_cases, resolve
from eval.examples import (
    LEAFLETS,
    PRACTICE,
    Example,
    Lesson,
    Material,
    Twin,
    _fold,
    examples_of,
    leaflet_materials,
    leaflet_questions,
    learn_expectation,
    only_document,
    practice_twins,
    unread_materials,
)
from eval.fit import (
    STEPS,
    _lessons_of,
    averaged,
    calibrate,
    figures,
    fit,
    train_among,
    train_ranker,
)
from eval.trees import train_forest
from indexer.build import build_documents
from indexer.config import IndexConfig
from indexer.read import read_folder
from indexer.store import Index
from indexer.types import Document
from indexer.versions import open_index
from tests.conftest import ROOT


@pytest.fixture
def index(tmp_path: Path, counting) -> Index:
    documents = [Document("a-0", "题", "甲甲乙。\n\n丙丙。"), Document("b-0", "题", "丁丁戊。己。\n\n甲庚。")]
    build_documents(documents, tmp_path / "index", IndexConfig(merge_characters=1))
    return open_index(tmp_path / "index", counting.fingerprint)


def material(index: Index, alone: bool = False) -> Material:
    documents = index.documents
    cases = [
        Case("one", "甲乙面积", "fact", (resolve("a-0", "甲甲乙。", documents),), ("甲乙",), doc_id="a-0"),
        Case("two", "丁", "fact", (resolve("b-0", "丁戊", documents),), ("丁戊",), doc_id="b-0"),
        Case("three", "辛", "near-miss", doc_id="b-0"),
    ]
    return Material(PRACTICE if alone else "public", index, cases, alone)


def test_a_document_alone_is_the_whole_index(index: Index) -> None:
    alone = only_document(index, "b-0")
    assert list(alone.documents) == ["b-0"]
    assert [chunk.text for chunk in alone.chunks] == [chunk.text for chunk in index.chunks if chunk.doc_id == "b-0"]
    texts = [alone.sentence_text(row) for row in range(len(alone.sentences))]
    assert texts == ["丁丁戊。", "己。", "甲庚。"]
    rows = [row for row in range(len(index.sentences)) if index.sentence_text(row) in texts]
    for own, row in enumerate(rows):
        assert alone.vectors.reconstruct(own) == pytest.approx(index.vectors.reconstruct(row))
    assert alone.first_sentence.tolist() == [0, 2, 3]


def test_expectations_are_shares_drawn_towards_their_class(index: Index) -> None:
    cases = [Case(str(n), "面积", "fact", (resolve("a-0", "甲甲乙。", index.documents),)) for n in range(3)]
    words, classes = learn_expectation([Material("public", index, cases, False)])
    noun = classes["n2"]
    assert noun == pytest.approx(3 / (3 + 6))  # 面积 was asked for three times and never held
    assert words["面积"] == pytest.approx(6 * noun / (3 + 6))


def test_each_case_is_asked_in_its_variants(index: Index, counting) -> None:
    even = expectation_from({}, {})
    found = {(one.case.id, one.variant): one for one in examples_of(material(index), counting.encode_query, even)}
    assert set(found) == {
        ("one", "answerable"), ("one", "left out"), ("two", "answerable"), ("two", "left out"), ("three", "near miss"),
    }  # fmt: skip
    whole = found["one", "answerable"]
    assert [text for text, right in zip(whole.texts, whole.holds_answer, strict=True) if right] == ["甲甲乙。"]
    assert set(found["one", "left out"].texts) == {"丁丁戊。", "己。", "甲庚。"}
    assert not any(one.answerable for (_, variant), one in found.items() if variant != "answerable")
    both = list(examples_of(material(index, alone=True), counting.encode_query, even))
    assert [one.variant for one in both if one.case.id == "three"] == ["elsewhere", "near miss", "near miss"]


def test_a_document_with_many_questions_is_asked_evenly_fewer(
    index: Index, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.examples.MOST_ASKED", 2)
    cases = [Case(f"a{n}", f"甲{n}", "near-miss", doc_id="a-0") for n in range(5)]
    cases.append(Case("b", "丁", "near-miss", doc_id="b-0"))
    asked = Material("public", index, cases, alone=False)
    found = [
        (one.case.id, one.stands_for) for one in examples_of(asked, counting.encode_query, expectation_from({}, {}))
    ]
    assert found == [("a0", 3), ("a3", 3), ("b", 1)]


def test_each_folder_of_leaflets_is_a_knowledge_base_of_its_own(
    tmp_path: Path, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("bank", "开户要带身份证。"), ("pool", "泳池周一闭馆。")):
        folder = tmp_path / "leaflets" / name
        folder.mkdir(parents=True)
        (folder / "须知.md").write_text(text, encoding="utf-8")
        gold = [{"doc_id": "须知", "quote": text}]
        row = {"id": name, "doc_id": "须知", "question": "须知？", "kind": "fact", "gold": gold, "must": [text]}
        (tmp_path / "leaflets" / f"{name}.jsonl").write_text(json.dumps(row), encoding="utf-8")
    monkeypatch.setattr("eval.examples._PRACTICE_FOLDER", tmp_path)
    monkeypatch.setattr("eval.examples.fingerprint_of", lambda name: counting.fingerprint)
    bank, pool = leaflet_materials(tmp_path / "cache")
    assert (bank.name, pool.name, bank.alone) == (LEAFLETS, LEAFLETS, True)
    assert [chunk.text for chunk in bank.index.chunks] == ["开户要带身份证。"]
    assert [chunk.text for chunk in pool.index.chunks] == ["泳池周一闭馆。"]
    assert [(case.id, case.doc_id) for case in bank.cases] == [("bank", "须知")]
    asked = examples_of(bank, counting.encode_query, expectation_from({}, {}))
    assert {one.variant for one in asked} == {"answerable"}  # of its only document: there is none to ask elsewhere


def test_leaflets_that_only_the_last_model_learns_from_are_asked_off_topic_questions_too(
    index: Index, tmp_path: Path, counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("farm", "port"):
        (tmp_path / "leaflets_2" / name).mkdir(parents=True)
        (tmp_path / "leaflets_2" / name / "须知.md").write_text("周一休息。", encoding="utf-8")
        gold = [{"doc_id": "须知", "quote": "周一休息。"}]
        asked = {
            "id": name,
            "doc_id": "须知",
            "question": f"{name}周几休息？",
            "kind": "fact",
            "gold": gold,
            "must": ["周一"],
        }
        follow_up = asked | {
            "id": f"{name}2",
            "question": "那周二呢？",
            "history": [{"question": "周几休息？", "answer": "周一"}],
        }
        lines = "\n".join(map(json.dumps, (asked, follow_up)))
        (tmp_path / "leaflets_2" / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    monkeypatch.setattr("eval.examples._PRACTICE_FOLDER", tmp_path)
    monkeypatch.setattr("eval.examples.fingerprint_of", lambda name: counting.fingerprint)
    off_topic = [Case(f"off{number}", "番茄炒蛋？", "off-topic", doc_id="a-0") for number in range(3)]
    practice = Material(PRACTICE, index, [*material(index).cases, *off_topic], alone=True)
    farm, port = unread_materials(tmp_path / "cache", practice)
    assert [case.id for case in farm.cases] == ["farm", "farm2", "off0", "off2"]
    assert [case.id for case in port.cases] == ["port", "port2", "off1"]
    found = {(one.case.id, one.variant) for one in examples_of(farm, counting.encode_query, expectation_from({}, {}))}
    assert {("farm", "answerable"), ("off0", "near miss")} <= found
    assert leaflet_questions() == ["farm周几休息？", "port周几休息？"]


@pytest.mark.parametrize("about", [{}, {"doc_id": "通知"}, {"doc_id": ["须知"]}])
def test_a_question_written_for_the_fit_names_a_document_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, about: dict[str, object]
) -> None:
    (tmp_path / "leaflets" / "bank").mkdir(parents=True)
    (tmp_path / "leaflets" / "bank" / "须知.md").write_text("开户要带身份证。", encoding="utf-8")
    row = {"id": "fee", "question": "要钱吗？", "kind": "near-miss", "gold": [], "must": []} | about
    (tmp_path / "leaflets" / "bank.jsonl").write_text(json.dumps(row), encoding="utf-8")
    monkeypatch.setattr("eval.examples._PRACTICE_FOLDER", tmp_path)
    with pytest.raises(CaseError, match="doc_id"):
        leaflet_materials(tmp_path / "cache")


@pytest.mark.parametrize(("name", "answerable"), [("leaflets", {105: 38}), ("leaflets_2", {105: 35, 98: 8})])
def test_the_practice_leaflets_hold_what_their_questions_must_be_told(name: str, answerable: dict[int, int]) -> None:
    found: Counter[int] = Counter()  # how many of a folder's questions have an answer → folders
    paths = sorted((ROOT / "eval/practice" / name).glob("*.jsonl"))
    for path in paths:
        documents = {one.id: one for one in read_folder(path.with_suffix("")).documents}
        cases = read_cases(path, documents)  # which raises where a quote is not held
        assert len(cases) == 168
        found[sum(case.answerable for case in cases)] += 1
        for case in cases:
            quotes = "".join(gold.quote for gold in case.gold)
            assert bool(case.must) == case.answerable
            assert all(must in quotes for must in case.must)
    assert found == answerable


def made(count: int) -> list[Example]:
    """Questions that column 0 ranks, and that are answerable where column 1 is high."""
    examples = []
    for number in range(count):
        answerable, source = number % 2 == 0, PRACTICE if number % 4 < 2 else "public"
        features = np.zeros((4, WIDTH), np.float32)
        features[:, 1] = 2.0 if answerable else -2.0
        right = np.zeros(4, bool)
        if answerable:
            right[number % 4] = True
            features[number % 4, 0] += 5
        variant = "answerable" if answerable else "near miss" if source == PRACTICE else "left out"
        texts = tuple("答案" if one else "别的" for one in right)
        case = Case(str(number), f"问题{number}", variant, must=("答案",) if answerable else ())
        together = 1.0 if source == PRACTICE else 0.4
        examples.append(
            Example(
                case,
                case.question,
                source,
                f"文档{number}",
                variant,
                number % 5,
                features,
                right,
                texts,
                together,
                np.zeros(4),
            )
        )
    return examples


def test_among_learns_from_hits_of_several_documents_only() -> None:
    """Column 2 of the summary tells leaflets apart; of one document it says the opposite, which must not count."""
    told = []
    for number, one in enumerate(made(200)):
        leaflet = replace(one, source=LEAFLETS, together=0.4 if number < 160 else 1.0)
        sign = 1 if leaflet.answerable == (number < 160) else -1
        summary = np.zeros(3 * WIDTH + 5)
        summary[2] = sign * (1 + number % 7)
        told.append((leaflet, summary, 0.0, 0.0))
    among = train_among(told, (1.0, 0.0))
    for value in (-4.0, 4.0):
        row = np.zeros(3 * WIDTH + 8)
        row[2], row[-2] = value, 0.4
        assert np.sign(among(row)) == np.sign(value)
    assert among.calibration[1] > 0
    assert among.calibration == train_among(told[:160], (1.0, 0.0)).calibration


def test_one_document_with_many_questions_does_not_outweigh_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty examples of one document say that a small first column marks the answer, thirty of others a large one."""
    examples = []
    for number, one in enumerate(made(180)[::2]):
        of_many = number % 3 > 0
        features = np.zeros_like(one.features)
        features[:, 0] = np.where(one.holds_answer, -1, 1) if of_many else np.where(one.holds_answer, 1, -1)
        document = "一篇" if of_many else one.document
        examples.append(replace(one, variant="answerable", features=features, document=document))
    answer_first = np.zeros_like(examples[0].features)
    answer_first[0, 0], answer_first[1:, 0] = 1, -1
    for counted, best in ((60, False), (5, True)):
        monkeypatch.setattr("eval.fit.OF_ONE_DOCUMENT", counted)
        scores = averaged([train_ranker(examples, 0)])(answer_first.astype(np.float64))
        assert (scores.argmax() == 0) == best


def test_what_can_be_learned_is_learned_and_saved(tmp_path: Path) -> None:
    twins = [
        Twin("甲馆几点开门？", ("甲馆九点开门。",), (True,)),
        Twin("甲馆门票多少？", ("甲馆九点开门。",), (False,)),
    ]
    steps: list[None] = []
    unread = [replace(one, source=LEAFLETS, together=0.4) for one in made(80)]
    fitted = fit(made(200), twins, unread, lambda: steps.append(None))
    assert len(steps) == STEPS
    numbers = figures(fitted.unseen, BotConfig())
    assert numbers[PRACTICE]["answer in the first sentence"] > 0.95
    assert numbers[PRACTICE]["AUROC, near miss"] > 0.95
    assert numbers["public"]["AUROC, left out"] > 0.95
    assert fitted.calibration == calibrate(fitted.unseen)
    expectation = expectation_from({}, {})
    head = Head(
        fitted.ranker, fitted.judge, fitted.topic, fitted.matcher, fitted.calibration, fitted.among, expectation
    )
    save_head(tmp_path / "head.npz", head, {"面积": 0.75}, {"n2": 0.5})
    read = load_head(tmp_path / "head.npz")
    assert read.expectation("面积", "n") == 0.75
    row = np.linspace(-2, 2, 3 * WIDTH + 8)
    assert read.among(row) == pytest.approx(head.among(row), abs=0.05)
    right = wrong = 0
    for example in made(40):
        features = example.features.astype(float)
        assert read.ranker(features) == pytest.approx(head.ranker(features), abs=0.05)
        pair = states_of_query(example.question), states_of_sentence(example.texts[0])
        matched = head.matcher(*pair)
        assert read.matcher(*pair) == pytest.approx(matched, abs=0.05)
        confidence = read.confidence(features, read.ranker(features), matched, example.together)
        known = head.confidence(features, head.ranker(features), matched, example.together)
        assert confidence == pytest.approx(known, abs=0.02)
        right, wrong = (
            right + (confidence > 0.5) * example.answerable,
            wrong + (confidence > 0.5) * (not example.answerable),
        )
    assert right > 15 > 5 > wrong


def test_the_matcher_learns_which_words_answer_and_which_sentence() -> None:
    """Twins whose question asks for the time or for the price, of passages that give one of the two."""
    twins = []
    for name in [
        "甲馆",
        "乙馆",
        "丙馆",
        "丁园",
        "戊园",
        "己园",
        "庚塔",
        "辛塔",
        "文化宫",
        "图书馆",
        "体育场",
        "少年宫",
    ]:
        for given, lacking, passage in (
            ("几点开门", "门票多少钱", "九点开门"),
            ("门票多少钱", "几点开门", "门票是二十元"),
        ):
            sentences = (f"{name}在河边。", f"{name}{passage}。")
            twins.append(Twin(f"{name}{given}？", sentences, (False, True)))
            twins.append(Twin(f"{name}{lacking}？", sentences, (False, False)))
    matcher = fit(made(40), twins * 4, []).matcher

    def said(question: str, sentence: str) -> float:
        return matcher(states_of_query(question), states_of_sentence(sentence))

    hours = "火车站九点开门。"
    assert said("火车站几点开门？", hours) > said("火车站门票多少钱？", hours)
    assert said("火车站几点开门？", hours) > said("火车站几点开门？", "火车站在河边。")


def test_twins_are_held_to_three_sentences_those_that_answer_first() -> None:
    sentences = ("戊塔在山上。", "甲馆周一闭馆。", "甲馆九点开门。", "甲馆门票二十元。")
    asked = "甲馆什么时候开门闭馆？"
    answered, lacking, short = _lessons_of([
        Twin(asked, sentences, (True, False, False, False)),
        Twin(asked, sentences, (False,) * 4),
        Twin("甲馆？", ("甲馆。", "乙馆。"), (False, True)),
    ])  # fmt: skip

    def read(lesson: Lesson) -> list[str]:
        states = {text: states_of_sentence(text).astype(np.float16) for text in sentences}
        return [next(text for text in sentences if np.array_equal(states[text], own)) for own in lesson.texts]

    assert (answered.asked == states_of_query(asked)).all()
    assert (read(answered)[0], list(answered.right)) == ("戊塔在山上。", [True, False, False])
    assert set(read(answered)[1:]) == {"甲馆周一闭馆。", "甲馆九点开门。"}
    assert "戊塔在山上。" not in read(lacking)
    assert not any(lacking.right)
    assert list(short.right) == [True, False]


def test_practice_twins_come_in_pairs() -> None:
    for line in (ROOT / "eval/practice/contrasts.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert all(one["quote"] in row["passage"] and one["answerable"] != one["near_miss"] for one in row["questions"])
    twins = practice_twins()
    assert len(twins) > 10_000
    assert all(any(one.right) and not any(other.right) for one, other in zip(twins[::2], twins[1::2], strict=True))
    assert all(len(twin.sentences) == len(twin.right) for twin in twins)


def test_the_forest_is_scikit_learn_s() -> None:
    from sklearn.ensemble import ExtraTreesClassifier

    rows = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    answerable = rows[:, 0] + rows[:, 1] > 0
    forest = train_forest(rows, answerable, None, 64, 0.2)
    model = ExtraTreesClassifier(150, max_leaf_nodes=64, max_features=0.2, random_state=0).fit(rows, answerable)
    expected = model.predict_proba(rows[:20])[:, 1]
    assert [forest(row.astype(float)) for row in rows[:20]] == pytest.approx(expected, abs=1e-6)


def test_documents_of_one_article_share_a_fold() -> None:
    assert _fold("1147-0") == _fold("1147-12")
    assert len({_fold(f"{number}-0") for number in range(40)}) == 5


def test_a_summary_of_one_candidate_is_finite() -> None:
    assert np.isfinite(summarise(np.zeros((1, WIDTH)), np.zeros(1))).all()
    assert shares(np.zeros(1)).tolist() == [1.0]


def test_the_command_fits_on_a_small_practice_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("eval.examples._PRACTICE_FOLDER", tmp_path)
    for folder, cases in (
        ("documents", "cases"),
        ("leaflets/halls", "leaflets/halls"),
        ("leaflets_2/parks", "leaflets_2/parks"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        rows = []
        for number, name in enumerate(("甲馆", "乙馆", "丙馆", "丁园", "戊园", "己园", "庚塔", "辛塔")):
            text = (
                f"# {name}须知\n\n{name}早上{number + 2}点开门，周一闭馆。\n\n{name}的门票是{number + 5}元，凭票入场。"
            )
            (tmp_path / folder / f"{name}.md").write_text(text, encoding="utf-8")
            for kind, question, quote in (
                ("fact", f"{name}几点开门？", f"早上{number + 2}点开门"),
                ("fact", f"{name}门票多少钱？", f"门票是{number + 5}元"),
                ("near-miss", f"{name}的馆长是谁？", ""),
                ("off-topic", f"番茄炒蛋要放{number + 2}个蛋吗？", ""),
            ):
                gold = [{"doc_id": name, "quote": quote}] if quote else []
                must = [quote] if quote else []
                case = {"id": f"{name}{len(rows)}", "doc_id": name, "question": question, "kind": kind}
                rows.append(json.dumps(case | {"gold": gold, "must": must}, ensure_ascii=False))
        (tmp_path / f"{cases}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "contrasts.jsonl").write_text("", encoding="utf-8")
    paragraphs = [
        {
            "context": f"{city}是一座城市，人口{number}万。",
            "qas": [
                {
                    "id": f"q{number}",
                    "question": f"{city}人口多少？",
                    "answers": [{"text": f"{number}万", "answer_start": 0}],
                }
            ],
        }
        for number, city in enumerate(("京州", "海州", "山州", "河州", "江州", "湖州", "林州", "沙州"), 10)
    ]
    articles = [{"title": str(number), "paragraphs": [one]} for number, one in enumerate(paragraphs)]
    Path("public.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    outcome = CliRunner().invoke(evaluation, ["fit", "--squad", "public.json", "--out", "head.npz"])
    assert outcome.exit_code == 0, outcome.output
    assert "practice  questions" in outcome.output
    assert load_head(Path("head.npz")).among.forest.depth <= 4
