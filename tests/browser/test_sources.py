"""The Sources part in a real browser, in both languages, at 360 and 1280 px: reading for all, changing for an editor."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from bot.live import Rebuild
from tests.browser.conftest import (
    BOTH,
    HOSTILE,
    PASSWORD,
    SIZES,
    Served,
    Watched,
    fresh,
    live_over,
    look,
    press,
    running,
    sound,
    visit,
    watching,
    words,
)  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]
NOTICE = """---
title: 城市博物馆公告
source: 市报
published: 2024-04-16
---

# 城市博物馆公告

城市博物馆每周一闭馆。门票是二十元。

## 交通

地铁二号线到博物馆站，公交三路也到。
"""
LONG = "# 长文\n\n" + "\n\n".join(f"第{number}段写得够长，好让它自成一段。" * 6 for number in range(130))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page over a kb/ of its own, where an editor may sign in."""
    folder = tmp_path_factory.mktemp("shelf")
    live = live_over(folder, {"notice.md": NOTICE, "visitors.md": HOSTILE, "long.md": LONG})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JIAWEN_EDITOR_PASSWORD", PASSWORD)
        with running(live) as url:
            yield Served(url, live, folder / "kb")


@pytest.fixture
def watch(browser: Browser, shelf: Served) -> Iterator[Watched]:
    with watching(browser, shelf.url) as watched:
        yield watched


@pytest.fixture(params=SIZES, ids=lambda one: f"{one[1][:2]}-{one[0]}")
def page(
    request: pytest.FixtureRequest, shelf: Served, watch: Watched, tabs: dict[tuple[int, str], Page]
) -> Iterator[Page]:
    """The Sources part, open, with nobody signed in."""
    tab = fresh(tabs[request.param], shelf.url)
    watch.watch(tab.context)
    visit(tab, shelf.url).locator("#sources-tab").click()
    expect(tab.locator(".entry")).to_have_count(3)
    yield tab
    watch.release(tab.context)


def sign_in(page: Page) -> None:
    page.locator("#desk .sign").click()
    page.locator("dialog input").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=words(page)("rebuild"), exact=True)).to_be_enabled()


def entry(page: Page, doc_id: str) -> Locator:
    return page.locator(f".entry[data-id='{doc_id}']")


def test_tabs_by_mouse_keyboard_and_address(page: Page, shelf: Served) -> None:
    assert page.url == f"{shelf.url}/#sources"
    expect(page.locator("#question")).to_be_hidden()
    page.locator("#sources-tab").press("ArrowLeft")
    expect(page.get_by_role("tab", selected=True)).to_be_focused()
    expect(page.locator("#question")).to_be_visible()
    expect(page.locator(".sources")).to_be_hidden()
    page.go_back()
    expect(page.get_by_role("tabpanel")).to_have_id("sources")
    page.reload()
    expect(entry(page, "notice")).to_be_visible()


