"""What the page draws: text stays text, links go to the cited span."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.types import Answer, AnswerSentence, Citation, Hit, Verdict
from indexer.types import Chunk

# gradio and the libraries below it warn on import
pytestmark = pytest.mark.filterwarnings("default")


@given(st.text())
def test_plain_text_keeps_its_characters_and_no_markup(text: str) -> None:
    from bot.ui import plain

    drawn = plain(text)
    assert re.sub(r"&#(\d+);", lambda match: chr(int(match[1])), drawn) == text
    without = re.sub(r"&#\d+;", "", drawn)
    assert not re.search(r"[<>&*_`\[\]~|\\$#@\n]|://", without)


@pytest.mark.parametrize(
    "text", ["- 项", "1. 项", "+ 项", "> 引", "    代码", "===", "www.a.cn", "http://a.cn", "![x](y)"]
)
def test_what_would_be_markup_at_the_start_of_a_line_is_not(text: str) -> None:
    from markdown_it import MarkdownIt

    from bot.ui import plain

    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(plain(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children} <= {"text", "text_special"}


def an_answer(**values: object) -> Answer:
    defaults: dict[str, object] = {
        "question": "问", "sentences": (), "verdict": Verdict.REFUSED, "confidence": 0.1, "citations": (), "hits": (),
        "refusal": "", "answerer": "extractive", "index_version": "v",
    }  # fmt: skip
    return Answer(**defaults | values)


def test_a_citation_number_links_to_its_span() -> None:
    from bot.ui import draw

    citations = (Citation(1, "文 档/a&b", "题", (), 3, 9, "<b>安全</b>"),)
    sentences = (AnswerSentence("<b>安全</b>", (1,), supported=True),)
    drawn = "".join(draw(an_answer(sentences=sentences, citations=citations, verdict=Verdict.GROUNDED)))
    assert "<b>" not in drawn
    assert drawn.endswith(r" [\[1\]](/source?doc_id=%E6%96%87+%E6%A1%A3%2Fa%26b&start=3&end=9&digest=#cited) ")


def test_a_refusal_shows_the_nearest_passages() -> None:
    from bot.ui import draw

    chunk = Chunk("a", 0, 9, "# 题\n\n<i>近</i>的段落")
    hit = Hit(chunk, 0, 0.5, 0.5, 0.1, 1, None)
    drawn = "".join(draw(an_answer(refusal="知识库中没有找到相关内容。", hits=(hit,))))
    assert drawn.startswith("**知识库中没有找到相关内容。**")
    assert drawn.count("](/source?") == 1
    assert "<i>" not in drawn
