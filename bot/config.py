"""Settings of answering. The only module of this package that reads or writes the environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BotConfig:
    """Every number that decides an answer, with where it comes from."""

    longest_question: int = 500  # characters, and so within the encoder's 512 tokens: nothing is left unread
    candidate_sentences: int = 200  # nearest sentences whose chunks are considered
    candidate_chunks: int = 50  # best lexical chunks considered beside them
    hits: int = 5
    # score = cosine of the nearest sentence + weight × coverage. On the CMRC 2018 trial questions (1,002 over 256
    # paragraphs) recall@1 is 0.974 at 0, 0.986 at 0.1, 0.987 at 0.2, 0.988 at 0.3, 0.987 at 0.5.
    coverage_weight: float = 0.2
    sentences: int = 3  # in one answer, at most
    sentence_margin: float = 0.02  # a further sentence must score within this of the best
    # confidence = logistic(intercept + similarity_weight × cosine + presence_weight × share of the question's terms)
    intercept: float = -28.5
    similarity_weight: float = 30.0
    presence_weight: float = 8.0
    refuse_below: float = 0.5


def silence_telemetry() -> None:
    """Keeps Gradio and the hub client from calling home; must run before either is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
