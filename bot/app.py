"""The command line `jiawen` and its commands ask, search, explain and chat; those of indexer/ and eval/ join it."""

import io
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.config import stay_offline
from indexer.app import INDEX_OPTION, JSON_OPTION
from indexer.errors import JiawenError, QuestionError
from indexer.text import one_line

if TYPE_CHECKING:
    from bot.answer import Answerer

_ECHOED = 200  # characters of a bad question that an error repeats
_SHOWN = 80  # characters of a passage that a terminal shows


class Commands(click.Group):
    """Finds its commands in pyproject.toml and imports only the one that runs."""

    @staticmethod
    def _entries() -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in distribution("jiawen").entry_points.select(group="jiawen.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, sorted."""
        return sorted(self._entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        entry = self._entries().get(cmd_name)
        command: click.Command | None = entry.load() if entry else None
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a user's mistake is one line on stderr and exit code 1."""
        if sys.stdout is None:  # closed by whoever started it; the next file opened would get its number
            raise click.ClickException(
                "标准输出已关闭；请接到文件或 /dev/null | standard output is closed: connect it to a file or /dev/null"
            )
        sys.stdin, sys.stderr = sys.stdin or io.StringIO(), sys.stderr or io.StringIO()
        if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal keeps its encoding, a pipe or file gets UTF-8
            sys.stdout.reconfigure(encoding=sys.stdout.encoding if sys.stdout.isatty() else "utf-8", errors="replace")
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except JiawenError as error:
            raise click.ClickException(one_line(str(error))) from error
        except BrokenPipeError:
            raise  # click ends quietly: the reader has gone
        except OSError as error:
            raise click.ClickException(
                f"写不出结果：{error.strerror} | cannot write the result: {error.strerror}"
            ) from error


@click.group(cls=Commands)
def main() -> None:
    """嘉问：有据可查的知识库问答 Answers from kb/, with the passage each sentence stands on."""
    stay_offline()


_batch_option = click.option(
    # What is no UTF-8 becomes what no question may hold, so that one bad line does not cost the others.
    "--batch",
    type=click.File(encoding="utf-8-sig", errors="surrogateescape"),
    help="每行一个问题的文件 One question a line.",
)


def _writes_json(question: str | None, batch: Iterable[str] | None, as_json: bool) -> bool:
    """Whether JSON is written, as of a batch always. Asked before the index is opened, which may be missing too."""
    if (question is None) == (batch is None):
        raise click.UsageError(
            "请给出一个问题，或用 --batch 给出文件，只能选一样 | give one QUESTION, or --batch FILE, not both"
        )
    return as_json or batch is not None


def _run_each(question: str | None, batch: Iterable[str] | None, as_json: bool, run: Any, show: Any) -> None:
    """One question: errors end the command. A batch: a bad line gives {"question", "error"}, the rest go on, exit 1."""
    failed = 0
    for text in (line.rstrip("\r\n") for line in batch) if batch is not None else (question or "",):
        try:
            result = run(text)
        except JiawenError as error:
            if batch is None:
                raise
            failed += 1
            click.echo(json.dumps({"question": text[:_ECHOED], "error": str(error)}, ensure_ascii=False))
            continue
        if as_json:
            click.echo(json.dumps(result, ensure_ascii=False))
        else:
            show(result)
    if failed:
        raise QuestionError(
            f"--batch 有 {failed} 行没法问；请照它们的 error 改正",
            f"lines of --batch that cannot be asked: {failed}; correct them as each one's error says",
        )


@click.command()
@INDEX_OPTION
@JSON_OPTION
@_batch_option
@click.option("--llm", "model", help="语言模型，代替 JIAWEN_LLM A language model; empty for none.")
@click.argument("question", required=False)
def ask(folder: Path, as_json: bool, batch: Iterable[str] | None, model: str | None, question: str | None) -> None:
    """回答一个问题并给出出处 Answer QUESTION with its passages."""
    from bot.export import lines_of, quote_as_text
    from bot.types import written_date
    from bot.wire import answer_to_json, growing_answer_to_json

    as_json = _writes_json(question, batch, as_json)
    bot = _open(folder, model)

    def asked(text: str) -> dict[str, Any]:
        answer = bot.ask(text)
        return answer_to_json(answer) if as_json else growing_answer_to_json(answer, bot.index.documents)

    def show(answer: dict[str, Any]) -> None:
        for line in lines_of(answer):
            click.echo(one_line(line))
        if answer["searched"]:
            click.echo(f"  按这个问题查找 searched for: {one_line(answer['searched'])}")
        if answer["note"]:
            click.echo(f"  {one_line(answer['note'])}")
        for citation in answer["citations"]:
            place = f"{citation['doc_id']}:{citation['start']}-{citation['end']}"
            source = filter(None, (citation["title"], written_date(citation["published"]), place))
            click.echo(f"  [{citation['number']}] {one_line(' · '.join(source))}")
        for passage in answer["nearest"]:
            click.echo(f"  · {one_line(quote_as_text(passage['sentence']))[:_SHOWN]}")

    _run_each(question, batch, as_json, asked, show)


def _open(folder: Path, model: str | None) -> "Answerer":
    """With that language model in place of the one in the settings; what asks none needs no package and no key."""
    from bot.answer import open_bot
    from bot.config import BotConfig

    config = BotConfig.from_environment()
    return open_bot(folder, config if model is None else replace(config, model=model))


@click.command()
@INDEX_OPTION
@JSON_OPTION
@_batch_option
@click.option(
    "-k", "count", type=click.IntRange(1, 1000), default=10, show_default=True, help="几段 How many passages."
)
@click.argument("question", required=False)
def search(folder: Path, as_json: bool, batch: Iterable[str] | None, count: int, question: str | None) -> None:
    """找出最相关的段落 The passages nearest to QUESTION."""
    from bot.wire import hits_to_json

    as_json = _writes_json(question, batch, as_json)
    bot = _open(folder, "")
    version = bot.index.manifest.version

    def show(result: dict[str, Any]) -> None:
        for hit in result["hits"]:
            where = one_line(hit["chunk_id"])
            click.echo(f"{hit['rank']:>3}  {hit['score']:.3f}  {where}  {one_line(hit['text'])[:_SHOWN]}")

    _run_each(question, batch, as_json, lambda text: hits_to_json(text, bot.search(text, count), version), show)


@click.command()
@INDEX_OPTION
@JSON_OPTION
@click.option("--chunk", "chunk_id", help="段落编号，默认最相关的 A chunk_id; by default the best passage.")
@click.argument("question")
def explain(folder: Path, as_json: bool, chunk_id: str | None, question: str) -> None:
    """说明一段为何（没）被检索到 Why a passage was, or was not, retrieved and cited."""
    from dataclasses import asdict

    from bot.explain import explain as explain_chunk

    found = explain_chunk(_open(folder, ""), question, chunk_id)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    click.echo(f"{one_line(found.chunk_id)}  {one_line(found.text)[:_SHOWN]}")
    click.echo(f"语义 dense     {found.similarity:.4f}  第 rank {found.dense_rank}")
    click.echo(f"字词 terms     {found.coverage:.4f}  第 rank {found.lexical_rank or '–'}")
    click.echo("  " + " ".join(f"{term} {share:.3f}" for term, share in found.terms))
    click.echo(f"  缺 missing: {' '.join(found.missing) or '–'}")
    if found.known:
        click.echo(f"已知 known     {found.likeness:.4f}  {one_line(found.known)}")
    nearness = found.fused - found.weight * found.coverage
    click.echo(
        f"融合 fused     {nearness:.4f} + {found.weight} × {found.coverage:.4f} = {found.fused:.4f}"
        f"  第 rank {found.fused_rank or '–'}"
    )
    added = f"{found.fused:.4f} + {found.belief_weight} × {found.belief:.4f}"
    click.echo(f"合计 score     {added} = {found.score:.4f}  第 rank {found.rank or '–'}")
    click.echo(f"取舍 outcome   {found.cut or '已读 read'}")
    for belief, text, cited in found.sentences:
        click.echo(f"  {'引 cited' if cited else '        '} {belief:6.1%}  {one_line(text)[:_SHOWN]}")
    verdict = "拒答 refused" if found.refused else "回答 answered"
    lacking = one_line(found.unmentioned) if found.refused else ""
    unmentioned = f"；文中没有提到 not mentioned: {lacking}" if lacking else ""
    if found.unanswered:
        click.echo(f"已知无答案 known to have no answer: {one_line(found.unanswered)}")
    if found.steers:
        click.echo("像在对机器人说话，不像在问内容 seems to speak to the bot, not of the content")
    if found.unlike:
        click.echo("不像任何一个已知有答案的问题 like no question known to have an answer")
    click.echo(f"把握 confidence {found.confidence:.3f}  {verdict}{unmentioned}")


def _named(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The host; an empty one, as an unset variable gives, would serve to everybody."""
    if not value.strip():
        raise click.BadParameter("空的；只供本机请写 127.0.0.1 | empty: 127.0.0.1 serves this machine alone")
    return value


@click.command()
@INDEX_OPTION
@click.option("--host", default="127.0.0.1", show_default=True, callback=_named)
@click.option("--port", type=click.IntRange(0, 65535), default=7860, show_default=True)
def chat(folder: Path, host: str, port: int) -> None:
    """打开网页问答 Serve the web chat and the API beside it."""
    from bot.api import serve
    from bot.live import Live

    serve(Live.open(folder), host, port)
