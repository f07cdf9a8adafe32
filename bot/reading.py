"""A text taken apart to check a claim against it: content words, figures, titles, and how far apart things stand."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.figures import figures
from bot.lexicon import alternatives, contrasts, is_generic
from bot.measures import Figure
from indexer.quantity import HAN
from indexer.text import fold

Positions = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
_WORDS = Path(__file__).parent / "words"
# What a word weighs by its part of speech, as jieba names them; the rest weigh nothing.
_WEIGHTS = {
    **dict.fromkeys(("nr", "ns", "nt", "nrt", "nrfg"), 1.5), "nz": 1.3, "j": 1.2,
    **dict.fromkeys(("n", "l", "i", "eng"), 1.0), "vn": 0.9, "v": 0.8, "an": 0.8, "ng": 0.7, "t": 0.7,
    **dict.fromkeys(("a", "b", "s", "vd"), 0.6), **dict.fromkeys(("vg", "z"), 0.5), "ad": 0.4, "f": 0.3, "d": 0.1,
}  # fmt: skip
MOST_ITEMS = 40  # looked at of a claim; it has 30 at most, where nobody means harm
BREAK = re.compile(r"[,;:、。!?…\n]")
_CLAUSE_END = re.compile(r"[,;:。!?…\n]")
# Characters that a mark counts for: what a comma parts is further apart than what a 、 parts.
_GAPS = {"、": 8, ",": 16, ":": 16, ";": 24}
_SENTENCE_GAP = 35
_TITLE = re.compile(r"《([^《》]{2,80})》|[“\"「『]([^“”\"「」『』]{2,60})[”\"」』]")
# What bounds a figure is read with the figure (bot/figures.py).
_BOUNDS = frozenset((
    "超过", "不足", "不到", "以上", "以下", "以内", "至少", "至多", "最多", "最少", "不少于", "不超过", "大约", "左右",
    "达到", "达", "近", "余", "多",
))  # fmt: skip
_BLANK_AT_NUMERAL = re.compile(rf"(?<=[{HAN}]) +(?=\d)|(?<=\d) +(?=[{HAN}])")
_CIRCLED = re.compile(r"[\u2460-\u249b](?=\d)")  # ① ⑴ ⒈
_LONGEST_WORD = 8  # characters of a word in opposites.txt
_MOST_PLACES = 40  # of one word: more say no more, and a text of one word would cost their square

# How surely a text holds a word of the claim, by the way it holds it.
SAME, SYNONYM, PARAPHRASE, CHARACTER = 1.0, 0.9, 0.8, 0.6
_OF_PAIRS, _OF_CHARACTERS = 0.8, 0.4
SURE = 0.85


@dataclass(frozen=True, slots=True)
class Word:
    """A content word of a folded text: where it stands and what it weighs."""

    text: str
    tag: str
    start: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A text taken apart; per character of the folded text the clause it is in, and how far in it stands."""

    text: str
    words: tuple[Word, ...]
    figures: tuple[Figure, ...]
    titles: tuple[str, ...]  # inside 《》 and quotation marks
    clause: Positions
    depth: Numbers  # characters before it, and more for every mark between clauses
    english: bool


@lru_cache(maxsize=2048)
def read(text: str) -> Reading:
    """The text taken apart, in time linear in its length; kept, since a passage is read for many claims."""
    folded = readable(text)
    found = figures(folded)
    steps = np.ones(len(folded) + 1)
    for match in BREAK.finditer(folded):
        steps[match.start()] += _GAPS.get(match[0], _SENTENCE_GAP)
    ends = np.array([match.end() for match in _CLAUSE_END.finditer(folded)], np.int64)
    return Reading(
        folded,
        _content_words(folded, found),
        found,
        tuple(title or quoted for title, quoted in _TITLE.findall(folded)),
        np.searchsorted(ends, np.arange(len(folded) + 1), side="right"),
        np.cumsum(steps) - steps,
        _is_english(folded),
    )


def readable(text: str) -> str:
    """The text folded, its numerals apart from circled ones, ①500元, and close to the Chinese: 5月1日 for 5 月 1 日."""
    folded = fold(_CIRCLED.sub(r"\g<0> ", text)).replace("廿", "二十").replace("卅", "三十")  # which makes 1 of ①
    return folded if _is_english(folded) else _BLANK_AT_NUMERAL.sub("", folded)


def _is_english(folded: str) -> bool:
    latin = sum("a" <= one <= "z" for one in folded)
    return latin > 2 * sum("\u3400" <= one <= "\u9fff" for one in folded)


