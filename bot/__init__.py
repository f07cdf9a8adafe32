"""Jiawen's answering side: `open_bot(".jiawen").ask("…")`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import indexer  # noqa: F401  # before numpy: it sets how the libraries' threads wait

if TYPE_CHECKING:
    from bot.answer import Answerer, open_bot
    from bot.types import Answer, AnswerSentence, Citation, Hit, Verdict

__all__ = ["Answer", "AnswerSentence", "Answerer", "Citation", "Hit", "Verdict", "open_bot"]


def __getattr__(name: str) -> Any:
    # Only when one is used: it takes half a second, in which Ctrl-C would give the command line a traceback.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("bot.answer"), name)
