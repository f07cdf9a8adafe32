"""`jiawen index` and `jiawen lint`: the command line of this package."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

_kb_option = click.option(
    "--kb", type=click.Path(path_type=Path), default=Path("kb"), show_default=True, help="内容文件夹 Content."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="只输出 JSON JSON and nothing else.")


@click.command()
@_kb_option
@click.option("--index", "folder", type=click.Path(path_type=Path), default=Path(".jiawen"), show_default=True)
@_json_option
def index(kb: Path, folder: Path, as_json: bool) -> None:
    """建立并发布索引 Build and publish the index of KB."""
    from tqdm import tqdm

    from indexer.build import build
    from indexer.config import IndexConfig

    with tqdm(unit="句", disable=not sys.stderr.isatty(), leave=False, desc="编码 Embedding") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = build(kb, folder, IndexConfig.from_environment(), show)
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        click.echo(
            f"已发布 {report.version}：{report.documents} 篇文档，{report.chunks} 段"
            f"（新编码 {report.embedded}，沿用 {report.reused}，移除 {report.removed}），{report.seconds:.1f} 秒"
        )


_RULES = """检查内容：哪里会答不出、答不准 What in KB will lose or distort answers.

\b
问题 problem（退出码 1 exit code 1）:
  coverage        有字不在任何段或句里 text outside every passage or sentence
  over-long       句子超过编码模型的长度 a sentence longer than the encoder reads
  mid-sentence    句子被切到两段里 a sentence cut between two passages
  orphan-heading  标题下没有正文 a heading without text
  empty           几乎没有正文 a document with hardly any text
  conflict        同一数量，两篇数字不同 one quantity, other numbers in two documents
提示 note（退出码 0 exit code 0）:
  near-duplicate  几乎相同的段落 nearly the same passage twice
  boilerplate     多篇重复的文字 text repeated in many documents
  empty           正文几乎都是重复的 a document of little but repeated text
  conflict        数字不同，但发布年份也不同 the same, published in different years
"""


@click.command(help=_RULES)
@_kb_option
@_json_option
def lint(kb: Path, as_json: bool) -> None:
    """What in KB will lose or distort answers; exit code 1 where there is a problem."""
    from indexer.config import IndexConfig
    from indexer.lint import lint as lint_pages
    from indexer.page import PROBLEM, open_pages
    from indexer.text import one_line

    pages = open_pages(kb, IndexConfig.from_environment())
    findings = lint_pages(pages)
    chunks = sum(len(page.chunks) for page in pages)
    problems = sum(finding.severity == PROBLEM for finding in findings)
    if as_json:
        rows = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"findings": rows, "documents": len(pages), "chunks": chunks}, ensure_ascii=False))
    else:
        files = {page.document.id: page.file for page in pages}
        for finding in findings:
            kind = "问题 problem" if finding.severity == PROBLEM else "提示 note"
            click.echo(one_line(f"{files[finding.doc_id]}:{finding.line}: {kind} {finding.rule}: {finding.message}"))
        notes = len(findings) - problems
        click.echo(
            f"{len(pages)} 篇文档，{chunks} 段：{problems} 个问题，{notes} 条提示"
            f" | {len(pages)} documents, {chunks} passages: {problems} problems, {notes} notes"
        )
    if problems:
        raise click.exceptions.Exit(1)
