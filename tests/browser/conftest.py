"""One server and one browser for all tests of the page; a model whose words each test sets."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    WebError,
    expect,
)

from bot.answer import Answerer, History, open_bot
from bot.live import Live
from bot.types import Answer, AnswerSentence, Verdict
from indexer.build import build
from indexer.config import IndexConfig
from tests.conftest import ROOT

expect.set_options(timeout=15_000)  # CI machines stall

SIZES = [(1280, "zh-CN"), (360, "zh-CN"), (1280, "en-US"), (360, "en-US")]
BOTH = pytest.mark.parametrize("page", [SIZES[0], SIZES[3]], ids=["zh-1280", "en-360"], indirect=True)  # for slow flows
PASSWORD = "城门 open"
HOSTILE = """---
title: <img src=x onerror="document.title='broken'">来客登记办法
questions:
  - 访客证<script>document.title='broken'</script>几点交还？
---

# <img src=x onerror="document.title='broken'">来客登记办法

## 第一节 [点这里](javascript:alert(1)) 登记

来客应在北门登记处领取访客证<script>document.title='broken'</script>，当日十七时之前交还访客证。

访客证的押金是\u202e五十元\u202c，由零\u200b宽银行代收，**不得**转借他人，见 <b onmouseover="alert(1)">附表</b>。
"""


MADE = ("嘉峪关长城博物馆被命名为甘肃省国家安全教育基地。", "这件事发生在2019年。", "全市培育专职讲解员4名。")


def growing(found: Answer, pause: float) -> Iterator[Answer]:
    """The found answer as a language model would have written it, a character at a time: its first sentence supported,
    its second not, its third with a number that names no passage.
    """
    made = (
        AnswerSentence(MADE[0], (1,), supported=True, mended=True),
        AnswerSentence(MADE[1], (), supported=False, reason="文中没有“2019年” | “2019年” is not in the passage"),
        AnswerSentence(MADE[2], (1,), supported=True, unresolved=(9,)),
    )
    partial = replace(found, verdict=Verdict.PARTIAL, answerer="scripted", citations=found.citations[:1], grows=True)
    for number, sentence in enumerate(made):
        for length in range(len(sentence.text)):
            time.sleep(pause)
            yield replace(partial, sentences=made[:number], pending=sentence.text[:length])
    yield replace(
        partial, sentences=made, grows=False, note="知识库可能没有答案 | the knowledge base may not hold the answer"
    )


@dataclass
class Served:
    """A running page: its address and what answers behind it."""

    url: str
    live: Live
    kb: Path

    def rebuild(self) -> None:
        build(self.kb, self.live.index, IndexConfig())
        self.live.refresh()


@contextmanager
def running(live: Live) -> Iterator[str]:
    """The address of a server in a thread of this process."""
    from bot.api import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(live), port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def live_over(folder: Path, texts: Mapping[str, str]) -> Live:
    """Over folder/index, built from the texts, which are files of folder/kb by their names."""
    kb = folder / "kb"
    kb.mkdir()
    for name, text in texts.items():
        (kb / name).write_text(text, encoding="utf-8")
    build(kb, folder / "index", IndexConfig())
    return Live(folder / "index", open_bot(folder / "index"))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The repository's article and a hostile document."""
    folder = tmp_path_factory.mktemp("page")
    article = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "kb").glob("jia*.md")}
    live = live_over(folder, article | {"visitors.md": HOSTILE})
    with running(live) as url:
        yield Served(url, live, folder / "kb")


@pytest.fixture
def written(served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[str]]:
    """`written(pause)`: from now on answers grow as `growing` has it; the list says how each ended on the server."""
    bot = served.live.bot

    def use(pause: float) -> list[str]:
        ended: list[str] = []

        def stream(question: str, history: History = ()) -> Iterator[Answer]:
            *_, found = Answerer.stream(bot, question, history)
            try:
                yield from growing(found, pause)
                ended.append("whole")
            except GeneratorExit:
                ended.append("stopped")

        monkeypatch.setattr(bot, "stream", stream)
        return ended

    return use


