"""Fits the head (bot/head.npz) on questions with known answers, and says how well it does on documents left out.

The ranker is trained listwise: the softmax over a question's candidates should lie on sentences that hold the answer
(ListNet, Cao et al. 2007, https://doi.org/10.1145/1273496.1273513). The rest is trained on the scores of rankers that
have not seen the document. The matcher learns from twins, two questions of one passage of which one is answered, then
from practice (eval/practice/), whether one of the best sentences answers and which. Judge and topic are told what
matchers say of documents that they have not seen: the judge, extremely randomised trees (Geurts et al. 2006,
https://doi.org/10.1007/s10994-006-6226-1), learns from near misses written by hand, the topic from questions whose
document is left out or that are asked of another. Boosted trees and networks told practice questions apart a little
better, but the article's worse. Last, what all of these say where the hits are of several documents is weighed by more
trees, `among`, boosted (Friedman 2002, https://doi.org/10.1016/S0167-9473(01)00065-2): they learn from leaflets that
nothing before them has read, and from public questions left out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from bot.config import BotConfig
from bot.head import (
    EXTREME,
    Among,
    Forest,
    Network,
    best_places,
    log_odds_of_answer,
    log_sum,
    shared_out,
    summarise,
    told_among,
)
from bot.matching import Matcher, centred, states_of_query, states_of_sentence
from eval.examples import FOLDS, LEAFLETS, WRITTEN, Example, Lesson, Twin
from eval.metrics import auroc, false_answers_at
from eval.trees import train_boosted, train_forest
from indexer.token_states import States

SEEDS = 2  # rankers whose outputs are averaged
# Examples of one document that a ranker counts in full, and that a matcher learns from; the article has many times as
# many, mostly reworded. With this the answer is in the first sentence for 0.805 of CMRC's questions, left out, without
# for 0.796; a matcher that had learnt from all had by heart that nobody knows what a ticket to the museum costs.
OF_ONE_DOCUMENT = 1000
_HIDDEN, _RANKER_EPOCHS, _RATE = 48, 22, 3e-3  # of a ranker: width of the hidden layer, rounds, learning rate
# Of a tree of the judge; of the columns that a split looks at. With 1,024 leaves, at twice the size, 937 of 1,016 near
# misses about the article, held out, are refused, with 512 923, and of leaflets as many.
LEAVES, SHARE = 512, 0.2
# Of `among`: how much a public question counts, and in the calibration one without an answer, which is the worse to be
# wrong about. With 3 of it 10 % of what other leaflets answer are refused and 59 % of their near misses; with 2 7 and
# 50 %, with 4 12 and 64 %, and of CMRC's answerable questions 2.3 %, not 1.5 %.
OF_PUBLIC, OF_UNANSWERABLE = 3.0, 3.0
MATCHERS = 4  # three that each leave out a part of the documents, and the one that is kept
EPOCHS, LATER_EPOCHS = 4, 3  # of a matcher on twins, then on practice
_OF_A_TWIN = 3  # sentences that a matcher is shown of its passage


def train_ranker(examples: Sequence[Example], seed: int) -> dict[str, Any]:
    """The arrays of a ranker, trained by AdamW with one learning-rate cycle over batches of 128 questions."""
    import torch

    torch.manual_seed(seed)
    held = [one for one in examples if one.variant == "answerable" and one.answerable]
    counts = Counter(one.document for one in held)
    weights = torch.tensor([min(1.0, OF_ONE_DOCUMENT / counts[one.document]) for one in held])
    longest, width = max(len(one.features) for one in held), held[0].features.shape[1]
    rows = torch.zeros(len(held), longest, width)
    real, right = torch.zeros(len(held), longest, dtype=torch.bool), torch.zeros(len(held), longest, dtype=torch.bool)
    for place, one in enumerate(held):
        count = len(one.features)
        rows[place, :count] = torch.from_numpy(one.features)
        real[place, :count] = True
        right[place, :count] = torch.from_numpy(one.holds_answer)
    sample = rows[real]
    mean, scale = sample.mean(dim=0), sample.std(dim=0).clamp(min=1e-3)
    rows = ((rows - mean) / scale).clamp(-EXTREME, EXTREME)
    inner, outer = torch.nn.Linear(width, _HIDDEN), torch.nn.Linear(_HIDDEN, 1)
    linear, drop = torch.nn.Linear(width, 1, bias=False), torch.nn.Dropout(0.2)
    parameters = [*inner.parameters(), *outer.parameters(), *linear.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=1e-2)
    steps = _RANKER_EPOCHS * (len(rows) // 128 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(_RANKER_EPOCHS):
        for batch in torch.randperm(len(rows)).split(128):  # type: ignore[no-untyped-call]
            x = rows[batch]
            scores = (outer(drop(torch.nn.functional.silu(inner(x)))) + linear(x)).squeeze(-1)
            chances = torch.log_softmax(scores.masked_fill(~real[batch], -1e9), dim=1)
            likelihoods = torch.logsumexp(chances.masked_fill(~right[batch], -1e9), dim=1)
            loss = -(likelihoods * weights[batch]).sum() / weights[batch].sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    arrays = {
        "mean": mean, "scale": scale, "linear": linear.weight[0], "inner": inner.weight.T, "bias": inner.bias,
        "outer": outer.weight[0], "offset": outer.bias[0],
    }  # fmt: skip
    return {name: values.detach().numpy().astype(np.float64) for name, values in arrays.items()}


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


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The models of the head, trained on everything, and what models of each fold say of the other folds."""

    ranker: Network
    judge: Forest
    topic: Network
    matcher: Matcher
    calibration: tuple[float, float]
    among: Among
    unseen: list[Unseen]


