"""Clauses of a claim that the passage has but for one change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.copied
from bot.copied import denied_copy, exchanged, opposed, replaced, slip
from bot.reading import read
from bot.verify import Passage, verify

SCHOOL = "校运会跳高冠军是一班的学生,裁判由体育教师担任。全校师生每年举办春季运动会,成绩由学校教务处公布。"


@pytest.mark.parametrize(
    ("claim", "passage", "opposite"),
    [
        ("会议尚未通过新的章程。", "会议通过新的章程。", "会议尚未通过新的章程"),
        ("会议通过新的章程。", "会议没有通过新的章程。", "会议通过新的章程"),
        ("他们并不支持修订章程,已经离开。", "据说,他们支持修订章程。", "他们并不支持修订章程"),
        ("所有居民不都反对搬迁。", "所有居民都不反对搬迁。", "所有居民不都反对搬迁"),  # moved
        ("会议没有通过新的章程。", "会议没有通过新的章程。会议通过新的章程草案。", ""),  # stands there
        ("居民必须补交新的材料。", "没有按时来的居民必须补交新的材料。", ""),  # what is denied is before it
        ("会议通过新的章程。", "会议并非没有通过新的章程。", ""),  # two negators affirm
        ("通过章程。", "会议没有通过章程。", ""),  # too short to be a copy
    ],
)
def test_a_clause_copied_but_for_what_denies_it_is_the_opposite(claim: str, passage: str, opposite: str) -> None:
    assert denied_copy(read(claim), read(passage)) == opposite
    if opposite:
        support = verify(claim, [Passage(passage)])
        assert not support.supported
        assert support.reason == f"文中说的相反：“{opposite}” | the passage says the opposite: “{opposite}”"


@pytest.mark.parametrize(
    ("claim", "said", "instead"),
    [
        ("校运会跳高裁判是一班的学生。", "裁判", "冠军"),
        ("教练由体育教师担任。", "教练", "裁判"),  # in front
        ("裁判由体育司机担任。", "司机", "教师"),  # a part of the word 体育教师
        ("据说校运会在五月,经费由学校教务处公布。", "经费", "成绩"),  # the clause counts, whatever is beside it
        ("全校师生每年推迟春季运动会。", "推迟", "举办"),
    ],
)
def test_a_word_of_its_kind_in_a_copied_clause_is_a_slip(
    claim: str, said: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.copied, "_likeness", lambda word, other: 0.8)  # of words that mean something else
    assert list(replaced(read(claim), read(SCHOOL))) == [(said, instead)]
    monkeypatch.setattr(bot.copied, "_likeness", lambda word, other: 0.95)  # of synonyms
    assert list(replaced(read(claim), read(SCHOOL))) == []


@pytest.mark.parametrize(
    ("claim", "said", "instead"),
    [("教练由体育教师担任。", "教练", "裁判"), ("校运会跳高裁判是一班的学生。", "裁判", "冠军")],
)
def test_a_slip_is_named(claim: str, said: str, instead: str) -> None:
    support = verify(claim, [Passage(SCHOOL)])
    assert not support.supported
    assert support.reason == f"文中是“{instead}”，不是“{said}” | “{instead}” in the passage, not “{said}”"


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("社会稳定是国家强盛的先决条件。", "社会稳定是国家强盛的前提。"),
        ("市委理论学习中心组举行专题学习会。", "市委理论学习中心组召开专题学习会。"),
        ("出版社2021年买下全部版权。", "出版社2021年购得全部版权。"),
        ("裁判由体育老师担任。", "裁判由体育老师担任。比赛的教练由体育老师担任。"),  # stands there as well
        ("当选后随即进行了宪法宣誓。", "当选人员随即进行了宪法宣誓。"),  # of another kind
        ("体育老师。", "体育记者。"),  # too short to be a copy
    ],
)
def test_a_synonym_is_no_slip(claim: str, passage: str) -> None:
    assert slip(read(claim), read(passage)) == ""


@pytest.mark.parametrize(
    ("claim", "said", "instead"),
    [
        ("全市工业用水量比上年增加两成。", "增加", "减少"),
        ("工业用水量比上年增加两成。", "增加", "减少"),  # the clause is shortened in front
        ("据说全市工业用水量比上年增加两成多。", "增加", "减少"),  # something is put in
        ("体育馆和图书馆上午都不收费。", "上午", "下午"),
        ("市民来游泳要自愿佩戴泳帽。", "自愿", "强制"),  # another sentence beside the words
        ("全市用水大户比上年增加两成。", "", ""),  # less than three fifths of the clause is the same
        ("用水量减少后增加两成。", "", ""),
        ("全市工业用水量比上年减少两成。", "", ""),
    ],
)
def test_an_opposite_among_the_same_words_is_a_slip(claim: str, said: str, instead: str) -> None:
    passage = "全市工业用水量比上年减少两成。体育馆和图书馆下午都不收费。进馆市民来游泳要强制佩戴泳帽。"
    assert list(opposed(read(claim), read(passage))) == ([(said, instead)] if said else [])


@pytest.mark.parametrize(
    ("claim", "passage", "instead"),
    [
        ("去年老师给校长写了一封信。", "去年校长给老师写了一封信。", ["去年校长给老师写了一封信"]),
        ("去年老师和校长写了一封信。", "去年校长和老师写了一封信。", []),
        ("上海队在决赛中击败了北京队。", "北京队在决赛中击败了上海队。", ["北京队在决赛中击败了上海队"]),
        ("去年校长给老师写了一封信。", "去年校长给老师写了一封信。", []),
        ("老师给校长。", "校长给老师。", []),  # too short to be a copy
    ],
)
def test_two_nouns_in_each_others_place_are_a_slip(claim: str, passage: str, instead: list[str]) -> None:
    assert list(exchanged(read(claim), read(passage))) == instead
    if instead:
        support = verify(claim, [Passage(passage)])
        assert (support.supported, support.reason.startswith(f"文中是“{instead[0]}”")) == (False, True)


_TEXTS = st.text(alphabet="会议没有通过不新的章程老师给校长，。未")


@given(_TEXTS, _TEXTS)
def test_a_text_that_stands_there_has_no_slip(claim: str, passage: str) -> None:
    assert slip(read(claim), read(f"{passage}。{claim}")) == ""
