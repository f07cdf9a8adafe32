"""Tokens a second of the two adapters, and where PyTorch starts to pay: `.venv/bin/python bench/encoders.py`."""

import time
from pathlib import Path

from indexer.config import DEFAULT_ENCODER
from indexer.embed import E5Encoder, SentenceTransformerEncoder
from indexer.text import sentence_spans

TEXT = (Path(__file__).parent.parent / "tests/data/article.txt").read_text(encoding="utf-8")


def main() -> None:
    """Prints both rates and the break-even in tokens and characters."""
    engine = E5Encoder()
    texts = [TEXT[start:end] for start, end in sentence_spans(TEXT)] * 8
    tokens = sum(map(engine.count_tokens, texts))
    started = time.perf_counter()
    bulk = SentenceTransformerEncoder(DEFAULT_ENCODER)
    bulk.encode_passages(texts[:8])
    load = time.perf_counter() - started
    rates = {}
    for name, encoder in (("C engine", engine), ("PyTorch", bulk)):
        started = time.perf_counter()
        encoder.encode_passages(texts)
        rates[name] = tokens / (time.perf_counter() - started)
        print(f"{name:<10}{rates[name]:8.0f} tokens/s")
    print(f"ratio PyTorch / C engine {rates['PyTorch'] / rates['C engine']:.2f}; PyTorch loads in {load:.1f} s")
    gain = 1 / rates["C engine"] - 1 / rates["PyTorch"]
    if gain > 0:
        even = load / gain
        characters = even * sum(map(len, texts)) / tokens
        print(f"break-even at {even:.0f} tokens, about {characters:.0f} characters")


if __name__ == "__main__":
    main()
