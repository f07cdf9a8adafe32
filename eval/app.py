"""`jiawen eval`: measure, compare, stop a bad change."""

import itertools
import json
import math
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eval.config import CACHE, GOLDEN, REPORT, RUN, RUNS
from eval.refit import claims, fit, orders
from indexer.app import FOLDER, INDEX_OPTION, JSON_OPTION, PATH
from indexer.text import one_line

if TYPE_CHECKING:
    from bot.answer import Answerer
    from eval.cases import Case
    from eval.run import Result

_WRONG_SHOWN = 20  # questions; the report has all


@click.group(name="eval", commands=[fit, claims, orders])
def evaluation() -> None:
    """评测检索与回答 Measure retrieval and answers, compare runs, stop a regression."""


_cases_option = click.option("--cases", type=PATH, default=GOLDEN, help="用例 JSON Lines; the golden set by default.")


@evaluation.command()
@INDEX_OPTION
@_cases_option
@click.option("--squad", type=PATH, help="SQuAD 格式的文件，既是知识库又是用例 Knowledge base and cases in one.")
@click.option("--beir", type=PATH, help="BEIR 文件夹 A BEIR folder.")
@click.option(
    "--leave-out",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="删去多大比例的段落 Share of paragraphs to drop.",
)
@click.option("--out", type=PATH, help="结果文件夹 The run's folder; runs/<time> by default.")
@JSON_OPTION
@click.option("--progress", is_flag=True, help="每问一题输出一行 JSON A line of JSON after each question.")
def run(
    folder: Path,
    cases: Path,
    squad: Path | None,
    beir: Path | None,
    leave_out: float,
    out: Path | None,
    as_json: bool,
    progress: bool,
) -> None:
    """跑一遍用例，写出结果和报告 Ask every case; write run.json and report.html."""
    from eval.cases import check_writable
    from eval.report import report
    from eval.run import by_model, stamp, summary, write_run

    if squad and beir:
        raise click.UsageError("--squad 和 --beir 只能选一个 | give --squad or --beir, not both")
    if math.isnan(leave_out):
        raise click.UsageError("--leave-out 要写 0 到 1 之间的数 | --leave-out: give a number from 0 to below 1")
    if leave_out and not squad:
        raise click.UsageError("--leave-out 要和 --squad 一起用 | --leave-out goes with --squad")
    target = out or RUNS / f"{datetime.now():%Y%m%d-%H%M%S}"
    for file in (target / RUN, target / REPORT):
        check_writable(file)
    if progress:
        os.nice(10)  # whoever asks questions meanwhile comes first
    bot, results, name = _ask_all(folder, cases, squad, beir, leave_out, progress)
    made_with = stamp(bot, name)
    write_run(target, results, made_with)
    (target / REPORT).write_text(report(results, made_with), encoding="utf-8")
    numbers = summary(results)
    if as_json:
        click.echo(json.dumps({"run": str(target), "summary": numbers}, ensure_ascii=False))
        return
    for measure, row in {"right": numbers["right"], **numbers["measures"]}.items():
        click.echo(f"{measure:<18}{row['value']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]  {row['questions']}")
    for measure in ("auroc", "false_answers_at_5_percent_false_refusals", "sentences_per_answer"):
        if numbers[measure] is not None:
            click.echo(f"{measure}  {numbers[measure]:.3f}")
    click.echo(f"milliseconds  p50 {numbers['milliseconds']['p50']:.1f}  p95 {numbers['milliseconds']['p95']:.1f}")
    _show_wrong(results)
    click.echo("\n".join(filter(None, (by_model(results, made_with), f"报告 Report: {target / REPORT}"))))


def _show_wrong(results: "Sequence[Result]") -> None:
    wrong = [one for one in results if not one.right]
    for one in wrong[:_WRONG_SHOWN]:
        click.echo(f"错 wrong  {one.id}  {one_line(one.question)}  {one_line(one.failure)}")
    if len(wrong) > _WRONG_SHOWN:
        click.echo(f"共错 wrong in all: {len(wrong)}，都在报告里 the report has them all")


def _ask_all(
    folder: Path,
    cases: Path,
    squad: Path | None = None,
    beir: Path | None = None,
    leave_out: float = 0.0,
    progress: bool = False,
    check: "Callable[[Sequence[Case]], object]" = lambda cases: None,
) -> "tuple[Answerer, list[Result], str]":
    """(bot, what became of each case, name of the cases): opens the index and asks the cases of it.

    Public data is read and indexed first, under .jiawen-eval, where its embeddings are kept.
    """
    from tqdm import tqdm

    from bot.answer import open_bot
    from eval.cases import read_beir, read_cases, read_squad
    from eval.run import evaluate
    from indexer.build import BuildOptions, build_documents
    from indexer.config import IndexConfig

    if source := squad or beir:
        say = partial(click.echo, err=True)
        documents, asked = read_squad(source, leave_out, say) if squad else read_beir(source, say)
        folder = CACHE / source.stem
        with tqdm(unit="句", desc="编码 Embedding", disable=not sys.stderr.isatty(), leave=False) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            build_documents(documents, folder, IndexConfig.from_environment(), BuildOptions(on_progress=show))
        bot = open_bot(folder)
        name = source.name + (f", {leave_out:.0%} left out" if leave_out else "")
    else:
        bot = open_bot(folder)
        asked = read_cases(cases, bot.index.documents)
        name = cases.name
    check(asked)
    with tqdm(total=len(asked), unit="问", desc="提问 Asking", disable=not sys.stderr.isatty(), leave=False) as bar:
        counted = itertools.count(1)

        def tick() -> None:
            bar.update()
            if progress:
                click.echo(json.dumps({"done": next(counted), "total": len(asked)}))
                sys.stdout.flush()

        return bot, evaluate(bot, asked, tick), name