STEPS = 2 * FOLDS + MATCHERS + 1  # how often `fit` calls `on_step`


def fit(
    examples: Sequence[Example],
    twins: Sequence[Twin],
    unread: Sequence[Example],
    on_step: Callable[[], object] = lambda: None,
) -> Fitted:
    """Trains ranker, matcher, judge and topic, each on what those before it say of documents they have not seen.

    And `among` on what all of these say of `unread` examples and of the public ones.
    """
    examples = [one for one in examples if len(one.features)]
    folds = np.array([one.fold for one in examples])
    rankers = []
    for left_out in range(FOLDS):
        seen = [one for one in examples if one.fold != left_out]
        rankers.append(averaged([train_ranker(seen, seed) for seed in range(SEEDS)]))
        on_step()
    final = averaged([train_ranker(examples, seed) for seed in range(SEEDS)])
    scores = [rankers[one.fold](one.features.astype(np.float64)) + one.known for one in examples]
    matcher, matched = _train_matchers(examples, scores, twins, on_step)
    scores = [shared_out(own, best_places(own), said) for own, said in zip(scores, matched, strict=True)]
    rows = [summarise(one.features.astype(np.float64), own) for one, own in zip(examples, scores, strict=True)]
    summaries = np.stack(rows).astype(np.float32)
    log_odds = np.zeros(len(examples))
    for left_out in range(FOLDS):
        judge, topic = _train_both(examples, summaries, matched, folds != left_out)
        for at in np.flatnonzero(folds == left_out):
            log_odds[at] = log_odds_of_answer(judge, topic, rows[at], log_sum(matched[at]), examples[at].together)
        on_step()
    unseen = [Unseen(*row) for row in zip(examples, scores, log_odds.tolist(), strict=True)]
    judge, topic = _train_both(examples, summaries, matched, np.ones(len(examples), bool))
    calibration = calibrate(unseen)
    public = [at for at, one in enumerate(examples) if one.source not in WRITTEN]
    told = [(examples[at], rows[at], log_sum(matched[at]), float(log_odds[at])) for at in public]
    unread = [one for one in unread if len(one.features) and one.together < 1]
    scores = [final(one.features.astype(np.float64)) + one.known for one in unread]
    best = [best_places(own) for own in scores]
    sentences = _states(one.texts[at] for one, places in zip(unread, best, strict=True) for at in places)
    for one, own, places in zip(unread, scores, best, strict=True):
        said = _matched(matcher, states_of_query(one.question), [sentences[one.texts[at]] for at in places])
        summary = summarise(one.features.astype(np.float64), shared_out(own, places, said))
        matches = log_sum(said)
        told.append((one, summary, matches, log_odds_of_answer(judge, topic, summary, matches, one.together)))
    among = train_among(told, calibration)
    on_step()
    return Fitted(final, judge, topic, matcher, calibration, among, unseen)


