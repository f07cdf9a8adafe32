"""A figure of a text: what it measures, and when another one gives the same.

十五 is 15, 三成 is 30%, 1.8万 is 18000, 2公里 are 2000米, 半年 are 6个月, 1202年 is of the 13世纪. There is no
calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isclose
from pathlib import Path

# Unit → (what it measures, how many of that), from words/units.txt: a line a measure, the words of English units joined
# by _. Other units are classifiers, which a paraphrase may change: 25所, 25家.
_LINES = (Path(__file__).parent / "words" / "units.txt").read_text(encoding="utf-8").splitlines()
MEASURES = {
    unit.replace("_", " "): (line.split()[0], float(factor))
    for line in _LINES
    for unit, _, factor in (word.partition("=") for word in line.split()[1:])
}
BASES = frozenset(base for base, _ in MEASURES.values())
_RANKED = frozenset("楼层级等期届")  # 一楼 is the first floor
STRICT = frozenset("届名条章页期批集卷等")  # 第三名 is not 第三届
EXACT = "h:m:s"  # unit of a time that has its seconds, as 2:09:47, which may be how long something took
_NOON = 720
_HOUR = 3600
_PEOPLE = frozenset("人名位")
_A_YEAR = 100  # so many years are a date, 公元563年, and no sum
_COUNTED = frozenset(("count", "some"))
_SOME_AT_MOST = 10  # 几千 are 1000 to 9999
_MOST_COMPUTED = 40  # figures of a text that are added up: more would cost their square
_ROUND = 1.3  # 40多万 may stand for 41.6万, not for 60万
_ROUND_SHARE = 0.1  # 近八成 may stand for 78.5%, 四成以上 for 46%
DAY = 86400  # seconds
# Measures of time that another one is a whole multiple of: 两天 are 48小时, 一年三个月 15个月.
_PARTS = {"天": ("时长", DAY), "周": ("时长", 604800), "年": ("月", 12)}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and where it stands.

    `value` has one number, or of a date (year, month, day), 0 where not given; of a time minutes since midnight; of a
    percentage the share; of some, as 几千, the least that they may be. `bound` is 1 for so much or more, or later, -1
    for the contrary.
    """

    kind: str  # date, time, weekday, ordinal, percent, count, some
    value: tuple[float, ...]
    unit: str
    bound: int
    vague: bool  # may count or compare what the text only lists: 两座博物馆, 三天, 一半, 六倍
    start: int
    end: int
    written: str

    def agrees(self, given: "Figure") -> bool:
        """As a figure of a claim it says no other than the one given by a text, which may leave out the year."""
        if self.kind == "some" and given.kind in _COUNTED:
            least, theirs = _measured(self)[1], _measured(given)[1]
            below = theirs <= _SOME_AT_MOST * least if given.bound < 0 else theirs < _SOME_AT_MOST * least
            return _same_unit(self, given) and least <= theirs and below
        if self.bound * given.bound < 0:
            return False
        if self.kind == given.kind == "date" and "年代" in {self.unit, given.unit}:
            return self.unit == "年代" and self.value[0] // 10 == given.value[0] // 10
        if self.kind == "date" and given.kind == "date":
            return _same_date(self.value, given.value)
        if self.kind == "time" and given.kind == "time":
            ours, theirs = self.value[0], given.value[0] if self.unit == EXACT else given.value[0] // 1
            unsure = self._of_either_half() or given._of_either_half()
            return ours == theirs or (unsure and ours % 720 == theirs % 720)
        if {self.kind, given.kind} == {"time", "count"}:
            return _measured(self)[0] == _measured(given)[0] and _same_value(self, given)
        if "date" in {self.kind, given.kind}:
            return _is_of_date(self, given) or _is_of_date(given, self)
        if {self.kind, given.kind} == {"ordinal", "count"}:
            counted, ordinal = (given, self) if given.kind == "count" else (self, given)
            floors = counted.unit in _RANKED and (not ordinal.unit or ordinal.unit in _RANKED)
            ranked = self.unit == given.unit != "" or floors or (not counted.unit and not counted.vague)
            return ranked and self.value == given.value
        return self.kind == given.kind and _same_unit(self, given) and _same_value(self, given)

    def says_the_same(self, given: "Figure") -> bool:
        """Either may be written for the other: 1.2亿元 and 12000万元, 2:09:47 and 2小时9分47秒, 周六 and 星期六."""
        if self.kind == given.kind == "count" or EXACT in {self.unit, given.unit}:
            (unit, ours), (their_unit, theirs) = _measured(self), _measured(given)
            return self.bound == given.bound and unit == their_unit and _equal(ours, theirs)
        of_one_kind = self.kind == given.kind != "some" and (
            self.kind not in {"ordinal", "date"} or self.unit == given.unit
        )
        return of_one_kind and self.bound == given.bound and all(map(isclose, self.value, given.value))

    def _of_either_half(self) -> bool:
        """8时 may be in the evening, 12时 at night; 08:00 and 12:00 may not."""
        in_full = self.written[0] == "0" or (self.value[0] == _NOON and ":" in self.written)
        return not self.unit and 0 < self.value[0] <= _NOON and not in_full

    def computed(self, given: Sequence["Figure"]) -> bool:
        """It is the sum or difference of two exact figures of the same things, or what a share leaves of the whole.

        Two that are equal do not count: each week once and each month once are not two.
        """
        if self.kind not in {"count", "percent"} or (self.unit == "年" and self.value[0] >= _A_YEAR):
            return False
        own, ours = things(self), _measured(self)[1]
        others = {
            (things(other), _measured(other)[1]) for other in given if other.kind == self.kind and not other.bound
        }
        if self.kind == "percent":
            others.add(("", 1.0))
        near = 1e-6 * max(ours, 1e-9)
        return any(
            len({own, first, second} - {""}) < 2 and min(abs(one + other - ours), abs(abs(one - other) - ours)) <= near
            for (first, one), (second, other) in combinations(sorted(others)[:_MOST_COMPUTED], 2)
        )

    def like(self, other: "Figure") -> bool:
        """The other could stand in its place: of the same kind and measure."""
        if self.kind == "count":
            return other.kind == "count" and _same_unit(self, other)
        return self.kind == other.kind or (self.kind == "some" and other.kind == "count" and _same_unit(self, other))


