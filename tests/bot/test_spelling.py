"""Words misspelt by sound, over a small knowledge base; whatever is typed, only characters that sound alike change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lexicon import spoken
from bot.spelling import Spelling
from indexer.lexical import LexicalIndex
from indexer.text import simplify
from indexer.types import KnownQuestion

TEXT = """邀请省委国安办常务副主任龙章月同志作专题辅导。

青少年是国家的未来，增强他们的意识。意识强，素养就高。

意思不大的话少说，市委的事实要多讲。主持人是葛建国。
"""


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    known = KnownQuestion("龙章月的职务是什么？", "常务副主任")
    return Spelling(LexicalIndex.from_texts(TEXT.split("\n\n")), [known])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("龙张月是谁？", "龙章月是谁？"),  # three characters of a name, which no dictionary has
        ("清少年是国家的什么？", "青少年是国家的什么？"),
        ("提高谁的意史？", "提高谁的意识？"),  # not 意思, which the text has once only
        ("他是什么植务？", "他是什么职务？"),  # a word that only a known question has
        ("龍張月是什么值务？", "龙章月是什么职务？"),
        ("专提辅导的主任，要增强谁的意史", "专题辅导的主任，要增强谁的意识"),
    ],
)
def test_a_word_is_put_right_by_its_sound(spelling: Spelling, typed: str, meant: str) -> None:
    assert spelling.proposed(typed) == meant


@pytest.mark.parametrize(
    "question",
    [
        "龙章月是什么职务？",
        "龍章月是什麼職務？",  # as it was typed, in traditional characters
        "植物园在哪？",  # sounds like 职务, and is a word
        "少年宫几点开门？",
        "这个市是哪个省的？",  # 市是 sounds like 事实; both stand alone
        "龙江月是谁？",
        "何建国是谁？",  # not 葛建国
        "Who is Long Zhangyue?",
        "意 史",
        "？",
    ],
)
def test_what_is_right_or_sounds_like_nothing_stays(spelling: Spelling, question: str) -> None:
    assert spelling.proposed(question) == question


@given(st.text(alphabet="龙张章月清青少年意史识思值植职务是市的。 a龍", max_size=12))
def test_only_characters_that_sound_alike_change(spelling: Spelling, question: str) -> None:
    proposed = spelling.proposed(question)
    if proposed != question:
        assert spoken(proposed) == spoken(simplify(question))
        for before, after in zip(simplify(question), proposed, strict=True):
            assert before == after or after in TEXT + "职"
