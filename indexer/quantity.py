"""Numbers in folded text, in Chinese or Arabic numerals, and what they count."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

HAN = "\u3400-\u9fff"
NUMERALS = "〇零一二三四五六七八九十百千万亿两"
RANGE = re.compile("[-–—~至到]{1,2}")  # what stands between the two numbers of one
# 20 numerals bound the value: a text of a thousand 亿 would be no float.
_QUANTITY = re.compile(
    rf"(第)?(?:((?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?)|([{NUMERALS}]{{1,20}})|首(?=[次届个批]))([万亿千百]?)[余多来几]?([万亿]?)(?:\(\w\))?(?:周(?=岁))?((?![至到])[{HAN}a-z%‰°℃]|)"
)
# What makes a number the least or the most of a range: 年满18周岁, 37.3℃以上, 5个工作日内.
_LEAST = re.compile(r"(?:(?<![不未])满|(?<!不)(?:超过|高于|大于|多于)|不(?:低|少|小)于|至少|[>≥]=?)$")
_MOST = re.compile(r"(?:[不未]满|不(?:超过|高于|大于|多于)|(?<!不)(?:低于|少于|小于)|不足|[至最]多|[<≤]=?)$")
_REST_OF_UNIT = r"(?:c|时|钟|克|米|里|斤|工作日|自然日)?"
_AND_MORE = re.compile(rf"{_REST_OF_UNIT}(?:\([不包]?含\w{{0,4}}\))?[及或含]?(?:以上|起)")
_AND_LESS = re.compile(rf"{_REST_OF_UNIT}(?:\([不包]?含\w{{0,4}}\))?[及或含]?(?:以[下内前]|之?[内前])")
_DEGREES = {"°": "度", "℃": "度"}
_OPEN = float("inf")
_COUNTED_IN_WORDS = frozenset("个名位人所份件部场次期项条座处家种年月日号届等级楼层区岁天周线批")
_NO_NUMBERS = frozenset(("万一", "亿万"))
_DIGITS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
SCALES = _TENS | _MYRIADS


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text: 第九届 is (True, 9, 届), 10万余份 is (False, 100000, 份)."""

    ordinal: bool
    value: float
    unit: str
    written: str = field(default="", compare=False)
    start: int = field(default=0, compare=False)  # of `written` in the folded text
    # The least and the most of the range that it is an end of: 65岁及以上, 60至64周岁.
    reach: tuple[float, float] | None = field(default=None, compare=False)

    def agrees(self, other: "Quantity") -> bool:
        """The same number of the same thing, where a missing unit agrees with any; or one in the range of the other."""
        units = {self.unit, other.unit}
        same_unit = len(units) == 1 or "" in units or units == {"日", "号"} or self.ordinal
        if self.value != other.value and self.unit and other.unit and other.reach and not self.reach:
            same = other.reach[0] <= self.value <= other.reach[1]
        else:
            same = self.value == other.value
        return same and same_unit and self.ordinal == other.ordinal


@lru_cache(maxsize=16_384)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers of a folded text, in Chinese or Arabic numerals, with the character they count."""
    found: list[Quantity] = []
    ends: list[int] = []
    for match in _QUANTITY.finditer(text):
        ordinal, arabic, chinese, first, second, unit = match.groups()
        if chinese in _NO_NUMBERS:
            continue
        if chinese and not ordinal:
            single = len(chinese) == 1
            counts = unit in _COUNTED_IN_WORDS or RANGE.match(text, match.end())
            if single and (chinese in SCALES or not counts):
                continue  # 一起, 千方百计
        value = float(arabic.replace(",", "")) if arabic else float(chinese_number(chinese or "一"))  # 首
        for scale in (first, second):
            value *= SCALES.get(scale, 1)
        counted = match[0] if unit in _COUNTED_IN_WORDS else match[0].removesuffix(unit)
        one = Quantity(
            bool(ordinal or not (arabic or chinese)), value, _DEGREES.get(unit, unit), counted, match.start()
        )
        ends.append(match.end())
        found.append(replace(one, reach=_reach(text, one, found, ends)))
    return tuple(found)


def _reach(text: str, one: Quantity, before: Sequence[Quantity], ends: Sequence[int]) -> tuple[float, float] | None:
    """The range that the number ends, or is the least or the most of; a year, a month or a rank is taken for itself.

    What is said of several years or months together is not said of each. `ends` are those of the numbers before it and
    of its own.
    """
    if one.ordinal or one.unit == "月" or (one.unit == "年" and one.value > 1000):
        return None
    said = text[max(one.start - 3, 0) : one.start]
    if _MOST.search(said) or _AND_LESS.match(text, ends[-1]):
        return -_OPEN, one.value
    if _LEAST.search(said) or _AND_MORE.match(text, ends[-1]):
        return one.value, _OPEN
    least, behind = len(before) - 1, one.start
    if least > 1 and before[least].unit == "月" and ends[least] == behind and before[least - 2] == before[least]:
        least, behind = least - 1, before[least].start  # 11月16日至11月20日
    if least >= 0 and RANGE.fullmatch(text, ends[least], behind) and before[least].unit in ("", one.unit):
        return before[least].value, one.value
    return None


def chinese_number(numerals: str) -> int:
    """The value of Chinese numerals: 二十五 → 25, 二〇二四 → 2024, 两千六 → 2600, 三亿四千万 → 340 million."""
    if not set(numerals) & SCALES.keys():
        return int("".join(str(_DIGITS[numeral]) for numeral in numerals))
    total = section = digit = 0
    step = 1  # what a digit at the end counts: the 六 of 两千六 hundreds, that of 两千零六 ones
    for numeral in numerals:
        if numeral in _DIGITS:
            digit = _DIGITS[numeral]
            step = step if digit else 1
            continue
        step = SCALES[numeral] // 10
        if numeral in _TENS:
            section += (digit or 1) * _TENS[numeral]
        elif numeral == "万" and section + digit:
            total += (section + digit) * _MYRIADS[numeral]
            section = 0
        else:
            total = (total + section + digit or 1) * _MYRIADS[numeral]
            section = 0
        digit = 0
    return total + section + digit * step
