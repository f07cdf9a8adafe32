"""New versions while requests are in flight: taken up at once, never mixed; killed builds; rebuilds on change."""

import contextlib
import gc
import json
import multiprocessing
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answer import Answerer
from bot.config import BotConfig
from bot.live import Live, Rebuild, rebuild
from bot.llm import ModelError
from bot.types import Answer
from indexer.build import BuildOptions, build
from indexer.config import IndexConfig
from indexer.errors import IndexMissing, JiawenError
from indexer.versions import current_version, faults_of, open_index, roll_back, version_names
from tests.conftest import ROOT, CountingEncoder, address_of, plain_head, started

JIAWEN = str(Path(sys.executable).parent / "jiawen")
KILLS = 200


@pytest.fixture
def live(built, kb: Path, counting: CountingEncoder) -> Live:
    (kb / "a.md").write_text("甲甲甲。", encoding="utf-8")
    built()
    index = kb.parent / "index"
    return Live(index, Answerer(open_index(index, counting.fingerprint), counting, BotConfig(), plain_head()))


def publish(built, kb: Path, text: str) -> str:
    (kb / "a.md").write_text(text, encoding="utf-8")
    return built().version


def test_a_new_version_is_taken_up_and_the_old_one_freed(live: Live, built, kb: Path) -> None:
    old = weakref.ref(live.bot)
    live.refresh()
    assert old() is live.bot
    version = publish(built, kb, "甲乙。")
    live.refresh()
    gc.collect()
    assert old() is None
    answer = live.bot.ask("甲甲")
    assert (answer.index_version, answer.citations[0].quote) == (version, "甲乙。")


def test_a_request_in_flight_ends_with_its_version(live: Live, built, kb: Path) -> None:
    first = live.bot
    publish(built, kb, "甲乙。")
    live.refresh()
    assert first.ask("甲").citations[0].quote == "甲甲甲。"


def test_a_broken_version_is_refused_once_and_the_last_good_one_stays(live: Live, built, kb: Path, caplog) -> None:
    good = live.bot
    version = publish(built, kb, "甲乙。")
    (live.index / "versions" / version / "chunks.jsonl").write_text("", encoding="utf-8")
    for _ in range(3):
        live.refresh()
    assert live.bot is good
    assert ["chunks.jsonl" in record.getMessage() for record in caplog.records] == [True]
    (live.index / "CURRENT").write_bytes(b"\xff")
    for _ in range(3):
        live.refresh()
    assert live.bot is good
    assert ["CURRENT" in record.getMessage() for record in caplog.records] == [False, True]
    third = publish(built, kb, "甲丙。")
    live.refresh()
    assert live.bot.index.manifest.version == third


def test_rolling_back_is_served(live: Live, built, kb: Path) -> None:
    publish(built, kb, "甲乙。")
    live.refresh()
    roll_back(live.index)
    live.refresh()
    assert live.bot.ask("甲").citations[0].quote == "甲甲甲。"


def test_before_the_first_version_there_is_no_bot_and_then_there_is(built, kb: Path, caplog) -> None:
    live = Live.open(kb.parent / "index")
    for _ in range(3):
        live.refresh()
    assert ["no index" in record.getMessage() for record in caplog.records] == [True]
    live.follow()
    try:
        with pytest.raises(IndexMissing, match=r"run `jiawen index --index .*/index`"):
            live.bot  # noqa: B018
        (kb / "a.md").write_text("甲甲甲。", encoding="utf-8")
        version = built().version
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(IndexMissing):
                assert live.bot.index.manifest.version == version
                break
            time.sleep(0.05)
        else:
            pytest.fail("the first version was not taken up")
    finally:
        live.close()


@pytest.fixture
def rebuilt(monkeypatch: pytest.MonkeyPatch) -> "queue.Queue[Path]":
    """The folders that rebuilds were asked for, which build nothing."""
    asked: queue.Queue[Path] = queue.Queue()

    def rebuild(kb: Path, *_: object) -> Rebuild:
        asked.put(kb)
        return Rebuild()

    monkeypatch.setattr("bot.live.rebuild", rebuild)
    return asked


