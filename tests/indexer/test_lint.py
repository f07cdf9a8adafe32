"""Every rule with a document that has the fault and one that barely has not; the coverage proof; the command."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import assume, given
from hypothesis import strategies as st

from indexer.app import lint as lint_command
from indexer.chunk import chunk_document, chunk_sentences
from indexer.config import IndexConfig
from indexer.errors import ContentError
from indexer.lint import lint, uncovered
from indexer.page import NOTE, PROBLEM, Finding, Page, open_pages
from indexer.types import Document

ROOT = Path(__file__).parent.parent.parent
BODY = "这是一段足够长的正文。"  # ten characters, the least that is no empty document
MAX_TOKENS = 40
small = IndexConfig(chunk_characters=60, merge_characters=15)


def page(text: str, doc_id: str = "d", published: str = "", config: IndexConfig = small) -> Page:
    document = Document(doc_id, "题", text, published=published)
    chunks = chunk_document(document, config)
    return Page(document, chunks, chunk_sentences(document, chunks, len, MAX_TOKENS))


def pages(*texts: str) -> list[Page]:
    return [page(text, f"d{number}") for number, text in enumerate(texts)]


def rules(*texts: str) -> list[str]:
    return [finding.rule for finding in lint(pages(*texts))]


def only(*texts: str) -> Finding:
    (finding,) = lint(pages(*texts))
    return finding


markdown = st.lists(
    st.one_of(
        st.text(alphabet=st.sampled_from("安全教育日。！？，,；“”《》 #\u3000𠮷a.\x0b\u2028"), max_size=120),
        st.sampled_from(["", "", "# 标题", "## 二级", "```", "- 项", "一" * 700]),
    ),
    max_size=15,
).map("\n".join)


@given(markdown)
def test_no_character_of_any_text_is_outside_the_passages_and_sentences(text: str) -> None:
    assert not list(uncovered(page(text)))


@given(markdown, st.data())
def test_a_broken_chunking_is_caught(text: str, data: st.DataObject) -> None:
    whole = page(text)
    assume(whole.chunks)
    number = data.draw(st.integers(0, len(whole.chunks) - 1))
    chunk = whole.chunks[number]
    assume(chunk.text)
    broken = {
        "lost": [],
        "cut short": [replace(chunk, end=chunk.end - 1, text=chunk.text[:-1])],
        "begun late": [replace(chunk, start=chunk.start + 1, text=chunk.text[1:])],
        "altered": [replace(chunk, text="字" + chunk.text)],
    }
    for chunks in broken.values():
        found = list(uncovered(replace(whole, chunks=[*whole.chunks[:number], *chunks, *whole.chunks[number + 1 :]])))
        assert [(one.rule, one.severity) for one in found] == [("coverage", PROBLEM)]
        assert chunk.start <= found[0].start < found[0].end <= chunk.end


def test_a_lost_sentence_is_caught() -> None:
    whole = page(f"# 标题\n\n{BODY}第二句也在。")
    first, second = whole.sentences[0]
    (finding,) = uncovered(replace(whole, sentences=[[first]]))
    assert (finding.start, finding.end, finding.line) == (second.start, second.end, 3)
    assert "“第二句也在。”不在任何一句里" in finding.message


def test_a_line_break_belongs_to_the_line_that_it_ends() -> None:
    whole = replace(page("甲\n乙"), first_line=5)
    assert [whole.place(start, start + 1).line for start in range(3)] == [5, 5, 6]


def test_a_sentence_that_the_encoder_would_truncate() -> None:
    short, long = "一" * 39 + "。", "一" * 40 + "。"
    assert rules(f"{BODY}\n\n{short}") == []
    finding = only(f"{BODY}\n\n{long}")
    assert (finding.rule, finding.severity, finding.line) == ("over-long", PROBLEM, 3)
    assert (finding.start, finding.end) == (len(BODY) + 2, len(BODY) + 2 + 41)
    assert "被拆成 2 截" in finding.message
    assert "searched in 2 pieces" in finding.message


def test_a_sentence_that_two_passages_share() -> None:
    fits = "安全教育活动，" * 5
    assert rules(fits + "结束。" + fits + "结束。") == []
    brackets = "句子在这里开始（附录一二。" + "注" * 30 + "）才结束。"
    whole = page("安全教育。" * 9 + brackets)
    found = [one for one in lint([whole]) if one.rule == "mid-sentence"]
    assert [(one.start, one.end, one.severity) for one in found] == [(45, 45 + len(brackets), PROBLEM)]
    assert f"这句（{len(brackets)} 字）被切到两段里" in found[0].message


def test_code_is_no_sentence() -> None:
    code = "\n".join(["```", *["call the_function with an argument"] * 6, "```"])
    assert "mid-sentence" in rules(f"{BODY}\n\n{code.replace('```', 'so')}")
    assert "mid-sentence" not in rules(f"{BODY}\n\n{code}")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"# 一\n\n{BODY}", []),
        (f"# 一\n\n## 二\n\n{BODY}", []),
        (f"# 一\n\n## 二\n\n{BODY}\n\n### 三\n\n字", []),
        (f"# 一\n\n# 二\n\n{BODY}", [1]),
        (f"# 一\n\n## 二\n\n---\n\n## 三\n\n{BODY}", [3]),
        (f"# 一\n\n### 二\n\n## 三\n\n{BODY}", [3]),
        (f"# 一\n\n{BODY}\n\n## 二\n", [5]),
        (f"# 一\n\n{BODY}\n\n```\n# 注释\n```", []),
    ],
)
def test_headings_without_text(text: str, lines: list[int]) -> None:
    found = lint([page(text)])
    assert [(one.rule, one.severity, one.line) for one in found] == [
        ("orphan-heading", PROBLEM, line) for line in lines
    ]


@pytest.mark.parametrize(
    "text", ["# 只有标题", "## 一二三四五六七八九十\n\n（待补充）", "。。。", " \n", "一二三四五六七八九。"]
)
def test_documents_with_hardly_any_text(text: str) -> None:
    found = [one for one in lint([page(text)]) if one.rule == "empty"]
    assert [one.severity for one in found] == [PROBLEM]
    assert rules("一二三四五六七八九十。") == []


NAVIGATION = "首页 > 新闻中心\n\n"
FOOTER = "\n\n版权所有 © 2024 市政府办公室\n联系我们"
OWN = ["梅园今年花期提前。", "城北水厂检修完毕。", "图书馆周末延长开放。", "夜班公交恢复运行。"]


def test_lines_that_stand_in_three_documents_are_boilerplate() -> None:
    texts = [NAVIGATION + own * 3 + FOOTER.replace("2024", f"202{number}") for number, own in enumerate(OWN)]
    found = lint(pages(*texts[:3]))
    assert [(one.rule, one.severity, one.doc_id, one.line) for one in found] == [
        ("boilerplate", NOTE, "d0", 1),
        ("boilerplate", NOTE, "d0", 5),
    ]
    assert "在 3 篇文档里都有" in found[0].message
    assert texts[0][found[1].start : found[1].end] == "版权所有 © 2020 市政府办公室\n联系我们"
    assert found[1].other
    assert (found[1].other.doc_id, found[1].other.line) == ("d1", 5)
    assert rules(*texts[:2]) == []


def test_neither_headings_nor_code_nor_short_lines_are_boilerplate() -> None:
    assert rules(*(f"## 联系方式\n\n{own * 3}\n\n附件一：\n\n```\nprint(1)\n```" for own in OWN)) == []


def test_in_a_large_folder_a_line_is_boilerplate_in_one_document_of_fifty() -> None:
    def own(number: int) -> str:
        return "".join(chr(0x4E00 + number * 40 + place) for place in range(30)) + "。"

    for share, found in ((3, []), (4, ["boilerplate"])):  # of 200
        assert rules(*(own(number) + "\n\n此致敬礼" * (number < share) for number in range(200))) == found


def test_a_document_of_little_but_boilerplate() -> None:
    notice = "本网站内容仅供参考，具体办理以窗口解释为准，未经许可不得转载。"  # 28 characters
    texts = [own * 3 + f"\n\n{notice}" for own in OWN]
    assert [one.rule for one in lint(pages(*texts, f"见附页\n\n{notice}"))] == ["boilerplate", "empty"]
    last = lint(pages(*texts, f"见附页\n\n{notice}"))[-1]
    assert (last.doc_id, last.severity) == ("d4", NOTE)
    assert "31 个字里只有 3 个是自己的" in last.message
    assert rules(*texts, f"见附页第三段文字\n\n{notice}") == ["boilerplate"]  # 8 of 36


COPIED = "".join(chr(0x4E00 + number) + "。" * (number % 25 == 24) for number in range(50))


def test_a_passage_that_stands_twice() -> None:
    finding = only(f"\n{COPIED}", f"# 题\n\n{BODY * 5}\n\n{COPIED}")
    assert (finding.rule, finding.severity, finding.doc_id, finding.line) == ("near-duplicate", NOTE, "d1", 5)
    assert finding.other
    assert (finding.other.doc_id, finding.other.line, finding.other.start) == ("d0", 2, 1)
    assert "d0 第 2 行" in finding.message
    assert rules(COPIED[:47], COPIED[:47] + "。") == []  # too short


def test_a_copied_document_is_one_finding() -> None:
    second = "".join(chr(ord(one) + 0x200) if one != "。" else one for one in COPIED)
    finding = only(f"{COPIED}\n\n{second}", f"{COPIED}\n\n{second}")
    assert (finding.start, finding.end) == (0, len(COPIED) + 2 + len(second))
    assert "等 2 段" in finding.message


def test_copies_with_other_text_between_them_are_two_findings() -> None:
    second = "".join(chr(ord(one) + 0x200) if one != "。" else one for one in COPIED)
    found = lint(pages(f"{COPIED}\n\n{second}", f"{COPIED}\n\n{BODY * 4}\n\n{second}"))
    assert [(one.rule, one.line) for one in found] == [("near-duplicate", 1), ("near-duplicate", 5)]
    assert [one.other.line for one in found if one.other] == [1, 3]


def test_neither_code_nor_boilerplate_is_a_copied_passage() -> None:
    code = "```\n" + "\n".join(f"Print({number}, 'code')" for number in range(9)) + "\n```"
    assert lint([page(f"{own * 9}\n\n{code}", own, config=IndexConfig()) for own in OWN]) == []
    assert rules(*(f"{own * 5}\n\n{COPIED}" for own in OWN)) == ["boilerplate"]


def test_two_numbers_of_one_quantity() -> None:
    texts = f"{BODY}全市现有中小学26所。", f"# 题\n\n{BODY}全市中小学共有28所，较去年增加。"
    finding = only(*texts)
    assert (finding.rule, finding.severity, finding.doc_id, finding.line) == ("conflict", PROBLEM, "d1", 3)
    assert texts[1][finding.start : finding.end] == "全市中小学共有28所"
    assert finding.other
    assert texts[0][finding.other.start : finding.other.end] == "全市现有中小学26所。"
    assert "d0 第 1 行“全市现有中小学26所。”数字不同" in finding.message
    assert rules(texts[0], texts[1].replace("28", "26")) == []


@pytest.mark.parametrize(
    ("published", "severity"),
    [(("2023-01-01", "2024-01-01"), NOTE), (("2024-01-01", "2024-05-01"), PROBLEM), (("", "2024"), PROBLEM)],
)
def test_numbers_of_different_years_are_a_note(published: tuple[str, str], severity: str) -> None:
    first, second = (page(f"{BODY}全市中小学{26 + at}所。", f"d{at}", when) for at, when in enumerate(published))
    assert [one.severity for one in lint([first, second])] == [severity]


def test_the_articles_of_this_repository_are_clean() -> None:
    assert lint(open_pages(ROOT / "kb", IndexConfig())[0]) == []
    assert lint(open_pages(ROOT / "eval/practice/documents", IndexConfig())[0]) == []


Command = Callable[..., Result]


@pytest.fixture
def command(kb: Path) -> Command:
    """`command("--json")` lints the kb folder."""
    return lambda *arguments: CliRunner().invoke(lint_command, ["--kb", str(kb), *arguments])


def test_the_line_is_that_of_the_file_with_its_front_matter(kb: Path, command: Command) -> None:
    (kb / "甲").mkdir()
    (kb / "甲/b.MD").write_text(
        f"---\r\ntitle: 题\r\nsource: 报\r\n---\r\n\r\n# 一\r\n\r\n{BODY}\r\n\r\n## 二\r\n", "utf-8"
    )
    (kb / "c.txt").write_bytes(f"---\ntitle: 题\n---\n{BODY}\n## 末\n".encode("gb18030"))
    done = command()
    assert done.exit_code == 1
    assert [line.split(": ")[:3] for line in done.stdout.splitlines()[:-1]] == [
        [f"{kb / 'c.txt'}:5", "问题 problem orphan-heading", "标题“## 末”下面没有正文，标题本身不会被引用；请补上正文、去掉 #，或删除 | a heading without text is never cited"],
        [f"{kb / '甲/b.MD'}:10", "问题 problem orphan-heading", "标题“## 二”下面没有正文，标题本身不会被引用；请补上正文、去掉 #，或删除 | a heading without text is never cited"],
    ]  # fmt: skip
    assert done.stdout.splitlines()[-1] == (
        "2 篇文档，4 段：2 个问题，0 条提示 | 2 documents, 4 passages: 2 problems, 0 notes"
    )


def test_json_holds_all_of_every_finding_and_nothing_else(kb: Path, command: Command) -> None:
    (kb / "a.md").write_text(f"{BODY}全市现有中小学26所。\n", "utf-8")
    (kb / "b.md").write_text(f"---\ntitle: 题\n---\n{BODY}全市中小学共有28所。\n", "utf-8")
    done = command("--json")
    assert (done.exit_code, done.stderr) == (1, "")
    row = json.loads(done.stdout)
    message = row["findings"][0].pop("message")
    assert row == {
        "findings": [
            {"rule": "conflict", "severity": "problem", "doc_id": "b", "line": 4, "start": 11, "end": 22,
             "other": {"doc_id": "a", "line": 1, "start": 11, "end": 22}}
        ],
        "documents": 2,
        "chunks": 2,
    }  # fmt: skip
    chinese, english = message.split(" | ")
    assert "a 第 1 行" in chinese
    assert english.startswith("another number than in a, line 1: ")


def test_exit_codes(kb: Path, command: Command) -> None:
    (kb / "a.md").write_text(COPIED, "utf-8")
    assert (command().exit_code, json.loads(command("--json").stdout)["findings"]) == (0, [])
    (kb / "b.md").write_text(COPIED, "utf-8")
    done = command()
    assert done.exit_code == 0
    assert "0 个问题，1 条提示" in done.stdout
    (kb / "b.md").write_text(f"{COPIED}\n## 空", "utf-8")
    assert command().exit_code == command("--json").exit_code == 1


def test_a_file_that_cannot_be_read_is_a_problem(kb: Path, command: Command) -> None:
    (kb / "a.md").write_text(COPIED, "utf-8")
    (kb / "b.md").write_bytes(bytes(range(256)))
    done = command("--json")
    (found,) = json.loads(done.stdout)["findings"]
    assert (done.exit_code, found["rule"], found["severity"], found["doc_id"]) == (1, "unreadable", "problem", "b")
    assert "save it as UTF-8" in command().stdout


def test_a_file_like_a_document_is_not_named_as_that_document(kb: Path, command: Command) -> None:
    (kb / "a.md").write_text(COPIED, "utf-8")
    (kb / "a.txt").write_text(COPIED, "utf-8")
    line = command().stdout.split("\n")[0]
    assert line.startswith(f"{kb}: 问题 problem unreadable: {kb / 'a.txt'} ")
    assert "a.md" not in line


def test_help_names_every_rule(command: Command) -> None:
    rules = re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE)
    shown = command("--help").stdout.split()
    assert len(rules) == 11
    assert set(rules) <= set(shown)


def test_a_folder_that_cannot_be_read_is_an_error(command: Command, kb: Path) -> None:
    done = command()
    assert isinstance(done.exception, ContentError)
    assert str(kb) in str(done.exception)


def test_text_that_would_steer_the_terminal_is_not_echoed(kb: Path, command: Command) -> None:
    hostile = "\x7f\x9b31m\u202e\u2028标题"
    name = "a\x1b[2J\n\x9b假.md"
    (kb / name).write_text(f"{BODY}\n\n# {hostile}", "utf-8")
    (kb / "b.md").write_text(f"{BODY}{hostile}全市中小学26所。", "utf-8")
    (kb / "c.md").write_text(f"{BODY}{hostile}全市中小学28所。", "utf-8")
    done = command()
    lines = done.stdout.split("\n")
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
    assert "标题" in lines[0]
    findings = json.loads(command("--json").stdout)["findings"]
    assert [one["rule"] for one in findings] == ["orphan-heading", "conflict"]
    assert all(one["message"].isprintable() for one in findings)
