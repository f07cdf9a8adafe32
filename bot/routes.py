"""What the Ask page asks of the server: its state, an answer as it grows, sharing, export, feedback."""

import json
import os
import shlex
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from bot.export import Language, as_html, as_markdown, as_text
from bot.feedback import Limit, Reason, add_feedback
from bot.live import Live
from bot.shared import SharedAnswers
from bot.suggest import starters, suggestions
from bot.wire import growing_answer_to_json
from indexer.errors import IndexMissing, JiawenError
from indexer.types import Document
from indexer.versions import kept_document, someone_builds

_STARTERS = 6  # questions offered on an empty page
_LONGEST_TURN = 100_000  # characters of an earlier question or answer: none is longer
_REMEMBERED = 500  # characters of an earlier question or answer that a follow-up may lean on
_PAUSE = 0.1  # seconds between two states of an answer that grows: a model writes faster than anyone reads


class Turn(BaseModel):
    """An earlier question with its answer."""

    question: str = Field(max_length=_LONGEST_TURN)
    answer: str = Field("", max_length=_LONGEST_TURN)


class Asked(BaseModel, extra="forbid"):
    """The body of POST /api/ask and /api/ask/stream."""

    question: str  # one too long for the reader gets a line that says so
    history: list[Turn] = Field([], max_length=50)  # oldest first

    def conversation(self) -> list[tuple[str, str]]:
        """The earlier questions and answers, as much of each as a follow-up may lean on."""
        return [(turn.question[:_REMEMBERED], turn.answer[:_REMEMBERED]) for turn in self.history]


class Given(BaseModel):
    """An answer as a line of the stream gave it, and its seal."""

    answer: str = Field(max_length=200_000)
    seal: str = Field(max_length=64)


class Feedback(Given):
    """The body of POST /api/feedback."""

    good: bool
    reason: Reason = ""


class Conversation(BaseModel):
    """The body of POST /api/export."""

    answers: list[Given] = Field(min_length=1, max_length=200)
    form: Literal["text", "markdown", "html"]
    language: Language | None = None  # of the words around the answers; both where it is not given


class Lines(StreamingResponse):
    """Lines as they come; closed when the reader has gone, so that no model goes on writing for nobody."""

    def __init__(self, lines: Generator[bytes, None, None]) -> None:
        super().__init__(lines, media_type="application/x-ndjson")
        self._lines = lines

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: D102
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._lines.close()


class PageServer:
    """What the routes do; safe to use from several threads."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._shared = SharedAnswers(live.index)
        self._limit = Limit(60, 60)

    def start(self) -> dict[str, object]:
        """What the page shows before the first question: which index answers, or how to get one."""
        index, rebuild = self._live.index, self._live.rebuild
        by_hand = os.access(index, os.W_OK) and someone_builds(index)
        state = {"rebuilding": rebuild.running or by_hand, "rebuild_error": rebuild.error}
        try:
            bot = self._live.bot
        except IndexMissing as error:
            return {"missing": str(error), "index": shlex.quote(str(index)), **state}
        manifest = bot.index.manifest
        return {
            "index_version": manifest.version,
            "built_at": manifest.built_at,
            "documents": manifest.documents,
            "passages": manifest.chunks,
            "longest_question": bot.config.longest_question,
            "starters": starters(bot, _STARTERS),
            **state,
        }

    def ask(self, body: Asked) -> Response:
        """JSON Lines: {"answer", "seal", "whole"} each time it has grown, then {"suggestions"}; or {"error"}.

        Only a whole answer has a seal.
        """
        return Lines(_json(row).encode("utf-8") + b"\n" for row in self._grow(body))

    def _grow(self, body: Asked) -> Iterator[dict[str, object]]:
        history = body.conversation()
        sent = 0.0
        try:
            bot = self._live.bot
            for answer in bot.stream(body.question, history):
                if answer.grows and time.monotonic() - sent < _PAUSE:
                    continue
                text = _json(growing_answer_to_json(answer, bot.index.documents))
                seal = "" if answer.grows else self._shared.seal(text)
                yield {"answer": text, "seal": seal, "whole": not answer.grows}
                sent = time.monotonic()
            yield {"suggestions": suggestions(bot, answer, [question for question, _ in history])}
        except JiawenError as error:
            yield {"error": str(error)}

    def share(self, body: Given) -> dict[str, str]:
        """Keeps the answer for its link."""
        self._shared.opened(body.answer, body.seal)
        self._limit.take()
        return {"id": self._shared.keep(body.answer)}

    def open_shared(self, name: str) -> dict[str, str]:
        """The shared answer of that id, as it was given."""
        text = self._shared.kept(name)
        return {"answer": text, "seal": self._shared.seal(text)}

    def feedback(self, body: Feedback) -> dict[str, str]:
        """Notes an opinion."""
        answer = self._shared.opened(body.answer, body.seal)
        self._limit.take()
        add_feedback(self._live.index, answer, body.good, body.reason)
        return {"status": "ok"}

    def export(self, body: Conversation) -> Response:
        """The answers as one file."""
        answers = [self._shared.opened(one.answer, one.seal) for one in body.answers]
        if body.form == "text":
            return Response(as_text(answers, body.language), media_type="text/plain")
        if body.form == "markdown":
            return Response(as_markdown(answers, self._document, body.language), media_type="text/markdown")
        return Response(as_html(answers, self._document, body.language), media_type="text/html")

    def _document(self, digest: str) -> Document | None:
        return kept_document(self._live.index, digest)


def page_routes(live: Live) -> APIRouter:
    """The routes of the Ask page."""
    server = PageServer(live)
    router = APIRouter(prefix="/api")
    router.get("/start")(server.start)
    router.post("/ask/stream")(server.ask)
    router.post("/share")(server.share)
    router.get("/shared/{name}")(server.open_shared)
    router.post("/feedback")(server.feedback)
    router.post("/export")(server.export)
    return router


def _json(row: Mapping[str, object]) -> str:
    """Without lone surrogates, which a model may write and no answer can carry over the network."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
