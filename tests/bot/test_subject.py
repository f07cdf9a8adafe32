"""What a question names in a document's title, and its years, set the documents apart that hold them."""

from pathlib import Path

import pytest

from bot.head import load_head
from bot.question import ask_what
from bot.subject import answers_another, lacking
from bot.types import Hit
from indexer.versions import open_index


@pytest.mark.parametrize(
    ("question", "lacks"),
    [
        ("雷公藤的花期是什么时候？", [0, 1, 1, 1]),
        ("雷公藤和艾納香，哪个先开花？", [1, 1, 2, 2]),
        ("花期是什么时候？", [0, 0, 0, 0]),
        ("2023年马拉松的冠军是谁？", [2, 2, 0, 1]),  # a title's number is no subject of its own
        ("2022年的冠军是谁？", [1, 1, 1, 0]),
        ("1999年的冠军是谁？", [0, 0, 0, 0]),  # no document has it
        ("第2023次马拉松的冠军是谁？", [1, 1, 0, 0]),
        ("雷公藤的花期是什么时候？ 艾纳香呢？", [1, 0, 1, 1]),  # of a follow-up what it names itself
        ("雷公藤的花期是什么时候？ 那果期呢？", [0, 1, 1, 1]),
    ],
)
def test_what_another_document_has_and_this_one_lacks(
    built, kb: Path, counting, question: str, lacks: list[int]
) -> None:
    (kb / "a.md").write_text("---\ntitle: 003-雷公藤\n---\n\n花期5月。", encoding="utf-8")
    (kb / "b.md").write_text("---\ntitle: 艾纳香（草药）\n---\n\n花期1月。", encoding="utf-8")
    (kb / "c.md").write_text("---\ntitle: 马拉松-快讯\npublished: 2023-10-15\n---\n\n冠军甲。", encoding="utf-8")
    (kb / "d.md").write_text("---\ntitle: 马拉松2022\n---\n\n冠军乙。", encoding="utf-8")
    built()
    index = open_index(kb.parent / "index", counting.fingerprint)
    hits = [Hit(chunk, number, 0.9, 0.9, 0.0, 1, 1) for number, chunk in enumerate(index.chunks)]
    assert lacking(index, question, hits).tolist() == lacks
    assert lacking(index, question, hits[:1]).tolist() == [0]


def test_a_yes_or_no_to_another_question_answers_none(built, kb: Path, counting) -> None:
    (kb / "a.md").write_text(
        "# 问答\n\n问：馆里可以拍照吗？\n\n答：可以。\n\n答：可以。\n\n借阅免费。", encoding="utf-8"
    )
    built(merge_characters=1000)
    index = open_index(kb.parent / "index", counting.fingerprint)
    rows = range(len(index.sentences))
    assert [index.sentence_text(row)[:2] for row in rows] == ["问：", "答：", "答：", "借阅"]

    def of_another(question: str) -> list[bool]:
        return answers_another(index, ask_what(question, load_head().expectation), rows).tolist()

    assert of_another("可以捐书吗？") == [False, True, False, False]  # whose answer the second is, nobody can say
    assert of_another("能拍照吗？") == [False] * 4
    assert of_another("可以吗？") == [False] * 4