def train_among(
    told: Iterable[tuple[Example, npt.NDArray[np.float64], float, float]], calibration: tuple[float, float]
) -> Among:
    """The trees over (example, summary, what the matcher says, log-odds before), those of one document left out.

    How much they count beside what was said before is learned from trees of other folds, and of one public file of
    several from those that have not seen the file: what users have will be of other kinds too.
    """
    chosen = [row for row in told if row[0].together < 1]
    slope, intercept = calibration
    rows = [
        told_among(summary, matched, one.together, slope * odds + intercept) for one, summary, matched, odds in chosen
    ]
    table = np.stack(rows).astype(np.float32)
    answerable = np.array([one.answerable for one, *_ in chosen])
    weights = np.array([1.0 if one.source in WRITTEN else OF_PUBLIC for one, *_ in chosen])
    files = {one.source for one, *_ in chosen} - set(WRITTEN)
    parts = [one.source if one.source in files and len(files) > 1 else str(one.fold) for one, *_ in chosen]
    said = np.zeros(len(chosen))
    for out in dict.fromkeys(parts):
        seen = np.array([part != out for part in parts])
        forest = train_boosted(table[seen], answerable[seen], weights[seen])
        said[~seen] = [forest(rows[at]) for at in np.flatnonzero(~seen)]
    both = np.stack([table[:, -1], said], axis=1)
    model = LogisticRegression(C=1e6, max_iter=1000).fit(
        both, answerable, weights * np.where(answerable, 1.0, OF_UNANSWERABLE)
    )
    before, now = model.coef_[0].tolist()
    return Among(train_boosted(table, answerable, weights), (before, now, float(model.intercept_[0])))


