"""Trains the network of bot/matching.py on claims and passages whose verdict is known."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.matching import JUMP, NEIGHBOURS, centred
from indexer.token_states import States

EPOCHS = 11
_BATCH = 64
_RATE, _DECAY = 1e-3, 0.02
_ALIGN, _PROJECT, _COMPARE, _MIX, _HIDDEN = 64, 96, 128, 96, 64  # widths
_SHORT = 60  # tokens by which passages of one batch may differ, about: padding costs time


def train_matcher(
    pairs: Sequence[tuple[States, States]], supported: npt.NDArray[np.bool_], done: Callable[[], object] = lambda: None
) -> dict[str, Any]:
    """What `bot.matching.Matcher` reads, from (states of the claim, states of the passage); `done` after an epoch."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    chance = random.Random(0)
    means = [np.mean([one[side].mean(axis=0) for one in pairs if len(one[side])], axis=0) for side in (0, 1)]
    kept = [at for at, (claim, passage) in enumerate(pairs) if len(claim) and len(passage)]
    # A passage is that of many claims: one tensor for all of them.
    unique = {(side, id(pairs[at][side])): pairs[at][side] for at in kept for side in (0, 1)}
    tensors = {key: torch.from_numpy(centred(states, means[key[0]])) for key, states in unique.items()}
    rows = {at: [tensors[side, id(pairs[at][side])] for side in (0, 1)] for at in kept}
    width = len(means[0])
    align = nn.Linear(width, _ALIGN, bias=False)
    project = nn.Linear(width, _PROJECT)
    compare = nn.Linear(4 * _PROJECT + 3, _COMPARE)
    mix = nn.Conv1d(_COMPARE, _MIX, 3, padding=1)
    hidden, out = nn.Linear(3 * _MIX, _HIDDEN), nn.Linear(_HIDDEN, 1)
    temperature, gate = nn.Parameter(torch.tensor(18.0)), nn.Parameter(torch.tensor(0.1))
    first, second = nn.Dropout(0.2), nn.Dropout(0.3)
    gelu = nn.GELU(approximate="tanh")

    def log_odds(claim: Any, passage: Any, ours: Any, theirs: Any) -> Any:
        match = claim @ passage.transpose(1, 2) * temperature
        match = match + gate * (align(claim) @ align(passage).transpose(1, 2))
        before = nn.functional.pad(match[:, :-1, :-1], (1, 0, 1, 0))
        behind = nn.functional.pad(match[:, 1:, 1:], (0, 1, 0, 1))
        beside = (match + NEIGHBOURS * (before + behind)).masked_fill(~theirs[:, None, :], -1e4)
        weights = torch.softmax(beside, dim=-1)
        matched = weights @ passage
        places = weights @ torch.arange(passage.shape[1], dtype=torch.float32)
        jumps = torch.tanh((places[:, 1:] - places[:, :-1] - 1) / JUMP) * ours[:, 1:]
        left, right = project(claim) * 4, project(matched) * 4
        columns = [left, right, (left - right).abs(), left * right, (claim * matched).sum(dim=-1, keepdim=True)]
        around = [nn.functional.pad(jumps, sides)[..., None] for sides in ((1, 0), (0, 1))]
        compared = gelu(compare(first(torch.cat([*columns, *around], dim=-1)))) * ours[..., None]
        mixed = gelu(mix(compared.transpose(1, 2)).transpose(1, 2))
        pooled = [
            mixed.masked_fill(~ours[..., None], 0).sum(dim=1) / ours.sum(dim=1, keepdim=True),
            mixed.masked_fill(~ours[..., None], -9).max(dim=1).values,
            mixed.masked_fill(~ours[..., None], 9).min(dim=1).values,
        ]
        return out(gelu(hidden(second(torch.cat(pooled, dim=-1))))).squeeze(-1)

    def padded(batch: Sequence[int], side: int) -> tuple[Any, Any]:
        texts = [rows[at][side] for at in batch]
        lengths = torch.tensor([len(text) for text in texts])
        longest = int(lengths.max())
        return nn.utils.rnn.pad_sequence(texts, batch_first=True), torch.arange(longest)[None] < lengths[:, None]

    modules = nn.ModuleDict({
        "align": align, "project": project, "compare": compare, "mix": mix, "hidden": hidden, "out": out,
    })  # fmt: skip
    parameters = [*modules.parameters(), temperature, gate]
    optimiser = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=_DECAY)
    steps = EPOCHS * (len(kept) // _BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = sorted(kept, key=lambda at: len(rows[at][1]) // _SHORT + 2 * chance.random())
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        chance.shuffle(batches)
        for batch in batches:
            claims, ours = padded(batch, 0)
            passages, theirs = padded(batch, 1)
            known = torch.tensor(supported[batch], dtype=torch.float32)
            loss = nn.functional.binary_cross_entropy_with_logits(log_odds(claims, passages, ours, theirs), known)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            schedule.step()
        done()
    arrays = {name: values.numpy() for name, values in modules.state_dict().items()}
    arrays["align"] = arrays.pop("align.weight")
    return arrays | {
        "claim mean": means[0], "passage mean": means[1], "temperature": temperature.detach().numpy(),
        "gate": gate.detach().numpy(),
    }  # fmt: skip
