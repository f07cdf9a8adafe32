"""The Evaluate part in a real browser, in both languages, at 360 and 1280 px: who may, runs, failures, comparison."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from bot.live import Live
from eval.cases import Case, resolve
from eval.run import Result, evaluate, stamp, write_run
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
NOTICE = "# 城市博物馆公告\n\n城市博物馆每周一闭馆。门票是二十元。\n\n## 交通\n\n地铁二号线到博物馆站，公交三路也到。\n"
EVIL = "<img src=x onerror=\"document.title='broken'\">\u202e来客"
GOLDEN = [
    {"id": "day", "question": "城市博物馆星期几闭馆？", "kind": "fact", "gold": [{"doc_id": "notice", "quote": "每周一闭馆"}], "must": ["周一"]},
    {"id": "price", "question": "门票多少钱？", "kind": "fact", "gold": [{"doc_id": "notice", "quote": "门票是二十元"}], "must": ["二十元"]},
    {"id": "food", "question": "番茄炒蛋怎么做？", "kind": "off-topic", "gold": []},
]  # fmt: skip
# Stands in for `jiawen eval run`: a step further each time the test allows it.
CHILD = """
import json, pathlib, shutil, sys, time
for done in (1, 2, 3):
    print(json.dumps({"done": done, "total": 3}), flush=True)
    while not pathlib.Path("go").exists(): time.sleep(0.02)
