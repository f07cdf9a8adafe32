"""Does a passage carry what a sentence claims? A few rules and a forest of decision trees; no second language model.

Words taken over as they are decide at once, and so do a figure or a quoted title that the passage does not have, and a
clause taken over but for what denies it. All else is weighed: which of the claim's words the passage lacks, whether
what it puts together stands together there (bot/binding.py), how the two lie beside each other (bot/alignment.py),
opposites and negations (bot/conflicts.py), and what a small network makes of the tokens of both (bot/matching.py);
cosines of sentence vectors added nothing to that. Of an English claim, whose words the passage has in Chinese, only
names, figures and a cosine can be held to it.
The forest is in verify.npz, fitted by `jiawen eval claims --fit`: plain arrays, nothing pickled.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from bot import alignment
from bot.binding import crossed_and_parted, misplaced
from bot.conflicts import (
    conflict,
    contrasted,
    disowned,
    excluded,
    is_verbatim,
    missing_english_names,
    missing_names,
    mistaken_names,
    unheld,
    wrong_figures,
    wrong_negations,
)
from bot.copied import slip
from bot.figures import written_alike
from bot.head import Forest, forest_from
from bot.matching import load_matcher, passage_read, states_of_query
from bot.parallel import crossed_over
from bot.reading import Item, Numbers, Reading, items, read
from bot.rows import mixed, told
from indexer.embed import read_query, token_reader
from indexer.table import Rows, as_read, tables_in
from indexer.text import sentence_spans, simplify, substituted

FOREST = Path(__file__).parent / "verify.npz"
LONGEST_CLAIM = 500  # characters: a longer sentence would be cut by the encoder, so nobody can say what it means
LONGEST_PASSAGE = 4000  # characters that are looked at; the index makes passages of 600 at most
EVEN = 0.5  # chance from which a claim counts as carried
_RULED_OUT = 0.4  # score of what a rule alone decides, where all its words stand there: for the likest passage's reason
# Of 358 pairs, most of practice sets, with 不是X，而是Y or 是Y，不是X this mends 19 and spoils 6; 0.5 mends 16 and
# spoils 5.
_CONTRAST = 0.4  # by which what such a claim says is likelier than what it denies
# Cosine with the nearest sentence of a passage from which an English claim may be carried; an unrelated one has 0.78.
_NEAR = 0.785
# Score from which a claim that a long passage as a whole does not carry is carried by its likest sentence and its
# likest two, each alone.
_SURELY = 0.65
_WINDOW = 3  # clauses of a passage that a claim may be gathered from
NOTHING = "文中没有这个意思 | not in the passage"
APART = "文中不是这样搭配的 | put together otherwise in the passage"
TOO_LONG = "句子太长，无法核对 | too long to be checked"
EMPTY = "没有可以核对的内容 | nothing to check"
UNCITED = "没有可以引用的段落 | no passage to cite"
ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:[a-z0-9-]+\.)+(?:cn|com|net|org|gov|edu|io)\b",
    re.ASCII | re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[，；;。]|,(?!\d)")

COLUMNS = (
    "coverage", "missing", "second missing", "missing nouns",
    "missing others", "missing names", "crossed", "parted", "misplaced", "unsure figures", "figures", "english",
    "english names", "opposites", "mistaken names", "matched", "denied by the claim", "denied by the passage",
    *alignment.COLUMNS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """What a claim may cite, and words said around it.

    `context` has what a reader of the passage knows, such as title, headings and date: a name or year may stand there.
    `tables` has the rows of the passage's tables, which its text gives as sentences.
    """

    text: str
    context: str = ""
    tables: tuple[Rows, ...] = ()


def passage_of(text: str) -> Passage:
    """The text as a passage, the rows of its tables as they are read."""
    spans = sentence_spans(text)
    return Passage(substituted(text, {span: as_read(text, *span) for span in spans}), tables=tables_in(text, spans))


@dataclass(frozen=True, slots=True)
class Support:
    """The verdict about a claim.

    `passage` is the place of the passage that carries it best, None where there is none; `reason` says what does not
    agree, Chinese | English, and is empty where supported; `mended` says that another passage than those cited
    carries the claim. `carriers` are the places to be cited for it: of those cited all that carry it, or a clause of
    it where none does alone; else `passage`.
    """

    supported: bool
    passage: int | None
    reason: str
    score: float  # 0 to 1; supported from 0.5
    mended: bool = False
    carriers: tuple[int, ...] = field(default=(), compare=False)


def verify(claim: str, passages: Sequence[Passage], cited: Sequence[int] = ()) -> Support:
    """Whether one of the passages cited, or all of them together, carry the claim; where none is cited, all are asked.

    `cited` are places in `passages`. Where those cited do not carry the claim and another one does, that is `passage`,
    and `mended` is set; where none does, the reason is that of the passages cited.
    """
    asked = cited or range(len(passages))
    support = _verified(claim, passages, asked)
    if support.supported:
        best_alone = tuple(place for place in (support.passage,) if place is not None)
        return support if cited else replace(support, carriers=best_alone)
    others = [_single(claim, passages, place) for place in range(len(passages)) if place not in asked]
    best = max(others, key=lambda other: other.score, default=support)
    if best.supported:
        return replace(best, mended=True)
    return support


def _verified(claim: str, passages: Sequence[Passage], asked: Sequence[int]) -> Support:
    """Passages carry a claim together where each of its clauses is carried by one: joined, any name has any deed."""
    each = [_single(claim, passages, place) for place in asked]
    if not each:
        return Support(False, None, UNCITED, 0.0)
    best = max(each, key=lambda support: support.score)
    if best.supported:
        return replace(best, carriers=tuple(place for one in each for place in one.carriers))
    if len(each) == 1:
        return best
    chosen = [passages[support.passage] for support in each if support.passage is not None]
    together = Passage(
        "\n".join(passage.text for passage in chosen),
        "\n".join(passage.context for passage in chosen),
        tuple(rows for passage in chosen for rows in passage.tables),
    )
    joint = _single(claim, [together], 0)
    if not joint.supported:
        return best
    parts = [[_single(own, passages, place) for place in asked] for own in _CLAUSE_END.split(claim)]
    if not all(any(one.supported or one.reason == EMPTY for one in own) for own in parts):
        return best
    carriers = {place for own in parts for one in own for place in one.carriers}
    return replace(joint, passage=best.passage, carriers=tuple(place for place in asked if place in carriers))


def _single(claim: str, passages: Sequence[Passage], place: int) -> Support:
    """Whether the passage carries the claim, or the cells that it is about, of the passage's tables, do alone."""
    passage = passages[place]
    support = _held_to(passage, claim, place)
    cells = "" if support.supported else told(read(claim), passage.tables)
    by_cells = _held_to(replace(passage, text=cells), claim, place) if cells else support
    if by_cells.supported:
        return by_cells
    unlike = support.reason in {NOTHING, APART} and not read(claim).english  # and no rule speaks against it
    return _near(passage, claim, place, support) if unlike else support


