"""Milliseconds to check a generated sentence, warm: `.venv/bin/python bench/verify.py`. With and without its embedding.

The claims and passages are those of eval/golden/claims.jsonl; the passages' vectors lie in the index already.
"""

import statistics
import time
from pathlib import Path

from bot.reading import read
from bot.verify import verify
from eval.claims import Embedded, read_pairs
from indexer.embed import E5Encoder

GOLDEN = Path(__file__).parent.parent / "eval/golden/claims.jsonl"


def main() -> None:
    """Prints the median of each part, of five runs, and the ratio to embedding the claim alone."""
    embedded = Embedded(E5Encoder())
    pairs = read_pairs(GOLDEN)
    passages = {pair.passage: embedded.passage(pair.passage) for pair in pairs}
    embedding, checking = [], []
    for _ in range(5):
        read.cache_clear()
        for text in passages:
            read(text)
        embed = check = 0.0
        for pair in pairs:
            started = time.perf_counter()
            vector = embedded.claim(pair.claim)
            embed += time.perf_counter() - started
            started = time.perf_counter()
            verify(pair.claim, vector, [passages[pair.passage]])
            check += time.perf_counter() - started
        embedding.append(embed / len(pairs) * 1000)
        checking.append(check / len(pairs) * 1000)
    embed, check = statistics.median(embedding), statistics.median(checking)
    print(f"embedding the claim     {embed:6.2f} ms")
    print(f"checking one passage    {check:6.2f} ms")
    print(f"both                    {embed + check:6.2f} ms, {(embed + check) / embed:.2f} of embedding alone")


if __name__ == "__main__":
    main()
