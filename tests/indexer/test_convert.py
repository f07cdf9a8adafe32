"""HTML, Word and PDF through the reader that an editor's folder goes through."""

import io
import time
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from indexer.convert import CannotConvert, from_docx, from_html, from_pdf
from indexer.read import read_folder

FONT = "STSong-Light"
PAGE = """<!doctype html><html><head><meta charset="gbk"><title>网站标题</title>
<meta name="ArticleTitle" content="博物馆开放公告"><meta name="PubDate" content="2024-04-16 09:04">
<meta name="ContentSource" content="市文旅局"><style>p{}</style></head><body><nav>首页 | 新闻</nav>
<article><h1>博物馆开放公告</h1><p>本馆<b>周一</b>闭馆，<a href="javascript:alert(1)">详见</a>说明。
其余时间免费开放。</p><h2>票务</h2><ul><li>成人10元<li>学生5元</ul>
<table><tr><th>馆</th><th>电话</th></tr><tr><td>东馆</td><td>123</td></tr></table>
<p>5 * 3_000 &lt;b&gt; &amp; #1</p><script>alert(1)</script></article><footer>版权所有</footer></body></html>"""


def a_pdf(*pages: list[str], title: str = "年度报告", **settings: object) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    raw = io.BytesIO()
    canvas = Canvas(raw, **settings)
    canvas.setTitle(title)
    for number, lines in enumerate(pages, 1):
        canvas.setFont(FONT, 12)
        for place, line in enumerate(lines):
            if line.startswith("#"):
                line = line.lstrip("#")
                canvas.bookmarkPage(line)
                canvas.addOutlineEntry(line, line, 0)
            canvas.drawString(50, 780 - 20 * place, line)
        canvas.drawString(280, 30, f"- {number} -")
        canvas.showPage()
    canvas.save()
    return raw.getvalue()


def a_docx(*paragraphs: tuple[str, str]) -> bytes:
    document = docx.Document()
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    table = document.add_table(2, 2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), "馆票东免", strict=True):
        cell.text = text
    raw = io.BytesIO()
    document.save(raw)
    return raw.getvalue()


def test_a_web_page(kb: Path) -> None:
    (kb / "a.html").write_bytes(PAGE.encode("gbk"))
    (document,) = read_folder(kb).documents
    assert (document.title, document.source, document.published) == ("博物馆开放公告", "市文旅局", "2024-04-16 09:04")
    assert document.text == (
        "# 博物馆开放公告\n\n本馆周一闭馆，详见说明。其余时间免费开放。\n\n## 票务\n\n- 成人10元\n- 学生5元\n\n"
        "| 馆 | 电话 |\n| --- | --- |\n| 东馆 | 123 |\n\n5 * 3_000 <b> & #1\n"
    )


def test_a_page_without_an_article_keeps_its_body() -> None:
    assert from_html("<title>题</title><h2>节</h2><p>一。<br>二。").text == "## 节\n\n一。\n二。\n"


def test_a_page_in_one_form_has_its_text() -> None:
    page = (
        '<body><form id="aspnetForm"><select><option>选</select><input value="搜"><h1>停水</h1><p>9月1日停水。</form>'
    )
    assert from_html(page).text == "# 停水\n\n9月1日停水。\n"


def test_an_article_keeps_its_own_header() -> None:
    page = "<header>站名</header><article><header><h1>停水</h1><p>9月1日</p></header><p>三小时。</article><footer>版权</footer>"
    assert from_html(page).text == "# 停水\n\n9月1日\n\n三小时。\n"
    assert from_html("<header>站名</header><p>三小时。</p><footer>版权</footer>").text == "三小时。\n"


def test_comments_are_no_text() -> None:
    assert from_html("<p>一<!-- 编辑：张 -->二。<![CDATA[三]]><?php 四 ?>").text == "一二。\n"


def test_control_characters_are_left_out(kb: Path) -> None:
    markup = "<title>题&#27;名</title><p>一&#1;二。<pre>三&#13;&#10;四&#13;五</pre>"
    (kb / "a.html").write_text(markup, encoding="utf-8")
    (kb / "b.html").write_text("<p>&#8;</p>", encoding="utf-8")
    content = read_folder(kb)
    assert [(one.title, one.text) for one in content.documents] == [("题名", "一二。\n\n```\n三\n四\n五\n```\n")]
    assert "b.html has no text" in str(content.skipped[0].error)


def test_tags_nested_too_deep_are_one_error() -> None:
    with pytest.raises(CannotConvert, match="nested too deep"):
        from_html("<div>" * 20_000 + "文")


