"""What is taken away: text stays text in every form, and the passage is the document's."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.export import as_html, as_markdown, as_text
from bot.lists import item_lines
from bot.types import Answer, AnswerSentence, Citation, Evidence, Hit, Verdict
from bot.wire import answer_to_json, growing_answer_to_json
from indexer.types import Chunk, Document

DOCUMENT = Document(
    "文/a", "题<b>", "前一段。\n\n甲在前。乙是[五](javascript:alert(1))元。丙在后。\n\n后一段。", url="https://a.cn"
)
QUOTE = "乙是[五](javascript:alert(1))元。"
START = DOCUMENT.text.index(QUOTE)
CITATION = Citation(
    1,
    "文/a",
    "题<b>",
    ("第一节",),
    START,
    START + len(QUOTE),
    QUOTE,
    DOCUMENT.url,
    DOCUMENT.digest,
    3,
    "2024-04-16T09:04",
)


def given_answer(text: str = QUOTE, question: str = "乙几元？", **values: object) -> dict[str, object]:
    sentences = (AnswerSentence(text, (1,), supported=True), AnswerSentence("丁。", (), False, (7,), "文中没有“丁”"))
    answer = Answer(question, sentences, Verdict.PARTIAL, 0.9, (CITATION,), (), "", "scripted", "v", **values)
    return json.loads(json.dumps(growing_answer_to_json(answer, {})))


def document_of(digest: str) -> Document | None:
    return DOCUMENT if digest == DOCUMENT.digest else None


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (("甲是五。", "2023年是乙。"), "甲是五。2023年是乙。"),
        (("It opened.", "2023 was dry."), "It opened. 2023 was dry."),
        (("It opened!", "甲是五。"), "It opened! 甲是五。"),
    ],
)
def test_a_space_stands_where_english_ends(texts: tuple[str, ...], joined: str) -> None:
    sentences = tuple(AnswerSentence(text, (), True) for text in texts)
    answer = Answer("问", sentences, Verdict.GROUNDED, 0.9, (), (), "", "scripted", "v")
    assert answer.text == joined
    assert joined in as_text([growing_answer_to_json(answer, {})])


def test_as_text() -> None:
    assert as_text([given_answer()]) == (
        f"{QUOTE}[1]丁。[7?]（无依据 unsupported：文中没有“丁”）\n"
        f"[1] 《题<b>》 · 2024-04-16 09:04 · 第一节 · 第 3 页 p. 3 · https://a.cn：“{QUOTE}”\n"
    )
    older = given_answer()
    del older["citations"][0]["published"]  # as answers were kept before there was one
    assert "[1] 《题<b>》 · 第一节" in as_text([older])


def test_lines_and_numbering_of_a_list_are_kept() -> None:
    sentences = tuple(
        AnswerSentence(text, (), True, before=before)
        for before, text in (("", "有：\n两项"), ("\n1. ", "<甲>。"), ("", "It is."), ("\n2. ", "乙。"))
    )
    answer = Answer("问", sentences, Verdict.GROUNDED, 0.9, (), (), "", "scripted", "v")
    assert answer.text == "有：\n两项\n1. <甲>。It is. \n2. 乙。"
    given = json.loads(json.dumps(growing_answer_to_json(answer, {})))
    assert as_text([given]) == "有： 两项\n1. <甲>。It is.\n2. 乙。\n"
    html = MarkdownIt("gfm-like", {"linkify": False}).render(as_markdown([given], document_of))
    assert "<p>有： 两项<br />\n1. &lt;甲&gt;。It is.<br />\n2. 乙。</p>" in html
    assert "两项<br>1. &lt;甲&gt;。It is.<br>2. 乙。</p>" in as_html([given], document_of)
    lead = {"text": "丙", "citations": [], "unresolved": [], "supported": True, "before": "\n注意：\n  - "}
    assert "乙。\n注意：\n- 丙" in as_text([given | {"sentences": [*given["sentences"], lead]}])
    for sentence in given["sentences"]:
        del sentence["before"]  # as answers were kept before there was one
    assert as_text([given]) == "有： 两项<甲>。It is. 乙。\n"


def test_markdown_shows_the_passage_around_the_quote_and_makes_no_link_of_it() -> None:
    written = as_markdown([given_answer(note="注意*")], document_of)
    html = MarkdownIt("gfm-like", {"linkify": False}).render(written)
    assert "<h2>乙几元？</h2>" in html
    assert "<em>注意*</em>" in html
    assert f"<p>甲在前。{QUOTE}丙在后。</p>" in html
    assert "前一段" not in html
    assert "<a" not in html
    assert "&lt;b&gt;" in html


def test_markdown_keeps_the_blanks_between_the_quote_and_what_is_around_it() -> None:
    text = "First one. Second is cited. Third."
    document = Document("en", "Title", text)
    citation = Citation(1, "en", "Title", (), 11, 27, text[11:27], "", document.digest, None)
    answer = Answer(
        "Which?", (AnswerSentence(text[11:27], (1,), True),), Verdict.GROUNDED, 0.9, (citation,), (), "", "v", "v"
    )
    written = as_markdown([growing_answer_to_json(answer, {})], lambda _: document)
    assert f"> {text}\n" in written


def test_html_needs_nothing_else() -> None:
    written = as_html([given_answer(note="<script>")], document_of)
    assert f"甲在前。<mark>{QUOTE}</mark>丙在后。" in written
    assert not re.search(r"<(script|img|link|iframe|a)\b|\bsrc=|\bhref=|url\(", written)
    assert "default-src 'none'" in written


def test_without_the_text_the_quote_stands_alone() -> None:
    assert f"<blockquote><mark>{QUOTE}</mark></blockquote>" in as_html([given_answer()], lambda digest: None)


def test_a_refusal_is_exported_with_its_words() -> None:
    answer = Answer("问？", (), Verdict.REFUSED, 0.1, (), (), "没有找到。", "extractive", "v")
    row = growing_answer_to_json(answer, {})
    for written in (as_text([row]), as_markdown([row], document_of), as_html([row], document_of)):
        assert "没有找到。" in written


def test_the_words_around_an_answer_are_of_one_language_where_it_is_named() -> None:
    sentences = (AnswerSentence("丁。", (1,), False, (), "没有“丁” | no “丁”"),)
    note = "出处不同：[1] 甲 | sources differ: [1] 甲；删去 1 句 | 1 left out"
    answer = Answer("问？", sentences, Verdict.PARTIAL, 0.9, (CITATION,), (), "", "scripted", "v", note=note)
    row = json.loads(json.dumps(growing_answer_to_json(answer, {})))
    for form in (as_html, as_markdown):
        chinese, english = (form([row], document_of, language).replace("\\", "") for language in ("zh", "en"))
        for part in ("部分有据", "出处不同：[1] 甲；删去 1 句", "（无依据：没有“丁”）", "第 3 页"):
            assert part in chinese
            assert part not in english
        for part in ("Partly grounded", "sources differ: [1] 甲; 1 left out", " (unsupported: no “丁”)", "p. 3"):
            assert part in english
            assert part not in chinese
    assert as_text([row], "zh").splitlines()[0] == "丁。[1]（无依据：没有“丁”）"
    assert as_text([row], "en").splitlines()[0] == "丁。[1] (unsupported: no “丁”)"
    assert '<html lang="en">' in as_html([row], document_of, "en")
    assert "部分有据 Partly grounded" in as_html([row], document_of)
    assert note in as_html([row], document_of)


def test_the_nearest_passages_of_a_refusal_are_exported() -> None:
    start = DOCUMENT.text.index("甲在前")
    chunk = Chunk("文/a", start, start + 4, DOCUMENT.text[start : start + 4], ())
    hit = Hit(chunk, 0, 0.9, 0.9, 0.1, 1, 1)
    sentence = Evidence(hit, start, start + 4)
    answer = Answer("问？", (), Verdict.REFUSED, 0.1, (), (hit,), "没有找到。", "extractive", "v", nearest=(sentence,))
    row = json.loads(json.dumps(growing_answer_to_json(answer, {"文/a": DOCUMENT})))
    assert as_text([row], "zh") == "没有找到。\n可能相关的原文\n[1] 《题<b>》：“甲在前。”\n"
    assert "\n\nPossibly related\n\n\\[1\\] 《题" in as_markdown([row], document_of, "en")
    html = as_html([row], document_of, "zh")
    assert "<p>可能相关的原文</p>\n<p>[1] 《题&lt;b&gt;》</p><blockquote><mark>甲在前。</mark>乙是" in html


CONTACTS = Document(
    "电话", "电话", "找人：\n\n| 部门 | 电话 |\n|---|---|\n| 教务处 | 80\\|10 |\n| <b>后勤处 | [8020](x) |\n\n完。"
)


def contacts_answer(*quotes: str) -> Answer:
    citations = []
    for number, quote in enumerate(quotes, 1):
        start = CONTACTS.text.index(quote)
        end = start + len(quote)
        citations.append(Citation(number, "电话", "电话", (), start, end, quote, "", CONTACTS.digest))
    sentences = tuple(AnswerSentence(one.quote, (one.number,), True, before="\n") for one in citations)
    return Answer("问？", sentences, Verdict.GROUNDED, 0.9, tuple(citations), (), "", "extractive", "v")


def given_of_contacts(*quotes: str) -> dict[str, object]:
    return json.loads(json.dumps(growing_answer_to_json(contacts_answer(*quotes), {"电话": CONTACTS})))


ROWS = ("| <b>后勤处 | [8020](x) |", "完。", "| 部门 | 电话 |", "| 教务处 | 80\\|10 |")


def test_rows_of_an_answer_are_a_table_under_the_names_of_its_columns() -> None:
    row = given_of_contacts(*ROWS)
    html = as_html([row], lambda _: CONTACTS)
    assert (
        '<thead><tr><th scope="col">部门</th><th scope="col">电话[3]</th></tr></thead><tbody><tr><td>&lt;b&gt;后勤处</td><td>[8020](x)[1]</td></tr>'
        "<tr><td>教务处</td><td>80|10[4]</td></tr></tbody></table></div>\n<p>完。[2]</p>"
    ) in html
    assert (
        '<th scope="col">部门</th><th scope="col">电话</th></tr></thead><tbody><tr><td><mark>教务处</mark></td><td><mark>80|10</mark>'
        in html
    )
    markdown = MarkdownIt("gfm-like", {"linkify": False}).render(as_markdown([row], lambda _: CONTACTS))
    assert re.sub(r"\s*\n", "", markdown[: markdown.index("<p>完。")]).endswith(
        "<table><thead><tr><th>部门</th><th>电话[3]</th></tr></thead><tbody><tr><td>&lt;b&gt;后勤处</td><td>[8020](x)[1]</td></tr>"
        "<tr><td>教务处</td><td>80|10[4]</td></tr></tbody></table>"
    )
    quoted = markdown[markdown.rindex("<blockquote>") :]
    assert "<th>部门</th>" in quoted
    assert "<td>80|10</td>" in quoted
    assert as_text([row]) == (
        "部门 · 电话[3]\n<b>后勤处 · [8020](x)[1]\n教务处 · 80|10[4]\n完。[2]\n[1] 《电话》：“<b>后勤处 · [8020](x)”\n"
        "[2] 《电话》：“完。”\n[3] 《电话》：“部门 · 电话”\n[4] 《电话》：“教务处 · 80|10”\n"
    )


def test_a_list_is_given_in_lines_and_a_wrapped_sentence_in_one() -> None:
    quotes = "所需材料如下：\n\n1. 户口簿；\n\n2. 原证。", "It goes\non here."
    citations = tuple(Citation(at, "a", "题", (), 0, len(one), one) for at, one in enumerate(quotes, 1))
    sentences = tuple(AnswerSentence(one.quote, (one.number,), supported=True) for one in citations)
    answer = Answer("问", sentences, Verdict.GROUNDED, 0.9, citations, (), "", "extractive", "v")
    given = json.loads(json.dumps(growing_answer_to_json(answer, {})))
    assert as_text([given]).startswith("所需材料如下：\n1. 户口簿；\n2. 原证。[1]It goes on here.[2]\n")
    assert "所需材料如下：<br>1. 户口簿；<br>2. 原证。[1]It goes on here.[2]" in as_html([given], lambda _: None)
    assert "所需材料如下：  \n1\\. 户口簿；  \n2\\. 原证。" in as_markdown([given], lambda _: None)


def test_a_row_without_the_line_of_names_has_the_names_all_the_same() -> None:
    row = given_of_contacts(ROWS[0])
    assert "| 部门 | 电话 |\n| --- | --- |\n| \\<b\\>后勤处 |" in as_markdown([row], lambda _: CONTACTS)
    del row["citations"][0]["parts"]  # as answers were kept before there were any
    assert "<p>| &lt;b&gt;后勤处 | [8020](x) |[1]</p>" in as_html([row], lambda _: CONTACTS)


def test_what_leads_to_a_row_and_a_number_that_names_no_passage_are_kept() -> None:
    row = given_of_contacts(ROWS[2], ROWS[3])
    row["sentences"][0] |= {"before": "注意：\n"}
    row["sentences"][1] |= {"unresolved": [9], "before": "\n- "}
    assert "<p>注意：</p>" in as_html([row], lambda _: CONTACTS)
    assert "<p>-" not in as_html([row], lambda _: CONTACTS)
    assert "<td>80|10[2][9?]</td>" in as_html([row], lambda _: CONTACTS)
    assert "\n\n注意：\n\n| 部门 | 电话\\[1\\] |" in as_markdown([row], lambda _: CONTACTS)
    assert "80\\|10\\[2\\]\\[9?\\] |" in as_markdown([row], lambda _: CONTACTS)


def test_only_the_page_is_given_the_parts_of_a_table() -> None:
    _, sentence, names, _ = given_of_contacts(*ROWS)["citations"]
    assert "parts" not in sentence
    assert names["parts"] == [{"table": CONTACTS.text.index("部门"), "names": ["部门", "电话"], "rows": []}]
    assert not any("parts" in one for one in answer_to_json(contacts_answer(*ROWS))["citations"])


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


hostile = st.text(
    alphabet=st.sampled_from("甲。<>&\"'/=# \n`*_[]()!|~\\\u202e\u200b1.-+:www@x"), min_size=1, max_size=40
)


@given(hostile, hostile)
def test_no_text_becomes_markup(text: str, question: str) -> None:
    rows = [given_answer(text, question)]
    tags = Tags(as_html(rows, document_of)).tags
    several = len(item_lines(f"{text}[1]")) > 1  # ours is the line break before an item, which is not in the text
    expected = {"html", "meta", "title", "style", "h1", "h2", "p", "strong", "blockquote", "mark"}
    assert tags == expected | ({"br"} if several else set())
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(as_markdown(rows, document_of))
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner - ({"hardbreak"} if several else set()) <= {"text", "text_special", "strong_open", "strong_close"}
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    assert kinds == {"heading", "inline", "paragraph", "blockquote"}
    assert "\u202e" not in as_text(rows) + as_markdown(rows, document_of) + as_html(rows, document_of)


@pytest.mark.parametrize(
    "text",
    [
        "- 项",
        "1. 项",
        "12) 项",
        "2024. 项",
        "123456789) 项",
        "+ 项",
        "> 引",
        "    代码",
        "===",
        "www.a.cn",
        "http://a.cn",
        "![x](y)",
        "# 题",
    ],
)
def test_what_would_be_markup_at_the_start_of_a_line_shows_as_it_is(text: str) -> None:
    answer = Answer("问", (AnswerSentence(text, (), True),), Verdict.GROUNDED, 0.9, (), (), "", "scripted", "v")
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        as_markdown([growing_answer_to_json(answer, {})], document_of)
    )
    paragraph = tokens[-2]
    assert "".join(child.content for child in paragraph.children) == text.strip()
    assert {child.type for child in paragraph.children} <= {"text", "text_special"}
