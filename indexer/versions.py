"""The folder of an index: which version is published, how another takes its place in one step, what is kept.

<index>/CURRENT                name of the published version; replaced atomically
<index>/versions/<version>/    one version (store.py)
<index>/documents/<sha256>     every text that was ever published, by its digest: old citations open it
<index>/embeddings.sqlite      the embeddings already made (cache.py)
<index>/HELD                   digest of the content that was rolled back: nothing publishes it by itself
<index>/build.lock             held by the one process that builds; it dies with the process
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

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
    read_manifest,
)
from indexer.types import Document

CURRENT = "CURRENT"
_HELD = "HELD"
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
    return IndexMissing(f"{index} 里还没有索引；请先运行 jiawen index", f"no index in {index} yet: run `jiawen index`")


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
    """Waits until no other process changes the index, and keeps others from it; what a dead one left is removed."""
    index.mkdir(parents=True, exist_ok=True)
    lock = FileLock(index / "build.lock")
    with lock:
        for left in (index / "versions").glob(f"{_BUILDING}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def someone_builds(index: Path) -> bool:
    """Another process changes the index right now."""
    lock = FileLock(index / "build.lock")
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def building_folder(index: Path) -> Path:
    """A fresh folder for a version that is being built; it is never mistaken for one."""
    folder = version_folder(index, f"{_BUILDING}{os.getpid()}")
    folder.mkdir(parents=True)
    return folder


def publish(index: Path, folder: Path, version: str) -> None:
    """Puts the built folder among the versions and names it in CURRENT, in one step."""
    os.rename(folder, version_folder(index, version))
    flush(index / "versions")
    _name_current(index, version)


def _name_current(index: Path, version: str) -> None:
    temporary = index / f"{CURRENT}.new"
    temporary.write_text(version + "\n", encoding="utf-8")
    flush(temporary)
    os.replace(temporary, index / CURRENT)
    flush(index)


def roll_back(index: Path, version: str | None = None) -> Manifest:
    """Publishes an earlier version, by default the one before the published; it is checked first."""
    with only_builder(index):
        now = current_version(index)
        if version is None:
            earlier = [name for name in version_names(index) if name < now]
            if not earlier:
                raise IndexMissing(f"{index} 里没有更早的版本", f"{index} has no version before {now}")
            version = earlier[-1]
        elif version not in version_names(index):
            raise _no_version(version)
        target = open_version(version_folder(index, version)).manifest
        try:
            left = read_manifest(version_folder(index, now)).kb_digest
        except (IndexBroken, IndexMismatch):
            left = ""  # whatever it held, it cannot come back by itself
        _name_current(index, version)
        if left not in ("", target.kb_digest):
            (index / _HELD).write_text(left, encoding="utf-8")
        return target


def is_held(index: Path, kb_digest: str) -> bool:
    """Content of that digest was rolled back; only a person publishes it again."""
    try:
        return (index / _HELD).read_text(encoding="utf-8") == kb_digest
    except (OSError, UnicodeDecodeError):
        return False


def release_hold(index: Path) -> None:
    """A person has built since: nothing is held any more."""
    (index / _HELD).unlink(missing_ok=True)


def prune(index: Path, keep: int = KEPT, forget: bool = False) -> list[str]:
    """Deletes all but the newest `keep` versions and the published one; their names.

    The texts of deleted versions stay for old citations, unless `forget`.
    """
    now = current_version(index)
    names = [name for name in version_names(index) if name != now]
    doomed = names[: max(0, len(names) - keep + 1)]
    for name in doomed:
        hidden = version_folder(index, f"{_BUILDING}{name}")  # so that one half deleted is no version
        os.rename(version_folder(index, name), hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    if forget:
        names = version_names(index)
        kept = {document.digest for name in names for document in documents_of(index, name).values()}
        for path in (index / "documents").glob("*"):
            if path.name not in kept:
                path.unlink()
    return doomed


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
    """What is wrong with a version, each fault with its file; empty where all is well."""
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
    """Keeps each text under its digest, so that a citation opens what it cited whatever becomes of the document."""
    folder = index / "documents"
    folder.mkdir(exist_ok=True)
    for document in documents:
        path = folder / document.digest
        if not path.exists():
            temporary = folder / f"{_BUILDING}{document.digest}"
            temporary.write_text(json.dumps(asdict(document), ensure_ascii=False), encoding="utf-8")
            os.replace(temporary, path)


def kept_document(index: Path, digest: str) -> Document | None:
    """The text of that digest as it was once published, or None."""
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        return None
    try:
        document = document_from(json.loads((index / "documents" / digest).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return document if document.digest == digest else None