out = sys.argv[sys.argv.index("--out") + 1]
run = json.loads(pathlib.Path("runs/now/run.json").read_text(encoding="utf-8"))
run["made_with"]["at"] = "2030-01-01T00:00:00+00:00"
pathlib.Path(out).mkdir()
(pathlib.Path(out) / "run.json").write_text(json.dumps(run), encoding="utf-8")
"""


def results_of(live: Live) -> list[Result]:
    """Four questions: one right, one false refusal, one false answer, one of hostile text that is wrong."""
    documents = live.bot.index.documents
    gold = (resolve("notice", "每周一闭馆", documents),)
    price = (resolve("notice", "门票是二十元", documents),)
    cases = [
        Case("day", "城市博物馆星期几闭馆？", "fact", gold, ("周一",)),
        Case("price", "门票多少钱？", "fact", price, ("二十元",), (("城市博物馆星期几闭馆？", "每周一闭馆。"),)),
        Case("who", "馆长是谁？", "near-miss"),
        Case(EVIL, EVIL, EVIL, gold, (EVIL,)),
    ]
    day, cost, who, evil = evaluate(live.bot, cases)
    return [
        replace(day, right=True, verdict="grounded", failure="", confidence=0.9),
        replace(cost, right=False, verdict="refused", failure="检索到了却拒答 | passage found, but refused"),
        replace(who, right=False, verdict="grounded", failure="误 | answered", confidence=0.5),
        replace(evil, right=False, verdict="partial", failure=EVIL, answer=EVIL, expected=(EVIL,), cited=(EVIL,)),
    ]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page over a small kb/ whose runs/ holds `now`, the older `before` and `many`, and a broken one."""
    folder = tmp_path_factory.mktemp("bench")
    live = live_over(folder, {"notice.md": NOTICE, "visitors.md": HOSTILE})
    (folder / "golden.jsonl").write_text("\n".join(map(json.dumps, GOLDEN)), encoding="utf-8")
    now, runs = results_of(live), folder / "runs"
    made = stamp(live.bot, EVIL) | {"commit": EVIL}
    write_run(runs / "now", now, made | {"at": "2026-11-20T10:00:00+00:00"})
    swapped = [replace(one, right=one.id in ("price", EVIL)) for one in now]
    write_run(runs / "before", swapped, made | {"at": "2026-11-10T10:00:00+00:00", "index_version": "another"})
    many = [replace(now[number % 2], id=f"q{number:03}", kind=f"k{number % 2}") for number in range(460)]
    write_run(runs / "many", many, made | {"at": "2026-11-01T10:00:00+00:00"})
    (runs / "broken").mkdir()
    (runs / "broken/run.json").write_text("{", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("JIAWEN_EDITOR_PASSWORD", PASSWORD)
        patch.setenv("JIAWEN_GOLDEN", "golden.jsonl")
        with running(live) as url:
            yield Served(url, live, folder / "kb")


@pytest.fixture
def watch(browser: Browser, bench: Served) -> Iterator[Watched]:
    with watching(browser, bench.url) as watched:
        yield watched


@pytest.fixture(params=SIZES, ids=lambda one: f"{one[1][:2]}-{one[0]}")
def page(
    request: pytest.FixtureRequest, bench: Served, watch: Watched, tabs: dict[tuple[int, str], Page]
) -> Iterator[Page]:
    """The Evaluate part, open; an editor has signed in."""
    tab = fresh(tabs[request.param], bench.url)
    watch.watch(tab.context)
    tab.context.request.post(f"{bench.url}/api/editor", data={"password": PASSWORD}, headers={"Origin": bench.url})
    visit(tab, bench.url).locator("#evaluate-tab").click()
    expect(tab.locator("#run .numbers")).to_be_visible()
    yield tab
    tab.context.request.post(f"{bench.url}/api/evaluate/stop", headers={"Origin": bench.url})  # of a test that failed
    watch.release(tab.context)


def entry(page: Page, name: str) -> Locator:
    return page.locator(f"#runs [data-name='{name}']")


def questions(page: Page) -> Locator:
    return page.locator("#run > .questions details")


@BOTH
def test_who_may(page: Page, bench: Served, watch: Watched, watched: Watched, served: Served) -> None:
    watch.expected = ["403"]  # the page may be asking what is new in the moment of signing out
    say = words(page)
    press(page, say("signOut"))
    expect(page.locator("#evaluate-notices")).to_have_text(say("editorsOnly"))
    expect(page.locator("#evaluate .sign")).to_be_focused()
    expect(page.locator(":is(#runs, #run) > *")).to_have_count(0)
    press(page.locator("#evaluate"), say("signIn"))
    page.locator("dialog input").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#run .numbers")).to_be_visible()
    expect(page.get_by_role("button", name=say("signOut"), exact=True)).to_be_focused()
    nobody = watched.open(served.url, page.viewport_size["width"], page.evaluate("navigator.language"))
    nobody.locator("#evaluate-tab").click()
    expect(nobody.locator("#evaluate-notices")).to_contain_text(say("noPassword"))
    expect(nobody.locator("#evaluate-notices code")).to_have_text("JIAWEN_EDITOR_PASSWORD=… make chat")
    expect(nobody.locator("#evaluate .sign")).to_have_count(0)


def test_the_newest_run_with_numbers_and_plots(page: Page, bench: Served) -> None:
    expect(entry(page, "now")).to_have_attribute("aria-current", "true")
    expect(entry(page, "now")).to_contain_text("25.0 %")
    first = page.locator("#run .numbers").first.locator("tbody tr").first
    expect(first.locator("td").first).to_have_text("0.250")
    expect(first.locator("td").last).to_have_text("4")
    expect(page.get_by_role("img", name=re.compile("50.0 %.*66.7 %"))).to_be_visible()
    fact = page.locator(".plots tbody tr", has_text="fact")
    expect(fact).to_have_text(re.compile(r"fact\s*2\s*50.0 %"))
    expect(page.locator("#run .note")).to_have_count(0)
    entry(page, "before").click()
    expect(page.locator("#run h2")).to_be_focused()
    expect(page.locator("#run .note")).to_contain_text("another")
    page.reload()
    expect(entry(page, "before")).to_have_attribute("aria-current", "true")
    press(page, page.locator("#language").text_content())
    expect(page.locator("#run .numbers th").first).to_have_text(re.compile("^(指标|Measure)$"))
    expect(page.locator("#run .note")).to_contain_text("another")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_failures_are_filtered(page: Page) -> None:
    form = page.locator(".filters")
    outcome, kind, field = form.locator("[name=outcome]"), form.locator("[name=kind]"), form.locator("[name=words]")
    for value, count in {"wrong": 3, "falseAnswer": 1, "falseRefusal": 1, "right": 1, "all": 4}.items():
        outcome.select_option(value)
        expect(questions(page)).to_have_count(count)
    kind.select_option("fact")
    expect(questions(page)).to_have_count(2)
    field.fill("多少钱")
    expect(questions(page)).to_have_count(1)
    expect(questions(page)).to_contain_text(re.compile("检索到了却拒答|passage found, but refused"))
    field.fill("没有这些字")
    expect(page.locator("#run > p[role=status]")).to_have_text(words(page)("nothingLeft"))


def test_a_question_and_its_retrieval_by_keyboard_alone(page: Page, bench: Served) -> None:
    say = words(page)
    page.locator(".filters [name=words]").fill("多少钱")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    case = questions(page).locator(".case")
    expect(case).to_contain_text("城市博物馆星期几闭馆？")  # what was asked before
    expect(case.locator("mark")).to_have_text("门票是二十元")
    expect(case).to_contain_text("二十元")
    expect(case.locator(".hit")).to_have_count(len(bench.live.bot.search("门票多少钱？", 10)))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=say("details"))
    expect(dialog.locator("table")).to_be_visible()
    expect(dialog.locator(".hit[aria-current]")).to_have_count(1)
    expect(dialog.locator("[name=question]")).to_have_value("门票多少钱？")
    chosen = dialog.locator(".hit").last.locator(".small").text_content()
    dialog.locator(".hit").last.press("Enter")
    expect(dialog.locator(".hit[aria-current] .small")).to_have_text(chosen)
    dialog.locator("[name=question]").fill("地铁几号线到？")
    page.keyboard.press("Enter")
    expect(dialog.locator(".explained")).to_contain_text("地铁二号线到博物馆站")
    expect(dialog.locator(".cited")).to_contain_text("地铁二号线")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(case.locator(".hit").first).to_be_focused()


