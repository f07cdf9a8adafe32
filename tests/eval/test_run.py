"""Runs, reports, comparison and gate, on a small index worked out by hand and on the real one."""

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, expect

from bot import open_bot
from bot.config import BotConfig
from bot.llm import ModelError
from eval.app import evaluation
from eval.cases import Case, CaseError, Gold, resolve
from eval.compare import Difference, compare, difference
from eval.report import report
from eval.run import by_model, evaluate, read_run, stamp, summary, write_run
from tests.conftest import plain_head

JIAWEN = str(Path(sys.executable).parent / "jiawen")


class Failing:
    """A model that never answers."""

    name = "failing"

    def stream(self, *_: object) -> Iterator[str]:
        raise ModelError("超时", "it took too long")


@pytest.fixture
def bot(built, kb: Path, counting):
    (kb / "a.md").write_text("甲甲。乙丙。\n\n丁丁丁。戊己。\n\n庚。", encoding="utf-8")
    built(merge_characters=1)
    opened = open_bot(kb.parent / "index", BotConfig(refuse_below=0.5, coverage_weight=0))
    opened.head = plain_head(above=0.825)
    return opened


def case(bot, key: str, question: str, *quotes: str, must: tuple[str, ...] = ()) -> Case:
    return Case(key, question, "k", tuple(resolve("a", quote, bot.index.documents) for quote in quotes), must)


def test_results_by_hand(bot) -> None:
    cases = [
        case(bot, "right", "甲", "甲甲", must=("甲甲",)),
        case(bot, "part", "丁", "丁丁", "庚", must=("丁", "庚")),
        case(bot, "wrong", "甲甲", "庚", must=("庚",)),
        case(bot, "refuse", "甲丁"),
        case(bot, "invent", "庚"),
    ]
    rows = {one.id: one for one in evaluate(bot, cases)}
    assert list(rows) == ["right", "part", "wrong", "refuse", "invent"]
    right = rows["right"]
    assert (right.right, right.hit_at_1, right.gold_first, right.gold_cited, right.precision, right.must) == (
        True,
        1,
        1,
        1,
        1,
        1,
    )
    assert (right.cited, right.failure) == (("甲甲。",), "")
    part = rows["part"]
    assert (part.right, part.gold_cited, part.must, part.must_first, part.recall_at_5) == (False, 0.5, 0, 0, 1.0)
    assert "cited in part" in part.failure
    assert "lacks 庚" in part.failure
    assert (rows["wrong"].gold_first, rows["wrong"].hit_at_1, rows["wrong"].mrr) == (0, 0, pytest.approx(1 / 3))
    assert "another sentence cited" in rows["wrong"].failure
    assert (rows["refuse"].right, rows["refuse"].refused_rightly, rows["refuse"].must) == (True, 1, None)
    assert (rows["invent"].right, rows["invent"].refused_rightly) == (False, 0)
    numbers = summary(list(rows.values()))
    assert (numbers["questions"], numbers["answerable"]) == (5, 3)
    assert numbers["right"]["value"] == pytest.approx(2 / 5)
    assert numbers["measures"]["refused_rightly"]["value"] == 0.5
    assert numbers["measures"]["gold_cited"]["questions"] == 3
    coverage, risk = zip(*numbers["risk_coverage"], strict=True)
    assert coverage == (0.2, 0.4, 0.6, 0.8)  # a refusal is no answer
    assert risk[-1] == 0.75
    assert summary([rows["refuse"]])["risk_coverage"] == []


def test_a_document_is_found_by_the_best_of_its_passages(bot, built, kb: Path) -> None:
    (kb / "b.md").write_text("甲丁。\n\n庚庚。", encoding="utf-8")
    built(merge_characters=1)
    both = open_bot(kb.parent / "index", BotConfig(coverage_weight=0))
    both.head = bot.head
    whole = [Gold(one, text.text, ((0, len(text.text)),), 1) for one, text in sorted(both.index.documents.items())]
    (found,) = evaluate(both, [Case("1", "甲甲", "beir", tuple(whole))])
    assert [chunk.partition("#")[0] for chunk in found.retrieved] == ["a", "b"]
    assert (found.hit_at_1, found.recall_at_5, found.mrr, found.ndcg) == (1, 1, 1, 1)


