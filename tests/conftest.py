"""Shared fixtures: an encoder whose vectors can be worked out by hand, and the real index of the real article."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from bot.features import WIDTH
from bot.head import Among, Forest, Head, Network
from bot.known import Query, query_of
from indexer.build import BuildOptions, BuildReport, build
from indexer.config import IndexConfig
from indexer.store import Index
from indexer.token_states import States

# CI machines stall; speed is measured in bench/, not here.
settings.register_profile("jiawen", deadline=None)
settings.load_profile("jiawen")
ROOT = Path(__file__).parent.parent
ALPHABET = "甲乙丙丁戊己庚辛"


class CountingEncoder:
    """The vector of a text counts 甲乙丙丁戊己庚辛 in it, scaled to length 1; a text without them points to 辛."""

    fingerprint = "counting/1"
    dimension = len(ALPHABET)
    max_tokens = 40

    def __init__(self) -> None:
        self.seen: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text)

    def encode_query(self, text: str) -> np.ndarray:
        return self.encode_queries([text])[0]

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self.vectors(texts)

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.seen.extend(texts)
        return self.vectors(texts)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[text.count(letter) for letter in ALPHABET] for text in texts], np.float32)
        counts[counts.sum(axis=1) == 0, -1] = 1
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


class ToldMatcher:
    """Stands for the network: `said` of the states of a question and a sentence."""

    def __init__(self, said: Callable[[States, States], float]) -> None:
        self.matched = said

    def claim(self, states: States) -> States:
        return states

    passage = claim


def plain_head(chance: float = 0.9, above: float = -2.0) -> Head:
    """Ranks sentences by 100 times their cosine; a best cosine above that gives the chance, any other 1 - chance."""
    weights = np.zeros(WIDTH)
    weights[0] = 100
    leaves = np.array([[1, 1, 2]]), np.array([[2, 1, 2]])
    threshold = np.array([[above, 0, 0]], np.float32)
    wide, none = np.ones(3 * WIDTH + 5), np.zeros(0)
    no_hidden = (none, none, np.zeros(()))
    said = np.log(chance / (1 - chance))
    return Head(
        ranker=Network(np.zeros(WIDTH), np.full(WIDTH, 1.0), weights, np.zeros((WIDTH, 0)), *no_hidden),
        judge=Forest(np.zeros((1, 3), np.int64), threshold, *leaves, np.array([[0, 1 - chance, chance]]), 1),
        topic=Network(0 * wide, wide, 0 * wide, np.zeros((len(wide), 0)), *no_hidden),
        matcher=ToldMatcher(lambda question, sentence: 0.0),
        calibration=(1.0, 0.0),
        among=Among(
            Forest(np.zeros((1, 3), np.int64), threshold, *leaves, np.array([[0, -said, said]]), 1), (0.0, 1.0, 0.0)
        ),
        expectation=lambda word, tag: 0.5,
    )


def query_for(index: Index, text: str) -> Query:
    """The question as the counting encoder reads it."""
    return query_of(index, text, CountingEncoder().encode_query(text))


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingEncoder:
    """Every index built and opened in the test uses this one encoder."""
    encoder = CountingEncoder()
    for module in ("indexer.build", "bot.answer"):
        monkeypatch.setattr(f"{module}.open_encoder", lambda name: encoder)
    monkeypatch.setattr("indexer.build.fingerprint_of", lambda name: encoder.fingerprint)
    return encoder


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    """An empty content folder."""
    folder = tmp_path / "kb"
    folder.mkdir()
    return folder


@pytest.fixture
def built(tmp_path: Path, kb: Path, counting: CountingEncoder):
    """`built()` builds the kb folder into `tmp_path / "index"` and gives the report."""

    def run(options: BuildOptions = BuildOptions(), **settings: object) -> BuildReport:  # noqa: B008
        return build(kb, tmp_path / "index", IndexConfig(**settings), options)

    return run


@pytest.fixture(scope="session")
def article_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's kb/, built once with the default encoder."""
    index = tmp_path_factory.mktemp("article") / "index"
    build(ROOT / "kb", index, IndexConfig())
    return index


@contextmanager
def started(
    *arguments: object, cwd: Path = ROOT, stderr: IO[bytes] | None = None, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """A running `jiawen …`, stopped by Ctrl-C, the documented way, which must end it well."""
    with subprocess.Popen(
        [str(Path(sys.executable).parent / "jiawen"), *map(str, arguments)], cwd=cwd, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=stderr, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()  # else a test that fails waits for it for ever


def address_of(process: subprocess.Popen[str]) -> str:
    """Where a `jiawen chat` that starts will be served."""
    assert process.stdout
    return process.stdout.readline().split("→ ")[1].split()[0]


@pytest.fixture(scope="session")
def site(article_index: Path) -> Iterator[str]:
    """The address of a running `jiawen chat`."""
    with started("chat", "--index", article_index, "--port", "0") as process:
        yield address_of(process)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for the session. Without one the test is skipped, except in CI, where it fails."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        message = "no Chromium: install it (apt install chromium) to run the browser tests"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:  # a second one in a process does not start
        started = playwright.chromium.launch(executable_path=found, args=[*quiet, "--disable-component-update"])
        yield started
        started.close()
