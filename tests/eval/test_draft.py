"""Drafts on small documents worked out by hand, properties on any text, and the command as a person uses it."""

import contextlib
import json
import os
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from eval.app import evaluation
from eval.cases import Case, read_cases, resolve
from eval.draft import Draft, draft_cases, spread
from indexer.read import read_folder
from indexer.types import Document

ROOT = Path(__file__).parent.parent.parent
JIAWEN = str(Path(sys.executable).parent / "jiawen")
DRAFT = [JIAWEN, "eval", "draft"]


def drafts(*texts: str) -> list[Draft]:
    return draft_cases([Document(f"d{number}", f"题{number}", text) for number, text in enumerate(texts)])


def asked(*texts: str) -> list[tuple[str, str, str]]:
    return [(one.kind, one.question, one.must or one.swapped) for one in drafts(*texts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東湧燈塔於1904年建成。", ("date", "東湧燈塔於哪一年建成？", "1904年")),
        ("據市氣象局局長龍章月介紹，今夏多雨。", ("name", "市氣象局局長是谁？", "龍章月")),
        (
            "根據民國104年新北市教育統計年報，國民小學計216所。",
            ("number", "根據民國104年新北市教育統計年報，國民小學計多少所？", "216所"),
        ),
        (
            "1895年6月，日本統治臺灣後，於北部設臺北縣。",
            ("date", "日本統治臺灣後，於北部設臺北縣是在什么时候？", "1895年6月"),
        ),
        ("培育总体国家安全观专职讲解员4名。", ("number", "培育总体国家安全观专职讲解员多少名？", "4名")),
        ("发放相关宣传品8万余份，反响热烈。", ("number", "发放相关宣传品多少份？", "8万余份")),
        ("全年实现地区生产总值218.6亿元。", ("number", "全年实现地区生产总值多少亿元？", "218.6亿元")),
        ("粮食总产量21.7万吨，增长1.9%。", ("number", "粮食总产量21.7万吨，增长百分之多少？", "1.9%")),
        ("油料产量1.3万吨；茶叶产量4620吨，增长8%。", ("number", "茶叶产量4620吨，增长百分之多少？", "8%")),
        ("本次是我市第九届青年科技文化节。", ("number", "本次是我市第几届青年科技文化节？", "第九届")),
        (
            "琅渡大桥是控制性工程，2019年动工，全长2.18公里，主跨556米。",
            ("number", "琅渡大桥是控制性工程，全长2.18公里，主跨多少米？", "556米"),
        ),
        ("1908年，沈砚樵创办水利讲习所。", ("date", "沈砚樵创办水利讲习所是在哪一年？", "1908年")),
        ("2021年7月1日，柏溪村史馆开馆。", ("date", "柏溪村史馆开馆是在什么时候？", "2021年7月1日")),
        ("北乡海塘1906年10月动工。", ("date", "北乡海塘什么时候动工？", "1906年10月")),
        ("松岭新城首班车为6时10分。", ("date", "松岭新城首班车为几点？", "6时10分")),
        ("慢行道每天6时至22时开放通行。", ("date", "慢行道每天几点到几点开放通行？", "6时至22时")),
        ("长城博物馆被正式命名为教育基地。", ("definition", "长城博物馆被正式命名为什么？", "教育基地")),
        ("安全观的关键是统筹全局。", ("definition", "安全观的关键是什么？", "统筹全局")),
        ("据市气象局局长龙章月介绍，今夏多雨。", ("name", "市气象局局长是谁？", "龙章月")),
        ("全部车站的装修以“山水”为主题。", ("name", "全部车站的装修以什么为主题？", "山水")),
        ("沈砚樵从日本回国后写成《治水日记》等。", ("name", "沈砚樵从日本回国后写成什么？", "治水日记")),
        ("“同心10周年”，这是今年安全教育日主题。", ("name", "今年安全教育日主题是什么？", "同心10周年")),
        ("- 本馆共有讲解员和志愿者12名", ("number", "本馆共有讲解员和志愿者多少名？", "12名")),
    ],
)
def test_examples(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in asked(text)


@pytest.mark.parametrize(
    "text",
    [
        "增长4名。",  # too short
        "其中城市低保对象和农村低保对象1980人。",  # leans on a sentence before
        "他在家乡创办的女子小学有学生14人。",  # nobody knows who
        "全校4名教师共教学生4名。",  # the answer would stand in the question
        "老馆开放时间为2019年至2023年，票价10元到15元。",  # ranges
        "本馆“十大展品12件”主题展已经开幕。",  # a number inside a name
        "发布日期:2024-04-16 浏览次数:30次",  # data about the page
        "| 讲解员 | 全市共有专职4名 |",  # a table
        "他说：“全市共有专职讲解员4名。",  # a quotation that goes on
        "# 全市共有专职讲解员4名\n",  # a heading
        "全市共有专职讲解员\u202e4名。",  # a character that turns the line around
        "這個日期是三種多年週期的共同起點。",  # nobody knows which, in traditional characters
        "隨著國際網球總會於1913年成立。",  # only when something else was
        "每年气温2月份月均最低。",  # a month, and no date
        "雙方在一盤中戰至6比6時。",  # a score
        "目前的假定是：梵語存活到那時。",  # what is said, and not what it is
        "甲" * 600 + "4名。",
    ],
)
def test_what_would_not_be_a_question_is_left_out(text: str) -> None:
    assert asked(text) == []


def test_a_long_sentence_is_asked_by_its_clause() -> None:
    text = "近年来学校" + "稳步推进各项工作" * 8 + "，累计发放学习资料4万份。"
    assert asked(text) == [("number", "累计发放学习资料多少份？", "4万份")]
    assert drafts(text)[0].quote == text


def test_a_row_is_a_case() -> None:
    (draft,) = drafts("培育总体国家安全观专职讲解员4名。")
    assert draft.row == {
        "id": "draft-4d2bb60087",
        "question": "培育总体国家安全观专职讲解员多少名？",
        "kind": "number",
        "gold": [{"doc_id": "d0", "quote": "培育总体国家安全观专职讲解员4名。"}],
        "must": ["4名"],
        "history": [],
    }


def test_a_section_is_asked_for_by_its_heading() -> None:
    text = "# 题0\n\n第一段在题目下面，不另外提问，它的题目就是文章的题目。\n\n## 一、审批“权限”\n\n### 甲\n\n请假由科室负责人审批，其余的由分管领导审批。第二句。\n"
    assert [(one.kind, one.question, one.quote) for one in drafts(text)] == [
        ("heading", "关于“甲”，文章怎么讲？", "请假由科室负责人审批，其余的由分管领导审批。")
    ]
    text = "## 一、审批“权限”\n\n请假由科室负责人审批，其余的由分管领导审批。\n"
    assert [one.question for one in drafts(text, text)] == [
        "关于“审批‘权限’”，《题0》怎么讲？",
        "关于“审批‘权限’”，《题1》怎么讲？",
    ]
    named = [Document(f"d{number}", f"《甲报》投稿{number}", text) for number in (1, 2)]
    assert [one.question for one in draft_cases(named)] == [
        "关于“审批‘权限’”，《〈甲报〉投稿1》怎么讲？",
        "关于“审批‘权限’”，《〈甲报〉投稿2》怎么讲？",
    ]


def test_what_stands_before_a_time_is_no_question_without_its_noun() -> None:
    assert not drafts("2019年8月的台风冲垮了桥东侧的栏杆。")


def test_near_misses_ask_for_what_is_nowhere() -> None:
    text = "今年第九个教育日主题是“同心”。"
    miss = ("near-miss", "今年第八个教育日主题是什么？", "第八个")
    assert asked(text)[-1] == miss
    assert drafts(text)[-1].row["gold"] == drafts(text)[-1].row["must"] == []
    assert miss not in asked(text, "去年第八个教育日。")
    assert ("near-miss", "今年第七个教育日主题是什么？", "第七个") in asked(text, "去年第八个教育日。")
    text = "2015年，柏溪小学只剩11名学生。"
    assert asked(text)[-1] == ("near-miss", "2014年，柏溪小学只剩多少名学生？", "2014")
    assert asked(text, "建于2014-05。")[-1] == ("near-miss", "2013年，柏溪小学只剩多少名学生？", "2013")
    assert ("near-miss", "全市24所中小学派出教师多少名？", "24所") in asked("全市25所中小学派出教师50余名。")


def test_a_threshold_or_another_fact_makes_no_near_miss() -> None:
    rule = "累计工作满1年不满10年的，年休假5天。"
    assert "near-miss" not in {kind for kind, _, _ in asked(rule)}
    context = "粮食总产量21万吨，增长1.9%。"
    assert "near-miss" not in {kind for kind, _, _ in asked(context)}


def test_near_misses_by_another_name() -> None:
    here = "长江博物馆收藏各类文物300余件。长江博物馆免费开放。"
    miss = ("near-miss", "城南博物馆收藏各类文物多少件？", "城南博物馆收藏")
    assert miss in asked(here, "城南博物馆每周一闭馆。城南博物馆不收门票。")
    assert miss not in asked(here, "城南博物馆每周一闭馆。城南博物馆也收藏文物。")


def test_one_question_from_two_documents_is_asked_once() -> None:
    same = "培育总体国家安全观专职讲解员4名。"
    assert [one.doc_id for one in drafts(same, same)] == ["d0"]


def test_spread_goes_round_the_documents() -> None:
    made = [
        Draft(f"{doc}{number}", "number", doc)
        for doc, count in (("a", 5), ("b", 1), ("c", 4))
        for number in range(count)
    ]
    assert [one.question for one in spread(made, 6)] == ["a0", "a1", "a2", "b0", "c0", "c1"]
    assert spread(made, 10) == spread(made, 99) == made


pieces = st.sampled_from(
    [
        "培育讲解员", "4名", "1,200余人", "2024年", "4月15日", "第九届", "增长5.8%", "6时10分", "（条）", "，", "。", "；", ",", "、", "“", "”",
        "《", "》", "(", ")", "（", "）", "是", "的", "以", "为", "主题", "被命名为", "制定", "局长龙章月说", "长江博物馆", "城南博物馆", "其中", "\n", "\n# ",
        "\x9b", "\u202e", "<b>", "\0", "é", "安全教育",
    ]
)  # fmt: skip
anything = st.one_of(st.text(max_size=80), st.lists(pieces, max_size=40).map("".join))


@given(st.lists(anything, min_size=1, max_size=3))
def test_on_any_text(texts: list[str]) -> None:
    documents = [Document(f"d{number}", "题", unicodedata.normalize("NFC", text)) for number, text in enumerate(texts)]
    found = draft_cases(documents)
    assert found == draft_cases(documents)
    for draft in found:
        assert draft.question.isprintable()
        if draft.kind == "near-miss":
            assert (draft.quote, draft.must) == ("", "")
            assert draft.swapped in draft.question
            assert not any(draft.swapped in document.text for document in documents)
        else:
            assert resolve(draft.doc_id, draft.quote, {one.id: one for one in documents}).spans
            assert draft.must in draft.quote
            assert not draft.must or draft.must not in draft.question
            assert bool(draft.must) == (draft.kind != "heading")
    for key in ("id", "question"):
        assert len({getattr(draft, key) for draft in found}) == len(found)


@pytest.mark.parametrize(
    "unit", ["增1名，", "“", "《", "作《甲》", "1", "局长", "2024年", "\n# 题\n甲有4名，乙。\n", "称为", "\0", "（"]
)
def test_hostile_text_ends_in_well_formed_drafts(unit: str) -> None:
    for text in ("。".join([unit * (480 // len(unit))] * 100), unit * 20_000):
        for draft in drafts(text):
            assert 7 <= len(draft.question) <= 60
            assert draft.must in draft.quote


def test_the_article(tmp_path: Path) -> None:
    documents = read_folder(ROOT / "kb").documents
    found = draft_cases(documents)
    assert len(found) >= 30
    kinds = Counter(one.kind for one in found)
    assert kinds["near-miss"] >= 4
    assert set(kinds) == {"number", "date", "definition", "name", "heading", "near-miss"}
    questions = {one.question: one.must or one.swapped for one in found}
    assert questions["嘉峪关长城博物馆被正式命名为什么？"] == "甘肃省国家安全教育基地"
    assert questions["培育总体国家安全观专职讲解员多少名？"] == "4名"
    assert questions["今年第八个全民国家安全教育日主题是什么？"] == "第八个"
    assert questions["省委国安办常务副主任是谁？"] == "龙章月"
    done = CliRunner().invoke(evaluation, ["draft", "--kb", str(ROOT / "kb"), "--out", str(tmp_path / "c"), "--all"])
    assert done.exit_code == 0, done.output
    assert len(read_cases(tmp_path / "c", {one.id: one for one in documents})) == min(len(found), 40)


KB = "培育总体国家安全观专职讲解员4名，馆\x9b31m藏\u202e丰富。\n\n1908年，沈砚樵创办水利讲习所。\n\n今年第九个教育日主题是“同心”。\n"
QUESTIONS = [
    "培育总体国家安全观专职讲解员多少名？",
    "沈砚樵创办水利讲习所是在哪一年？",
    "今年第几个教育日主题是“同心”？",
    "今年第九个教育日主题是什么？",
    "今年第八个教育日主题是什么？",
]


@pytest.fixture
def small(kb: Path) -> Path:
    (kb / "a.txt").write_text(KB, encoding="utf-8")
    return kb


def run(kb: Path, *options: str, answers: str = "") -> Result:
    arguments = ["draft", "--kb", str(kb), "--out", str(kb.parent / "new/my cases.jsonl"), *options]
    return CliRunner().invoke(evaluation, arguments, input=answers)


def kept(kb: Path) -> list[Case]:
    documents = {document.id: document for document in read_folder(kb).documents}
    return read_cases(kb.parent / "new/my cases.jsonl", documents)


def test_accept_edit_skip_quit(small: Path) -> None:
    done = run(small, answers="y\nn\nx\ne\n 主题是第几个教育日的？ \nq\n")
    assert done.exit_code == 0, done.output
    cases = kept(small)
    assert [(case.question, case.kind, case.must) for case in cases] == [
        (QUESTIONS[0], "number", ("4名",)),
        ("主题是第几个教育日的？", "number", ("第九个",)),
    ]
    assert cases[0].gold[0].quote == KB.partition("\n")[0]
    last = done.output.strip().splitlines()[-1]
    assert "accepted: 2" in last
    assert last.endswith(f"jiawen eval run --cases '{small.parent}/new/my cases.jsonl'")
    assert f"2/5  date  {QUESTIONS[1]}" in done.output
    assert "\n5/5" not in done.output


def test_what_is_shown_cannot_steer_the_terminal(small: Path) -> None:
    done = run(small, answers="n\n" * 4 + "y\n")
    assert "expected: 培育总体国家安全观专职讲解员4名，馆\ufffd31m藏\ufffd丰富。" in done.output
    assert "应当拒答 should be refused: 第八个" in done.output
    assert all(one.isprintable() or one == "\n" for one in done.output)
    (case,) = kept(small)
    assert (case.question, case.kind, case.answerable, case.must) == (QUESTIONS[4], "near-miss", False, ())


def test_another_day_goes_on_where_the_file_ends(small: Path) -> None:
    run(small, answers="y\ne\n改过的问题？\nq\n")
    path = small.parent / "new/my cases.jsonl"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")  # as some editors leave it
    done = run(small, "--all", "--limit", "2")
    assert [case.question for case in kept(small)] == [QUESTIONS[0], "改过的问题？", *QUESTIONS[2:4]]
    assert "offered: 2/3" in done.output
    assert "accepted: 1" in run(small, "--all").output
    assert [case.question for case in kept(small)][2:] == QUESTIONS[2:]
    assert "accepted: 0，出示 offered: 0/0" in run(small).output


def test_an_edited_question_that_the_file_holds_is_not_written_twice(small: Path) -> None:
    done = run(small, answers=f"y\ne\n{QUESTIONS[0]}\nq\n")
    assert "accepted: 1" in done.output
    assert len(kept(small)) == 1


def test_a_file_of_other_documents_is_refused(small: Path, tmp_path: Path) -> None:
    run(small, "--all")
    (small / "a.txt").write_text("别的文章里有讲解员和志愿者4名。", encoding="utf-8")
    before = (small.parent / "new/my cases.jsonl").read_bytes()
    assert "a does not hold the quote" in str(run(small, "--all").exception)
    assert (small.parent / "new/my cases.jsonl").read_bytes() == before


@pytest.mark.parametrize("stdin", ["</dev/null", "<&-"])
def test_without_a_terminal_or_answers(small: Path, stdin: str) -> None:
    command = ["sh", "-c", f'exec "$@" {stdin}', "sh", *DRAFT, "--kb", small, "--out", small.parent / "c.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("no terminal to ask on: add --all")
    assert not (small.parent / "c.jsonl").exists()


def test_the_end_of_the_piped_answers_ends_it(small: Path) -> None:
    done = run(small, answers="y\n")
    assert done.exit_code == 0
    assert "accepted: 1" in done.output


def test_a_kill_loses_nothing(small: Path) -> None:
    path = small.parent / "new/my cases.jsonl"
    command = [*DRAFT, "--kb", small, "--out", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stdin
        process.stdin.write("y\ny\n")
        process.stdin.flush()
        until = time.monotonic() + 60
        while time.monotonic() < until and not (path.exists() and path.read_bytes().count(b"\n") == 2):
            time.sleep(0.01)
        process.kill()
    assert [case.question for case in kept(small)] == QUESTIONS[:2]


def test_on_a_terminal_the_question_stands_ready_to_be_changed(small: Path) -> None:
    path = small.parent / "new/my cases.jsonl"
    command = [*DRAFT, "--kb", str(small), "--out", str(path)]
    terminal, inside = os.openpty()
    environment = {**os.environ, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, env=environment)
    os.close(inside)
    seen = b""
    for expected, keys in (("quit q: ", "e\n"), (QUESTIONS[0], "\x7f吗？\n"), ("quit q: ", "q\n"), ("accepted: 1", "")):
        while expected.encode("utf-8") not in seen:
            seen += os.read(terminal, 65536)
        seen = seen.partition(expected.encode("utf-8"))[2]
        os.write(terminal, keys.encode("utf-8"))
    with contextlib.suppress(OSError):  # it has ended
        while os.read(terminal, 65536):
            pass
    os.close(terminal)
    assert process.wait(timeout=60) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["question"] == QUESTIONS[0][:-1] + "吗？"
