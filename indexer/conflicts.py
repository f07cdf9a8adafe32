"""Clauses of two documents that say the same of the same thing, but with another number."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from indexer.quantity import Quantity, quantities
from indexer.text import Span, fold, sentence_spans
from indexer.types import Document

_CLAUSE = re.compile(r"(?:[^，,；;]|(?<=\d)[，,](?=\d))+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_EMPTY_WORDS = frozenset("的了在是为有共现达到已计")  # 现有中小学26所, 中小学共有26所
_MEASURES = frozenset("平立方公里分厘毫米顷亩吨斤千克元角度升次年天时")
_NAMED = 5  # characters besides the measure from which a clause names what it counts: 全市中小学26所
_LONGEST = 500  # characters; nobody says so much of one number, and the work grows with the square
_DATES = frozenset("月日号")  # another day is another event
_VAGUE = frozenset("余多来几")
_MANY = 3  # numbers beyond which a clause is a common phrase: 本期培训学员40人
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# Towns, counties and provinces by their last two characters: 嘉峪关市 → 峪关市.
_PLACE = re.compile(r"(?:(?![全我本各该这那此城都])[\u4e00-\u9fff]){2}[市县省州]")


@dataclass(frozen=True, slots=True)
class Claim:
    """A number in a clause of a document."""

    document: Document
    span: Span  # of the clause
    quantity: Quantity


def conflicts(documents: Sequence[Document]) -> Iterator[tuple[Claim, Claim]]:
    """(earlier claim, claim with another number) for clauses alike in their words, each number once.

    Alike: the same characters in any order, empty words apart, in the clause and in the first clause of its sentence,
    which names what it is about; the same unit and the same other numbers. Documents that name no town in common
    speak of different towns; those in whose titles no year is the same, of different years.
    """
    alike: defaultdict[tuple[str, ...], list[Claim]] = defaultdict(list)
    for document in documents:
        for frame, claim in _claims(document):
            alike[frame].append(claim)
    for claims in alike.values():
        values = {claim.quantity.value for claim in claims}
        given = {(claim.document.id, claim.quantity.value) for claim in claims}
        if len(values) > _MANY or len(given) > len({claim.document.id for claim in claims}):
            continue  # a document that gives two numbers speaks of two things
        first = claims[0]
        for claim in claims[1:]:
            number = claim.quantity.value
            if number in values and not (_rounded(first.quantity, claim.quantity) or _apart(first, claim)):
                values.remove(number)
                yield first, claim


def _claims(document: Document) -> Iterator[tuple[tuple[str, ...], Claim]]:
    """Numbers with a unit, by what their clause says besides."""
    for start, end in sentence_spans(document.text):
        subject = ""
        for match in _CLAUSE.finditer(document.text, start, end):
            if len(match[0]) > _LONGEST:
                break
            text = _THOUSANDS.sub("", fold(match[0]))
            for quantity in quantities(text):
                before, after = text[: quantity.start], text[quantity.start + len(quantity.written) :]
                words = _content(subject + before + after)
                if _comparable(quantity) and len(words) >= _NAMED:
                    vague = "".join(sorted(_VAGUE & set(quantity.written)))
                    numbers = re.findall(r"\d+", f"{before} {after}")
                    frame = (quantity.unit, vague, "".join(sorted(words)), *numbers)
                    yield frame, Claim(document, match.span(), quantity)
            subject = subject or text


def _content(text: str) -> list[str]:
    return [one for one in text if one.isalpha() and one not in _EMPTY_WORDS and one not in _MEASURES]


def _comparable(quantity: Quantity) -> bool:
    """It counts or measures, and is neither a date nor a rank."""
    dated = quantity.unit in _DATES or (quantity.unit == "年" and quantity.value > 1000)
    return bool(quantity.unit) and not (quantity.ordinal or dated)


def _rounded(first: Quantity, second: Quantity) -> bool:
    """The same number, or one is the other rounded: 1.3万 and 12960."""
    step = max(_grain(first), _grain(second))
    return first.value == second.value or abs(first.value - second.value) <= step / 2


def _grain(quantity: Quantity) -> float:
    """The last digit's worth: 0.1万 for 1.3万; 0 for Chinese numerals."""
    written = re.match(r"(\d+)\.?(\d*)", quantity.written)
    if not written or not float(written[0]):
        return 0.0
    return quantity.value / float(written[0]) * float(f"1e-{len(written[2])}")


def _apart(first: Claim, second: Claim) -> bool:
    """Each document names towns, or its title years, and none in common: notices of 2023 and 2024."""
    named = [(_towns(one.document), frozenset(_YEAR.findall(fold(one.document.title)))) for one in (first, second)]
    return any(one and other and not one & other for one, other in zip(*named, strict=True))


@lru_cache(maxsize=1024)
def _towns(document: Document) -> frozenset[str]:
    return frozenset(_PLACE.findall(fold(f"{document.title} {document.text}")))
