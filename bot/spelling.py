"""A question with misspelt words → the same with the words of the knowledge base that sound so: 龙张月 → 龙章月.

Who types by sound picks a wrong character of the right sound. Such a character is left over when the question is cut
into words of the dictionary, and the pair that it makes with its neighbour is not in the knowledge base, while one that
sounds the same is. Whether the question is nearer to the knowledge base for it is for the caller to see.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bot.lexicon import spoken
from indexer.lexical import LexicalIndex, terms
from indexer.text import simplify
from indexer.types import KnownQuestion

_ALONE = Path(__file__).parent / "words/alone.txt"  # characters that are mostly a word by themselves
_HAN = re.compile(r"[\u4e00-\u9fff]+")


class Spelling:
    """The words of texts and of questions known about them, by their sounds."""

    def __init__(self, lexical: LexicalIndex, known: Iterable[KnownQuestion]) -> None:
        import rjieba

        self._held = {term: count for term, count in lexical.frequencies().items() if _is_pair(term)}
        for one in known:  # 职务 is asked for where a document has 主任 only
            for term in terms(one.question):
                if _is_pair(term) and (term in self._held or rjieba.has_word(term)):
                    self._held[term] = self._held.get(term, 0) + 1
        self._sounding: dict[str, list[str]] = defaultdict(list)  # the most frequent first
        for pair in sorted(self._held, key=lambda pair: (-self._held[pair], pair)):
            self._sounding[spoken(pair)].append(pair)

    def proposed(self, question: str) -> str:
        """The question in simplified characters with what seems misspelt put right; as it is where nothing does."""
        text = simplify(question)
        left_over = self._left_over(text)
        found = text
        for length in (3, 2):
            for start in range(len(text) - length + 1):
                end = start + length
                places = [place - start for place in range(start, end) if place in left_over]
                if places and found[start:end] == text[start:end] and _HAN.fullmatch(text, start, end):
                    found = found[:start] + self._mended(text[start:end], places) + found[end:]
        return found if found != text else question

    def _left_over(self, text: str) -> set[int]:
        """The places of characters in no word of the dictionary and no pair that is held, seldom a word themselves."""
        import rjieba

        found, place = set(), 0
        for word in rjieba.cut(text, hmm=False):
            around = text[max(place - 1, 0) : place + 2]
            is_held = any(around[at : at + 2] in self._held for at in range(2))
            if len(word) == 1 and _HAN.fullmatch(word) and word not in _alone() and not is_held:
                found.add(place)
            place += len(word)
        return found

    def _mended(self, span: str, places: list[int]) -> str:
        """Two or three characters with the one at one of the places that is wrong put right; as they are for none."""
        import rjieba

        pairs = [span[at : at + 2] for at in range(len(span) - 1)]
        if all(pair in self._held or rjieba.has_word(pair) for pair in pairs):
            return span
        for other in self._alike(pairs):
            changed = [place for place, character in enumerate(other) if character != span[place]]
            if len(changed) == 1 and changed[0] in places and (len(span) > 2 or rjieba.has_word(other)):
                return other
        return span

    def _alike(self, pairs: list[str]) -> list[str]:
        """What sounds like one pair, or two that overlap, and has a character of each: 龙章月 of 龙章 and 章月."""
        first, *second = (
            [pair for pair in self._sounding.get(spoken(typed), ()) if pair[0] == typed[0] or pair[1] == typed[1]]
            for typed in pairs
        )
        if not second:
            return first
        return [left + right[1] for left in first for right in second[0] if right[0] == left[1]]


def _is_pair(term: str) -> bool:
    return len(term) == 2 and bool(_HAN.fullmatch(term))


@cache
def _alone() -> frozenset[str]:
    return frozenset(_ALONE.read_text(encoding="utf-8").split())
