import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from indexer.errors import ContentError
from indexer.read import LARGEST_FILE, decode, read_folder
from indexer.types import Document

ARTICLE = (Path(__file__).parent.parent / "data/article.txt").read_text(encoding="utf-8")
TRADITIONAL = "國家安全教育從小做起。學校統籌利用現有資源，建成教育實踐基地，宣傳實效充分彰顯。" * 3


def write(kb: Path, name: str, content: str | bytes) -> Path:
    path = kb / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def read_strictly(kb: Path) -> list[Document]:
    content = read_folder(kb)
    for skipped in content.skipped:
        raise skipped.error
    return content.documents


def test_front_matter_is_taken_off_and_the_rest_is_verbatim(kb: Path) -> None:
    write(
        kb,
        "a.md",
        "---\ntitle: 题\nsource: 报\npublished: 2024-04-16\nurl: https://x.cn/1\nquestions: [问？]\n---\n\n# 正\n文 \n",
    )
    (document,) = read_folder(kb).documents
    assert document.text == "\n# 正\n文 \n"
    assert (document.title, document.source, document.published) == ("题", "报", "2024-04-16")
    assert (document.url, document.questions) == ("https://x.cn/1", ("问？",))


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("published: 2024-02-30", "published", "2024-02-30"),
        ("published: 2024-04-16T09:04:00", "published", "2024-04-16T09:04:00"),
        ("title: 0110", "title", "0110"),
        ("title: 12:30", "title", "12:30"),
        ("source: yes", "source", "yes"),
    ],
)
def test_front_matter_is_text_as_written(kb: Path, line: str, field: str, value: str) -> None:
    write(kb, "a.md", f"---  \n{line}\n---\t\n正文。")
    (document,) = read_folder(kb).documents
    assert getattr(document, field) == value
    assert document.text == "正文。"


@pytest.mark.parametrize(
    "text", ["---\n注意: 第一段。\n\n---\n第二段。", "---\n只是一行\n---\n正文。", "---\ntitle: 题\n没有结尾。"]
)
def test_a_text_that_begins_with_a_rule_loses_nothing(kb: Path, text: str) -> None:
    write(kb, "a.md", text)
    write(kb, "b.txt", "---\ntitle: 题\n---\n正文。")
    assert [document.text for document in read_folder(kb).documents] == [text, "---\ntitle: 题\n---\n正文。"]


@pytest.mark.parametrize(
    "text",
    [
        "\n \n---\ntitle: 题\nurl: https://x\n---\n正文。",
        "---\ntitle: 题\nurl: https://x\n...\n正文。",
        "---\nTitle: 题\nURL : https://x\n---\n正文。",
        "---\ntitle：题\nurl ： https://x\n---\n正文。",
    ],
    ids=["after blank lines", "closed with dots", "capitals", "full-width colons"],
)
def test_a_front_matter_as_people_write_it(kb: Path, text: str) -> None:
    write(kb, "a.md", text)
    (document,) = read_folder(kb).documents
    assert (document.title, document.url, document.text) == ("题", "https://x", "正文。")


def test_an_empty_front_matter(kb: Path) -> None:
    write(kb, "a.md", "---\n---\n正文。")
    assert read_folder(kb).documents[0].text == "正文。"


def test_linked_folders_are_read_once_and_dead_links_are_named(kb: Path) -> None:
    write(kb.parent, "elsewhere/b.md", "乙。")
    write(kb, "a.md", "甲。")
    (kb / "link").symlink_to(kb.parent / "elsewhere")
    (kb / "loop").symlink_to(kb)
    assert [document.id for document in read_folder(kb).documents] == ["a", "link/b"]
    (kb / "dead.md").symlink_to(kb / "nowhere")
    with pytest.raises(ContentError, match=r"cannot read .*dead\.md"):
        read_strictly(kb)


def test_a_file_name_that_is_not_utf8_is_named(kb: Path) -> None:
    name = os.fsencode(kb) + b"/" + "文".encode("gb18030") + b".md"
    Path(os.fsdecode(name)).write_text("正文。", encoding="utf-8")
    with pytest.raises(ContentError, match="is not UTF-8: rename the file"):
        read_strictly(kb)