@pytest.mark.parametrize("markup", ['<ol start="一"><li>文</ol>', '<table><tr><td colspan="²">文</table>'])
def test_a_number_that_is_none_skips_the_file_alone(kb: Path, markup: str) -> None:
    (kb / "a.html").write_text(markup, encoding="utf-8")
    (kb / "b.md").write_text("文。", encoding="utf-8")
    content = read_folder(kb)
    assert [one.id for one in content.documents] == ["b"]
    assert "a.html: a list or table is numbered with what is no number" in str(content.skipped[0].error)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (f"<pre>a{' ' * 100_000}b</pre>", "```\na b\n```\n"),
        (f"<pre>a{' ' * 30_000}\n{' ' * 30_000}b</pre>", "```\na\n\nb\n```\n"),
        (f"<p>a{' ' * 100_000}b", "a b\n"),
        (f"<p>a{'&nbsp;' * 100_000}b", f"a{' ' * 100_000}b\n"),
    ],
    ids=["code", "lines of code", "paragraph", "fixed blanks"],
)
def test_a_gap_takes_no_time(markup: str, text: str) -> None:
    started = time.process_time()
    assert from_html(markup).text == text
    assert time.process_time() - started < 5  # it was minutes


@given(st.text(alphabet="<>&;/ab甲 \n\"'=!-[]#*_", max_size=80))
def test_no_markup_breaks_the_reader(markup: str) -> None:
    assert "\0" not in from_html(markup).text


def test_a_word_file(kb: Path) -> None:
    raw = a_docx(
        ("Title", "管理办法"), ("Heading 1", "第一章 总则"), ("Normal", "第一条 为了管理。"), ("List Bullet", "甲项")
    )
    (kb / "办法.docx").write_bytes(raw)
    (document,) = read_folder(kb).documents
    assert document.title == "管理办法"
    assert document.text.startswith("# 管理办法\n\n# 第一章 总则\n\n第一条 为了管理。\n\n- 甲项\n")
    assert "东" in document.text
    assert document.pages == ()


@pytest.mark.parametrize(
    ("first", "begins"),
    [
        ("<td>部门</td><td>电话</td>", "| 部门 | 电话 |\n| --- | --- |\n| 教务处 | 8010 |"),
        ("<td>总务处</td><td>8030</td>", "|  |  |\n| --- | --- |\n| 总务处 | 8030 |\n"),
        ("<td>部门</td><td></td>", "|  |  |\n| --- | --- |\n| 部门 |  |\n"),
        ("<td colspan=2>通讯录</td>", "|  |  |\n| --- | --- |\n| 通讯录 | |\n"),
        ("<td colspan=2>通讯录</td><td>电话</td>", "|  |  |  |\n| --- | --- | --- |\n| 通讯录 | | 电话 |\n"),
        ("<td>部门</td><td>" + "电话" * 11 + "</td>", "|  |  |\n"),
        ("<th>部门</th><td>电话</td>", "|  |  |\n"),
        ("<td>部门</td><td>2025年9月标准</td>", "| 部门 | 2025年9月标准 |\n"),
        ("<td>2024年</td><td>2025年</td>", "|  |  |\n"),
        ("<td>部门</td><td>2025号</td>", "|  |  |\n"),
    ],
)
def test_the_first_row_of_a_table_names_its_columns(first: str, begins: str) -> None:
    markup = f"<table><tr>{first}</tr><tr><td>教务处</td><td>8010</td></tr></table>"
    assert from_html(markup).text.startswith(begins)


def test_so_does_that_of_a_word_file() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ("部门", "电话", "教务处", "8010"), strict=True
    ):
        cell.text = text
    raw = io.BytesIO()
    document.save(raw)
    assert from_docx(raw.getvalue()).text == "| 部门 | 电话 |\n| --- | --- |\n| 教务处 | 8010 |\n"


def test_a_pdf_has_paragraphs_headings_and_pages(kb: Path) -> None:
    first = ["#总体情况", "全市共有中小学三十二所，其中小学二十一所，初中八", "所，高中三所。", "教师共两千余名。"]
    second = ["#经费", "全年经费一亿元。"]
    (kb / "报告.pdf").write_bytes(a_pdf(first, second))
    (document,) = read_folder(kb).documents
    assert document.title == "年度报告"
    assert document.text == (
        "# 总体情况\n\n全市共有中小学三十二所，其中小学二十一所，初中八所，高中三所。\n\n教师共两千余名。\n\n"
        "# 经费\n\n全年经费一亿元。"
    )
    assert [document.page_of(document.text.index(word)) for word in ("总体", "教师", "经费", "一亿")] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Microsoft Word - 放假通知.docx", "放假通知"),
        ("通知.PDF", "通知"),
        ("about:blank", ""),
        ("文档1", ""),
        ("Untitled", ""),
    ],
)
def test_what_a_program_wrote_is_no_title_of_a_pdf(written: str, title: str) -> None:
    assert from_pdf(a_pdf(["文。"], title=written)).title == title


