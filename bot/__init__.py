"""Jiawen's answering side: `open_bot(".jiawen").ask("…")`."""

import indexer  # noqa: F401  # before numpy: it sets how the libraries' threads wait
from bot.answer import Answerer, open_bot
from bot.types import Answer, AnswerSentence, Citation, Hit, Verdict

__all__ = ["Answer", "AnswerSentence", "Answerer", "Citation", "Hit", "Verdict", "open_bot"]
