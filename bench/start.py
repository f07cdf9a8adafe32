"""How long people wait: `.venv/bin/python bench/start.py`. Ours against the plain way, in one run, as a ratio.

The plain way is sentence-transformers with the same weights. A warm question is asked for the second time at least: the
states of the sentences that it is matched with are kept, its own are not.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
JIAWEN = str(Path(sys.executable).parent / "jiawen")
GOLDEN = ROOT / "eval/golden/jiayuguan.jsonl"
QUESTION = "嘉峪关长城博物馆被命名为什么基地？"
PLAIN = """
import sys
from pathlib import Path
from indexer.config import DEFAULT_ENCODER
from indexer.embed import SentenceTransformerEncoder, fingerprint_of
from indexer.versions import open_index
index = open_index(Path(sys.argv[1]), fingerprint_of(DEFAULT_ENCODER))
rows, _ = index.nearest_sentences(SentenceTransformerEncoder(DEFAULT_ENCODER).encode_query(sys.argv[2]), 1)
print(index.chunks[int(index.sentences[rows[0], 0])].text)
"""


def seconds(run: Callable[[], object], times: int) -> list[float]:
    """Wall time of each of so many runs, after one that does not count."""
    run()
    measured = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        measured.append(time.perf_counter() - started)
    return measured


def row(name: str, measured: list[float], unit: str = "s") -> float:
    """Prints minimum, median and maximum; returns the median."""
    scale = 1000 if unit == "ms" else 1
    low, middle, high = min(measured), statistics.median(measured), max(measured)
    print(f"{name:<58}{low * scale:9.2f}{middle * scale:9.2f}{high * scale:9.2f} {unit}")
    return middle


def command(*arguments: str) -> Callable[[], object]:
    """A run of that process, which must succeed."""
    return lambda: subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True)


def first_page(index: str) -> float:
    """Seconds from starting `jiawen chat` until the page is served."""
    started = time.perf_counter()
    with subprocess.Popen(
        [JIAWEN, "chat", "--index", index, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        address = process.stdout.readline().split("→ ")[1].split()[0]
        urllib.request.urlopen(address, timeout=60).read()
        waited = time.perf_counter() - started
        process.terminate()
    return waited


def main() -> None:
    """Runs every measurement and prints the table."""
    from bot import open_bot

    print(f"{'':<58}{'min':>9}{'median':>9}{'max':>9}")
    with tempfile.TemporaryDirectory() as folder:
        fresh = (str(Path(folder) / str(number)) for number in range(100))
        index = next(fresh)
        row(
            "jiawen index, the article, first time",
            seconds(lambda: command(JIAWEN, "index", "--index", next(fresh))(), 3),
        )
        command(JIAWEN, "index", "--index", index)()
        row("jiawen index, nothing changed", seconds(command(JIAWEN, "index", "--index", index), 3))
        ours = row(
            "jiawen ask, from process start to answer", seconds(command(JIAWEN, "ask", "--index", index, QUESTION), 5)
        )
        plain = row(
            "  the same through sentence-transformers",
            seconds(command(sys.executable, "-c", PLAIN, index, QUESTION), 3),
        )
        print(f"{'  ratio ours / plain':<58}{'':9}{ours / plain:9.3f}")
        first_page(index)
        row("jiawen chat, from process start to the page", [first_page(index) for _ in range(3)])
        bot = open_bot(index)
        questions = [json.loads(line)["question"] for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
        each = len(questions)
        warm = row("a warm question, whole answer (the golden set, mean)", [
            one / each for one in seconds(lambda: [bot.ask(question) for question in questions], 3)
        ], "ms")  # fmt: skip
        embedding = row("  its embedding alone", [
            one / each for one in seconds(lambda: [bot.encoder.encode_query(question) for question in questions], 3)
        ], "ms")  # fmt: skip
        print(f"{'  ratio answer / embedding':<58}{'':9}{warm / embedding:9.3f}")


if __name__ == "__main__":
    main()
