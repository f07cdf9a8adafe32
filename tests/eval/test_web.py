"""The routes of the Evaluate part, over an index worked out by hand: who may, runs, comparison, explanation."""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from bot.api import create_app
from bot.app import explain as explain_command
from bot.live import Live
from eval.cases import Case, resolve
from eval.compare import compare
from eval.run import Result, evaluate, read_run, stamp, summary, write_run
from tests.bot.conftest import wait_for

PASSWORD = "城门 open"
# What `jiawen eval run` prints and writes, a step further each time the file `go` is there.
CHILD = """
import json, pathlib, shutil, sys, time
def step(done):
    print(json.dumps({"done": done, "total": 2}), flush=True)
    while not pathlib.Path("go").exists(): time.sleep(0.02)
step(1); step(2)
out = sys.argv[sys.argv.index("--out") + 1]
shutil.copytree("runs/one", out)
print(json.dumps({"run": out}))
"""


@dataclasses.dataclass
class Site:
    client: TestClient
    live: Live
    golden: Path

    def get(self, path: str = "", **query: str) -> tuple[int, dict]:
        response = self.client.get(f"/api/evaluate{path}", params=query or None)
        return response.status_code, response.json()

    def send(self, method: str, path: str, body: object = None, **query: str) -> tuple[int, dict]:
        response = self.client.request(method, f"/api/evaluate{path}", json=body, params=query or None)
        return response.status_code, response.json()

    def start(self) -> tuple[int, dict]:
        return self.send("POST", "/start", {"cases": str(self.golden)})

    def job(self) -> dict:
        return self.get()[1]["job"]

    def write(self, name: str, change: Callable[[Result], Result] = lambda one: one, **made: object) -> list[Result]:
        documents = self.live.bot.index.documents
        cases = [
            Case("one", "甲甲", "fact", (resolve("a", "甲甲", documents),), ("甲",), (("乙是什么？", "乙丙。"),)),
            Case("two", "丁", "fact", (resolve("a", "丁丁", documents),)),
            Case("three", "番茄", "near-miss"),
        ]
        results = [change(one) for one in evaluate(self.live.bot, cases)]
        write_run(Path("runs") / name, results, stamp(self.live.bot, "cases.jsonl") | made)
        return results


