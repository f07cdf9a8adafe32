"""The page in a real browser: ask, click a citation, see it marked; by keyboard; on a phone; no other host."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
QUESTION = "嘉峪关长城博物馆被命名为什么基地？"
ANSWER = "甘肃省国家安全教育基地"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=[*quiet, "--disable-component-update"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """The chat page, open; at the end it must have asked no other host and raised no script error."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    hosts: set[str] = set()
    errors: list[object] = []
    opened.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    opened.on("pageerror", lambda error: errors.append(error))
    opened.goto(site)
    opened.get_by_role("textbox").wait_for()
    yield opened
    assert hosts - {""} == {urlsplit(site).netloc}
    assert not errors
    assert len(context.pages) == 1
    context.close()


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox").fill(question)
    page.keyboard.press("Enter")


def test_ask_and_open_the_citation(page: Page) -> None:
    ask(page, QUESTION)
    citation = page.get_by_role("link", name="[1]")
    expect(citation).to_have_count(1)
    expect(page.locator(".message.bot")).to_contain_text(ANSWER)
    source = page.frame_locator("#source iframe")
    expect(source.locator("mark#cited")).to_contain_text(ANSWER)
    expect(source.locator("mark#cited")).to_be_in_viewport()
    page.wait_for_timeout(500)
    assert page.evaluate("document.activeElement.tagName") != "IFRAME"  # the next question can be typed at once

    ask(page, "今年全民国家安全教育日的主题是什么？")
    expect(source.locator("mark#cited")).to_contain_text("创新引领10周年")
    citation.first.click()  # the older answer's
    expect(source.locator("mark#cited")).to_contain_text(ANSWER)

    ask(page, "番茄炒蛋怎么做？")  # short, and yet it does not lean on the question before
    expect(page.locator(".message.bot").last).to_contain_text("文中没有提到“番茄”")
    expect(source.locator("mark#cited")).to_be_in_viewport()
    expect(source.locator("body")).to_contain_text("营造繁荣稳定的发展环境")  # the whole article is there


def test_a_starter_question_answers(page: Page) -> None:
    page.get_by_text("全市有多少所中小学参加了思政课评比活动？").click()
    expect(page.locator(".message.bot")).to_contain_text("25所中小学")


def test_by_keyboard_alone(page: Page) -> None:
    page.get_by_role("textbox").focus()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="[1]")
    expect(link).to_have_count(1)
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "[1]":
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.frame_locator("#source iframe").locator("mark#cited")).to_contain_text(ANSWER)
    assert page.evaluate("document.activeElement.tagName") == "IFRAME"


def test_off_topic_is_refused_and_shows_what_is_near(page: Page) -> None:
    ask(page, "番茄炒蛋怎么做？")
    bot = page.locator(".message.bot")
    expect(bot).to_contain_text("知识库中没有找到相关内容")
    expect(bot.get_by_role("link")).to_have_count(3)
    bot.get_by_role("link").nth(1).click()
    expect(page.frame_locator("#source iframe").locator("mark#cited")).to_have_count(1)


def test_markup_in_a_question_does_nothing(page: Page) -> None:
    ask(page, '嘉峪关长城博物馆<script>document.title="x"</script><b onmouseover=alert(1)>被命名</b>为什么基地？')
    expect(page.get_by_role("link", name="[1]")).to_have_count(1)
    assert page.title() == "嘉问 Jiawen"
    assert page.locator("[onmouseover]").count() == 0


def test_the_line_that_says_which_index_answers(page: Page, site: str) -> None:
    from json import loads
    from urllib.request import urlopen

    with urlopen(f"{site}/api/health") as response:
        version = loads(response.read())["index_version"]
    expect(page.locator("#about")).to_contain_text(version)
    expect(page.locator("#about")).to_contain_text("1 篇文档")


def test_on_a_phone(browser: Browser, site: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True, locale="en-US"
    )
    page = context.new_page()
    page.goto(site)
    ask(page, QUESTION)
    expect(page.frame_locator("#source iframe").locator("mark#cited")).to_have_count(1)
    page.wait_for_timeout(500)
    expect(page.locator(".message.bot")).to_be_in_viewport()  # the source has not scrolled the answer away
    page.get_by_role("link", name="[1]").tap()
    expect(page.frame_locator("#source iframe").locator("mark#cited")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
