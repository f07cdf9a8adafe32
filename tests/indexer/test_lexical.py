from collections import Counter
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.lexical import LENGTH_WEIGHT, SATURATION, LexicalIndex, terms

texts = st.lists(st.text(alphabet="国家安全教育日 a1。", min_size=1, max_size=30), min_size=1, max_size=12)


def test_terms() -> None:
    assert terms("安全Day 2024年3.5") == ["安", "全", "安全", "day", "2024", "年", "3.5"]
    assert terms("嘉峪關") == terms("嘉峪关")
    assert terms("，。!?　") == []


@given(texts, st.text(alphabet="国家安全教育日 a1", min_size=1, max_size=12))
def test_coverage_is_bm25_over_its_ceiling(corpus: list[str], question: str) -> None:
    ours = LexicalIndex.from_texts(corpus)
    asked = list(dict.fromkeys(terms(question)))
    tokens = [terms(text) for text in corpus]
    known = [term for term in asked if any(term in row for row in tokens)]
    if not known:
        assert not ours.coverage(question).any()
        return
    oracle = bm25s.BM25(method="lucene", k1=SATURATION, b=LENGTH_WEIGHT)
    oracle.index(tokens, show_progress=False)
    # bm25s leaves out the constant factor (k1 + 1), so do both sides of the ratio.
    expected = oracle.get_scores(known) / sum(ours.rarity(term) for term in asked)
    assert ours.coverage(question) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert (ours.coverage(question) <= 1).all()


@given(texts, st.text(alphabet="国家安全教育日 a1", max_size=4))
def test_a_passage_holds_all_terms_of_a_text_or_none_does(corpus: list[str], text: str) -> None:
    asked = set(terms(text))
    assert LexicalIndex.from_texts(corpus).holds(text) == any(asked and asked <= set(terms(row)) for row in corpus)


def test_traditional_and_full_width_questions_find_simplified_text() -> None:
    index = LexicalIndex.from_texts(["嘉峪关长城博物馆ABC123", "番茄炒蛋"])
    assert np.argmax(index.coverage("嘉峪關長城博物館")) == 0
    assert np.argmax(index.coverage("ａｂｃ")) == 0
    assert index.coverage("ａｂｃ")[1] == 0


@given(texts)
def test_frequencies_are_counted(corpus: list[str]) -> None:
    counted = Counter(term for text in corpus for term in terms(text))
    assert LexicalIndex.from_texts(corpus).frequencies() == counted
    assert LexicalIndex.from_texts([]).frequencies() == {}


def test_rarity_by_hand() -> None:
    index = LexicalIndex.from_texts(["甲乙", "甲丙"])
    assert index.rarity("甲") == pytest.approx(np.log(1 + 0.5 / 2.5))
    assert index.rarity("乙") == pytest.approx(np.log(1 + 1.5 / 1.5))
    assert index.rarity("丁") == pytest.approx(np.log(1 + 2.5 / 0.5))


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path) -> None:
    index = LexicalIndex.from_texts(["国家安全", "教育日", "国家教育", "\u2028分行"])
    index.save(tmp_path / "lexical")
    loaded = LexicalIndex.load(tmp_path / "lexical")
    for question in ("国家", "教育安全", "分行", "没有的"):
        assert loaded.coverage(question).tolist() == index.coverage(question).tolist()


def test_an_index_of_nothing() -> None:
    assert LexicalIndex.from_texts([]).coverage("国家").shape == (0,)
