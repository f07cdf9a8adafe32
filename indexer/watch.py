"""A content folder, watched: one call after each burst of changes, none for editors' temporary files."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

from watchfiles import Change, DefaultFilter, watch

from indexer.errors import ContentError
from indexer.read import may_be_content

_QUIET = 400  # milliseconds without a change that end a burst
_LONGEST = 1600  # milliseconds after which a burst that goes on is taken as one
_WAKE = 1000  # milliseconds between looks at `stop`; the first says that the watching has begun


class _ContentFilter(DefaultFilter):
    """Changes of files that could be content, and of folders: what lay in one may have come or gone with it."""

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and may_be_content(Path(path).name)


def changes(kb: Path, stop: Event | None = None) -> Iterator[None]:
    """Yields once when the watching has begun, then after each burst of changes; ends when `stop` is set."""
    if not kb.is_dir():
        raise ContentError(
            f"没有内容文件夹 {kb}；请新建它并放入文章", f"no folder {kb}: create it and put articles in it"
        )
    begun = False
    watched = watch(
        kb, watch_filter=_ContentFilter(), debounce=_LONGEST, step=_QUIET, rust_timeout=_WAKE,
        stop_event=stop, yield_on_timeout=True, raise_interrupt=False,
    )  # fmt: skip
    for changed in watched:
        if changed or not begun:
            begun = True
            yield