def _content_words(text: str, found: tuple[Figure, ...]) -> tuple[Word, ...]:
    import rjieba  # 0.2 s of dictionary, at the first claim

    counted = bytearray(len(text) + 1)
    for figure in found:
        counted[figure.start : figure.end] = b"\1" * (figure.end - figure.start)
    words, end = [], 0
    for word, tag in rjieba.tag(text):
        start = text.find(word, end)
        if start < 0:
            continue
        end = start + len(word)
        if all(counted[start:end]) or is_generic(word) or word in _BOUNDS or not any(map(str.isalpha, word)):
            continue
        weight = _WEIGHTS.get("eng" if word[0].isascii() else tag, 0.0)
        if weight:
            tag = "eng" if word[0].isascii() else tag
            words.append(Word(word, tag, start, weight / 2 if len(word) == 1 else weight))
    return tuple(words)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A word or figure of a claim and where a text has it: `held` from 0 (not at all) to 1."""

    text: str
    tag: str  # part of speech; "figure"
    start: int  # in the claim
    weight: float
    held: float
    places: Positions  # in the text
    figure: Figure | None = None


def items(claim: Reading, passage: Reading) -> list[Item]:
    """The words and figures of the claim in order, each with where the passage has it."""
    found = []
    for word in claim.words:
        held, places = _held(word.text, passage.text)
        if held >= SURE or not claim.english:  # else nobody knows its Chinese
            found.append(Item(word.text, word.tag, word.start, word.weight, held, _some(places)))
    for figure in claim.figures:
        places = [other.start for other in passage.figures if figure.agrees(other)]
        found.append(Item(figure.written, "figure", figure.start, 1.0, float(bool(places)), _some(places), figure))
    return sorted(found, key=lambda item: item.start)


def _some(places: list[int]) -> Positions:
    return np.array(places[:_MOST_PLACES], np.int64)


def occurrences(word: str, text: str) -> list[int]:
    """Where the text has the word, at most 40 places."""
    found: list[int] = []
    start = text.find(word)
    while start >= 0 and len(found) < _MOST_PLACES:
        found.append(start)
        start = text.find(word, start + 1)
    return found


def everywhere(word: str, text: str) -> Positions:
    """Where the text has the word or any that may stand for it."""
    others = [other for other in alternatives(word) if len(other) > 1]
    return np.unique([place for one in (word, *others, *paraphrases(word)) for place in occurrences(one, text)])


def _held(word: str, text: str) -> tuple[float, list[int]]:
    for held, others in (
        (SAME, (word,)),
        (SYNONYM, tuple(other for other in alternatives(word) if len(other) > 1)),
        (PARAPHRASE, tuple(other for other in paraphrases(word) if len(other) > 1)),
        (CHARACTER, tuple(other for other in paraphrases(word) if len(other) == 1)),
    ):
        for other in others:
            if places := occurrences(other, text):
                return held, places
    if word.isascii() or len(word) == 1:
        return 0.0, []
    parts = [word[at : at + 2] for at in range(len(word) - 1)] if len(word) > 2 else list(word)
    places = [place for part in parts for place in occurrences(part, text)]
    return (_OF_PAIRS if len(word) > 2 else _OF_CHARACTERS) * sum(part in text for part in parts) / len(parts), places


@cache
def _paraphrases() -> dict[str, tuple[str, ...]]:
    groups: dict[str, dict[str, None]] = {}
    for line in (_WORDS / "paraphrase.txt").read_text(encoding="utf-8").splitlines():
        group = [fold(word) for word in line.split()]
        for word in group:
            groups.setdefault(word, {}).update(dict.fromkeys(other for other in group if other != word))
    return {word: tuple(others) for word, others in groups.items()}


def paraphrases(word: str) -> tuple[str, ...]:
    """Words that a retelling puts in the place of a folded word: 营造 for 塑造."""
    return _paraphrases().get(word, ())


@cache
def _exclusive() -> dict[str, list[tuple[tuple[str, ...], ...]]]:
    """Word → groups that it is in."""
    lines = (_WORDS / "opposites.txt").read_text(encoding="utf-8").splitlines()
    groups = [[choice.split("/") for choice in line.split()] for line in lines]
    groups += [[[word] for word in group] for group in contrasts() if all(len(word) > 1 for word in group)]
    found: dict[str, list[tuple[tuple[str, ...], ...]]] = {}
    for group in dict.fromkeys(tuple(tuple(map(fold, choice)) for choice in group) for group in groups):
        for word in dict.fromkeys(word for choice in group for word in choice):
            found.setdefault(word, []).append(group)
    return found


@lru_cache(maxsize=1024)
def exclusive(text: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Groups of choices that exclude each other (增加, 减少; each with its synonyms), of which the text has one."""
    known = _exclusive()
    parts = (text[at : at + length] for at in range(len(text)) for length in range(2, _LONGEST_WORD + 1))
    return tuple(dict.fromkeys(group for part in parts for group in known.get(part, ())))


def closeness(
    reading: Reading, places: Positions, length: int, others: Positions, other_length: int, reach: float
) -> Numbers:
    """(places,) how near what is so long there stands to the nearest of the others: 1 beside it, 1/e at the reach."""
    if not len(others):
        return np.zeros(len(places))
    depth, last = reading.depth, len(reading.text)
    begin, end = depth[places], depth[np.minimum(places + length, last)]
    other_begin, other_end = depth[others], depth[np.minimum(others + other_length, last)]
    return np.asarray(np.exp(-gaps(begin, end, other_begin, other_end).min(axis=1) / reach), np.float64)


def gaps(begin: Numbers, end: Numbers, other_begin: Numbers, other_end: Numbers) -> Numbers:
    """(stretches, others) what lies between every two, whichever comes first; 0 where they touch or overlap."""
    return np.maximum(np.maximum(other_begin[None, :] - end[:, None], begin[:, None] - other_end[None, :]), 0)
