"""The Answerer of the published version, exchanged while it is in use; and the rebuild that a change of kb/ starts."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from bot.answer import Answerer, open_bot
from indexer.errors import IndexMissing, JiawenError
from indexer.versions import current_version, no_index, open_index
from indexer.watch import changes

_TRY_AGAIN = 60.0  # seconds after which a folder that could not be watched is tried once more
_LOOK = 0.2  # seconds between looks at CURRENT: a file of 24 bytes
_LOG = logging.getLogger("jiawen")
_JIAWEN = "from bot.app import main; main()"


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
    _moved: threading.Event = field(default_factory=threading.Event)  # what is watched is not the folder any more
    _building: threading.Lock = field(default_factory=threading.Lock)
    _refreshing: threading.Lock = field(default_factory=threading.Lock)

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
        with self._refreshing:
            old = self._bot
            version = old.index.manifest.version if old else ""
            seen, self._seen = self._seen, ""
            try:
                self._seen = current_version(self.index)
                if self._seen in (version, seen):
                    return
                if old:
                    self._bot = replace(old, index=open_index(self.index, old.encoder.fingerprint))
                else:
                    self._bot = open_bot(self.index)
                if not old or old.index.manifest.kb != self._bot.index.manifest.kb:
                    self._moved.set()
            except JiawenError as error:
                self._seen = self._seen or str(error)
                if self._seen != seen:
                    _LOG.warning("仍用版本 still serving %s: %s", version or "–", error)

    def follow(self) -> None:
        """Takes up new versions and rebuilds when the folder of the published one changes, until `close`."""
        threading.Thread(target=self._repeat_refresh, daemon=True).start()
        threading.Thread(target=self._rebuild_on_change, daemon=True).start()

    def close(self) -> None:
        """Ends what `follow` began."""
        self._stop.set()
        self._moved.set()

    def rebuild_from(self, kb: Path, *automatic: str) -> None:
        """Rebuilds and takes up what is published, after a rebuild that may be running; `rebuild` says how it goes.

        Without "--automatic" somebody asked for it: content that was rolled back is published again.
        """
        with self._building:
            self.rebuild = Rebuild(running=True)
            ended = Rebuild(error="重建中断；请再试一次 | the rebuild was cut short: try again")

            def show(done: int, total: int) -> None:
                self.rebuild = Rebuild(running=True, done=done, total=total)

            try:
                ended = rebuild(kb, self.index, automatic, show)
                self.refresh()
            finally:
                self.rebuild = ended

    def _repeat_refresh(self) -> None:
        while not self._stop.wait(_LOOK):
            self.refresh()

    def _rebuild_on_change(self) -> None:
        while True:
            self._moved.clear()
            if self._stop.is_set():
                return
            kb = self._bot.index.manifest.kb if self._bot else ""
            if not kb:
                self._moved.wait()
                continue
            if Path(kb) != Path("kb").resolve():  # an index that came from elsewhere may name any folder
                _LOG.warning("%s 里的改动会自动发布 | what changes in %s is published by itself", kb, kb)
            try:
                for _ in changes(Path(kb), self._moved):
                    if Path(kb).is_dir():  # an index may be served without its content
                        self.rebuild_from(Path(kb), "--automatic")
            except JiawenError as error:
                _LOG.warning("%s", error)
                with self._building:
                    self.rebuild = Rebuild(error=str(error).replace(kb, Path(kb).name))
                self._moved.wait(_TRY_AGAIN)


@dataclass(slots=True)
class Child:
    """`jiawen ARGUMENTS` in a process of its own: what breaks there breaks nothing here."""

    process: subprocess.Popen[bytes]
    _said: IO[bytes]

    @classmethod
    def start(cls, *arguments: str) -> "Child":
        """Starts it; `rows` must be read to its end."""
        said = TemporaryFile()  # noqa: SIM115  # `end` closes it
        run = [sys.executable, "-P", "-c", _JIAWEN, *arguments]
        return cls(subprocess.Popen(run, stdout=subprocess.PIPE, stderr=said), said)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The JSON objects that it prints, a line each, until it ends."""
        for line in self.process.stdout or ():
            if line.startswith(b"{") and line.endswith(b"}\n"):
                yield json.loads(line)

    def end(self) -> tuple[int, str]:
        """(exit code, what it said on stderr), once it has ended."""
        with self.process, self._said:
            self.process.wait()
            self._said.seek(0)
            return self.process.returncode, self._said.read().decode("utf-8", "replace").strip()


def rebuild(kb: Path, index: Path, options: tuple[str, ...], on_progress: Callable[[int, int], None]) -> Rebuild:
    """Builds in a process of its own."""
    try:
        child = Child.start("index", "--json", "--progress", "--kb", str(kb), "--index", str(index), *options)
    except OSError as failure:  # no memory, no temporary folder
        return Rebuild(error=f"重建没有开始：{failure} | the rebuild could not start: {failure}")
    report = None
    for row in child.rows():
        if row.keys() == {"done", "total"}:
            on_progress(row["done"], row["total"])
        elif "version" in row:
            report = row
    code, error = child.end()
    if error:
        _LOG.warning("%s", error)
    if code and not error and not (report and report["held"]):  # which the editor's page says
        error = f"重建中断（{code}） | the rebuild was cut short ({code})"
    if "\nTraceback " in f"\n{error}":
        error = "重建出错了，原因见服务器的日志 | the rebuild broke: the server's log says why"
    for folder in (kb, index):  # every visitor may read it: where the folders lie is not said
        error = error.replace(str(folder.resolve()), folder.name)
    return Rebuild(error=error if code else "", report=report)