def test_an_item_of_a_pdf_begins_a_paragraph_behind_a_full_line(kb: Path) -> None:
    first = [
        "第一条为奖学金，每一学年评选一次，见本办法。",
        "第二条为助学金，每一学期评选，其名额按照",
        "第三条的办法确定，每学期末公布一次名单。",
    ]
    (kb / "办法.pdf").write_bytes(a_pdf(first))
    (document,) = read_folder(kb).documents
    assert document.text == (
        "第一条为奖学金，每一学年评选一次，见本办法。\n\n第二条为助学金，每一学期评选，其名额按照"
        "第三条的办法确定，每学期末公布一次名单。"
    )


def test_running_heads_are_left_out_and_a_sentence_crosses_pages() -> None:
    line = "这是一行排满了的正文它一直延续到版心的最右边"
    pages = [["某市统计公报", f"第{number}节开头", line] for number in range(4)]
    converted = from_pdf(a_pdf(*pages))
    assert "公报" not in converted.text
    assert "- 1 -" not in converted.text
    assert f"{line}第1节开头" in converted.text
    assert [converted.text[start:][:4] for start in converted.pages[1:]] == ["第1节开", "第2节开", "第3节开"]


def test_of_bare_numbers_at_the_edges_of_a_page_one_is_its_number() -> None:
    from indexer.convert import _without_running_lines

    pages = [["报", "甲", "85", "64", "- 1 -"], ["报", "2024", "乙", "2"], ["3", "报", "丙"], ["报", "4"]]
    assert _without_running_lines(pages) == [["甲", "85", "64"], ["乙"], ["丙"], []]
    assert _without_running_lines([["1", "2024", "甲"], ["2", "2023", "乙"]]) == [["2024", "甲"], ["2023", "乙"]]


def test_compatibility_forms_become_the_characters() -> None:
    from indexer.convert import _lines

    assert _lines("⼯⽤⼀ ﬁ，：（１）\r\n\x02") == ["工用一 fi，：（１）"]


def test_a_title_that_was_cut_inside_an_emoji_does_not_cost_the_text() -> None:
    whole = a_pdf(["#开放时间", "周一闭馆。"], title="年度报告😀")
    cut = whole.replace(b"\\330=\\336\\000", b"\\330=")
    assert len(cut) < len(whole)
    assert (from_pdf(whole).title, from_pdf(cut).title) == ("年度报告😀", "")
    assert from_pdf(cut).text == from_pdf(whole).text


@pytest.mark.parametrize(
    ("convert", "raw", "reason"),
    [
        (from_pdf, b"", "not a sound PDF"),
        (from_pdf, b"%PDF-1.7\ngarbage", "not a sound PDF"),
        (from_pdf, a_pdf(["文"], encrypt=StandardEncryption("secret", "owner")), "it has a password"),
        (from_pdf, a_pdf([]), "it holds no text"),
        (from_docx, b"PK", "not a sound Word file"),
        (from_docx, a_docx(("Normal", "文"))[:-100], "not a sound Word file"),
    ],
)
def test_a_broken_file_says_why(convert, raw: bytes, reason: str) -> None:
    with pytest.raises(CannotConvert, match=reason):
        convert(raw)


def test_a_word_file_that_unpacks_without_end_is_refused(monkeypatch) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("word/document.xml", b"0" * 2_000_000)
    monkeypatch.setattr("indexer.convert._LARGEST_UNPACKED", 1_000_000)
    with pytest.raises(CannotConvert, match="unpacks to more"):
        from_docx(raw.getvalue())


def test_pages_survive_composition(kb: Path, monkeypatch) -> None:
    from indexer.convert import Converted

    monkeypatch.setitem(
        __import__("indexer.read").read._CONVERTERS, ".pdf", lambda raw: Converted("e\u0301e\u0301。乙。", pages=(0, 5))
    )
    (kb / "a.pdf").write_bytes(b"x")
    (document,) = read_folder(kb).documents
    assert document.text[document.pages[1] :] == "乙。"
