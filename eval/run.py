"""Cases through the bot → a run: one Result a case, the measures, and the folder they are kept in."""

import json
import platform
import statistics
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.answer import Answerer
from bot.types import Answer, Verdict
from eval.cases import Case, CaseError
from eval.config import RUN
from eval.metrics import (
    RANKING,
    auroc,
    false_answers_at,
    mean_interval,
    overlaps,
    ranking_measures,
    risk_coverage,
)
from indexer.store import write_whole
from indexer.types import Chunk

_UNRANKED: Mapping[str, float | None] = dict.fromkeys(RANKING)
DEPTH = 10  # chunks, or documents, looked at for the ranking measures


@dataclass(frozen=True, slots=True)
class Result:
    """What happened to one case. Measures that do not apply to it are None."""

    id: str
    kind: str
    question: str
    answerable: bool
    expected: tuple[str, ...]  # the gold quotes
    verdict: str
    confidence: float
    answer: str
    cited: tuple[str, ...]  # the quotes cited
    retrieved: tuple[str, ...]  # ids of the chunks, best first
    milliseconds: float
    hit_at_1: float | None
    hit_at_5: float | None
    mrr: float | None
    ndcg: float | None
    recall_at_5: float | None
    gold_first: float | None  # the first citation stands on gold
    gold_cited: float | None  # share of the gold that some citation stands on
    precision: float | None  # share of the citations that stand on gold
    must: float | None  # every required string is in the answer
    must_first: float | None  # every required string is in the first citation
    refused_rightly: float | None  # unanswerable: refused
    answered: float | None  # answerable: not refused
    right: bool  # refused, where there is no answer; else every required string is in it, or without any all gold cited
    failure: str  # why it is not right, in words
    supported: float | None = None  # share of the answer's sentences that a passage carries
    required: tuple[str, ...] = ()  # the strings that the answer must hold
    history: tuple[tuple[str, str], ...] = ()  # earlier (question, answer) of the conversation
    answerer: str = ""  # who answered; empty in a run made before this was kept
    note: str = ""  # what the answer said of how it came to be


@dataclass(frozen=True, slots=True)
class _RunFile:
    made_with: dict[str, Any]
    results: list[Result]


_RUN_FILE = TypeAdapter(_RunFile)
MEASURES = (
    "hit_at_1", "hit_at_5", "recall_at_5", "mrr", "ndcg", "gold_first", "gold_cited", "precision", "must", "must_first",
    "answered", "refused_rightly", "supported",
)  # fmt: skip


def evaluate(bot: Answerer, cases: Sequence[Case], on_case: Callable[[], object] = lambda: None) -> list[Result]:
    """A Result for every case, in order; a case without hits counts as zero, it never disappears."""
    answers: dict[str, Answer] = {}
    retrieved: dict[str, list[Chunk]] = {}
    for case in cases:
        answers[case.id] = bot.ask(case.question, case.history)
        retrieved[case.id] = _retrieved(bot, case)
        on_case()
    relevant = {case.id: _relevant(case, bot.index.chunks) for case in cases if case.answerable}
    found = {
        case.id: [chunk.doc_id if _of_documents(case) else chunk.id for chunk in retrieved[case.id]] for case in cases
    }
    ranking = ranking_measures(found, relevant)
    return [
        judge(case, answers[case.id], retrieved[case.id], {name: ranking[name].get(case.id) for name in ranking})
        for case in cases
    ]


def _of_documents(case: Case) -> bool:
    """Whole documents are sought, and ranked by the best of their passages."""
    return any(gold.grade is not None for gold in case.gold)


def _retrieved(bot: Answerer, case: Case) -> list[Chunk]:
    """The first passages; where documents are sought the best passage of each of the first documents."""
    if not _of_documents(case):
        return [hit.chunk for hit in bot.search(case.question, DEPTH, case.history)]
    best: dict[str, Chunk] = {}
    for hit in bot.search(case.question, len(bot.index.chunks), case.history):
        best.setdefault(hit.chunk.doc_id, hit.chunk)
    return list(best.values())[:DEPTH]


def _relevant(case: Case, chunks: Iterable[Chunk]) -> dict[str, int]:
    """Documents that are sought with their grades, or the passages that overlap the gold, all alike."""
    if _of_documents(case):
        return {gold.doc_id: gold.grade or 0 for gold in case.gold}
    documents = {gold.doc_id for gold in case.gold}
    inside = (chunk for chunk in chunks if chunk.doc_id in documents)
    return {chunk.id: 1 for chunk in inside if any(overlaps(chunk.doc_id, chunk.start, chunk.end, case))}


def judge(
    case: Case, answer: Answer, retrieved: Sequence[Chunk] = (), ranking: Mapping[str, float | None] = _UNRANKED
) -> Result:
    """The case's result; without what was retrieved and how well, where only the answer is looked at."""
    stands = [overlaps(cited.doc_id, cited.start, cited.end, case) for cited in answer.citations]
    refused = answer.verdict is Verdict.REFUSED
    words = "".join(sentence.text for sentence in answer.sentences)
    first = answer.citations[0].quote if answer.citations else ""
    missing = case.lacking(words)
    must = gold_cited = None
    right = refused
    if case.answerable:
        gold_cited = sum(any(row[place] for row in stands) for place in range(len(case.gold))) / len(case.gold)
        must = float(not missing) if case.must else None
        right = not refused and (gold_cited if must is None else must) == 1
    result = Result(
        id=case.id,
        kind=case.kind,
        question=case.question,
        answerable=case.answerable,
        expected=tuple(gold.quote for gold in case.gold),
        verdict=str(answer.verdict),
        confidence=answer.confidence,
        answer=answer.text,
        cited=tuple(cited.quote for cited in answer.citations),
        retrieved=tuple(chunk.id for chunk in retrieved),
        milliseconds=float(answer.timings_ms["total"]),
        hit_at_1=ranking["hit@1"],
        hit_at_5=ranking["hit@5"],
        mrr=ranking["mrr@10"],
        ndcg=ranking["ndcg@10"],
        recall_at_5=ranking["recall@5"],
        gold_first=float(bool(stands) and any(stands[0])) if case.answerable else None,
        gold_cited=gold_cited,
        precision=sum(map(any, stands)) / len(stands) if case.answerable and stands else None,
        must=must,
        must_first=None if must is None else float(not case.lacking(first)),
        refused_rightly=None if case.answerable else float(refused),
        answered=float(not refused) if case.answerable else None,
        right=right,
        failure="",
        supported=statistics.fmean(one.supported for one in answer.sentences) if answer.sentences else None,
        required=case.must,
        history=case.history,
        answerer=answer.answerer,
        note=answer.note,
    )
    return replace(result, failure=_failure(result, missing))


