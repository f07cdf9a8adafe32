"""Fits the head (bot/head.npz) on questions with known answers, and says how well it does on documents left out.

The ranker is trained listwise: the softmax over a question's candidates should lie on sentences that hold the answer
(ListNet, Cao et al. 2007, https://doi.org/10.1145/1273496.1273513). Judge and topic are trained on the scores of
rankers that have not seen the document: the judge, extremely randomised trees (Geurts et al. 2006,
https://doi.org/10.1007/s10994-006-6226-1), on near misses written by hand (eval/practice/); the topic on questions
whose document is left out or that are asked of another. Boosted trees and networks told practice questions apart a
little better, but the article's worse.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from bot.answer import in_context
from bot.config import BotConfig
from bot.features import candidates_of
from bot.head import EXTREME, Forest, Head, Network, log_odds_of_answer, summarise, together
from bot.lexicon import with_chinese
from bot.question import Asked, Expectation, ask_what, content_words, holds, word_class
from bot.retrieve import retrieve
from bot.types import Hit
from eval.cases import Case, read_cases, read_squad
from eval.metrics import auroc, false_answers_at
from indexer.build import build_documents
from indexer.config import IndexConfig
from indexer.embed import Vectors, fingerprint_of
from indexer.lexical import LexicalIndex
from indexer.read import read_folder
from indexer.store import Index, lexical_text, read_jsonl
from indexer.text import fold, simplify
from indexer.types import Document
from indexer.versions import open_index

PRACTICE = "practice"
_PRACTICE_FOLDER = Path(__file__).parent / "practice"
FOLDS = 5
SEEDS = 2  # networks whose outputs are averaged
_PRIOR = 6.0  # questions that a word class weighs beside the word's own
_SEEN = 3  # questions that name a word before it has a chance of its own


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One question over one set of candidates."""

    case: str
    source: str  # "practice", or the name of the public file
    variant: str  # answerable, near miss, taken away (the answering sentences), left out (the document), elsewhere
    fold: int
    features: npt.NDArray[np.float32]
    holds_answer: npt.NDArray[np.bool_]  # per candidate: the whole answer, or a part of it that is asked for
    texts: tuple[str, ...]
    must: tuple[str, ...]
    together: float  # share of the hits that are of the best hit's document

    @property
    def answerable(self) -> bool:
        """Some candidate answers."""
        return bool(self.holds_answer.any())


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Cases and the index they are asked of; `alone` asks each of an index of its own document as well."""

    name: str
    index: Index
    cases: Sequence[Case]
    document_of: Mapping[str, str]  # case id → document
    alone: bool


def practice_material(cache: Path) -> Material:
    """The documents and questions of eval/practice/, written for Jiawen; their index is kept under `cache`."""
    documents = read_folder(_PRACTICE_FOLDER / "documents").documents
    path = _PRACTICE_FOLDER / "cases.jsonl"
    cases = read_cases(path, {document.id: document for document in documents})
    document_of = {row["id"]: row["doc_id"] for row in read_jsonl(path)}
    return Material(PRACTICE, _indexed(documents, cache / PRACTICE), cases, document_of, alone=True)


def squad_material(path: Path, cache: Path) -> Material:
    """SQuAD-shaped questions and their paragraphs; their index is kept under `cache`."""
    documents, cases = read_squad(path)
    answerable = [case for case in cases if case.answerable]
    document_of = {case.id: case.gold[0].doc_id for case in answerable}
    return Material(path.stem, _indexed(documents, cache / path.stem), answerable, document_of, alone=False)


def _indexed(documents: list[Document], folder: Path) -> Index:
    settings = IndexConfig.from_environment()
    build_documents(documents, folder, settings)
    return open_index(folder, fingerprint_of(settings.encoder))


def only_document(index: Index, doc_id: str) -> Index:
    """The index as if the document were the whole knowledge base."""
    numbers = [number for number, chunk in enumerate(index.chunks) if chunk.doc_id == doc_id]
    rows = np.concatenate([np.arange(index.first_sentence[n], index.first_sentence[n + 1]) for n in numbers])
    chunks = tuple(index.chunks[number] for number in numbers)
    sentences = index.sentences[rows].copy()
    sentences[:, 0] = np.searchsorted(numbers, sentences[:, 0])
    vectors = type(index.vectors)(index.vectors.d)
    vectors.add(np.stack([index.vectors.reconstruct(int(row)) for row in rows]))
    return replace(
        index,
        documents={doc_id: index.documents[doc_id]},
        chunks=chunks,
        sentences=sentences,
        first_sentence=np.searchsorted(sentences[:, 0], np.arange(len(chunks) + 1)),
        lexical=LexicalIndex.from_texts([lexical_text(chunk) for chunk in chunks]),
        vectors=vectors,
    )


def learn_expectation(materials: Sequence[Material]) -> tuple[dict[str, float], dict[str, float]]:
    """(word → chance, class → chance) that the document which answers a question holds a word of it."""
    words: dict[str, list[float]] = {}
    classes: dict[str, list[float]] = {}
    kinds: dict[str, str] = {}
    for material in materials:
        folded = {doc_id: fold(document.text) for doc_id, document in material.index.documents.items()}
        for case in material.cases:
            if not case.answerable:
                continue
            for word, tag in content_words(fold(case.question)):
                held = holds(folded[case.gold[0].doc_id], word)
                kinds[word] = word_class(word, tag)
                words.setdefault(word, []).append(held)
                classes.setdefault(kinds[word], []).append(held)
    chances = {key: (sum(held) + _PRIOR / 2) / (len(held) + _PRIOR) for key, held in classes.items()}
    return {
        word: (sum(held) + _PRIOR * chances[kinds[word]]) / (len(held) + _PRIOR)
        for word, held in words.items()
        if len(held) >= _SEEN
    }, chances


def examples_of(material: Material, encode: Callable[[str], Vectors], expectation: Expectation) -> Iterator[Example]:
    """Every case of the material in the variants it can be asked in."""
    config = BotConfig()
    alone = (
        {doc_id: only_document(material.index, doc_id) for doc_id in material.index.documents} if material.alone else {}
    )
    for case in material.cases:
        question = in_context(case.question, case.history)
        query = encode(simplify(question))
        doc_id = material.document_of[case.id]
        asked = ask_what(question, expectation)
        about_itself = case.kind == "metadata"  # 这篇文章 means any document that it is asked of
        if alone and not about_itself:
            others = sorted(alone.keys() - {doc_id})
            other = alone[others[_fold(case.id, len(others))]]
            hits = retrieve(other, with_chinese(question), query, config.hits, config)
            yield _example(material, case, "elsewhere", other, asked, query, hits)
        for index in filter(None, (None if about_itself else material.index, alone.get(doc_id))):
            hits = retrieve(index, with_chinese(question), query, 3 * config.hits, config)
            best = hits[: config.hits]
            if not case.answerable:
                yield _example(material, case, "near miss", index, asked, query, best)
                continue
            right = frozenset().union(*_answering_rows(index, case))
            yield _example(material, case, "answerable", index, asked, query, best, right=right)
            touched = _touching_rows(index, case)
            inside = {row for hit in best for row in range(*index.first_sentence[hit.number : hit.number + 2])}
            rest = "".join(index.sentence_text(row) for row in inside - touched)
            if not any(must in rest for must in case.must):
                yield _example(material, case, "taken away", index, asked, query, best, without=touched)
            elsewhere = [hit for hit in hits if hit.chunk.doc_id != doc_id][: config.hits]
            if elsewhere and index is material.index:
                yield _example(material, case, "left out", index, asked, query, elsewhere)


def _example(
    material: Material, case: Case, variant: str, index: Index, asked: Asked, query: Vectors, hits: Sequence[Hit],
    without: frozenset[int] = frozenset(), right: frozenset[int] = frozenset(),
) -> Example:  # fmt: skip
    found = candidates_of(index, asked, query, hits, without)
    rows = found.rows.tolist()
    return Example(
        case.id,
        material.name,
        variant,
        _fold(material.document_of[case.id]),
        found.features.astype(np.float32),
        np.array([row in right for row in rows], bool),
        tuple(index.sentence_text(row) for row in rows),
        case.must,
        together(hits),
    )


def _fold(doc_id: str, folds: int = FOLDS) -> int:
    """A number below `folds`; documents of one article (the part before the last hyphen of public data) share it."""
    article = doc_id.rsplit("-", 1)[0] if doc_id.rsplit("-", 1)[-1].isdigit() else doc_id
    return int(hashlib.md5(article.encode(), usedforsecurity=False).hexdigest(), 16) % folds


def _rows(index: Index, doc_id: str) -> list[tuple[int, int, int]]:
    numbers = [number for number, chunk in enumerate(index.chunks) if chunk.doc_id == doc_id]
    first, last = int(index.first_sentence[numbers[0]]), int(index.first_sentence[numbers[-1] + 1])
    return [(row, *index.sentences[row, 1:].tolist()) for row in range(first, last)]


def _answering_rows(index: Index, case: Case) -> list[frozenset[int]]:
    """Per gold: the rows that hold a whole span of it, else those that touch it."""
    found = []
    for gold in case.gold:
        rows = _rows(index, gold.doc_id)
        whole = {row for row, start, end in rows if any(start <= left and right <= end for left, right in gold.spans)}
        found.append(frozenset(whole) or _touching_rows(index, case))
    return found


def _touching_rows(index: Index, case: Case) -> frozenset[int]:
    return frozenset(
        row
        for gold in case.gold
        for row, start, end in _rows(index, gold.doc_id)
        if any(start < right and left < end for left, right in gold.spans)
    )


def train_ranker(examples: Sequence[Example], seed: int, hidden: int = 48, epochs: int = 22) -> dict[str, Any]:
    """The arrays of a ranker."""
    import torch

    torch.manual_seed(seed)
    held = [one for one in examples if one.variant == "answerable" and one.answerable]
    longest, width = max(len(one.features) for one in held), held[0].features.shape[1]
    rows = torch.zeros(len(held), longest, width)
    real, right = torch.zeros(len(held), longest, dtype=torch.bool), torch.zeros(len(held), longest, dtype=torch.bool)
    for place, one in enumerate(held):
        count = len(one.features)
        rows[place, :count] = torch.from_numpy(one.features)
        real[place, :count] = True
        right[place, :count] = torch.from_numpy(one.holds_answer)

    def loss(scores: Any, batch: Any) -> Any:
        chances = torch.log_softmax(scores.masked_fill(~real[batch], -1e9), dim=1)
        return -torch.logsumexp(chances.masked_fill(~right[batch], -1e9), dim=1).mean()

    return _train(rows, rows[real], loss, hidden, epochs, rate=3e-3, decay=1e-2, dropout=0.2)


def train_judge(summaries: npt.NDArray[np.float32], answerable: npt.NDArray[np.bool_]) -> Forest:
    """The forest that tells answered questions from near misses; small, so that it fits in some 100 kB."""
    model = ExtraTreesClassifier(150, max_leaf_nodes=128, max_features=0.2, random_state=0, n_jobs=-1)
    trees = [tree.tree_ for tree in model.fit(summaries, answerable).estimators_]
    nodes = max(tree.node_count for tree in trees)
    shape = (len(trees), nodes)
    feature, left, right = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    threshold, chance = np.zeros(shape, np.float32), np.zeros(shape)
    for number, tree in enumerate(trees):
        count, itself = tree.node_count, np.arange(tree.node_count)
        leaf = tree.children_left < 0
        feature[number, :count] = np.where(leaf, 0, tree.feature)
        threshold[number, :count] = tree.threshold
        left[number, :count] = np.where(leaf, itself, tree.children_left)
        right[number, :count] = np.where(leaf, itself, tree.children_right)
        chance[number, :count] = tree.value[:, 0, 1]
    return Forest(feature, threshold, left, right, chance, max(int(tree.max_depth) for tree in trees))


def train_topic(
    summaries: npt.NDArray[np.float32], answerable: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> Network:
    """The logistic model that tells whether the subject is there at all."""
    mean, scale = summaries.mean(axis=0), np.maximum(summaries.std(axis=0), 1e-3)
    rows = np.clip((summaries - mean) / scale, -EXTREME, EXTREME)
    model = LogisticRegression(C=0.01, max_iter=300).fit(rows, answerable, weights)
    none = np.zeros(0)
    return Network(
        mean.astype(np.float64), scale.astype(np.float64), model.coef_[0], np.zeros((len(mean), 0)), none, none,
        model.intercept_[0],
    )  # fmt: skip


def _train(
    rows: Any,
    sample: Any,
    loss: Callable[[Any, Any], Any],
    hidden: int,
    epochs: int,
    rate: float,
    decay: float,
    dropout: float,
) -> dict[str, Any]:
    """AdamW with one learning-rate cycle over batches of 128 questions."""
    import torch

    mean, scale = sample.mean(dim=0), sample.std(dim=0).clamp(min=1e-3)
    rows = ((rows - mean) / scale).clamp(-EXTREME, EXTREME)
    inner, outer = torch.nn.Linear(rows.shape[-1], hidden), torch.nn.Linear(hidden, 1)
    linear, drop = torch.nn.Linear(rows.shape[-1], 1, bias=False), torch.nn.Dropout(dropout)
    parameters = [*inner.parameters(), *outer.parameters(), *linear.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    steps = epochs * (len(rows) // 128 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(rows)).split(128):  # type: ignore[no-untyped-call]
            x = rows[batch]
            scores = (outer(drop(torch.nn.functional.silu(inner(x)))) + linear(x)).squeeze(-1)
            value = loss(scores, batch)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
    arrays = {
        "mean": mean, "scale": scale, "linear": linear.weight[0], "inner": inner.weight.T, "bias": inner.bias,
        "outer": outer.weight[0], "offset": outer.bias[0],
    }  # fmt: skip
    return {name: values.detach().numpy().astype(np.float64) for name, values in arrays.items()}


def averaged(networks: Sequence[Mapping[str, Any]]) -> Network:
    """One network that gives the mean of several with the same standardisation."""
    count = len(networks)
    first = networks[0]
    return Network(
        first["mean"],
        first["scale"],
        np.mean([one["linear"] for one in networks], axis=0),
        np.concatenate([one["inner"] for one in networks], axis=1),
        np.concatenate([one["bias"] for one in networks]),
        np.concatenate([one["outer"] for one in networks]) / count,
        np.mean([one["offset"] for one in networks], axis=0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """What models said of an example whose document they were not trained on."""

    example: Example
    scores: npt.NDArray[np.float64]
    log_odds: float


def fit(
    examples: Sequence[Example], on_step: Callable[[], object] = lambda: None
) -> tuple[Network, Forest, Network, list[Unseen]]:
    """(ranker, judge, topic, what models of each fold say of the others): the three are trained on everything."""
    examples = [one for one in examples if len(one.features)]
    rankers = []
    for left_out in range(FOLDS):
        seen = [one for one in examples if one.fold != left_out]
        rankers.append(averaged([train_ranker(seen, seed) for seed in range(SEEDS)]))
        on_step()
    scores = [rankers[one.fold](one.features.astype(np.float64)) for one in examples]
    rows = [summarise(one.features.astype(np.float64), own) for one, own in zip(examples, scores, strict=True)]
    summaries = np.stack(rows).astype(np.float32)
    folds = np.array([one.fold for one in examples])
    log_odds = np.zeros(len(examples))
    for left_out in range(FOLDS):
        judge, topic = _train_both(examples, summaries, folds != left_out)
        for at in np.flatnonzero(folds == left_out):
            log_odds[at] = log_odds_of_answer(judge, topic, rows[at], examples[at].together)
        on_step()
    unseen = [Unseen(*row) for row in zip(examples, scores, log_odds.tolist(), strict=True)]
    judge, topic = _train_both(examples, summaries, np.ones(len(examples), bool))
    return averaged([train_ranker(examples, seed) for seed in range(SEEDS)]), judge, topic, unseen


def _train_both(
    examples: Sequence[Example], summaries: npt.NDArray[np.float32], chosen: npt.NDArray[np.bool_]
) -> tuple[Forest, Network]:
    answerable = np.array([one.answerable for one in examples])
    variant = np.array([one.variant for one in examples])
    practice = np.array([one.source == PRACTICE for one in examples])
    near = chosen & practice & np.isin(variant, ("answerable", "near miss"))
    subject = chosen & np.isin(variant, ("answerable", "left out", "elsewhere"))
    judge = train_judge(summaries[near], answerable[near])
    return judge, train_topic(summaries[subject], answerable[subject], np.where(practice[subject], 3.0, 1.0))


def calibrate(unseen: Sequence[Unseen]) -> tuple[float, float]:
    """(slope, intercept) of Platt scaling (1999): answerable against near misses and left-out paragraphs."""
    chosen = [one for one in unseen if one.example.variant in ("answerable", "near miss", "left out", "elsewhere")]
    model = LogisticRegression(C=1e6).fit(
        [[one.log_odds] for one in chosen], [one.example.answerable for one in chosen],
        [3.0 if one.example.source == PRACTICE else 1.0 for one in chosen],
    )  # fmt: skip
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def figures(unseen: Sequence[Unseen], config: BotConfig) -> dict[str, dict[str, float]]:
    """Per source, on documents the networks were not trained on: sentence choice, and telling answerable from not."""
    found: dict[str, dict[str, float]] = {}
    for source in dict.fromkeys(one.example.source for one in unseen):
        own = [one for one in unseen if one.example.source == source]
        held = [one for one in own if one.example.variant == "answerable"]
        found[source] = {
            "questions": len(held),
            "answer in the first sentence": float(np.mean([_inside(one, 1) for one in held])),
            "answer in the first three": float(np.mean([_inside(one, config.sentences) for one in held])),
        }
        answerable = [one.log_odds for one in held]
        for variant in ("left out", "elsewhere", "taken away", "near miss"):
            others = [one.log_odds for one in own if one.example.variant == variant]
            if others:
                kinds = [True] * len(answerable) + [False] * len(others)
                found[source][f"AUROC, {variant}"] = auroc(answerable + others, kinds) or 0.0
                at = false_answers_at(answerable + others, kinds, 0.05)
                found[source][f"answered at 5 % false refusals, {variant}"] = at or 0.0
    return found


def _inside(one: Unseen, count: int) -> bool:
    """The required strings are in the best sentences, joined in reading order."""
    best = sorted(np.argsort(-one.scores, kind="stable")[:count].tolist())
    joined = "".join(one.example.texts[at] for at in best)
    return all(must in joined for must in one.example.must)


def save_head(path: Path, head: Head, words: Mapping[str, float], classes: Mapping[str, float]) -> None:
    """Writes what `bot.head.load_head` reads, in half precision."""
    arrays: dict[str, Any] = {
        "calibration": np.array(head.calibration),
        "words": np.array(list(words)),
        "word_chances": np.array(list(words.values()), np.float16),
        "classes": np.array(list(classes)),
        "class_chances": np.array(list(classes.values()), np.float16),
    }
    for name, network in (("ranker", head.ranker), ("topic", head.topic)):
        for part, values in asdict(network).items():
            arrays[f"{name}.{part}"] = np.asarray(values, np.float32 if part in ("mean", "scale") else np.float16)
    for part, values in asdict(head.judge).items():
        kind = {"threshold": np.float32, "chance": np.float16}.get(part, np.int16)
        arrays[f"judge.{part}"] = np.asarray(values, kind)
    np.savez_compressed(path, **arrays)
