"""The first article is in kb/ character for character."""

import hashlib
import json
import re
from pathlib import Path

from indexer.read import read_folder

ROOT = Path(__file__).parent.parent
ARTICLE = ROOT / "tests/data/article.txt"


def test_the_copy_beside_the_tests_is_the_published_article() -> None:
    digest = hashlib.sha256(ARTICLE.read_bytes()).hexdigest()
    assert digest == "aff929af31e98927d7072611b6a11910e3afc9d469c5adc85341babd7b358375"


def test_article_is_verbatim() -> None:
    (document,) = read_folder(ROOT / "kb").documents
    without_marks = re.sub(r"^#+ ", "", document.text, flags=re.MULTILINE)
    assert without_marks.strip("\n") == ARTICLE.read_text(encoding="utf-8")


def test_front_matter() -> None:
    (document,) = read_folder(ROOT / "kb").documents
    assert document.id == "jiayuguan-national-security-education"
    assert document.title == ARTICLE.read_text(encoding="utf-8").splitlines()[0]
    assert (document.source, document.published) == ("嘉峪关日报", "2024-04-16T09:04")
    assert "发布日期:2024-04-16 09:04 浏览次数: 信息来源:嘉峪关日报" in document.text


def test_known_questions_quote_the_article_and_hold_no_question_that_is_reported_on() -> None:
    (document,) = read_folder(ROOT / "kb").documents
    assert len(document.known) > 300
    assert [one for one in document.known if one.quote not in document.text] == []
    answered = {_words(one.question) for one in document.known if one.quote}
    assert [one for one in document.known if not one.quote and _words(one.question) in answered] == []
    asked = {_words(one.question) for one in document.known}
    for path in (ROOT / "eval/golden").glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert [row for row in rows if _words(row.get("question", "")) in asked] == []
    name = f"{document.id}.questions.jsonl"
    assert (ROOT / "eval/practice/documents" / name).read_bytes() == (ROOT / "kb" / name).read_bytes()


def _words(text: str) -> str:
    return re.sub(r"\W", "", text).lower()


def test_every_part_stands_under_its_heading() -> None:
    (document,) = read_folder(ROOT / "kb").documents
    assert re.findall(r"^## (.+)$", document.text, flags=re.MULTILINE) == [
        "增强意识 扛牢维护国家安全主体责任",
        "安不忘危 汇聚维护国家安全合力",
        "丰富载体 深化国家安全普法宣传",
    ]
