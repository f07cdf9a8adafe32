"""A question and its conversation → one question that says all: by rules, or by the model when there is one."""

import re
from collections.abc import Sequence

from bot.config import BotConfig
from bot.lexicon import contrasts
from bot.llm import THOUGHT, Model, ModelError
from bot.message import leans, questions_in, without_courtesies
from bot.prompt import is_chinese, rewrite_prompt
from bot.question import content_words, holds
from indexer.errors import QuestionError
from indexer.text import fold

History = Sequence[tuple[str, str]]  # the earlier (question, answer) pairs of a conversation, oldest first
_LONGEST = BotConfig().longest_question
_TURNS = 3  # a question that leans on one that leans on one: the subject is seldom farther back
_WHAT_OF = re.compile(r"呢[?？]?\s*$")
_YEAR = re.compile(r"\d{4}年")
_OWN_WORDS = 0.2  # share of a rewritten question's words that the conversation need not hold


def in_context(question: str, history: History) -> str:
    """The question with the one before in front where it leans on it, and so on, _TURNS back at most.

    No longer than a question may be: the encoder would not read its end, which is the question itself. A QuestionError
    where a turn is no text.
    """
    for turn in history:
        for part in turn:
            _check_is_text(part)
    searched = first = question
    for asked, _ in reversed(history[-_TURNS:]):
        before = without_courtesies(asked)
        if not leans(first) or len(before) + len(searched) >= _LONGEST:
            break
        first = _with_what_is_asked_instead(before, first)
        searched = f"{first} {searched}"
    return searched


def _with_what_is_asked_instead(before: str, question: str) -> str:
    """2023年女子冠军是谁？ from 2022年女子冠军是谁？ and 2023年呢？, 女子 from 男子 and 女子呢？"""
    if not _WHAT_OF.search(question):
        return before
    for group in contrasts():
        named = [word for word in group if word in question]
        if len(named) == 1 and (len(named[0]) > 1 or named[0] in "男女"):  # 东 is part of names
            for other in group:
                before = before.replace(other, named[0])
    years = set(_YEAR.findall(question))
    return _YEAR.sub(years.pop(), before) if len(years) == 1 else before


def one_by_one(history: History) -> list[History]:
    """The conversation up to each question of its last message, the last one first; each question is a turn of its own.

    Which of several questions the next one leans on, only the passages can tell.
    """
    turns: list[tuple[str, str]] = []
    last = 1
    for message, answer in history:
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