@BOTH
def test_any_question_is_explained(page: Page, watch: Watched) -> None:
    watch.expected = ["400"]
    say = words(page)
    press(page.locator("#evaluate-bar"), say("details"))
    dialog = page.get_by_role("dialog", name=say("details"))
    page.keyboard.type(" ")
    page.keyboard.press("Enter")
    expect(dialog.locator("[role=status]")).to_have_text(re.compile("问题是空的|the question is empty"))
    page.keyboard.type("番茄炒蛋怎么做？")
    page.keyboard.press("Enter")
    expect(dialog.locator(".explained")).to_contain_text(re.compile("拒答|refused"))
    expect(dialog.locator(".cited")).to_have_count(0)


@BOTH
def test_the_known_question_that_took_confidence_is_named(page: Page) -> None:
    say = words(page)

    def blame(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        route.fulfill(
            response=answer, json=said | {"explanation": said["explanation"] | {"unanswered": "番茄<b>几元？"}}
        )

    page.route("**/api/evaluate/explain?*", blame)
    press(page.locator("#evaluate-bar"), say("details"))
    dialog = page.get_by_role("dialog", name=say("details"))
    page.keyboard.type("番茄炒蛋怎么做？")
    page.keyboard.press("Enter")
    expect(dialog.locator(".explained")).to_contain_text(
        re.compile("(像一个已知没有答案的问题：|Like a question known to have no answer: )番茄<b>几元？")
    )


def test_two_runs_compared(page: Page) -> None:
    say = words(page)
    press(page.locator(".compare"), say("compare"))
    found = page.locator(".difference")
    right = found.locator("tbody tr").first
    expect(right).to_contain_text("0.500 → 0.250")
    expect(right).to_contain_text("−0.250")
    expect(found.locator("h4")).to_have_count(2)
    expect(found.locator("details")).to_have_count(3)
    won = found.locator("details", has_text="城市博物馆星期几闭馆？")
    won.locator("summary").click()
    expect(won.locator("h4")).to_have_text(["before", "now"])
    expect(won.locator("dl")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_text_is_shown_as_text(page: Page) -> None:
    shown = EVIL.replace("\u202e", "[U+202E]")
    expect(page.locator(".plots .kind", has_text="来客")).to_have_text(shown)
    row = questions(page).filter(has_text="来客")
    row.locator("summary").click()
    expect(row.locator("dd", has_text=shown)).to_have_count(4)  # answer, gold, must hold, cited
    expect(row.locator("mark")).to_have_text(shown)
    expect(entry(page, "now")).to_contain_text(shown)
    press(page.locator(".compare"), words(page)("compare"))
    expect(page.locator(".difference details", has_text="来客")).to_contain_text(shown)
    row.locator(".hit").first.click()
    expect(page.locator("dialog .explained")).to_contain_text("访客证<script>document.title='broken'</script>")
    assert page.locator("#evaluate :is(img, script, [onerror], [onmouseover], a)").count() == 0
    assert page.title() == "嘉问 Jiawen"


@BOTH
def test_hundreds_of_questions_come_in_portions(page: Page) -> None:
    say = words(page)
    entry(page, "many").click()
    page.locator(".filters [name=outcome]").select_option("all")
    expect(questions(page)).to_have_count(100)
    for count in (200, 300, 400, 460):
        press(page.locator("#run > .questions"), say("more"))
        expect(questions(page)).to_have_count(count)
        expect(
            questions(page).nth(count - count % 100 - (100 if count % 100 == 0 else 0)).locator("summary")
        ).to_be_focused()
    expect(page.locator("#run > .questions").get_by_role("button", name=say("more"), exact=True)).to_have_count(0)


@BOTH
def test_runs_are_deleted_after_asking(page: Page) -> None:
    say = words(page)
    shutil.copytree("runs/before", "runs/new")
    look(page)
    entry(page, "new").click()
    press(page.locator("#run"), say("removeRun"))
    press(page.get_by_role("alertdialog"), say("cancel"))
    assert Path("runs/new").exists()
    press(page.locator("#run"), say("removeRun"))
    press(page.get_by_role("alertdialog"), say("removeRun"))
    expect(entry(page, "new")).to_have_count(0)
    expect(entry(page, "now")).to_have_attribute("aria-current", "true")
    assert not Path("runs/new").exists()
    expect(page.locator(".broken")).to_contain_text(re.compile("不是评测结果|is not a run"))
    press(page, f"{say('removeRun')}: broken")
    expect(page.get_by_role("alertdialog")).to_contain_text("runs/broken")
    page.keyboard.press("Escape")
    expect(page.locator(".broken")).to_be_visible()


@BOTH
def test_a_run_with_progress_stopped_and_finished(page: Page, watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.expected = ["ERR_FAILED"]
    say = words(page)
    monkeypatch.setattr("bot.live._JIAWEN", CHILD)
    press(page, say("startRun"))
    bar = page.locator("#evaluate").get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "1")
    expect(bar).to_have_attribute("max", "3")
    expect(page.locator("[data-name=go]")).to_be_focused()
    press(page, say("stopRun"))
    expect(page.locator("#evaluate [role=alert]")).to_contain_text(re.compile("已停止|stopped"))
    before = set(Path("runs").iterdir())
    press(page, say("startRun"))
    expect(bar).to_be_visible()
    page.route("**/api/evaluate", lambda route: route.abort())
    alert = page.locator("#evaluate-notices [role=alert]")
    expect(alert).to_have_text(say("lost"))
    page.unroute("**/api/evaluate")
    expect(alert).to_have_count(0)  # it goes on asking
    expect(bar).to_be_visible()
    Path("go").touch()
    try:
        expect(page.locator("#evaluate-outcome")).to_have_text(say("finished"))
    finally:
        Path("go").unlink()
    (made,) = set(Path("runs").iterdir()) - before
    expect(entry(page, made.name)).to_have_attribute("aria-current", "true")
    expect(bar).to_have_count(0)
    expect(page.locator("#run .numbers")).to_be_visible()  # loaded: what is asked for is not taken away
    shutil.rmtree(made)


@BOTH
def test_a_real_run_over_the_golden_set(page: Page) -> None:
    before = set(Path("runs").iterdir())
    expect(page.locator("#evaluate-bar")).to_contain_text(re.compile("golden.jsonl · 3"))
    press(page, words(page)("startRun"))
    expect(page.locator("#evaluate-outcome")).to_have_text(words(page)("finished"), timeout=180_000)
    (made,) = set(Path("runs").iterdir()) - before
    row = page.locator("#run .numbers tbody tr").first
    expect(row.locator("td").last).to_have_text("3")
    run = json.loads((made / "run.json").read_text(encoding="utf-8"))
    expect(row.locator("td").first).to_have_text(f"{run['summary']['right']['value']:.3f}")
    assert [one["id"] for one in run["results"]] == ["day", "price", "food"]
    assert (made / "report.html").exists()
    shutil.rmtree(made)


def held(page: Page, path: str) -> Callable[[], None]:
    """Requests of that path wait until the function returned is called."""
    waiting: list[Route] = []
    page.route(f"**/api/evaluate{path}", lambda route: waiting.append(route))

    def release() -> None:
        for route in waiting:
            route.continue_()
        page.unroute(f"**/api/evaluate{path}")

    return release


@BOTH
def test_slow_failing_and_empty(page: Page, watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.expected = ["503", "ERR_FAILED", "400"]
    say = words(page)
    release = held(page, "/run?*")
    entry(page, "before").click()
    expect(page.locator("#run")).to_have_text(say("loading"))
    sound(page, "#evaluate")
    release()
    expect(page.locator("#run .note")).to_contain_text("another")

    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        route.fulfill(status=503, json={"error": "坏了 | broken"})

    page.route("**/api/evaluate/run?*", refuse)
    entry(page, "many").click()
    expect(page.locator("#run [role=alert]")).to_have_text(re.compile("^(坏了|broken)$"))
    sound(page, "#evaluate")
    for _ in range(2):  # when the second answer has come, the first has been seen to
        with page.expect_response("**/api/evaluate"):
            look(page)
    assert len(refused) == 1  # what has failed to load is not asked for again behind the reader's back
    page.unroute("**/api/evaluate/run?*")
    press(page.locator("#run"), say("retry"))
    expect(page.locator("#run .numbers")).to_be_visible()

    page.route("**/api/evaluate", lambda route: route.abort())
    look(page)
    expect(page.locator("#evaluate-notices [role=alert]")).to_have_text(say("lost"))
    expect(page.locator("#run .numbers")).to_be_visible()
    page.unroute("**/api/evaluate")
    look(page)
    expect(page.locator("#evaluate-notices")).not_to_contain_text(say("lost"))

    monkeypatch.setenv("JIAWEN_GOLDEN", "nowhere.jsonl")
    look(page)
    expect(page.locator("#evaluate-notices")).to_contain_text("nowhere.jsonl")
    expect(page.get_by_role("button", name=say("startRun"))).to_be_disabled()
    Path("runs").rename("away")
    try:
        look(page)
        expect(page.locator("#runs")).to_have_text(say("noRuns"))
        expect(page.locator("#run > *")).to_have_count(0)
        sound(page, "#evaluate")
    finally:
        Path("away").rename("runs")
    monkeypatch.setenv("JIAWEN_GOLDEN", "golden.jsonl:golden.jsonl")
    monkeypatch.setattr("bot.live._JIAWEN", "import sys; sys.exit('没有索引 | no index')")
    look(page)
    expect(page.locator("#golden option")).to_have_count(2)
    with page.expect_response("**/api/evaluate/start"):  # an alert of the same words may be left from the run before
        press(page, say("startRun"))
    expect(page.locator("#evaluate-notices [role=alert]")).to_contain_text(re.compile("没有索引|no index"))


def test_accessibility_of_every_state(page: Page, watch: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.expected = ["403"]  # as above
    say = words(page)
    press(page.locator(".compare"), say("compare"))
    expect(page.locator(".difference table")).to_be_visible()
    questions(page).first.locator("summary").click()
    expect(questions(page).first.locator("dl")).to_be_visible()
    monkeypatch.setattr("bot.live._JIAWEN", CHILD)
    press(page, say("startRun"))
    expect(page.locator("#progress")).to_have_attribute("value", "1")
    sound(page, "#evaluate")
    press(page, say("stopRun"))
    questions(page).first.locator(".hit").first.click()
    expect(page.locator("dialog .explained table")).to_be_visible()
    sound(page, "#evaluate")
    page.keyboard.press("Escape")
    press(page.locator("#run"), say("removeRun"))
    expect(page.get_by_role("alertdialog")).to_be_visible()
    sound(page, "#evaluate")
    page.keyboard.press("Escape")
    press(page, say("signOut"))
    expect(page.locator("#evaluate-notices")).to_have_text(say("editorsOnly"))
    sound(page, "#evaluate")
