"""`jiawen index`: the command line of this package."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click


@click.command()
@click.option(
    "--kb", type=click.Path(path_type=Path), default=Path("kb"), show_default=True, help="内容文件夹 Content."
)
@click.option("--index", "folder", type=click.Path(path_type=Path), default=Path(".jiawen"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON JSON and nothing else.")
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