def _same_date(claimed: tuple[float, ...], given: tuple[float, ...]) -> bool:
    year, month, day = claimed
    if year and given[0] and year != given[0]:
        return False
    if not month and not day:
        return year == given[0]
    return month in {0, given[1]} and day in {0, given[2]}


def _is_of_date(date: Figure, count: Figure) -> bool:
    """七日 as a stretch of time, 7天; the century of a year; a year that an English text gives without more."""
    if date.kind != "date" or count.kind != "count":
        return False
    year, _, day = date.value
    value = count.value[0]
    if count.unit == "年代":
        return year > 0 and value == year // 10 * 10 % 100
    if date.unit == "年代" and count.unit == "世纪":
        return value == year // 100 + 1
    if count.unit in {"天", "月"}:
        return not year and _measured(count) == ("时长", day * DAY)
    return year > 0 and (value == year if not count.unit else count.unit == "世纪" and value == (year + 99) // 100)


def _measured(figure: Figure) -> tuple[str, float]:
    """(unit, value) of a count, in the smallest measure of its kind; of a time with seconds how long that is."""
    if figure.unit == EXACT:
        return "时长", round(figure.value[0] * 60, 3)
    if figure.kind == "count" and figure.unit == "月" and figure.value[0] == 0.5:
        return "时长", 15 * DAY  # 半个月
    unit, factor = _PARTS.get(figure.unit, (figure.unit, 1)) if figure.kind in _COUNTED else (figure.unit, 1)
    return unit, figure.value[0] * factor


def things(figure: Figure) -> str:
    """What is counted, as far as the unit tells: 3人 are 两名 and 一名."""
    unit = _measured(figure)[0]
    return "人" if unit in _PEOPLE else unit


def _equal(one: float, other: float) -> bool:
    """But for what reckoning one unit in another leaves: two telephone numbers differ in the last of eleven digits."""
    return abs(one - other) <= min(1e-9 * max(abs(one), abs(other)), 0.01)


def _same_unit(claimed: Figure, given: Figure) -> bool:
    units = {_measured(claimed)[0], _measured(given)[0]}
    if claimed.kind == "ordinal":
        return len(units & STRICT) < 2
    return len(units) == 1 or "" in units or not units & BASES


def _same_value(claimed: Figure, given: Figure) -> bool:
    ours, theirs = claimed.value[0], given.value[0]
    if "" not in {claimed.unit, given.unit}:
        ours, theirs = _measured(claimed)[1], _measured(given)[1]
    low, high = sorted((ours, theirs))
    if _equal(low, high):
        return True
    if not claimed.bound or claimed.bound != (1 if theirs > ours else -1):
        return False
    if claimed.kind == "percent":
        return high - low < _ROUND_SHARE - 1e-6 and round(ours * 10) / 10 == round(ours, 9)
    if claimed.unit == "时长" and claimed.bound > 0 and ours % _HOUR == 0:
        return high - low < _HOUR  # 1个多小时 are 1小时50分
    said = claimed.value[0]
    if said < 100 and said == int(said) and claimed.bound > 0 and high - low < 1:
        return True  # 四米多 are 4.23米
    is_round = said % 10 == 0 if said < 100 else len(f"{said:.0f}".rstrip("0")) <= 2
    return is_round and high <= low * _ROUND
