"""Numbers in Chinese and Arabic numerals, with what they count."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.quantity import Quantity, chinese_number, quantities
from indexer.text import fold


@pytest.mark.parametrize(
    ("numerals", "value"),
    [("五", 5), ("十", 10), ("十五", 15), ("二十", 20), ("一百零三", 103), ("两千", 2000), ("二〇二四", 2024), ("一万二千", 12000),
     ("三亿", 300_000_000), ("一百二十万", 1_200_000), ("三亿四千万", 340_000_000), ("两千六", 2600), ("一百二", 120), ("两万一", 21_000),
     ("一千零二", 1002), ("三万亿", 3 * 10**12)],
)  # fmt: skip
def test_chinese_numbers(numerals: str, value: int) -> None:
    assert chinese_number(numerals) == value


def below_ten_thousand(value: int) -> str:
    digits = "零一二三四五六七八九"
    written, gap = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // place % 10
        if digit:
            written += ("零" if gap and written else "") + digits[digit] + unit
            gap = False
        else:
            gap = True
    return written


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_every_number_is_read_back(hundred_millions: int, ten_thousands: int, ones: int) -> None:
    written = ""
    for value, unit in ((hundred_millions, "亿"), (ten_thousands, "万"), (ones, "")):
        part = below_ten_thousand(value)
        written += ("零" if written and part and value < 1000 else "") + part + (unit if part else "")
    assert chinese_number(written or "零") == (hundred_millions * 10**4 + ten_thousands) * 10**4 + ones


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("第九个全民国家安全教育日", [Quantity(True, 9, "个")]),
        ("发放学习资料10万余份、宣传品8万余份", [Quantity(False, 100_000, "份"), Quantity(False, 80_000, "份")]),
        ("15万余(条)次", [Quantity(False, 150_000, "次")]),
        ("4月10日", [Quantity(False, 4, "月"), Quantity(False, 10, "日")]),
        ("单价３．５元", [Quantity(False, 3.5, "元")]),
        ("一起努力，千方百计", []),
        ("12,960人", [Quantity(False, 12_960, "人")]),
        ("共1,234,567.5元", [Quantity(False, 1_234_567.5, "元")]),
        ("首次申领，第一次不收费", [Quantity(True, 1, "次"), Quantity(True, 1, "次")]),
        ("榜首是谁，首都在哪", []),
        ("第1,2条", [Quantity(True, 1, ""), Quantity(False, 2, "条")]),
        ("2,0243", [Quantity(False, 2, ""), Quantity(False, 243, "")]),
    ],
)
def test_quantities(text: str, found: list[Quantity]) -> None:
    assert list(quantities(fold(text))) == found


def test_quantities_agree_on_number_and_unit() -> None:
    assert Quantity(False, 15, "日").agrees(Quantity(False, 15, "号"))
    assert Quantity(True, 9, "届").agrees(Quantity(True, 9, "个"))
    assert not Quantity(True, 9, "届").agrees(Quantity(False, 9, "届"))
    assert not Quantity(False, 15, "日").agrees(Quantity(False, 5, "日"))
    assert not Quantity(False, 15, "名").agrees(Quantity(False, 15, "所"))
    assert Quantity(False, 15, "").agrees(Quantity(False, 15, "所"))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("65岁及以上老人免费", ["67岁", "六十五岁", "100岁"], ["64岁", "67元", "67名", "第67岁"]),
        ("体温在37.3℃以上的患者", ["38度", "39℃"], ["37度"]),
        ("年满18周岁", ["18岁", "20岁"], ["17岁"]),
        ("未满16周岁", ["15岁", "3周岁"], ["17岁"]),
        ("60至64周岁的低保户", ["62岁", "60岁", "64周岁"], ["59岁", "65岁"]),
        ("每班不超过50人", ["45人"], ["51人"]),
        ("每班不少于50人", ["51人"], ["45人"]),
        ("三至五天", ["4天"], ["6天"]),
        ("5个工作日内", ["3个工作日"], ["7个工作日"]),
        ("11月16日至20日", ["11月18号"], ["11月21日"]),
        ("11月16日至11月20日暂停体检", ["11月18号"], ["11月21日", "12月18日"]),
        ("11月16日至12月20日", [], ["11月18日"]),  # two months: not looked into
        ("2018年至2022年共3次", [], ["2020年"]),  # a sum of years says nothing of one
        ("1月至6月", [], ["3月"]),
        ("第三条至第七条", [], ["第五条"]),
        ("8:00至17:00", [], ["9"]),
    ],
)
def test_a_number_in_a_range_agrees_with_its_end(text: str, inside: list[str], outside: list[str]) -> None:
    there = quantities(fold(text))

    def all_agree(asked: str) -> bool:
        return all(any(one.agrees(other) for other in there) for one in quantities(fold(asked)))

    assert [asked for asked in inside if not all_agree(asked)] == []
    assert [asked for asked in outside if all_agree(asked)] == []


def test_many_numbers_are_read_in_time_linear_in_their_count() -> None:
    started = time.perf_counter()
    for text in ("1个 " * 20_000, "11月16日至" * 8_000, "至5人以上" * 10_000):
        assert len(quantities(text)) >= 8_000
    assert time.perf_counter() - started < 20  # 0.5 s; with copies of what is before each some minutes


def test_a_range_agrees_with_no_other_range() -> None:
    (asked,), (given) = quantities("70岁以上"), quantities("65岁以上")
    assert not any(asked.agrees(one) for one in given)


@given(st.text(alphabet="一二十百万亿两零〇1５.第个所余(条)", max_size=60))
def test_every_number_is_written_where_it_says(text: str) -> None:
    folded = fold(text)
    for one in quantities(folded):
        assert folded.startswith(one.written, one.start)


@pytest.mark.parametrize("text", ["一" * 5000, "亿" * 5000, "9" * 5000 + "个"])
def test_numbers_beyond_any_float_are_no_error(text: str) -> None:
    assert quantities(text)