def test_title_falls_back_to_the_first_heading_and_then_the_name(kb: Path) -> None:
    write(kb, "甲.md", "引子\n\n## 小标题\n")
    write(kb, "乙.txt", "只有正文。")
    assert {document.id: document.title for document in read_folder(kb).documents} == {"甲": "小标题", "乙": "乙"}


PARAGRAPHS = "2024-08-03 青禾晚报\n8月2日21时47分，青禾市鼓楼区老街夜市一烧烤摊起火，蔓延至相邻的两家商铺。\n消防部门表示，起火原因正在调查中，老街夜市自8月3日起暂停营业。\n"
HEADLINE = "鼓楼区老街夜市起火 两家商铺受损"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADLINE}\n\n{PARAGRAPHS}",
        f"\n　　{HEADLINE}　\n \n正文。",
        f"{HEADLINE}\n{PARAGRAPHS}",
        f"{HEADLINE}\n\n## 小标题\n\n正文。",
    ],
)
def test_a_plain_text_is_titled_by_its_headline(kb: Path, text: str) -> None:
    write(kb, "08-fire.txt", text)
    (document,) = read_folder(kb).documents
    assert (document.title, document.text) == (HEADLINE, text)
    assert next(title for _, _, title in document.headings) == HEADLINE


@pytest.mark.parametrize(
    "text",
    [
        HEADLINE,
        f"{HEADLINE}\n\n",
        f"{HEADLINE}。\n\n{PARAGRAPHS}",
        f"“{HEADLINE}！”\n\n{PARAGRAPHS}",
        f"各位家长：\n\n{PARAGRAPHS}",
        f"{'长' * 61}\n\n{PARAGRAPHS}",
        f"{HEADLINE}\n一行。\n两行。",
        "青禾市鼓楼区老街夜市一烧烤摊起火，火\n势蔓延至相邻两家商铺，消防大队接警后\n出动5辆消防车，于22时20分将\n明火扑灭。",
        f"- {HEADLINE}\n\n- 第二项\n",
        f"1. {HEADLINE}\n\n2. 第二项\n",
        f"一、{HEADLINE}\n\n{PARAGRAPHS}",
        f"2024-08-03 青禾晚报\n\n{PARAGRAPHS}",
        "Opening hours of\n\nthe museum are long.",
        f"——\n\n{PARAGRAPHS}",
    ],
)
def test_a_first_line_that_is_no_headline_is_cited_as_before(kb: Path, text: str) -> None:
    write(kb, "08-fire.txt", text)
    write(kb, "停水.txt", "停水")  # nor is a title that is all there is
    documents = read_folder(kb).documents
    assert [one.title for one in documents] == ["08-fire", "停水"]
    assert [one.headings for one in documents] == [[], []]


def test_a_first_line_of_markdown_is_no_headline(kb: Path) -> None:
    write(kb, "a.md", f"---\ntitle: {HEADLINE}\n---\n{HEADLINE}\n\n{PARAGRAPHS}")
    assert read_folder(kb).documents[0].headings == []


