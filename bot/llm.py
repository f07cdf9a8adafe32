"""A language model behind one call: instructions and text in, pieces of text out, within a time limit."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from queue import Empty, Queue
from typing import Any, Protocol

from pydantic import SecretStr

from indexer.errors import JiawenError

_TRIES = 3
_BACK_OFF = 0.5  # seconds before the second try, twice that before the third
_LONGEST = 4000  # characters: an answer is at most a few hundred
_AT_ONCE = 8  # answers that are written at a time; each keeps one of the server's 40 threads waiting
THOUGHT = "</think>"  # alone, where the template of the model has opened it: all before is thought aloud
_WHOLE = {
    "stop",
    "end_turn",
    "stop_sequence",
    "eos",
    "eos_token",
    "complete",
    "completed",
}  # what providers call a finished answer
_FULL = {"length", "max_tokens", "model_length", "incomplete"}
_PACKAGE = re.compile(r"pip install -U ([\w-]+)|No module named '([\w.]+)'")


class ModelError(JiawenError):
    """The language model cannot be used, or did not answer; says why in words that hold no secret."""


class Model(Protocol):
    """What writes an answer."""

    name: str

    def stream(self, instructions: str, text: str, seconds: float) -> Iterator[str]:
        """Pieces of the answer as they come; what stands before THOUGHT is none of it.

        Raises ModelError, at the latest after so many seconds.
        """


def open_model(name: str, seconds: float) -> "LangChainModel":
    """The model of that name, as LangChain's `init_chat_model` takes it: openai:qwen-plus, ollama:qwen3, anthropic:…"""
    from langchain.chat_models import init_chat_model

    try:
        made = init_chat_model(name, temperature=0)
        known = {field for key, one in type(made).model_fields.items() for field in (key, one.alias)}
        wanted = {"temperature": 0, "timeout": seconds, "max_retries": 0, "stream_chunk_timeout": seconds}
        settings: dict[str, Any] = {key: value for key, value in wanted.items() if key in known}
        chat = init_chat_model(name, **settings)
    except ImportError as error:
        match = _PACKAGE.search(str(error))
        package = next(filter(None, match.groups()), "") if match else ""
        package = package.split(".")[0].replace("_", "-") or f"langchain-{name.split(':')[0]}"
        raise ModelError(
            f"模型 {name} 需要 {package}；请运行 .venv/bin/pip install {package}",
            f"the model {name} needs {package}: run .venv/bin/pip install {package}",
        ) from None
    except Exception as error:  # each provider raises its own, with the key or the whole configuration in the text
        if "api_key" in str(error) or "API_KEY" in str(error):
            raise ModelError(
                f"模型 {name} 缺少密钥；请设置它的环境变量（如 OPENAI_API_KEY）",
                f"the model {name} has no key: set its environment variable (such as OPENAI_API_KEY)",
            ) from None
        if "InvalidURL" in type(error).__name__:
            raise ModelError(
                f"模型 {name} 的地址不对（如端口不是数字）；请检查它的环境变量（如 OPENAI_BASE_URL）",
                f"the model {name} has a wrong address (such as a port that is no number): check its environment "
                "variable (such as OPENAI_BASE_URL)",
            ) from None
        raise ModelError(
            f"打不开模型 {name}；请写成 openai:模型名、ollama:模型名 这样",
            f"cannot open the model {name}: write it as openai:NAME, ollama:NAME or the like",
        ) from None
    keys = [value.get_secret_value() for value in vars(chat).values() if isinstance(value, SecretStr)]
    if any(not key.isascii() or not key.isprintable() or " " in key for key in keys):  # no header can carry it
        raise ModelError(
            f"模型 {name} 的密钥里有空格、换行或非 ASCII 字符；请重新设置它的环境变量（如 OPENAI_API_KEY）",
            f"the key of the model {name} holds blanks, line breaks or characters that are not ASCII: set its "
            "environment variable (such as OPENAI_API_KEY) anew",
        )
    return LangChainModel(name, chat)


class _Spoken:
    """Takes out of a growing text what a model thinks aloud: <think>…</think>, and all behind one left open."""

    def __init__(self) -> None:
        self._thinks = False
        self._held = ""  # the end of the text, where it may be the beginning of a tag

    def feed(self, piece: str) -> str:
        """What is said for certain now."""
        said, rest = "", self._held + piece
        while True:
            tag = THOUGHT if self._thinks else "<think>"
            before, found, rest = rest.partition(tag)
            begun = (
                0 if found else next((size for size in range(len(tag) - 1, 0, -1) if before.endswith(tag[:size])), 0)
            )
            self._held = before[len(before) - begun :]
            said += "" if self._thinks else before[: len(before) - begun]
            if not found:
                return said
            self._thinks = not self._thinks

    def finish(self) -> str:
        """The rest, once the text is over."""
        return "" if self._thinks else self._held


