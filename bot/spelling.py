"""A question with misspelt words → the same with the words of the knowledge base that sound so: 龙张月 → 龙章月.

Who types by sound picks a wrong character of the right sound. Such a character is left over when the question is cut
into words of the dictionary, and the pair that it makes with its neighbour is not in the knowledge base, while one that
sounds the same is. Whether the question is nearer to the knowledge base for it is for the caller to see.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.lexicon import spoken
from indexer.lexical import terms
from indexer.store import Index
from indexer.text import simplify

_ALONE = Path(__file__).parent / "words/alone.txt"  # characters that are mostly a word by themselves
_HAN = re.compile(r"[\u4e00-\u9fff]+")


class Spelling:
    """The words of an index by their sounds."""

    def __init__(self, index: Index) -> None:
        import rjieba

        held = {term: count for term, count in index.lexical.frequencies().items() if _is_pair(term)}
        for known in index.known:  # 职务 is asked for where a document has 主任 only
            for term in terms(known.question):
                if _is_pair(term) and (term in held or rjieba.has_word(term)):
                    held[term] = held.get(term, 0) + 1
        self._held = held
        self._sounding: dict[str, list[str]] = defaultdict(list)  # the most frequent first
        for pair in sorted(held, key=lambda pair: (-held[pair], pair)):
            self._sounding[spoken(pair)].append(pair)

    def proposed(self, question: str) -> str:
        """The question in simplified characters with what seems misspelt put right; as it is where nothing does."""
        text = simplify(question)
        held = self._held
        left_over = {
            at for at in _left_over(text) if text[max(at - 1, 0) : at + 1] not in held and text[at : at + 2] not in held
        }
        found = list(text)
        for length in (3, 2):
            for start in range(len(text) - length + 1):
                places = [place for place in range(start, start + length) if place in left_over]
                span = text[start : start + length]
                if places and found[start : start + length] == list(span) and _HAN.fullmatch(span):
                    for place, character in self._mended(span, [place - start for place in places]):
                        found[start + place] = character
        return "".join(found) if found != list(text) else question

    def _mended(self, span: str, places: list[int]) -> list[tuple[int, str]]:
        """[(place, character)] of the one that is wrong in two or three characters; empty where none is."""
        import rjieba

        pairs = [span[at : at + 2] for at in range(len(span) - 1)]
        if all(pair in self._held or rjieba.has_word(pair) for pair in pairs):
            return []
        for others in self._alike(pairs):
            changed = [place for place, character in enumerate(others) if character != span[place]]
            if len(changed) == 1 and changed[0] in places and (len(span) > 2 or rjieba.has_word(others)):
                return [(changed[0], others[changed[0]])]
        return []

    def _alike(self, pairs: list[str]) -> Iterator[str]:
        """Words that sound like these pairs, which overlap, and have a character of each: 龙章月 of 龙章 and 章月."""
        first, *others = (
            [pair for pair in self._sounding.get(spoken(typed), ()) if pair[0] == typed[0] or pair[1] == typed[1]]
            for typed in pairs
        )
        for pair in first:
            yield from (pair + other[1] for other in others[0] if other[0] == pair[1]) if others else (pair,)


def _is_pair(term: str) -> bool:
    return len(term) == 2 and bool(_HAN.fullmatch(term))


def _left_over(text: str) -> set[int]:
    """The places of characters that belong to no word of the dictionary and are seldom one by themselves."""
    import rjieba

    found, place = set(), 0
    for word in rjieba.cut(text, hmm=False):
        if _HAN.fullmatch(word) and len(word) == 1 and word not in _alone():
            found.add(place)
        place += len(word)
    return found


@cache
def _alone() -> frozenset[str]:
    return frozenset(_ALONE.read_text(encoding="utf-8").split())