def _train_matchers(
    examples: Sequence[Example],
    scores: Sequence[npt.NDArray[np.float64]],
    twins: Sequence[Twin],
    on_step: Callable[[], object],
) -> tuple[Matcher, list[npt.NDArray[np.float64]]]:
    """(the matcher of twins and practice, what those of each part say of the best of the others' examples)."""
    from eval.matching import train_matcher

    places = [best_places(own) for own in scores]
    best = [tuple(one.texts[at] for at in chosen) for one, chosen in zip(examples, places, strict=True)]
    questions = {text: states_of_query(text) for text in dict.fromkeys(one.question for one in examples)}
    sentences = _states(text for own in best for text in own)

    lessons: dict[str, dict[tuple[str, ...], Lesson]] = {}  # of each document; alone and among all it may be the same
    for one, chosen, texts in zip(examples, places, best, strict=True):
        answered = one.variant == "answerable" and one.holds_answer[chosen].any()
        if one.source in WRITTEN and (answered or one.variant == "near miss"):
            read = [sentences[text] for text in texts]
            lesson = Lesson(questions[one.question], read, one.holds_answer[chosen].tolist())
            lessons.setdefault(one.document, {})[one.question, *texts] = lesson
    part = {one.document: one.fold % (MATCHERS - 1) for one in examples}

    def train(left_out: int | None) -> Matcher:
        chosen: list[Lesson] = []
        for document, found in lessons.items():
            if part[document] != left_out:
                chosen += list(found.values())[:: -(-len(found) // OF_ONE_DOCUMENT)]  # evenly, OF_ONE_DOCUMENT at most
        return train_matcher(chosen, LATER_EPOCHS, first=first)

    first = train_matcher(_lessons_of(twins), EPOCHS) if twins else None
    matched = [np.zeros(0)] * len(examples)
    for left_out in range(MATCHERS - 1):
        matcher = train(left_out)
        for at, one in enumerate(examples):
            if part[one.document] == left_out:
                matched[at] = _matched(matcher, questions[one.question], [sentences[text] for text in best[at]])
        on_step()
    final = train(None)
    on_step()
    return final, matched


def _matched(matcher: Matcher, question: States, sentences: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    """The matcher's log-odds of each sentence, from its states and the question's."""
    asked = matcher.claim(question)
    return np.array([matcher.matched(asked, matcher.passage(sentence)) for sentence in sentences])


def _lessons_of(twins: Sequence[Twin]) -> list[Lesson]:
    """Twins with those sentences of their passage that are nearest by their tokens; those that answer go first."""
    questions = {text: states_of_query(text) for text in dict.fromkeys(twin.question for twin in twins)}
    sentences = _states(text for twin in twins for text in twin.sentences)
    means = [
        np.mean([states.mean(axis=0, dtype=np.float32) for states in side.values()], axis=0)
        for side in (questions, sentences)
    ]
    lessons = []
    for twin in twins:
        asked = centred(questions[twin.question], means[0])
        read = [sentences[text] for text in twin.sentences]
        near = [float((asked @ centred(states, means[1]).T).max(axis=1).mean()) for states in read]
        nearest = sorted(range(len(read)), key=lambda at: (not twin.right[at], -near[at]))[:_OF_A_TWIN]
        lessons.append(
            Lesson(questions[twin.question], [read[at] for at in nearest], [twin.right[at] for at in nearest])
        )
    return lessons


def _states(sentences: Iterable[str]) -> dict[str, npt.NDArray[np.float16]]:
    """In half precision: there are tens of thousands, of 18 kB each."""
    return {text: states_of_sentence(text).astype(np.float16) for text in dict.fromkeys(sentences)}


def _train_both(
    examples: Sequence[Example],
    summaries: npt.NDArray[np.float32],
    matched: Sequence[npt.NDArray[np.float64]],
    chosen: npt.NDArray[np.bool_],
) -> tuple[Forest, Network]:
    answerable = np.array([one.answerable for one in examples])
    variant = np.array([one.variant for one in examples])
    practice = np.array([one.source in WRITTEN for one in examples])
    # Asked of another leaflet of its folder, or with its own left out, a question still finds its subject there. Fitted
    # on these too, the topic lets 6.3 % of the questions be answered whose paragraph is left out of CMRC, else 5.5 %.
    elsewhere_is_off_topic = np.array([one.source != LEAFLETS for one in examples])
    near = chosen & practice & np.isin(variant, ("answerable", "near miss"))
    subject = chosen & elsewhere_is_off_topic & np.isin(variant, ("answerable", "left out", "elsewhere"))
    said = np.array([log_sum(own) for own in matched])
    told = np.concatenate([summaries, said[:, None]], axis=1).astype(np.float32)
    weights = np.array([float(one.stands_for) for one in examples])  # elsewhere each question asked counts once
    judge = train_forest(told[near], answerable[near], weights[near], LEAVES, SHARE)
    return judge, train_topic(summaries[subject], answerable[subject], np.where(practice[subject], 1.5, 1.0))


def calibrate(unseen: Sequence[Unseen]) -> tuple[float, float]:
    """(slope, intercept) of Platt scaling (1999): answerable against near misses and left-out paragraphs."""
    model = LogisticRegression(C=1e6).fit(
        [[one.log_odds] for one in unseen], [one.example.answerable for one in unseen],
        [3.0 if one.example.source in WRITTEN else 1.0 for one in unseen],
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
        for variant in ("left out", "elsewhere", "near miss"):
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
    return not one.example.case.lacking(joined)
