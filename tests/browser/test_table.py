"""Tables of documents in a real browser: in answers, in what is near, in the reader and under Sources."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Served,
    accessible,
    live_over,
    press,
    running,
    words,
)  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
PHONES = """# 联系方式

| 部门 | 负责人 | 分机 | 邮箱 | 备注 |
| --- | --- | --- | --- | --- |
| 教务处 | 周敏 | 8010 | jiaowu@example.edu.cn | 学籍、成绩、转学证明都在这里办理，请带上身份证。 |
| 后勤处 | <b>吴建国</b> | 8020 | houqin@example.edu.cn | 宿舍报修\\|水电 |
| 保卫处 | 赵刚 | 8110 | baowei@example.edu.cn |  |
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page over a kb/ with a table, in the place of the article's."""
    folder = tmp_path_factory.mktemp("phones")
    live = live_over(folder, {"phones.md": PHONES})
    with running(live) as url:
        yield Served(url, live, folder / "kb")


def asked(page: Page, question: str) -> None:
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn").last.locator(".verdict")).to_be_visible()


def shown_with(page: Page, change: str) -> None:
    """The kept answer shown anew after `change`, a statement over `answer`."""
    page.reload()  # what was asked keeps the conversation once more when its suggestions have come
    expect(page.locator(".turn .answered")).to_have_attribute("aria-busy", "false")
    page.evaluate(
        """async () => {
          const store = await import(location.origin + '/page/store.js');
          const [kept] = store.conversations();
          const answer = JSON.parse(kept.turns[0].given.answer);
          CHANGE;
          kept.turns[0].given.answer = JSON.stringify(answer);
          store.keep(kept);
        }""".replace("CHANGE", change)
    )
    page.reload()


def test_the_row_of_an_answer_stands_under_the_names_of_its_columns(page: Page) -> None:
    asked(page, "后勤处的分机是多少？")
    said = page.locator(".said")
    cells = ["后勤处", "<b>吴建国</b>", "8020", "houqin@example.edu.cn", "宿舍报修|水电"]
    if page.viewport_size["width"] < 600:  # a line a column, nothing is out of sight
        expect(said.locator("th")).to_have_text([re.compile(r"部门\d"), "负责人", "分机", "邮箱", "备注"])
        expect(said.locator("td")).to_have_text([*cells[:-1], re.compile(r"宿舍报修\|水电\d")])
        expect(said.locator("td", has_text="8020")).to_be_in_viewport(ratio=1)
        expect(said.locator("th a.chip")).to_have_count(1)
    else:
        expect(said.locator("thead th[scope=col]")).to_have_text(["部门", "负责人", "分机", "邮箱", "备注"])
        expect(said.locator("tbody tr").first.locator("td:not(.cites)")).to_have_text(cells)
        expect(said.locator("thead a.chip")).to_have_count(1)
    expect(said).not_to_contain_text("---")
    expect(page.locator("#status")).to_contain_text("8020")  # read aloud
    expect(page.locator("#status")).not_to_contain_text("|")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("(log) => log.scrollWidth <= log.clientWidth", page.locator("#log").element_handle())
    chip = said.locator("td a.chip").last
    expect(chip).to_be_in_viewport(ratio=1)

    chip.focus()
    tip = page.get_by_role("tooltip")
    expect(tip.locator("tr").nth(2)).to_have_text("分机8020")
    expect(tip).to_be_in_viewport(ratio=1)
    accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    marks = page.locator("#document mark")
    expect(marks).to_have_text(["后勤处", "<b>吴建国</b>", "8020", "houqin@example.edu.cn", "宿舍报修|水电"])
    expect(page.locator("#document td mark#cited")).to_be_focused()
    expect(marks.first).to_be_in_viewport()
    assert page.evaluate("(one) => one.scrollWidth <= one.clientWidth", page.locator("#document").element_handle())
    accessible(page)


def test_a_phone_that_is_turned_shows_the_table_another_way(page: Page) -> None:
    asked(page, "后勤处的分机是多少？")
    expect(page.locator(".follow")).to_be_visible()
    for width, heads in ((360, 0), (1280, 1)):
        page.set_viewport_size({"width": width, "height": 780})
        expect(page.locator(".said thead")).to_have_count(heads)
        expect(page.locator(".said a.chip")).to_have_count(2)


