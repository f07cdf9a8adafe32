"""Parts of the page that packages above this one add: entry points of the group jiawen.parts in pyproject.toml."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from fastapi import APIRouter

from bot.live import Live


@dataclass(frozen=True, slots=True)
class Part:
    """A tab of the page and what it asks of the server.

    `folder` holds <name>.html, what <name>.js's `start(element)` brings to life, and <name>.css; it is served under
    /page/<name>/. page/tabs.js names the tab.
    """

    name: str
    folder: Path
    routes: Callable[[Live], APIRouter]


def parts() -> list[Part]:
    """Those that are installed."""
    return [entry.load() for entry in distribution("jiawen").entry_points.select(group="jiawen.parts")]
