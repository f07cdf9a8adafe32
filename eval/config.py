"""Settings of evaluation. The only module of this package that reads the environment."""

import os
from pathlib import Path

RUNS = Path("runs")  # in the working directory
CACHE = Path(".jiawen-eval")  # the indexes of practice and of public data, in the working directory
RUN, REPORT = "run.json", "report.html"  # in the folder of each
GOLDEN = Path(__file__).parent / "golden" / "jiayuguan.jsonl"


def golden_files() -> list[Path]:
    """The golden sets that a new index is held to: those of `JIAWEN_GOLDEN` (with ":" between), or the article's."""
    named = os.environ.get("JIAWEN_GOLDEN", "")
    return [Path(name) for name in named.split(os.pathsep) if name] or [GOLDEN]
