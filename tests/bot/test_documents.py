"""The routes of the Sources part, through a real server: reading for everyone, changing for an editor."""

import hashlib
import json
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from bot.api import create_app
from bot.documents import Documents
from bot.live import Live, Rebuild, rebuild
from bot.shared import TooMany
from indexer.build import build
from indexer.config import IndexConfig
from indexer.versions import current_version, only_builder, version_names
from tests.bot.conftest import Desk, wait_for

ANNOUNCEMENT = {
    "id": "馆/公告", "title": "城市博物馆公告", "source": "市报", "published": "2024-04-16", "file": "馆/公告.md",
    "characters": 60, "pages": 0, "passages": 1,
}  # fmt: skip


def by_id(desk: Desk) -> dict[str, dict]:
    return {one["id"]: one for one in desk("GET", "documents")[1]["documents"]}


def test_the_documents_with_their_sizes(visitor: Desk) -> None:
    status, found = visitor("GET", "documents")
    assert status == 200
    text = (visitor.kb / "馆/公告.md").read_text(encoding="utf-8").split("---\n")[2]
    announcement = next(one for one in found["documents"] if one["id"] == "馆/公告")
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    assert announcement == ANNOUNCEMENT | {
        "characters": len(text),
        "passages": announcement["passages"],
        "digest": digest,
    }
    assert found.keys() == {"documents", "version", "built_at", "rebuilding"}  # nothing of the server's folders


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("museum", [("guide", 1)]),
        ("城市博物馆", [("馆/公告", 2)]),
        ("公告", [("馆/公告", 1)]),
        (".", [("guide", 1)]),
        ("没有的字", []),
    ],
)
def test_find_text_in_the_documents(visitor: Desk, text: str, rows: list[tuple[str, int]]) -> None:
    found = visitor("GET", "documents/find", text=text)[1]["found"]
    assert [(one["id"], one["count"]) for one in found] == rows
    for one in found:
        before, hit, after = one["excerpt"]
        assert hit.lower() == text
        with urllib.request.urlopen(f"{visitor.url}/source?doc_id={urllib.request.quote(one['id'])}") as page:
            assert page.status == 200
        assert one["end"] - one["start"] == len(text)
        assert len(before) <= 30 >= len(after)


def test_how_a_document_was_cut(visitor: Desk) -> None:
    status, found = visitor("GET", "documents/passages", doc_id="馆/公告")
    passages = found["passages"]
    assert (status, found["of"], [one["number"] for one in passages]) == (
        200,
        len(passages),
        [*range(1, len(passages) + 1)],
    )
    text = (visitor.kb / "馆/公告.md").read_text(encoding="utf-8").split("---\n")[2]
    assert "".join(piece for one in passages for piece, _ in one["pieces"]) == text
    sentences = [piece for one in passages for piece, embedded in one["pieces"] if embedded]
    assert "门票是二十元，凭证半价。" in sentences
    assert not any("##" in one for one in sentences)
    rest = visitor("GET", "documents/passages", doc_id="馆/公告", first=1)[1]
    assert [one["number"] for one in rest["passages"]] == [one["number"] for one in passages[1:]]
    assert visitor("GET", "documents/passages", doc_id="../x")[0] == 404