def test_the_folder_that_the_published_version_was_read_from_is_followed(live: Live, rebuilt, kb: Path) -> None:
    other = kb.parent / "other"
    other.mkdir()
    (other / "b.md").write_text("乙。", encoding="utf-8")
    live.follow()
    try:
        assert rebuilt.get(timeout=60) == kb
        build(other, live.index, IndexConfig())
        assert rebuilt.get(timeout=60) == other
        (other / "b.md").write_text("丙。", encoding="utf-8")
        assert rebuilt.get(timeout=60) == other
    finally:
        live.close()


def test_that_another_folder_than_kb_is_followed_is_said_in_one_line(
    live: Live, rebuilt, kb: Path, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for here, said in (
        (kb.parent, []),
        (kb, [f"{kb} 里的改动会自动发布 | what changes in {kb} is published by itself"]),
    ):
        monkeypatch.chdir(here)
        followed = replace(live, _stop=threading.Event(), _moved=threading.Event())
        followed.follow()
        try:
            assert rebuilt.get(timeout=60) == kb
            assert caplog.messages == said
        finally:
            followed.close()


def test_a_folder_that_cannot_be_watched_is_said_and_tried_again(
    live: Live, rebuilt, kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: queue.Queue[None] = queue.Queue()

    def watch(folder: Path, stop: threading.Event) -> Iterator[None]:
        tried.put(None)
        raise JiawenError("看不到", f"cannot watch {folder}")

    monkeypatch.setattr("bot.live.changes", watch)
    monkeypatch.setattr("bot.live._TRY_AGAIN", 0.05)
    live.follow()
    try:
        for _ in range(3):
            tried.get(timeout=60)
        assert live.rebuild.error == f"看不到 | cannot watch {kb.name}"
    finally:
        live.close()


def test_a_model_that_cannot_be_opened_is_said_before_there_is_an_index(
    kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIAWEN_LLM", "nobody:model")
    with pytest.raises(ModelError):
        Live.open(kb.parent / "index")


def test_a_rebuild_that_breaks_is_over(live: Live, kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.live.rebuild", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        live.rebuild_from(kb)
    assert not live.rebuild.running
    assert "cut short" in live.rebuild.error


def test_what_a_visitor_reads_of_a_broken_rebuild_is_no_traceback(
    kb: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.live._JIAWEN", "1 / 0")
    ended = rebuild(kb, kb.parent / "index", (), lambda done, total: None)
    assert ended.error == "重建出错了，原因见服务器的日志 | the rebuild broke: the server's log says why"
    assert "ZeroDivisionError" in caplog.text


def test_content_that_was_rolled_back_and_stays_so_is_no_broken_rebuild(
    live: Live, built, kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(built, kb, "乙乙。")
    roll_back(live.index)
    fake = "import indexer.build, tests.conftest as c; indexer.build.fingerprint_of = lambda name: c.CountingEncoder.fingerprint"
    monkeypatch.setattr("bot.live._JIAWEN", f"{fake}\nfrom bot.app import main; main()")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ended = rebuild(kb, live.index, ("--automatic",), lambda done, total: None)
    assert (ended.error, ended.report and ended.report["held"]) == ("", True)


def check(answer: Answer, texts: dict[str, str]) -> None:
    """The answer is whole and from the one version that it names."""
    assert answer.citations
    for citation in answer.citations:
        assert texts[answer.index_version][citation.start : citation.end] == citation.quote


def test_twenty_clients_and_ten_publishes(live: Live, built, kb: Path) -> None:
    texts = {live.bot.index.manifest.version: "甲甲甲。"}
    done = threading.Event()

    def ask() -> list[Answer]:
        answers = []
        while not done.is_set():
            answers.append(live.bot.ask("甲甲"))
        return answers

    with ThreadPoolExecutor(20) as pool:
        clients = [pool.submit(ask) for _ in range(20)]
        try:
            for number in range(10):
                text = "甲" * (number + 4) + "乙。" + "丙。" * number
                texts[publish(built, kb, text)] = text
                live.refresh()
        finally:
            done.set()  # else the pool waits for ever
        answers = [answer for client in clients for answer in client.result()]
    assert len({answer.index_version for answer in answers}) > 1
    for answer in answers:
        check(answer, texts)


def build_with_fake(kb: Path, index: Path) -> None:
    """A build in a process of its own, with the encoder that counts."""
    import indexer.build

    indexer.build.open_encoder = lambda name: CountingEncoder()
    indexer.build.fingerprint_of = lambda name: CountingEncoder.fingerprint
    build(kb, index, IndexConfig(), BuildOptions())


def test_builds_killed_at_random_moments_lose_nothing(live: Live, kb: Path) -> None:
    clean = multiprocessing.get_context("forkserver")  # a fork of this process could inherit a held OpenMP lock
    clean.set_forkserver_preload(["indexer.build", "tests.bot.test_live"])
    texts: dict[str, str] = {live.bot.index.manifest.version: "甲甲甲。"}
    done = threading.Event()
    asked = []

    def ask() -> None:
        while not done.is_set():
            live.refresh()
            bot = live.bot
            texts[bot.index.manifest.version] = bot.index.documents["a"].text
            answer = bot.ask("甲甲")
            check(answer, texts)
            asked.append(answer.index_version)

    chance = random.Random(0)
    longest = 0.1  # seconds: follows how long a build takes on this machine
    published = set()
    with ThreadPoolExecutor(1) as pool:
        client = pool.submit(ask)
        try:
            for number in range(KILLS):
                (kb / "a.md").write_text(f"甲甲。第{number}次。" + "乙。" * (number % 7), encoding="utf-8")
                process = clean.Process(target=build_with_fake, args=(kb, live.index))
                started = time.perf_counter()
                process.start()
                process.join(chance.uniform(0, longest))
                if process.is_alive():
                    process.kill()  # SIGKILL, also where it has just ended
                    longest *= 1.05
                else:
                    longest = 1.2 * (time.perf_counter() - started)
                process.join()
                published.add(open_index(live.index, CountingEncoder.fingerprint).manifest.version)
                assert not client.done()
        finally:
            done.set()  # else the pool waits for ever
        client.result()
    assert 1 < len(published) < KILLS  # some got through, some were killed
    assert len(set(asked)) > 1
    process = clean.Process(target=build_with_fake, args=(kb, live.index))
    process.start()
    process.join()
    assert process.exitcode == 0
    opened = open_index(live.index, CountingEncoder.fingerprint)
    assert opened.documents["a"].text == (kb / "a.md").read_text(encoding="utf-8")
    names = version_names(live.index)
    assert [path.name for path in (live.index / "versions").iterdir() if path.name not in names] == []
    assert not any(faults_of(live.index, name) for name in names)


def test_two_builds_at_once_both_end_well(live: Live, kb: Path) -> None:
    clean = multiprocessing.get_context("forkserver")
    (kb / "a.md").write_text("甲甲。" + "乙丙。" * 300, encoding="utf-8")
    both = [clean.Process(target=build_with_fake, args=(kb, live.index)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    live.refresh()
    assert live.bot.index.documents["a"].text.startswith("甲甲。乙丙。")
    assert len(version_names(live.index)) == 2  # the second found nothing left to do


def get(address: str, question: str | None = None) -> dict:
    data = json.dumps({"question": question}).encode() if question else None
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def wait_for(condition, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory):
    """(kb folder, address) of a running `jiawen chat` over an index of that folder."""
    root = tmp_path_factory.mktemp("editor")
    (root / "kb").mkdir()
    (root / "kb/馆.md").write_text("# 公告\n\n城市博物馆每周一闭馆。门票是二十元。", encoding="utf-8")
    subprocess.run([JIAWEN, "index"], cwd=root, check=True, capture_output=True)
    with started("chat", "--port", "0", cwd=root) as process:
        yield root / "kb", address_of(process)


def test_an_edit_is_answered_from_without_a_restart(editor: tuple[Path, str]) -> None:
    kb, site = editor
    before = get(f"{site}/api/ask", "城市博物馆周几闭馆？")
    (cited,) = before["citations"]
    assert cited["quote"] == "城市博物馆每周一闭馆。"
    (kb / "馆.md").write_text("# 公告\n\n城市博物馆每周二闭馆。门票是二十元。", encoding="utf-8")
    (kb / ".馆.md.swp").write_text("x", encoding="utf-8")
    wait_for(lambda: "周二" in get(f"{site}/api/ask", "城市博物馆周几闭馆？")["answer"])
    place = f"doc_id=%E9%A6%86&start={cited['start']}&end={cited['end']}&digest={cited['digest']}"
    with urllib.request.urlopen(f"{site}/source?{place}", timeout=30) as response:
        page = response.read().decode()
    assert "城市博物馆每周一闭馆。</mark>" in page
    assert "来源已更新" in page
    assert "<ins>城市博物馆每周二闭馆。</ins>" in page
    (kb / "坏.md").write_bytes(bytes(range(256)))
    wait_for(lambda: "坏.md" in get(f"{site}/api/health")["rebuild_error"])
    assert str(kb.parent) not in get(f"{site}/api/health")["rebuild_error"]
    (kb / "坏.md").unlink()
    (kb / "馆.md").rename(kb / "馆.bak")
    (kb / "新.txt").write_text("科技馆每周三闭馆。", encoding="utf-8")
    wait_for(lambda: "周三" in get(f"{site}/api/ask", "科技馆周几闭馆？")["answer"])
    with urllib.request.urlopen(f"{site}/source?{place}", timeout=30) as response:
        assert "来源已删除" in response.read().decode()


def test_index_watch_rebuilds_and_survives_a_bad_save(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    article = tmp_path / "kb/a.md"
    article.write_text("第一版。", encoding="utf-8")
    errors = tmp_path / "errors"
    with errors.open("wb") as stderr, started("index", "--watch", "--json", cwd=tmp_path, stderr=stderr) as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert (first["published"], first["documents"]) == (True, 1)
        article.unlink()
        article.with_name("b.txt").write_text(" ", encoding="utf-8")
        wait_for(lambda: "b.txt" in errors.read_text(encoding="utf-8"))
        article.write_text("第二版。", encoding="utf-8")
        second = json.loads(process.stdout.readline())
        assert (second["published"], [one["file"] for one in second["skipped"]]) == (True, ["b.txt"])
        assert second["version"] == current_version(tmp_path / ".jiawen")
    assert "Traceback" not in errors.read_text(encoding="utf-8")


def test_an_interrupt_that_a_finaliser_swallows_ends_the_watching_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    swallowing = """
import time
from bot.app import main
from indexer import app

class Kept:
    def __del__(self):
        print("building", flush=True)
        time.sleep(60)

def build(*_):
    Kept()
    return True

app._build = build
main(["index", "--watch"])
"""
    with subprocess.Popen(
        [sys.executable, "-c", swallowing], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "building\n"
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=40)
        finally:
            process.kill()
    assert "Exception ignored" in errors
    assert process.returncode == 0


def test_the_gate_stops_content_that_loses_golden_answers(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "kb"
    shutil.copytree(source, tmp_path / "kb")
    article = next(path for path in (tmp_path / "kb").glob("*.md") if path.name != "README.md")
    subprocess.run([JIAWEN, "index"], cwd=tmp_path, check=True, capture_output=True)
    whole = article.read_text(encoding="utf-8")
    version = current_version(tmp_path / ".jiawen")
    article.write_text(whole[: len(whole) // 3], encoding="utf-8")
    stopped = subprocess.run([JIAWEN, "index"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert stopped.returncode == 1
    assert "golden questions right" in stopped.stderr
    assert stopped.stderr.count("变差 worse") > 5
    assert "add --no-gate" in stopped.stderr
    assert current_version(tmp_path / ".jiawen") == version
    article.write_text(whole.replace("近年来", "这几年来").replace("我市", "全市"), encoding="utf-8")
    passed = subprocess.run([JIAWEN, "index"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (passed.returncode, passed.stderr) == (0, "")
    article.write_text(whole[: len(whole) // 3], encoding="utf-8")
    overridden = subprocess.run([JIAWEN, "index", "--no-gate"], cwd=tmp_path, capture_output=True, check=False)
    assert overridden.returncode == 0
    status = subprocess.run([JIAWEN, "index", "status", "--json"], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(status.stdout)["gate"] == "overridden"