@dataclass
class Watched:
    """Holds pages to it: no request to another host, no console error but the expected, no dialog."""

    browser: Browser
    expected: list[str] = field(default_factory=list)  # parts of console errors that the test brings about
    _hosts: set[str] = field(default_factory=set)
    _errors: list[str] = field(default_factory=list)
    _opened: list[BrowserContext] = field(default_factory=list)

    def open(self, url: str, width: int = 1280, locale: str = "zh-CN", **options: object) -> Page:
        """The page in a browser context of its own."""
        context = new_context(self.browser, width, locale, **options)
        self._opened.append(context)
        self.watch(context)
        return visit(context.new_page(), url)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", self._weberror)
        context.on("dialog", self._dialog)

    def release(self, context: BrowserContext) -> None:
        context.remove_listener("request", self._request)
        context.remove_listener("console", self._console)
        context.remove_listener("weberror", self._weberror)
        context.remove_listener("dialog", self._dialog)

    def _request(self, request: Request) -> None:
        self._hosts.add(urlsplit(request.url).netloc)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(message.text)

    def _weberror(self, error: WebError) -> None:
        self._errors.append(str(error.error))

    def _dialog(self, dialog: Dialog) -> None:
        self._errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check(self, host: str) -> None:
        for context in self._opened:
            context.close()
        assert self._hosts - {""} == {host}
        assert [text for text in self._errors if not any(part in text for part in self.expected)] == []


def new_context(browser: Browser, width: int, locale: str, **options: object) -> BrowserContext:
    touch = {"has_touch": True, "is_mobile": True} if width < 600 else {}
    context = browser.new_context(viewport={"width": width, "height": 780}, locale=locale, **touch, **options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    return context


def visit(page: Page, url: str) -> Page:
    page.set_default_timeout(15_000)
    page.set_default_navigation_timeout(60_000)  # all of Gradio's scripts, the first time
    page.goto(url)
    page.locator("#log > :is(.welcome, .turn)").first.wait_for(timeout=60_000)  # the server's state has come
    return page


@contextmanager
def watching(browser: Browser, url: str) -> Iterator[Watched]:
    """Watches the pages of that server; they are checked at the end."""
    watched = Watched(browser)
    yield watched
    watched.check(urlsplit(url).netloc)


@pytest.fixture
def watched(browser: Browser, served: Served) -> Iterator[Watched]:
    with watching(browser, served.url) as watched:
        yield watched


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> dict[tuple[int, str], Page]:
    """One page for each size and language: the browser keeps Gradio's scripts, and a test costs a third."""
    return {size: new_context(browser, *size).new_page() for size in SIZES}


def fresh(tab: Page, url: str) -> Page:
    """The page with nothing kept from another test, one that failed in the middle included."""
    tab.unroute_all(behavior="ignoreErrors")
    for other in tab.context.pages:
        if other != tab:
            other.close()
    tab.context.clear_cookies()
    tab.goto(f"{url}/page/page.css")
    tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return tab


@pytest.fixture(params=SIZES, ids=lambda one: f"{one[1][:2]}-{one[0]}")
def page(
    request: pytest.FixtureRequest, served: Served, watched: Watched, tabs: dict[tuple[int, str], Page]
) -> Iterator[Page]:
    """The page, open, in each language at each width, with nothing kept from another test."""
    tab = fresh(tabs[request.param], served.url)
    watched.watch(tab.context)
    yield visit(tab, served.url)
    tab.context.set_offline(False)
    watched.release(tab.context)


def press(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def look(page: Page) -> None:
    """The page asks at once what has changed, not seconds later."""
    page.evaluate("document.dispatchEvent(new Event('jiawen:part'))")


SETTLED = """(dark) => document.body.classList.contains('dark') === dark &&
  document.getAnimations().every((one) => one.playState !== 'running')"""
SMALL = """([part, aside]) => [...document.querySelectorAll(`#tabs button, ${part} :is(button, input, select, summary)`)]
  .filter((one) => one.checkVisibility() && !one.matches(aside) && Math.min(one.offsetWidth, one.offsetHeight) < 40)
  .map((one) => one.outerHTML.slice(0, 120))"""
CUT = """([part, aside]) => [...document.querySelectorAll(`#tabs *, ${part} *`)]
  .filter((one) => one.checkVisibility() && !one.matches(aside) && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""


def accessible(page: Page) -> None:
    """No serious finding of axe."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in serious] == []


def sound(page: Page, part: str, aside: str = "option") -> None:
    """Accessible in both themes; in the part nothing too small for a finger, nothing cut at the right, but `aside`."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_function(SETTLED, arg=theme == "dark")
        accessible(page)
    assert page.evaluate(SMALL, [part, aside]) == []
    assert page.evaluate(CUT, [part, aside]) == []


def words(page: Page) -> Callable[[str], str]:
    """The words of the language that the page shows, by their name in page/words.js."""
    return lambda name: page.evaluate(
        "name => import(location.origin + '/page/words.js').then((words) => words.say(name))", name
    )