def test_a_run_is_read_as_it_was_written(bot, tmp_path: Path) -> None:
    results = evaluate(bot, [case(bot, "1", "甲", "甲甲"), case(bot, "2", "庚")])
    write_run(tmp_path / "run", results, stamp(bot, "hand"))
    made_with, again = read_run(tmp_path / "run")
    assert again == results
    assert made_with["index_version"] == bot.index.manifest.version
    assert made_with["bot_config"]["coverage_weight"] == 0
    with pytest.raises(CaseError, match="is not a run"):
        read_run(tmp_path)


def test_answers_that_the_model_did_not_write_are_counted(bot, tmp_path: Path) -> None:
    cases = [case(bot, "1", "甲", "甲甲"), case(bot, "2", "甲甲", "甲甲"), case(bot, "3", "丁丁", "丁丁")]
    assert by_model(evaluate(bot, cases), stamp(bot, "hand")) == ""
    bot.model = Failing()
    manifest = dataclasses.replace(bot.index.manifest, encoder="counting")  # whose vectors no order is read from
    bot.index = dataclasses.replace(bot.index, manifest=manifest)
    results, made_with = evaluate(bot, cases), stamp(bot, "hand")
    assert {(one.right, one.answerer) for one in results} == {(True, "extractive")}
    said = by_model(results, made_with)
    assert said.startswith("由模型回答 by the model: 0 / 3；多因 mostly: 语言模型没有答成：超时")
    assert said.endswith("(3)")
    assert "by the model: 0 / 3" in report(results, made_with)
    wrote = [dataclasses.replace(results[0], answerer="failing", note=""), *results[1:]]
    assert "by the model: 1 / 3" in by_model(wrote, made_with)


def test_a_run_made_before_who_answered_was_kept_is_read(bot, tmp_path: Path) -> None:
    write_run(tmp_path, evaluate(bot, [case(bot, "1", "甲", "甲甲")]), stamp(bot, "hand"))
    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for row in run["results"]:
        del row["answerer"], row["note"]
    (tmp_path / "run.json").write_text(json.dumps(run), encoding="utf-8")
    (read,) = read_run(tmp_path)[1]
    assert (read.id, read.answerer, read.note) == ("1", "", "")


def test_comparison_finds_the_questions(bot) -> None:
    before = evaluate(bot, [case(bot, str(number), "甲", "甲甲") for number in range(30)])
    same = compare(before, before)
    assert not any(one.regressed or one.won or one.lost for one in same)
    worse = [dataclasses.replace(one, right=int(one.id) >= 10, hit_at_1=float(int(one.id) >= 1)) for one in before]
    changed = {one.measure: one for one in compare(before, worse)}
    assert changed["right"].regressed
    assert changed["right"].change.value == pytest.approx(-1 / 3)
    assert changed["right"].lost == tuple(map(str, range(10)))
    assert changed["right"].p_value < 0.01
    assert changed["hit_at_1"].lost == ("0",)
    assert not changed["hit_at_1"].regressed  # one question of thirty is within chance
    better = {one.measure: one for one in compare(worse, before)}
    assert not better["right"].regressed
    assert better["right"].won == tuple(map(str, range(10)))
    with pytest.raises(CaseError, match="share no question"):
        compare(before, [])


def test_what_the_test_calls_chance_is_no_regression(bot) -> None:
    (one,) = evaluate(bot, [case(bot, "1", "甲", "甲甲")])
    before = [dataclasses.replace(one, id=str(number)) for number in range(118)]

    def lost(count: int) -> Difference:
        return compare(before, [dataclasses.replace(row, right=int(row.id) >= count) for row in before])[0]

    assert lost(4).change.high < 0 < 0.1 < lost(4).p_value
    assert [lost(count).regressed for count in (4, 7)] == [False, True]
    few = [(str(number), 1.0, 0.0) for number in range(3)]
    assert difference("right", few).regressed
    assert difference("right", few[:1]).regressed
    assert not difference("right", [*few, ("3", 1.0, 1.0), ("4", 1.0, 1.0)]).regressed