@evaluation.command()
@click.argument("before", type=PATH)
@click.argument("after", type=PATH)
@JSON_OPTION
def compare(before: Path, after: Path, as_json: bool) -> None:
    """比较两次评测 What changed from run BEFORE to run AFTER, question by question."""
    from eval.compare import compare as compare_runs
    from eval.run import read_run

    old, new = read_run(before)[1], read_run(after)[1]
    differences = compare_runs(old, new)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in differences], ensure_ascii=False))
        return
    click.echo(_compared(differences[0].change.questions, len(old), len(new)))
    for one in differences:
        click.echo(
            f"{one.measure:<18}{one.before:.3f} → {one.after:.3f}  {one.change.value:+.3f}"
            f" [{one.change.low:+.3f}, {one.change.high:+.3f}]  {_chance(one.p_value)}"
            f"  +{len(one.won)} -{len(one.lost)}"
        )
    click.echo(f"赢 won: {' '.join(differences[0].won) or '–'}")
    click.echo(f"输 lost: {' '.join(differences[0].lost) or '–'}")


@evaluation.command()
@INDEX_OPTION
@_cases_option
@click.option("--baseline", type=PATH, required=True, help="作为标准的 run.json The run to hold to.")
def gate(folder: Path, cases: Path, baseline: Path) -> None:
    """有超出偶然的退步就失败 Exit code 1 on a regression beyond noise against BASELINE, naming the questions."""
    from eval.compare import check_same
    from eval.compare import compare as compare_runs
    from eval.run import read_run

    held = read_run(baseline)[1]
    _, results, _ = _ask_all(folder, cases, check=lambda asked: check_same(held, asked))
    differences = compare_runs(held, results)
    click.echo(_compared(differences[0].change.questions, len(held), len(results)))
    failed = [one for one in differences if one.regressed]
    for one in failed:
        click.echo(
            f"退步 regressed: {one.measure} {one.before:.3f} → {one.after:.3f} ({_chance(one.p_value)})"
            f" {' '.join(one.lost)}",
            err=True,
        )
    if failed:
        raise click.exceptions.Exit(1)
    click.echo("没有退步 No regression")


def _chance(p_value: float) -> str:
    return f"p={p_value:.3f}" if p_value >= 0.001 else "p<0.001"  # of 5,000 permutations none can say 0


def _compared(shared: int, before: int, after: int) -> str:
    more = f"；前者没有的 not in the former: {after - shared}" if after > shared else ""
    return f"比较 compared: {shared} / {before} 个问题 questions{more}"


@evaluation.command()
@click.option("--kb", type=FOLDER, default=Path("kb"), show_default=True, help="内容文件夹 Content.")
@click.option("--out", type=PATH, required=True, help="用例文件，接着往后写 The file of cases to append to.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=40,
    show_default=True,
    help="最多几条候选 At most how many candidates.",
)
@click.option("--all", "unasked", is_flag=True, help="不问，全收 Accept every candidate without asking.")
def draft(kb: Path, out: Path, limit: int, unasked: bool) -> None:
    """从文档起草用例，逐条取舍 Draft cases from the documents; each accepted one is in FILE at once."""
    from eval.accept import accept
    from eval.cases import check_writable, read_cases
    from eval.draft import draft_cases, spread
    from indexer.read import read_folder

    check_writable(out)
    documents = read_folder(kb).documents
    written = out.exists() and out.stat().st_size > 0
    cases = read_cases(out, {document.id: document for document in documents}) if written else []
    held = {text for case in cases for text in (case.id, case.question)}
    candidates = [one for one in draft_cases(documents) if not held & {one.id, one.question}]
    offered = spread(candidates, limit)
    accepted = accept(offered, out, held, unasked)
    following = f"；接着 next: jiawen eval run --cases {shlex.quote(str(out))}" if accepted or cases else ""
    click.echo(f"收下 accepted: {accepted}，出示 offered: {len(offered)}/{len(candidates)}{following}")


@evaluation.command(name="from-feedback")
@INDEX_OPTION
@click.option("--out", type=PATH, required=True, help="用例文件，接着往后写 The file of cases to append to.")
def from_feedback(folder: Path, out: Path) -> None:
    """把读者的反馈变成用例 Turn readers' feedback into cases, to be looked at before they are used."""
    from bot.feedback import FILE
    from eval.accept import append
    from eval.cases import check_writable, read_cases
    from eval.feedback import cases_from, read_feedback
    from indexer.store import open_version
    from indexer.versions import current_version, version_folder

    check_writable(out)
    documents = open_version(version_folder(folder, current_version(folder))).documents
    written = read_cases(out, documents) if out.exists() and out.stat().st_size > 0 else []
    found = cases_from(read_feedback(folder / FILE), documents, {case.question for case in written})
    for row in found.rows:
        append(out, row)
        click.echo(f"{'应答 answer' if row['gold'] else '拒答 refuse'}  {one_line(row['question'])}")
    for question, reason in found.unfinished:
        click.echo(f"缺出处 needs a gold quote ({one_line(reason)})  {one_line(question)}")
    click.echo(
        f"写入 written: {len(found.rows)}，待补 to finish: {len(found.unfinished)}"
        f"；看过之后 after a look: JIAWEN_GOLDEN={shlex.quote(str(out))} jiawen index"
    )
