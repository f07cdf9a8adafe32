import json
from pathlib import Path

import pytest

from eval.app import GOLDEN
from eval.cases import CaseError, read_beir, read_cases, read_squad, resolve
from indexer.read import read_folder
from indexer.types import Document

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = {"a": Document("a", "题", "甲乙。甲乙。丙。")}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def test_the_golden_set_stands_on_the_article() -> None:
    cases = read_cases(GOLDEN, {document.id: document for document in read_folder(ROOT / "kb").documents})
    assert len(cases) >= 150
    assert sum(not case.answerable for case in cases) >= 50
    assert {case.kind for case in cases} == {
        "fact", "paraphrase", "colloquial", "typo", "traditional", "english", "keyword", "multi", "follow-up", "near-miss", "off-topic",
    }  # fmt: skip
    assert len({case.question for case in cases}) == len(cases)
    for case in cases:
        assert case.answerable == (case.kind not in {"near-miss", "off-topic"})
        quotes = "".join(gold.quote for gold in case.gold)
        assert bool(case.must) == case.answerable
        assert all(any(one in document.text for document in read_folder(ROOT / "kb").documents) for one in case.must)
        assert bool(case.history) == (case.kind == "follow-up")
        assert quotes or not case.answerable


@pytest.mark.parametrize(
    ("name", "answerable", "others"),
    [("town", 70, 30), ("clinic", 90, 40), ("island", 105, 63), ("campus", 105, 63), ("notary", 105, 63)],
)
def test_the_golden_questions_of_leaflets_stand_on_them(name: str, answerable: int, others: int) -> None:
    documents = {document.id: document for document in read_folder(ROOT / "eval/golden" / name).documents}
    cases = read_cases(ROOT / f"eval/golden/{name}.jsonl", documents)
    assert [sum(case.answerable for case in cases), sum(not case.answerable for case in cases)] == [answerable, others]
    for case in cases:
        held = [documents[gold.doc_id].text for gold in case.gold]
        assert all(any(must in text for text in held) for must in case.must)
        assert bool(case.must) == case.answerable


def test_every_place_of_a_quote_counts() -> None:
    assert resolve("a", "甲乙", DOCUMENTS).spans == ((0, 2), (3, 5))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"id": "1", "question": "问", "kind": "k", "gold": [{"doc_id": "a", "quote": "丁"}]},
            "a does not hold the quote '丁'",
        ),
        ({"id": "1", "question": "问", "kind": "k", "gold": [{"doc_id": "b", "quote": "丁"}]}, "no document b"),
        ({"id": "1", "question": "问", "kind": "k"}, r"cannot read .*, line 2 \(gold is missing\)"),
        (["no", "object"], r"cannot read .*, line 2 \(the line is not an object: "),
        (
            {"id": "1", "question": "问", "kind": "k", "gold": ["甲"]},
            'line 2 .*what stands in gold is not an object: "甲"',
        ),
        (
            {"id": "1", "question": "问", "kind": "k", "gold": [{"doc_id": ["a"], "quote": "甲"}]},
            "line 2 .*doc_id is not text",
        ),
        ({"id": "0", "question": "问", "kind": "k", "gold": []}, "line 2: id 0 is taken"),
        ({"id": "1", "question": "问", "kind": "k", "gold": [], "must": "两个字"}, "line 2 .*must is not a list"),
        ({"id": "1", "question": None, "kind": "k", "gold": []}, "line 2 .*question is not text: null"),
        ({"id": "1", "question": "问", "kind": "k", "gold": {}}, "line 2 .*gold is not a list"),
        ({"id": "1", "question": " ", "kind": "k", "gold": []}, "line 2: the question is empty"),
        ({"id": "1", "question": "问" * 501, "kind": "k", "gold": []}, "line 2: the question has 501 characters"),
    ],
)
def test_a_bad_case_is_named_by_its_line(tmp_path: Path, row: object, message: str) -> None:
    path = write(tmp_path / "c.jsonl", {"id": "0", "question": "问", "kind": "k", "gold": []}, row)
    with pytest.raises(CaseError, match=message):
        read_cases(path, DOCUMENTS)


def test_a_file_that_is_about_other_content_says_where_to_give_ones_own(tmp_path: Path) -> None:
    rows = [
        {"id": key, "question": "问", "kind": "k", "gold": [{"doc_id": key, "quote": "丙"}] if key else []}
        for key in ("b", "a", "")
    ]
    own = r"no document b: correct doc_id; no line is about the content: .* --cases, .* JIAWEN_GOLDEN"
    with pytest.raises(CaseError, match=own):
        read_cases(write(tmp_path / "c.jsonl", rows[0], rows[2]), DOCUMENTS)
    with pytest.raises(CaseError, match=r"no document b: correct doc_id$"):
        read_cases(write(tmp_path / "c.jsonl", *rows), DOCUMENTS)


