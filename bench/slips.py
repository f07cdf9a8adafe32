"""Wrong copies that pass for supported, with bot/copied.py and without: `.venv/bin/python bench/slips.py SQUAD.json`.

A sentence of each paragraph is copied with a word exchanged for another of its kind, from the same paragraph (near) or
from anywhere (far), with two nouns in each other's place, or with a negation put in. 300 of each kind at most.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import rjieba

from bot.verify import Passage, verify
from eval.cases import read_squad
from indexer.text import sentence_spans, simplify

Words = list[tuple[str, str]]  # each with its part of speech
MOST = 300
KINDS = {"n": "noun", "v": "verb", "a": "adjective"}


def changed(paragraphs: list[str]) -> Iterator[tuple[str, str, str]]:
    """(what was done, the changed sentence, its paragraph); the same ones at every call."""
    chance = random.Random(0)
    tagged = [(paragraph, rjieba.tag(paragraph)) for paragraph in paragraphs]
    everywhere = [one for _, tags in tagged for one in tags]
    for paragraph, tags in tagged:
        sentences = [paragraph[slice(*span)].strip() for span in sentence_spans(paragraph)]
        sentences = [sentence for sentence in sentences if 15 <= len(sentence) <= 80]
        if sentences:
            own = rjieba.tag(chance.choice(sentences))
            for kind, claim in [*exchanges(own, tags, everywhere, chance), *turns(own, chance)]:
                yield kind, claim, paragraph


def exchanges(own: Words, near: Words, far: Words, chance: random.Random) -> Iterator[tuple[str, str]]:
    """(what was done, the sentence with a word exchanged), of each kind from near and far."""
    for kind, name in KINDS.items():
        places = [at for at, (word, tag) in enumerate(own) if tag == kind and len(word) > 1]
        for where, pool in (("near", near), ("far", chance.sample(far, 1000))) if places else ():
            at = chance.choice(places)
            others = [word for word, tag in pool if tag == kind and len(word) > 1 and not set(word) & set(own[at][0])]
            if others:
                yield f"another {name}, {where}", joined(own[:at], [(chance.choice(others), kind)], own[at + 1 :])


def turns(own: Words, chance: random.Random) -> Iterator[tuple[str, str]]:
    """(what was done, the sentence with two nouns in each other's place), and the same with a negation put in."""
    nouns = [at for at, (word, tag) in enumerate(own) if tag in ("n", "nr", "ns", "nt") and len(word) > 1]
    one, two = sorted(chance.sample(nouns, 2)) if len(nouns) > 1 else (0, 0)
    if own[one] != own[two] and two - one > 2:
        yield "two nouns exchanged", joined(own[:one], [own[two]], own[one + 1 : two], [own[one]], own[two + 1 :])
    verbs = [at for at, (word, tag) in enumerate(own) if tag == "v" and len(word) > 1]
    if verbs:
        at = chance.choice(verbs)
        yield "a negation put in", joined(own[:at], [("没有", "v")], own[at:])


def joined(*parts: Words) -> str:
    """The text of tagged words."""
    return "".join(word for part in parts for word, _ in part)


def main() -> None:
    """Prints, per kind, how many pass with the rules and without them."""
    paragraphs = list(dict.fromkeys(simplify(document.text) for document in read_squad(Path(sys.argv[1]))[0]))
    counts, passed, before = Counter[str](), Counter[str](), Counter[str]()
    for kind, claim, paragraph in changed(paragraphs):
        if counts[kind] == MOST:
            continue
        counts[kind] += 1
        passed[kind] += verify(claim, [Passage(paragraph)]).supported
        with patch("bot.verify.slip", return_value=""):
            before[kind] += verify(claim, [Passage(paragraph)]).supported
    for kind, count in sorted(counts.items()):
        print(f"{kind:25} {count:4}  pass {passed[kind]:4}, without the rules {before[kind]:4}")


if __name__ == "__main__":
    main()
