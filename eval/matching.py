"""Trains the network of bot/matching.py on claims and questions of which it is known what carries or answers them."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from bot.matching import AWAY, JUMP, NEAREST, NEIGHBOURS, OWN, REACH, Matcher, centred
from eval.examples import Lesson
from indexer.token_states import States

_BATCH = 64  # texts that claims or questions are held to
_RATE, _DECAY = 1e-3, 0.02
_LATER_RATE = 5e-4  # of a network that has learnt from other pairs before
_ALIGN, _PROJECT, _COMPARE, _MIX, _HIDDEN, _ROLE = 64, 96, 128, 96, 64, 32  # widths
_BACK_COMPARE, _BACK_MIX = 80, 64
_SHORT = 60  # tokens by which passages of one batch may differ, about: padding costs time


class Network(nn.Module):
    """What `bot.matching.Matcher` computes, for many padded texts at once and with dropout."""

    def __init__(self, width: int, roles: bool = False) -> None:
        super().__init__()
        self.roles = roles
        self.align = nn.Linear(width, _ALIGN, bias=False)
        self.project = nn.Linear(width, _PROJECT)
        self.compare = nn.Linear(4 * _PROJECT + 3 + roles * (2 * _PROJECT + 2), _COMPARE)
        self.mix = nn.Conv1d(_COMPARE, _MIX, 3, padding=1)
        self.back_compare = nn.Linear(4 * _PROJECT + 3, _BACK_COMPARE)
        self.back_mix = nn.Conv1d(_BACK_COMPARE, _BACK_MIX, 3, padding=1)
        self.hidden = nn.Linear(3 * _MIX + 2 * _BACK_MIX, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 1)
        self.temperature, self.gate = nn.Parameter(torch.tensor(18.0)), nn.Parameter(torch.tensor(0.1))
        if roles:
            self.role = nn.Linear(width, _ROLE, bias=False)
            self.sharp, self.kind = nn.Parameter(torch.tensor(6.0)), nn.Parameter(torch.tensor(4.0))
        self.first, self.second = nn.Dropout(0.2), nn.Dropout(0.3)
        self.gelu = nn.GELU(approximate="tanh")

    def forward(self, claim: Any, passage: Any, ours: Any, theirs: Any) -> Any:
        """(texts,) log-odds from centred states (texts, tokens, width) and which of the tokens are real."""
        cosines = claim @ passage.transpose(1, 2)
        match = cosines * self.temperature
        match = match + self.gate * (self.align(claim) @ self.align(passage).transpose(1, 2))
        before = nn.functional.pad(match[:, :-1, :-1], (1, 0, 1, 0))
        behind = nn.functional.pad(match[:, 1:, 1:], (0, 1, 0, 1))
        beside = match + NEIGHBOURS * (before + behind)
        weights = torch.softmax(beside.masked_fill(~theirs[:, None, :], -1e4), dim=-1) * ours[..., None]
        places = weights @ torch.arange(passage.shape[1], dtype=torch.float32)
        jumps = torch.tanh((places[:, 1:] - places[:, :-1] - 1) / JUMP) * ours[:, 1:]
        around = torch.stack([nn.functional.pad(jumps, sides) for sides in ((1, 0), (0, 1))], dim=-1)
        left, right = self.project(claim) * 4, self.project(passage) * 4
        if self.roles:
            chosen, standing = self._in_place(claim, passage, ours, theirs, weights)
            there = chosen @ right
            around = torch.cat([around, standing, (left - there).abs(), left * there], dim=-1)
        mixed = self._compared(left, right, weights, cosines, around, ours, self.compare, self.mix)
        pooled = [
            mixed.masked_fill(~ours[..., None], 0).sum(dim=1) / ours.sum(dim=1, keepdim=True),
            mixed.masked_fill(~ours[..., None], -9).max(dim=1).values,
            mixed.masked_fill(~ours[..., None], 9).min(dim=1).values,
        ]
        pooled += self._way_back(left, right, ours, theirs, beside, cosines, weights)
        return self.out(self.gelu(self.hidden(self.second(torch.cat(pooled, dim=-1))))).squeeze(-1)

    def _in_place(self, claim: Any, passage: Any, ours: Any, theirs: Any, weights: Any) -> tuple[Any, Any]:
        """(what stands in the place of each token, how far its match and that stand there)."""
        peaked = weights * weights.max(dim=-1, keepdim=True).values
        gaps, others = (
            torch.arange(count)[:, None] - torch.arange(count) for count in (claim.shape[1], passage.shape[1])
        )
        told = torch.exp(-gaps.abs() / AWAY) * (gaps.abs() > OWN)
        heat = told @ peaked @ torch.exp(-others.abs() / AWAY) / (told @ peaked.sum(dim=-1, keepdim=True) + 1e-3)
        own, other = (nn.functional.normalize(self.role(states), dim=-1, eps=1e-6) for states in (claim, passage))
        score = self.sharp * heat + self.kind * (own @ other.transpose(1, 2))
        chosen = torch.softmax(score.masked_fill(~theirs[:, None, :], -1e4), dim=-1) * ours[..., None]
        return chosen, torch.stack([(weights * heat).sum(dim=-1), (chosen * heat).sum(dim=-1)], dim=-1)

    def _way_back(
        self, left: Any, right: Any, ours: Any, theirs: Any, beside: Any, cosines: Any, weights: Any
    ) -> list[Any]:
        received = weights.sum(dim=1)
        width = 2 * REACH + 1
        around = nn.functional.avg_pool1d(received[:, None], width, 1, REACH)[:, 0] * width
        count = min(NEAREST, right.shape[1])
        nearest = (around.detach() - 1e3 * ~theirs).topk(count, dim=1).indices.sort(dim=1).values
        real, around, received = (each.gather(1, nearest) for each in (theirs, around, received))
        own = right.gather(1, nearest[..., None].expand(-1, -1, right.shape[2]))
        columns = nearest[:, None, :].expand(-1, left.shape[1], -1)
        match, cosines = (each.gather(2, columns).transpose(1, 2) for each in (beside, cosines))
        told = torch.softmax(match.masked_fill(~ours[:, None, :], -1e4), dim=-1)
        near = torch.tanh(torch.stack([received, around], dim=-1))
        mixed = self._compared(own, left, told, cosines, near, real, self.back_compare, self.back_mix)
        weight = (near[..., 1] * real)[..., None]
        mixed = mixed * weight
        total = weight.sum(dim=1).clamp(min=1e-3)
        return [mixed.sum(dim=1) / total, mixed.masked_fill(~real[..., None], -9).max(dim=1).values]

    def _compared(
        self, left: Any, others: Any, weights: Any, cosines: Any, near: Any, real: Any, compare: Any, mix: Any
    ) -> Any:
        right, cosine = weights @ others, (weights * cosines).sum(dim=-1, keepdim=True)
        columns = torch.cat([left, right, (left - right).abs(), left * right, cosine, near], dim=-1)
        compared = self.gelu(compare(self.first(columns))) * real[..., None]
        return self.gelu(mix(compared.transpose(1, 2)).transpose(1, 2))

    def arrays(self) -> dict[str, Any]:
        """The numbers by the names that `bot.matching.Matcher` reads."""
        named = {name: values.numpy() for name, values in self.state_dict().items()}
        return named | {"align": named.pop("align.weight")}

    def load(self, arrays: Mapping[str, Any]) -> None:
        """Takes over what `arrays` of such a network gave; the means that a Matcher has besides are left out."""
        named = {name: torch.from_numpy(np.array(values)) for name, values in arrays.items() if "mean" not in name}
        self.load_state_dict(named | {"align.weight": named.pop("align")})


def train_matcher(
    lessons: Sequence[Lesson],
    epochs: int,
    done: Callable[[], object] = lambda: None,
    first: Matcher | None = None,
    roles: bool = False,
) -> Matcher:
    """The network; it learns whether any of the texts is right and, where some are, which. `done` follows each epoch.

    `first` is one that has learnt from other lessons: this one goes on from there, with the same means. With `roles` it
    sees what the text has in the place of each token.
    A loss on how twins differ, beside that on the verdicts, gained nothing: 0.780 after five epochs, not 0.787.
    """
    torch.manual_seed(0)
    chance = random.Random(0)
    kept = [one for one in lessons if len(one.asked) and all(len(text) for text in one.texts)]
    if first:
        means = [first.arrays["claim mean"], first.arrays["passage mean"]]
    else:
        sides = [one.asked for one in kept], [text for one in kept for text in one.texts]
        means = [np.mean([states.mean(axis=0, dtype=np.float32) for states in side], axis=0) for side in sides]
    network = Network(len(means[0]), roles)
    if first:
        network.load(first.arrays)
    rate = _LATER_RATE if first else _RATE
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=_DECAY)
    size = _BATCH // max(len(one.texts) for one in kept)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * (len(kept) // size + 1))
    for _ in range(epochs):
        for batch in _batches(kept, size, chance):
            loss = _loss(network, batch, means)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        done()
    return Matcher(network.arrays() | {"claim mean": means[0], "passage mean": means[1]})


def _batches(lessons: Sequence[Lesson], size: int, chance: random.Random) -> Iterator[list[Lesson]]:
    """Random batches of lessons whose texts are about equally long."""
    order = sorted(lessons, key=lambda one: sum(map(len, one.texts)) // _SHORT + 2 * chance.random())
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    chance.shuffle(batches)
    yield from batches


def _loss(network: Network, batch: Sequence[Lesson], means: Sequence[States]) -> Any:
    """Of whether any text is right, by the sum of their odds, and of which, by their share of it (ListNet)."""
    asked, ours = _padded([centred(one.asked, means[0]) for one in batch for _ in one.texts])
    texts, theirs = _padded([centred(text, means[1]) for one in batch for text in one.texts])
    log_odds = network(asked, texts, ours, theirs).split([len(one.texts) for one in batch])
    total = torch.stack([torch.logsumexp(own, 0) for own in log_odds])
    known = torch.tensor([float(any(one.right)) for one in batch])
    which = [
        everything - torch.logsumexp(own[torch.tensor(one.right)], 0)
        for one, own, everything in zip(batch, log_odds, total, strict=True)
        if any(one.right)
    ]
    return nn.functional.binary_cross_entropy_with_logits(total, known) + sum(which) / len(batch)


def _padded(texts: Sequence[States]) -> tuple[Any, Any]:
    """(texts, longest, width) and which of the tokens are real."""
    lengths = torch.tensor([len(text) for text in texts])
    real = torch.arange(int(lengths.max()))[None] < lengths[:, None]
    return nn.utils.rnn.pad_sequence([torch.from_numpy(text) for text in texts], batch_first=True), real
