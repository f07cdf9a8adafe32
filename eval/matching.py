"""Trains the network of bot/matching.py on claims (questions) and passages whose verdict is known."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bot.matching import JUMP, NEIGHBOURS, Matcher, centred
from indexer.token_states import States

_BATCH = 64
_RATE, _DECAY = 1e-3, 0.02
_ALIGN, _PROJECT, _COMPARE, _MIX, _HIDDEN = 64, 96, 128, 96, 64  # widths
_SHORT = 60  # tokens by which passages of one batch may differ, about: padding costs time


class Network(nn.Module):
    """What `bot.matching.Matcher` computes, for many padded texts at once and with dropout."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.align = nn.Linear(width, _ALIGN, bias=False)
        self.project = nn.Linear(width, _PROJECT)
        self.compare = nn.Linear(4 * _PROJECT + 3, _COMPARE)
        self.mix = nn.Conv1d(_COMPARE, _MIX, 3, padding=1)
        self.hidden, self.out = nn.Linear(3 * _MIX, _HIDDEN), nn.Linear(_HIDDEN, 1)
        self.temperature, self.gate = nn.Parameter(torch.tensor(18.0)), nn.Parameter(torch.tensor(0.1))
        self.first, self.second = nn.Dropout(0.2), nn.Dropout(0.3)
        self.gelu = nn.GELU(approximate="tanh")

    def forward(self, claim: Any, passage: Any, ours: Any, theirs: Any) -> Any:
        """(texts,) log-odds from centred states (texts, tokens, width) and which of the tokens are real."""
        matched, jumps = self._matched(claim, passage, ours, theirs)
        left, right = self.project(claim) * 4, self.project(matched) * 4
        columns = [left, right, (left - right).abs(), left * right, (claim * matched).sum(dim=-1, keepdim=True)]
        around = [nn.functional.pad(jumps, sides)[..., None] for sides in ((1, 0), (0, 1))]
        compared = self.gelu(self.compare(self.first(torch.cat([*columns, *around], dim=-1)))) * ours[..., None]
        mixed = self.gelu(self.mix(compared.transpose(1, 2)).transpose(1, 2))
        pooled = [
            mixed.masked_fill(~ours[..., None], 0).sum(dim=1) / ours.sum(dim=1, keepdim=True),
            mixed.masked_fill(~ours[..., None], -9).max(dim=1).values,
            mixed.masked_fill(~ours[..., None], 9).min(dim=1).values,
        ]
        return self.out(self.gelu(self.hidden(self.second(torch.cat(pooled, dim=-1))))).squeeze(-1)

    def _matched(self, claim: Any, passage: Any, ours: Any, theirs: Any) -> tuple[Any, Any]:
        """(what the passage has for each token of the claim, how far the match jumps between neighbours)."""
        match = claim @ passage.transpose(1, 2) * self.temperature
        match = match + self.gate * (self.align(claim) @ self.align(passage).transpose(1, 2))
        before = nn.functional.pad(match[:, :-1, :-1], (1, 0, 1, 0))
        behind = nn.functional.pad(match[:, 1:, 1:], (0, 1, 0, 1))
        beside = (match + NEIGHBOURS * (before + behind)).masked_fill(~theirs[:, None, :], -1e4)
        weights = torch.softmax(beside, dim=-1)
        places = weights @ torch.arange(passage.shape[1], dtype=torch.float32)
        return weights @ passage, torch.tanh((places[:, 1:] - places[:, :-1] - 1) / JUMP) * ours[:, 1:]

    def arrays(self) -> dict[str, Any]:
        """The numbers by the names that `bot.matching.Matcher` reads."""
        named = {name: values.numpy() for name, values in self.state_dict().items()}
        return named | {"align": named.pop("align.weight")}


def train_matcher(
    pairs: Sequence[tuple[States, States]],
    supported: npt.NDArray[np.bool_],
    epochs: int,
    done: Callable[[], object] = lambda: None,
) -> Matcher:
    """The network, from (states of the claim, states of the passage); `done` is called after each epoch."""
    torch.manual_seed(0)
    chance = random.Random(0)
    means = [
        np.mean([one[side].mean(axis=0, dtype=np.float32) for one in pairs if len(one[side])], axis=0)
        for side in (0, 1)
    ]
    kept = [at for at, (claim, passage) in enumerate(pairs) if len(claim) and len(passage)]
    lengths = {at: len(pairs[at][1]) for at in kept}
    network = Network(len(means[0]))
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = epochs * (len(kept) // _BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(epochs):
        for batch in _batches(lengths, chance):
            claim, ours = _padded([centred(pairs[at][0], means[0]) for at in batch])
            passage, theirs = _padded([centred(pairs[at][1], means[1]) for at in batch])
            known = torch.tensor(supported[batch], dtype=torch.float32)
            loss = nn.functional.binary_cross_entropy_with_logits(network(claim, passage, ours, theirs), known)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        done()
    return Matcher(network.arrays() | {"claim mean": means[0], "passage mean": means[1]})


def _batches(lengths: dict[int, int], chance: random.Random) -> Iterator[list[int]]:
    """The keys in random batches of texts that are about equally long."""
    order = sorted(lengths, key=lambda at: lengths[at] // _SHORT + 2 * chance.random())
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    chance.shuffle(batches)
    yield from batches


def _padded(texts: Sequence[States]) -> tuple[Any, Any]:
    """(texts, longest, width) and which of the tokens are real."""
    lengths = torch.tensor([len(text) for text in texts])
    real = torch.arange(int(lengths.max()))[None] < lengths[:, None]
    return nn.utils.rnn.pad_sequence([torch.from_numpy(text) for text in texts], batch_first=True), real