@contextmanager
def client_of(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The site without Gradio; an editor has signed in."""
    monkeypatch.setenv("JIAWEN_EDITOR_PASSWORD", PASSWORD)
    monkeypatch.setitem(sys.modules, "bot.ui", SimpleNamespace(mount_page=lambda app, added: app))
    with TestClient(create_app(live), headers={"Origin": "http://testserver"}) as client:
        assert client.post("/api/editor", json={"password": PASSWORD}).status_code == 200
        yield client


@pytest.fixture
def site(built, kb: Path, counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An editor has signed in; runs/ is in an empty folder."""
    (kb / "a.md").write_text("甲甲。乙丙。\n\n丁丁丁。戊己。\n\n庚。", encoding="utf-8")
    built(merge_characters=1)
    golden = tmp_path / "cases.jsonl"
    row = {"id": "one", "question": "甲甲", "kind": "fact", "gold": [{"doc_id": "a", "quote": "甲甲"}], "must": ["甲"]}
    golden.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIAWEN_GOLDEN", str(golden))
    live = Live.open(tmp_path / "index")
    with client_of(live, monkeypatch) as client:
        yield Site(client, live, golden)


READS = ["", "/run?name=one", "/case?run=one&id=one", "/compare?before=one&after=one", "/explain?question=甲"]
CHANGES = [("POST", "/start"), ("POST", "/stop"), ("DELETE", "/run?name=one")]


def test_only_an_editor_may(site: Site) -> None:
    site.write("one")
    for path in READS:
        assert site.get(path)[0] == 200, path
    for method, path in CHANGES:
        elsewhere = {"Origin": "http://evil.example"}
        assert site.client.request(method, f"/api/evaluate{path}", json={}, headers=elsewhere).status_code == 403, path
    site.client.delete("/api/editor")
    for method, path in [*(("GET", path) for path in READS), *CHANGES]:
        status, said = site.send(method, path, {"cases": str(site.golden)})
        assert (status, said) == (403, {"error": "请先登录 | sign in first"}), path
    assert (Path("runs/one/run.json")).exists()


@pytest.mark.parametrize("looks", [0, 1])
def test_a_run_that_goes_while_it_is_looked_at_is_none(site: Site, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    site.write("one")
    gone = Path("runs/gone")
    left: list[int] = []

    def changed(folder: Path) -> int | None:
        if folder != gone:
            return (folder / "run.json").stat().st_mtime_ns
        return left.pop() if left else None

    monkeypatch.setattr("eval.web._folders", lambda: {"one": Path("runs/one"), "gone": gone})
    monkeypatch.setattr("eval.web._changed", changed)
    left[:] = range(looks)
    assert [one["name"] for one in site.get()[1]["runs"]] == ["one"]
    left[:] = range(looks)
    assert site.get("/run", name="gone")[0] == 404


def test_runs_are_listed_with_the_newest_first_and_broken_ones_named(site: Site) -> None:
    assert site.get()[1] == {
        "golden": [{"file": str(site.golden), "name": "cases.jsonl", "questions": 1, "error": ""}],
        "index_version": site.live.bot.index.manifest.version,
        "job": {"running": False, "run": "", "done": 0, "total": 0, "error": ""},
        "runs": [],
    }
    results = site.write("old", at="2024-01-01T00:00:00+08:00", commit="abc")
    site.write("new", at="2024-01-02T00:00:00+00:00")
    broken = {
        "text": "{",
        "other": "[1]",
        "empty": '{"made_with": {}, "results": []}',
        "stamp": '{"made_with": 3, "results": []}',
    }
    for number, (name, text) in enumerate(broken.items()):
        (Path("runs") / name).mkdir()
        (Path("runs") / name / "run.json").write_text(text, encoding="utf-8")
        os.utime(Path("runs") / name / "run.json", (number, number))
    Path("runs/not-a-run").mkdir()
    rows = site.get()[1]["runs"]
    assert [one["name"] for one in rows] == ["new", "old", "stamp", "empty", "other", "text"]
    assert rows[1] == {
        "name": "old",
        "time": 1704038400.0,
        "cases": "cases.jsonl",
        "index_version": site.live.bot.index.manifest.version,
        "commit": "abc",
        "answerer": "extractive",
        "encoder": "counting/1",
        "questions": 3,
        "right": summary(results)["right"],
    }
    for one in rows[2:]:
        assert "is not a run" in one["error"]
        assert site.get("/run", name=one["name"])[0] == 400
        assert site.send("DELETE", "/run", name=one["name"])[0] == 200
    assert [one["name"] for one in site.get()[1]["runs"]] == ["new", "old"]


def test_a_golden_set_that_is_not_about_this_content_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    other = site.golden.with_name("other.jsonl")
    other.write_text(site.golden.read_text(encoding="utf-8").replace('"a"', '"b"'), encoding="utf-8")
    monkeypatch.setenv("JIAWEN_GOLDEN", f"{other}{os.pathsep}{site.golden}{os.pathsep}nowhere.jsonl")
    first, second, third = site.get()[1]["golden"]
    assert "no document b" in first["error"]
    assert (second["questions"], second["error"]) == (1, "")
    assert "cannot read nowhere.jsonl" in third["error"]
    assert site.send("POST", "/start", {"cases": "/etc/passwd"})[0] == 404


def test_a_run_from_its_start_to_its_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("one")
    monkeypatch.setattr("bot.live._JIAWEN", CHILD)
    status, said = site.start()
    assert status == 200
    wait_for(lambda: site.job()["done"] == 1)
    assert site.job() == {"running": True, "run": said["run"], "done": 1, "total": 2, "error": ""}
    assert site.start()[0] == 429
    Path("go").touch()
    wait_for(lambda: not site.job()["running"])
    assert site.job() == {"running": False, "run": said["run"], "done": 0, "total": 0, "error": ""}
    assert site.get("/run", name=said["run"])[0] == 200


def test_a_run_is_stopped_and_nothing_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.live._JIAWEN", CHILD)
    assert site.send("POST", "/stop")[0] == 200  # nothing to stop
    site.start()
    wait_for(lambda: site.job()["done"] == 1)
    assert site.send("POST", "/stop")[0] == 200
    wait_for(lambda: not site.job()["running"])
    assert "stopped" in site.job()["error"]
    assert site.get()[1]["runs"] == []


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import sys; sys.exit('没有索引 | no index')", "没有索引 | no index"),
        ("import os; os.kill(os.getpid(), 9)", "评测中断（-9） | the run was cut short (-9)"),
    ],
)
def test_a_run_that_fails_says_why(site: Site, monkeypatch: pytest.MonkeyPatch, script: str, error: str) -> None:
    monkeypatch.setattr("bot.live._JIAWEN", script)
    site.start()
    wait_for(lambda: not site.job()["running"])
    assert site.job()["error"] == error


