"""What a language model is asked: instructions from prompts/*.md, and the passages and the question as data."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "prompts"
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z]")
NOT_SAID = ("资料中没有提到", "The material does not say")
# What could pass for the frame around passages and question is written with other brackets.
_FRAME = re.compile(r"<(?=/?(?:material|question|conversation)\b)|\[(?=\d{1,3}\])", re.IGNORECASE)


def is_chinese(text: str) -> bool:
    """It holds a Chinese character, or no letter at all (？？？, 2024): such a question is answered in Chinese."""
    return bool(_HAN.search(text)) or not any(map(str.isalpha, text))


def asks_in_chinese(question: str) -> bool:
    """Unless it has more than four Latin letters for each Chinese character: How many 讲解员 did the city train?"""
    return is_chinese(question) and len(_LATIN.findall(question)) <= 4 * len(_HAN.findall(question))


@cache
def instructions(name: str) -> str:
    """The text of prompts/<name>.md."""
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8")


def answer_prompt(question: str, passages: Sequence[tuple[str, str]], chinese: bool) -> tuple[str, str]:
    """(instructions, passages and question) for an answer in Chinese or English.

    A passage is (what stands over it, its text).
    """
    numbered = [
        f"[{number}] {_as_data(' › '.join(over.split(chr(10))))}\n{_as_data(text.strip())}"
        for number, (over, text) in enumerate(passages, 1)
    ]
    material = "\n\n".join(numbered)
    asked = f"<material>\n{material}\n</material>\n\n<question>\n{_as_data(question)}\n</question>"
    return instructions("chinese" if chinese else "english"), asked


def rewrite_prompt(question: str, history: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """(instructions, conversation) for a question that can be understood alone."""
    turns = "\n".join(f"问：{_as_data(asked)}\n答：{_as_data(answered)}" for asked, answered in history)
    return instructions("rewrite"), f"<conversation>\n{turns}\n问：{_as_data(question)}\n</conversation>"


def _as_data(text: str) -> str:
    return _FRAME.sub(lambda match: "〈" if match[0] == "<" else "〔", text)
