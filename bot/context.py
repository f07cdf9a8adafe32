"""A question and its conversation → one question that says all: by rules, or by the model when there is one."""

import re
from collections.abc import Sequence

from bot.config import BotConfig
from bot.lexicon import contrasts
from bot.llm import THOUGHT, Model, ModelError
from bot.message import SOUGHT, asks_nothing, leans, questions_in, without_courtesies
from bot.prompt import is_chinese, rewrite_prompt
from bot.question import NOUNS, content_words, holds, tagged_words
from indexer.errors import QuestionError
from indexer.text import Span, fold

History = Sequence[tuple[str, str]]  # the earlier (question, answer) pairs of a conversation, oldest first
_LONGEST = BotConfig().longest_question
_TURNS = 3  # a question that leans on one that leans on one: the subject is seldom farther back
_WHAT_OF = re.compile(r"呢[?？]?\s*$")
# What is asked of instead: 那|太极拳班|呢？ 它的|地址|呢？
_INSTEAD = re.compile(
    r"(?:那么?|还有|另外)*[,，]?(?:[它他她其]们?的)?(?P<thing>(?![这那该个位些种次场支所])\w{2,12})呢[?？]?\s*"
)
_ORDINAL = re.compile(r"第[一二三四五六七八九十百\d]+\w")
_NAMED = NOUNS | {"t", "b", "f", "s", "m"}  # times, and what stands in front of names: 国庆节, 男子, 城北, 3
_ASKS = re.compile("[几哪]|多少")
_YEAR = re.compile(r"\d{4}年")
_OWN_WORDS = 0.2  # share of a rewritten question's words that the conversation need not hold


def in_context(question: str, history: History) -> str:
    """The question with the one before in front where it leans on it, and so on, _TURNS back at most.

    Where it only asks for something instead, the one before with that in its place.
    No longer than a question may be: the encoder would not read its end, which is the question itself. A QuestionError
    where a turn is no text.
    """
    for turn in history:
        for part in turn:
            _check_is_text(part)
    chain = [question]
    asked_before = [asked for asked, _ in history if not asks_nothing(asked)]  # 谢谢！ is no subject
    for asked in reversed(asked_before[-_TURNS:]):
        before = without_courtesies(asked)
        if not leans(chain[0]) or len(before) + sum(map(len, chain)) + len(chain) > _LONGEST:
            break
        chain.insert(0, before)
    searched = chain[0]
    for follow_up in chain[1:]:
        instead = _with_what_is_asked_instead(searched, follow_up)
        searched = instead if instead != searched else f"{searched} {follow_up}"
    return searched


def _with_what_is_asked_instead(before: str, question: str) -> str:
    """2023年女子冠军是谁？ from 2022年女子冠军是谁？ and 2023年呢？, 女子 from 男子 and 女子呢？

    So 太极拳班的老师是谁？ from 书法班的老师是谁？ and 太极拳班呢？, 城北馆的地址？ from 城北馆的电话？ and 地址呢？
    """
    if not _WHAT_OF.search(question):
        return before
    for group in contrasts():
        named = [word for word in group if word in question]
        if len(named) == 1 and (len(named[0]) > 1 or named[0] in "男女"):  # 东 is part of names
            for other in group:
                before = before.replace(other, named[0])
    years = set(_YEAR.findall(question))
    if len(years) == 1:
        return _YEAR.sub(years.pop(), before)
    instead = _INSTEAD.fullmatch(question.strip())
    return _with_thing(before, instead["thing"]) if instead and instead["thing"] not in before else before


def _with_thing(before: str, thing: str) -> str:
    """The question with the thing in the place of the one that is of its kind: sought too, or with the same end."""
    if SOUGHT.search(thing):
        found = [match.span() for match in SOUGHT.finditer(before)] if "的" not in thing else []
    elif _ORDINAL.fullmatch(thing):
        found = [match.span() for match in _ORDINAL.finditer(before) if match[0][-1] == thing[-1]]
    else:
        found = _of_the_same_end(before, thing)
    if len(found) != 1:
        return before
    start, end = found[0]
    return before[:start] + thing + before[end:]


def _of_the_same_end(before: str, thing: str) -> list[Span]:
    """The nouns that end as the thing does, each with as much of what stands in front as makes it most like as long."""
    found: list[Span] = []
    begins: list[int] = []  # of the words of the name that ends here
    end = 0
    for word, tag in tagged_words(before):
        begins = [*begins, end] if tag in _NAMED and not _ASKS.match(word) else []
        end += len(word)
        if begins and tag in NOUNS | {"t"} and word[-1] == thing[-1]:
            found.append((min(begins[::-1], key=lambda start: abs(end - start - len(thing))), end))
    return found


def one_by_one(history: History) -> list[History]:
    """The conversation up to each question of its last message, the last one first; each question is a turn of its own.

    Which of several questions the next one leans on, only the passages can tell.
    """
    turns: list[tuple[str, str]] = []
    last = 1
    for message, answer in history:
        if asks_nothing(message):
            continue
        parts = questions_in(message)
        last = len(parts) or 1
        turns += [(part.strip(), answer) for part in parts]
    return [turns[: len(turns) - later] for later in range(last)]


def rewritten(model: Model, question: str, history: History, config: BotConfig) -> str:
    """The question made self-contained by the model; empty where it fails, or brings words of its own."""
    seconds = min(config.rewrite_seconds, config.answer_seconds / 2)  # the answer, too, is to be written in time
    try:
        text = "".join(model.stream(*rewrite_prompt(question, history), seconds)).rpartition(THOUGHT)[2].strip()
    except ModelError:
        return ""
    conversation = fold(" ".join([question, *(part for turn in history for part in turn)]))
    words = [word for word, tag in content_words(fold(text)) if tag != "generic"]
    own = sum(holds(conversation, word) < 1 for word in words)
    fits = text and "\n" not in text and len(text) <= config.longest_question and own <= _OWN_WORDS * len(words)
    return text if fits and is_chinese(text) == is_chinese(question) else ""


def check_question(question: str, config: BotConfig) -> str:
    """The question without white space at its ends; empty and over-long ones are refused."""
    _check_is_text(question)
    stripped = question.strip()
    if not stripped:
        raise QuestionError("问题是空的；请写下您的问题", "the question is empty: write one")
    if len(stripped) > config.longest_question:
        raise QuestionError(
            f"问题有 {len(stripped)} 字，最多 {config.longest_question} 字；请缩短",
            f"the question has {len(stripped)} characters, at most {config.longest_question} are read: shorten it",
        )
    return stripped


def _check_is_text(text: str) -> None:
    """A QuestionError where it holds half a surrogate pair, which no encoder reads."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise QuestionError(
            "问题里有无法识别的字符；请用 UTF-8 编码",
            "the question holds characters that are not text: send it as UTF-8",
        ) from None