class LangChainModel:
    """A chat model of LangChain; reads it in a thread of its own, so that a silent one cannot hold the reader up."""

    def __init__(self, name: str, chat: Any) -> None:
        self.name = name
        self._chat = chat
        self._deadlines: list[float] = []  # of the answers that are being written
        self._counting = threading.Lock()

    def stream(self, instructions: str, text: str, seconds: float) -> Iterator[str]:
        """Pieces of the answer as they come. Raises ModelError, at the latest after so many seconds.

        At once where it writes _AT_ONCE others.
        """
        deadline = time.monotonic() + seconds
        with self._counting:  # one whose reader has stalled counts until its deadline, not for as long as he likes
            self._deadlines = [one for one in self._deadlines if one > time.monotonic()]
            if len(self._deadlines) >= _AT_ONCE:
                raise ModelError("正忙于别的回答", "it is busy with other answers")
            self._deadlines.append(deadline)
        pieces: Queue[str | ModelError | None] = Queue()
        stop = threading.Event()
        messages = [("system", instructions), ("human", text)]
        threading.Thread(target=self._read, args=(messages, pieces, stop, deadline), daemon=True).start()
        spoken, length = _Spoken(), 0
        try:
            while (left := deadline - time.monotonic()) > 0:
                try:
                    piece = pieces.get(timeout=left)
                except Empty:
                    break
                if piece is None:
                    yield spoken.finish()
                    return
                if isinstance(piece, ModelError):
                    raise piece
                said = spoken.feed(piece)
                length += len(said)
                if length > _LONGEST:
                    raise ModelError("写个不停", "it did not stop")
                yield said
            raise ModelError("超时", "it took too long")
        finally:
            stop.set()
            with self._counting:
                if deadline in self._deadlines:
                    self._deadlines.remove(deadline)

    def _read(
        self,
        messages: list[tuple[str, str]],
        pieces: "Queue[str | ModelError | None]",
        stop: threading.Event,
        deadline: float,
    ) -> None:
        """Puts the pieces, then None, or a ModelError; tries again where nothing has come yet and that may help."""
        for attempt in range(_TRIES):
            begun, ended = False, ""
            try:
                for chunk in self._chat.stream(messages):
                    if stop.is_set():
                        return
                    ended = _end_of(chunk.response_metadata) or ended
                    if chunk.text:
                        begun = True
                        pieces.put(str(chunk.text).encode("utf-8", "replace").decode())  # half a pair is none
                pieces.put(None if ended in _WHOLE else _cut(ended))
                return
            except Exception as error:  # whatever a provider raises ends in an honest answer, never in a traceback
                wait = _BACK_OFF * 2**attempt
                last = begun or attempt == _TRIES - 1 or time.monotonic() + wait > deadline
                if last or not _may_pass(error):
                    pieces.put(_why(error, begun))
                    return
                if stop.wait(wait):
                    return


def _end_of(metadata: Mapping[str, Any]) -> str:
    """How the provider says that the answer ended, in lower case; empty while it does not say."""
    said = (metadata.get(key) for key in ("finish_reason", "done_reason", "stop_reason", "status"))
    return str(next(filter(None, said), "")).lower()


def _cut(ended: str) -> ModelError:
    if ended in _FULL:
        return ModelError("写到了它的长度上限", "it ran into its own length limit")
    return ModelError("回答在半途中断", "its answer broke off")


def _status(error: Exception) -> int:
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else 0


def _may_pass(error: Exception) -> bool:
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    status = _status(error)
    return status in (408, 429) or status >= 500 or bool(re.search("Connect", names))


def _why(error: Exception, begun: bool) -> ModelError:
    """In our own words: a provider's message may repeat the key, the prompt or the address."""
    status = _status(error)
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    if status in (401, 403):
        return ModelError("密钥无效或没有权限", "the key is not valid or not allowed")
    if status == 404:
        return ModelError(
            "没有这个模型，或地址不对（是否以 /v1 结尾？）",
            "there is no such model, or the address is wrong (does it end in /v1?)",
        )
    if status == 402 or "insufficient_quota" in str(error):
        return ModelError("余额或额度已用完", "its account has no credit left")
    if status == 429:
        return ModelError("请求太多，被限流", "it is asked too much (429)")
    if status in (400, 413, 422):
        too_long = re.search(r"context|too long|too large|maximum.*token|exceed", str(error), re.IGNORECASE)
        return (
            ModelError("资料太长", "the context is too long")
            if too_long
            else ModelError("它不接受请求", "it rejects the request")
        )
    if status >= 500:
        return ModelError(f"它出错了（{status}）", f"it failed ({status})")
    if "Timeout" in names:
        return ModelError("超时", "it took too long")
    if begun:
        return _cut("")
    if "Connect" in names:
        return ModelError("连不上（地址和端口对吗？）", "it cannot be reached (are address and port right?)")
    return ModelError("它的回应看不懂", "its response cannot be read")