def _failure(result: Result, missing: Sequence[str]) -> str:
    """Where in the chain the question was lost; `missing` are the required strings that the answer lacks."""
    if result.right:
        return ""
    if not result.answerable:
        return "回答了知识库没有答案的问题 | answered without an answer in the knowledge base"
    if result.hit_at_5 == 0:
        return "没有检索到原文 | passage not among the first five"
    if result.verdict == Verdict.REFUSED:
        return "检索到了却拒答 | passage found, but refused"
    if result.gold_cited == 0:
        return "检索到了却引了别的句子 | passage found, another sentence cited"
    chinese, english = ("引文不完整", "cited in part") if result.gold_cited != 1 else ("引了原文", "gold cited")
    lacks = " · ".join(missing)
    return f"{chinese}，缺 {lacks} | {english}, lacks {lacks}" if missing else f"{chinese} | {english}"


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """The headline numbers of one result or more: each measure with its interval over its cases, refusal, speed."""
    right = mean_interval([float(one.right) for one in results])
    assert right
    measures = {}
    for name in MEASURES:
        interval = mean_interval([value for one in results if (value := getattr(one, name)) is not None])
        if interval:
            measures[name] = asdict(interval)
    confidence = [one.confidence for one in results]
    answerable = [one.answerable for one in results]
    times = sorted(one.milliseconds for one in results)
    given = [one for one in results if one.verdict != Verdict.REFUSED]
    coverage, risk = risk_coverage([one.confidence for one in given], [one.right for one in given], len(results))
    steps = [*range(0, len(given) - 1, max(1, len(given) // 100)), *range(len(given))[-1:]]
    return {
        "questions": len(results),
        "answerable": sum(answerable),
        "measures": measures,
        "right": asdict(right),
        "auroc": auroc(confidence, answerable),
        "false_answers_at_5_percent_false_refusals": false_answers_at(confidence, answerable, 0.05),
        "sentences_per_answer": statistics.fmean([len(one.cited) for one in results if one.cited] or [0]),
        "milliseconds": {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]},
        "risk_coverage": [[round(float(coverage[step]), 4), round(float(risk[step]), 4)] for step in steps],
    }


def by_kind(results: Sequence[Result]) -> dict[str, tuple[int, float]]:
    """Kind → (cases, share right)."""
    kinds: dict[str, list[bool]] = {}
    for one in results:
        kinds.setdefault(one.kind, []).append(one.right)
    return {kind: (len(values), sum(values) / len(values)) for kind, values in sorted(kinds.items())}


def by_model(results: Sequence[Result], made_with: Mapping[str, Any]) -> str:
    """How many answers the run's model wrote, and what most of the others say of why not; empty without a model."""
    model = made_with.get("answerer", "")
    if model in ("", "extractive"):
        return ""
    notes = Counter(one.note for one in results if one.note and one.answerer != model)
    why = "".join(f"；多因 mostly: {note} ({count})" for note, count in notes.most_common(1))
    wrote = sum(one.answerer == model for one in results)
    return f"由模型回答 by the model: {wrote} / {len(results)}{why}"


def stamp(bot: Answerer, cases: str) -> dict[str, Any]:
    """What the run was made with, so that two runs can be told apart."""
    manifest = bot.index.manifest
    return {
        "cases": cases,
        "index_version": manifest.version,
        "kb_digest": manifest.kb_digest,
        "encoder": manifest.fingerprint,
        "answerer": bot.model.name if bot.model else "extractive",
        "index_config": manifest.config,
        "bot_config": asdict(bot.config),
        "commit": _commit(),
        "python": platform.python_version(),
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def _commit() -> str:
    """The commit of the working directory, with + for uncommitted changes; empty outside git."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def write_run(folder: Path, results: Sequence[Result], made_with: Mapping[str, Any]) -> None:
    """run.json in the folder: the stamp, the summary, every result."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"made_with": made_with, "summary": summary(results), "results": [asdict(one) for one in results]}
    write_whole(folder / RUN, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def read_run(path: Path) -> tuple[dict[str, Any], list[Result]]:
    """(stamp, results) of a run's folder or file."""
    file = path / RUN if path.is_dir() else path
    try:
        run = _RUN_FILE.validate_json(file.read_bytes(), strict=True)
    except (OSError, ValidationError) as error:
        if isinstance(error, OSError):
            reason = error.strerror
        else:  # of several lines; the first mistake is enough
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))} {first['msg']}".lstrip()
        raise CaseError(
            f"{file} 不是评测结果（{reason}）；请先运行 jiawen eval run",
            f"{file} is not a run ({reason}): make one with `jiawen eval run`",
        ) from error
    return run.made_with, run.results
