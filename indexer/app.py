"""`jiawen index`: build and publish; see, check and take back versions. `jiawen lint`: what is wrong with kb/."""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import EntryPoint, distribution
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from indexer.errors import ContentError, IndexBroken, JiawenError
from indexer.text import one_line

if TYPE_CHECKING:
    from indexer.build import BuildOptions, BuildReport, Gate


class _Folder(click.Path):
    """A folder that is there or may be made; nothing is not taken for the present one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The folder as a Path."""
        if not os.fspath(value):
            self.fail("空的；当前文件夹请写 . | empty: name a folder, the present one is `.`", param, ctx)
        if os.path.exists(value) and not os.path.isdir(value):
            name = one_line(str(value))
            self.fail(f"{name} 不是文件夹；请给一个文件夹 | {name} is no folder: name one", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder(path_type=Path)
PATH = click.Path(path_type=Path)
INDEX_OPTION = click.option(
    "--index", "folder", type=FOLDER, default=Path(".jiawen"), show_default=True, help="索引 Index."
)
# Of a subcommand, which takes the folder that stands before it where it names none.
_index_option = click.option("--index", "folder", type=FOLDER, help="索引 Index.  [default: .jiawen]")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="只输出 JSON JSON and nothing else.")


@click.group(invoke_without_command=True)
@click.option("--kb", type=FOLDER, default=Path("kb"), show_default=True, help="内容文件夹 Content.")
@INDEX_OPTION
@JSON_OPTION
@click.option("--watch", "watching", is_flag=True, help="内容一变就重建 Rebuild whenever the content changes.")
@click.option("--no-gate", is_flag=True, help="不用标准问题把关 Publish even if golden questions get worse.")
@click.option("--drop-unreadable", is_flag=True, help="读不了的文件，旧内容也撤下 Drop what such files held before.")
@click.option(
    "--automatic", is_flag=True, help="无人要求的重建：回滚过的内容不再发布 Leave rolled-back content unpublished."
)
@click.option("--progress", is_flag=True, help="每批编码后输出一行 JSON A line of JSON after each batch of sentences.")
@click.pass_context
def index(
    context: click.Context,
    kb: Path,
    folder: Path,
    as_json: bool,
    watching: bool,
    no_gate: bool,
    drop_unreadable: bool,
    automatic: bool,
    progress: bool,
) -> None:
    """建立并发布索引 Build and publish the index of KB; exit code 1 if a file was skipped or nothing was published."""
    context.obj = folder
    if context.invoked_subcommand:
        return
    from indexer.build import BuildOptions

    def show(done: int, total: int) -> None:
        if progress:
            click.echo(json.dumps({"done": done, "total": total}))
            sys.stdout.flush()

    options = BuildOptions(
        on_progress=show,
        gates=_gates(),
        override_gates=no_gate,
        drop_unreadable=drop_unreadable,
        automatic=automatic or watching,
    )
    if options.automatic or progress:
        os.nice(10)  # whoever asks questions meanwhile comes first
    if watching:
        _watch(kb, folder, options, as_json)
    elif not _build(kb, folder, options, as_json):
        raise click.exceptions.Exit(1)


def _gates() -> "Sequence[Gate]":
    """What holds a candidate to questions lies above this package; it is found as the commands are, loaded if used."""

    def lazily(entry: EntryPoint) -> "Gate":
        return lambda candidate, published: entry.load()(candidate, published)

    return [lazily(entry) for entry in distribution("jiawen").entry_points.select(group="jiawen.gates")]


def _build(kb: Path, folder: Path, options: "BuildOptions", as_json: bool) -> bool:
    """One build, reported; False if a file was skipped or the version was not published."""
    from dataclasses import replace

    from tqdm import tqdm

    from indexer.build import build
    from indexer.config import IndexConfig

    _say_if_it_waits(folder)
    with tqdm(unit="句", disable=not sys.stderr.isatty(), leave=False, desc="编码 Embedding") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)
            options.on_progress(done, total)

        report = build(kb, folder, IndexConfig.from_environment(), replace(options, on_progress=show))
    if as_json:
        row = asdict(report) | {"skipped": [one._asdict() for one in report.skipped]}
        click.echo(json.dumps(row, ensure_ascii=False))
    else:
        click.echo(_as_text(report))
    for one in report.skipped:
        still = "（旧内容保留 its earlier content stays）" if one.kept else ""
        click.echo(f"跳过 skipped: {one_line(one.reason)}{still}", err=True)
    for line in report.regressed:
        click.echo(f"变差 worse: {one_line(line)}", err=True)
    if report.regressed:
        click.echo(
            f"没有发布，仍用 {report.version}；确要发布请加 --no-gate"
            f" | not published, {report.version} stays: to publish all the same add --no-gate",
            err=True,
        )
    return report.published and not report.skipped