def _near(passage: Passage, claim: str, place: int, support: Support) -> Support:
    """Carried too where the likest sentence and the likest two, each alone, carry it surely: a long text distracts."""
    text = passage.text[:LONGEST_PASSAGE]
    spans = sentence_spans(text)
    for count in (1, 2):
        if len(spans) <= count:
            return support
        parts = [text[spans[at][0] : spans[at + count - 1][1]] for at in range(len(spans) - count + 1)]
        likest = max(parts, key=lambda part: (weight_held(claim, part), -len(part)))
        alone = _held_to(replace(passage, text=likest), claim, place)
        if alone.score < _SURELY:
            return support
    return alone


def _held_to(passage: Passage, claim: str, place: int) -> Support:
    """The verdict about the claim; 不是X，而是Y stands where Y does and not X, and falls where X does and not Y."""
    support = _worded(passage, claim, place)
    parts = contrasted(claim)
    if not parts:
        return support
    said, denied = (_worded(passage, part, place) for part in parts)
    stands = said.supported and said.score - denied.score > _CONTRAST
    return said if stands or (said.score < _RULED_OUT and denied.supported) else support


def _worded(passage: Passage, claim: str, place: int) -> Support:
    """The verdict about the claim as it is or, where that is not carried, with figures as the passage writes them."""
    support, said = _weighed(passage, claim, place), read(claim)
    if support.supported or said.english:
        return support
    alike = written_alike(said.text, read(passage.text[:LONGEST_PASSAGE]).figures)
    again = support if alike == said.text else _weighed(passage, alike, place)
    return again if again.supported else support


def _weighed(passage: Passage, claim: str, place: int) -> Support:
    if len(claim) > LONGEST_CLAIM:
        return Support(False, place, TOO_LONG, 0.0)
    claimed, given = read(claim), read(passage.text[:LONGEST_PASSAGE])
    around = read(passage.context[:LONGEST_PASSAGE])
    found = items(claimed, given)
    if not found and not claimed.english:
        return Support(False, place, EMPTY, 0.0)
    if reason := unheld(claimed, given, around):  # first: letter for letter 24 stands in 2.4
        return Support(False, place, reason, _RULED_OUT * _coverage(given, found))
    for address in ADDRESS.findall(claim):
        if address not in passage.text:
            return Support(False, place, f"文中没有“{address}” | “{address}” is not in the passage", 0.0)
    if reason := contradicted(claimed, given, found) or mixed(claimed, given, passage.tables):
        return Support(False, place, reason, _RULED_OUT * _coverage(given, found))
    if is_verbatim(claimed, given):
        return Support(True, place, "", 1.0, carriers=(place,))
    if not claimed.english and not any(item.held for item in found):
        return Support(False, place, NOTHING, 0.0)  # however near the meaning, no word of it stands there
    if claimed.english and given.text.strip() and _nearness(claim, passage.text[:LONGEST_PASSAGE]) < _NEAR:
        return Support(False, place, NOTHING, 0.0)
    matcher = load_matcher()
    text = _as_told(passage, claimed, given, around)
    matched = matcher.matched(matcher.claim(states_of_query(claim)), passage_read(matcher, text))
    row = evidence(claim, claimed, given, around, found, matched)
    score = _fitted()(row)
    reason = "" if score >= EVEN else _why(row, claimed, given, around, found)
    return Support(not reason, place, reason, score, carriers=() if reason else (place,))