def test_read_a_document_and_find_in_it(page: Page) -> None:
    say = words(page)
    row = entry(page, "notice")
    expect(row).to_contain_text("市报 · 2024-04-16 · notice.md")
    expect(row).to_contain_text(re.compile(r"\d+ (字|characters) · \d+ (段|passages)"))
    row.click()
    text = page.locator("#leaf .text")
    expect(text.locator("h2")).to_have_text("交通")
    expect(text).to_be_focused()
    field = page.get_by_role("searchbox", name=say("findHere"))
    field.fill("博物馆")
    expect(page.locator(".found")).to_have_text("1 / 3")
    assert page.evaluate("CSS.highlights.get('found').size") == 3
    field.press("Enter")
    expect(page.locator(".found")).to_have_text("2 / 3")
    field.press("Shift+Enter")
    press(page, say("previous"))
    expect(page.locator(".found")).to_have_text("3 / 3")
    field.fill("（没有[")
    expect(page.locator(".found")).to_have_text(say("noneHere"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    expect(page.locator("#leaf")).to_be_hidden()
    expect(row).to_be_focused()


def test_back_closes_the_document_where_it_covers_the_list(watch: Watched, shelf: Served) -> None:
    page = watch.open(shelf.url, 390)
    leaf, row = page.locator("#leaf"), entry(page, "notice")
    page.locator("#sources-tab").click()
    row.click()
    expect(leaf.locator(".text")).to_be_focused()
    page.go_back()
    expect(leaf).to_be_hidden()
    expect(row).to_be_focused()
    assert page.url == f"{shelf.url}/#sources"
    row.click()
    press(leaf, words(page)("close"))
    page.wait_for_function("!history.state?.covered")
    page.go_back()
    expect(page.locator("#question")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 780})
    page.locator("#sources-tab").click()
    row.click()
    page.locator("#ask-tab").click()
    page.set_viewport_size({"width": 390, "height": 780})
    expect(page.locator("#masthead")).to_have_js_property("inert", False)  # it covers the other part only
    page.locator("#sources-tab").click()
    expect(leaf).to_be_visible()
    page.go_back()
    expect(leaf).to_be_hidden()
    page.go_back()
    expect(page.locator("#question")).to_be_visible()
    page.locator("#sources-tab").click()
    expect(row).to_be_visible()


def test_find_in_all_documents(page: Page) -> None:
    say = words(page)
    page.locator("#sought").fill("博物馆")
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator("#count")).to_have_text(
        page.evaluate("import(location.origin + '/page/words.js').then((w) => w.say('foundAre', 1))")
    )
    page.locator(".excerpt").click()
    mark = page.locator("#leaf mark#cited")
    expect(mark).to_have_text("博物馆")
    expect(mark).to_be_in_viewport()
    press(page.locator("#leaf"), say("close"))
    page.locator("#sought").fill("没有这些字")
    expect(page.locator("#count")).to_have_text(re.compile("没有找到|Nothing found"))
    page.locator("#sought").fill("")
    expect(page.locator(".entry")).to_have_count(3)


@BOTH
def test_what_is_sought_now_is_shown_though_an_earlier_answer_comes_later(page: Page) -> None:
    held: list[Route] = []
    page.route("**/documents/find?*", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/documents/find?*"):
        page.locator("#sought").fill("博物馆")
    page.locator("#sought").fill("押金")
    expect(page.locator(".excerpt mark")).to_have_text("押金")
    with page.expect_response("**/documents/find?*"):
        held[0].continue_()
    page.wait_for_timeout(100)
    expect(page.locator(".excerpt mark")).to_have_text("押金")
    page.unroute_all()


@BOTH
def test_what_became_of_an_earlier_check_says_nothing_once_a_later_one_has_come(page: Page, watch: Watched) -> None:
    watch.expected = ["ERR_FAILED"]
    count = page.locator("#count")
    expect(count).to_contain_text("3")
    held: list[Route] = []
    page.route("**/api/documents/state", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/api/documents/state"):
        look(page)
    with page.expect_response("**/api/documents/state"):
        look(page)
    with page.expect_event("requestfailed"):
        held[0].abort()
    page.wait_for_timeout(100)
    assert "3" in (count.text_content() or "")  # at once: the next check would put it right
    page.unroute_all()


@BOTH
def test_how_a_document_was_cut(page: Page, shelf: Served, watch: Watched) -> None:
    say = words(page)
    watch.expected = ["ERR_"]
    entry(page, "long").click()
    press(page, say("asPassages"))
    passages = page.locator("#leaf .passage")
    expect(passages).to_have_count(100)
    page.route("**/documents/passages?*", lambda route: route.abort())
    press(page, say("more"))
    expect(page.locator("#leaf .trouble")).to_be_visible()
    page.unroute("**/documents/passages?*")
    press(page, say("more"))
    expect(page.locator("#leaf .trouble")).to_have_count(0)
    chunks = [chunk for chunk in shelf.live.bot.index.chunks if chunk.doc_id == "long"]
    expect(passages).to_have_count(len(chunks))
    assert passages.last.locator("p").text_content() == chunks[-1].text
    expect(passages.last.locator(".sentence")).to_have_count(6)
    expect(passages.last.locator("h3")).to_contain_text("长文")


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    say = words(page)
    expect(entry(page, "visitors").locator(".title")).to_contain_text("<img src=x onerror=")
    page.locator("#sought").fill("押金")
    expect(page.locator(".excerpt")).to_contain_text("访客证的押金是[U+202E]五十元")
    page.locator(".excerpt").click()
    expect(page.locator("#leaf .text")).to_contain_text("访客证<script>document.title='broken'</script>")
    press(page, say("asPassages"))
    expect(page.locator("#leaf .passage").last).to_contain_text("[U+202E]五十元[U+202C]")
    assert (
        page.locator(":is(#sources, #leaf) :is(img, script, [onerror], [onmouseover], a[href^=javascript])").count()
        == 0
    )
    assert page.title() == "嘉问 Jiawen"


@BOTH
def test_signing_in_and_out(page: Page, watch: Watched) -> None:
    watch.expected = ["403"]
    say = words(page)
    expect(page.get_by_role("button", name=say("rebuild"))).to_have_count(0)
    page.locator("#desk .sign").click()
    page.locator("dialog input").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("dialog [role=alert]")).to_have_text(re.compile("密码不对|wrong password"))
    page.wait_for_timeout(1100)
    page.keyboard.type(PASSWORD)  # what was wrong is selected
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=say("rebuild"), exact=True)).to_be_visible()
    entry(page, "notice").click()
    expect(page.get_by_role("button", name=say("removeThis"), exact=True)).to_be_visible()
    press(page.locator("#leaf"), say("close"))
    press(page, say("signOut"))
    expect(page.locator("#desk .sign")).to_have_text(say("signIn"))
    expect(page.get_by_role("button", name=say("rebuild"))).to_have_count(0)