def test_what_leads_to_a_row_stands_above_its_table(page: Page) -> None:
    asked(page, "后勤处的分机是多少？")
    shown_with(page, "answer.sentences[0].before = '注意：\\n- '")
    expect(page.locator(".said > .sentence")).to_have_text("注意：")
    expect(page.locator(".said table")).to_have_count(1)


def test_an_answer_kept_before_tables_were_shown_has_its_line(page: Page) -> None:
    asked(page, "后勤处的分机是多少？")
    shown_with(page, "for (const one of answer.citations) delete one.parts")
    expect(page.locator(".said")).to_contain_text("| 后勤处 | <b>吴建国</b> | 8020 |")


def test_what_markdown_emphasizes_is_shown_so(page: Page) -> None:
    asked(page, "后勤处的分机是多少？")
    quotes_and_shown = {
        "凭证到**三楼<b>**办理。": "凭证到三楼<b>办理。",
        "**周一闭馆**": "周一闭馆",
        "138****1234、139****5678": "138****1234、139****5678",
        "2**3 + 4**5": "2**3 + 4**5",
        "**电话**8020，**传真**8021。": "电话8020，传真8021。",
        "**周二开门。": "周二开门。",
        "** 周三也开。": "周三也开。",
        "**": "",
        "周四**开**门**": "周四开门",
    }
    shown_with(
        page,
        f"""answer.citations = {[*quotes_and_shown]}.map((quote, at) =>
             ({{ ...answer.citations[0], number: at + 1, quote, headings: [], parts: undefined }}));
           answer.sentences = answer.citations.map(({{ number, quote }}) =>
             ({{ ...answer.sentences[0], text: quote, citations: [number] }}))""",
    )
    sentences = page.locator(".said .sentence")
    expect(sentences).to_have_text([f"{text}{number}" for number, text in enumerate(quotes_and_shown.values(), 1)])
    expect(sentences.locator("strong")).to_have_text(["三楼<b>", "周一闭", "馆", "电话", "传真", "开"])
    sentences.nth(1).locator("a.chip").hover()
    expect(page.get_by_role("tooltip").locator("q")).to_have_text("周一闭馆")


def test_a_line_that_does_not_say_whose_it_is_stands_behind_its_heading(page: Page) -> None:
    asked(page, "后勤处的分机是多少？")
    shown_with(
        page,
        """answer.citations = ['电话：8020', '保卫处电话：8110', '请打电话。'].map((quote, at) =>
             ({ ...answer.citations[0], number: at + 1, quote, headings: ['联系方式', at ? '保卫处' : '后勤处'], parts: undefined }));
           answer.sentences = answer.citations.map(({ number, quote }) =>
             ({ ...answer.sentences[0], text: quote, before: '', citations: [number] }))""",
    )
    expect(page.locator(".said .sentence")).to_have_text(["后勤处 电话：80201", "保卫处电话：81102", "请打电话。3"])
    accessible(page)


def test_a_row_that_is_near_stands_under_the_names_of_its_columns(page: Page) -> None:
    asked(page, "教务处有多少名学生？")
    near = page.locator("a.near").first
    expect(near.locator("th")).to_have_text(["部门", "负责人", "分机", "邮箱", "备注"])
    assert near.evaluate("(one) => one.scrollWidth <= one.clientWidth")  # which hides what is beyond
    expect(near.locator("td").first).to_have_text("教务处")
    expect(near).to_contain_text("联系方式")
    accessible(page)
    near.press("Enter")
    expect(page.locator("#document td mark").first).to_have_text("教务处")


def test_a_table_under_sources_is_found_in_and_scrolls_by_the_keyboard(page: Page) -> None:
    page.locator("#sources-tab").click()
    page.locator(".entry").click()
    text = page.locator("#leaf .text")
    expect(text.locator("tbody tr")).to_have_count(3)
    expect(text.locator("td").nth(1)).to_have_text("周敏")
    page.get_by_role("searchbox", name=words(page)("findHere")).fill("8110")
    expect(page.locator(".found")).to_have_text("1 / 1")
    accessible(page)
    box = text.locator(".table").first
    if box.evaluate("(one) => one.scrollWidth > one.clientWidth"):
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.querySelector('#leaf .table').scrollLeft > 0")
    press(page, words(page)("asPassages"))
    expect(text.locator("thead th.sentence")).to_have_text(["部门", "负责人", "分机", "邮箱", "备注"])
    expect(text.locator("tbody tr")).to_have_count(3)
    expect(text.locator("td.sentence")).to_have_count(15)
    expect(text.locator(".passage")).not_to_contain_text("---")
    accessible(page)
