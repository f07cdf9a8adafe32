"""A question that leans on the one before is searched with it; any other stands alone."""

import pytest

from bot.context import in_context, one_by_one


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        ("那个馆呢？", True),
        ("什么时候启动的？", True),
        ("他是什么职务？", True),
        ("在哪里举办？", True),
        ("番茄炒蛋怎么做？", False),
        ("门票多少钱？", False),
        ("嘉峪关市的面积有多大？", False),
        ("这次活动在哪个馆启动？", True),
        ("该馆有几名专职讲解员？", True),
        ("守护国家安全的担子应该由谁来挑？", False),
        ("其他城市的市民有哪些教育基地？", False),
        ("尤其重视对哪些青少年的教育？", False),
        ("吉他比赛与其他比赛相比有何不同？", False),
        ("那不勒斯的城市博物馆叫什么名字？", False),
        ("其中哪些作品获得了省级奖项？", True),
        ("這個館的專職講解員有幾名？", True),
        ("此次宣传活动的主题是什么？", True),
        ("When was it founded?", True),
        ("长城博物馆是什么基地？另外城市博物馆呢？", False),
        ("他是谁？长城博物馆是什么基地？", True),
        ("谢谢！", False),
        ("好的，知道了，谢谢您", False),
        ("哈哈哈", False),
        ("Thanks, bye!", False),
        ("👍", False),
        ("？", False),
        ("好在哪里？", True),
        ("What is the theme of the security education day?", False),
    ],
)
def test_a_question_that_leans_is_searched_with_the_one_before(question: str, leans: bool) -> None:
    before = [("嘉峪关长城博物馆被命名为什么基地？", "…")]
    assert in_context(question, before) == (f"{before[0][0]} {question}" if leans else question)
    assert in_context(question, []) == question


def test_courtesies_around_the_question_before_are_not_searched_for() -> None:
    asked = [("您好，我想咨询一下，长城博物馆被命名为什么基地？谢谢", "…")]
    assert in_context("那城市博物馆呢？", asked) == "城市博物馆被命名为什么基地？"


def test_thanks_in_between_are_no_subject() -> None:
    asked = [("长城博物馆被命名为什么基地？", "…"), ("谢谢！", "…"), ("你是谁？", "…")]
    assert in_context("那城市博物馆呢？", asked) == "城市博物馆被命名为什么基地？"
    assert one_by_one(asked) == [asked[:1]]


def test_a_chain_of_questions_leads_back_to_the_subject() -> None:
    asked = ["谁做了什么？", "长城博物馆哪天启动了活动？", "在哪儿启动的？", "谁参加了？", "那市民呢？"]
    for turns, question in enumerate(asked[1:], 1):
        known = " ".join(asked[1 : turns + 1])
        assert in_context(question, [(before, "…") for before in asked[:turns]]) == known


def test_a_chain_is_no_longer_than_the_encoder_reads() -> None:
    long = "那" + "呢" * 300
    assert in_context("那呢？", [(long, "…")] * 3) == f"{long} 那呢？"
    assert in_context(long, [(long, "…")]) == long


def test_a_chain_ends() -> None:
    assert in_context("那呢？", [(f"第{turn}呢？", "…") for turn in range(9)]) == "第6呢？ 第7呢？ 第8呢？ 那呢？"


def test_each_question_of_the_last_message_may_be_the_one_that_the_next_leans_on() -> None:
    theme, guides, museum = ("今年的主题是什么？", "讲解员有几名？", "长城博物馆是什么基地？")
    assert one_by_one([(museum, "…"), (theme + guides, "甲")]) == [
        [(museum, "…"), (theme, "甲"), (guides, "甲")],
        [(museum, "…"), (theme, "甲")],
    ]
    assert one_by_one([(theme + guides, "甲"), (museum, "…")]) == [[(theme, "甲"), (guides, "甲"), (museum, "…")]]
    assert one_by_one([]) == [[]]
    assert one_by_one([(museum, "…"), ("", "")]) == [[(museum, "…")]]


@pytest.mark.parametrize(
    ("before", "question", "searched"),
    [
        ("2022年的男子冠军是谁？", "2023年呢？", "2023年的男子冠军是谁？"),
        ("2022年的男子冠军是谁？", "那女子呢", "2022年的女子冠军是谁？"),
        ("今年的主题是什么？", "去年的呢?", "去年的主题是什么？"),
        ("2022年的冠军是谁？", "他2023年又得了什么奖？", "2022年的冠军是谁？ 他2023年又得了什么奖？"),
        ("嘉峪关长城博物馆是什么基地？", "那城市博物馆呢？", "嘉峪关城市博物馆是什么基地？"),
        ("书法班的老师是谁？", "太极拳班呢？", "太极拳班的老师是谁？"),
        ("去年马拉松男子组的冠军是谁", "那少年组呢", "去年马拉松少年组的冠军是谁"),
        ("国庆节开门吗？", "还有春节呢？", "春节开门吗？"),
        ("3号线末班车几点？", "5号线呢？", "5号线末班车几点？"),
        ("第八届读书节哪天开幕？", "第七届呢？", "第七届读书节哪天开幕？"),
        ("分馆的电话是多少？", "那它的地址呢？", "分馆的地址是多少？"),
        ("分馆的电话是多少？", "总馆的地址呢？", "分馆的电话是多少？ 总馆的地址呢？"),  # which of the two, nobody says
        ("书法班和绘画班的老师是谁？", "舞蹈班呢？", "书法班和绘画班的老师是谁？ 舞蹈班呢？"),
        ("有几名讲解员？", "那志愿者呢？", "有几名讲解员？ 那志愿者呢？"),
        ("大家怎么看？", "家呢？", "大家怎么看？ 家呢？"),
        ("2022年有几个东馆？", "2021年和2023年的西馆呢？", "2022年有几个东馆？ 2021年和2023年的西馆呢？"),
    ],
)
def test_what_is_asked_of_instead_takes_its_place(before: str, question: str, searched: str) -> None:
    assert in_context(question, [(before, "…")]) == searched


def test_what_took_the_place_of_the_subject_stays_there() -> None:
    history = [("城北分馆的电话是多少？", "…"), ("那它的地址呢？", "…")]
    assert in_context("城西分馆呢？", history) == "城西分馆的地址是多少？"
    assert in_context("它在哪里？", history) == "城北分馆的地址是多少？ 它在哪里？"
