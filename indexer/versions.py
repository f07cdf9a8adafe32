"""The folder of an index: which version is published, how another takes its place in one step, what is kept.

<index>/CURRENT                name of the published version; replaced atomically
<index>/versions/<version>/    one version (store.py)
<index>/documents/<sha256>     every text that was ever published, by its digest: old citations open it
<index>/embeddings.sqlite      the embeddings already made (cache.py)
<index>/HELD                   digests of content that was rolled back, one a line: nothing publishes it by itself
<index>/build.lock             held by the one process that builds; it dies with the process
"""

import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock

from indexer.errors import IndexBroken, IndexMismatch, IndexMissing, JiawenError
from indexer.store import (
    Index,
    Manifest,
    altered_files,
    broken,
    check_search,
    document_from,
    flush,
    open_version,
    read_jsonl,
    read_manifest,
    write_whole,
)
from indexer.types import Document

CURRENT = "CURRENT"
_HELD = "HELD"
_LOCK = "build.lock"
_BUILDING = ".building-"
KEPT = 20  # versions that a build leaves in place, the published one included


def current_version(index: Path) -> str:
    """The name of the published version."""
    try:
        name = (index / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise no_index(index) from None
    except (OSError, UnicodeDecodeError) as error:
        raise broken(index / CURRENT, str(error)) from error
    if not name or Path(name).name != name or name.startswith("."):
        raise broken(index / CURRENT, "not the name of a version")
    return name


def no_index(index: Path) -> IndexMissing:
    """The error that says how to get a first index."""
    named = "" if index == Path(".jiawen") else f" --index {shlex.quote(str(index))}"
    return IndexMissing(
        f"{index} 里还没有索引；请先运行 jiawen index{named}", f"no index in {index} yet: run `jiawen index{named}`"
    )


def version_folder(index: Path, version: str) -> Path:
    """Where a version lies."""
    return index / "versions" / version


def open_index(index: Path, fingerprint: str) -> Index:
    """The published version, refused if another encoder wrote it."""
    opened = open_version(version_folder(index, current_version(index)))
    if opened.manifest.fingerprint != fingerprint:
        raise IndexMismatch(
            f"{index} 由编码模型 {opened.manifest.fingerprint} 建成，现在是 {fingerprint}；请运行 jiawen index 重建",
            f"{index} was built with {opened.manifest.fingerprint}, the setting is {fingerprint}: run `jiawen index`",
        )
    return opened


def published(index: Path) -> Index | None:
    """The published version, or None where there is none that this program can read: building mends that."""
    try:
        return open_version(version_folder(index, current_version(index)))
    except (IndexMissing, IndexBroken, IndexMismatch):
        return None


def version_names(index: Path) -> list[str]:
    """The names of all versions, oldest first: they are times."""
    folder = index / "versions"
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []


def describe_versions(index: Path) -> list[dict[str, Any]]:
    """A row per version, oldest first: its name, whether it is published, and what its manifest says, or the error."""
    now = current_version(index)
    rows = []
    for name in version_names(index):
        row: dict[str, Any] = {"version": name, "published": name == now}
        try:
            manifest = read_manifest(version_folder(index, name))
            row |= {key: getattr(manifest, key) for key in ("built_at", "documents", "chunks", "gate")}
        except JiawenError as error:
            row |= {"error": str(error)}
        rows.append(row)
    return rows


@contextmanager
def only_builder(index: Path) -> Iterator[None]:
    """Waits until no other process changes the index, and keeps others from it; what a dead one left is removed.

    A folder that was made for it and got nothing goes again. What the system says against a change is one line.
    """
    made = not index.exists()
    try:
        index.mkdir(parents=True, exist_ok=True)
        with FileLock(index / _LOCK):
            for left in (index / "versions").glob(f"{_BUILDING}*"):
                shutil.rmtree(left, ignore_errors=True)
            try:
                yield
            finally:
                if made and os.listdir(index) == [_LOCK]:
                    (index / _LOCK).unlink()  # who waits for it sees that it is gone and makes another
                    with suppress(OSError):  # which may be there already
                        index.rmdir()
    except OSError as error:
        raise cannot_write(index, error) from error


def cannot_write(index: Path, error: Exception) -> JiawenError:
    """The error that says what the system has against a change of the index."""
    return JiawenError(
        f"写不了索引 {index}：{error}；请检查磁盘空间和权限",
        f"cannot write the index {index} ({error}): check space and permissions",
    )


def someone_builds(index: Path) -> bool:
    """Another process changes the index right now. Writes nothing, and two who ask do not take each other for it."""
    try:
        with (index / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # nobody has built here yet, or the system has no such lock to ask
    return False


def building_folder(index: Path) -> Path:
    """A fresh folder for a version that is being built; it is never mistaken for one."""
    folder = version_folder(index, f"{_BUILDING}{os.getpid()}")
    folder.mkdir(parents=True)
    return folder


def publish(index: Path, folder: Path, version: str) -> None:
    """Puts the built folder among the versions and names it in CURRENT, in one step."""
    os.rename(folder, version_folder(index, version))
    flush(index / "versions")
    _write(index / CURRENT, version + "\n")


def _write(path: Path, text: str) -> None:
    write_whole(path, text)
    flush(path.parent)


def roll_back(index: Path, version: str | None = None) -> Manifest:
    """Publishes an earlier version, which is checked first; by default the newest that was not rolled back itself.

    Before which one is decided when it is asked for, not after the wait for a build. What the versions after it hold,
    up to the published, is held.
    """
    now = current_version(index)  # where there is none, no folder is made
    target = version or _version_before(index, now)
    with only_builder(index):
        if target not in version_names(index):
            raise _no_version(target)
        now = current_version(index)
        manifest = open_version(version_folder(index, target)).manifest
        left = {_content_of(index, name) for name in version_names(index) if target < name <= now or name == now}
        _write_held(index, _held(index) | left - {"", manifest.kb_digest})  # first: no moment in which it may come back
        _write(index / CURRENT, target + "\n")
        release(index, manifest.kb_digest)
        return manifest


def _version_before(index: Path, now: str) -> str:
    """The newest version before that one of which nothing is held: what was served before it."""
    held = _held(index)
    for name in reversed(version_names(index)):
        if name < now and _content_of(index, name) not in held:
            return name
    raise IndexMissing(
        f"{index} 里没有更早的版本（回滚过的不算）；请用 jiawen index versions 查看，并写明版本",
        f"{index} has no version before {now} but what was rolled back: see `jiawen index versions` and name one",
    )


def _content_of(index: Path, version: str) -> str:
    """The digest of what a version holds; empty where its manifest cannot be read."""
    try:
        return read_manifest(version_folder(index, version)).kb_digest
    except (IndexBroken, IndexMismatch):
        return ""


def _held(index: Path) -> set[str]:
    try:
        return set((index / _HELD).read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):
        return set()


def _write_held(index: Path, digests: set[str]) -> None:
    if digests != _held(index):
        _write(index / _HELD, "".join(f"{digest}\n" for digest in sorted(digests)))


def is_held(index: Path, kb_digest: str) -> bool:
    """Content of that digest was rolled back; only a person publishes it again."""
    return kb_digest in _held(index)


def release(index: Path, kb_digest: str) -> None:
    """A person has published content of that digest: it is held no more."""
    _write_held(index, _held(index) - {kb_digest})


def prune(index: Path, keep: int = KEPT, forget: bool = False) -> list[str]:
    """Deletes all but the newest `keep` versions and the published one; their names.

    The texts of deleted versions stay for old citations, unless `forget`.
    """
    now = current_version(index)
    names = [name for name in version_names(index) if name != now]
    doomed = names[: max(0, len(names) - keep + 1)]
    kept = _digests_of(index, {*version_names(index)} - {*doomed}) if forget else set()  # may fail, so it comes first
    for name in doomed:
        hidden = version_folder(index, f"{_BUILDING}{name}")  # so that one half deleted is no version
        os.rename(version_folder(index, name), hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    if forget:
        for path in (index / "documents").glob("*"):
            if path.name not in kept:
                path.unlink()
    return doomed


def _digests_of(index: Path, versions: Iterable[str]) -> set[str]:
    """The digests of all texts of those versions, whatever their format."""
    digests = set()
    for version in versions:
        path = version_folder(index, version) / "documents.jsonl"
        try:
            digests |= {Document("", "", row["text"]).digest for row in read_jsonl(path)}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise broken(path, str(error)) from error
    return digests


def documents_of(index: Path, version: str) -> dict[str, Document]:
    """The documents of a version by their ids. Raises IndexMissing where there is none of that name."""
    if version not in version_names(index):
        raise _no_version(version)
    return open_version(version_folder(index, version)).documents


def _no_version(version: str) -> IndexMissing:
    return IndexMissing(
        f"没有版本 {version}；请用 jiawen index versions 查看", f"no version {version}: see `jiawen index versions`"
    )


def faults_of(index: Path, version: str) -> list[str]:
    """What is wrong with a version, each fault with its file; empty where all is well. Raises IndexMissing for none."""
    if version not in version_names(index):
        raise _no_version(version)
    folder = version_folder(index, version)
    try:
        harmed = altered_files(folder, read_manifest(folder))
        if not harmed:
            check_search(open_version(folder))
        return harmed
    except IndexMismatch:
        return []  # of an older program; this one never opens it
    except JiawenError as error:
        return [str(error)]


def keep_documents(index: Path, documents: Iterable[Document]) -> None:
    """Keeps each text under its digest, so that a citation opens what it cited whatever becomes of the document.

    All of it is on the disk afterwards; a file that was cut short or altered is written anew.
    """
    folder = index / "documents"
    folder.mkdir(exist_ok=True)
    for document in documents:
        if kept_document(index, document.digest) is None:
            write_whole(folder / document.digest, json.dumps(asdict(document), ensure_ascii=False))
    flush(folder)


def kept_document(index: Path, digest: str) -> Document | None:
    """The text of that digest as it was once published, or None."""
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        return None
    try:
        document = document_from(json.loads((index / "documents" / digest).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return document if document.digest == digest else None