def _say_if_it_waits(index: Path) -> None:
    from indexer.versions import someone_builds

    if someone_builds(index):
        click.echo("另一个重建正在进行，等它结束 Another build is running: waiting for it", err=True)


def _as_text(report: "BuildReport") -> str:
    counts = (
        f"{report.documents} 篇文档，{report.chunks} 段"
        f"（新编码 {report.embedded}，沿用 {report.reused}，移除 {report.removed}），{report.seconds:.1f} 秒"
    )
    if report.held:
        return f"内容已回滚，不自动发布 rolled back, not published by itself: jiawen index（{report.version}）"
    return f"{'已发布' if report.published else '未发布，仍用'} {report.version}：{counts}"


def _watch(kb: Path, folder: Path, options: "BuildOptions", as_json: bool) -> None:
    """Builds at once and after every change until interrupted; a build that fails is reported, the watching goes on."""
    from indexer.watch import changes

    stop = Event()

    def interrupted(number: int, frame: FrameType | None) -> None:
        stop.set()  # the exception is lost where it meets a finaliser
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupted)
    click.echo(f"正在看着 {kb}（Ctrl-C 停止） Watching {kb} (Ctrl-C to stop)", err=True)
    with contextlib.suppress(KeyboardInterrupt):  # the documented way to stop
        for _ in changes(kb, stop):
            try:
                _build(kb, folder, options, as_json)
            except JiawenError as error:
                click.echo(one_line(str(error)), err=True)


@index.command()
@_index_option
@JSON_OPTION
@click.pass_obj
def status(default: Path, folder: Path | None, as_json: bool) -> None:
    """现在用的是哪个版本 Which version is published, from which content, what was skipped."""
    from indexer.store import read_manifest
    from indexer.versions import current_version, someone_builds, version_folder, version_names

    index = folder or default
    manifest = read_manifest(version_folder(index, current_version(index)))
    found = {
        "version": manifest.version,
        "built_at": manifest.built_at,
        "kb": manifest.kb,
        "documents": manifest.documents,
        "chunks": manifest.chunks,
        "encoder": manifest.fingerprint,
        "gate": manifest.gate,
        "skipped": [one._asdict() for one in manifest.skipped],
        "versions": len(version_names(index)),
        "building": someone_builds(index),
    }
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        gate = {"passed": "通过 passed", "overridden": "跳过 overridden"}.get(manifest.gate, "无 none")
        counts = f"{manifest.documents} 篇 documents  {manifest.chunks} 段 passages"
        click.echo(f"版本 version    {manifest.version}  {manifest.built_at}")
        click.echo(f"内容 content    {one_line(manifest.kb)}  {counts}")
        click.echo(f"把关 gate       {gate}")
        click.echo(f"共有 versions   {found['versions']}{'  正在重建 building' if found['building'] else ''}")
        for one in manifest.skipped:
            click.echo(f"跳过 skipped    {one_line(one.reason)}{'（旧内容保留 kept）' if one.kept else ''}")
    if manifest.skipped:
        raise ContentError(
            f"{manifest.kb} 里跳过了 {len(manifest.skipped)} 个文件；请照所说的原因改正，再运行 jiawen index",
            f"files of {manifest.kb} that were skipped: {len(manifest.skipped)}; mend them as said, run `jiawen index`",
        )


@index.command()
@_index_option
@JSON_OPTION
@click.pass_obj
def versions(default: Path, folder: Path | None, as_json: bool) -> None:
    """列出各版本，* 是现用的 All versions, oldest first; * is the published one."""
    from indexer.versions import describe_versions

    for row in describe_versions(folder or default):
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
            continue
        shown = row.get("error") or "{documents:>6} 篇 {chunks:>7} 段  {gate}".format(**row)
        click.echo(f"{'*' if row['published'] else ' '} {row['version']}  {one_line(shown)}")


