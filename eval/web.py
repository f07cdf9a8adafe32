"""What the Evaluate part of the page asks of the server: runs, one run, two compared, why a passage was found.

All of it is an editor's. A run is `jiawen eval run` in a process of its own and lies where that command puts it.
"""

import signal
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bot.editor import editor_only
from bot.explain import explain
from bot.live import Child, Live
from bot.parts import Part
from bot.shared import NotFound, TooMany
from eval.cases import CaseError, read_cases
from eval.config import REPORT, RUN, RUNS, golden_files

if TYPE_CHECKING:  # eval.run and eval.compare bring SciPy and scikit-learn, seconds of a start: loaded when asked for
    from eval.run import Result

_MADE_WITH = ("cases", "index_version", "commit", "answerer", "encoder")
_PASSAGES = 10  # offered beside the explained one
_ROW = ("id", "kind", "question", "answerable", "verdict", "confidence", "right", "failure")  # of a question in a list


@dataclass(frozen=True, slots=True)
class Job:
    """How the run that goes on goes, or how the last one ended."""

    running: bool = False
    run: str = ""  # its name
    done: int = 0
    total: int = 0  # 0 while the index is opened
    error: str = ""


class Start(BaseModel):
    """The body of POST /api/evaluate/start."""

    cases: str = Field(max_length=1000)


class Evaluation:
    """What the routes do; safe to use from several threads."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._starting = threading.Lock()
        self._child: Child | None = None
        self._job = Job()
        self._golden: dict[tuple[Path, int, str], int] = {}

    def overview(self) -> dict[str, object]:
        """Golden sets, the published version, the run that goes on, all runs: newest first, unreadable ones last."""
        job = self._job  # looked at first: the run that has ended is among those found then
        runs = [row for folder in _folders().values() if (row := _listed(folder))]
        return {
            "golden": [self._describe(path) for path in golden_files()],
            "index_version": self._live.bot.index.manifest.version,
            "job": asdict(job),
            "runs": sorted(runs, key=lambda one: ("error" in one, -one["time"])),
        }

    def _describe(self, path: Path) -> dict[str, object]:
        index = self._live.bot.index
        row: dict[str, object] = {"file": str(path), "name": path.name, "questions": 0, "error": ""}
        try:
            key = path, path.stat().st_mtime_ns, index.manifest.version
            if key not in self._golden:
                self._golden[key] = len(read_cases(path, index.documents))
            return row | {"questions": self._golden[key]}
        except OSError as error:
            return row | {"error": f"读不了 {path}：{error.strerror} | cannot read {path}: {error.strerror}"}
        except CaseError as error:
            return row | {"error": str(error)}

    def start(self, body: Start) -> dict[str, str]:
        """Begins a run over one of the golden sets; one at a time."""
        if body.cases not in map(str, golden_files()):
            raise NotFound("没有这个标准问题集", "no such golden set: reload the page")
        with self._starting:
            if self._job.running:
                raise TooMany("正在评测，请等它结束", "a run is going on: wait for it, or stop it")
            name = f"{datetime.now():%Y%m%d-%H%M%S}"
            places = ["--index", str(self._live.index), "--cases", body.cases, "--out", str(RUNS / name)]
            self._child = Child.start("eval", "run", "--json", "--progress", *places)
            self._job = Job(running=True, run=name)
        threading.Thread(target=self._follow, args=(self._child, self._job), daemon=True).start()
        return {"run": name}

    def _follow(self, child: Child, job: Job) -> None:
        for row in child.rows():
            if row.keys() == {"done", "total"}:
                self._job = replace(job, **row)
        code, error = child.end()
        if code == -signal.SIGTERM:
            error = "已停止，没有留下结果 | stopped, nothing was kept"
        elif code and not error:
            error = f"评测中断（{code}） | the run was cut short ({code})"
        self._job = Job(run=job.run, error=error if code else "")

    def stop(self) -> dict[str, str]:
        """Ends the run that goes on; nothing of it is kept."""
        if self._child and self._job.running:
            self._child.process.terminate()
        return {"status": "ok"}

    def run(self, name: str) -> dict[str, object]:
        """What it was made with, its numbers, a row for each question; those that went wrong first."""
        run = _opened(_folder(name))
        rows = [{key: getattr(one, key) for key in _ROW} for one in sorted(run.results, key=lambda one: one.right)]
        made = {"made_with": run.made_with, "time": run.time}
        return made | {"summary": run.numbers, "kinds": run.kinds, "questions": rows}

    def remove(self, name: str) -> dict[str, str]:
        """Deletes the run's two files, and its folder if it holds no other."""
        folder = _folder(name)
        for file in (RUN, REPORT):
            (folder / file).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
        return {"status": "ok"}

    def case(self, run: str, id: str) -> dict[str, object]:
        """All about one question of a run; of each passage retrieved its text, where the index still holds it."""
        result = _result(run, id)
        texts = {chunk.id: chunk.text for chunk in self._live.bot.index.chunks}
        hits = [{"chunk_id": one, "text": texts.get(one)} for one in result.retrieved]
        return asdict(result) | {"hits": hits}

    def compare(self, before: str, after: str) -> dict[str, object]:
        """eval.compare of two runs, and the words of the questions that one of them alone got right."""
        from eval.compare import compare

        old, new = _opened(_folder(before)).results, _opened(_folder(after)).results
        differences = compare(old, new)
        questions = {one.id: one.question for one in new}
        named = {key: questions[key] for key in (*differences[0].won, *differences[0].lost)}
        rows = [asdict(one) | {"regressed": one.regressed} for one in differences]
        return {"measures": rows, "questions": named}

    def explain(self, question: str = "", run: str = "", id: str = "", chunk: str = "") -> dict[str, object]:
        """What `jiawen explain` says, of a question as typed or as a run asked it; and the passages it found."""
        result = _result(run, id) if run else None
        asked, history = (result.question, result.history) if result else (question, ())
        bot = self._live.bot
        found = explain(bot, asked, chunk or None, history)
        passages = [{"chunk_id": hit.chunk.id, "text": hit.chunk.text} for hit in bot.search(asked, _PASSAGES, history)]
        return {"explanation": asdict(found), "passages": passages}


