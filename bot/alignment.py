"""A claim laid beside its passage: a place for each of its words, in order and near each other as far as it goes.

What is left over on either side, how far the places lie apart, what stands between them, and what denies, allows,
demands or limits on one side only, are the numbers that bot/verify.py weighs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from bot.conflicts import NEGATOR
from bot.lexicon import NAMES, alternatives
from bot.reading import (
    MOST_ITEMS,
    PARAPHRASE,
    SURE,
    SYNONYM,
    Item,
    Numbers,
    Positions,
    Reading,
    Word,
    occurrences,
    paraphrases,
)

_LEAST_HELD = 0.4
_BACK = 3  # items before that one may follow: two between may have no place
_JUMP, _REACH = 0.6, 25.0  # weight lost at most by standing apart, and characters over which most of it is lost
_TURN = 0.1  # weight lost by standing before what the claim says before
_MOST_PLACES = 40
_SCOPE, _BEHIND = 14, 2  # characters before and behind a negator over which it acts: 禁止垂钓和游泳, 老人除外

# What changes the force of a clause.
OPERATORS = {
    "denied": re.compile(rf"{NEGATOR.pattern}|勿|除外|不再|\bnone\b|\bneither\b"),
    "forbidden": re.compile(
        r"禁|不得|不[准许可能要应宜]|谢绝|杜绝|勿|拒"
        r"|\bmust not\b|\bbanned\b|\bforbidden\b|\bprohibit"
    ),
    "allowed": re.compile(r"(?<!不)可以?(?![能见靠是])|允许|准许|(?<!不)能够|均可|\bmay\b|\bcan\b|\ballowed\b"),
    "demanded": re.compile(
        r"必须|(?<!无)须|应当|(?<![无不])需|(?<![适响反对供效顺回相])应(?![急用对邀聘届])"
        r"|务必|强制|要求|\bmust\b|\brequired\b"
    ),
    "spared": re.compile(r"免(?!疫|不了)|无[需须]|不[必用需]|减免|\bfree\b|\bexempt|\bwaive"),
    "only": re.compile(
        r"仅(?!仅?是?不)|(?<!不)只(?![要有能]?[见好是])|唯一|限(?=于|[本定])|专(?=供|门为)"
        r"|才(?![能智华])|\bonly\b"
    ),
    "all": re.compile(r"全部|所有|一律|均|都|每(?!年|日|月|周|天)|全体|任何|凡|一概|无论|\ball\b|\bevery\b|\bany\b"),
    "part": re.compile(r"部分|一些|有的|少数|多数|大多|个别|有些|之一|\bsome\b|\bpart of\b|\bmost\b"),
    "planned": re.compile(
        r"计划|拟|将(?!军|士|领)|预计|有望|力争|争取|可能|或将|准备|目标"
        r"|\bwill\b|\bplan|\bmay\b|\bexpected\b"
    ),
    "done": re.compile(r"已(?!故|知)|曾|完成|建成|实现|了(?!解)|过(?=[的,。])|\bhas\b|\bhave\b"),
    "stopped": re.compile(r"停|取消|暂|终止|关闭|不再|结束|\bcancel|\bsuspend|\bclosed\b"),
    "before": re.compile(r"[之以]前|前(?=[,。就已])|尚|\bbefore\b"),
    "after": re.compile(r"[之以]后|后(?=[,。就才])|起(?=[,。])|\bafter\b"),
    "more": re.compile(
        r"增|升(?!级)|涨|提高|扩大|多于|高于|超|加快|延长"
        r"|\bmore\b|\brose\b|\bincreas|\bhigher\b|\bover\b"
    ),
    "less": re.compile(r"减|降|跌|缩|下滑|少于|低于|不足|不到|放缓|\bless\b|\bfell\b|\bdecreas|\blower\b|\bunder\b"),
    "most": re.compile(r"最|首(?!先|都|府)|第一|居[首冠]|\bmost\b|\bfirst\b|\w{3}est\b"),
    "because": re.compile(r"因(?!素)|由于|所以|导致|使得?|从而|为了|原因|because|\bdue to\b|\bthanks to\b"),
    "except": re.compile(r"除(?!了|夕|险)|例外|不含|不包括|另|其余|其他|\bexcept\b|\bother\b"),
}  # fmt: skip


_EACH = re.compile(
    r"[每各](?:个|逢|名|位)?(季度|学期|学年|工作日|[年月周天日晚时人户件批次家村亩生餐车套份篇期桌班级])|([人户亩日月年周])均"
)
_SAME_EACH = {"日": "天", "晚": "天", "生": "人"}
_TO, _BY = re.compile(r"(?:[到至为达])$"), re.compile(r"(?:[了出]|增长|减少|增加|缩短|下降|提高|上升)(?:约|近)?$")
_NEGATIVE = re.compile(
    rf"(?<!不得)(?:{NEGATOR.pattern}|勿|除外|不再|禁|不[准许可能要应宜必用需]|谢绝|杜绝|拒|免(?!疫)"
    r"|[无毋][须需])"
)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """The items of a claim that have a place in the passage, in the order of the claim, and the places."""

    items: tuple[Item, ...]
    starts: Positions
    ends: Positions


def align(claim: Reading, passage: Reading, found: Sequence[Item]) -> Alignment:
    """The best chain of places by dynamic programming, as Smith and Waterman (1981) align sequences.

    An item counts its weight; what stands farther apart in the passage than in the claim, or in another order, costs.
    Time is linear in the items, of which the first 40 are aligned.
    """
    found = found[:MOST_ITEMS]
    nodes = [_places(item, passage) for item in found]
    first = np.cumsum([0, *(len(starts) for starts, _, _ in nodes)])  # of each item, in all places one behind another
    starts, ends, holds = (
        np.concatenate([node[side] for node in nodes] or [np.zeros(0, np.int64)]) for side in range(3)
    )
    begins, closes = passage.depth[starts], passage.depth[ends]
    said = claim.depth[[min(item.start + len(item.text), len(claim.text)) for item in found]]
    said = np.repeat(said, np.diff(first))  # where the item of each place ends in the claim
    # Per place: of the best chain that ends there; the place before it in that chain.
    scores, origins = np.zeros(len(starts)), np.full(len(starts), -1)
    for at, item in enumerate(found):
        own, others = slice(first[at], first[at + 1]), slice(first[max(at - _BACK, 0)], first[at])
        if own.start < own.stop and others.start < others.stop:
            forward = begins[own, None] - closes[None, others]
            backward = begins[None, others] - closes[own, None]
            turned = backward >= 0
            spoken = np.maximum(claim.depth[item.start] - said[others], 0)
            apart = np.maximum(np.maximum(forward, backward) - spoken, 0)
            together = np.where((forward < 0) & ~turned, _JUMP, 0.0)  # one place for two words
            cost = _JUMP * (1 - np.exp(-apart / _REACH)) + _TURN * turned + together
            gains = scores[None, others] - cost
            gain = gains.max(axis=1)
            scores[own] = np.maximum(gain, 0)
            origins[own] = np.where(gain > 0, others.start + gains.argmax(axis=1), -1)
        scores[own] += item.weight * holds[own]
    spans = [(start, end) for start, end in pairwise(first.tolist()) if start < end]
    start, end = max(spans, key=lambda span: (scores[slice(*span)].max(), span), default=(0, 0))
    place = start + int(scores[start:end].argmax()) if spans else -1
    chain = []
    while place >= 0:
        chain.append(place)
        place = int(origins[place])
    chain.reverse()
    own_items = np.searchsorted(first, chain, side="right") - 1
    return Alignment(tuple(found[at] for at in own_items.tolist()), starts[chain], ends[chain])


def _places(item: Item, passage: Reading) -> tuple[Positions, Positions, Numbers]:
    """(starts, ends, how surely each is the item) in the passage."""
    found = {start: (start + length, held) for start, length, held in _occurrences(item, passage)}
    kept = sorted(found.items())[:_MOST_PLACES]
    return (
        np.array([start for start, _ in kept], np.int64),
        np.array([min(end, len(passage.text)) for _, (end, _) in kept], np.int64),
        np.array([held for _, (_, held) in kept]),
    )


def _occurrences(item: Item, passage: Reading) -> Iterator[tuple[int, int, float]]:
    """(start, length, how surely it is the item), the surest last."""
    if item.figure:
        yield from (
            (other.start, other.end - other.start, 1.0) for other in passage.figures if item.figure.agrees(other)
        )
        return
    if item.held >= SURE:
        for held, others in ((PARAPHRASE, paraphrases(item.text)), (SYNONYM, alternatives(item.text))):
            for other in others:
                if len(other) > 1:
                    yield from ((place, len(other), held) for place in occurrences(other, passage.text))
    if item.held >= _LEAST_HELD:
        length = len(item.text) if item.held >= SURE else min(2, len(item.text))
        yield from ((place, length, item.held) for place in item.places.tolist())


COLUMNS = (
    "aligned", "loose", "mean jump", "widest jump", "turns", "sentences", "clauses", "rivals", "worst rival",
    "left over", "longest run", "poorest clause", "last", "pairs",
    "window pairs", *(f"{kind} {side}" for side in ("claimed", "given") for kind in OPERATORS), "each", "each here",
    "each there", "to or by", "turned", "most turned", "negators",
)  # fmt: skip


def compared(claim: Reading, passage: Reading, context: Reading, found: Sequence[Item]) -> Numbers:
    """(len(COLUMNS),) what the alignment says for and against the claim."""
    aligned = align(claim, passage, found)
    touched = np.unique(passage.clause[aligned.starts])
    window = "".join(np.array(list(passage.text))[np.isin(passage.clause[:-1], touched)].tolist())
    return np.array([
        *_layout(claim, passage, context, found, aligned, window), *_forces(claim.text, window, passage.text),
        *_frames(claim, passage, aligned, window), *_polarity(claim, passage, aligned, window),
    ], np.float64)  # fmt: skip


def _layout(
    claim: Reading, passage: Reading, context: Reading, found: Sequence[Item], aligned: Alignment, window: str
) -> list[float]:
    """How much is aligned, how far apart and in what order the places lie, what is left over on either side."""
    total = sum(item.weight for item in found) or 1.0
    placed = {item.start for item in aligned.items}
    loose = sum(item.weight for item in found if item.start not in placed and item.held >= SURE)
    starts, ends = aligned.starts, aligned.ends
    backward = passage.depth[starts[:-1]] - passage.depth[ends[1:]]
    gaps = np.maximum(passage.depth[starts[1:]] - passage.depth[ends[:-1]], backward)
    jumps = 1 - np.exp(-np.maximum(gaps, 0) / _REACH) if len(gaps) else np.zeros(1)
    words = _passage_words(claim, passage)
    rivals = _rivals(aligned, words)
    touched = set(passage.clause[starts].tolist())
    left_over = sum(weight for start, weight, _ in words if int(passage.clause[start]) in touched)
    missing = [
        0.0 if item.start in placed or (item.text in context.text and not item.figure) else item.weight
        for item in found
    ]
    shares: dict[int, list[float]] = {}
    for item, weight in zip(found, missing, strict=True):
        share = shares.setdefault(int(claim.clause[item.start]), [0.0, 0.0])
        share[0] += weight
        share[1] += item.weight
    poorest = max((lacking / whole for lacking, whole in shares.values() if whole), default=0.0)
    pairs = _pairs(claim.text)
    return [
        sum(item.weight * item.held for item in aligned.items) / total, loose / total, float(jumps.mean()),
        float(jumps.max()), float((backward >= 0).sum()) / max(len(starts) - 1, 1),
        float(np.sum(np.diff(_sentences(passage)[starts]) != 0)), float(len(touched)), sum(rivals), max(rivals),
        left_over / total, _heaviest_run(missing), poorest, missing[-1] if missing else 0.0,
        len(pairs & _pairs(passage.text)) / max(len(pairs), 1), len(pairs & _pairs(window)) / max(len(pairs), 1),
    ]  # fmt: skip


def _rivals(aligned: Alignment, words: Sequence[tuple[int, float, str]]) -> list[float]:
    """What stands between every two neighbours that is of the sort of one of them: 8名 between 甲 and 5名."""
    rivals = [0.0]
    for at in range(len(aligned.starts) - 1):
        left, right = min(aligned.ends[at : at + 2]), max(aligned.starts[at : at + 2])
        sorts = {_sort(item) for item in aligned.items[at : at + 2]}
        rivals.append(sum(weight for start, weight, sort in words if left <= start < right and sort in sorts))
    return rivals


def _heaviest_run(weights: Sequence[float]) -> float:
    """The most that weights above 0 in succession sum to."""
    run = heaviest = 0.0
    for weight in weights:
        run = run + weight if weight else 0.0
        heaviest = max(heaviest, run)
    return heaviest


def _forces(claim: str, window: str, passage: str) -> list[float]:
    """Of each kind of operator: only the claim has it (2 where the passage has none), only what it is aligned with."""
    ours, near, anywhere = _operators(claim), _operators(window), _operators(passage)
    claimed = [
        (1.0 + (not there)) * (said and not here) for said, here, there in zip(ours, near, anywhere, strict=True)
    ]
    return [*claimed, *(float(here and not said) for said, here in zip(ours, near, strict=True))]


@lru_cache(maxsize=256)
def _operators(text: str) -> tuple[bool, ...]:
    return tuple(bool(pattern.search(text)) for pattern in OPERATORS.values())


@lru_cache(maxsize=64)
def _sentences(reading: Reading) -> Positions:
    ends = np.array([match.end() for match in re.finditer(r"[。!?;\n]", reading.text)], np.int64)
    return np.searchsorted(ends, np.arange(len(reading.text) + 1), side="right")


@lru_cache(maxsize=256)
def _pairs(text: str) -> frozenset[str]:
    letters = "".join(filter(str.isalnum, text))
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))


def _passage_words(claim: Reading, passage: Reading) -> list[tuple[int, float, str]]:
    """(start, weight, sort) of what the passage says and the claim does not."""
    words = [(word.start, word.weight, _sort(word)) for word in passage.words if word.text not in claim.text]
    figures = [
        (figure.start, 1.0, "figure")
        for figure in passage.figures
        if not any(other.agrees(figure) for other in claim.figures)
    ]
    return words + figures


def _sort(word: Item | Word) -> str:
    if word.tag == "figure":
        return "figure"
    if word.tag in NAMES:
        return "name"
    return "thing" if word.tag[0] in "nj" else "deed"


def _each(text: str) -> set[str]:
    return {_SAME_EACH.get(one := match[1] or match[2], one) for match in _EACH.finditer(text)}


def _frames(claim: Reading, passage: Reading, aligned: Alignment, window: str) -> list[float]:
    """How many 每年, 人均 the passage lacks, the clauses lack, and only they have; 缩短了6分钟 against 缩短到6分钟."""
    ours, near, anywhere = _each(claim.text), _each(window), _each(passage.text)
    changed = 0
    for item, start in zip(aligned.items, aligned.starts.tolist(), strict=True):
        if item.figure:
            said, given = claim.text[max(item.start - 4, 0) : item.start], passage.text[max(start - 4, 0) : start]
            changed += bool((_TO.search(said) and _BY.search(given)) or (_BY.search(said) and _TO.search(given)))
    return [float(len(ours - anywhere)), float(len(ours - near)), float(len(near - ours)), float(changed)]


def denied(reading: Reading, starts: Positions, ends: Positions) -> Numbers:
    """(places,) 1 where what stands there is denied or forbidden: negators act on it an odd number of times."""
    found = [(match.start(), match.end()) for match in _NEGATIVE.finditer(reading.text)]
    result = np.zeros(len(starts))
    for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        acting = sum(
            reading.clause[first] == reading.clause[start]
            and (0 <= start - last <= _SCOPE or 0 <= first - end <= _BEHIND or start <= first < end)
            for first, last in found
        )
        result[at] = acting % 2
    return result


def _polarity(claim: Reading, passage: Reading, aligned: Alignment, window: str) -> list[float]:
    """The share of the aligned words that one side denies, the heaviest of them, and how many more negators one has."""
    negators = float(len(_NEGATIVE.findall(claim.text)) - len(_NEGATIVE.findall(window)))
    if not aligned.items:
        return [0.0, 0.0, negators]
    own = np.array([item.start for item in aligned.items], np.int64)
    ours = denied(claim, own, own + np.array([len(item.text) for item in aligned.items], np.int64))
    weights = np.array([item.weight for item in aligned.items])
    differ = np.abs(ours - denied(passage, aligned.starts, aligned.ends)) * weights
    return [float(differ.sum() / weights.sum()), float(differ.max()), negators]