@index.command()
@_index_option
@click.argument("version", required=False)
@click.pass_obj
def rollback(default: Path, folder: Path | None, version: str | None) -> None:
    """换回旧版本 Publish VERSION, by default the one served before; a running page takes it up at once."""
    from indexer.versions import roll_back

    _say_if_it_waits(folder or default)
    manifest = roll_back(folder or default, version)
    click.echo(
        f"已换回 {manifest.version}；内容文件夹没有变，运行 jiawen index 会重新发布它"
        f" | published {manifest.version}; the content folder is as it was: `jiawen index` publishes it again"
    )


@index.command()
@_index_option
@JSON_OPTION
@click.argument("version", required=False)
@click.pass_obj
def verify(default: Path, folder: Path | None, as_json: bool, version: str | None) -> None:
    """逐个文件检查 Check every file of VERSION, by default of all versions; exit code 1 names what is broken."""
    from indexer.versions import current_version, faults_of, version_names

    index = folder or default
    now = current_version(index)
    faults = {name: faults_of(index, name) for name in ([version] if version else version_names(index))}
    if as_json:
        click.echo(json.dumps({"faults": faults}, ensure_ascii=False))
    else:
        for name, found in faults.items():
            click.echo(f"{name}  {'完好 sound' if not found else one_line('; '.join(found))}")
    if faults.get(now):
        raise IndexBroken(
            f"现用的版本 {now} 已损坏；请运行 jiawen index 重建",
            f"the published version {now} is damaged: run `jiawen index`",
        )
    if damaged := " ".join(name for name, found in faults.items() if found):
        raise IndexBroken(
            f"旧版本 {damaged} 已损坏，换不回去；请换用别的",
            f"earlier versions are damaged: {damaged}; roll back to another",
        )


@index.command()
@_index_option
@click.option("--keep", type=click.IntRange(min=1), default=5, show_default=True, help="留几个 How many stay.")
@click.option("--forget", is_flag=True, help="旧文也删，旧引用将打不开 Old texts too: old citations no longer open.")
@click.pass_obj
def prune(default: Path, folder: Path | None, keep: int, forget: bool) -> None:
    """删去最旧的版本 Delete all but the newest versions; the published one always stays."""
    from indexer.versions import current_version, only_builder
    from indexer.versions import prune as prune_versions

    index = folder or default
    current_version(index)  # where there is none, no folder is made
    _say_if_it_waits(index)
    with only_builder(index):
        removed = prune_versions(index, keep, forget)
    click.echo(f"删去 removed: {' '.join(removed) or '–'}")


_RULES = """检查内容：哪里会答不出、答不准 What in KB will lose or distort answers.

\b
问题 problem（退出码 1 exit code 1）:
  unreadable      读不了的文件 a file that cannot be read
  lost-question   已知问题的 quote 不在正文里 a known question whose quote the document no longer holds
  disputed-question
                  已知问题既有 quote 又写了 null a known question both with a quote and with null
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
@click.option("--kb", type=FOLDER, default=Path("kb"), show_default=True, help="内容文件夹 Content.")
@JSON_OPTION
def lint(kb: Path, as_json: bool) -> None:
    """What in KB will lose or distort answers; exit code 1 where there is a problem."""
    from indexer.config import IndexConfig
    from indexer.lint import lint as lint_pages
    from indexer.page import PROBLEM, open_pages

    pages, unreadable = open_pages(kb, IndexConfig.from_environment())
    findings = [*unreadable, *lint_pages(pages)]
    chunks = sum(len(page.chunks) for page in pages)
    problems = sum(finding.severity == PROBLEM for finding in findings)
    if as_json:
        rows = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"findings": rows, "documents": len(pages), "chunks": chunks}, ensure_ascii=False))
    else:
        files = {page.document.id: page.file for page in pages}
        for finding in findings:
            kind = "问题 problem" if finding.severity == PROBLEM else "提示 note"
            place = f"{files[finding.doc_id]}:{finding.line}" if finding.line else kb  # the message names the file
            click.echo(one_line(f"{place}: {kind} {finding.rule}: {finding.message}"))
        notes = len(findings) - problems
        click.echo(
            f"{len(pages)} 篇文档，{chunks} 段：{problems} 个问题，{notes} 条提示"
            f" | {len(pages)} documents, {chunks} passages: {problems} problems, {notes} notes"
        )
    if problems:
        raise ContentError(
            f"{kb} 有 {problems} 个问题；请照列出的改正", f"problems in {kb}: {problems}; correct them as listed"
        )
