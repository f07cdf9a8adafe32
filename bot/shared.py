"""Answers that come back from a browser: sealed when given, checked when they return, kept when a reader shares one.

The page holds the conversation; the server holds nothing until someone asks it to. The seal (HMAC-SHA256 under a key of
this index folder) lets it trust what comes back, so that no link, export or feedback shows words that it never gave.

<index>/seal.key       32 random bytes
<index>/shared/<id>    an answer as JSON, as it was given; the id is from its sha256
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from indexer.errors import JiawenError
from indexer.store import flush, write_whole

_KEY = 32  # bytes of the key: a file of fewer was cut short, and with none every seal could be forged
_ID = 32  # hexadecimal digits of the sha256: 128 bits
_KEPT = 10_000  # shared answers; at some 5 KB each they take 50 MB


class NotFound(JiawenError):
    """What was asked for is not there, or no longer; an answer that was never given here."""


class TooMany(JiawenError):
    """More than this server keeps, or takes in a minute."""


class SharedAnswers:
    """The seals and the shared answers of one index folder; safe to use from several threads."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._key = b""

    def seal(self, answer: str) -> str:
        """The seal of an answer's JSON text."""
        self._key = self._key or _key_of(self._index)
        return hmac.new(self._key, answer.encode("utf-8", "replace"), "sha256").hexdigest()

    def opened(self, answer: str, seal: str) -> dict[str, Any]:
        """The answer that the text holds. Raises NotFound unless this server gave it."""
        if not hmac.compare_digest(self.seal(answer).encode(), seal.encode("utf-8", "replace")):
            raise NotFound("这个回答不是本站给出的；请重新提问", "this answer was not given here: ask again")
        found: dict[str, Any] = json.loads(answer)
        return found

    def keep(self, answer: str) -> str:
        """Keeps an answer that was `opened`; the id that its link holds."""
        folder = self._index / "shared"
        name = hashlib.sha256(answer.encode("utf-8")).hexdigest()[:_ID]
        if not (folder / name).exists():
            with written(folder):
                folder.mkdir(exist_ok=True)
                if len(os.listdir(folder)) >= _KEPT:
                    raise TooMany(
                        "分享的回答已满；请管理员清理索引里的 shared 文件夹",
                        "no room for more shared answers: the administrator can empty the index's folder shared",
                    )
                write_whole(folder / name, answer)
        return name

    def kept(self, name: str) -> str:
        """The JSON text of a shared answer. Raises NotFound where there is none of that id."""
        if len(name) == _ID and not set(name) - set("0123456789abcdef"):
            with suppress(OSError, UnicodeDecodeError):
                answer = (self._index / "shared" / name).read_text(encoding="utf-8")
                if hashlib.sha256(answer.encode("utf-8")).hexdigest().startswith(name):
                    return answer
        raise NotFound("没有这个分享的回答；链接可能不完整", "no such shared answer: the link may be cut short")


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """What the system says against a change of the folder, as one line that shows no path of the server."""
    try:
        yield
    except OSError as error:
        raise JiawenError(
            f"写不了文件夹 {folder.name}：{error.strerror}；请检查名称、空间和权限",
            f"cannot write the folder {folder.name} ({error.strerror}): check name, space and permissions",
        ) from error


def _key_of(index: Path) -> bytes:
    """The key of the folder, made at the first use; where none can be kept there, one for this process alone."""
    path, temporary = index / "seal.key", index / f".seal.key.{secrets.token_hex(4)}"
    key = secrets.token_bytes(_KEY)
    with suppress(OSError):  # another process was first, the disk is full, or the folder is read-only
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key)
            flush(temporary)
            os.link(temporary, path)  # whole, or not at all
        finally:
            temporary.unlink(missing_ok=True)
    with suppress(OSError):
        kept = path.read_bytes()
        if len(kept) == _KEY:
            return kept
    return key
