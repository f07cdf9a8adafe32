"""Suggested questions: only such as the knowledge base answers with other text, never one that was asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.answer import Answerer
from bot.config import BotConfig
from bot.suggest import starters, suggestions
from indexer.versions import open_index
from tests.conftest import CountingEncoder, plain_head

TEXT = """---
questions:
  - 乙乙？
  - 甲甲甲？
  - 辛辛辛？
---
# 题

## 甲

甲甲甲甲。

## 第二章 丙丙

丙丙丙丙。

## 丁丁？

丁丁丁丁。

## 乙

乙乙乙乙。
"""


@pytest.fixture
def bot(built, kb: Path, counting: CountingEncoder) -> Answerer:
    (kb / "a.md").write_text(TEXT, encoding="utf-8")
    built(merge_characters=1)
    index = open_index(kb.parent / "index", counting.fingerprint)
    return Answerer(index, counting, BotConfig(sentences=1), plain_head(above=0.9))


def test_its_own_questions_first_then_its_sections(bot: Answerer) -> None:
    answer = bot.ask("甲甲")
    assert answer.text == "甲甲甲甲。[1]"
    # 甲甲甲？ would cite the same sentence again, and nothing answers 辛辛辛？
    assert suggestions(bot, answer) == ["乙乙？", "“丙丙”说了什么？", "丁丁？"]


def test_to_begin_with_are_the_documents_own_questions_or_one_drafted_from_each(
    bot: Answerer, built, kb: Path, counting: CountingEncoder
) -> None:
    assert starters(bot, 2) == ["乙乙？", "甲甲甲？"]
    (kb / "a.md").write_text("# 题\n\n## 甲\n\n甲甲甲甲。\n\n## 丙丙\n\n丙丙丙丙。\n", encoding="utf-8")
    (kb / "b.txt").write_text("丁乙己的来历\n\n戊戊戊戊。\n\n一、己己\n己乙乙。", encoding="utf-8")
    built()
    bot.index = open_index(kb.parent / "index", counting.fingerprint)
    starters.cache_clear()
    assert starters(bot, 6) == ["“丙丙”说了什么？", "“己己”说了什么？"]
    starters.cache_clear()
    assert starters(bot, 1) == ["“丙丙”说了什么？"]


def test_the_subject_of_a_page_of_questions_stands_apart(
    bot: Answerer, built, kb: Path, counting: CountingEncoder
) -> None:
    text = "# 社保卡常见问题\n\n**问：丙丙丙丙吗？**\n答：可以。丙丙丙丙。\n\n**问：社保卡丁丁？**\n答：丁丁丁丁。\n"
    (kb / "a.md").write_text(text, encoding="utf-8")
    built()
    bot.index = open_index(kb.parent / "index", counting.fingerprint)
    starters.cache_clear()
    assert starters(bot, 1) == ["社保卡：丙丙丙丙吗？"]


def test_nothing_that_was_asked(bot: Answerer) -> None:
    assert suggestions(bot, bot.ask("甲甲"), ["乙乙?", "丁丁"]) == ["“丙丙”说了什么？"]


def test_a_refusal_suggests_nothing(bot: Answerer) -> None:
    assert suggestions(bot, bot.ask("戊己庚")) == []


def test_the_language_model_is_not_asked(bot: Answerer) -> None:
    answer = bot.ask("甲甲")
    bot.model = object()  # any use of it fails
    assert suggestions(bot, answer)


def test_sentences_that_define_or_name_become_questions(
    bot: Answerer, built, kb: Path, counting: CountingEncoder
) -> None:
    (kb / "a.md").write_text("甲甲甲甲。乙乙是指乙乙乙乙的丙。丁丁被命名为丁丁丁丁。", encoding="utf-8")
    built()
    fresh = replace(bot, index=open_index(kb.parent / "index", counting.fingerprint))
    assert suggestions(fresh, fresh.ask("甲甲")) == ["什么是乙乙？", "丁丁被命名为什么？"]
