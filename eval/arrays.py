"""Fitted models as the plain arrays that bot/ reads."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bot.head import Forest, Head
from bot.matching import Matcher


def forest_arrays(forest: Forest, name: str) -> dict[str, Any]:
    """What `bot.head.forest_from` reads."""
    kinds = {"threshold": np.float32, "chance": np.float16}
    return {f"{name}.{part}": np.asarray(values, kinds.get(part, np.int16)) for part, values in asdict(forest).items()}


def matcher_arrays(matcher: Matcher, prefix: str = "") -> dict[str, Any]:
    """What `bot.matching.Matcher` reads, in half precision, under names with the prefix."""
    return {f"{prefix}{name}": np.asarray(values, np.float16) for name, values in matcher.arrays.items()}


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
    arrays |= forest_arrays(head.judge, "judge")
    arrays |= forest_arrays(head.among.forest, "among") | {"among.calibration": np.array(head.among.calibration)}
    arrays |= matcher_arrays(head.matcher, "matcher.")
    np.savez_compressed(path, **arrays)