def test_only_the_same_questions_are_compared(bot) -> None:
    before = evaluate(bot, [case(bot, key, "甲", "甲甲") for key in ("1", "2")])
    for changed in ({"question": "乙"}, {"expected": ("乙丙",)}, {"required": ("乙",)}, {"history": (("甲", "乙"),)}):
        after = [before[0], dataclasses.replace(before[1], **changed)]
        with pytest.raises(CaseError, match=r"1 questions of the same id differ in text or gold \(2 first\)"):
            compare(before, after)


def test_a_baseline_of_other_questions_is_refused_before_any_is_asked(bot, tmp_path: Path, monkeypatch) -> None:
    write_run(tmp_path / "before", evaluate(bot, [case(bot, "1", "甲", "甲甲")]), {})
    monkeypatch.setattr("eval.run.evaluate", lambda *_: pytest.fail("asked"))
    cases = tmp_path / "cases.jsonl"
    gate = ["gate", "--index", str(tmp_path / "index"), "--baseline", str(tmp_path / "before"), "--cases", str(cases)]
    for key, question, message in (("2", "甲", "share no question"), ("1", "乙", "differ in text or gold")):
        cases.write_text(json.dumps({"id": key, "question": question, "kind": "k", "gold": []}), encoding="utf-8")
        assert message in str(CliRunner().invoke(evaluation, gate).exception)


def test_what_was_compared_is_said(bot, tmp_path: Path) -> None:
    results = evaluate(bot, [case(bot, key, "甲", "甲甲") for key in "12345"])
    write_run(tmp_path / "before", results[:4], {})
    write_run(tmp_path / "after", results[1:], {})
    done = CliRunner().invoke(evaluation, ["compare", str(tmp_path / "before"), str(tmp_path / "after")])
    assert done.output.splitlines()[0] == "比较 compared: 3 / 4 个问题 questions；前者没有的 not in the former: 1"
    gate = ["gate", "--index", str(tmp_path / "index"), "--baseline", str(tmp_path / "before")]
    rows = [
        {"id": key, "question": "甲", "kind": "k", "gold": [{"doc_id": "a", "quote": "甲甲"}]}
        for key in ("2", "3", "9")
    ]
    cases = tmp_path / "cases.jsonl"
    cases.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = CliRunner().invoke(evaluation, [*gate, "--cases", str(cases)])
    assert "比较 compared: 2 / 4 个问题 questions；前者没有的 not in the former: 1" in done.output
    cases.write_text(json.dumps(rows[0] | {"question": "甲？"}), encoding="utf-8")
    done = CliRunner().invoke(evaluation, [*gate, "--cases", str(cases)])
    assert (done.exit_code, "differ in text or gold" in str(done.exception)) == (1, True)


def test_a_run_names_the_first_questions_that_went_wrong(bot, tmp_path: Path) -> None:
    rows = [{"id": "good", "question": "甲", "kind": "k", "gold": [{"doc_id": "a", "quote": "甲甲"}]}]
    rows += [{"id": f"bad{at}", "question": "甲", "kind": "k", "gold": []} for at in range(22)]
    cases = tmp_path / "cases.jsonl"
    wrong = "错 wrong  bad{}  甲  回答了知识库没有答案的问题 | answered without an answer in the knowledge base"
    for count, shown in ((1, 0), (21, 20), (23, 20)):
        cases.write_text("\n".join(map(json.dumps, rows[:count])), encoding="utf-8")
        asked = ["run", "--index", str(tmp_path / "index"), "--cases", str(cases), "--out", str(tmp_path / "run")]
        said = CliRunner().invoke(evaluation, asked).output.splitlines()
        assert [line for line in said if line.startswith("错 wrong")] == [wrong.format(at) for at in range(shown)]
        in_all = [line for line in said if line.startswith("共错")]
        assert in_all == (["共错 wrong in all: 22，都在报告里 the report has them all"] if count == 23 else [])