def test_ids_are_paths_without_suffix_in_order(kb: Path) -> None:
    for name in ("b/二.txt", "a.md", "b/一.md", "README.md", ".hidden.md", "~$lock.md", ".git/x.md", "picture.png"):
        write(kb, name, "正文。")
    write(kb, "b/README.md", "这一篇是内容。")
    assert [document.id for document in read_folder(kb).documents] == ["a", "b/README", "b/一", "b/二"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_of_simplified_text(kb: Path, encoding: str) -> None:
    assert decode(write(kb, "a.txt", ARTICLE.encode(encoding))) == ARTICLE


@pytest.mark.parametrize("encoding", ["big5", "gb18030", "utf-8"])
def test_encodings_of_traditional_text(kb: Path, encoding: str) -> None:
    assert decode(write(kb, "a.txt", TRADITIONAL.encode(encoding))) == TRADITIONAL


@pytest.mark.parametrize(
    "text",
    [
        "国家安全，人人有责。", "今天开会。", "安全", "你好。", "WiFi密码是12345678。", "电话:0937-6225512", "价格：￥199",
        "——完——", "※注意事项※：请勿吸烟！",
    ],
)  # fmt: skip
def test_a_short_gb18030_file(kb: Path, text: str) -> None:
    assert decode(write(kb, "a.txt", text.encode("gb18030"))) == text


@given(st.integers(0, len(ARTICLE) - 1), st.integers(1, 300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_piece_of_the_article_in_gb18030(kb: Path, start: int, length: int) -> None:
    piece = ARTICLE[start : start + length]
    assume(b"\xef\xbf\xbd" in piece.encode("gb18030").decode("utf-8", "replace").encode())  # not UTF-8 by chance
    assert decode(write(kb, "a.txt", piece.encode("gb18030"))) == piece


def test_line_ends_and_composed_characters_are_unified(kb: Path) -> None:
    assert decode(write(kb, "a.txt", "一\r\n二\r三\ne\u0301，")) == "一\n二\n三\né，"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.md", "", "a.md has no text"),
        ("a.md", "---\ntitle: 题\n---\n \n", "a.md has no text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "a.txt is not text"),
        ("a.txt", b"text\x00more", "a.txt is not text"),
        ("a.txt", "一行\x1b[2J".encode(), "a.txt is not text"),
        ("a.txt", "没有标记的文本".encode("utf-16-le"), "a.txt is not text"),
        ("a.md", "---\ntitle: [1\n---\n正文。", "a.md, line 2: the front matter is not valid YAML"),
        ("a.md", "\n\n---\ntitle: 题\nurl: [1\n---\n正文。", "a.md, line 5: the front matter is not valid YAML"),
        ("a.md", f"---\ntitle: {'[' * 5000}\n---\n正文。", "a.md, line .*: the front matter is not valid YAML"),
        (
            "a.md",
            "---\ntitle: 题\nquestions: [&q 问？, *q, *q]\n---\n正文。",
            "a.md, line 3: put quotes around what begins",
        ),
        ("a.md", "---\ntitle: *notice\nsource: 报\n---\n正文。", "a.md, line 2: put quotes around what begins"),
        ("a.md", f"---\ntitle: {'题' * 100_000}\n---\n正文。", "a.md: the front matter has more than 100000"),
        ("a.md", '---\ntitle: "\\ud800"\n---\n正文。', "a.md: the front matter holds characters that are not text"),
        ("a.md", '---\ntitle: "\\U0011FFFF"\n---\n正文。', "a.md, line 2: the front matter is not valid YAML"),
        ("a.md", '---\ntitle: "\\UFFFFFFFF"\n---\n正文。', "a.md, line 2: the front matter is not valid YAML"),
        ("a.md", "---\ntitle: 题\nquestions: 一个问题？\n---\n正文。", "a.md: write each fact as one line"),
        ("a.md", "---\ntitle: 题\nquestions:\n  - 问题: 是什么\n---\n正文。", "a.md: write each fact as one line"),
        ("a.md", "---\ntitle: [题]\n---\n正文。", "a.md: write each fact as one line"),
    ],
)
def test_a_bad_file_is_named_with_its_cure(kb: Path, name: str, content: str | bytes, message: str) -> None:
    write(kb, name, content)
    with pytest.raises(ContentError, match=message):
        read_strictly(kb)


def test_a_huge_file_is_refused_unread(kb: Path) -> None:
    with write(kb, "a.txt", "").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(ContentError, match=r"a\.txt is larger than 32 MB"):
        read_strictly(kb)


@pytest.mark.parametrize("name", ["b.md", "b.pdf", "a.questions.jsonl"])
def test_what_is_no_regular_file_is_skipped_and_not_waited_for(kb: Path, name: str) -> None:
    write(kb, "a.md", "一。")
    os.mkfifo(kb / name)
    content = read_folder(kb)
    assert [document.id for document in content.documents] == ["a"]
    (skipped,) = content.skipped
    assert f"{kb / name} is no regular file: move it elsewhere" in str(skipped.error)


def test_a_folder_that_is_missing_or_empty(kb: Path, tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="holds no article"):
        read_folder(kb)
    with pytest.raises(ContentError, match="no folder"):
        read_folder(tmp_path / "nowhere")


def test_two_files_that_differ_in_suffix_only(kb: Path) -> None:
    write(kb, "a.md", "一。")
    write(kb, "a.txt", "二。")
    with pytest.raises(ContentError, match=r"a\.txt: another file"):
        read_strictly(kb)


def test_yaml_cannot_make_objects(kb: Path) -> None:
    write(kb, "a.md", "---\ntitle: !!python/object/apply:os.system ['true']\n---\n正文。")
    with pytest.raises(ContentError, match="write each fact as one line"):
        read_strictly(kb)
