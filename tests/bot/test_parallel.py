"""A claim that gives one of two parallel clauses what the other has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.parallel import crossed_over
from bot.reading import read
from bot.verify import Passage, verify

HALLS = "两馆各有称号:临江档案馆被正式命名为江南省爱国教育基地,临江文史馆被正式命名为临江市爱国教育基地。"
WAYS = "该校推行班长带头学、小组集中学、家长陪同学,健康是成长的根基,兴趣是求知的前提。"


@pytest.mark.parametrize(
    ("claim", "passage", "reason"),
    [
        ("临江文史馆被命名为江南省爱国教育基地。", HALLS, "“江南省”不符,文中是“临江市”"),
        ("档案馆是临江市爱国教育基地", HALLS, "“档案”不符,文中是“文史”"),
        ("临江文史馆被命名为临江市爱国教育基地", HALLS, ""),
        ("档案馆与文史馆分别被命名为江南省、临江市爱国教育基地。", HALLS, ""),
        ("临江市的档案馆被命名为爱国教育基地。", HALLS, ""),  # 临江市 stands in another place
        ("文史馆不是江南省爱国教育基地。", HALLS, ""),
        ("文史馆是江南省爱国教育基地。", f"{HALLS}文史馆后来也是江南省爱国教育基地。", ""),
        ("文史馆位于江南省。", HALLS, ""),  # another matter
        ("小组带头学是该校的做法。", WAYS, "文中是“班长带头学”"),
        ("家长集中学", WAYS, "文中是“小组集中学”"),
        ("健康是求知的前提。", WAYS, "文中是“兴趣是求知的前提”"),
        ("班长带头学,小组集中学。", WAYS, ""),
        ("健康是成长的根基", WAYS, ""),
        ("王敏因妻子有病辞职。", "王敏写信给李强,后者因妻子有病辞职。", ""),
        ("1队赢了上半场。", "1队输了下半场,2队赢了上半场。", ""),  # figures are held to theirs elsewhere
    ],
)
def test_what_another_clause_has_is_not_given_to_this_one(claim: str, passage: str, reason: str) -> None:
    assert crossed_over(read(claim), read(passage)).partition(" | ")[0].replace("，", ",") == reason
    if reason:
        support = verify(claim, [Passage(passage)])
        assert not support.supported
        assert support.reason == crossed_over(read(claim), read(passage))


@given(st.text("甲乙丙的学馆是被命名为省市、,。", max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_what_the_passage_says_itself_is_not_crossed_over(passage: str, start: int, end: int) -> None:
    assert crossed_over(read(passage[start:end]), read(passage)) == ""
