"""A content folder, watched: one call after each burst of changes, none for editors' temporary files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

from watchfiles import Change, DefaultFilter, watch

from indexer.errors import JiawenError
from indexer.read import may_be_content

_QUIET = 400  # milliseconds without a change that end a burst
_LONGEST = 1600  # milliseconds after which a burst that goes on is taken as one
_WAKE = 1000  # milliseconds between looks at `stop`; the first says that the watching has begun


class _ContentFilter(DefaultFilter):
    """Changes of files that could be content, and of folders: what lay in one may have come or gone with it."""

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and may_be_content(Path(path).name)


def changes(kb: Path, stop: Event) -> Iterator[None]:
    """Yields when the watching begins, after each burst of changes, when the folder goes or comes; ends at `stop`.

    Raises JiawenError where the system does not let it watch.
    """
    gone = False
    while not stop.is_set():
        try:
            watched = os.open(kb, os.O_RDONLY | os.O_DIRECTORY)  # while it is open no other folder gets its number
        except OSError:
            if not gone:
                yield  # whoever builds says what is wrong
            gone = True
            stop.wait(_WAKE / 1000)
            continue
        gone = False
        try:
            with suppress(FileNotFoundError):  # it went in the meantime
                yield from _bursts(kb, watched, stop)
        except (OSError, RuntimeError) as error:  # watchfiles raises a RuntimeError of its own
            raise JiawenError(
                f"没法察觉 {kb} 里的改动（{error}）；请检查子文件夹的权限，或调大 fs.inotify.max_user_watches",
                f"cannot watch {kb} ({error}): check the permissions of its folders, or raise"
                " fs.inotify.max_user_watches",
            ) from error
        finally:
            os.close(watched)


def _bursts(kb: Path, watched: int, stop: Event) -> Iterator[None]:
    """Of the folder that is open as `watched`, until `kb` is another: the system goes on watching the one that went."""
    begun = False
    seen = watch(
        kb, watch_filter=_ContentFilter(), debounce=_LONGEST, step=_QUIET, rust_timeout=_WAKE,
        stop_event=stop, yield_on_timeout=True, raise_interrupt=False,
    )  # fmt: skip
    for changed in seen:
        if not os.path.samestat(os.stat(kb), os.fstat(watched)):
            return
        if changed or not begun:
            begun = True
            yield
