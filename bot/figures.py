"""The figures of a folded text: dates, times, weekdays, ordinals, percentages, counts; Chinese, Arabic or English.

Each is read as what it says (bot/patterns.py), 晚上8点 as 20:00 and 1.8万 as 18000, and with what stands beside it: a
bound, its smaller unit, the month named before. bot/measures.py knows when two of them agree.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from bot.measures import Figure
from bot.patterns import READERS, number
from indexer.quantity import HAN, RANGE

_IN_PARTS = frozenset(("时长", "元"))  # given by a large and a small unit: 1小时30分, 5元5角
_NUMERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MORE_BEFORE = re.compile(
    r"(?:不得?[少低小]于|至少|最少|(?<![不得])(?:超过|[高大多]于)|逾|突破|(?<![未不])满|over|more than|at least) ?$"
)
_LESS_BEFORE = re.compile(
    r"(?:不得?超过|不得?[高大多]于|至多|最多|不足|不到|近|接近|[低小少]于|未满|不满|under|nearly|up to|at most) ?$"
)
_COUNTED = "[人名位个家件元岁天日年月]?"
_MORE_AFTER = re.compile(
    rf"[余多]|{_COUNTED}(?:[(（][^)）]{{0,6}}[)）])?(?:及?以上|以后|之后|起(?![义飞来])|后(?![{HAN}]?[勤备]))"
)
_LESS_AFTER = re.compile(rf"{_COUNTED}(?:及?以下|以内|之内|以前|之前|前(?![往来所期身任后]))")


@lru_cache(maxsize=8192)
def figures(text: str) -> tuple[Figure, ...]:
    """The figures of a folded text in order, none overlapping another."""
    taken = bytearray(len(text))
    found: list[Figure] = []
    for pattern, read in READERS:
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            figure = read(match)
            if figure:
                end = figure.end
                taken[figure.start : end] = b"\1" * (end - figure.start)
                found.append(replace(figure, bound=_bound(text, figure)))
    found.sort(key=lambda figure: figure.start)
    return tuple(_dates_completed(_parts_joined(text, _ranges_completed(text, found))))


def written_alike(text: str, given: Sequence[Figure]) -> str:
    """The folded text, its figures written as the given ones that say the same: 12000万元 for 1.2亿元."""
    written = {figure.written for figure in given}
    found = figures(text)
    for figure in reversed(found):
        if figure.written in written:
            continue
        before, after = text[: figure.start], text[figure.end :]
        for same in dict.fromkeys(other.written for other in given if figure.says_the_same(other)):
            changed = f"{before}{_apart(before[-1:], same[0])}{same}{_apart(same[-1], after[:1])}{after}"
            if _say_the_same(figures(changed), found):
                text = changed
                break
    return text


def _say_the_same(ours: Sequence[Figure], theirs: Sequence[Figure]) -> bool:
    """Not so 5, of 5-10万元, for 5万元, nor 八成3块二 for 80%3块二."""
    return len(ours) == len(theirs) and all(
        one.says_the_same(other) or (one.kind == other.kind == "some" and one.value == other.value)
        for one, other in zip(ours, theirs, strict=True)
    )


def _apart(before: str, after: str) -> str:
    """What parts two characters so that they are not read as one figure: 2024-04-16 09:04."""
    return " " if (before + after).isascii() and before.isalnum() and after.isalnum() else ""


def _bound(text: str, figure: Figure) -> int:
    before, after = text[max(figure.start - 10, 0) : figure.start], text[figure.end : figure.end + 10]
    if _MORE_BEFORE.search(before):
        return 1
    if _LESS_BEFORE.search(before):
        return -1
    if figure.bound or _MORE_AFTER.match(after):
        return 1
    return -1 if _LESS_AFTER.match(after) else 0


def _ranges_completed(text: str, found: Sequence[Figure]) -> Iterator[Figure]:
    """The first count of a range in digits has unit and scale of the second one: 5-10万元, 2至3公里."""
    for figure, last in zip_longest(found, found[1:]):
        numeral = _NUMERAL.match(last.written) if last and last.kind == figure.kind == "count" else None
        if numeral and _NUMERAL.fullmatch(figure.written) and RANGE.fullmatch(text[figure.end : last.start]):
            end = number(numeral[0])
            if figure.value[0] < end:
                figure = replace(figure, value=(figure.value[0] * last.value[0] / end,), unit=last.unit)
        yield figure


def _parts_joined(text: str, found: Iterable[Figure]) -> Iterator[Figure]:
    """Years and the months right behind them are one figure, 一年三个月, and so are 2小时零9分 and 5元5角."""
    whole = None
    for figure in found:
        if whole and whole.kind == figure.kind == "count" and text[whole.end : figure.start] in {"", "零"}:
            in_months = (whole.unit, figure.unit) == ("年", "月")
            value, more = whole.value[0] * (12 if in_months else 1), figure.value[0]
            if in_months or (whole.unit == figure.unit and whole.unit in _IN_PARTS and more < value):
                figure = replace(
                    figure,
                    value=(value + more,),
                    bound=whole.bound or figure.bound,
                    vague=False,
                    start=whole.start,
                    written=text[whole.start : figure.end],
                )
                whole = None
        if whole:
            yield whole
        whole = figure
    if whole:
        yield whole


def _dates_completed(found: Iterable[Figure]) -> Iterator[Figure]:
    """A day without a month is of the month named before: 10月18日至27日."""
    month = 0.0
    for figure in found:
        if figure.kind == "date":
            if figure.value[1]:
                month = figure.value[1]
            elif figure.value[2] and month:
                figure = replace(figure, value=(figure.value[0], month, figure.value[2]))
        yield figure
