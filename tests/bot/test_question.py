"""Questions taken apart: what they want, name and count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lexicon import alternatives, contrasts, english_phrases, is_generic, sound, with_chinese
from bot.message import asked_apart, asks_nothing, asks_of_the_bot, goes_on, questions_in, without_courtesies
from bot.question import (
    GIVES,
    KINDS,
    ask_what,
    asked_by_number,
    begins_with,
    content_words,
    expectation_from,
    holds,
    no_content_mentioned,
    numbers_of,
    of_another_edition,
    what_is_missing,
    what_is_wanted,
)
from indexer.quantity import Quantity, quantities
from indexer.text import fold

even = expectation_from({}, {})


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("门票多少钱？", {"money", "count"}),
        ("馆长叫什么名字？", {"name", "title", "what"}),
        ("举报电话是多少", {"phone", "count"}),
        ("哪一年建成的", {"year", "which"}),
        ("有哪些学校", {"list", "which"}),
        ("How many schools took part?", {"count"}),
        ("第几届？", {"rank", "count"}),
        ("短视频大赛叫什么名字？", {"title", "what"}),
        ("讲解员分别叫什么", {"name", "title", "list", "what"}),
        ("图书馆星期几闭馆", {"time"}),
        ("停车收费不？", {"yes or no", "money"}),
        ("夜里会赶人么", {"yes or no"}),
        ("里面说了什么", {"what"}),
        ("有没有iPhone", {"yes or no"}),
        ("what is the telephone number", {"phone", "definition", "what"}),
    ],
)
def test_kinds_of_answer(question: str, kinds: set[str]) -> None:
    assert {KINDS[kind] for kind in ask_what(question, even).kinds} == kinds


@pytest.mark.parametrize(
    ("text", "kind", "given"),
    [
        ("门票30元", "money", True), ("面积30亩", "money", False), ("电话6218043", "phone", True), ("共23家", "phone", False),
        ("馆长王建国表示", "name", True), ("由市委常委任团长", "name", False), ("由市委常委任团长", "who", True), ("第九届", "rank", True),
        ("因为下雨", "why", True), ("今天下雨", "why", False), ("星期天不开门", "time", True),
    ],
)  # fmt: skip
def test_kinds_that_a_text_gives(text: str, kind: str, given: bool) -> None:
    assert bool(GIVES[KINDS.index(kind)].search(fold(text))) is given


def test_parts_of_a_question() -> None:
    asked = ask_what("第五届“书香杯”评比中男教师有多少名？", even)
    assert asked.quantities == (Quantity(True, 5, "届"),)
    assert asked.titles == ("书香杯",)
    assert asked.unit == "名位人"
    assert ("男", ("女",)) in asked.contrasts
    assert "教师" in asked.words
    assert len(asked.words) == len(asked.expected) == len(asked.nouns) == len(asked.proper)


def test_which_one_is_no_number() -> None:
    assert ask_what("哪一天启动的？", even).quantities == ()
    assert ask_what("第一天启动了什么？", even).quantities == (Quantity(True, 1, "天"),)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("女子组有哪些项目？", ["女子组", "有", "哪些", "项目"]),
        ("学校有多少个班？", ["学校", "有", "个", "班"]),
        ("9月10日有什么安排？", ["有", "什么", "安排"]),
        ("那2号线呢？", ["那", "号线", "呢"]),
    ],
)
def test_what_asks_is_no_part_of_a_word(question: str, words: list[str]) -> None:
    assert [word for word, _ in content_words(fold(question))] == words


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("第三条是什么内容？", "第三条"),
        ("请问第12章规定了什么", "第12"),
        ("第三条", "第三条"),
        ("第三条路线是什么？", ""),
        ("第三条和第四条是什么？", ""),
        ("第三个是什么？", ""),
        ("三条是什么？", ""),
        ("规定了什么？", ""),
    ],
)
def test_a_part_asked_for_by_its_number(question: str, part: str) -> None:
    found = asked_by_number(ask_what(question, even))
    assert (found.written if found else "") == part


def test_a_sentence_begins_with_its_number() -> None:
    (part,) = numbers_of("第三条")
    assert begins_with("第3条 请假。", part)
    assert not begins_with("按第三条请假。", part)
    assert not begins_with("第三十条 请假。", part)
    assert not begins_with("请假。", part)


def test_generic_words_are_told_apart() -> None:
    tags = dict(content_words(fold("请问面积一共是多少")))
    assert tags["请问"] == "generic"
    assert tags["面积"] != "generic"


@pytest.mark.parametrize(
    ("text", "word", "share"),
    [
        ("50余名思政课教师", "教师", 1.0),
        ("50余名思政课教师", "老师", 0.9),
        ("省委国安办常务副主任龙章月", "职务", 0.7),
        ("专职讲解员4名", "讲姐员", 0.85),
        ("国家安全教育", "教育局", 0.4),
        ("国家安全教育", "面积", 0.0),
    ],
)
def test_how_far_a_text_holds_a_word(text: str, word: str, share: float) -> None:
    assert holds(text, word) == pytest.approx(share)


def test_an_edition_that_a_text_does_not_tell_of() -> None:
    def is_of_another(question: str, text: str) -> bool:
        return of_another_edition(ask_what(question, even), fold(text))

    assert is_of_another("第九届读书节哪天开幕？", "第八届读书节4月23日开幕，第七届有2万人参加。")
    assert not is_of_another("第九届读书节哪天开幕？", "第八届读书节闭幕时，第9届的主题也已公布。")
    assert not is_of_another("第九届读书节哪天开幕？", "本次读书节4月23日开幕，有第一个分会场。")
    assert not is_of_another("第九个分会场在哪里？", "第八届读书节4月23日开幕。")


def test_what_is_missing_names_numbers_then_titles_then_words() -> None:
    text = fold("第九个教育日,主题是《甲》")
    sure, others = expectation_from({"面积": 0.9, "主题": 0.8}, {}), "乙馆"

    def missing(question: str) -> list[str]:
        return list(what_is_missing(ask_what(question, sure), text, quantities(text), others))

    assert missing("第五个教育日的面积") == ["第五个", "面积"]
    assert missing("《乙丙》的面积") == ["乙丙", "面积"]
    assert missing("面积和主题，多少钱？") == ["面积", "金额"]
    assert missing("主题") == []
    others = "乙馆的门票20元。"
    assert missing("面积和主题，多少钱？") == ["面积"]  # an amount stands elsewhere


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("二等奖有多少？", "二等奖"),
        ("牛顿第二定律", "第二定律"),
        ("12345热线", "12345热线"),
        ("第五个全民教育日", "第五个"),
        ("三号楼在哪？", "三号"),
        ("有多大面积？", "面积"),
        ("换多少人民币？", "人民币"),
    ],
)
def test_what_is_missing_is_named_as_the_question_words_it(question: str, named: str) -> None:
    sure = expectation_from({}, {"n2": 0.9, "n3": 0.9, "nz3": 0.9})
    assert next(what_is_missing(ask_what(question, sure), "无", (), "")) == named


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("它是哪一年建成的？", "哪一年建成的"),
        ("團長叫什麼名字？", "叫什么名字"),
        ("有多少名成员？", "多少名成员"),
        ("有多少成员？", "多少成员"),
        ("哪个单位牵头？", "哪个单位牵头"),
        ("为什么停了呢？", "为什么停了"),
        ("市长是谁？", "是谁"),
        ("谁参加了在博物馆举行的基地开放日活动？", "谁"),
        ("谁写了《甲》？", "谁"),
        ("运动会是哪几天？", "哪几天"),
        ("有多少间教室？", "多少间教室"),
        ("被命名为什么基地？", ""),
        ("主题是什么？", ""),
        ("How many people came?", "how many"),
    ],
)
def test_what_a_question_wants_to_be_told(question: str, wanted: str) -> None:
    assert what_is_wanted(ask_what(question, even)) == wanted


def test_a_text_may_mention_nothing_but_function_words_and_sounds() -> None:
    sure = expectation_from({}, {"r1": 0.9, "p2": 0.9, "n2": 0.9, "v2": 0.9, "v1": 0.9})
    asked = ask_what("关于我的面积", sure)
    assert no_content_mentioned(asked, fold("关于我的主题"))
    assert not no_content_mentioned(asked, fold("面积"))
    assert not no_content_mentioned(ask_what("关于我的", sure), fold("主题"))  # hangs on nothing
    assert not no_content_mentioned(ask_what("面积", even), fold("主题"))
    # However likely a Chinese text is to hold an English word: 0.5 or not.
    assert no_content_mentioned(ask_what("Why is the sky blue?", even), fold("因为主题"))
    assert not no_content_mentioned(ask_what("When did it?", even), fold("第九个教育日"))
    by_sound = ask_what("适合吗", sure)  # 适合, 十河
    assert no_content_mentioned(by_sound, fold("十河"))


def test_expectations_fall_back_to_the_class_and_to_even() -> None:
    chances = expectation_from({"面积": 0.9}, {"n2": 0.8, "n3": 0.7})
    assert [chances("面积", "n"), chances("人口", "n"), chances("博物馆", "n"), chances("走", "v")] == [
        0.9,
        0.8,
        0.7,
        0.5,
    ]


def test_english_is_read_as_phrases_and_given_in_chinese() -> None:
    assert english_phrases("how many schools took it") == ["how many", "schools", "took", "it"]
    assert "学校" in with_chinese("How many schools?")
    assert with_chinese("有多少学校？") == "有多少学校？"


def test_the_word_lists_are_consistent() -> None:
    for word in ("老师", "ticket", "门票"):
        assert all(word in alternatives(other) for other in alternatives(word))
    assert not is_generic("面积")
    assert all(len(group) > 1 == (len(set(group)) > 1) for group in contrasts())
    assert sound("讲解员") == sound("讲姐员") != sound("教师员")


@given(st.text(max_size=40))
def test_any_question_can_be_taken_apart(question: str) -> None:
    asked = ask_what(question, even)
    assert np.isfinite(asked.expected).all()
    assert all(0 <= holds(asked.text, word) <= 1 for word in asked.words)


@pytest.mark.parametrize("run", ["百" * 5000 + "甲", "1" + " " * 50_000 + "x", "一" * 5000])
def test_a_hostile_run_is_read_once(run: str) -> None:
    assert not any(gives.search(run) for kind, gives in zip(KINDS, GIVES, strict=True) if kind != "count")


def test_a_sum_is_given_in_several_ways() -> None:
    money = GIVES[KINDS.index("money")]
    texts = ["5元", "三百 余 万 元", "2千余元", "1 亿 美元", "多元", "免费"]
    assert [bool(money.search(text)) for text in texts] == [True, True, True, True, False, True]
    length = GIVES[KINDS.index("measure")]
    assert [bool(length.search(text)) for text in ["3 余 万 平方米", "两米", ".5 公里", "几公里"]] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "parts",
    [
        ["《谁动了我的奶酪？》讲什么？", "馆长是谁？"],
        ["What is the theme? ", "Who spoke at the opening?"],
        ["主题是什么?", "A级景区有哪些?"],
        ["主题是什么？？！ ", "讲解员有几名"],
        ["我是学生。今年的主题是什么？", "讲解员有几名？请尽快答复"],
        ["基地建设方案叫什么？", "讲解员有几名？", "团长是谁？"],
        ["看 http://a.b/c?id=3 的主题是什么？"],
        ["他说“你是谁？我是谁？”是什么意思？"],
        ["在哪举办？什么时候？"],
        ["主题是什么？讲解员有几名？团长是谁？门票多少钱？哪天启动？"],
        ["你知道国家安全教育日吗？是哪天？"],
        ["在吗？今年主题是什么？"],
        ["主题是什么？谢谢您的帮助！"],
        ["？？？"],
    ],
)
def test_the_questions_of_a_message(parts: list[str]) -> None:
    assert questions_in("".join(parts)) == parts


@given(st.text(alphabet='主题讲解员什么吗？?！ 《》“”"a=', max_size=40))
def test_the_questions_of_a_message_are_all_of_it(message: str) -> None:
    parts = questions_in(message)
    assert "".join(parts) == message
    assert all(parts)


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("报社地址和广告部电话是什么？", ["报社地址是什么？", "广告部电话是什么？"]),
        ("招生办的咨询电话以及监督电话是多少", ["招生办的咨询电话是多少", "招生办的监督电话是多少"]),
        ("招生办的咨询电话及行政楼总务处电话？", ["招生办的咨询电话？", "行政楼总务处电话？"]),
        ("活动的时间、地点分别是什么?", ["活动的时间分别是什么?", "活动的地点分别是什么?"]),
        ("书法班和太极拳班的老师分别是谁？", ["书法班的老师是谁？", "太极拳班的老师是谁？"]),
        ("一楼与二楼的座位各有多少个", ["一楼的座位有多少个", "二楼的座位有多少个"]),
        ("书法班和太极拳班的老师是谁？", None),
        ("甲、乙和丙的老师分别是谁？", None),  # of three
        ("“甲、乙课程协同”里的课分别是什么？", None),
        ("总馆地址和分馆各有几个？", None),  # of the second a number is asked
        ("时间和地点怎么定？", None),
        ("学校和医院的电话是多少？", None),
        ("教师与学生的关系是什么？", None),
    ],
)
def test_two_things_asked_for_in_one_question(question: str, parts: list[str] | None) -> None:
    assert asked_apart(question) == (parts or [question])


@given(st.text(alphabet="报社地址和电话的是什么多少及、，？?", max_size=40))
def test_what_is_asked_apart_has_the_words_of_the_question(question: str) -> None:
    parts = asked_apart(question)
    assert 1 <= len(parts) <= 2
    assert all(set(part) <= set(question) for part in parts)
    assert parts == [question] or all(part[-1:] == question[-1:] for part in parts)


def test_what_names_no_matter_goes_on_from_the_question_before() -> None:
    for question in ("要带什么？", "要多少钱？", "几天能拿到？", "可以代办吗？"):
        assert goes_on(question), question
    for question in ("火是几点扑灭的", "怎么预约检查？", "孕妇能做PET-CT吗"):
        assert not goes_on(question), question


def test_what_begins_with_a_pronoun_goes_on_from_the_question_before() -> None:
    for question in ("他的妻子是谁？", "它建于哪一年？", "那么她们呢", "其中有几部？", "後來他怎麼了？"):
        assert goes_on(question), question
    for question in (
        "拉起那支讲课队伍时定下的宗旨是什么？",
        "市长和他的妻子是谁？",
        "其他学校有几所？",
        "吉他多少钱？",
    ):
        assert not goes_on(question), question


def test_courtesies_ask_nothing() -> None:
    for message in (
        "谢谢！",
        "好的，知道了，谢谢您",
        "你好",
        "👍",
        "？？？",
        "Thanks, bye!",
        "",
        "早上好",
        "再见，晚安",
        "啊啊啊",
        "你是谁？",
    ):
        assert asks_nothing(message), message
    for message in ("谢谢是谁唱的？", "好在哪里", "你好吗", "1", "hello world", "早上？", "晚上呢？"):
        assert not asks_nothing(message), message


def test_what_is_asked_of_the_bot_itself() -> None:
    for message in (
        "你是谁？",
        "您好，你能做什么呀？",
        "你会什么",
        "您可以帮我查些什么内容？",
        "知识库里有什么？",
        "這個知識庫裡面有哪些內容？",
        "在这里可以问什么问题",
        "请介绍一下你自己",
        "在吗？",
        "Help!",
        "What can I ask you?",
    ):
        assert asks_of_the_bot(message), message
    for message in (
        "你是谁开发的？",
        "你能做什么菜？",
        "知识库里有什么规定？",
        "你是",
        "谁是馆长？",
        "怎么用？",
        "可以查",
        "在吗哪里",
        "What can you see there?",
        "谢谢",
        "",
    ):
        assert not asks_of_the_bot(message), message


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("您好，我想咨询一下，挂号多少钱？", "挂号多少钱？"),
        ("你好，请问挂号多少钱？", "挂号多少钱？"),
        ("麻烦问一下  挂号多少钱", "挂号多少钱"),
        ("麻烦您帮我查一下挂号多少钱", "挂号多少钱"),
        ("想问问挂号多少钱", "挂号多少钱"),
        ("不好意思打扰一下，挂号多少钱？", "挂号多少钱？"),
        ("Hello, could you please tell me when it opens?", "when it opens?"),
        ("麻烦的手续有哪些？", "麻烦的手续有哪些？"),
        ("打扰他人怎么处罚？", "打扰他人怎么处罚？"),
        ("我想申请廉租房", "我想申请廉租房"),
        ("Hilton 在哪？", "Hilton 在哪？"),
        ("挂号多少钱，谢谢", "挂号多少钱"),
        ("挂号多少钱？谢谢啦！", "挂号多少钱？"),
        ("你好，挂号多少钱，麻烦您了，多谢", "挂号多少钱"),
        ("挂号多少钱，可以告诉我吗？", "挂号多少钱"),
        ("When does it open? Thanks!", "When does it open?"),
        ("怎么说谢谢", "怎么说谢谢"),
        ("手续怎么这么麻烦？", "手续怎么这么麻烦？"),
        ("谁最辛苦", "谁最辛苦"),
        ("这件事要告诉我们吗", "这件事要告诉我们吗"),
        ("谢谢！", "谢谢！"),
        ("你好！", "你好！"),
        ("请问", "请问"),
        ("我想咨询", "我想咨询"),
    ],
)
def test_courtesies_around_a_question_are_taken_off(message: str, left: str) -> None:
    assert without_courtesies(message) == left


@given(st.text(alphabet="你好请问，我想知道挂号 hi?？麻烦谢谢您！", max_size=30))
def test_courtesies_are_taken_off_once_and_for_all(message: str) -> None:
    left = without_courtesies(message)
    assert left in message
    assert without_courtesies(left) == left
    assert not message.strip() or left.strip()