def contradicted(claim: Reading, passage: Reading, found: Sequence[Item]) -> str:
    """What besides figures and titles rules the claim out, Chinese | English; or empty."""
    return slip(claim, passage) or crossed_over(claim, passage) or disowned(claim, passage, found)


def _as_told(passage: Passage, claim: Reading, given: Reading, around: Reading) -> str:
    """The passage's text, behind its context where the claim has a name or year that stands only there."""
    text = passage.text[:LONGEST_PASSAGE]
    said = [word.text for word in around.words] + [figure.written for figure in around.figures]
    if any(one in claim.text and one not in given.text for one in said):
        return f"{passage.context[:LONGEST_PASSAGE]}\n{text}"
    return text


def _nearness(claim: str, passage: str) -> float:
    """Cosine of the claim and the nearest sentence of the passage, which has one at least."""
    return float((_vectors_of_sentences(passage) @ read_query(claim)[1]).max())


@lru_cache(maxsize=64)
def _vectors_of_sentences(passage: str) -> Numbers:
    """(sentences, hidden) of a passage; kept, since an answer has several claims."""
    texts = [simplify(passage[slice(*span)]) for span in sentence_spans(passage)]
    return token_reader().vectors("passage", texts).astype(np.float64)


def evidence(
    written: str, claim: Reading, passage: Reading, context: Reading, found: Sequence[Item], matched: float
) -> Numbers:
    """(len(COLUMNS),) what speaks for and against the claim.

    `matched` is the log-odds of the network of bot/matching.py, which was not taught English.
    """
    lacking = sorted((item.weight * (1 - _held(item, context)) for item in found), reverse=True)
    nouns = sum(
        item.weight * (1 - _held(item, context)) for item in found if item.tag[0] in "njlie" and not item.figure
    )
    crossed, parted = crossed_and_parted(claim, passage, found)
    unsure = len(list(wrong_figures(claim, passage, context)))  # rules decide about all others
    names = missing_names(claim, passage, context, found)
    english = missing_english_names(written, passage) if claim.english else []
    denials = [denied for _, denied in wrong_negations(claim, passage, found)]
    return np.array([
        _coverage(passage, found), *[*lacking, 0.0, 0.0][:2], nouns, sum(lacking) - nouns, min(len(names), 2),
        crossed, parted, misplaced(claim, passage, found), unsure, min(len(claim.figures), 3), claim.english,
        len(english), len(list(excluded(claim, passage))), len(list(mistaken_names(names, passage))),
        0.0 if claim.english else matched,
        denials.count(True), denials.count(False), *alignment.compared(claim, passage, context, found),
    ], np.float64)  # fmt: skip


def weight_held(claim: str, passage: str) -> float:
    """The weight of the claim's words that the passage holds."""
    return sum(item.weight * item.held for item in items(read(claim), read(passage)))


def _held(item: Item, context: Reading) -> float:
    return 1.0 if item.held < 1 and item.text in context.text and not item.figure else item.held


def _coverage(passage: Reading, found: Sequence[Item]) -> float:
    """The share of the claim's weight that the best three clauses of the passage hold; 1 for a claim without words."""
    weights = np.array([item.weight for item in found])
    if not len(weights):
        return 1.0
    held = np.zeros((len(found), int(passage.clause[-1]) + _WINDOW))
    for row, item in enumerate(found):
        np.maximum.at(held[row], passage.clause[item.places], item.held)
    windows = np.lib.stride_tricks.sliding_window_view(held, _WINDOW, axis=1).max(axis=2)
    return float((weights @ windows).max() / weights.sum())


def _why(row: Numbers, claim: Reading, passage: Reading, context: Reading, found: Sequence[Item]) -> str:
    if reason := conflict(claim, passage, context, found):
        return reason
    if names := missing_names(claim, passage, context, found):
        return f"文中没有“{names[0]}” | “{names[0]}” is not in the passage"
    values = dict(zip(COLUMNS, row.tolist(), strict=True))
    if max(values["crossed"], values["parted"], values["misplaced"]) > 0.4:
        return APART
    lacking = max(found, key=lambda item: item.weight * (1 - _held(item, context)), default=None)
    if lacking and lacking.held < 0.5 and lacking.text not in context.text:
        return f"文中没有“{lacking.text}” | “{lacking.text}” is not in the passage"
    return NOTHING


@cache
def _fitted() -> Forest:
    with np.load(FOREST, allow_pickle=False) as stored:
        if tuple(stored["columns"].tolist()) != COLUMNS:
            raise ValueError(f"{FOREST} was fitted for other columns: run `jiawen eval claims --fit`")
        return forest_from(stored, "forest")