@BOTH
def test_the_focus_stays_where_buttons_change(page: Page) -> None:
    say = words(page)
    sign = page.locator("#desk .sign")
    sign_in(page)
    expect(sign).to_have_text(say("signOut"))
    expect(sign).to_be_focused()
    page.keyboard.press("Enter")
    expect(sign).to_have_text(say("signIn"))
    expect(sign).to_be_focused()
    entry(page, "notice").click()
    for view in ("asPassages", "asText"):
        press(page, say(view))
        expect(page.get_by_role("button", name=say(view), exact=True)).to_be_focused()


@BOTH
def test_upload_rebuild_compare_roll_back_and_remove(page: Page, shelf: Served, watch: Watched, tmp_path: Path) -> None:
    watch.expected = ["400", "409"]
    say = words(page)
    sign_in(page)
    outcome = page.locator("#desk .outcome")
    bad, good = tmp_path / "坏.md", tmp_path / "科技馆.md"
    bad.write_bytes(bytes(range(256)))
    good.write_text("科技馆每周三闭馆。", encoding="utf-8")
    page.locator("#files").set_input_files([bad, good])
    expect(outcome).to_contain_text(re.compile("坏.md 不是文本文件|坏.md is not text"))
    expect(outcome).to_contain_text(re.compile("(已存为|Stored as) 科技馆.md"))
    assert not (shelf.kb / "坏.md").exists()
    press(page, say("rebuild"))
    expect(page.locator("#notices progress")).to_be_visible()
    expect(entry(page, "科技馆")).to_be_visible(timeout=180_000)  # a build in a process of its own
    expect(page.locator("#notices")).to_contain_text(re.compile("已发布|Published"))

    good.write_text("科技馆每周四闭馆。\n", encoding="utf-8")
    page.locator("#files").set_input_files(good)
    asked = page.get_by_role("alertdialog")
    expect(asked).to_contain_text("科技馆.md")
    both = re.compile(
        "现有《科技馆》9 字，新的《科技馆》10 字|now: “科技馆”, 9 characters; new: “科技馆”, 10 characters"
    )
    expect(asked).to_contain_text(both)
    press(asked, say("cancel"))
    assert "周三" in (shelf.kb / "科技馆.md").read_text(encoding="utf-8")
    entry(page, "科技馆").click()
    page.locator("#leaf input[type=file]").set_input_files(good)
    expect(asked).to_contain_text(both)
    press(asked, say("replace"))
    expect(page.locator("#leaf .outcome")).to_contain_text(re.compile("已存为|Stored as"))
    assert "周四" in (shelf.kb / "科技馆.md").read_text(encoding="utf-8")
    press(page.locator("#leaf"), say("close"))
    shelf.rebuild()

    press(page, say("versions"))
    dialog = page.get_by_role("dialog", name=say("versions"))
    press(dialog, say("compare"))
    expect(dialog.locator("del")).to_have_text("科技馆每周三闭馆。")
    expect(dialog.locator("ins")).to_have_text("科技馆每周四闭馆。")
    dialog.locator("li button").first.click()
    press(page.get_by_role("alertdialog"), say("rollBack"))
    expect(dialog.locator(".outcome")).to_have_text(say("rolledBack"))
    expect(dialog.locator("ul li").nth(1)).to_contain_text(say("now"))
    assert shelf.live.bot.index.documents["科技馆"].text == "科技馆每周三闭馆。"
    expect(dialog.get_by_role("button", name=say("close"), exact=True)).to_be_focused()
    press(dialog, say("close"))

    entry(page, "科技馆").click()
    press(page.locator("#leaf"), say("removeThis"))
    press(page.get_by_role("alertdialog"), say("removeThis"))
    removed = re.compile(r"已移到内容文件夹的 \.removed/|Moved to \.removed/\S+ in the content folder")
    expect(outcome).to_contain_text(removed)
    expect(page.locator("#leaf")).to_be_hidden()
    assert not (shelf.kb / "科技馆.md").exists()
    shelf.rebuild()
    look(page)
    expect(page.locator(".entry")).to_have_count(3)
    expect(outcome).to_contain_text(removed)
    expect(outcome).to_be_focused()
    expect(outcome).to_be_in_viewport()