def test_upload_replace_and_remove(desk: Desk) -> None:
    before = desk.settled()
    status, said = desk("PUT", "documents", "# 科技馆\n\n科技馆每周三闭馆。".encode(), file="../科技馆\u202e.md")
    assert (status, said) == (200, {"file": "科技馆_.md"})
    desk.settled()  # the running page rebuilds by itself
    assert by_id(desk)["科技馆_"]["title"] == "科技馆"

    status, said = desk("PUT", "documents", "周四。".encode(), file="科技馆_.txt")
    assert (status, "replace it?" in said["error"]) == (409, True)
    assert "现有《科技馆》16 字，新的《科技馆_》3 字 | " in said["error"]
    assert said["error"].endswith("now: “科技馆”, 16 characters; new: “科技馆_”, 3 characters")
    *_, said = desk("PUT", "documents", "---\ntitle: 首页 | 科技馆\n---\n周四。".encode(), file="科技馆_.md")
    assert said["error"].count(" | ") == 1  # between the languages
    assert desk("PUT", "documents", "科技馆每周四闭馆。".encode(), file="科技馆_.txt", replace=True)[0] == 200
    desk.settled()
    assert by_id(desk)["科技馆_"]["file"] == "科技馆_.txt"

    status, said = desk("DELETE", "documents", doc_id="科技馆_")
    assert status == 200
    assert (desk.kb / said["kept"]).read_text(encoding="utf-8") == "科技馆每周四闭馆。"
    assert desk.settled()["documents"] == before["documents"]
    assert desk("DELETE", "documents", doc_id="科技馆_")[0] == 404

    versions = desk("GET", "versions")[1]
    assert [one["published"] for one in versions] == [True] + [False] * (len(versions) - 1)
    first, second, third, fourth = (one["version"] for one in reversed(versions[:4]))
    assert desk("GET", "versions/compare", before=first, after=second)[1] == {
        "added": [{"id": "科技馆_", "title": "科技馆"}], "removed": [], "changed": [],
    }  # fmt: skip
    assert desk("GET", "versions/compare", before=third, after=fourth)[1]["removed"] == [
        {"id": "科技馆_", "title": "科技馆_"}
    ]
    (changed,) = desk("GET", "versions/compare", before=second, after=third)[1]["changed"]
    assert changed["sentences"] == [
        ["del", "# 科技馆"], ["del", "科技馆每周三闭馆。"], ["ins", "科技馆每周四闭馆。"],
    ]  # fmt: skip
    assert desk("GET", "versions/compare", before="../..", after=first)[0] == 503

    status, said = desk("POST", "versions/rollback", {"version": second})
    assert (status, said) == (200, {"version": second})
    assert "科技馆_" in by_id(desk)
    assert desk("POST", "versions/rollback", {"version": "../versions"})[0] == 503
    assert desk("POST", "rebuild")[0] == 200  # by hand, so what was rolled back is published again
    assert desk("POST", "rebuild")[0] == 429
    wait_for(lambda: not desk("GET", "documents/state")[1]["rebuilding"])
    state = desk("GET", "documents/state")[1]
    assert (state["rebuild"]["error"], state["rebuild"]["report"]["published"]) == ("", True)
    assert "科技馆_" not in by_id(desk)


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("坏.md", bytes(range(256)), "坏.md is not text in a known encoding"),
        ("空.txt", b" \n", "空.txt has no text"),
        ("坏.pdf", b"%PDF-1.7 nothing", "cannot read 坏.pdf"),
        ("坏.docx", b"PK", "cannot read 坏.docx"),
        ("x.exe", b"MZ", "x.exe: cannot read this format"),
        ("README.md", b"x", "README.md is no content"),
        ("大.txt", b"a" * (32 * 1024 * 1024 + 1), "大.txt is larger than 32 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_changes(desk: Desk, name: str, body: bytes, words: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in desk.kb.rglob("*")}
    status, said = desk("PUT", "documents", body, file=name)
    assert (status, words in said["error"]) == (400, True), said
    assert str(desk.kb.parent) not in said["error"]
    assert "/tmp" not in said["error"]
    assert {path: path.stat().st_mtime_ns for path in desk.kb.rglob("*")} == before


def test_an_upload_that_breaks_off_changes_nothing(desk: Desk) -> None:
    before = sorted(desk.kb.rglob("*"))
    connection = HTTPConnection(urlsplit(desk.url).netloc)
    connection.putrequest("PUT", "/api/documents?file=half.txt")
    for name, value in {"Cookie": desk.cookie, "Origin": desk.url, "Content-Length": "1000"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"half of it")
    connection.close()
    assert desk("PUT", "documents", b"whole.", file="whole.exe")[0] == 400  # the server goes on
    assert sorted(desk.kb.rglob("*")) == before


def test_skipped_files_are_named_to_the_editor_alone(desk: Desk, visitor: Desk) -> None:
    desk.settled()
    bad = desk.kb / "坏.md"
    bad.write_bytes(bytes(range(256)))
    try:
        wait_for(lambda: desk("GET", "documents/state")[1]["skipped"])
        state = desk("GET", "documents/state")[1]
        assert [(one["file"], one["kept"]) for one in state["skipped"]] == [("坏.md", False)]
        assert state["kb"] is True
        assert visitor("GET", "documents/state")[1].keys() == {"version", "built_at", "rebuilding"}
    finally:
        bad.unlink()
        wait_for(lambda: not desk("GET", "documents/state")[1]["skipped"])


def test_a_rebuild_says_how_far_it_is_and_what_the_gate_said(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    kb = tmp_path / "kb"
    kb.mkdir()
    golden = tmp_path / "golden.jsonl"
    rows = [
        {
            "id": str(number),
            "question": f"{name}几点开门？",
            "kind": "fact",
            "gold": [{"doc_id": "a", "quote": f"{name}{number}点开门。"}],
        }
        for number, name in enumerate(
            ["东城书店", "西街药房", "南湖泳池", "北山车站", "中心菜场", "老街茶馆", "新港码头", "高桥学校"], 1
        )
    ]
    golden.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    monkeypatch.setenv("JIAWEN_GOLDEN", str(golden))
    whole = "\n\n".join(row["gold"][0]["quote"] for row in rows)
    (kb / "a.md").write_text(whole, encoding="utf-8")
    build(kb, tmp_path / "index", IndexConfig())
    live = Live.open(tmp_path / "index")
    version = current_version(live.index)
    (kb / "a.md").write_text("\n\n".join(f"另外的第{number}句话。" for number in range(70)), encoding="utf-8")
    steps = []
    ended = rebuild(kb, live.index, (), lambda done, total: steps.append((done, total)))
    assert steps == [(64, 70), (70, 70)]
    assert not ended.report["published"]
    assert "golden questions right" in ended.report["regressed"][0]
    assert len(ended.report["regressed"]) == 9
    assert "not published" in ended.error
    (kb / "a.md").write_text(f"又一句。\n\n{whole}", encoding="utf-8")
    seen = []
    thread = threading.Thread(target=live.rebuild_from, args=(kb,))
    thread.start()
    while thread.is_alive():
        seen.append(live.rebuild.running)
        thread.join(0.05)
    assert any(seen)
    assert live.rebuild == Rebuild(report=live.rebuild.report)
    assert live.bot.index.manifest.version == version_names(live.index)[-1] != version
    assert live.bot.index.manifest.gate == "passed"


def test_a_rebuild_that_is_killed_says_so(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.live._JIAWEN", "import os; print('{\"vers', flush=True); os.kill(os.getpid(), 9)")
    ended = rebuild(tmp_path, tmp_path / "index", (), lambda done, total: None)
    assert ended == Rebuild(error="重建中断（-9） | the rebuild was cut short (-9)")


@contextmanager
def signed_in(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """An editor at a server without the page."""
    monkeypatch.setenv("JIAWEN_EDITOR_PASSWORD", "密")
    monkeypatch.setitem(sys.modules, "bot.ui", SimpleNamespace(mount_page=lambda app, *parts: app))  # without Gradio
    with TestClient(create_app(live), headers={"Origin": "http://testserver"}) as client:
        client.post("/api/editor", json={"password": "密"})
        yield client


@pytest.fixture
def two(tmp_path) -> Live:
    """An index of a.md and b.md."""
    (tmp_path / "kb").mkdir()
    for name, text in {"a.md": "甲馆周一闭馆。", "b.md": "乙馆周二闭馆。"}.items():
        (tmp_path / "kb" / name).write_text(text, encoding="utf-8")
    build(tmp_path / "kb", tmp_path / "index", IndexConfig())
    return Live.open(tmp_path / "index")


def test_a_document_whose_new_file_cannot_be_read_is_removed_with_it(two: Live, tmp_path, monkeypatch) -> None:
    kb = tmp_path / "kb"
    (kb / "a.md").unlink()
    (kb / "a.docx").write_bytes(b"PK")
    build(kb, two.index, IndexConfig())
    two.refresh()
    with signed_in(two, monkeypatch) as client:
        removed = client.delete("/api/documents?doc_id=a")
    assert (removed.status_code, (kb / removed.json()["kept"]).name) == (200, "a.docx")
    assert [path.name for path in kb.iterdir() if path.is_file()] == ["b.md"]
    build(kb, two.index, IndexConfig())
    two.refresh()
    assert list(two.bot.index.documents) == ["b"]


def test_the_last_document_is_not_removed(two: Live, tmp_path, monkeypatch) -> None:
    (tmp_path / "kb" / "c.md").write_bytes(bytes(range(256)))  # nothing could be published of it
    build(tmp_path / "kb", two.index, IndexConfig())
    two.refresh()
    with signed_in(two, monkeypatch) as client:
        assert client.delete("/api/documents?doc_id=a").status_code == 200
        refused = client.delete("/api/documents?doc_id=b")  # before any rebuild
        assert (refused.status_code, "the last document" in refused.json()["error"]) == (400, True)
        assert (tmp_path / "kb" / "b.md").is_file()
        assert client.put("/api/documents?file=d.md", content="丁馆周四闭馆。").status_code == 200
        assert client.delete("/api/documents?doc_id=b").status_code == 200


def test_two_who_ask_for_a_rebuild_start_one(two: Live, monkeypatch) -> None:
    started: list[object] = []
    both = threading.Barrier(2)
    monkeypatch.setattr(Live, "rebuild_from", lambda *arguments: started.append(arguments))
    server = Documents(two)
    folder = server._folder

    def together():
        both.wait(timeout=20)
        return folder()

    monkeypatch.setattr(server, "_folder", together)

    def ask() -> int:
        try:
            return len(server.rebuild())
        except TooMany:
            return 0

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: ask(), range(2))) == [0, 1]
    wait_for(lambda: started)  # by the thread of the one
    assert len(started) == 1


def test_a_rollback_beside_a_build_or_on_a_full_disk_is_one_line(two: Live, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    version = current_version(two.index)
    with signed_in(two, monkeypatch) as client:
        with only_builder(two.index):
            answer = client.post("/api/versions/rollback", json={"version": version})
        assert (answer.status_code, "wait for it" in answer.json()["error"]) == (429, True)
        monkeypatch.setattr("indexer.versions.flush", full)
        answer = client.post("/api/versions/rollback", json={"version": version})
        assert (answer.status_code, "check space" in answer.json()["error"]) == (503, True)


def test_where_the_folder_is_gone_only_reading_works(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    kb = tmp_path / "kb"
    kb.mkdir()
    (kb / "a.md").write_text("甲。", encoding="utf-8")
    build(kb, tmp_path / "index", IndexConfig())
    kb.rename(tmp_path / "moved")
    with signed_in(Live.open(tmp_path / "index"), monkeypatch) as client:
        assert client.get("/api/documents").json()["kb"] is False
        assert client.get("/api/documents/passages?doc_id=a").json()["of"] == 1
        for answer in (
            client.put("/api/documents?file=b.md", content="乙。"),
            client.delete("/api/documents?doc_id=a"),
            client.post("/api/rebuild"),
        ):
            assert (answer.status_code, "only reading works" in answer.json()["error"]) == (400, True)
        assert [one["published"] for one in client.get("/api/versions").json()] == [True]
