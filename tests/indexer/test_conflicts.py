"""The same said of the same thing with another number, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.conflicts import conflicts
from indexer.types import Document


def found(*texts: str) -> list[tuple[str, str]]:
    documents = [Document(f"d{number}", "题", text) for number, text in enumerate(texts)]
    return [
        (first.document.text[slice(*first.span)], second.document.text[slice(*second.span)])
        for first, second in conflicts(documents)
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("全市现有中小学26所", "全市中小学共有28所"),
        ("全市现有中小学二十六所", "全市中小学共有28所"),
        ("全市現有中小學26所", "全市中小学共有28所"),
        ("全市中小学26所", "全市共有28所中小学"),
        ("2023年全市中小学26所", "2023年全市中小学28所"),
        ("全市森林覆盖率58.6%", "全市森林覆盖率为65.9%"),
        ("居民医保每人每年缴费380元", "居民医保每人每年缴费400元"),
        ("发放宣传资料约12万份", "发放宣传资料约15万份"),
        ("敬老卡有效期为3年", "敬老卡有效期为5年"),
        ("公园栽有水杉12,500株", "公园栽有水杉13,500株"),
        ("公园栽有水杉12500株", "公园栽有水杉12,800株"),
    ],
)
def test_another_number_of_the_same(first: str, second: str) -> None:
    assert found(f"前文。{first}。", f"{second}。后文。") == [(f"{first}。", f"{second}。")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("全市中小学26所", "全市中小学26所"),
        ("公园栽有水杉12500株", "公园栽有水杉12,500株"),
        ("全市中小学26所", "全市中小学二十六所"),
        ("全市中小学26所", "全市幼儿园28所"),
        ("全市中小学26所", "全省中小学28所"),
        ("全市中小学26所", "全市中小学28个"),
        ("2023年全市中小学26所", "2024年全市中小学28所"),
        ("全市中小学有教师1.3万名", "全市中小学有教师12960名"),
        ("培训村级讲解员20余名", "培训村级讲解员23名"),
        ("全市中小学约30所", "全市中小学28所"),
        ("占地面积1500平方米", "占地面积3200平方米"),
        ("宣传月活动于3月启动", "宣传月活动于4月启动"),
        ("图书馆始建于1987年", "图书馆始建于1985年"),
        ("我市举办第9届青年文化节", "我市举办第10届青年文化节"),
        ("三大队新建校舍，占地面积1500平方米", "市一中扩建操场，占地面积3200平方米"),
        ("甘肃嘉峪关市教育局：全市中小学26所", "陕西宝鸡市教育局：全市中小学28所"),
        ("嘉峪关市概况。全市中小学26所", "酒泉市概况。全市中小学28所"),
    ],
)
def test_no_conflict(first: str, second: str) -> None:
    assert found(f"{first}。", f"{second}。") == []


def test_the_subject_of_a_later_clause_is_the_first_clause() -> None:
    assert found("望鹭湖公园水面开阔，面积96公顷。", "望鹭湖公园水面开阔，面积98公顷。") == [
        ("面积96公顷。", "面积98公顷。")
    ]
    assert found("望鹭湖公园水面开阔，面积96公顷。", "柳浦河公园水面开阔，面积98公顷。") == []


def test_a_document_that_gives_two_numbers_speaks_of_two_things() -> None:
    assert found("全市中小学26所。全市中小学27所。", "全市中小学28所。") == []


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("2023年入园须知", "2024年入园须知", 0),
        ("入园须知（２０２３）", "2024入园须知", 0),
        ("2023—2024年入园须知", "2024年入园须知", 1),
        ("入园须知", "2024年入园须知", 1),
        ("入园须知120231", "入园须知120241", 1),  # no years
    ],
)
def test_titles_of_different_years_speak_of_different_years(first: str, second: str, count: int) -> None:
    documents = [Document("a", first, "每次入园缴费380元。"), Document("b", second, "每次入园缴费400元。")]
    assert len(list(conflicts(documents))) == count


def test_each_number_is_reported_once_and_a_clause_with_many_numbers_not_at_all() -> None:
    texts = [f"本期共培训学员{number}名。" for number in (40, 40, 45, 45, 52)]
    assert [second for _, second in found(*texts)] == ["本期共培训学员45名。", "本期共培训学员52名。"]
    assert found(*texts, "本期共培训学员60名。") == []


def test_in_one_document_nothing_is_compared() -> None:
    assert found("全市中小学26所。\n\n全市中小学28所。") == []


@given(st.lists(st.text(alphabet="全市中小学9１.一亿所，。%约余,\n", max_size=60), max_size=4))
def test_any_text_can_be_compared(texts: list[str]) -> None:
    for first, second in found(*texts):
        assert first != second


@pytest.mark.parametrize("number", ["9" * 500, "0." + "0" * 500 + "1", "1." + "3" * 500, "亿" * 500, "0"])
def test_numbers_beyond_any_float(number: str) -> None:
    text = f"全市中小学共有{number}所。"
    assert found(text, text) == []


def test_a_clause_of_more_than_500_characters_is_left_alone() -> None:
    for length, pairs in ((500, 1), (501, 0)):
        before = "好" * (length - 2)
        assert len(found(f"{before}9所", f"{before}8所")) == pairs
