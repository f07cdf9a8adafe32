"""Whether the parts of a claim belong together in the passage as they do in the claim: what catches swapped attributes.

Each measure is 0 where nothing speaks against the claim and at most 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.measures import Figure
from bot.reading import (
    MOST_ITEMS,
    SURE,
    Item,
    Numbers,
    Positions,
    Reading,
    closeness,
    everywhere,
    exclusive,
    gaps,
    occurrences,
)

_REACH = 12.0  # characters of the passage over which two words still belong together
_SHORT_REACH = 8.0
_CLAIM_REACH = 10.0  # characters of the claim over which a word says what a figure is about
_CLOSE = 14.0  # characters of the claim between the two of a pair
_NEXT = 12.0
_FARTHER = 5.0


def misplaced(claim: Reading, passage: Reading, found: Sequence[Item]) -> float:
    """How much nearer another figure, or the opposite word, stands to the words around a figure of the claim."""
    neighbours = _Neighbours(claim, passage, [item for item in found if item.held >= 0.8 and len(item.places)])
    margins = [0.0]
    for item in neighbours.known:
        if item.figure and not item.figure.vague and not item.figure.written.startswith("首"):
            margins.extend(_margins_of_figure(neighbours, item, item.figure))
    for group in exclusive(claim.text):
        for choice in group:
            for word in choice:
                start = claim.text.find(word)
                if start >= 0:
                    margins.append(_margin_of_opposite(neighbours, group, choice, word, start))
    return max(margins)


class _Neighbours:
    """The known items of a claim, and how near places of the passage are to those around a place of the claim."""

    def __init__(self, claim: Reading, passage: Reading, known: Sequence[Item]) -> None:
        self.claim, self.passage, self.known = claim, passage, known
        self._wide = {item.start: item.places if item.figure else everywhere(item.text, passage.text) for item in known}

    def around(self, start: int, end: int, figure: Figure | None = None) -> tuple[list[Item], Numbers]:
        """(the items outside [start, end) that are no figures like that one, their weights, the nearer the more)."""
        others = [
            item
            for item in self.known
            if not start <= item.start < end and not (figure and item.figure and item.figure.like(figure))
        ]
        apart = np.array([abs(self.claim.depth[item.start] - self.claim.depth[start]) for item in others])
        return others, np.array([item.weight for item in others]) * np.exp(-apart / _CLAIM_REACH)

    def fit(self, places: Positions, length: int, around: tuple[list[Item], Numbers]) -> float:
        """How near the best of the places, where something so long stands, is to the items around."""
        others, weights = around
        if not others:
            return 0.0
        near = np.stack([
            closeness(self.passage, places, length, self._wide[item.start], len(item.text), _REACH) for item in others
        ])  # fmt: skip
        return float((weights @ near).max() / (weights.sum() + 0.3))


def _margins_of_figure(neighbours: _Neighbours, item: Item, figure: Figure) -> Iterator[float]:
    around = neighbours.around(item.start, item.start + 1, figure)
    own = neighbours.fit(item.places, len(item.text), around)
    rivals: dict[tuple[float, ...], list[Figure]] = {}
    for other in neighbours.passage.figures:
        if figure.like(other) and not figure.agrees(other):
            rivals.setdefault(other.value, []).append(other)
    for others in rivals.values():
        places, length = np.array([other.start for other in others], np.int64), len(others[0].written)
        margin = neighbours.fit(places, length, around) - own
        claimed = next((one for one in neighbours.known if one.figure and one.figure.agrees(others[0])), None)
        if claimed:  # both stand in the claim: have they changed places?
            its_own = neighbours.around(claimed.start, claimed.start + 1, figure)
            gain = neighbours.fit(item.places, len(item.text), its_own) - neighbours.fit(places, length, its_own)
            margin = min(margin, margin + gain)
        yield margin


def _margin_of_opposite(
    neighbours: _Neighbours, group: Sequence[Sequence[str]], choice: Sequence[str], word: str, start: int
) -> float:
    opposite = [
        other for others in group if others is not choice for other in others if other not in neighbours.claim.text
    ]
    places, rivals = _places(choice, neighbours.passage), _places(opposite, neighbours.passage)
    if not len(places) or not len(rivals):
        return 0.0
    around = neighbours.around(start, start + len(word))
    return neighbours.fit(rivals, len(word), around) - neighbours.fit(places, len(word), around)


def _places(words: Sequence[str], passage: Reading) -> Positions:
    return np.array([place for word in words for place in occurrences(word, passage.text)], np.int64)


def crossed_and_parted(claim: Reading, passage: Reading, found: Sequence[Item]) -> tuple[float, float]:
    """(two pairs of the claim stand crosswise in the passage, two neighbours stand apart, each beside another word).

    甲5名、乙8名 against 甲8名、乙5名: 甲 and 5名 are apart, and so are 乙 and 8名; 甲 stands at 8名, 乙 at 5名.
    """
    known = [
        item
        for item in found
        if item.held >= SURE and len(item.places) and item.weight >= 0.4 and (len(item.text) > 1 or item.figure)
    ][:MOST_ITEMS]
    if len(known) < 3:
        return 0.0, 0.0
    depth = claim.depth[[item.start for item in known]]
    apart = np.abs(depth[:, None] - depth[None, :])
    near = _nearness(passage, known)
    numbers = {text: number for number, text in enumerate({item.text for item in known})}
    word = np.array([numbers[item.text] for item in known])
    sort = np.array([_sort(item) for item in known])
    # Words of a stretch that the passage has as it is belong together, and say nothing of what else they belong to.
    phrase = np.zeros((len(known), len(known)), bool)
    for at, one in enumerate(known):
        for behind, other in enumerate(known[at:], at):
            stretch = claim.text[one.start : other.start + len(other.text)]
            phrase[at, behind] = phrase[behind, at] = stretch in passage.text
    alike = (sort[:, None] & sort[None, :]) > 0
    pairs = _Pairs(apart, np.where(phrase, 0.0, near), np.where(phrase, 1.0, near), word, alike)
    return _crossed(pairs), _parted(pairs)


_FIGURE, _THING, _DEED = 1, 2, 4  # sorts of words: only those of one sort change places
_OF_BOTH = frozenset(("vn", "an", "l", "i"))


def _sort(item: Item) -> int:
    if item.figure:
        return _FIGURE
    if item.tag in _OF_BOTH:
        return _THING | _DEED
    return _DEED if item.tag[0] in "vadbz" else _THING


def _nearness(passage: Reading, known: Sequence[Item]) -> Numbers:
    """(items, items) how near two items come to each other in the passage: 1 beside it, 1/e at the reach."""
    begins = np.concatenate([item.places for item in known])
    ends = np.concatenate([np.minimum(item.places + len(item.text), len(passage.text)) for item in known])
    begins, ends = passage.depth[begins], passage.depth[ends]
    first = np.cumsum([0, *(len(item.places) for item in known[:-1])])
    nearest = np.minimum.reduceat(np.minimum.reduceat(gaps(begins, ends, begins, ends), first, axis=0), first, axis=1)
    return np.asarray(np.exp(-nearest / _SHORT_REACH), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Of every two known items: how far apart in the claim, how near in the passage otherwise than in the claim's own
    words, how near at all, and whether they are of one sort; `word` has the same number for the same word.
    """

    apart: Numbers
    beside: Numbers
    near: Numbers
    word: Positions
    alike: npt.NDArray[np.bool_]


