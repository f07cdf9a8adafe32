"""Everyday words for those of the knowledge base."""

from pathlib import Path

import pytest

from bot import open_bot
from bot.lexicon import alternatives, everyday
from bot.wording import own_words
from indexer.lexical import LexicalIndex


@pytest.mark.parametrize(
    ("texts", "question", "found"),
    [
        (["一律不予输液。"], "能挂水吗", [("挂水", "输液")]),
        (["一律不予输液。"], "能输液吗", []),  # its own word
        (["输液，也叫挂水。"], "能挂水吗", []),
        (["一律不予注射。"], "能挂水吗", []),
        (["周六开诊。", "周六停电。", "星期六停水。"], "礼拜六开门吗", [("礼拜六", "周六")]),  # that most hold
        (["静脉输液。"], "能打吊针吗", [("打吊针", "输液"), ("吊针", "输液")]),
    ],
)
def test_a_word_that_no_passage_holds_has_one_that_stands_for_it(
    texts: list[str], question: str, found: list[tuple[str, str]]
) -> None:
    assert list(own_words(LexicalIndex.from_texts(texts), question)) == found


def test_everyday_words_stand_for_each_other_and_in_one_group_only() -> None:
    words = [word for group in everyday() for word in group]
    assert len(words) == len(set(words))
    assert all(len(word) > 1 for word in words)
    assert "输液" in alternatives("挂水")


def test_a_question_is_put_in_the_words_of_the_knowledge_base_where_it_is_nearer(
    built, kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wording.everyday", lambda: (("甲甲", "乙丁"), ("庚己", "丙戊")))
    (kb / "a.md").write_text("甲甲丙丙。\n\n庚己庚。\n", encoding="utf-8")
    built()
    bot = open_bot(kb.parent / "index")
    assert bot.ask("乙丁丙丙").searched == "甲甲丙丙"
    assert bot.ask("甲甲丙丙").searched == ""
    assert bot.ask("您好，请问甲甲丙丙").searched == ""
    assert bot.ask("您好，请问乙丁丙丙").searched == "甲甲丙丙"
    assert bot.checked("甲甲丙戊丙") == "甲甲丙戊丙"  # farther
