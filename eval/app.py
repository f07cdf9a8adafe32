"""`jiawen eval`: measure, compare, stop a bad change."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

_path = click.Path(path_type=Path)
GOLDEN = Path(__file__).parent / "golden" / "jiayuguan.jsonl"


@click.group(name="eval")
def evaluation() -> None:
    """评测检索与回答 Measure retrieval and answers, compare runs, stop a regression."""


_index_option = click.option(
    "--index", "folder", type=_path, default=Path(".jiawen"), show_default=True, help="索引 Index."
)
_cases_option = click.option("--cases", type=_path, default=GOLDEN, help="用例 JSON Lines; the golden set by default.")


@evaluation.command()
@_index_option
@_cases_option
@click.option("--squad", type=_path, help="SQuAD 格式的文件，既是知识库又是用例 Knowledge base and cases in one.")
@click.option("--beir", type=_path, help="BEIR 文件夹 A BEIR folder.")
@click.option(
    "--leave-out", type=click.FloatRange(0, 1), default=0.0, help="删去多大比例的段落 Share of paragraphs to drop."
)
@click.option("--out", type=_path, help="结果文件夹 The run's folder; runs/<time> by default.")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON JSON and nothing else.")
def run(
    folder: Path, cases: Path, squad: Path | None, beir: Path | None, leave_out: float, out: Path | None, as_json: bool
) -> None:
    """跑一遍用例，写出结果和报告 Ask every case; write run.json and report.html."""
    from eval.report import report
    from eval.run import stamp, summary, write_run

    if squad and beir:
        raise click.UsageError("--squad 和 --beir 只能选一个 | give --squad or --beir, not both")
    if leave_out and not squad:
        raise click.UsageError("--leave-out 要和 --squad 一起用 | --leave-out goes with --squad")
    bot, results, name = _results(folder, cases, squad, beir, leave_out)
    made_with = stamp(bot, name)
    target = out or Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}"
    write_run(target, results, made_with)
    (target / "report.html").write_text(report(results, made_with), encoding="utf-8")
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
    click.echo(f"报告 Report: {target / 'report.html'}")


def _results(folder: Path, cases: Path, squad: Path | None, beir: Path | None, leave_out: float) -> Any:
    """(bot, results, name of the cases); public data is indexed under .jiawen-eval, where its embeddings are kept."""
    from tqdm import tqdm

    from bot.answer import open_bot
    from eval.cases import read_beir, read_cases, read_squad
    from eval.run import evaluate
    from indexer.build import build_documents
    from indexer.config import IndexConfig

    if squad or beir:
        source = squad or beir
        assert source
        documents, asked = read_squad(source, leave_out) if squad else read_beir(source)
        folder = Path(".jiawen-eval") / source.stem
        with tqdm(unit="句", desc="编码 Embedding", disable=not sys.stderr.isatty(), leave=False) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            build_documents(documents, folder, IndexConfig.from_environment(), show)
        bot = open_bot(folder)
        name = f"{source.name}" + (f", {leave_out:.0%} left out" if leave_out else "")
    else:
        bot = open_bot(folder)
        asked = read_cases(cases, bot.index.documents)
        name = cases.name
    with tqdm(total=len(asked), unit="问", desc="提问 Asking", disable=not sys.stderr.isatty(), leave=False) as bar:
        return bot, evaluate(bot, asked, bar.update), name


@evaluation.command()
@click.argument("before", type=_path)
@click.argument("after", type=_path)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON JSON and nothing else.")
def compare(before: Path, after: Path, as_json: bool) -> None:
    """比较两次评测 What changed from run BEFORE to run AFTER, question by question."""
    from eval.compare import compare as compare_runs
    from eval.run import read_run

    differences = compare_runs(read_run(before)[1], read_run(after)[1])
    if as_json:
        click.echo(json.dumps([asdict(one) for one in differences], ensure_ascii=False))
        return
    for one in differences:
        click.echo(
            f"{one.measure:<18}{one.before:.3f} → {one.after:.3f}  {one.change.value:+.3f}"
            f" [{one.change.low:+.3f}, {one.change.high:+.3f}]  p={one.p_value:.3f}  +{len(one.won)} -{len(one.lost)}"
        )
    click.echo(f"赢 won: {' '.join(differences[0].won) or '–'}")
    click.echo(f"输 lost: {' '.join(differences[0].lost) or '–'}")


@evaluation.command()
@_index_option
@_cases_option
@click.option("--baseline", type=_path, required=True, help="作为标准的 run.json The run to hold to.")
def gate(folder: Path, cases: Path, baseline: Path) -> None:
    """有超出偶然的退步就失败 Exit code 1 on a regression beyond noise against BASELINE, naming the questions."""
    from eval.compare import compare as compare_runs
    from eval.run import read_run

    held = read_run(baseline)[1]
    _, results, _ = _results(folder, cases, None, None, 0.0)
    failed = [one for one in compare_runs(held, results) if one.regressed]
    for one in failed:
        click.echo(
            f"退步 regressed: {one.measure} {one.before:.3f} → {one.after:.3f} (p={one.p_value:.3f})"
            f" {' '.join(one.lost)}",
            err=True,
        )
    if failed:
        raise click.exceptions.Exit(1)
    click.echo(f"没有退步 No regression: {len(results)} 个问题 questions")
