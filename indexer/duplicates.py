"""Which of many texts are copies of one another, by shared shingles; near linear in their length."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_SHINGLE = 8  # characters
_SHORTEST = 40  # shingles under which a text is too short to be called a copy
_COPIED = 0.8  # share of the shorter text's shingles that the other holds
_COMPARED = 8  # a text is compared with so many of those after it that hold the same shingle
_BASE = np.uint64(0x9E3779B97F4A7C15)


def copies(texts: Sequence[str]) -> dict[int, int]:
    """Number of a text → number of the earliest that holds it, is held by it, or says nearly the same."""
    shingles = [_shingles(text) for text in texts]
    sizes = np.array([len(one) for one in shingles], np.int64)
    hashes = np.concatenate([np.zeros(0, np.uint64), *shingles])
    owners = np.repeat(np.arange(len(texts)), sizes)
    order = np.argsort(hashes, kind="stable")  # within a shingle, its owners stay in order
    hashes, owners = hashes[order], owners[order]
    pairs = []
    for step in range(1, _COMPARED + 1):
        same = hashes[step:] == hashes[:-step]
        pairs.append(owners[:-step][same] * len(texts) + owners[step:][same])
    found, shared = np.unique(np.concatenate(pairs), return_counts=True)
    left, right = found // max(len(texts), 1), found % max(len(texts), 1)
    copied = shared >= _COPIED * np.minimum(sizes[left], sizes[right])
    earliest: dict[int, int] = {}
    for original, copy in sorted(zip(left[copied].tolist(), right[copied].tolist(), strict=True)):
        earliest.setdefault(copy, earliest.get(original, original))
    return earliest


def _shingles(text: str) -> npt.NDArray[np.uint64]:
    """A hash of each different run of 8 characters (a polynomial modulo 2⁶⁴); none of a short text."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    width = len(codes) - _SHINGLE + 1
    if width < _SHORTEST:
        return np.zeros(0, np.uint64)
    hashes = np.zeros(width, np.uint64)
    for offset in range(_SHINGLE):
        hashes = hashes * _BASE + codes[offset : offset + width]
    unique: npt.NDArray[np.uint64] = np.unique(hashes)
    return unique if len(unique) >= _SHORTEST else unique[:0]