@BOTH
def test_a_document_that_someone_else_removed_can_be_neither_replaced_nor_removed(page: Page, shelf: Served) -> None:
    say = words(page)
    other = shelf.kb / "other.md"
    sign_in(page)
    try:
        other.write_text("另一篇。", encoding="utf-8")
        shelf.rebuild()
        look(page)
        entry(page, "other").click()
        remove = page.get_by_role("button", name=say("removeThis"), exact=True)
        expect(remove).to_be_visible()
    finally:
        other.unlink()
        shelf.rebuild()
    look(page)
    expect(page.locator("#leaf .outcome")).to_have_text(say("gone"))
    expect(remove).to_have_count(0)
    press(page.locator("#leaf"), say("close"))
    expect(page.locator(".entry")).to_have_count(3)


@BOTH
def test_a_reader_is_left_alone_when_another_document_is_published(page: Page, shelf: Served) -> None:
    say = words(page)
    leaf = page.locator("#leaf")
    other = shelf.kb / "other.md"
    held: list[Route] = []
    page.route("**/source?*", lambda route: held.append(route))
    with page.expect_request("**/source?*"):
        entry(page, "long").click()
    field = leaf.get_by_role("searchbox")
    text = leaf.locator(".text")
    field.fill("第99段")
    for route in held:
        route.continue_()
    page.unroute("**/source?*")  # so that the text comes after what is sought in it
    expect(text).to_contain_text("第99段")
    expect(field).to_be_focused()
    field.press("Enter")
    before = text.evaluate("text => text.scrollTop")
    try:
        other.write_text("另一篇。", encoding="utf-8")
        shelf.rebuild()
        look(page)
        expect(page.locator(".entry")).to_have_count(4)
        expect(field).to_have_value("第99段")
        expect(field).to_be_focused()
        assert text.evaluate("text => text.scrollTop") == before > 0
        press(leaf, say("close"))
        entry(page, "other").click()
        expect(text).to_contain_text("另一篇。")
        other.write_text("又一篇。", encoding="utf-8")  # as long as before
        shelf.rebuild()
        look(page)
        expect(text).to_contain_text("又一篇。")
        press(leaf, say("close"))
    finally:
        other.unlink()
        shelf.rebuild()


