"""Copies, held to a comparison of every text with every other."""

from hypothesis import example, given
from hypothesis import strategies as st

from indexer.duplicates import copies

PASSAGE = "".join(chr(0x4E00 + number) for number in range(100))  # a hundred different characters: 93 shingles


def by_comparing_all(texts: list[str]) -> dict[int, int]:
    shingles = [{text[at : at + 8] for at in range(len(text) - 7)} for text in texts]
    earliest: dict[int, int] = {}
    for right, there in enumerate(shingles):
        for left, here in enumerate(shingles[:right]):
            shortest = min(len(here), len(there))
            if shortest >= 40 and len(here & there) >= 0.8 * shortest:
                earliest.setdefault(right, earliest.get(left, left))
    return earliest


parts = st.lists(st.sampled_from(["甲", "乙丙丁", PASSAGE[:30], PASSAGE[30:75], PASSAGE]), max_size=4).map("".join)


@given(st.lists(parts, max_size=8))
@example([])
@example([PASSAGE])
@example([PASSAGE, PASSAGE[:47]])
def test_copies_are_those_that_comparing_all_finds(texts: list[str]) -> None:
    assert copies(texts) == by_comparing_all(texts)


def test_a_passage_four_fifths_of_which_is_copied_is_a_copy_and_one_with_less_is_none() -> None:
    other = "".join(chr(0x6000 + number) for number in range(100))
    copied, barely_not = PASSAGE[:83] + other[:17], PASSAGE[:80] + other[:20]  # 76 and 73 of 93 shingles: 0.82, 0.78
    assert copies([PASSAGE, copied]) == {1: 0}
    assert copies([PASSAGE, barely_not]) == {}


def test_a_short_text_is_no_copy() -> None:
    assert copies([PASSAGE[:47], PASSAGE[:47]]) == {1: 0}
    assert copies([PASSAGE[:46], PASSAGE[:46]]) == {}


def test_every_one_of_many_copies_leads_to_the_first() -> None:
    assert copies(["乙" * 100, *[PASSAGE] * 30]) == dict.fromkeys(range(2, 31), 1)
