"""The Ask page in a real browser, in both languages, at 360 and 1280 px: every flow, by mouse, finger and keyboard."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from bot.answer import Answerer
from bot.live import Live, Rebuild
from bot.llm import ModelError
from tests.browser.conftest import BOTH, MADE, Served, Watched, accessible, press, running, visit, words

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
QUESTION = "嘉峪关长城博物馆被命名为什么基地？"
ANSWER = "甘肃省国家安全教育基地"
HOSTILE_QUESTION = "访客证几点之前交还？押金多少？"


def ask(page: Page, question: str) -> Locator:
    """The turn of the question, answered whole."""
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".verdict")).to_be_visible()
    return turn


def kept_questions(page: Page) -> list[list[str]]:
    """Those of the conversations that the browser keeps, the newest first."""
    kept = page.evaluate("import(location.origin + '/page/store.js').then((store) => store.conversations())")
    return [[turn["question"] for turn in one["turns"]] for one in kept]


def test_ask_read_the_quote_and_open_the_source(page: Page) -> None:
    say = words(page)
    turn = ask(page, QUESTION)
    expect(turn.locator(".verdict")).to_contain_text(say("grounded"))
    expect(turn.locator(".said")).to_contain_text(ANSWER)
    expect(page.locator("#status")).to_contain_text(ANSWER)  # read aloud

    chip = turn.locator("a.chip").first
    chip.focus()
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text(ANSWER)
    expect(tip).to_contain_text("筑牢国家安全防线")  # the title
    expect(tip).to_contain_text("2024-04-16 09:04")
    expect(chip).to_have_attribute("aria-describedby", "tip")
    expect(tip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.keyboard.press("Enter")

    mark = page.locator("#document mark#cited")
    expect(mark).to_contain_text(ANSWER)
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_focused()
    expect(page.locator("#title")).to_contain_text("筑牢国家安全防线")
    expect(page.locator("#document h2").first).to_contain_text("增强意识")  # the whole document, with its headings
    expect(page.locator("#document")).to_contain_text("营造繁荣稳定的发展环境")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    expect(chip).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_back_closes_the_source_where_it_covers_the_page(served: Served, watched: Watched) -> None:
    page = watched.open(served.url, 390)
    chip = ask(page, QUESTION).locator("a.chip")
    reader = page.locator("#reader")
    entries = page.evaluate("history.length")
    chip.click()
    expect(page.locator("#cited")).to_be_focused()
    for name in ("masthead", "tabs"):
        expect(page.locator(f"#{name}")).to_have_js_property("inert", True)
    page.go_back()
    expect(reader).to_be_hidden()
    expect(chip).to_be_focused()
    chip.click()
    page.locator("#close").click()
    chip.click()  # at once: the entry of the first time may not be gone yet
    expect(page.locator("#cited")).to_be_focused()
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()
    page.wait_for_function("!history.state?.covered")
    assert page.evaluate("history.length") == entries + 1  # what can be gone forward to, and that shows nothing
    page.go_forward()
    page.wait_for_function("!history.state?.covered")
    expect(reader).to_be_hidden()
    chip.click()
    expect(page.locator("#cited")).to_be_visible()
    page.reload()  # which closes it
    page.wait_for_function("!history.state?.covered")
    expect(page.locator(".turn .said")).to_contain_text(ANSWER)
    ask(page, HOSTILE_QUESTION).locator("a.chip").first.click()
    expect(page.locator("#cited")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 780})  # beside the conversation, as on a wide screen
    page.wait_for_function("!history.state?.covered")
    expect(reader).to_be_visible()
    expect(page.locator("#tabs")).to_have_js_property("inert", False)
    page.set_viewport_size({"width": 900, "height": 780})
    page.wait_for_function("history.state?.covered")
    page.go_back()
    expect(reader).to_be_hidden()
    assert page.url == f"{served.url}/"


def test_back_from_the_source_of_a_shared_answer_stays_with_the_answer(served: Served, watched: Watched) -> None:
    page = watched.open(served.url, 390)
    turn = ask(page, QUESTION)
    press(turn, words(page)("share"))
    link = turn.locator(".outcome input").input_value()
    page.goto(link)
    page.locator("a.chip").click()
    expect(page.locator("#cited")).to_be_visible()
    page.go_back()
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator(".turn .said")).to_contain_text(ANSWER)
    assert page.url == link


@BOTH
def test_a_question_sent_before_the_page_is_ready_is_answered_when_it_is(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/start", lambda route: held.append(route))
    page.reload()
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator("#question")).to_have_value(QUESTION)  # not lost
    expect(page.locator(".turn")).to_have_count(0)
    for route in held:
        route.continue_()
    page.unroute("**/api/start")
    expect(page.locator(".turn .said")).to_contain_text(ANSWER)
    expect(page.locator("#question")).to_have_value("")


def test_several_citations_are_marked_in_turn(page: Page) -> None:
    turn = ask(page, HOSTILE_QUESTION)
    chips = turn.locator("a.chip")
    expect(chips).to_have_count(2)
    first, second = sorted(("领取访客证", "押金是"), key=turn.locator(".said").inner_text().index)
    chips.nth(0).click()
    mark = page.locator("#document mark#cited")
    expect(mark).to_contain_text(first)
    expect(page.locator("#place")).to_have_text("1 / 2")
    page.locator("#next").click()
    expect(mark).to_contain_text(second)
    expect(chips.nth(1)).to_have_attribute("aria-current", "true")
    expect(chips.nth(0)).not_to_have_attribute("aria-current", "true")
    expect(page.locator("#next")).to_be_disabled()
    page.locator("#close").click()
    expect(chips.nth(1)).to_be_focused()


def test_the_source_shown_is_the_one_named_though_an_earlier_one_comes_later(page: Page) -> None:
    ask(page, HOSTILE_QUESTION)
    slow = ask(page, QUESTION).locator("a.chip").first
    source = re.compile(r"/source\?.*jiayuguan")
    held: list[Route] = []
    page.route(source, lambda route: held.append(route))
    with page.expect_request(source):
        slow.click()
    page.locator(".turn").first.locator("a.chip").first.evaluate("chip => chip.click()")  # under the reader on a phone
    mark = page.locator("#document mark#cited")
    expect(mark).to_contain_text("访客证")
    with page.expect_response(source):
        held[0].continue_()
    page.wait_for_timeout(100)
    expect(mark).to_contain_text("访客证")
    expect(page.locator("#title")).to_contain_text("来客登记办法")
    page.unroute_all()


def test_a_browser_that_keeps_nothing_shows_the_page(served: Served, watched: Watched) -> None:
    page = watched.open(served.url).context.new_page()
    for name in ("localStorage", "sessionStorage"):
        page.add_init_script(
            f"Object.defineProperty(window, '{name}', {{get() {{ throw new DOMException('no', 'SecurityError'); }}}})"
        )
    visit(page, served.url)
    expect(ask(page, QUESTION).locator(".said")).to_contain_text(ANSWER)
    page.locator("#language").click()
    expect(page.locator("#language")).to_have_text("中文")
    page.locator("#open-history").click()
    expect(page.locator("#conversations li")).to_have_count(1)


def test_a_browser_without_room_answers_and_switches_the_language(served: Served, watched: Watched) -> None:
    page = watched.open(served.url).context.new_page()
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); }")
    visit(page, served.url)
    page.locator("#language").click()
    expect(page.locator("#language")).to_have_text("中文")
    page.locator("#theme").click()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    expect(ask(page, QUESTION).locator(".said")).to_contain_text(ANSWER)


def test_a_refusal_says_what_is_missing_and_shows_what_is_near(page: Page) -> None:
    turn = ask(page, "番茄炒蛋怎么做？")
    expect(turn.locator(".verdict")).to_have_text(words(page)("refused"))
    expect(turn.locator(".said")).to_contain_text("文中没有提到“番茄”")
    expect(turn.locator("a.near")).to_have_count(3)
    expect(turn.locator("a.near small")).to_have_count(1)  # all of one document
    turn.locator("a.near").nth(1).click()
    expect(page.locator("#document mark#cited").first).to_be_in_viewport()


def test_a_written_answer_grows_and_shows_what_it_stands_on(page: Page, written: Callable[[float], list[str]]) -> None:
    written(0.06)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".answered[aria-busy=true] .pending")).to_be_visible()
    chip = turn.locator("a.chip").first
    chip.focus()  # while the rest is being written
    expect(turn.locator(".verdict")).to_contain_text(words(page)("partial"))
    expect(chip).to_be_focused()
    expect(page.get_by_role("tooltip")).to_contain_text(words(page)("mended"))
    expect(turn.locator(".said")).to_contain_text(MADE[0].rstrip("。"))
    expect(turn.locator(".unsupported")).to_have_text(MADE[1].rstrip("。"))
    expect(turn.locator(".why")).to_contain_text("2019年")
    expect(turn.locator(".unresolved")).to_have_text("[9?]")
    expect(turn.locator(".nearest")).to_have_count(0)
    note = turn.locator(".note")
    expect(note).to_have_text(re.compile("^(知识库可能没有答案|the knowledge base may not hold the answer)$"))


def test_stop_edit_and_retry(page: Page, written: Callable[[float], list[str]]) -> None:
    say = words(page)
    ended = written(0.1)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    turn = page.locator(".turn").last
    expect(turn.locator("a.chip").first).to_be_visible()
    page.locator("#stop").click()
    for _ in range(100):
        if not ended:
            page.wait_for_timeout(100)
    assert ended == ["stopped"]  # the model is not left writing for nobody
    expect(turn).to_contain_text(say("stopped"))
    expect(page.locator("#send")).to_be_visible()
    expect(turn.locator("a.chip")).to_have_count(1)  # what had come stays
    expect(turn.get_by_role("button", name=say("share"))).to_have_count(0)  # but is no whole answer
    expect(page.locator("#open-export")).to_be_disabled()
    written(0)
    press(turn, say("retry"))
    expect(turn.locator(".verdict")).to_be_visible()
    expect(turn.locator(".sentence")).to_have_count(3)
    press(turn, say("edit"))
    turn.locator(".editor textarea").fill("今年全民国家安全教育日的主题是什么？")
    press(turn, say("send"))
    expect(turn.locator(".question")).to_have_text("今年全民国家安全教育日的主题是什么？")
    expect(page.locator(".turn")).to_have_count(1)


@BOTH
def test_the_focus_stays_in_the_conversation_when_its_button_goes(
    page: Page, written: Callable[[float], list[str]]
) -> None:
    say = words(page)
    written(0.3)
    page.locator("#question").fill(QUESTION)
    page.locator("#send").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_be_focused()
    expect(page.locator("#status")).to_have_text(say("searching"))
    page.locator("#stop").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_be_focused()
    expect(page.locator("#status")).to_have_text(say("stopped"))


@BOTH
def test_an_edited_question_is_sent_by_enter_and_leaves_what_followed_in_the_history(page: Page) -> None:
    say = words(page)
    edited = "今年全民国家安全教育日的主题是什么？"
    ask(page, QUESTION)
    ask(page, "番茄炒蛋怎么做？")
    questions = page.locator(".turn .question")
    turn = page.locator(".turn").first
    press(turn, say("edit"))
    press(turn, say("send"))  # as it was: nothing below is left behind
    expect(turn.locator(".verdict")).to_be_visible()
    expect(questions).to_have_text([QUESTION, "番茄炒蛋怎么做？"])
    press(turn, say("edit"))
    expect(turn.locator(".editor")).to_contain_text(say("editBelow"))
    area = turn.locator(".editor textarea")
    expect(area).to_be_focused()
    area.fill(f" {edited}")
    area.press("Shift+Enter")
    expect(area).to_have_value(f" {edited}\n")
    area.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(area).to_be_visible()
    area.press("Enter")
    expect(questions).to_have_text([edited])
    expect(page.locator("#log")).to_be_focused()
    expect(turn.locator(".verdict")).to_be_visible()
    page.locator("#open-history").click()
    press(page.locator("#conversations"), QUESTION)
    expect(questions).to_have_text([QUESTION, "番茄炒蛋怎么做？"])
    assert kept_questions(page)[1] == [edited]


@BOTH
def test_an_edited_question_waits_for_the_answer_that_is_coming(
    page: Page, written: Callable[[float], list[str]]
) -> None:
    say = words(page)
    ask(page, QUESTION)
    turn = page.locator(".turn").first
    written(0.3)
    page.locator("#question").fill(HOSTILE_QUESTION)
    page.locator("#question").press("Enter")
    press(turn, say("edit"))
    turn.locator(".editor textarea").fill("第二个问题？")
    turn.locator(".editor textarea").press("Enter")
    page.locator("#stop").click()
    press(turn, say("cancel"))
    expect(turn.locator(".question")).to_have_text(QUESTION)
    expect(turn.locator(".quiet")).to_be_focused()


def test_suggestions_and_starters_answer(page: Page) -> None:
    page.locator(".welcome .follow button").first.click()
    turn = page.locator(".turn").first
    expect(turn.locator(".said")).to_contain_text(ANSWER)
    suggested = turn.locator(".follow button").first
    question = suggested.inner_text()
    suggested.click()
    second = page.locator(".turn").nth(1)
    expect(second.locator(".question")).to_have_text(question)
    expect(second.locator("a.chip").first).to_be_visible()


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def test_copy_as_text_and_as_markdown(page: Page) -> None:
    say = words(page)
    turn = ask(page, QUESTION)
    press(turn, say("copy"))
    expect(turn.locator(".outcome")).to_have_text(say("copied"))
    assert re.search(rf"{ANSWER}.*\[1\]\n\[1\] 《筑牢", clipboard(page))
    press(turn, say("copyMarkdown"))
    expect(turn.locator(".outcome")).to_have_text(say("copied"))
    assert re.match(r"## (.|\n)*\\\[1\\\] 《筑牢", clipboard(page))


def test_a_shared_link_reopens_the_answer_after_the_index_has_changed(page: Page, served: Served) -> None:
    say = words(page)
    turn = ask(page, HOSTILE_QUESTION)
    said = turn.locator(".said").inner_text()
    press(turn, say("share"))
    link = turn.locator(".outcome input").input_value()
    assert re.fullmatch(rf"{served.url}/\?answer=[0-9a-f]{{32}}", link)
    document = served.kb / "visitors.md"
    before = document.read_text(encoding="utf-8")
    document.write_text(before.replace("十七时", "二十时"), encoding="utf-8")
    served.rebuild()
    try:
        page.goto(link)
        turn = page.locator(".turn")
        expect(turn.locator(".said")).to_have_text(said, use_inner_text=True)
        expect(turn.locator(".note")).to_contain_text(re.compile("分享的回答|shared answer"))
        turn.locator(".sentence", has_text="十七时").locator("a.chip").click()
        expect(page.locator("#document mark#cited")).to_contain_text("十七时")
        expect(page.locator("#document .changed")).to_contain_text("来源已更新")
        expect(page.locator("#document .changed")).to_be_in_viewport(ratio=1)  # however far down the quote stands
    finally:
        document.write_text(before, encoding="utf-8")
        served.rebuild()


@BOTH
def test_back_from_a_shared_answer_brings_the_conversation_that_was_there(page: Page, served: Served) -> None:
    say = words(page)
    turn = ask(page, HOSTILE_QUESTION)
    press(turn, say("share"))
    link = turn.locator(".outcome input").input_value()
    page.locator("#new").click()
    ask(page, QUESTION)
    questions = page.locator(".turn .question")
    page.locator("#sources-tab").click()
    page.locator("#ask-tab").click()
    page.goto(link)
    expect(questions).to_have_text([HOSTILE_QUESTION])
    ask(page, "番茄炒蛋怎么做？")
    page.go_back()
    expect(questions).to_have_text([QUESTION])
    page.reload()
    expect(questions).to_have_text([QUESTION])
    page.go_forward()
    expect(questions).to_have_text([HOSTILE_QUESTION, "番茄炒蛋怎么做？"])
    page.locator("#new").click()
    page.locator("#sources-tab").click()
    page.go_back()
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()


@pytest.mark.parametrize(
    "answer", ["", "../../seal.key", "<img src=x onerror=alert(1)>", "0" * 32, "javascript:alert(1)"]
)
def test_a_hostile_or_broken_link_is_harmless(served: Served, watched: Watched, answer: str) -> None:
    watched.expected = ["404 (Not Found)"] if answer == "0" * 32 else []
    page = watched.open(f"{served.url}/?answer={quote(answer)}&question=<script>alert(1)</script>")
    expect(page.locator("#banner")).to_contain_text("没有这个分享的回答")
    assert ask(page, QUESTION).locator("a.chip").count() == 1
    assert page.url == f"{served.url}/"


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_export_the_conversation(page: Page, watched: Watched, tmp_path: Path, form: str) -> None:
    ask(page, QUESTION)
    ask(page, HOSTILE_QUESTION)
    verdict = words(page)("grounded")
    page.locator("#open-export").click()
    with page.expect_download() as download:
        page.locator(f"[data-form={form}]").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.suffix == {"html": ".html", "markdown": ".md"}[form]
    if form == "markdown":
        assert "\\<script\\>" in path.read_text(encoding="utf-8")
        return
    page.goto(path.as_uri())
    expect(page.locator("mark").first).to_contain_text(ANSWER)
    expect(page.locator("strong").first).to_have_text(verdict)
    expect(page.locator("h2").nth(1)).to_have_text(HOSTILE_QUESTION)
    expect(page.locator("body")).to_contain_text("押金是[U+202E]五十元[U+202C]")
    assert page.locator("script, img, a, [onmouseover]").count() == 0
    assert page.title() == "嘉问 Jiawen"


def test_history_stays_in_this_browser_until_it_is_cleared(page: Page) -> None:
    say = words(page)
    ask(page, QUESTION)
    page.reload()
    expect(page.locator(".turn .said")).to_contain_text(ANSWER)
    page.locator("#new").click()
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, "番茄炒蛋怎么做？")
    page.locator("#open-history").click()
    expect(page.locator("#conversations li")).to_have_count(2)
    press(page.locator("#conversations"), QUESTION)
    expect(page.locator(".turn .said")).to_contain_text(ANSWER)
    page.locator("#open-history").click()
    press(page.locator("#conversations"), f"{say('remove')}: 番茄炒蛋怎么做？")
    expect(page.locator("#conversations li")).to_have_count(1)
    page.locator("#clear").click()
    press(page.get_by_role("alertdialog"), say("clear"))
    expect(page.locator(".welcome")).to_be_visible()
    assert not page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('jiawen.conversation'))")
    page.locator("#open-history").click()
    expect(page.locator("#conversations")).to_have_text(say("noHistory"))
    page.keyboard.press("Escape")
    expect(page.locator("#open-history")).to_be_focused()


KEEP = """many => import(location.origin + '/page/store.js').then((store) => {
  for (let at = 1; at <= many; at++) store.keep({ id: `${at}`, turns: [{ question: `问${at}？`, given: null, state: "stopped" }] });
})"""


@BOTH
def test_a_long_history_leaves_its_buttons_in_sight_and_asks_before_it_is_cleared(page: Page) -> None:
    say = words(page)
    page.evaluate(KEEP, 40)
    page.locator("#open-history").click()
    rows = page.locator("#conversations li")
    expect(rows).to_have_count(40)
    for button in (page.locator("#clear"), page.locator("#history [data-close]")):
        expect(button).to_be_in_viewport(ratio=1)
    after = rows.nth(6).locator("button").first
    question = after.inner_text()
    rows.nth(5).locator("button").last.click()
    expect(page.get_by_role("button", name=question, exact=True)).to_be_focused()
    rows.last.locator("button").last.click()
    expect(rows).to_have_count(38)
    expect(rows.last.locator("button").first).to_be_focused()
    page.locator("#clear").click()
    press(page.get_by_role("alertdialog"), say("cancel"))
    expect(rows).to_have_count(38)
    expect(page.locator("#clear")).to_be_focused()


@BOTH
def test_deleting_the_open_conversation_begins_anew(page: Page) -> None:
    say = words(page)
    ask(page, "番茄炒蛋怎么做？")
    page.locator("#new").click()
    ask(page, QUESTION)
    page.locator("#open-history").click()
    press(page.locator("#conversations"), f"{say('remove')}: {QUESTION}")
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator("#conversations li")).to_have_count(1)
    expect(page.locator("#conversations button").first).to_be_focused()
    press(page.locator("#conversations"), f"{say('remove')}: 番茄炒蛋怎么做？")
    expect(page.locator("#history [data-close]")).to_be_focused()
    page.keyboard.press("Enter")
    ask(page, HOSTILE_QUESTION)
    assert kept_questions(page) == [[HOSTILE_QUESTION]]


@BOTH
def test_two_tabs_on_one_conversation_lose_nothing(
    page: Page, served: Served, written: Callable[[float], list[str]]
) -> None:
    theme = "今年全民国家安全教育日的主题是什么？"
    ask(page, QUESTION)
    other = visit(page.context.new_page(), served.url)
    other.locator("#open-history").click()
    press(other.locator("#conversations"), QUESTION)
    ask(other, "番茄炒蛋怎么做？")
    expect(page.locator(".turn .question")).to_have_text([QUESTION, "番茄炒蛋怎么做？"])
    expect(page.locator(".turn .verdict")).to_have_count(2)
    written(0.1)  # some seconds, so that a slow machine has asked in the other tab by then
    page.locator("#question").fill(HOSTILE_QUESTION)
    page.locator("#question").press("Enter")
    expect(other.locator(".turn")).to_have_count(3)
    ask(other, theme)  # while the first tab is still being answered
    expect(page.locator(".turn .verdict")).to_have_count(3)
    both = [QUESTION, "番茄炒蛋怎么做？", HOSTILE_QUESTION]
    assert sorted(kept_questions(page)) == [both, [*both, theme]]

    other.locator("#open-history").click()
    other.locator("#clear").click()
    press(other.get_by_role("alertdialog"), words(other)("clear"))
    expect(page.locator(".welcome")).to_be_visible()
    ask(page, QUESTION)
    assert kept_questions(page) == [[QUESTION]]
    other.close()


@BOTH
def test_conversations_kept_as_one_list_are_still_there(page: Page) -> None:
    kept = [{"id": str(at), "turns": [{"question": f"问{at}？", "given": None, "state": "stopped"}]} for at in (9, 8)]
    page.evaluate("kept => localStorage.setItem('jiawen.conversations', JSON.stringify(kept))", kept)
    page.reload()
    page.locator("#open-history").click()
    expect(page.locator("#conversations li button:first-child")).to_have_text(["问9？", "问8？"])


@BOTH
def test_a_first_question_whose_answer_did_not_come_is_kept(page: Page, watched: Watched) -> None:
    say = words(page)
    watched.expected = ["ERR_"]
    held: list[Route] = []
    page.route("**/api/ask/stream", lambda route: held.append(route))
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn .waiting")).to_be_visible()
    page.reload()
    turn = page.locator(".turn")
    expect(turn.locator(".question")).to_have_text(QUESTION)
    page.unroute("**/api/ask/stream")
    page.route("**/api/ask/stream", lambda route: route.abort())
    press(turn, say("retry"))
    expect(turn.locator(".trouble")).to_have_text(say("lostAnswer"))
    page.unroute("**/api/ask/stream")
    page.reload()
    expect(turn.locator(".trouble")).to_have_text(say("lostAnswer"))
    press(turn, say("retry"))
    expect(turn.locator(".said")).to_contain_text(ANSWER)


def test_feedback_with_a_reason(page: Page, served: Served) -> None:
    say = words(page)
    turn = ask(page, QUESTION)
    press(turn, say("good"))
    expect(turn.locator(".outcome")).to_have_text(say("thanks"))
    expect(turn.locator(".vote").first).to_be_focused()
    press(turn, say("bad"))
    turn.locator(".outcome button").nth(3).click()
    expect(turn.locator(".outcome")).to_have_text(say("thanks"))
    expect(turn.locator(".vote[aria-pressed=true]")).to_have_text(say("bad"))
    rows = (served.live.index / "feedback.jsonl").read_text(encoding="utf-8").splitlines()[-2:]
    assert [(row["good"], row["reason"]) for row in map(json.loads, rows)] == [(True, ""), (False, "should be refused")]


@pytest.mark.parametrize(("opens", "inside"), [("share", "input"), ("bad", "button")])
def test_what_a_button_opens_under_an_answer_is_in_sight_until_escape(page: Page, opens: str, inside: str) -> None:
    say = words(page)
    turn = ask(page, QUESTION)
    opener = turn.get_by_role("button", name=say(opens), exact=True)
    expect(turn.locator(".follow")).to_be_visible()  # nothing moves any more
    opener.evaluate("""(one) => {
      document.getElementById("log").style.flex = "none";  // the buttons are the last thing to be seen
      document.getElementById("log").style.height = "10rem";
      one.closest(".bar").scrollIntoView({ block: "end" });
    }""")
    opener.click()
    outcome = turn.locator(".outcome")
    expect(outcome.locator(inside).first).to_be_focused()
    expect(outcome).to_be_in_viewport(ratio=0.99)
    page.keyboard.press("Escape")
    expect(outcome).to_be_empty()
    expect(opener).to_be_focused()


def test_by_keyboard_alone(served: Served, watched: Watched) -> None:
    page = watched.open(served.url)
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Shift+Enter")  # a new line, not yet the question
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    chip = page.locator("a.chip")
    expect(chip).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.className") == "chip":
            break
    expect(page.get_by_role("tooltip")).to_contain_text(ANSWER)
    page.keyboard.press("Enter")
    expect(page.locator("#cited")).to_be_focused()
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()


def test_the_tooltip_stays_while_the_mouse_is_on_it(served: Served, watched: Watched) -> None:
    page = watched.open(served.url)
    ask(page, QUESTION).locator("a.chip").hover()
    tip = page.get_by_role("tooltip")
    tip.hover()
    page.wait_for_timeout(400)
    expect(tip).to_be_visible()
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_the_tooltip_does_not_lie_over_the_answer_where_nothing_takes_it_away(served: Served, watched: Watched) -> None:
    page = watched.open(served.url, 360)
    tip = page.locator("#tip")
    for question in (QUESTION, HOSTILE_QUESTION, "番茄炒蛋怎么做？"):
        turn = ask(page, question)
    chip = page.locator("a.chip").first
    chip.tap()
    expect(page.locator("#cited")).to_be_visible()
    page.locator("#close").tap()
    expect(chip).to_be_focused()
    expect(tip).to_be_hidden()
    page.locator("#log").evaluate("log => { log.scrollTop = log.scrollHeight }")
    turn.locator(".actions button").first.focus()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")  # to a chip that is out of sight
        if page.evaluate("document.activeElement.className") == "chip":
            break
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")  # the log has been scrolled
    expect(tip).to_be_in_viewport(ratio=1)
    page.locator("#log").evaluate("log => { log.scrollTop = log.scrollHeight }")
    expect(tip).to_be_hidden()


def test_language_and_theme_are_switched_and_remembered(page: Page) -> None:
    other = {"zh": "en", "en": "zh"}[page.evaluate("document.documentElement.lang")]
    ask(page, QUESTION)
    dark = page.evaluate("getComputedStyle(document.querySelector('#ask')).backgroundColor")
    page.locator("#language").click()
    page.locator("#theme").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", other)
    expect(page.locator(".turn .verdict")).to_contain_text({"zh": "有据", "en": "Grounded"}[other])
    expect(page.locator("#send")).to_have_text({"zh": "提问", "en": "Ask"}[other])
    expect(page.locator("#ask")).not_to_have_css("background-color", dark)


@BOTH
def test_switching_the_language_keeps_the_place_and_what_is_being_edited(page: Page) -> None:
    for question in (QUESTION, HOSTILE_QUESTION, "番茄炒蛋怎么做？"):
        ask(page, question)
    turn, log = page.locator(".turn").first, page.locator("#log")
    press(turn, words(page)("edit"))
    turn.locator(".editor textarea").fill("改了一半的")
    log.evaluate("log => { log.scrollTop = 40 }")
    page.locator("#language").click()
    expect(turn.locator(".editor button").first).to_have_text(words(page)("send"))
    expect(turn.locator(".editor textarea")).to_have_value("改了一半的")
    assert log.evaluate("log => log.scrollTop") == 40
    press(turn, words(page)("cancel"))
    expect(turn.locator(".question")).to_have_text(QUESTION)


@BOTH
def test_language_and_theme_follow_another_tab(page: Page, served: Served) -> None:
    ask(page, QUESTION)
    other = visit(page.context.new_page(), served.url)
    other.locator("#language").click()
    other.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("lang", other.evaluate("document.documentElement.lang"))
    expect(page.locator("#send")).to_have_text(words(other)("ask"))
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    other.close()


@BOTH
def test_a_note_stands_in_the_place_of_high_confidence(page: Page) -> None:
    say = words(page)
    turn = ask(page, f"{QUESTION}番茄炒蛋怎么做？")
    expect(turn.locator(".note")).to_contain_text("番茄炒蛋怎么做？")
    expect(turn.locator(".verdict")).to_have_text(re.compile(rf"^{say('grounded')} · \D*1\D*$"))
    for word in ("sure", "fairly", "unsure"):
        expect(turn.locator(".verdict")).not_to_contain_text(say(word))
    expect(page.locator("#status")).to_contain_text(turn.locator(".note").inner_text())


@BOTH
def test_thanks_are_not_called_not_found(page: Page) -> None:
    page.locator("#question").fill("谢谢！")
    page.locator("#question").press("Enter")
    expect(page.locator(".said")).to_contain_text("请写下您想查的问题")
    expect(page.locator("#status")).to_contain_text("请写下您想查的问题")
    for place in ("#log", "#status"):
        expect(page.locator(place)).not_to_contain_text(words(page)("refused"))


@BOTH
def test_escape_closes_the_editor_or_the_source_but_not_while_a_word_is_composed(page: Page) -> None:
    turn = ask(page, QUESTION)
    press(turn, words(page)("edit"))
    area = turn.locator(".editor textarea")
    area.dispatch_event("keydown", {"key": "Escape", "isComposing": True, "bubbles": True})
    expect(area).to_be_visible()
    area.press("Escape")
    expect(turn.locator(".question")).to_have_text(QUESTION)
    expect(turn.get_by_role("button", name=words(page)("edit"))).to_be_focused()
    turn.locator("a.chip").click()
    page.locator("#document").dispatch_event("keydown", {"key": "Escape", "isComposing": True, "bubbles": True})
    expect(page.locator("#reader")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    turn = ask(page, f"<img src=x onerror=alert(1)>{HOSTILE_QUESTION}<script>alert(1)</script>")
    expect(turn.locator(".question")).to_contain_text("<script>alert(1)</script>")
    expect(turn.locator(".said")).to_contain_text("访客证<script>document.title='broken'</script>")
    expect(turn.locator(".said")).to_contain_text("押金是[U+202E]五十元[U+202C]，由零\u200b宽银行代收，不得转借他人")
    expect(turn.locator(".said strong")).to_have_text(["不得"])  # all the markup that is one
    assert turn.locator(".said b").count() == 0
    turn.locator("a.chip").first.click()
    document = page.locator("#document")
    expect(document.locator("h2").first).to_have_text("第一节 [点这里](javascript:alert(1)) 登记")
    expect(document.locator("h1")).to_contain_text("<img src=x onerror=")
    assert page.locator("#ask :is(img, script, [onerror], [onmouseover], a[href^=javascript])").count() == 0
    assert page.title() == "嘉问 Jiawen"


def test_no_index_yet_and_then_one(browser: object, served: Served, tmp_path: Path, page: Page) -> None:
    locale = page.evaluate("navigator.language")
    width = page.viewport_size["width"]
    live = Live(tmp_path / "the index", None)
    with running(live) as url:
        watching = Watched(browser)
        empty = watching.open(url, width, locale)
        expect(empty.locator(".welcome h2")).to_have_text(words(empty)("missing"))
        expect(empty.locator(".welcome code")).to_have_text(f".venv/bin/jiawen index --index '{tmp_path}/the index'")
        expect(empty.locator("#question")).to_be_disabled()
        live._bot = served.live.bot
        expect(empty.locator(".welcome h2")).to_have_text(words(empty)("welcome"))
        expect(empty.locator("#question")).to_be_enabled()
        watching.check(url.removeprefix("http://"))


def test_the_index_is_being_built(page: Page, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.live, "rebuild", Rebuild(running=True))
    page.reload()
    expect(page.locator("#banner")).to_have_text(words(page)("rebuilding"))
    assert ask(page, QUESTION).locator("a.chip").count() == 1
    monkeypatch.setattr(served.live, "rebuild", Rebuild())
    expect(page.locator("#banner")).to_be_hidden()


def test_the_model_is_not_reachable(page: Page, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        name = "down"

        def stream(self, instructions: str, text: str, seconds: float) -> object:
            raise ModelError("连不上", "it cannot be reached")

    monkeypatch.setattr(served.live.bot, "model", Down())
    turn = ask(page, QUESTION)
    expect(turn.locator(".note")).to_have_text(re.compile("连不上|it cannot be reached"))
    expect(turn.locator(".said")).to_contain_text(ANSWER)


@BOTH
def test_what_nobody_tries_again_says_so_without_a_connection(page: Page, watched: Watched) -> None:
    say = words(page)
    watched.expected = ["ERR_INTERNET_DISCONNECTED"]
    turn = ask(page, QUESTION)
    page.context.set_offline(True)
    for name in ("share", "copy"):
        press(turn, say(name))
        expect(turn.locator(".outcome")).to_have_text(say("unreachable"))
    turn.locator("a.chip").click()
    expect(page.locator("#document")).to_contain_text(say("unreachable"))
    page.context.set_offline(False)


def test_the_connection_is_lost_and_comes_back(page: Page, watched: Watched) -> None:
    say = words(page)
    watched.expected = ["ERR_INTERNET_DISCONNECTED"]
    lost, back = say("lost"), say("back")
    page.context.set_offline(True)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    turn = page.locator(".turn")
    expect(turn.locator(".trouble")).to_be_visible()
    expect(page.locator("#banner")).to_have_text(lost)
    page.context.set_offline(False)
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#status")).to_have_text(back)
    press(turn, say("retry"))
    expect(turn.locator("a.chip")).to_be_visible()


@BOTH
def test_an_answer_stays_where_another_does_not_come(page: Page, watched: Watched) -> None:
    say = words(page)
    watched.expected = ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    ask(page, QUESTION)
    ask(page, "番茄炒蛋怎么做？")
    turn, questions = page.locator(".turn").first, page.locator(".turn .question")
    page.context.set_offline(True)
    press(turn, say("retry"))
    expect(turn.locator(".outcome")).to_have_text(say("unreachable"))
    expect(turn.locator(".said")).to_contain_text(ANSWER)
    press(turn, say("edit"))
    area = turn.locator(".editor textarea")
    area.fill("安" * 501)
    expect(turn.locator(".counter")).to_contain_text("501")
    area.press("Enter")
    expect(turn.locator(".said")).to_contain_text(ANSWER)
    area.fill("另一个问题？")
    area.press("Enter")
    expect(turn.locator(".outcome")).to_have_text(say("unreachable"))
    expect(turn.locator(".said")).to_contain_text(ANSWER)
    expect(area).to_have_value("另一个问题？")  # not to be typed again
    assert kept_questions(page) == [[QUESTION, "番茄炒蛋怎么做？"]]
    page.context.set_offline(False)
    press(turn, say("cancel"))
    page.route("**/api/ask/stream", lambda route: None)
    press(turn, say("retry"))
    expect(turn.locator(".waiting")).to_be_visible()
    page.reload()  # before the first line
    expect(turn.locator(".said")).to_contain_text(ANSWER)
    expect(questions).to_have_text([QUESTION, "番茄炒蛋怎么做？"])
    page.unroute("**/api/ask/stream")


def test_the_server_breaks_off(page: Page, served: Served, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.expected = ["ERR_INCOMPLETE_CHUNKED_ENCODING"]

    def broken(self: Answerer, *_: object) -> object:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Answerer, "stream", broken)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator(".turn .trouble")).to_have_text(words(page)("lostAnswer"))


def test_an_over_long_question_is_counted_and_not_sent(page: Page) -> None:
    field = page.locator("#question")
    field.fill("安" * 450)
    expect(page.locator("#counter")).to_have_text("450 / 500")
    field.fill("安" * 501)
    expect(page.locator("#counter")).to_contain_text("501")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#send")).to_be_disabled()
    field.press("Enter")
    expect(page.locator(".turn")).to_have_count(0)
    field.fill("\U00020bb7" * 400)  # two code units each, one character
    expect(page.locator("#send")).to_be_enabled()


SMALL = """() => [...document.querySelectorAll("#ask button, #masthead button, #ask a, #ask textarea, #ask input")]
  .filter((one) => one.checkVisibility() && !one.matches(".chip"))
  .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 40 || box.height < 40).map(([html]) => html)"""
CUT = """() => [...document.querySelectorAll("#ask *, #masthead *")].filter((one) => one.checkVisibility()
  && !one.closest(".unseen, .index-line") && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""


def sound(page: Page) -> None:
    """No serious finding of axe, nothing too small for a finger, nothing cut at the right."""
    accessible(page)
    assert page.evaluate(SMALL) == []
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessibility_of_every_state(page: Page, theme: str, written: Callable[[float], list[str]]) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()
    sound(page)
    turn = ask(page, HOSTILE_QUESTION)
    ask(page, "番茄炒蛋怎么做？")
    written(0)
    ask(page, QUESTION)
    turn.locator(".vote").nth(1).click()
    page.locator("#question").fill("安" * 501)
    sound(page)
    page.locator("a.chip").last.focus()
    sound(page)
    page.locator("a.chip").last.click()
    expect(page.locator("#cited")).to_be_visible()
    sound(page)
    page.keyboard.press("Escape")
    page.locator("#open-history").click()
    sound(page)


def test_large_text_on_a_phone_is_not_cut_and_leaves_room_for_the_conversation(
    served: Served, watched: Watched
) -> None:
    page = watched.open(served.url, 360, "en-US")
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    visit(page, served.url)
    ask(page, QUESTION)
    assert page.evaluate(CUT) == []
    for control in ("#language", "#theme"):
        lines = "one => one.clientHeight / parseFloat(getComputedStyle(one).fontSize)"
        assert page.locator(control).evaluate(lines) < 3  # on one line, with its padding
    assert page.locator("#ask-tab").evaluate("one => parseFloat(getComputedStyle(one).fontSize)") == 28
    assert page.locator("#log").evaluate(
        "log => log.clientHeight == log.scrollHeight"
    )  # the page is scrolled, not a strip
    page.locator("#sources-tab").click()
    page.locator(".entry").first.click()
    page.locator("#leaf input[type=search]").fill("来客")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#leaf .find > *").first.evaluate("one => one.getBoundingClientRect().left") >= 0


def test_a_printed_conversation_is_whole_and_dark_on_light(served: Served, watched: Watched) -> None:
    page = watched.open(served.url, 360)
    page.emulate_media(color_scheme="dark")
    for question in (QUESTION, HOSTILE_QUESTION, "番茄炒蛋怎么做？"):
        ask(page, question)
    page.locator("a.chip").first.click()
    expect(page.locator("#cited")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    cut = "[...document.querySelectorAll('*')].filter((one) => one.scrollHeight > one.clientHeight + 1 && getComputedStyle(one).overflowY != 'visible' && one.querySelector('.turn')).length"
    assert page.evaluate(cut) == 0
    for turn in page.locator(".turn .said").all():
        expect(turn).to_be_visible()
    expect(page.locator("#reader")).to_be_hidden()
    assert page.locator("button:visible, textarea:visible, #tabs:visible").count() == 0
    said = page.locator(".said").first
    expect(said).to_have_css("color", "rgb(27, 35, 48)")
    expect(page.locator("#ask")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_chinese_is_set_well(served: Served, watched: Watched) -> None:
    """Line height 1.7 to 1.8; no line of the answer or the document begins with a closing mark or with a chip."""
    page = watched.open(served.url, 360)
    turn = ask(page, QUESTION)
    turn.locator("a.chip").click()
    expect(page.locator("#cited")).to_be_visible()
    for place in (".said", "#document"):
        ratio = page.evaluate(
            "place => { const style = getComputedStyle(document.querySelector(place));"
            " return parseFloat(style.lineHeight) / parseFloat(style.fontSize); }",
            place,
        )
        assert 1.7 <= ratio <= 1.8
    starts = page.evaluate("""() => {
      const firsts = [];
      for (const root of document.querySelectorAll(".said, #document")) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        let bottom = -1;
        while (walker.nextNode()) {
          const node = walker.currentNode;
          for (let at = 0; at < node.length; at++) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            const box = range.getBoundingClientRect();
            if (box.width && box.top >= bottom) firsts.push(node.data[at]);
            if (box.width) bottom = Math.max(bottom, box.bottom - 4);
          }
        }
      }
      return firsts;
    }""")
    assert len(starts) > 50
    assert not set(starts) & set("，。、；：？！”’）》」』】…")


def test_nothing_moves_for_those_who_ask_for_it(
    served: Served, watched: Watched, written: Callable[[float], list[str]]
) -> None:
    written(0.02)
    page = watched.open(served.url, reduced_motion="reduce")
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    # In one step: what waits goes with the first words.
    moving = "() => { const one = document.querySelector('#ask .waiting'); return one && getComputedStyle(one).animationName }"
    assert page.wait_for_function(moving).json_value() == "none"
    expect(page.locator(".verdict")).to_be_visible()


def test_a_second_question_while_the_first_is_answered_waits(
    served: Served, watched: Watched, written: Callable[[float], list[str]]
) -> None:
    written(0.06)
    page = watched.open(served.url)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    page.locator("#question").fill("第二个问题？")
    page.locator("#question").press("Enter")
    expect(page.locator(".turn .verdict")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator("#question")).to_have_value("第二个问题？")