def test_no_chance_is_said_to_be_nought(bot, tmp_path: Path) -> None:
    results = evaluate(bot, [case(bot, str(key), "甲", "甲甲") for key in range(15)])
    write_run(tmp_path / "before", results, {})
    write_run(tmp_path / "after", [dataclasses.replace(one, right=False) for one in results], {})
    (said,) = [
        line
        for line in CliRunner()
        .invoke(evaluation, ["compare", str(tmp_path / "before"), str(tmp_path / "after")])
        .output.splitlines()
        if line.startswith("right ")
    ]
    assert said.endswith("p<0.001  +0 -15")


def test_a_run_with_a_value_of_another_type_is_none(bot, tmp_path: Path) -> None:
    write_run(tmp_path, evaluate(bot, [case(bot, "1", "甲", "甲甲")]), {})
    content = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for name, value in {
        "right": "yes",
        "milliseconds": None,
        "cited": "甲",
        "hit_at_1": "1",
        "history": [["甲"]],
    }.items():
        row = content["results"][0] | {name: value}
        (tmp_path / "run.json").write_text(json.dumps(content | {"results": [row]}), encoding="utf-8")
        with pytest.raises(CaseError, match=rf"run.json is not a run \(.*{name}.*\)"):
            read_run(tmp_path)


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_report_escapes_and_asks_nothing_of_the_network(bot) -> None:
    hostile = '<script>alert(1)</script><img src="http://evil.example/x">'
    results = [
        dataclasses.replace(one, question=hostile, answer=hostile, kind=hostile)
        for one in evaluate(bot, [case(bot, "1", "甲")])
    ]
    html = report(results, stamp(bot, hostile))
    tags = Tags(html).seen
    assert sum(tag == "script" for tag, _ in tags) == 1
    assert not [tag for tag, attributes in tags if tag == "img" or "src" in attributes]
    assert "default-src 'none'" in html
    assert html.count("<svg") == 2


def test_a_question_in_the_report_shows_what_it_must_hold_and_what_was_said_before(bot) -> None:
    (one,) = evaluate(bot, [case(bot, "1", "甲", "甲甲", must=("甲甲", "<壬>"))])
    html = report([dataclasses.replace(one, history=(("前问<b>", "前答"),))], stamp(bot, "hand"))
    assert "引了原文，缺 &lt;壬&gt; | gold cited, lacks &lt;壬&gt;" in html
    assert "<b>必含 Must hold</b> 甲甲 · &lt;壬&gt;" in html
    assert "<b>此前 Before</b> 前问&lt;b&gt;<br>前答" in html


def test_the_words_of_the_plots_are_chinese_and_english_and_in_no_font_of_matplotlibs(bot) -> None:
    html = report(evaluate(bot, [case(bot, "1", "甲", "甲甲"), case(bot, "2", "庚")]), stamp(bot, "hand"))
    drawn = re.findall(r"<!-- (.+?) -->", html)  # how matplotlib notes what it draws of text
    assert drawn
    assert not [text for text in drawn if re.search("[A-Za-z]{2}", text)]
    for words in ("风险与覆盖 Risk and coverage", "把握 Confidence", "有答案 answerable", "没有答案 unanswerable"):
        assert words in html
    assert "@media (prefers-color-scheme: dark) { figure" in html


def test_the_report_of_refusals_alone(bot) -> None:
    assert report(evaluate(bot, [case(bot, "1", "甲丁")]), stamp(bot, "hand")).count("<svg") == 2