def test_a_file_without_cases_or_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="holds no case"):
        read_cases(write(tmp_path / "c.jsonl"), DOCUMENTS)
    with pytest.raises(CaseError, match=r"cannot read .* \(No such file or directory\): check the path"):
        read_cases(tmp_path / "none", DOCUMENTS)
    (tmp_path / "c.jsonl").write_bytes("甲".encode("gb18030"))
    with pytest.raises(CaseError, match=r"cannot read .* \(not UTF-8\): save it as UTF-8"):
        read_cases(tmp_path / "c.jsonl", DOCUMENTS)


SQUAD = {
    "data": [
        {
            "title": "题",
            "id": "T",
            "paragraphs": [
                {"context": f"第{n}段的答案是{n}。", "qas": [
                    {"id": f"q{n}", "question": f"第{n}段的答案？", "answers": [{"text": str(n), "answer_start": 1}]},
                    {"id": f"e{n}", "question": " ", "answers": []},
                ]}
                for n in range(40)
            ],
        }
    ]
}  # fmt: skip


def test_squad_is_knowledge_base_and_cases(tmp_path: Path) -> None:
    documents, cases = read_squad(write(tmp_path / "s.json", SQUAD))
    assert len(documents) == len(cases) == 40
    assert (documents[3].id, documents[3].title, documents[3].text) == ("T-3", "题", "第3段的答案是3。")
    assert (cases[3].id, cases[3].must, cases[3].gold[0].spans) == ("q3", ("3",), ((1, 2), (7, 8)))


def test_any_annotators_answer_will_do(tmp_path: Path) -> None:
    answers = [{"text": one} for one in ("于1963年迁入", "1963年", "没有的", "1963年")]
    row = {"id": "q", "question": "哪年迁入？", "answers": answers}
    data = {"data": [{"paragraphs": [{"context": "建于1950年，于1963年迁入。", "qas": [row]}]}]}
    _, (case,) = read_squad(write(tmp_path / "s.json", data))
    assert (case.must, case.alternatives, case.gold[0].quote) == (("于1963年迁入",), ("1963年",), "于1963年迁入")
    assert case.gold[0].spans == ((8, 16), (9, 14))
    assert [case.lacking(one) for one in ("1963年建", "于1963年迁入", "1950年")] == [[], [], ["于1963年迁入"]]


def test_left_out_paragraphs_make_unanswerable_cases(tmp_path: Path) -> None:
    documents, cases = read_squad(write(tmp_path / "s.json", SQUAD), leave_out=0.5)
    kept = {document.id for document in documents}
    assert 8 < len(kept) < 32
    assert [case.answerable for case in cases] == [f"T-{case.id[1:]}" in kept for case in cases]
    assert {case.kind for case in cases} == {"squad", "left out"}
    assert read_squad(tmp_path / "s.json", leave_out=0.5)[1] == cases
    with pytest.raises(CaseError, match="leaves no passage or no question"):
        read_squad(tmp_path / "s.json", leave_out=1.0)


def paragraph(context: str, *questions: tuple[object, str, str]) -> dict[str, object]:
    qas = [{"id": key, "question": question, "answers": [{"text": answer}]} for key, question, answer in questions]
    return {"context": context, "qas": qas}


def test_an_answer_is_looked_for_as_its_paragraph_is_kept(tmp_path: Path) -> None:
    written = [
        paragraph("城门\uf900\r\n开了。", (1, "哪里？", "\uf900\r\n开"), ("x", "问？", "没有"), ("y", "几？", "无"))
    ]
    path = write(tmp_path / "s.json", {"data": [{"paragraphs": written}]})
    said: list[str] = []
    _, (case,) = read_squad(path, say=said.append)
    assert (case.id, case.kind, case.must) == ("1", "squad", ("\u8c48\n开",))
    assert ["left out: 2 questions whose answer is not in their paragraph, x first" in one for one in said] == [True]