def test_the_numbers_and_questions_of_a_run(site: Site) -> None:
    results = site.write("one", lambda one: dataclasses.replace(one, right=one.id != "two"))
    _, run = site.get("/run", name="one")
    assert run["summary"] == json.loads(json.dumps(summary(results)))
    assert run["kinds"] == {"fact": [2, 0.5], "near-miss": [1, 1.0]}
    assert [one["id"] for one in run["questions"]] == ["two", "one", "three"]
    assert run["questions"][0].keys() == {
        "id", "kind", "question", "answerable", "verdict", "confidence", "right", "failure",
    }  # fmt: skip
    _, case = site.get("/case", run="one", id="one")
    assert (case["expected"], case["required"], case["history"]) == (["甲甲"], ["甲"], [["乙是什么？", "乙丙。"]])
    texts = {chunk.id: chunk.text for chunk in site.live.bot.index.chunks}
    assert [hit["text"] for hit in case["hits"]] == [texts[key] for key in results[0].retrieved]
    site.write("older", lambda one: dataclasses.replace(one, retrieved=("gone#0-1",)))
    assert site.get("/case", run="older", id="one")[1]["hits"] == [{"chunk_id": "gone#0-1", "text": None}]
    assert site.get("/case", run="one", id="four")[0] == 404


def test_a_name_leads_nowhere_but_to_a_run(site: Site) -> None:
    site.write("one")
    write_run(Path("secret"), read_run(Path("runs/one"))[1], stamp(site.live.bot, "secret"))
    Path("runs/linked").symlink_to("../secret")
    for name in ("../secret", "..", ".", "", "linked", "one/../../secret", str(Path("secret").resolve()), "one/", "\0"):
        assert site.get("/run", name=name)[0] == 404, name
        assert site.get("/case", run=name, id="one")[0] == 404, name
        assert site.get("/compare", before="one", after=name)[0] == 404, name
        assert site.send("DELETE", "/run", name=name)[0] == 404, name
    assert Path("secret/run.json").exists()


def test_deleting_a_run_leaves_what_others_put_there(site: Site) -> None:
    site.write("one")
    site.write("two")
    Path("runs/two/notes.txt").touch()
    for name in ("one", "two"):
        assert site.send("DELETE", "/run", name=name)[0] == 200
    assert [path.name for path in Path("runs").rglob("*")] == ["two", "notes.txt"]


def test_two_runs_compared(site: Site) -> None:
    before = site.write("before", lambda one: dataclasses.replace(one, right=one.id == "one"))
    after = site.write("after", lambda one: dataclasses.replace(one, right=one.id == "two"))
    _, said = site.get("/compare", before="before", after="after")
    expected = [asdict(one) | {"regressed": one.regressed} for one in compare(before, after)]
    assert said["measures"] == json.loads(json.dumps(expected))
    assert said["questions"] == {"one": "甲甲", "two": "丁"}
    site.write("reworded", lambda one: dataclasses.replace(one, question=f"{one.question}？"))
    status, said = site.get("/compare", before="before", after="reworded")
    assert (status, "differ in text or gold" in said["error"]) == (400, True)
    site.write("other", lambda one: dataclasses.replace(one, id=f"x-{one.id}"))
    status, said = site.get("/compare", before="before", after="other")
    assert (status, "share no question" in said["error"]) == (400, True)


def test_the_explanation_is_that_of_the_command(site: Site) -> None:
    def command(*arguments: str) -> dict:
        done = CliRunner().invoke(explain_command, ["--index", str(site.live.index), "--json", *arguments])
        return json.loads(done.stdout)

    _, said = site.get("/explain", question="丁是什么？")
    assert said["explanation"] == command("丁是什么？")
    assert said["passages"][0] == {"chunk_id": said["explanation"]["chunk_id"], "text": said["explanation"]["text"]}
    other = said["passages"][1]["chunk_id"]
    assert site.get("/explain", question="丁是什么？", chunk=other)[1]["explanation"] == command(
        "丁是什么？", "--chunk", other
    )
    assert site.get("/explain", question=" ")[0] == 400
    assert site.get("/explain", question="丁", chunk="a#9-99")[0] == 400


def test_a_question_of_a_run_is_explained_as_it_was_asked(site: Site) -> None:
    site.write("one", lambda one: dataclasses.replace(one, question="那么它呢？"))
    searched = site.get("/explain", run="one", id="one")[1]["explanation"]["question"]
    assert "乙是什么？" in searched
    assert "乙是什么？" not in site.get("/explain", run="one", id="two")[1]["explanation"]["question"]


def test_without_an_index_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with client_of(Live.open(tmp_path / "none"), monkeypatch) as client:
        for path in ("", "/explain?question=x"):
            response = client.get(f"/api/evaluate{path}")
            assert (response.status_code, "jiawen index" in response.json()["error"]) == (503, True)
