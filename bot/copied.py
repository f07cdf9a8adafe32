"""What a claim changed in a clause that it copies: what denies it, a word, or the places of two words.

A rewording changes several words and keeps the meaning; a slip changes one. Network and forest of bot/verify.py, which
learnt from rewordings, hardly see it, since everything else agrees.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise, product, takewhile

from bot.conflicts import DENIAL
from bot.lexicon import NAMES, alternatives
from bot.reading import BREAK, Reading, exclusive, paraphrases
from indexer.embed import token_reader

_DENIED = re.compile(rf"[并也又尚从还]?(?:{DENIAL})")
_LEAST_COPIED = 7  # characters that make a clause a copy: 不公开 and 公开 are found anywhere
_MOSTLY = 0.6  # of a clause
_NOUNS, _VERBS, _ADJECTIVES = NAMES | {"n", "ng", "j", "s", "vn"}, {"v", "vn", "vd", "vg"}, {"a", "ad", "an", "b", "z"}
# Words of one kind, and the cosine of their vectors below which they are not taken for synonyms. Of 45,383 right
# practice claims 11 have a word so replaced, of as many wrong ones 138.
_KINDS = ((_NOUNS, 0.875), (_VERBS, 0.865), (_ADJECTIVES, 0.865))
_EITHER_WAY = re.compile("和|与|及|以及|同|跟|或者?|联合|携手|毗邻|距离?")  # 甲与乙 is 乙与甲


def slip(claim: Reading, passage: Reading) -> str:
    """What is wrong in the first clause that the passage has but for one change, Chinese | English; or empty."""
    if opposite := denied_copy(claim, passage):
        return f"文中说的相反：“{opposite}” | the passage says the opposite: “{opposite}”"
    for said, given in chain(opposed(claim, passage), replaced(claim, passage)):
        return f"文中是“{given}”，不是“{said}” | “{given}” in the passage, not “{said}”"
    for given in exchanged(claim, passage):
        return f"文中是“{given}” | “{given}” in the passage"
    return ""


def denied_copy(claim: Reading, passage: Reading) -> str:
    """The first clause that the passage has word for word but for what denies it; or empty.

    Of 41,350 wrong claims of twins 120 have one, of their right counterparts 5; of 4,033 other right ones none.
    """
    bare, marks = _without_denials(passage.text)
    for _, clause in _clauses(claim):
        own, own_marks = _without_denials(clause)
        if len(own) < _LEAST_COPIED or clause in passage.text:
            continue
        places = [found.start() for found in re.finditer(re.escape(own), bare)]
        given = [[mark - place for mark in marks if place <= mark < place + len(own)] for place in places]
        # Two negators more affirm: 并非没有.
        if given and not any(one == own_marks or len(one) - len(own_marks) in (-2, 2) for one in given):
            return clause
    return ""


def _without_denials(text: str) -> tuple[str, list[int]]:
    """(the text without its negators, where in it each stood)."""
    parts, marks, end = [], [], 0
    for match in _DENIED.finditer(text):
        parts.append(text[end : match.start()])
        marks.append(sum(map(len, parts)))
        end = match.end()
    return "".join([*parts, text[end:]]), marks


def opposed(claim: Reading, passage: Reading) -> Iterator[tuple[str, str]]:
    """(a word of the claim, one that excludes it and stands between the same words of the passage): 增加 for 减少."""
    given = _clauses(passage)
    for start, clause in _changed_clauses(claim, passage):
        for word in (word for word in claim.words if start <= word.start < start + len(clause)):
            before, behind = clause[: word.start - start], clause[word.start - start + len(word.text) :]
            for other, (_, theirs) in product(_excluding(word.text), given):
                at = theirs.find(other)
                if at >= 0 and _among_the_same(before, behind, theirs[:at], theirs[at + len(other) :]):
                    yield word.text, other


def _excluding(word: str) -> list[str]:
    """The words that exclude it."""
    groups = [group for group in exclusive(word) if any(word in choice for choice in group)]
    return list(dict.fromkeys(other for group in groups for choice in group if word not in choice for other in choice))


def _among_the_same(before: str, behind: str, their_before: str, their_behind: str) -> bool:
    """All of it is the same, or on either side a part, three fifths of the clause together."""
    if (before, behind) == (their_before, their_behind):
        return True
    near = _shared(before[::-1], their_before[::-1]), _shared(behind, their_behind)
    return min(near) > 0 and sum(near) >= max(_LEAST_COPIED, _MOSTLY * len(before + behind))


def replaced(claim: Reading, passage: Reading) -> Iterator[tuple[str, str]]:
    """(a word of the claim, one of its kind that is no synonym and stands for it in the same clause of the passage)."""
    for copy in _near_copies(claim, passage):
        said, given = claim.text[copy.span], passage.text[copy.other_span]
        kinds = _kinds(claim, copy.span) & _kinds(passage, copy.other_span)
        if any(_excludes(said, given, _KINDS[kind][1]) for kind in kinds):
            yield said, given


def _kinds(reading: Reading, span: slice) -> set[int]:
    """Of which kinds the word is that stands there, whole or but for its beginning or end: 教练 of 教练员."""
    words = [
        word
        for word in reading.words
        if word.start <= span.start < span.stop - 1 < span.stop <= word.start + len(word.text)
    ]
    return {
        number
        for word in words
        for number, (tags, _) in enumerate(_KINDS)
        if word.tag in tags and (word.start == span.start or word.start + len(word.text) == span.stop)
    }


def _excludes(word: str, other: str, least: float) -> bool:
    if set(word) & set(other) or other in alternatives(word) + paraphrases(word):
        return False
    return _likeness(word, other) < least


@lru_cache(maxsize=1024)
def _likeness(word: str, other: str) -> float:
    one, two = token_reader().vectors("query", [word, other])
    return float(one @ two)


def exchanged(claim: Reading, passage: Reading) -> Iterator[str]:
    """Clauses of the passage in which two nouns of the claim's clause stand in each other's place."""
    nouns = [(word.start, word.start + len(word.text)) for word in claim.words if word.tag in _NOUNS]
    for copy in _near_copies(claim, passage):
        # The nouns may begin or end alike: 上海队 and 北京队.
        firsts = [noun for noun in nouns if noun[0] <= copy.span.start < noun[1]]
        lasts = [noun for noun in nouns if noun[0] < copy.span.stop <= noun[1]]
        for (start, after), (before, end) in product(firsts, lasts):
            between = claim.text[after:before]
            turned = claim.text[before:end] + between + claim.text[start:after]
            other_start = copy.other_span.start + start - copy.span.start
            given = passage.text[other_start : copy.other_span.stop + end - copy.span.stop]
            if between and turned == given and not _EITHER_WAY.fullmatch(between):
                yield copy.other


@dataclass(frozen=True, slots=True)
class _NearCopy:
    """A clause of a claim and one of a passage that begin and end alike or have the same characters."""

    span: slice
    other: str
    other_span: slice


@lru_cache(maxsize=64)
def _near_copies(claim: Reading, passage: Reading) -> tuple[_NearCopy, ...]:
    """Kept, since both a replaced word and exchanged ones are looked for in them."""
    found = []
    given = _clauses(passage)
    for start, clause in _changed_clauses(claim, passage):
        for other_start, other in given:
            turned = len(clause) == len(other) and set(clause) == set(other)
            if clause[0] != other[0] and clause[-1] != other[-1] and not turned:
                continue
            before = _shared(clause, other)
            behind = _shared(clause[before:][::-1], other[before:][::-1])
            if turned or before + behind >= _LEAST_COPIED:
                span = slice(start + before, start + len(clause) - behind)
                other_span = slice(other_start + before, other_start + len(other) - behind)
                found.append(_NearCopy(span, other, other_span))
    return tuple(found)


def _changed_clauses(claim: Reading, passage: Reading) -> list[tuple[int, str]]:
    """Of `_clauses` those that are long enough to be a copy and do not stand in the passage."""
    return [
        (start, clause)
        for start, clause in _clauses(claim)
        if len(clause) >= _LEAST_COPIED and clause not in passage.text
    ]


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False)))


@lru_cache(maxsize=256)
def _clauses(reading: Reading) -> tuple[tuple[int, str], ...]:
    """(where it begins, a clause without blanks around it), of all clauses that are not empty."""
    ends = [match.start() for match in BREAK.finditer(reading.text)]
    parts = [(start + 1, reading.text[start + 1 : end]) for start, end in pairwise([-1, *ends, len(reading.text)])]
    return tuple((start + len(part) - len(part.lstrip()), part.strip()) for start, part in parts if part.strip())
