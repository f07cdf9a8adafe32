"""Fitting on tiny material: what is learned, what is kept apart, and that what is saved is what was fitted."""

from pathlib import Path

import numpy as np
import pytest

from bot.config import BotConfig
from bot.features import WIDTH
from bot.head import Head, load_head, shares, summarise
from bot.question import expectation_from
from eval.cases import Case, resolve
from eval.examples import PRACTICE, Example, Material, _fold, examples_of, learn_expectation, only_document
from eval.fit import calibrate, figures, fit, save_head, train_forest
from indexer.build import build_documents
from indexer.config import IndexConfig
from indexer.store import Index
from indexer.types import Document
from indexer.versions import open_index


@pytest.fixture
def index(tmp_path: Path, counting) -> Index:
    documents = [Document("a-0", "题", "甲甲乙。\n\n丙丙。"), Document("b-0", "题", "丁丁戊。己。\n\n甲庚。")]
    build_documents(documents, tmp_path / "index", IndexConfig(merge_characters=1))
    return open_index(tmp_path / "index", counting.fingerprint)


def material(index: Index, alone: bool = False) -> Material:
    documents = index.documents
    cases = [
        Case("one", "甲乙面积", "fact", (resolve("a-0", "甲甲乙。", documents),), ("甲乙",)),
        Case("two", "丁", "fact", (resolve("b-0", "丁戊", documents),), ("丁戊",)),
        Case("three", "辛", "near-miss"),
    ]
    document_of = {"one": "a-0", "two": "b-0", "three": "b-0"}
    return Material(PRACTICE if alone else "public", index, cases, document_of, alone)


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
    words, classes = learn_expectation([Material("public", index, cases, dict.fromkeys("012", "a-0"), False)])
    noun = classes["n2"]
    assert noun == pytest.approx(3 / (3 + 6))  # 面积 was asked for three times and never held
    assert words["面积"] == pytest.approx(6 * noun / (3 + 6))


def test_each_case_is_asked_in_its_variants(index: Index, counting) -> None:
    even = expectation_from({}, {})
    found = {(one.case, one.variant): one for one in examples_of(material(index), counting.encode_query, even)}
    assert set(found) == {
        ("one", "answerable"), ("one", "taken away"), ("one", "left out"), ("two", "answerable"), ("two", "taken away"),
        ("two", "left out"), ("three", "near miss"),
    }  # fmt: skip
    whole = found["one", "answerable"]
    assert [text for text, right in zip(whole.texts, whole.holds_answer, strict=True) if right] == ["甲甲乙。"]
    assert "甲甲乙。" not in found["one", "taken away"].texts
    assert set(found["one", "left out"].texts) == {"丁丁戊。", "己。", "甲庚。"}
    assert not any(one.answerable for (_, variant), one in found.items() if variant != "answerable")
    both = list(examples_of(material(index, alone=True), counting.encode_query, even))
    assert [one.variant for one in both if one.case == "three"] == ["elsewhere", "near miss", "near miss"]


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
        together = 1.0 if source == PRACTICE else 0.4
        examples.append(
            Example(
                str(number),
                source,
                variant,
                number % 5,
                features,
                right,
                texts,
                ("答案",) if answerable else (),
                together,
            )
        )
    return examples


def test_what_can_be_learned_is_learned_and_saved(tmp_path: Path) -> None:
    ranker, judge, topic, unseen = fit(made(200))
    numbers = figures(unseen, BotConfig())
    assert numbers[PRACTICE]["answer in the first sentence"] > 0.95
    assert numbers[PRACTICE]["AUROC, near miss"] > 0.95
    assert numbers["public"]["AUROC, left out"] > 0.95
    calibration = calibrate(unseen)
    head = Head(ranker, judge, topic, calibration, expectation_from({}, {}))
    save_head(tmp_path / "head.npz", head, {"面积": 0.75}, {"n2": 0.5})
    read = load_head(tmp_path / "head.npz")
    assert read.expectation("面积", "n") == 0.75
    right = wrong = 0
    for example in made(40):
        features = example.features.astype(float)
        assert read.scores(features) == pytest.approx(head.scores(features), abs=0.05)
        confidence = read.confidence(features, read.scores(features), example.together)
        assert confidence == pytest.approx(head.confidence(features, head.scores(features), example.together), abs=0.02)
        right, wrong = (
            right + (confidence > 0.5) * example.answerable,
            wrong + (confidence > 0.5) * (not example.answerable),
        )
    assert right > 15 > 5 > wrong


def test_the_forest_is_scikit_learn_s() -> None:
    from sklearn.ensemble import ExtraTreesClassifier

    rows = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    answerable = rows[:, 0] + rows[:, 1] > 0
    forest = train_forest(rows, answerable)
    model = ExtraTreesClassifier(150, max_leaf_nodes=128, max_features=0.2, random_state=0).fit(rows, answerable)
    expected = model.predict_proba(rows[:20])[:, 1]
    assert [forest(row.astype(float)) for row in rows[:20]] == pytest.approx(expected, abs=1e-6)


def test_documents_of_one_article_share_a_fold() -> None:
    assert _fold("1147-0") == _fold("1147-12")
    assert len({_fold(f"{number}-0") for number in range(40)}) == 5


def test_a_summary_of_one_candidate_is_finite() -> None:
    assert np.isfinite(summarise(np.zeros((1, WIDTH)), np.zeros(1))).all()
    assert shares(np.zeros(1)).tolist() == [1.0]
