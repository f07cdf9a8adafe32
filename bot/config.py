"""Settings of answering. The only module of this package that reads or writes the environment."""

import os
import re
from dataclasses import dataclass

from indexer.errors import SettingError


@dataclass(frozen=True, slots=True)
class BotConfig:
    """How an Answerer answers, each number with where it comes from; others stand where they are reckoned with."""

    longest_question: int = 500  # characters, and so within the encoder's 512 tokens: nothing is left unread
    candidate_sentences: int = 200  # nearest sentences whose chunks are considered
    candidate_chunks: int = 50  # best lexical chunks considered beside them
    hits: int = 5
    # score = cosine of the nearest sentence + weight × coverage. On the CMRC 2018 trial questions (1,002 over 256
    # paragraphs) recall@1 is 0.974 at 0, 0.986 at 0.1, 0.987 at 0.2, 0.988 at 0.3, 0.987 at 0.5.
    coverage_weight: float = 0.2
    # Two wordings of one question are nearer to each other than a question and its answer, by about this much.
    known_discount: float = 0.05
    # What a known question of a sentence adds to its log-odds: weight × (cosine − floor). Of 325 answerable questions
    # about the article by four authors 299 were answered with what they must hold where 936 by others were known, 272
    # with 217, 248 with 46, 243 with none.
    known_weight: float = 60.0
    known_floor: float = 0.88
    # A question less like every known one of a document that has many loses odds (bot/known.py); an English one is less
    # like those known, which are Chinese. Of 727 answerable questions 4 more are refused from 0.935 on.
    least_likeness: float = 0.93
    least_likeness_english: float = 0.88
    # From this confidence on a question that seems to lean on the one before is answered by itself. Of 183 questions
    # that stand alone, asked second, 165 are right with 0.9 and 168 with 0.75, which costs 2 of 49 follow-ups.
    sure_alone: float = 0.9
    # The same from here on where it is less sure in context. Of 26 answerable questions about leaflets that seem to
    # lean on another one, asked behind it, 22 are right with 0.4, 18 with 0.7, of 12 near misses 8 and 9 are refused;
    # of 120 unseen follow-ups about the article one more near miss is answered.
    surer_alone: float = 0.4
    sentences: int = 3  # in one answer, at most
    # Further sentences are cited until the chosen ones hold the answer with this probability, and only while each adds
    # that much. On CMRC, left out of the fit, the cited ones hold the answer for 0.889 of the questions with 1.94 of
    # them in the mean.
    enough_belief: float = 0.97
    least_belief: float = 0.02
    # Of what is answered at 0.15 to 0.2 two of three are wrong: of 29 such questions about the article by authors of no
    # fit 8 are right, of 26 about five sets of leaflets 7. Known to be missing and then added, it is believed (a test).
    refuse_below: float = 0.2
    model: str = (
        ""  # as LangChain's init_chat_model takes it, such as openai:qwen-plus; without one answers are verbatim
    )
    unsupported: str = "mark"  # what becomes of a generated sentence that no passage carries: mark, drop, extractive
    ask_anyway: bool = False  # ask the model even where the knowledge base is silent; the answer says so
    answer_seconds: float = 60.0  # from the question on, after which the verbatim answer is given instead
    rewrite_seconds: float = 10.0  # of these, half of them at most

    @classmethod
    def from_environment(cls) -> "BotConfig":
        """The defaults, with JIAWEN_LLM, JIAWEN_UNSUPPORTED, JIAWEN_ASK_ANYWAY and JIAWEN_ANSWER_SECONDS where set."""
        environment = os.environ
        unsupported = environment.get("JIAWEN_UNSUPPORTED") or "mark"
        if unsupported not in ("mark", "drop", "extractive"):
            raise SettingError(
                f"JIAWEN_UNSUPPORTED 是 {unsupported}；请写 mark、drop 或 extractive",
                f"JIAWEN_UNSUPPORTED is {unsupported}: write mark, drop or extractive",
            )
        seconds = environment.get("JIAWEN_ANSWER_SECONDS") or "60"
        if not re.fullmatch(r"\d{1,4}(\.\d+)?", seconds) or not float(seconds):
            raise SettingError(
                f"JIAWEN_ANSWER_SECONDS 是 {seconds}；请写秒数，如 60",
                f"JIAWEN_ANSWER_SECONDS is {seconds}: write a number of seconds such as 60",
            )
        anyway = environment.get("JIAWEN_ASK_ANYWAY") or "0"
        if anyway not in ("0", "1"):
            raise SettingError(
                f"JIAWEN_ASK_ANYWAY 是 {anyway}；请写 0 或 1", f"JIAWEN_ASK_ANYWAY is {anyway}: write 0 or 1"
            )
        return cls(
            model=environment.get("JIAWEN_LLM", ""),
            unsupported=unsupported,
            ask_anyway=anyway == "1",
            answer_seconds=float(seconds),
        )


def editor_password() -> str:
    """What an editor signs in with; empty where nobody may."""
    return os.environ.get("JIAWEN_EDITOR_PASSWORD", "")


def stay_offline() -> None:
    """Keeps Gradio and the hub client from calling home and downloading; must run before either is imported.

    Who has set HF_HUB_OFFLINE to 0 may download an encoder.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
