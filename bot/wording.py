"""A question in the words of the knowledge base: 看牙 is asked for as 口腔科 where no passage has the former.

Embeddings know few such pairs. Whether the question is nearer to the knowledge base for it is for the caller to see.
"""

from collections.abc import Iterator

from bot.lexicon import everyday
from indexer.lexical import LexicalIndex, terms


def own_words(lexical: LexicalIndex, question: str) -> Iterator[tuple[str, str]]:
    """(a word of the question that no passage holds, the one of its meaning that most hold), longest first."""
    found = [(word, group) for group in everyday() for word in group if word in question and not lexical.holds(word)]
    for word, group in sorted(found, key=lambda pair: -len(pair[0])):
        if others := [other for other in group if lexical.holds(other)]:
            yield word, min(others, key=lambda other: max(map(lexical.rarity, terms(other))))
