"""Numbers in folded text, in Chinese or Arabic numerals, and what they count."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

HAN = "\u3400-\u9fff"
NUMERALS = "〇零一二三四五六七八九十百千万亿两"
# 20 numerals bound the value: a text of a thousand 亿 would be no float.
_QUANTITY = re.compile(
    rf"(第)?(?:((?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?)|([{NUMERALS}]{{1,20}}))([万亿千百]?)[余多来几]?([万亿]?)(?:\(\w\))?([{HAN}a-z%‰°℃]?)"
)
_COUNTED_IN_WORDS = frozenset("个名位人所份件部场次期项条座处家种年月日号届等级楼层区岁天周线批")
_NO_NUMBERS = frozenset(("万一", "亿万"))
_DIGITS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text: 第九届 is (True, 9, 届), 10万余份 is (False, 100000, 份)."""

    ordinal: bool
    value: float
    unit: str
    written: str = field(default="", compare=False)
    start: int = field(default=0, compare=False)  # of `written` in the folded text

    def agrees(self, other: "Quantity") -> bool:
        """The same number of the same thing; a missing unit agrees with any."""
        units = {self.unit, other.unit}
        same_unit = len(units) == 1 or "" in units or units == {"日", "号"} or self.ordinal
        return self.value == other.value and self.ordinal == other.ordinal and same_unit


@lru_cache(maxsize=16_384)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers of a folded text, in Chinese or Arabic numerals, with the character they count."""
    found = []
    for match in _QUANTITY.finditer(text):
        ordinal, arabic, chinese, first, second, unit = match.groups()
        if chinese in _NO_NUMBERS:
            continue
        if chinese and not ordinal:
            single = len(chinese) == 1
            if single and (chinese in _MYRIADS or chinese in _TENS or unit not in _COUNTED_IN_WORDS):
                continue  # 一起, 千方百计
        value = float(arabic.replace(",", "")) if arabic else float(chinese_number(chinese))
        for scale in (first, second):
            value *= (_TENS | _MYRIADS).get(scale, 1)
        counted = match[0] if unit in _COUNTED_IN_WORDS else match[0].removesuffix(unit)
        found.append(Quantity(bool(ordinal), value, unit, counted, match.start()))
    return tuple(found)


def chinese_number(numerals: str) -> int:
    """The value of Chinese numerals: 二十五 → 25, 二〇二四 → 2024, 两千六 → 2600, 三亿四千万 → 340 million."""
    if not set(numerals) & (_TENS.keys() | _MYRIADS.keys()):
        return int("".join(str(_DIGITS[numeral]) for numeral in numerals))
    total = section = digit = 0
    step = 1  # what a digit at the end counts: the 六 of 两千六 hundreds, that of 两千零六 ones
    for numeral in numerals:
        if numeral in _DIGITS:
            digit = _DIGITS[numeral]
            step = step if digit else 1
            continue
        step = (_TENS | _MYRIADS)[numeral] // 10
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
