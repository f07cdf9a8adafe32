"""Settings of the index. The only module of this package that reads the environment."""

import os
from dataclasses import dataclass

# Threads that wait for each other must sleep. By default they spin: with another process at work on the same two cores
# an embedding then takes 1,500 ms instead of 35. OpenMP reads this when its library loads, so it must be set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Numpy's threads always spin. One reads a question in 28 ms, two in 26; beside busy processes one in 77, two in 295.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DEFAULT_ENCODER = "multilingual-e5-small"


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """What an index is built with; it is written into the manifest, and a difference is a reason to rebuild."""

    encoder: str = DEFAULT_ENCODER  # or any sentence-transformers model: a hub name or a folder
    chunk_characters: int = 500  # a longer paragraph is cut at sentence ends
    merge_characters: int = 80  # a shorter one is joined to the next

    @classmethod
    def from_environment(cls) -> "IndexConfig":
        """The defaults, with `JIAWEN_ENCODER` where it is set."""
        return cls(encoder=os.environ.get("JIAWEN_ENCODER") or DEFAULT_ENCODER)
