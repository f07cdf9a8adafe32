"""Clauses of a passage that run parallel, and a claim that gives the one what the other has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from bot.conflicts import DENIAL
from bot.question import tagged_words
from bot.reading import BREAK, Reading

_CLAUSE_END = re.compile(r"[,;:。!?…\n]")
_SHORTEST, _LONGEST = 8, 80  # characters of a clause
_REACH = 5  # clauses from one to the other
_ALIKE = 0.35  # share of the pairs of characters of both that are the same, at least
_FRAME = 3  # of these that the claim's clause has
_HEAD, _TAIL = 2, 3  # characters of what clauses of one form are about and say, at least
_FORM = 40  # and of such a clause, at most
_DENIED = re.compile(DENIAL)
_POINTS = re.compile("前者|后者|[其该此这那他她它]|[双对]方")  # may be what the claim calls by its name


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where one clause has other words than the other, and the character before and behind, if there is one."""

    before: str
    words: tuple[str, str]
    behind: str

    def filled(self, clause: str) -> int:
        """Which of both a clause has there, 0 or 1; -1 for neither or both."""
        there = [
            bool(self.before and self.before + word in clause) or bool(self.behind and word + self.behind in clause)
            for word in self.words
        ]
        return there.index(True) if there.count(True) == 1 else -1


@dataclass(frozen=True, slots=True)
class _Parallel:
    """Two clauses of a passage: where they differ, and the pairs of characters that they share."""

    slots: tuple[_Slot, ...]
    frame: frozenset[str]


def crossed_over(claim: Reading, passage: Reading) -> str:
    """What the passage has for what a clause of the claim takes from another clause, Chinese | English; or empty.

    甲馆被命名为省级基地，乙馆被命名为市级基地 against 乙馆是省级基地: 乙 stands in the one, 省 in the other.
    """
    affirmed = [clause for clause in _CLAUSE_END.split(claim.text) if not _DENIED.search(clause)]
    for clause in affirmed:
        for one, other in _of_one_form(passage.text):
            if parts := _spliced(clause, one, other) or _spliced(clause, other, one):
                return f"文中是“{parts}” | “{parts}” in the passage"
        for parallel in _parallels(passage.text):
            filled = [slot.filled(clause) for slot in parallel.slots]
            if len(parallel.frame & _pairs(clause)) >= _FRAME and 0 in filled and 1 in filled:
                said, given = parallel.slots[filled.index(0)].words
                beside = parallel.slots[filled.index(1)].words[1]
                if not any(said in own and beside in own for own in _CLAUSE_END.split(passage.text)):
                    return f"“{said}”不符，文中是“{given}” | “{said}” against “{given}” in the passage"
    return ""


@lru_cache(maxsize=64)
def _of_one_form(text: str) -> tuple[tuple[str, str], ...]:
    """Neighbours as long as each other, within a character, and the end of one before a shorter one.

    领导带头学、会议集中学 of 我市形成领导带头学、会议集中学.
    """
    found = []
    for one, other in pairwise(BREAK.split(text)):
        if _HEAD + _TAIL <= len(other) <= _FORM:
            ends = [one[at:] for at in _word_starts(one) if abs(len(one) - at - len(other)) <= 1]
            found += [(end, other) for end in ends[:1]]
    return tuple(found)


def _word_starts(text: str) -> Iterator[int]:
    at = 0
    for word, _ in tagged_words(text):
        yield at
        at += len(word)


def _spliced(clause: str, one: str, other: str) -> str:
    """`one`, where the claim's clause begins as `other` does and goes on as `one` ends: 会议带头学. Or empty."""
    for at in range(_HEAD, len(other) - _TAIL + 1):
        head, rest = other[:at], other[at:]
        if head not in clause or head in one or rest in clause or not _names_something(head):
            continue
        for cut in (at - 1, at, at + 1):
            own, tail = one[:cut], one[cut:]
            is_own = len(own) >= _HEAD and len(tail) >= _TAIL and own not in clause and _names_something(own)
            if is_own and head + tail in clause:
                return one
    return ""


def _names_something(head: str) -> bool:
    """It is nouns and what stands before them, without a digit or a word that points to what is named before."""
    tags = [tag for _, tag in tagged_words(head)]
    ends = tags[-1][0] in "nj" or tags[-1] in ("an", "vn", "a")
    return ends and all(tag[0] in "nabjstvl" for tag in tags) and not _POINTS.search(head)


@lru_cache(maxsize=64)
def _parallels(text: str) -> tuple[_Parallel, ...]:
    clauses = [clause for clause in _CLAUSE_END.split(text) if _SHORTEST <= len(clause) <= _LONGEST]
    found = []
    for at, clause in enumerate(clauses):
        for other in clauses[at + 1 : at + 1 + _REACH]:
            frame = _pairs(clause) & _pairs(other)
            slots = tuple(_slots(clause, other)) if 2 * len(frame) >= _ALIKE * (len(clause) + len(other)) else ()
            if len(slots) > 1:
                found.append(_Parallel(slots, frame))
    return tuple(found)


def _slots(one: str, other: str) -> Iterator[_Slot]:
    """Where the clauses differ, with a single character that they share in between.

    Not where either has nothing else or a digit: 20 stands in 120, and figures are held to theirs elsewhere.
    """
    same = [
        block for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks() if block.size != 1
    ]
    end = their_end = 0
    for block in same:
        words = one[end : block.a], other[their_end : block.b]
        if min(map(len, words)) > 1 and not any(map(str.isdigit, "".join(words))):
            yield _Slot(one[end - 1 : end], words, one[block.a : block.a + 1])
        end, their_end = block.a + block.size, block.b + block.size


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))