@pytest.mark.browser
def test_the_report_filters(bot, tmp_path: Path, browser: Browser) -> None:
    cases = [case(bot, "1", "甲", "甲甲"), case(bot, "2", "庚"), case(bot, "3", "甲丁")]
    (tmp_path / "report.html").write_text(report(evaluate(bot, cases), stamp(bot, "hand")), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator("#shown")).to_have_text("3 / 3")
    page.locator("#outcome").select_option("wrong")
    expect(page.locator(".case:visible")).to_have_count(1)
    page.locator("#outcome").select_option("")
    page.locator("#words").fill("甲丁")
    expect(page.locator(".case:visible")).to_have_count(1)
    page.locator("#words").fill("REFUSED")  # as it is looked for elsewhere, whatever its case
    expect(page.locator(".case:visible")).to_have_count(1)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [JIAWEN, "eval", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, encoding="utf-8", timeout=300)


def test_run_compare_and_gate_in_a_terminal(article_index: Path, tmp_path: Path) -> None:
    golden = Path(__file__).parent.parent.parent / "eval/golden/jiayuguan.jsonl"
    cases = [json.loads(line) for line in golden.read_text(encoding="utf-8").splitlines()]
    for case in [case for case in cases if case["gold"]][::8]:
        case["must"] = ["答不出的字"]  # few golden questions are answered wrong: these are
    lines = [json.dumps(case) for case in cases]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    setting = ["--index", article_index, "--cases", "cases.jsonl"]
    done = run("run", *setting, "--out", "one", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["questions"] == len(lines)
    assert (tmp_path / "one/report.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    done = run("gate", *setting, "--baseline", "one", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")

    content = json.loads((tmp_path / "one/run.json").read_text(encoding="utf-8"))
    for row in content["results"]:
        if row["answerable"]:
            row |= {"right": True, "must": 1.0, "answered": 1.0}
    (tmp_path / "better.json").write_text(json.dumps(content), encoding="utf-8")
    done = run("gate", *setting, "--baseline", "better.json", cwd=tmp_path)
    assert done.returncode == 1
    lost = [
        row["id"]
        for row in json.loads((tmp_path / "one/run.json").read_text("utf-8"))["results"]
        if not row["right"] and row["answerable"]
    ]
    assert lost
    assert all(key in done.stderr for key in lost)

    done = run("compare", "one", "better.json", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-2].startswith("赢 won:")


def test_a_broken_retriever_fails_the_gate(bot, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        case(bot, str(number), question, quote)
        for number, (question, quote) in enumerate([("甲", "甲甲"), ("丁", "丁丁"), ("庚", "庚")] * 8)
    ]
    before = evaluate(bot, cases)
    assert all(one.right for one in before)
    for module in ("bot.answer", "bot.weigh"):
        monkeypatch.setattr(f"{module}.retrieve", lambda index, query, k, config: [])
    broken = compare(before, evaluate(bot, cases))
    assert {one.measure for one in broken if one.regressed} >= {"right", "hit_at_1", "gold_cited", "answered"}
    assert broken[0].lost == tuple(str(number) for number in range(24))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "--leave-out", "0.5"], 2, "--leave-out goes with --squad"),
        (["run", "--leave-out", "nan", "--squad", "a"], 2, "from 0 to below 1"),
        (["run", "--squad", "a", "--beir", "b"], 2, "not both"),
        (["run", "--squad", "none.json"], 1, "cannot read none.json"),
        (
            ["gate", "--baseline", "none"],
            1,
            "none is not a run (No such file or directory): make one with `jiawen eval run`",
        ),
        (["run"], 1, "no index in .jiawen yet"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "out", "named"),
    [
        (["run", "--index", "none"], "file/sub", "file/sub/run.json"),
        (["run", "--index", "none"], "folder", "folder/run.json"),
        (["draft", "--kb", "none", "--all"], "folder", "folder"),
        (["from-feedback", "--index", "none"], "file/cases.jsonl", "file/cases.jsonl"),
    ],
)
def test_where_nothing_can_be_written_is_said_first(tmp_path: Path, command: list[str], out: str, named: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder/run.json").mkdir(parents=True)
    done = CliRunner().invoke(evaluation, [*command, "--out", str(tmp_path / out)])
    assert f"cannot write {tmp_path / named}: " in str(done.exception)
