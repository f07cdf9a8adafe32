"""The commands that fit what is in bot/*.npz anew, and say how well it does: `jiawen eval fit`, `claims`, `orders`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval.config import CACHE
from indexer.app import JSON_OPTION, PATH
from indexer.text import one_line

if TYPE_CHECKING:
    from eval.examples import Example, Material


@click.command()
@click.option(
    "--squad", "squads", type=PATH, multiple=True, help="公开问答数据，可多个 Public data beside the practice set."
)
@click.option("--out", type=PATH, help="bot/head.npz by default.")
def fit(squads: Sequence[Path], out: Path | None) -> None:
    """重新拟合选句与把握 Fit the head anew and say how well it does on documents left out; hours."""
    from tqdm import tqdm

    from bot.config import BotConfig
    from bot.head import HEAD, Head
    from bot.question import expectation_from
    from eval.arrays import save_head
    from eval.examples import (
        examples_of,
        leaflet_materials,
        learn_expectation,
        practice_material,
        practice_twins,
        squad_material,
        unread_materials,
    )
    from eval.fit import STEPS, figures, fit
    from indexer.config import IndexConfig
    from indexer.embed import open_encoder

    public = (squad_material(path, CACHE) for path in squads)
    practice = practice_material(CACHE)
    materials = [practice, *leaflet_materials(CACHE), *public]
    words, classes = learn_expectation(materials)
    expectation = expectation_from(words, classes)
    encoder = open_encoder(IndexConfig.from_environment().encoder)
    quiet = not sys.stderr.isatty()

    def examples(of: "Sequence[Material]") -> "list[Example]":
        made = (one for material in of for one in examples_of(material, encoder.encode_query, expectation))
        return list(tqdm(made, unit="例", desc="特征 Features", disable=quiet, leave=False))

    unread = [one for one in examples(unread_materials(CACHE, practice)) if one.variant in ("answerable", "near miss")]
    with tqdm(total=STEPS, unit="步", desc="训练 Training", disable=quiet, leave=False) as bar:
        fitted = fit(examples(materials), practice_twins(), unread, bar.update)
    head = Head(
        fitted.ranker, fitted.judge, fitted.topic, fitted.matcher, fitted.calibration, fitted.among, expectation
    )
    save_head(out or HEAD, head, words, classes)
    for source, numbers in figures(fitted.unseen, BotConfig()).items():
        for name, value in numbers.items():
            click.echo(f"{source}  {name}  {value:.3f}")
    click.echo(f"写入 written: {out or HEAD}")


@click.command()
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--fit",
    "fits",
    is_flag=True,
    help="重新拟合核对用的森林和网络，一个多小时 Fit bot/verify.npz and matching.npz anew, more than an hour.",
)
@JSON_OPTION
def claims(files: Sequence[Path], fits: bool, as_json: bool) -> None:
    """核对句子与段落 Is a sentence carried by its passage: share decided right per kind, and every failure."""
    from tqdm import tqdm

    from bot.matching import MATCHING
    from bot.verify import FOREST
    from eval.claims import STEPS, judge, read_pairs, save_forest, save_matcher, summary
    from eval.claims import fit as fit_claims

    if fits and as_json:
        raise click.UsageError("--fit 和 --json 只能选一个 | give --fit or --json, not both")
    pairs = read_pairs(*files)
    quiet = not sys.stderr.isatty()
    with tqdm(total=len(pairs), unit="句", desc="核对 Checking", disable=quiet, leave=False) as bar:
        if fits:
            with tqdm(total=STEPS, unit="轮", desc="训练 Training", disable=quiet) as epochs:
                fitted = fit_claims(pairs, bar.update, epochs.update)
            save_forest(FOREST, fitted.forest)
            save_matcher(MATCHING, fitted.matcher)
            click.echo(
                f"留出文档上判对 right on documents left out: {fitted.right:.3f}；写入 written: {FOREST}, {MATCHING}"
            )
            return
        numbers = summary(judge(pairs, bar.update))
    if as_json:
        click.echo(json.dumps(numbers, ensure_ascii=False))
        return
    for name in ("right", "supported", "unsupported"):
        if row := numbers[name]:
            click.echo(f"{name:<20}{row['value']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]  {row['questions']}")
    for row in numbers["kinds"]:
        name = f"{'✓' if row['supported'] else '✗'} {row['kind']}"
        click.echo(f"{name:<20}{row['value']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]  {row['questions']}")
    for row in numbers["failures"]:
        verdict = "漏 missed" if not row["supported"] else "误 false alarm"
        click.echo(f"{verdict}  {row['id']}  {row['kind']}  {one_line(row['claim'])}  {one_line(row['reason'])}")


@click.command()
@click.option("--fit", "fitting", is_flag=True, help="重新拟合 Fit bot/orders.npz anew.")
def orders(fitting: bool) -> None:
    """认不认得出对机器人的指令 How many orders to a bot, in documents and for questions, are told from ordinary ones.

    On those left out of the fit; some minutes.
    """
    import numpy as np

    from bot.orders import WEIGHTS
    from eval.examples import leaflet_questions, practice_material
    from eval.orders import weighed
    from indexer.config import DEFAULT_ENCODER
    from indexer.embed import open_encoder

    material = practice_material(CACHE)
    formal = [one.question for one in material.cases if one.kind != "off-topic" and not one.history]
    questions = [*formal, *leaflet_questions()]
    arrays: dict[str, Any] = {}
    for name, told, weights, threshold in weighed(open_encoder(DEFAULT_ENCODER), material.index, questions):
        orders, alike, ordinary = told.counts
        click.echo(name)
        click.echo(f"  认出 caught {told.caught:.3f}，{orders} 条指令 orders")
        click.echo(f"  误认相似的 near misses taken {told.near_misses:.3f}，{alike} 条")
        click.echo(f"  误认普通的 ordinary taken {told.ordinary:.4f}，{ordinary} 条")
        for text in told.missed:
            click.echo(f"  漏 missed  {one_line(text)}")
        arrays |= {f"{name}.weights": weights, f"{name}.threshold": np.float32(threshold)}
    if fitting:
        np.savez(WEIGHTS, **arrays)
        click.echo(f"写入 written: {WEIGHTS}")
