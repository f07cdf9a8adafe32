"""Milliseconds to check a generated sentence, warm: `.venv/bin/python bench/verify.py`, beside embedding it.

The claims and passages are those of eval/golden/claims.jsonl. Of a passage all that can be read once is read before;
of a claim nothing.
"""

import statistics
import time
from pathlib import Path

from bot.matching import load_matcher, passage_read, states_of_query
from bot.reading import read
from bot.verify import passage_of, verify
from eval.claims import read_pairs
from indexer.embed import E5Encoder, read_query

GOLDEN = Path(__file__).parent.parent / "eval/golden/claims.jsonl"


def main() -> None:
    """Prints the median of five runs, and the ratio to embedding the claim, as a plain check by cosine would do."""
    encoder = E5Encoder()
    pairs = read_pairs(GOLDEN)
    embedding: list[float] = []
    reading: list[float] = []
    checking: list[float] = []
    for _ in range(5):
        for kept in (read, states_of_query, read_query):
            kept.cache_clear()
        embed = states = check = 0.0
        for pair in pairs:
            passage = passage_of(pair.passage)
            read(passage.text)
            passage_read(load_matcher(), passage.text)
            started = time.perf_counter()
            encoder.encode_query(pair.claim)
            embed += time.perf_counter() - started
            started = time.perf_counter()
            verify(pair.claim, [passage])
            check += time.perf_counter() - started
            states_of_query.cache_clear()
            started = time.perf_counter()
            states_of_query(pair.claim)
            states += time.perf_counter() - started
        for spent, total in ((embedding, embed), (reading, states), (checking, check)):
            spent.append(total / len(pairs) * 1000)
    embed, states, check = map(statistics.median, (embedding, reading, checking))
    print(f"embedding the claim                               {embed:6.2f} ms")
    print(f"checking it, no embedding needed                  {check:6.2f} ms, {check / embed:.2f} of embedding alone")
    print(f"  the states of its tokens, where no rule decides {states:6.2f} ms")


if __name__ == "__main__":
    main()
