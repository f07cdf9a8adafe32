"""Generated text taken apart: sentences, their marks, and the same result however the text arrives."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cite import CitedSentence, Splitter


def cited_sentences(text: str, passages: int) -> list[CitedSentence]:
    """The sentences of a whole text that may cite so many passages."""
    splitter = Splitter(passages)
    return [*splitter.feed(text), *splitter.finish()]


def claims(text: str, passages: int = 3) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    return [(one.claim, one.citations, one.unresolved) for one in cited_sentences(text, passages)]


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", (1,)), ("【1】", (1,)), ("［1］", (1,)), ("［１］", (1,)), ("[1,2]", (1, 2)), ("[1，2]", (1, 2)),
        ("[1、2]", (1, 2)), ("[1][2]", (1, 2)), ("[1] [2]", (1, 2)), ("[1-3]", (1, 2, 3)), ("[1–3]", (1, 2, 3)),
        ("[^1]", (1,)), ("[^1][^3]", (1, 3)), ("[ 2 ]", (2,)), ("[3,1]", (3, 1)), ("[1][1]", (1,)), ("【1-2】", (1, 2)),
        ("[来源1]", (1,)), ("【来源：1】", (1,)), ("[参考资料 2]", (2,)), ("[Source 1, 3]", (1, 3)), ("[passage: 2][段落3]", (2, 3)),
        ("【1†source】", (1,)), ("【2†L10-L12】【3†source】", (2, 3)), ("[1](#p-1)", (1,)), ("[1](#)[2](#b)", (1, 2)),
        ("[citation:1]", (1,)), ("[文档1]", (1,)), ("【片段2】", (2,)), ("[来源1、来源2]", (1, 2)), ("[1和2]", (1, 2)), ("[Doc 1, Doc 3]", (1, 3)),
        ("〔1〕", (1,)), ("[[1]]", (1,)), ("（[1]）", (1,)), ("([1])", (1,)), ("[[1], [2]]", (1, 2)), ("（[1][2]）", (1, 2)),
        ("（见[1]、[3]）", (1, 3)), ("(来源：【2】)", (2,)), ("【[1]】", (1,)), ("（〔1〕）", (1,)), ("[[1]](#p)", (1,)),
        ("[1](https://a.cn/b?c=1)", (1,)), ("[[1](http://a.cn)]", (1,)), ("（[1]）（[2]）", (1, 2)),
        ("[1]、[2]", (1, 2)), ("[1], [3]", (1, 3)), ("[1](#a)，[2](#b)", (1, 2)), ("（见[1]和[2]）", (1, 2)), ("**[1]**", (1,)),
        ("<sup>[1]</sup>", (1,)), ("<sup>[1]</sup>、<sup>[2]</sup>", (1, 2)), ("**[2]**、**[3]**", (2, 3)),
    ],
)  # fmt: skip
def test_every_form_of_mark_before_and_after_the_full_stop(mark: str, numbers: tuple[int, ...]) -> None:
    for text in (f"讲解员有4名{mark}。", f"讲解员有4名。{mark}", f"讲解员有4名。 {mark}", f"讲解员有4名 {mark}。"):
        assert claims(text) == [("讲解员有4名。", numbers, ())], text
    assert claims(f"讲解员有4名{mark}") == [("讲解员有4名", numbers, ())]


def test_what_parts_two_marks_is_no_part_of_the_claim() -> None:
    assert claims("讲解员有4名[1]和[2]。A guide[1] and [2]. B[1]-[3]。") == [
        ("讲解员有4名。", (1, 2), ()),
        ("A guide.", (1, 2), ()),
        ("B。", (1, 3), ()),
    ]
    assert claims("甲[1]、乙[2]。“丙？”[1]、“丁？”[2]的问题。") == [
        ("甲、乙。", (1, 2), ()),
        ("“丙？”、“丁？”的问题。", (1, 2), ()),
    ]


def test_a_mark_behind_bold_type_belongs_to_the_sentence_in_it() -> None:
    assert claims("**甲。**[1] 乙**丙。丁？**[2]戊。**己**。2**3等于8。**庚**。") == [
        ("甲。", (1,), ()),
        ("乙丙。", (), ()),
        ("丁？", (2,), ()),
        ("戊。", (), ()),
        ("己。", (), ()),
        ("2**3等于8。", (), ()),
        ("庚。", (), ()),
    ]
    assert claims("**甲。** [1]乙。***丙！***[2]丁。") == [
        ("甲。", (1,), ()),
        ("乙。", (), ()),
        ("丙！", (2,), ()),
        ("丁。", (), ()),
    ]


@pytest.mark.parametrize(
    "over",
    [
        "根据[1]，",
        "据【1】、[2]，",
        "如[1]所示，",
        "依据[1]的内容，",
        "[1]指出，",
        "[1]中提到：",
        "[1]：",
        "根据第[1]条，",
    ],
)
def test_what_only_names_the_passage_is_no_part_of_the_claim(over: str) -> None:
    for before in ("", "基地有3个。\n", "- "):
        assert claims(f"{before}{over}讲解员有4名。")[-1] == ("讲解员有4名。", (1, 2) if "、" in over else (1,), ())


@pytest.mark.parametrize("end", ["[1", "【", "[^1", "[来源1", "[1,2", " **[1"])
def test_a_mark_that_the_end_of_the_text_cuts_short_is_no_part_of_the_claim(end: str) -> None:
    assert claims(f"讲解员有4名{end}") == [("讲解员有4名", (), ())]


@pytest.mark.parametrize("text", ["Dr. Long gave a lecture.", "It was on Apr. 15, 2024.", "Use e.g. a card."])
def test_a_full_stop_behind_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert [one.claim for one in cited_sentences(text, 3)] == [text]
    assert [one.claim for one in cited_sentences(f"{text} It ended.", 3)] == [text, "It ended."]


def test_words_before_a_mark_that_name_no_passage_are_kept() -> None:
    for text in (
        "请保存收据[1]，备查。",
        "嘉峪关（长城）[1]，建于1372年。",
        "讲解员有4名[1]，男女各半。",
        "根据[1]甲有4名，乙有5名。",
    ):
        assert claims(text) == [(text.replace("[1]", ""), (1,), ())]


def test_what_is_no_link_behind_a_mark_is_text() -> None:
    assert claims("甲。[1](见附件)。") == [("甲。", (1,), ()), ("(见附件)。", (), ())]
    assert claims("甲。[1](#p 乙。") == [("甲。", (1,), ()), ("(#p 乙。", (), ())]
    assert claims("甲。(#p)乙。(http://a.cn)丙。") == [
        ("甲。", (), ()),
        ("(#p)乙。", (), ()),
        ("(http://a.cn)丙。", (), ()),
    ]


def test_what_a_bracket_behind_a_full_stop_begins_besides_a_mark_is_the_next_sentence() -> None:
    for begun in ("（见附件）乙。", "(see below) B.", "（[附件]）乙。", "〔2024〕乙。", "（[2024]）乙。"):
        assert claims(f"甲。{begun}") == [("甲。", (), ()), (begun, (), ())]
    assert claims("甲。（[1]乙）") == [("甲。", (), ()), ("（乙）", (1,), ())]
    assert claims("Is it?(yes)") == [("Is it?", (), ()), ("(yes)", (), ())]


def test_a_mark_belongs_to_the_sentence_before_it() -> None:
    assert claims("甲。[1]乙[2]丙。丁！[3]\n[1]戊？") == [
        ("甲。", (1,), ()),
        ("乙丙。", (2,), ()),
        ("丁！", (3,), ()),
        ("戊？", (1,), ()),
    ]


def test_numbers_that_name_no_passage_stay_visible() -> None:
    assert claims("甲[0]。乙[7]。丙[2,9]。", 3) == [("甲。", (), (0,)), ("乙。", (), (7,)), ("丙。", (2,), (9,))]
    assert claims("甲[1]。", 0) == [("甲。", (), (1,))]


@pytest.mark.parametrize(
    "text",
    [
        "[2024]年启动。", "于[24]年启动。", "见[见附件]。", "[a]和[b]。", "〔2024〕15号。", "[1-999]如此。", "[3-1]如此。",
        "[]如此。", "[1如此。", "1]如此。", "(1)班和第[一]班。", "［见图］。", "[1.5]倍。", "[-1]度。",
        "[[2024]]如此。", "（[1-999]）如此。", "〔24〕号。", "包括(1)甲(2)乙。", "如（1）所示。",
        "【†1】如此。", "[来源]如此。", "[来源一]如此。", "[资料室3]如此。", "[Source code 1]如此。", "[Section 1]如此。", "[一](#p)如此。",
    ],
)  # fmt: skip
def test_other_brackets_are_text(text: str) -> None:
    assert all(not one.citations and not one.unresolved for one in cited_sentences(text, 3))
    assert "".join(one.claim for one in cited_sentences(text, 3)) in {text, text.removeprefix("(1)")}


def test_code_is_not_cited_from() -> None:
    assert claims("用 `a[1]` 取第一项[2]。") == [("用 a[1] 取第一项。", (2,), ())]
    assert claims("```\na[1] = b[2]\n```\n如上[1]。") == [
        ("", (), ()),
        ("a[1] = b[2]", (), ()),
        ("", (), ()),
        ("如上。", (1,), ()),
    ]
    assert claims("写成 x[1].y 或 a[2] = 3 即可。") == [("写成 x[1].y 或 a[2] = 3 即可。", (), ())]


@pytest.mark.parametrize(
    ("written", "claim"),
    [
        ("1. 甲[1]。", "甲。"), ("12）甲。", "甲。"), ("（二）甲。", "甲。"), ("二、甲。", "甲。"), ("- 甲", "甲"), ("- [1]甲", "甲"), ("## 甲", "甲"),
        ("① 甲", "甲"), ("**甲**有4名。", "甲有4名。"), ("三、四年级参加。", "三、四年级参加。"), ("3.5万人参加。", "3.5万人参加。"),
        ("1、2号线停运。", "1、2号线停运。"), ("2024. 甲", "2024. 甲"), ("（1）班获胜。", "（1）班获胜。"), ("①②都可以。", "①②都可以。"),
        ("甲有4名 <sup>[1]</sup>。", "甲有4名。"),
    ],
)  # fmt: skip
def test_numbering_and_emphasis_are_no_part_of_the_claim(written: str, claim: str) -> None:
    assert [one.claim for one in cited_sentences(written, 3)] == [claim]


@pytest.mark.parametrize(
    ("written", "claim"),
    [
        ("~~错的~~对的[1]。", "错的对的。"), ("*重要*：甲。", "重要：甲。"), ("这是*重点*。", "这是重点。"), ("_重要_甲。", "重要甲。"), ("这是_重点_。", "这是重点。"),
        ("***粗斜***甲。", "粗斜甲。"), ("*注：甲有4名。*", "注：甲有4名。"), ("见[办事指南](https://a.cn/x?a=1)办理[1]。", "见办事指南办理。"),
        ("[https://a.cn](https://a.cn)", "https://a.cn"), ("**[官网](https://a.cn)**", "官网"), ("<https://a.cn>可查。", "https://a.cn可查。"),
        ("见[附件](files/a.pdf)。", "见附件。"), ("![图](a.png)甲。", "图甲。"), ("> 甲。", "甲。"), (">> 甲。", "甲。"), (">甲。", "甲。"), ("### 标题 ###", "标题"),
        (r"甲\*乙。", "甲*乙。"), ("- [x] 甲", "甲"), ("共**846**人，**A座**。", "共846人，A座。"),
    ],
)  # fmt: skip
def test_markup_is_taken_off(written: str, claim: str) -> None:
    assert [one.claim for one in cited_sentences(written, 3)] == [claim]


@pytest.mark.parametrize(
    "text",
    [
        "3*4*5=60。", "长*宽*高等于体积。", "(a*b)*(c*d)。", "密码为138****1234。", "2**3等于8。", "snake_case_name 在 my_file_name.txt。", "文件_名_表", "_index_.md 和 __init__.py。",
        "好~~ 我来~~", ">60岁免费。", "[注](见附件)有效。", "*号键",
    ],
)  # fmt: skip
def test_what_only_looks_like_markup_is_text(text: str) -> None:
    assert [one.claim for one in cited_sentences(text, 3)] == [text]


def test_code_within_a_sentence_has_no_markup() -> None:
    assert [one.claim for one in cited_sentences("写成`*a*`、`__init__.py`或`[a](b.c)`。", 3)] == [
        "写成*a*、__init__.py或[a](b.c)。"
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("注意：\n- 甲\n  - 乙\n    - 丙\n- 丁", [("注意：\n- ", "甲"), ("\n  - ", "乙"), ("\n    - ", "丙"), ("\n- ", "丁")]),
        ("甲。\n\n**预约方式如下：**\n1. 乙：\n   - 丙", [("", "甲。"), ("\n预约方式如下：\n1. ", "乙："), ("\n   - ", "丙")]),
        ("## 预约方式\n甲", [("预约方式\n", "甲")]), ("好的。\n提示：\n甲", [("\n提示：\n", "甲")]), ("甲。\n注意：", [("", "甲。")]),
        ("收费标准如下：\n- 甲", [("", "收费标准如下："), ("\n- ", "甲")]), ("报名条件：\n- 甲", [("", "报名条件："), ("\n- ", "甲")]),
    ],
)  # fmt: skip
def test_a_line_that_leads_over_is_kept_before_what_it_leads_to(text: str, sentences: list[tuple[str, str]]) -> None:
    assert [(one.before, one.claim) for one in cited_sentences(text, 3) if one.claim] == sentences


def test_a_block_of_code_is_one_sentence() -> None:
    block = "- 甲\n  ```python\n  a = b**c\n\n  d = __e__  # [1]\n  ```\n乙[1]。"
    assert [(one.before, one.claim, one.citations) for one in cited_sentences(block, 3) if one.claim] == [
        ("- ", "甲", ()),
        ("\n", "a = b**c\n\nd = __e__  # [1]", ()),
        ("\n", "乙。", (1,)),
    ]
    assert claims("```\n甲\n```") == [("", (), ()), ("甲", (), ()), ("", (), ())]
    assert claims("```\n```\n甲") == [("", (), ()), ("", (), ()), ("甲", (), ())]
    long = cited_sentences("```\n" + "甲 = 1\n" * 100, 3)
    assert [len(one.claim) for one in long] == [0, 401, 197]


def test_only_a_block_of_code_has_line_breaks() -> None:
    assert [one.claim for one in cited_sentences("An English line\ngoes on.", 3)] == ["An English line goes on."]


def test_what_takes_leave_claims_nothing() -> None:
    for text in (
        "综上所述，以上信息仅供参考。",
        "如有其他问题，请咨询相关部门。",
        "希望以上信息对您有帮助！",
        "*以上信息仅供参考。*",
        "Hope this helps!",
        "Let me know if you have any other questions.",
    ):
        assert [one.claim for one in cited_sentences(text, 3)] == [""], text
    for text in (
        "以上信息仅供参考，以公告为准。",
        "如有其他问题，请咨询市教育局。",
        "以上信息来自市政府。",
        "如有问题，请拨打12345。",
    ):
        assert [one.claim for one in cited_sentences(text, 3)] == [text]


def test_what_leads_over_claims_nothing() -> None:
    for text in (
        "好的。",
        "来源：",
        "综上所述，",
        "**回答：**",
        "具体如下：",
        "根据以上资料，",
        "Sources:",
        "In summary,",
    ):
        assert [one.claim for one in cited_sentences(text, 3)] == [""], text
    for text in ("是的。", "没有。", "来源是市委。", "根据资料，甲有4名。", "好的方面有三。", "Answer it."):
        assert [one.claim for one in cited_sentences(text, 3)] == [text]


def test_line_breaks_and_numbering_are_kept_beside_the_claim() -> None:
    text = "有三项：\n\n1. 甲[1]。乙。\n- 丙\n## 丁\n> 戊。三、四年级。（2）己。\n三、己"
    assert [(one.before, one.claim) for one in cited_sentences(text, 3)] == [
        ("", "有三项："), ("\n1. ", "甲。"), ("", "乙。"), ("\n- ", "丙"), ("\n", "丁"), ("\n", "戊。"), ("", "三、四年级。"),
        ("（2） ", "己。"), ("\n三、 ", "己"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("“何为安全？”的问题[1]。", ["“何为安全？”的问题[1]。"]),
        ("请先报名[1]。之后等通知[2]。", ["请先报名[1]。", "之后等通知[2]。"]),
        ("《谁动了我的奶酪？》好。是。", ["《谁动了我的奶酪？》好。", "是。"]),
        ('他说"好。"走了。', ['他说"好。"', "走了。"]),
        ("共3.5万人。见 a.txt 和 form?id=3。", ["共3.5万人。", "见 a.txt 和 form?id=3。"]),
        ("He left at 3.5 p.m. today.[1] She stayed.", ["He left at 3.5 p.m. ", "today.[1] ", "She stayed."]),
        ("U.S. rules. Yes!", ["U.S. rules. ", "Yes!"]),
        ("An English line\ngoes on.\nNext.", ["An English line\ngoes on.\n", "Next."]),
        ("甲\n\n乙", ["甲\n\n", "乙"]),
        ("\n\n甲。", ["\n\n甲。"]),
        ("甲……乙！！[1]丙", ["甲……", "乙！！[1]", "丙"]),
        ("好！![图](a.png)", ["好！!", "[图](a.png)"]),
        ("甲。【通知】乙。", ["甲。", "【通知】乙。"]),
        ("甲。[12", ["甲。[12"]),
        ("甲。[1,2乙", ["甲。", "[1,2乙"]),
    ],
)
def test_where_sentences_end(text: str, written: list[str]) -> None:
    assert [one.written for one in cited_sentences(text, 3)] == written


def test_an_open_bracket_holds_a_sentence_together_for_a_while_only() -> None:
    text = "（甲。" + "乙" * 100 + "。丙。"
    assert [one.written for one in cited_sentences(text, 3)] == [text[:-2], "丙。"]


def test_a_sentence_is_given_as_soon_as_it_is_finished() -> None:
    splitter = Splitter(3)
    assert splitter.feed("讲解员有4名。") == []  # a mark may follow
    assert splitter.feed("[") == []
    assert splitter.feed("1") == []
    assert splitter.feed("]") == []
    assert splitter.feed("基") == [CitedSentence("讲解员有4名。[1]", "讲解员有4名。", (1,), ())]
    assert splitter.feed("地。[见") == [CitedSentence("基地。", "基地。", (), ())]
    assert splitter.finish() == [CitedSentence("[见", "[见", (), ())]
    assert splitter.finish() == []


pieces = st.lists(
    st.text(alphabet='甲乙2[]【】［］〔〕（）^,，-1 。！?.!\n"“”《》()的a`~、*_>#：注', max_size=6)
    | st.sampled_from(["[1]", "、[2]", "**", "<sup>[1]</sup>", "根据[1]，", "（见[1]和[2]）"]),
    max_size=14,
)  # fmt: skip


@given(pieces)
def test_the_cut_does_not_matter_and_nothing_is_lost(parts: list[str]) -> None:
    text = "".join(parts)
    splitter = Splitter(2)
    streamed = [sentence for part in parts for sentence in splitter.feed(part)] + splitter.finish()
    assert streamed == cited_sentences(text, 2)
    assert "".join(sentence.written for sentence in streamed) == text
    assert all(sentence.written for sentence in streamed)
    assert all(1 <= number <= 2 for sentence in streamed for number in sentence.citations)
    assert not any(1 <= number <= 2 for sentence in streamed for number in sentence.unresolved)


@given(st.text(max_size=60))
def test_any_text_comes_back_whole(text: str) -> None:
    assert "".join(sentence.written for sentence in cited_sentences(text, 1)) == text


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "[1,",
        "`",
        "甲。[",
        "\n",
        "a\n",
        "（",
        "。",
        "1",
        "[ ",
        '"。',
        "a.",
        "```\n",
        "[1]",
        "\0",
        "*",
        "甲",
        "。[1,1",
        "。([1],",
        "。[[1](http://a",
        "-\n",
        " ",
        "*a。*",
        "_a ",
        "~~a",
        "[a](http://a",
        "答!",
        "注意：\n",
        "```\na",
        "[1]、",
        "。[1]、[1†。",
        "<sup>",
        "**。",
        "据[1]，",
    ],
)
def test_hostile_text_takes_time_linear_in_its_length(unit: str) -> None:
    for text in (unit * (200_000 // len(unit)), f"# 甲{unit * (200_000 // len(unit))}乙", "*" + "a.*" * 66_000):
        started = time.perf_counter()
        sentences = cited_sentences(text, 3)
        assert time.perf_counter() - started < 10  # it takes 0.3 s; 200,000 squared steps would take an hour
        assert "".join(sentence.written for sentence in sentences) == text