@pytest.mark.parametrize(
    ("articles", "message"),
    [
        (
            [{"paragraphs": [paragraph("甲", ("q", "问？", "甲"), ("q", "问？", "甲"))]}],
            r"s\.json, paragraph 0-0, question q: id q is taken",
        ),
        (
            [{"id": 1, "paragraphs": [paragraph("甲")]}, {"paragraphs": [paragraph("乙")]}],
            r"s\.json, paragraph 1-0: id 1-0 is taken",
        ),
        (
            [{"paragraphs": [paragraph("甲", ("q", "问" * 501, "甲"))]}],
            "paragraph 0-0, question q: the question has 501 characters",
        ),
        (
            [{"paragraphs": [paragraph("甲") | {"qas": [{"id": "q", "question": 5, "answers": []}]}]}],
            r"paragraph 0-0, question q is not SQuAD-shaped \(question is not text: 5\)",
        ),
        (
            [{"paragraphs": [paragraph("甲"), {"qas": []}]}],
            r"paragraph 0-1 is not SQuAD-shaped \(context is missing\)",
        ),
        (
            [{"paragraphs": [{"context": "甲", "qas": [{"question": "问？"}]}]}],
            r"paragraph 0-0, question #1 is not SQuAD-shaped \(id is missing\)",
        ),
    ],
)
def test_squad_that_would_be_measured_wrongly(tmp_path: Path, articles: list[object], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        read_squad(write(tmp_path / "s.json", {"data": articles}))


def test_what_is_not_squad(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"s\.json, article 1 is not SQuAD-shaped \(paragraphs is missing\)"):
        read_squad(write(tmp_path / "s.json", {"data": [{}]}))


def test_what_is_not_beir(tmp_path: Path) -> None:
    write(tmp_path / "corpus.jsonl", {"_id": "d1", "text": "甲。"})
    write(tmp_path / "queries.jsonl", {"_id": "q1", "text": "问甲"})
    with pytest.raises(CaseError, match="leaves no passage or no question"):
        read_beir(tmp_path)
    write(tmp_path / "queries.jsonl", {"text": "问甲"})
    with pytest.raises(CaseError, match=r"queries\.jsonl, line 1 \(_id is missing\)"):
        read_beir(tmp_path)


def test_beir(tmp_path: Path) -> None:
    write(tmp_path / "corpus.jsonl", {"_id": "d1", "title": "题", "text": "甲。"}, {"_id": "d2", "text": "乙。"})
    write(tmp_path / "queries.jsonl", {"_id": "q1", "text": "问甲"}, {"_id": "q2", "text": "没有判断"})
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n", encoding="utf-8")
    documents, cases = read_beir(tmp_path)
    assert [document.title for document in documents] == ["题", "d2"]
    assert [(case.id, case.gold[0].doc_id, case.gold[0].spans) for case in cases] == [("q1", "d1", ((0, 2),))]


def beir(folder: Path, **judged: str) -> Path:
    write(folder / "corpus.jsonl", {"_id": "d1", "text": "甲。"}, {"_id": "d2", "text": "乙。"})
    write(folder / "queries.jsonl", {"_id": "q1", "text": "问甲"}, {"_id": "q2", "text": "问乙"})
    (folder / "qrels").mkdir()
    for name, rows in judged.items():
        (folder / f"qrels/{name}.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}", encoding="utf-8")
    return folder


def test_the_judgements_of_test_are_preferred_and_their_grades_kept(tmp_path: Path) -> None:
    cases = read_beir(beir(tmp_path, train="q2\td2\t1\n", test="q1\td1\t2\nq1\td2\t1\n"))[1]
    assert [(case.id, [(gold.doc_id, gold.grade) for gold in case.gold]) for case in cases] == [
        ("q1", [("d1", 2), ("d2", 1)])
    ]
    (tmp_path / "qrels/test.tsv").rename(tmp_path / "qrels/dev.tsv")
    assert [case.id for case in read_beir(tmp_path)[1]] == ["q1", "q2"]


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("corpus.jsonl", {"_id": "d1", "text": "丙。"}, "corpus.jsonl, line 3: id d1 is taken"),
        ("queries.jsonl", {"_id": "q1", "text": "问丙"}, "queries.jsonl, line 3: id q1 is taken"),
        ("queries.jsonl", {"_id": "q3", "text": ""}, "queries.jsonl, line 3: the question is empty"),
    ],
)
def test_beir_that_would_be_measured_wrongly(tmp_path: Path, file: str, row: object, message: str) -> None:
    beir(tmp_path, test="q1\td1\t1\nq3\td1\t1\n")
    with (tmp_path / file).open("a", encoding="utf-8") as opened:
        opened.write("\n" + json.dumps(row))
    with pytest.raises(CaseError, match=message):
        read_beir(tmp_path)


@pytest.mark.parametrize(
    ("judgement", "message"),
    [
        ("q1\td1\tmuch", r'test\.tsv, line 3 is not BEIR-shaped \(score is not a whole number: "much"\)'),
        ("q1\td1", r"test\.tsv, line 3 is not BEIR-shaped \(score is not a whole number: null\)"),
    ],
)
def test_a_judgement_that_is_none_is_named_by_its_line(tmp_path: Path, judgement: str, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        read_beir(beir(tmp_path, test=f"q1\td1\t1\n{judgement}\n"))


def test_judgements_of_what_is_not_there_are_counted(tmp_path: Path) -> None:
    said: list[str] = []
    cases = read_beir(beir(tmp_path, test="q1\td9\t1\nq1\td1\t1\nq9\td1\t1\nq1\td8\t0\n"), said.append)[1]
    assert [(case.id, [gold.doc_id for gold in case.gold]) for case in cases] == [("q1", ["d1"])]
    assert ["left out: 2 judgements whose document or query is not there, q1 d9 first" in one for one in said] == [True]


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", {"id": "0", "question": "问", "kind": "k", "gold": []})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [case.id for case in read_cases(path, DOCUMENTS)] == ["0"]


def test_json_that_is_none_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"data": [\n{"paragraphs": [],}]}', encoding="utf-8")
    with pytest.raises(
        CaseError, match=r"s\.json 不是 SQuAD 格式（不是 JSON，第 2 行第 1\d 个字）.* line 2, character 1\d\)"
    ):
        read_squad(tmp_path / "s.json")
