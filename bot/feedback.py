"""What readers thought of an answer, as JSON Lines beside the index: no name, no address, nothing but the answer."""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from typing import Any, Literal

from bot.shared import TooMany, written

FILE = "feedback.jsonl"
Reason = Literal["", "wrong", "incomplete", "wrong source", "should be refused", "should be answered"]
_LARGEST = 5_000_000  # bytes of the file, some 5,000 opinions


class Limit:
    """So many calls in so many seconds, whoever makes them; safe to use from several threads."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls, self._seconds = calls, seconds
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Counts one call. Raises TooMany where there were enough already."""
        now = time.monotonic()
        with self._lock:
            while self._times and now - self._times[0] > self._seconds:
                self._times.popleft()
            if len(self._times) >= self._calls:
                raise TooMany("请求太多；请过一分钟再试", "too many requests: try again in a minute")
            self._times.append(now)


def add_feedback(index: Path, answer: Mapping[str, Any], good: bool, reason: Reason) -> None:
    """Appends an opinion on an answer (its JSON) to the file; `reason` is empty for a good one."""
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "good": good,
        "reason": reason,
        "question": answer["searched"] or answer["question"],
        "answer": answer["answer"],
        "verdict": answer["verdict"],
        "citations": [
            {key: citation[key] for key in ("doc_id", "start", "end", "quote", "digest")}
            for citation in answer["citations"]
        ],
        "index_version": answer["index_version"],
    }
    line = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    with written(index), (index / FILE).open("ab", buffering=0) as file:
        size = file.tell()
        if size + len(line) > _LARGEST:
            raise TooMany("反馈已满；请管理员处理", "no room for more feedback: tell the administrator")
        if file.write(line) < len(line):
            file.truncate(size)  # half a line would make the others unreadable
            raise OSError(ENOSPC, os.strerror(ENOSPC))