def _folders() -> dict[str, Path]:
    """The runs by name: folders of runs/ that hold a run.json. A name that is not in here leads nowhere."""
    inside = RUNS.iterdir() if RUNS.is_dir() else ()
    return {path.name: path for path in inside if not path.is_symlink() and (path / RUN).is_file()}


def _folder(name: str) -> Path:
    folders = _folders()
    if name not in folders:
        raise _no_such_run()
    return folders[name]


def _no_such_run() -> NotFound:
    return NotFound("没有这次评测；它可能刚被删除", "no such run: it may have just been deleted")


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder, read."""

    made_with: dict[str, str]
    time: float  # seconds since 1970
    results: "list[Result]"
    numbers: dict[str, Any]
    kinds: "dict[str, tuple[int, float]]"


def _changed(folder: Path) -> int | None:
    """When its run.json was written, in nanoseconds; None where it has just been deleted."""
    try:
        return (folder / RUN).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _opened(folder: Path) -> Run:
    changed = _changed(folder)
    try:
        if changed is not None:
            return _read(folder, changed)
    except CaseError:
        if _changed(folder) is not None:
            raise
    raise _no_such_run()


def _listed(folder: Path) -> dict[str, Any] | None:
    """The run's row in the list of runs; None where it has just been deleted."""
    changed = _changed(folder)
    row = None if changed is None else _summed(folder, changed)
    return None if row and "error" in row and _changed(folder) is None else row


@lru_cache(maxsize=4)  # of thousands of questions each takes megabytes
def _read(folder: Path, _: int) -> Run:
    from eval.run import by_kind, read_run, summary

    made_with, results = read_run(folder)
    try:
        shown = {key: str(made_with.get(key, "")) for key in _MADE_WITH}
        time = datetime.fromisoformat(made_with["at"]).timestamp()
        return Run(shown, time, results, summary(results), by_kind(results))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # it may be any JSON
        raise CaseError(f"{folder / RUN} 不是评测结果；请删除", f"{folder / RUN} is not a run: delete it") from error


@lru_cache(maxsize=1000)
def _summed(folder: Path, changed: int) -> dict[str, Any]:
    row = {"name": folder.name, "time": changed / 1e9}
    try:
        run = _read(folder, changed)
        return row | {"time": run.time, **run.made_with, **{key: run.numbers[key] for key in ("questions", "right")}}
    except CaseError as error:
        return row | {"error": str(error)}


def _result(run: str, key: str) -> "Result":
    found = next((one for one in _opened(_folder(run)).results if one.id == key), None)
    if found is None:
        raise NotFound("这次评测里没有这个问题", "the run holds no such question")
    return found


def _routes(live: Live) -> APIRouter:
    server = Evaluation(live)
    router = APIRouter(prefix="/api/evaluate", dependencies=[Depends(editor_only)])
    router.get("")(server.overview)
    router.post("/start")(server.start)
    router.post("/stop")(server.stop)
    router.get("/run")(server.run)
    router.delete("/run")(server.remove)
    router.get("/case")(server.case)
    router.get("/compare")(server.compare)
    router.get("/explain")(server.explain)
    return router


PART = Part("evaluate", Path(__file__).parent / "page", _routes)
