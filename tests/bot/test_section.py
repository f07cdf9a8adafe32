"""A section asked for by its heading alone is answered by how it begins."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import open_bot
from bot.answer import Answerer
from bot.config import BotConfig
from bot.question import ask_what
from bot.retrieve import retrieve
from bot.section import beginning_of_section
from bot.types import Verdict
from tests.conftest import plain_head, query_for

MARKDOWN = """# 戊戊丙丁手册

二〇二五年起。

## 一、甲甲丙丙

丁丁。天天。地地。人人。

## 第二章 乙乙

| 名 | 价 |
|---|---|
| 天 | 1 |
| 地 | 2 |
| 人 | 3 |
| 丙 | 4 |

## 丙丁

带上：

- 天。
- 地。
"""
PLAIN = "己己办法\n\n一、地地人\n天人。丁人。\n二、人丁\n戊人。\n"


@pytest.fixture
def bot(built, kb: Path, counting) -> Answerer:
    (kb / "a.md").write_text(MARKDOWN, encoding="utf-8")
    (kb / "b.txt").write_text(PLAIN, encoding="utf-8")
    built()
    opened = open_bot(kb.parent / "index", BotConfig(hits=8))
    opened.head = plain_head(chance=0.4)  # refused but for the rule
    opened.config = BotConfig(hits=8, refuse_below=0.7)
    return opened


@pytest.mark.parametrize(
    ("question", "cited"),
    [
        ("甲甲丙丙", ["丁丁。", "天天。", "地地。"]),
        ("“甲甲丙丙”说了什么？", ["丁丁。", "天天。", "地地。"]),
        ("请问甲甲丙丙有哪些规定", ["丁丁。", "天天。", "地地。"]),
        ("What does “甲甲丙丙” say?", ["丁丁。", "天天。", "地地。"]),
        ("乙乙的内容是什么？", ["| 名 | 价 |", "| 天 | 1 |", "| 地 | 2 |", "| 人 | 3 |", "| 丙 | 4 |"]),
        ("手册里的丙丁？", ["带上：\n\n- 天。\n- 地。"]),
        ("丙丁？", ["带上：\n\n- 天。\n- 地。"]),
        ("地地人", ["天人。", "丁人。"]),
        ("人丁呢？", ["戊人。"]),
        ("《戊戊丙丁手册》说了什么？", ["二〇二五年起。", "丁丁。", "天天。"]),
        ("己己办法", ["天人。", "丁人。", "戊人。"]),
    ],
)
def test_by_its_heading_alone(bot: Answerer, question: str, cited: list[str]) -> None:
    assert [one.quote for one in bot.ask(question).citations] == cited


@pytest.mark.parametrize(
    "question", ["甲甲丙丙天天", "甲甲丙丙人", "己己的甲甲丙丙", "甲甲", "乙乙多少钱？", "天地", "己己办法丁"]
)
def test_not_where_more_is_asked_or_less(bot: Answerer, question: str) -> None:
    assert bot.ask(question).verdict is Verdict.REFUSED


def test_of_two_sections_of_that_name_the_sentences_say_which(built, kb: Path, bot: Answerer, counting) -> None:
    (kb / "c.md").write_text("# 天书\n\n## 甲甲丙丙\n\n人人。\n", encoding="utf-8")
    built()
    again = open_bot(kb.parent / "index", BotConfig(hits=9))
    asked = ask_what("甲甲丙丙", lambda word, tag: 0.5)
    hits = retrieve(again.index, query_for(again.index, "甲甲丙丙"), 9, again.config)
    assert beginning_of_section(again.index, asked, hits, 3) == []


@given(st.text(alphabet="甲丙乙丁一、二第章 “”说了什么?人", max_size=12), st.integers(1, 4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)  # the index is only read
def test_its_rows_are_of_one_document(bot: Answerer, question: str, count: int) -> None:
    asked = ask_what(question, lambda word, tag: 0.5)
    hits = retrieve(bot.index, query_for(bot.index, question or "甲"), 8, bot.config)
    rows = beginning_of_section(bot.index, asked, hits, count)
    assert rows == sorted(set(rows))
    assert len(rows) <= count
    assert len({bot.index.chunks[int(bot.index.sentences[row, 0])].doc_id for row in rows}) <= 1
