"""What an editor does to kb/: names made safe, nothing outside touched, nothing lost, nothing half written."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import Exists, check_file, put, remove, safe_path
from indexer.errors import ContentError
from indexer.read import read_folder


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("公告.md", "公告.md"),
        ("../../etc/x.md", "etc/x.md"),
        ("/abs/x.md/", "abs/x.md"),
        ("C:\\a\\b.txt", "C_/a/b.txt"),
        ("./.removed/x.md", "removed/x.md"),
        ("a\x00b\u202egnp.\nmd.md", "a_b_gnp._md.md"),
        ("~$ 稿 .docx", "$ 稿.docx"),
        ("e\u0301.md", "é.md"),
        ("长" * 300 + ".pdf", "长" * 65 + ".pdf"),
        ("长" * 300 + "/a.md", "长" * 66 + "/a.md"),
    ],
)
def test_names_are_made_safe(name: str, path: str) -> None:
    assert str(safe_path(name)) == path


@pytest.mark.parametrize("name", ["", "..", ".md", "/", "a.exe", "README.md", "x.___.md"])
def test_names_that_are_no_content_are_refused(name: str) -> None:
    with pytest.raises(ContentError):
        safe_path(name)


@given(st.text(), st.sampled_from([".md", ".PDF", ".docx"]))
def test_any_name_stays_inside_and_is_read(name: str, suffix: str) -> None:
    try:
        path = safe_path(name + suffix)
    except ContentError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    for part in path.parts:
        assert part[0] not in ".~"
        assert len(part.encode()) < 255
        assert not {unicodedata.category(one)[0] for one in part} & {"C"}
    assert safe_path(str(path)) == path


@pytest.fixture
def uploaded(tmp_path: Path):
    def made(text: str, name: str = "新.md") -> Path:
        path = tmp_path / "up" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return made


def removed(kb: Path) -> dict[str, str]:
    """Path below .removed/<time>/ → text."""
    return {
        path.relative_to(kb / ".removed").as_posix().split("/", 1)[1]: path.read_text(encoding="utf-8")
        for path in (kb / ".removed").rglob("*")
        if path.is_file()
    }


def test_a_file_is_put_and_replaced_only_when_meant(kb: Path, uploaded) -> None:
    path = PurePosixPath("馆/a.md")
    put(kb, path, uploaded("一。"), replace=False)
    with pytest.raises(Exists, match=r"a\.md"):
        put(kb, path, uploaded("二。"), replace=False)
    assert (kb / path).read_text(encoding="utf-8") == "一。"
    put(kb, path, uploaded("二。"), replace=True)
    assert (kb / path).read_text(encoding="utf-8") == "二。"
    assert removed(kb) == {"馆/a.md": "一。"}
    assert [path.name for path in (kb / "馆").iterdir()] == ["a.md"]


def test_a_file_of_another_suffix_is_the_same_document(kb: Path, uploaded) -> None:
    (kb / "a.md").write_text("一。", encoding="utf-8")
    with pytest.raises(Exists, match=r"a\.md"):
        put(kb, PurePosixPath("a.txt"), uploaded("二。"), replace=False)
    put(kb, PurePosixPath("a.txt"), uploaded("二。"), replace=True)
    found = read_folder(kb)
    assert [(one.file, one.text) for one in found.documents] == [("a.txt", "二。")]
    assert found.skipped == []
    assert removed(kb) == {"a.md": "一。"}


def test_a_disk_that_fails_leaves_the_file_as_it_was(kb: Path, uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    (kb / "a.md").write_text("一。", encoding="utf-8")

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.content.flush", full)
    with pytest.raises(OSError, match="No space"):
        put(kb, PurePosixPath("a.md"), uploaded("二。"), replace=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in kb.iterdir()} == {"a.md": "一。"}


def test_removed_files_are_kept_out_of_sight(kb: Path, uploaded) -> None:
    (kb / "b.md").write_text("乙。", encoding="utf-8")
    for text in ("一。", "二。"):
        put(kb, PurePosixPath("a.md"), uploaded(text), replace=False)
        kept = remove(kb, PurePosixPath("a.md"))
        assert kept.parts[0] == ".removed"
        assert (kb / kept).read_text(encoding="utf-8") == text
    assert [one.id for one in read_folder(kb).documents] == ["b"]
    with pytest.raises(ContentError, match="no longer there"):
        remove(kb, PurePosixPath("a.md"))


def test_known_questions_go_with_their_document(kb: Path) -> None:
    for name in ("a.md", "a.questions.jsonl", "ab.questions.jsonl"):
        (kb / name).write_text("{}", encoding="utf-8")
    remove(kb, PurePosixPath("a.md"))
    assert sorted(removed(kb)) == ["a.md", "a.questions.jsonl"]
    assert [path.name for path in kb.glob("*.*") if path.is_file()] == ["ab.questions.jsonl"]


def test_links_and_dots_lead_nowhere_outside(kb: Path, uploaded, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.md").write_text("外。", encoding="utf-8")
    (kb / "link").symlink_to(outside)
    (kb / "file.md").symlink_to(outside / "a.md")
    for path in (PurePosixPath("link/a.md"), PurePosixPath("../outside/a.md"), PurePosixPath("x/../../outside/a.md")):
        with pytest.raises(ContentError, match="not in the content folder"):
            put(kb, path, uploaded("坏。"), replace=True)
        with pytest.raises(ContentError, match="not in the content folder"):
            remove(kb, path)
    put(kb, PurePosixPath("file.md"), uploaded("新。"), replace=True)  # the link goes, what it led to stays
    assert (kb / "file.md").read_text(encoding="utf-8") == "新。"
    assert not (kb / "file.md").is_symlink()
    assert {path.name: path.read_text(encoding="utf-8") for path in outside.iterdir()} == {"a.md": "外。"}


def test_a_file_is_refused_with_the_readers_reason(uploaded) -> None:
    assert check_file(uploaded("# 题\n\n" + "正文。" * 400)) == ("题", "1,205")
    with pytest.raises(ContentError) as refused:
        check_file(uploaded("---\ntitle: [\n---\n正文。", "坏 头.md"))
    assert refused.value.chinese.startswith("坏 头.md 第 2 行")
    assert "坏 头.md, line 2: the front matter is not valid YAML" in refused.value.english


def test_a_reader_that_breaks_takes_nothing_with_it(uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.content._READ", "import os; os.abort()")
    with pytest.raises(ContentError, match=r"cannot read 新\.md"):
        check_file(uploaded("正文。"))
    monkeypatch.setattr("bot.content._READ", "import time; time.sleep(60)")
    monkeypatch.setattr("bot.content._SECONDS", 0.2)
    with pytest.raises(ContentError, match=r"cannot read 新\.md"):
        check_file(uploaded("正文。"))


def test_a_file_that_takes_too_much_memory_is_refused(uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    path = uploaded("安" * 10_000_000, "大.txt")
    check_file(path)
    monkeypatch.setattr("bot.content._MEMORY", 80 << 20)
    check_file(uploaded("正文。"))
    with pytest.raises(ContentError, match=r"cannot read 大\.txt"):
        check_file(path)


def test_one_file_is_read_at_a_time(uploaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = str(tmp_path / "alone")
    read = f"import os, time; os.mkdir({alone!r}); time.sleep(0.2); os.rmdir({alone!r})"  # a folder can be made once
    monkeypatch.setattr("bot.content._READ", read)
    path = uploaded("正文。")
    with ThreadPoolExecutor() as pool:
        list(pool.map(check_file, [path] * 3))
