"""The routes beside the chat, through a real server, and the page of a document."""

import asyncio
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from bot.api import create_app
from bot.live import Live
from bot.source import changed_sentences, source_page
from indexer.types import Document


def fetch(url: str, body: object = None) -> tuple[int, str, dict[str, str]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode(), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


def test_health_says_which_version_answers(site: str, article_index: Path) -> None:
    status, body, _ = fetch(f"{site}/api/health")
    assert status == 200
    assert json.loads(body)["index_version"] == (article_index / "CURRENT").read_text().strip()


def test_ask_over_the_network(site: str) -> None:
    status, body, headers = fetch(f"{site}/api/ask", {"question": "嘉峪关长城博物馆被命名为什么基地？"})
    answer = json.loads(body)
    assert (status, answer["verdict"]) == (200, "grounded")
    assert "甘肃省国家安全教育基地" in answer["citations"][0]["quote"]
    assert "default-src 'self'" in headers["content-security-policy"]


def test_search_over_the_network(site: str) -> None:
    status, body, _ = fetch(f"{site}/api/search?{urlencode({'question': '长城博物馆', 'k': 2})}")
    assert (status, len(json.loads(body)["hits"])) == (200, 2)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/api/ask", {"question": " "}, 400, "the question is empty"),
        ("/api/ask", {"question": "安" * 100_000}, 400, "at most 500"),
        ("/api/ask", {}, 422, "bad request: body.question"),
        ("/api/ask", {"question": float("nan")}, 422, "bad request"),
        ("/api/ask", {"question": "a", "histroy": []}, 422, "bad request: body.histroy"),
        ("/api/ask/stream", {"question": "a", "stream": True}, 422, "bad request: body.stream"),
        ("/api/ask", {"question": "\ud800x"}, 400, "characters that are not text"),
        ("/api/ask/stream", {"question": "a", "history": [{"question": "安" * 100_001}]}, 422, "at most 100000"),
        (
            "/api/ask/stream",
            {"question": "a", "history": [{"question": "a", "answer": "安" * 100_001}]},
            422,
            "at most",
        ),
        ("/api/search?question=a&k=0", None, 422, "greater than or equal"),
        ("/source?doc_id=../secret", None, 404, "no such document"),
    ],
)
def test_bad_requests(site: str, path: str, body: object, status: int, words: str) -> None:
    found, text, _ = fetch(site + path, body)
    assert found == status
    assert words in text


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_too_large(site: str, chunked: bool) -> None:
    body = b'{"question": "' + b"a" * 16_000_000 + b'"}'
    data = iter([body[:100], body[100:]]) if chunked else body
    request = urllib.request.Request(f"{site}/api/ask", data, {"Content-Type": "application/json"}, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    with refused.value as error:
        assert error.code == 413
        assert "larger than 16 MB" in json.loads(error.read())["error"]


def test_a_reader_who_has_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unanswered(*_: object) -> None:
        """What Gradio makes of a script that is not waited for any more."""

    def mount_page(app: FastAPI, *parts: object) -> FastAPI:
        app.mount("/assets", unanswered)
        return app

    monkeypatch.setitem(sys.modules, "bot.ui", SimpleNamespace(mount_page=mount_page))
    app = create_app(Live(tmp_path / "index", None))
    scope = {"type": "http", "method": "GET", "path": "/assets/a.js", "query_string": b"", "headers": []}
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    asyncio.run(app(scope, unanswered, send))  # raises nothing
    assert sent == []


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/run/predict"])
def test_gradio_takes_nothing_from_a_visitor(site: str, path: str) -> None:
    assert fetch(f"{site}{path}", {})[0] == 404


def test_a_port_in_use_is_one_line(site: str, article_index: Path) -> None:
    command = [str(Path(sys.executable).parent / "jiawen"), "chat", "--index", str(article_index)]
    done = subprocess.run(
        [*command, "--port", site.rsplit(":", 1)[1]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert "choose another --port" in done.stderr
    assert "Traceback" not in done.stderr


class Page(HTMLParser):
    """What a browser would make of the page: tags, text in order, and the text inside <mark>."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.marked = self.shown = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "mark" in self.open:
            self.marked += data
        if {"p", "h1", "h2"} & set(self.open):
            self.shown += data


hostile = st.text(alphabet=st.sampled_from("安全。<>&\"'/=# \n`\u2028𠮷script"), max_size=60)


@given(hostile, st.integers(0, 60), st.integers(0, 60))
def test_the_marked_text_is_the_span_and_nothing_becomes_a_tag(text: str, start: int, end: int) -> None:
    page = Page(source_page(Document("<b>", "题<script>", text, source='<img src="x">'), start, end, None))
    assert page.tags.count("script") == 1
    assert set(page.tags) <= {"html", "meta", "title", "style", "main", "h1", "h2", "p", "mark", "script"}
    heading_marks = str.maketrans("", "", "# \t")
    span = "".join(text[start:end].split()).translate(heading_marks)
    assert "".join(page.marked.split()).translate(heading_marks) == span
    assert "".join(text.split()).translate(heading_marks) in "".join(page.shown.split()).translate(heading_marks)


def test_a_paragraph_over_two_pages_stands_on_the_page_where_it_begins() -> None:
    html = source_page(Document("a", "题", "一二三四五六\n七八", pages=(0, 3, 7)), 0, 1, None)
    assert re.findall(r"page (\d)", html) == ["1", "3"]


def test_a_heading_may_name_the_columns_of_a_table() -> None:
    text = "前言。\n# 名称 | 价格\n|---|---|\n| 门票 | 5元 |\n"
    html = source_page(Document("a", "甲", text, file="a.md"), text.index("| 门票"), len(text) - 1, None)
    assert "前言。" in html
    assert "<mark" in html


def test_a_span_over_two_paragraphs_is_marked_in_both() -> None:
    html = source_page(Document("a", "题", "# 题\n\n第一段。\n\n第二段。"), 6, 13, None)
    assert html.count('id="cited"') == 1
    assert "第<mark" in html
    assert Page(html).marked == "一段。第二"
    assert "<h1>题</h1>" in html


def test_a_table_is_shown_as_one_and_the_cited_row_is_marked_in_its_cells() -> None:
    row = "| 周<b>敏 | 80\\|10 |"
    text = (
        f"# 题\n\n甲。\n\n| 姓名 | 电话 |\n|---|---|\n{row}\n|  | 8020 |\n\n乙。\n\n|  |  |\n|---|---|\n| 丙 | 丁 |\n"
    )
    start = text.index(row)
    html = source_page(Document("a", "题", text), start, start + len(row), None)
    assert (
        '<thead><tr><th scope="col">姓名</th><th scope="col">电话</th></tr></thead><tbody>'
        '<tr><td><mark id="cited" tabindex="-1">周&lt;b&gt;敏</mark></td><td><mark>80|10</mark></td></tr>'
        "<tr><td></td><td>8020</td></tr></tbody></table></div>\n<p>乙。</p>"
    ) in html
    assert "<table><tbody><tr><td>丙</td><td>丁</td></tr></tbody></table>" in html  # whose columns have no names
    assert "---" not in html.partition("<main>")[2]


QUESTION = "嘉峪关长城博物馆被命名为什么基地？"


@pytest.fixture(scope="module")
def given_answer(site: str) -> dict[str, str]:
    """An answer as the page was given it, with its seal."""
    lines = stream(site, {"question": QUESTION})
    return {key: lines[0][key] for key in ("answer", "seal")}


def stream(site: str, body: object) -> list[dict]:
    status, text, headers = fetch(f"{site}/api/ask/stream", body)
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in text.splitlines()]


def test_start_says_what_the_page_needs(site: str) -> None:
    _, body, headers = fetch(f"{site}/api/start")
    state = json.loads(body)
    assert (state["documents"], state["longest_question"], state["rebuild_error"]) == (1, 500, "")
    assert isinstance(state["rebuilding"], bool)  # a server looks for changes when it starts
    assert QUESTION in state["starters"]
    assert headers["cache-control"] == "no-cache"


def test_the_stream_ends_with_the_whole_answer_and_suggestions(site: str) -> None:
    whole, following = stream(site, {"question": QUESTION})
    answer = json.loads(whole["answer"])
    assert (whole["whole"], answer["verdict"], answer["note"], answer["pending"]) == (True, "grounded", "", "")
    assert 1 <= len(following["suggestions"]) <= 3
    assert QUESTION not in following["suggestions"]
    for question in following["suggestions"]:
        assert json.loads(fetch(f"{site}/api/ask", {"question": question})[1])["citations"]


def test_a_follow_up_is_searched_as_the_question_before_has_it(site: str) -> None:
    history = [{"question": QUESTION, "answer": "甘肃省国家安全教育基地"}]
    body = {"question": "那城市博物馆呢？", "history": history}
    for answer in (json.loads(stream(site, body)[0]["answer"]), json.loads(fetch(f"{site}/api/ask", body)[1])):
        assert answer["searched"] == "嘉峪关城市博物馆被命名为什么基地？"
        assert "嘉峪关市国家安全教育基地" in answer["answer"]


@pytest.mark.parametrize("length", [501, 1_000_000])
def test_a_question_too_long_is_a_line(site: str, length: int) -> None:
    (line,) = stream(site, {"question": "安" * length})
    assert "at most 500" in line["error"]


def test_a_shared_answer_comes_back_as_it_was_given(site: str, given_answer: dict[str, str]) -> None:
    status, body, _ = fetch(f"{site}/api/share", given_answer)
    assert status == 200
    name = json.loads(body)["id"]
    assert json.loads(fetch(f"{site}/api/shared/{name}")[1]) == given_answer


def test_the_same_answer_given_again_is_the_same_text(site: str, given_answer: dict[str, str]) -> None:
    assert stream(site, {"question": QUESTION})[0] == given_answer | {"whole": True}


@pytest.mark.parametrize("path", ["/api/share", "/api/feedback", "/api/export"])
def test_words_that_were_not_given_here_are_refused(site: str, given_answer: dict[str, str], path: str) -> None:
    forged = given_answer | {"answer": given_answer["answer"].replace("甘肃省", "北京市")}
    body = {"answers": [forged], "form": "html"} if path == "/api/export" else forged | {"good": True}
    status, text, _ = fetch(site + path, body)
    assert (status, "not given here" in text) == (404, True)


def test_forged_answers_take_no_place_from_those_given_here(site: str, given_answer: dict[str, str]) -> None:
    forged = given_answer | {"seal": "0" * 64}
    assert {fetch(f"{site}/api/share", forged)[0] for _ in range(61)} == {404}
    assert fetch(f"{site}/api/share", given_answer)[0] == 200


@pytest.mark.parametrize("name", ["x", "..%2f..%2fseal.key", "0" * 32, "%3Cscript%3E"])
def test_a_link_to_nothing(site: str, name: str) -> None:
    assert fetch(f"{site}/api/shared/{name}")[0] == 404


@pytest.mark.parametrize(("form", "kind"), [("text", "plain"), ("markdown", "markdown"), ("html", "html")])
def test_export(site: str, given_answer: dict[str, str], form: str, kind: str) -> None:
    status, text, headers = fetch(f"{site}/api/export", {"answers": [given_answer], "form": form})
    assert (status, headers["content-type"]) == (200, f"text/{kind}; charset=utf-8")
    assert "甘肃省国家安全教育基地" in text


def test_feedback_is_noted_beside_the_index(site: str, given_answer: dict[str, str], article_index: Path) -> None:
    assert fetch(f"{site}/api/feedback", given_answer | {"good": False, "reason": "incomplete"})[0] == 200
    last = json.loads((article_index / "feedback.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["question"], last["good"], last["reason"]) == (QUESTION, False, "incomplete")
    assert fetch(f"{site}/api/feedback", given_answer | {"good": False, "reason": "我的电话是…"})[0] == 422


@given(
    st.lists(st.sampled_from(["甲。", "乙。", "丙。"]), max_size=9),
    st.lists(st.sampled_from(["甲。", "丁。"]), max_size=9),
)
def test_what_changed_makes_one_text_of_the_other(before: list[str], after: list[str]) -> None:
    rows = changed_sentences("".join(before), "".join(after))
    gone, come = ([one for mark, one in rows if mark == kind] for kind in ("del", "ins"))
    assert Counter(before) - Counter(gone) == Counter(after) - Counter(come)
    assert not rows or before != after


def test_of_long_texts_that_differ_throughout_the_sentences_that_only_one_has_are_told() -> None:
    before, after = ("".join(f"{at}号{kind}。合格。" for at in range(1000)) for kind in ("店", "厂"))
    rows = changed_sentences(f"甲。{before}乙。", f"甲。{after}乙。")
    assert rows == [("del", f"{at}号店。") for at in range(1000)] + [("ins", f"{at}号厂。") for at in range(1000)]


def test_what_turns_the_direction_of_text_is_written_out() -> None:
    document = Document("a", "题\u202e", "价格\u202e五十元\u202c。")
    html = source_page(document, 2, 4, None)
    assert "<h1>题[U+202E]</h1>" in html
    assert '价格<mark id="cited" tabindex="-1">[U+202E]五</mark>十元[U+202C]。' in html
    assert "\u202e" not in html
