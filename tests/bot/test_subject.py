"""What a question names in a document's title, and its years, set the documents apart that hold them."""

from pathlib import Path

import pytest

from bot.subject import lacking
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
