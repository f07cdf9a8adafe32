"""The date of publication that a file gives without front matter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.dates import date_line, one_date
from indexer.read import read_folder

BODY = "<p>地铁3号线将于<time datetime='2026-10-28'>10月28日</time>开通。</p><p><time datetime='2026-11-01'>1日</time>起收费。</p>"


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2026-10-03", "2026-10-03"),
        (" 2026/10/3 ", "2026-10-03"),
        ("2026年10月3日 9:05", "2026-10-03 09:05"),
        ("2026-10-03T09:00:00+08:00", "2026-10-03 09:00"),
        ("2026-10-02T23:30:00.000Z", "2026-10-03 07:30"),
        ("2026-10-03T00:30:00+0900", "2026-10-02 23:30"),
        ("2026-02-30", ""),
        ("2026-10-03 25:00", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("0000-01-01", ""),
        ("10月3日", ""),
        ("昨天", ""),
        ("2026-10-03 2026-10-04", ""),
        ("", ""),
    ],
)
def test_a_date_is_one_that_can_be_or_none(written: str, date: str) -> None:
    assert one_date([written]) == date


def test_two_dates_are_none() -> None:
    assert one_date(["2026-10-03", "2026-10-04"]) == ""
    assert one_date(["2026-10-03", "2026年10月3日"]) == "2026-10-03"
    assert one_date([]) == ""


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("发布时间：2026-10-03 09:00", "2026-10-03 09:00"),
        ("发布日期:2024-04-16 09:04 浏览次数: 信息来源:嘉峪关日报", "2024-04-16 09:04"),
        ("来源：怀岭教育　发布时间：2023年12月20日　更新时间：2023-12-21", "2023-12-20"),
        ("**发布日期**：2024.4.6", "2024-04-06"),
        ("成绩发布时间：2026-12-01", ""),
        ("发布时间：2026-10-03至2026-10-05", ""),
        ("发布时间：2026年10月3日—5日", ""),
        ("发布时间：2026-10-03 发布日期：2026-10-04", ""),
        ("发布时间：2026-13-03", ""),
        ("发布时间：待定", ""),
        ("更新时间：2026-10-03", ""),
    ],
)
@pytest.mark.parametrize("suffix", ["md", "txt", "html"])
def test_a_line_near_the_top_gives_the_date(kb: Path, line: str, date: str, suffix: str) -> None:
    title, form = ("题", "{}") if suffix != "html" else ("<h1>题</h1>", "<p>{}</p>")
    (kb / f"a.{suffix}").write_text(f"{title}\n\n{form.format(line)}\n\n{form.format('正文在这里。')}\n", "utf-8")
    (document,) = read_folder(kb).documents
    assert document.published == date
    assert line.strip("*")[:4] in document.text  # what is cited stays as it is


def test_a_line_further_down_is_not_the_documents() -> None:
    assert date_line("题\n" + "第一段。\n" * 6 + "发布时间：2026-10-03") == ""


def test_front_matter_comes_before_a_line(kb: Path) -> None:
    (kb / "a.md").write_text("---\npublished: 2024年春\n---\n发布时间：2026-10-03\n\n正文。", "utf-8")
    (kb / "b.md").write_text("---\ntitle: 题\n---\n发布时间：2026-10-03\n\n正文。", "utf-8")
    assert [one.published for one in read_folder(kb).documents] == ["2024年春", "2026-10-03"]


@pytest.mark.parametrize(
    ("page", "date"),
    [
        (f'<meta name="date" content="2026-10-03">{BODY}', "2026-10-03"),
        (f'<meta property="article:published_time" content="2026-10-03T09:00:00+08:00">{BODY}', "2026-10-03 09:00"),
        (f'<meta name="PublishDate" content="2026-10-03">{BODY}', "2026-10-03"),
        (f'<meta name="date" content="2026-10-05"><meta name="pubdate" content="2026-10-03">{BODY}', "2026-10-03"),
        (f'<meta name="pubdate" content="今天"><meta name="date" content="2026-10-03">{BODY}', "2026-10-03"),
        (f'<meta name="date" content="2026-10-03"><meta name="date" content="2026-10-04">{BODY}', ""),
        (f'<meta name="date" content="<b>">{BODY}', ""),
        (f"<article><header><h1>题</h1><time datetime='2026-10-03'>昨天</time></header>{BODY}</article>", "2026-10-03"),
        (f"<header><h1>题</h1><time datetime='2026-10-03'>昨天</time></header>{BODY}", "2026-10-03"),
        (f"<h1>题</h1><p>周岚 <time datetime='2026-10-03T08:00'>8点</time></p>{BODY}", "2026-10-03 08:00"),
        (f"<time datetime='2026-12-31'>今天</time><article><h1>题</h1>{BODY}</article>", ""),
        (f"<h1>题</h1><time datetime='2026-10-03'></time><time datetime='2026-10-04'></time>{BODY}", ""),
        (f"<h1>题</h1><time>10月3日</time>{BODY}", ""),
        (BODY, ""),
        (f'<meta name="date"><meta name="date" content="2026-10-03"><p>发布时间：2026-10-09</p>{BODY}', "2026-10-09"),
    ],
)
def test_a_web_page_gives_its_date(kb: Path, page: str, date: str) -> None:
    (kb / "a.html").write_text(page, "utf-8")
    (document,) = read_folder(kb).documents
    assert document.published == date


@given(st.text(alphabet="0123456789-/.年月日T:：+Z 发布时间期至\n", max_size=60))
def test_no_text_breaks_the_reader_of_dates(text: str) -> None:
    for written in (one_date([text]), date_line(text), date_line(f"发布时间：{text}")):
        assert not written or written[:4].isdecimal()
