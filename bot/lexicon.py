"""Words that stand for each other in a question and a document, words that ask nothing, and words that sound alike.

The lists lie in bot/words/: `same.txt` has a group a line, `everyday.txt` groups of one meaning, `generic.txt` the
words of questions whose absence from a document says nothing, `contrasts.txt` words that exclude each other. English
phrases are written with "_". They were written by hand for Jiawen, for no one document.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

from indexer.text import fold

_WORDS = Path(__file__).parent / "words"
_ENGLISH = re.compile(r"[a-z]+(?:[ '][a-z]+)*")
# Of places, persons, organisations and works, as jieba tags them.
NAMES = frozenset(("nr", "ns", "nt", "nz", "nrt", "nrfg"))
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁沈任姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤于方高"
)
_LONGEST_PHRASE = 4  # English words
_ENDINGS = ("", "s", "es", "d", "ed", "ing")
# Sounds that typists and dialects confuse: 讲姐员 for 讲解员, 长成 for 长城, 宗 for 中.
_CONFUSED = str.maketrans({"g": None, "h": None})
_FLAT = re.compile(r"(?<=^[zcs])h|(?<=n)g$")


@cache
def _same() -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    lines = (_WORDS / "same.txt").read_text(encoding="utf-8").splitlines()
    spelt = [tuple(fold(word.replace("_", " ")) for word in line.split()) for line in lines]
    for group in (*spelt, *everyday()):
        for word in group:
            groups[word] = groups.get(word, ()) + tuple(other for other in group if other != word)
    return groups


@cache
def _generic() -> frozenset[str]:
    words = (_WORDS / "generic.txt").read_text(encoding="utf-8").split()
    return frozenset(fold(word.replace("_", " ")) for word in words)


@cache
def contrasts() -> tuple[tuple[str, ...], ...]:
    """Groups of words that exclude each other: 省级 and 市级, 上午 and 下午."""
    return tuple(tuple(line.split()) for line in (_WORDS / "contrasts.txt").read_text(encoding="utf-8").splitlines())


@cache
def everyday() -> tuple[tuple[str, ...], ...]:
    """Groups of words that mean the same and nothing else, those of offices and of everybody: 输液, 挂水."""
    lines = (_WORDS / "everyday.txt").read_text(encoding="utf-8").splitlines()
    return tuple(tuple(map(fold, line.split())) for line in lines)


def alternatives(word: str) -> tuple[str, ...]:
    """Other words for a folded word, in either language; empty where none is known."""
    return _same().get(word, ())


def is_generic(word: str) -> bool:
    """The folded word asks nothing by itself: 请问, 一共, 担任, the."""
    return word in _generic()


def english_phrases(text: str) -> list[str]:
    """The English of a folded text as the longest phrases the lists know, and single words otherwise."""
    phrases = []
    for match in _ENGLISH.finditer(text):
        tokens = match[0].replace("'", " ").split()
        while tokens:
            for length in range(min(_LONGEST_PHRASE, len(tokens)), 0, -1):
                phrase = " ".join(tokens[:length])
                stems = [phrase.removesuffix(ending) for ending in _ENDINGS if phrase.endswith(ending)]
                known = next((stem for stem in stems if stem in _same() or stem in _generic()), None)
                if known or length == 1:
                    phrases.append(known or phrase)
                    tokens = tokens[length:]
                    break
    return phrases


def with_chinese(question: str) -> str:
    """The question with the Chinese for its English words behind it, for the lexical side; otherwise unchanged."""
    found = []
    for phrase in english_phrases(fold(question)):
        if not is_generic(phrase):
            found.extend(next(([word] for word in alternatives(phrase) if not word.isascii()), []))
    return " ".join([question, *found])


@lru_cache(maxsize=65_536)
def sound(text: str) -> str:
    """The text a syllable a character, without tones, g and h, blanks around each: a search key for homophones."""
    return " " + " ".join(_syllable(character).translate(_CONFUSED) for character in text) + " "


def spoken(text: str) -> str:
    """The same more strictly: zh, ch, sh are as z, c, s, and a final ng as n, but 何 is not 葛."""
    return " ".join(_FLAT.sub("", _syllable(character)) for character in text)


@cache
def _syllable(character: str) -> str:
    import unicodedata

    from pypinyin.constants import PINYIN_DICT  # 0.1 s

    readings = PINYIN_DICT.get(ord(character))
    if not readings:
        return character
    first = unicodedata.normalize("NFD", readings.split(",")[0])
    return "".join(letter for letter in first if "a" <= letter <= "z")