def _crossed(pairs: _Pairs) -> float:
    word, beside = pairs.word, pairs.beside
    first, second = np.nonzero(np.triu((pairs.apart <= _CLOSE) & (word[:, None] != word[None, :]), 1))
    if len(first) < 2:
        return 0.0
    own = pairs.near[first, second]
    a, b, c, d = first[:, None], second[:, None], first[None, :], second[None, :]
    straight = np.where(pairs.alike[b, d] & pairs.alike[a, c], np.minimum(beside[a, d], beside[c, b]), 0.0)
    turned = np.where(pairs.alike[b, c] & pairs.alike[a, d], np.minimum(beside[a, c], beside[b, d]), 0.0)
    differ = (word[a] != word[c]) & (word[b] != word[d]) & (word[a] != word[d]) & (word[b] != word[c])
    gain = np.where(differ & (b < c), np.maximum(straight, turned) - (own[:, None] + own[None, :]) / 2, 0.0)
    return float(max(gain.max(), 0.0))


def _parted(pairs: _Pairs) -> float:
    word, apart, beside, worst = pairs.word, pairs.apart, pairs.beside, 0.0
    for left in range(len(word) - 1):
        right = left + 1
        if apart[left, right] > _NEXT or word[left] == word[right]:
            continue
        others = (word != word[left]) & (word != word[right])
        far = apart[left, right] + _FARTHER
        of_left = beside[left, others & (apart[left] > far)]
        of_right = beside[right, others & (apart[right] > far)]
        if len(of_left) and len(of_right):
            worst = max(worst, float(min(of_left.max(), of_right.max()) - pairs.near[left, right]))
    return worst