@BOTH
def test_what_a_rebuild_says(page: Page, shelf: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(page)
    notices = page.locator("#notices")
    report = {
        "version": "v",
        "documents": 3,
        "chunks": 9,
        "seconds": 1.2,
        "skipped": [],
        "regressed": [],
        "held": False,
    }

    def told(rebuild: Rebuild, *parts: str) -> None:
        monkeypatch.setattr(shelf.live, "rebuild", rebuild)
        look(page)
        for part in parts:
            expect(notices).to_contain_text(re.compile(part))

    told(Rebuild(running=True), "正在读取|reading")
    told(Rebuild(running=True, done=64, total=100), "64")
    expect(notices.get_by_role("progressbar")).to_have_attribute("value", "64")
    told(Rebuild(running=True, done=100, total=100), "标准问题|golden")
    told(Rebuild(error="甲 | a\n乙 | b"), "^(重建没有完成甲乙|The rebuild did not finishab)$")
    told(Rebuild(report=report | {"regressed": ["x1: <b>问</b>？"]}, error="x"), "变差|worse", "x1: <b>问</b>？")
    told(Rebuild(report=report | {"held": True}), "回滚|rolled back")
    skipped = [{"file": "坏.md", "reason": "读不了 | cannot read", "kept": True}]
    told(
        Rebuild(report=report | {"skipped": skipped}), "坏.md: (读不了|cannot read)", "旧内容保留|earlier content stays"
    )
    told(Rebuild())
    expect(notices).not_to_contain_text("坏.md")


@BOTH
def test_where_the_folder_is_gone_only_reading_works(page: Page, shelf: Served) -> None:
    say = words(page)
    sign_in(page)
    away = shelf.kb.with_name("away")
    shelf.kb.rename(away)
    try:
        look(page)
        expect(page.locator("#notices")).to_contain_text(say("noFolder"))
        expect(page.get_by_role("button", name=say("rebuild"), exact=True)).to_have_count(0)
        expect(page.get_by_role("button", name=say("versions"), exact=True)).to_be_visible()
        entry(page, "notice").click()
        expect(page.locator("#leaf .text")).to_contain_text("每周一闭馆")
    finally:
        away.rename(shelf.kb)


def test_forced_colours_tell_what_is_chosen(watch: Watched, shelf: Served) -> None:
    page = watch.open(shelf.url, forced_colors="active")
    page.locator("#sources-tab").click()
    edge = "one => getComputedStyle(one).borderBottomColor"
    paper = page.evaluate("getComputedStyle(document.querySelector('#tabs')).backgroundColor")
    assert page.locator("#ask-tab").evaluate(edge) == paper != page.locator("#sources-tab").evaluate(edge)
    entry(page, "long").click()
    press(page, words(page)("asPassages"))
    page.locator(".passage").nth(1).locator(".sentence").first.wait_for()
    lines = "all => new Set(all.map((one) => getComputedStyle(one).textDecorationLine)).size"
    assert page.locator(".passage").nth(1).locator(".sentence").evaluate_all(lines) == 2
    fill = "all => new Set(all.map((one) => getComputedStyle(one).backgroundColor)).size"
    assert page.locator("#leaf [aria-pressed]").evaluate_all(fill) == 2


EDGES = """() => [...document.querySelectorAll("input:not(.unseen), textarea, select")].filter((one) => one.checkVisibility()).map((one) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const style = getComputedStyle(one);
  const pair = [light(style.borderTopColor), light(style.backgroundColor)];
  return Math.max(...pair) / Math.min(...pair);
})"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_edges_of_fields_are_seen(watch: Watched, shelf: Served, theme: str) -> None:
    """3 to 1, as WCAG 1.4.11 has it."""
    page = watch.open(shelf.url, color_scheme=theme)
    assert [ratio for ratio in page.evaluate(EDGES) if ratio < 3] == []
    page.locator("#sources-tab").click()
    sign_in(page)
    entry(page, "notice").click()
    press(page, words(page)("versions"))
    expect(page.locator("dialog select")).to_have_count(2)
    page.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')")
    ratios = page.evaluate(EDGES)
    assert len(ratios) == 4
    assert min(ratios) >= 3


def test_accessibility_of_every_state(page: Page) -> None:
    say = words(page)
    sign_in(page)
    page.locator("#sought").fill("博物馆")
    expect(page.locator(".excerpt")).to_be_visible()
    sound(page, "#sources", ".unseen, option")
    entry(page, "notice").click()
    expect(page.locator("#leaf h1")).to_be_visible()
    sound(page, "#sources", ".unseen, option")
    press(page, say("asPassages"))
    expect(page.locator(".passage").first).to_be_visible()
    sound(page, "#sources", ".unseen, option")
    press(page.locator("#leaf"), say("removeThis"))
    expect(page.get_by_role("alertdialog")).to_be_visible()
    sound(page, "#sources", ".unseen, option")
    page.keyboard.press("Escape")
    press(page.locator("#leaf"), say("close"))
    press(page, say("versions"))
    press(page.get_by_role("dialog"), say("compare"))
    expect(page.locator(".difference > *").first).to_be_visible()
    sound(page, "#sources", ".unseen, option")
