"""Features by hand and by brute force; nothing that is asked or indexed makes them infinite."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import BotConfig
from bot.features import WIDTH, candidates_of, read_sentence, surroundings
from bot.question import KINDS, ask_what, expectation_from
from bot.retrieve import retrieve
from indexer.store import Index
from indexer.versions import open_index
from tests.conftest import CountingEncoder, query_for

even = expectation_from({}, {})
AFTER_NEARNESS, AFTER_SHARING, AFTER_SHAPE = 12, 12 + 11, 12 + 11 + 13
NUMBERS_LACKING = AFTER_SHAPE + 18 + 11 + 3  # the first column about the question's numbers


@pytest.fixture
def opened(built, kb: Path, counting: CountingEncoder) -> Index:
    (kb / "a.md").write_text("甲乙。丙丁。\n\n甲甲第九届25名。戊己。\n\n庚辛庚。", encoding="utf-8")
    built(merge_characters=1)
    return open_index(kb.parent / "index", counting.fingerprint)


def features(index: Index, question: str):
    query = query_for(index, question)
    hits = retrieve(index, query, 5, BotConfig())
    return candidates_of(index, ask_what(question, even), query.vector, hits), query.vector, hits


def test_a_candidate_is_a_sentence_of_a_hit(opened: Index, counting: CountingEncoder) -> None:
    found, query, hits = features(opened, "甲乙")
    assert found.features.shape == (5, WIDTH)
    assert [opened.sentence_text(row) for row in found.rows] == [
        "甲乙。",
        "丙丁。",
        "甲甲第九届25名。",
        "戊己。",
        "庚辛庚。",
    ]
    assert [hits[place].number for place in found.hit] == [0, 0, 1, 1, 2]
    vectors = counting.vectors([opened.sentence_text(row) for row in found.rows])
    cosines = vectors @ query
    best = np.array([cosines[:2].max()] * 2 + [cosines[2:4].max()] * 2 + [cosines[4]])
    assert found.features[:, 0] == pytest.approx(cosines)
    assert found.features[:, 1] == pytest.approx(cosines - cosines.max())
    assert found.features[:, 2] == pytest.approx(cosines - best)
    assert found.features[:2, 4] == pytest.approx([cosines[1] - cosines[0], -0.03])  # the next sentence; none follows


def test_a_table_row_holds_the_names_of_its_columns(built, kb: Path, counting: CountingEncoder) -> None:
    (kb / "a.md").write_text("|甲乙|丙丁|\n|--|--|\n|戊己|25名|\n", encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    (row,) = (row for row in range(len(index.sentences)) if "25名" in index.sentence_text(row))
    assert index.readings([row]) == ["戊己，丙丁是25名。"]
    found, _, _ = features(index, "戊己的丙丁？")
    pairs = found.features[:, AFTER_NEARNESS].tolist()
    assert pairs.index(max(pairs)) == found.rows.tolist().index(row)


def test_a_partial_correlation_by_hand(opened: Index) -> None:
    found, query, _ = features(opened, "甲乙丙")
    first, second = (opened.vectors.reconstruct(row).astype(float) for row in (0, 1))
    topic = (first + second) / np.linalg.norm(first + second)

    def without_topic(vector: np.ndarray) -> np.ndarray:
        rest = vector - (vector @ topic) * topic
        return rest / np.linalg.norm(rest)

    assert found.features[0, 7] == pytest.approx(without_topic(query) @ without_topic(first), abs=1e-5)


def test_shares_of_the_question_s_terms(opened: Index) -> None:
    found, _, _ = features(opened, "甲乙")
    shares = found.features[:, AFTER_NEARNESS]
    assert shares == pytest.approx([1, 0, 0, 0, 0])  # the one pair of the question is 甲乙
    characters = found.features[:, AFTER_NEARNESS + 2]
    weights = [max(opened.lexical.rarity(term), 0.3) for term in "甲乙"]
    assert characters[2] == pytest.approx(weights[0] / sum(weights))


def test_numbers_of_the_question_that_are_lacking(opened: Index) -> None:
    for question, here, there in (
        ("第九届甲", 0, 0),
        ("第五届甲", 1, 1),
        ("25所甲", 1, 1),
        ("25名甲", 0, 0),
        ("甲", 0, 0),
    ):
        found, _, _ = features(opened, question)
        row = [opened.sentence_text(one) for one in found.rows].index("甲甲第九届25名。")
        assert found.features[row, NUMBERS_LACKING : NUMBERS_LACKING + 2].tolist() == [here, there], question


def test_kinds_asked_for_and_given_stand_side_by_side(opened: Index) -> None:
    found, _, _ = features(opened, "甲有多少名？")
    count = KINDS.index("count")
    given, asked = found.features[:, -2 * len(KINDS) : -len(KINDS)], found.features[:, -len(KINDS) :]
    counted = [opened.sentence_text(row) == "甲甲第九届25名。" for row in found.rows]
    assert given[:, count].tolist() == counted
    assert asked[:, count].tolist() == [1] * 5


def test_a_long_document_is_read_around_the_passage(built, kb: Path, counting: CountingEncoder) -> None:
    (kb / "a.md").write_text("\n\n".join(f"甲{number}。" for number in range(1, 60)), encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    _, far, _ = surroundings(index, 30)
    assert [read_sentence(line).text for line in far.split("\n")[1:]] == [f"甲{n}。" for n in range(19, 44)]


@given(st.text(min_size=1, max_size=40), st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5))
@settings(max_examples=60)
def test_features_are_finite_whatever_is_asked(tmp_path_factory, question: str, texts: list[str]) -> None:
    from indexer.build import build_documents
    from indexer.config import IndexConfig
    from indexer.errors import ContentError
    from indexer.types import Document

    encoder = CountingEncoder()
    folder = tmp_path_factory.mktemp("index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.build.open_encoder", lambda name: encoder)
        patch.setattr("indexer.build.fingerprint_of", lambda name: encoder.fingerprint)
        try:
            build_documents([Document("a", "题", "\n\n".join(texts))], folder, IndexConfig(merge_characters=1))
        except ContentError:
            return
    found, _, _ = features(open_index(folder, encoder.fingerprint), question)
    assert np.isfinite(found.features).all()
    assert found.features.shape == (len(found.rows), WIDTH)
