"""The Answerer of the published version, exchanged while it is in use; and the rebuild that a change of kb/ starts."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from bot.answer import Answerer, open_bot
from indexer.errors import IndexMissing, JiawenError
from indexer.versions import current_version, no_index, open_index
from indexer.watch import changes

_LOOK = 0.2  # seconds between looks at CURRENT: a file of 24 bytes
_LOG = logging.getLogger("jiawen")
_REBUILD = "from bot.app import main; main()"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How the rebuild that runs goes, or how the last one went."""

    running: bool = False
    error: str = ""  # why nothing was published, or which files were skipped; empty where all went well
    done: int = 0  # sentences embedded
    total: int = 0  # sentences to embed; 0 while the files are read, or where nothing is new
    report: dict[str, Any] | None = None  # what `jiawen index --json` said, if it came that far


@dataclass(slots=True)
class Live:
    """Gives the Answerer of the published version. A request takes `bot` once and so is answered from one version."""

    index: Path
    _bot: Answerer | None  # None until a first version is published
    rebuild: Rebuild = Rebuild()
    _seen: str = ""  # what CURRENT named at the last look; a version that could not be opened is not tried again
    _stop: threading.Event = field(default_factory=threading.Event)
    _building: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, index: Path) -> "Live":
        """Over the version that is published now, or over none yet."""
        try:
            return cls(index, open_bot(index))
        except IndexMissing:
            return cls(index, None)

    @property
    def bot(self) -> Answerer:
        """The Answerer of the published version. Raises IndexMissing while there is none."""
        if self._bot is None:
            raise no_index(self.index)
        return self._bot

    def refresh(self) -> None:
        """Takes up the published version if it is another; a broken one is refused and the last good one stays."""
        old = self._bot
        version = old.index.manifest.version if old else ""
        seen, self._seen = self._seen, ""
        try:
            self._seen = current_version(self.index)
            if self._seen not in (version, seen):
                self._bot = old.over(open_index(self.index, old.encoder.fingerprint)) if old else open_bot(self.index)
        except JiawenError as error:
            self._seen = self._seen or str(error)
            if self._seen != seen:
                _LOG.warning("仍用版本 still serving %s: %s", version or "–", error)

    def follow(self) -> None:
        """Takes up new versions and rebuilds when the folder that the index was built from changes, until `close`."""
        threading.Thread(target=self._repeat_refresh, daemon=True).start()
        threading.Thread(target=self._rebuild_on_change, daemon=True).start()

    def close(self) -> None:
        """Ends what `follow` began."""
        self._stop.set()

    def rebuild_from(self, kb: Path, *automatic: str) -> None:
        """Rebuilds and takes up what is published, after a rebuild that may be running; `rebuild` says how it goes.

        Without "--automatic" somebody asked for it: content that was rolled back is published again.
        """
        with self._building:
            self.rebuild = Rebuild(running=True)

            def show(done: int, total: int) -> None:
                self.rebuild = Rebuild(running=True, done=done, total=total)

            ended = rebuild(kb, self.index, automatic, show)
            self.refresh()
            self.rebuild = ended

    def _repeat_refresh(self) -> None:
        while not self._stop.wait(_LOOK):
            self.refresh()

    def _rebuild_on_change(self) -> None:
        while self._bot is None:
            if self._stop.wait(_LOOK):
                return
        kb = self._bot.index.manifest.kb
        if kb and Path(kb).is_dir():
            for _ in changes(Path(kb), self._stop):
                self.rebuild_from(Path(kb), "--automatic")


def rebuild(kb: Path, index: Path, options: tuple[str, ...], on_progress: Callable[[int, int], None]) -> Rebuild:
    """Builds in a process of its own, so that requests keep the processor and a file that breaks a reader breaks it."""
    command = ["index", "--json", "--progress", "--kb", str(kb), "--index", str(index), *options]
    report = None
    with TemporaryFile() as said:
        run = [sys.executable, "-P", "-c", _REBUILD, *command]
        with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=said) as process:
            for line in process.stdout or ():
                found = json.loads(line) if line.startswith(b"{") and line.endswith(b"}\n") else {}
                if found.keys() == {"done", "total"}:
                    on_progress(found["done"], found["total"])
                elif "version" in found:
                    report = found
        said.seek(0)
        error = said.read().decode("utf-8", "replace").strip()
    if error:
        _LOG.warning("%s", error)
    if process.returncode and not error:
        error = f"重建中断（{process.returncode}） | the rebuild was cut short ({process.returncode})"
    return Rebuild(error=error if process.returncode else "", report=report)
