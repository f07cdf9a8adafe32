"""The content folder as an editor changes it: files put in place whole or not at all, none ever deleted.

<kb>/.removed/<time>/<path>    what was replaced or removed; hidden, so the index does not see it
"""

import os
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from indexer.errors import ContentError, JiawenError
from indexer.read import QUESTIONS, SUFFIXES, check_format, may_be_content
from indexer.store import flush

REMOVED = ".removed"
_LONGEST_NAME = 200  # bytes of UTF-8; file systems take 255
_SECONDS = 120  # to read one file
# Bytes to read one file. A Word file of 550,000 characters takes 600 MB, a hostile one of 12 KB twice that.
_MEMORY = 1 << 30
_reading = threading.Lock()  # one file at a time, which may take all of these
# A reader that breaks on a hostile file breaks its own process, not the server.
_READ = """
import resource, sys
from pathlib import Path
_, most = resource.getrlimit(resource.RLIMIT_DATA)
memory = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (memory if most == resource.RLIM_INFINITY else min(memory, most), most))
from indexer.errors import ContentError
from indexer.read import read_document
path = Path(sys.argv[1])
try:
    document = read_document(path, path.stem)
except ContentError as error:
    sys.exit(f"{error.chinese}\\n{error.english}")
print(document.title)
print(f"{len(document.text):,}")
"""


class Exists(JiawenError):
    """There is a document of that name; only who means to replace it may put another there."""


def safe_path(name: str) -> PurePosixPath:
    """The path under kb/ for a file of that name, whoever chose the name. Raises ContentError where it is no content.

    Folders stay, those above do not; control and format characters and what some file systems forbid become `_`.
    """
    parts = [_safe_part(part) for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/")]
    path = PurePosixPath(*filter(None, parts))
    check_format(PurePosixPath(path.name))
    if not may_be_content(path.name) or str(path) == "README.md":
        raise ContentError(
            f"名为 {path.name} 的文件不算内容；请改名", f"a file named {path.name} is no content: rename it"
        )
    return path


def _safe_part(part: str) -> str:
    kept = "".join("_" if one in '<>:"|?*' or unicodedata.category(one)[0] == "C" else one for one in part)
    path = PurePosixPath(kept.strip(" ").lstrip(".~ ").rstrip(". "))
    stem = path.stem.encode()[: _LONGEST_NAME - len(path.suffix.encode())].decode("utf-8", "ignore")
    return f"{stem.rstrip()}{path.suffix}" if len(path.suffix.encode()) < _LONGEST_NAME else ""


def check_file(path: Path) -> tuple[str, str]:
    """Reads the file as the index would: its title, and how many characters it has, such as 1,234.

    Raises ContentError with the reader's own reason, the file named alone.
    """
    command = [sys.executable, "-P", "-X", "utf8", "-c", _READ, str(path), str(_MEMORY)]
    try:
        with _reading:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise _unread(path.name) from None
    said = done.stderr.decode("utf-8", "replace").replace(f"{path.parent}{os.sep}", "").strip().split("\n")
    if done.returncode and len(said) == 2:
        raise ContentError(said[0], said[1])
    if done.returncode:
        raise _unread(path.name)
    title, _, characters = done.stdout.decode("utf-8", "replace").strip().rpartition("\n")
    return title, characters


def _unread(name: str) -> ContentError:
    return ContentError(f"读不了 {name}；请另存为其他格式", f"cannot read {name}: save it in another format")


def put(kb: Path, path: PurePosixPath, uploaded: Path, replace: bool) -> None:
    """Makes the uploaded file the one at `path` under kb/, in one step; what it replaces is kept in .removed/.

    A file of the same name with another suffix is the same document, so it is replaced too. Raises Exists where there
    is one and `replace` is not set.
    """
    target = _inside(kb, path)
    earlier = list(_same_document(target))
    if earlier and not replace:
        raise Exists(f"已有文档 {earlier[0].name}；要替换吗？", f"there is a document {earlier[0].name}: replace it?")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.new")
    kept = _kept_folder(kb)
    try:
        shutil.copyfile(uploaded, temporary)
        flush(temporary)
        if target in earlier:
            _keep(kb, target, kept, shutil.copy2)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    for other in earlier:
        if other != target:
            _keep(kb, other, kept, os.replace)
    flush(target.parent)


def remove(kb: Path, path: PurePosixPath) -> PurePosixPath:
    """Moves a document's file, and that of its known questions, to .removed/; where the first is now, under kb/.

    A file of the same name with another suffix is the same document: where the one at `path` has gone, it is moved.
    """
    file = _inside(kb, path)
    if not file.is_file():
        file = next(_same_document(file), file)
    if not file.is_file():
        raise ContentError(f"{path} 已经不在了；请重建", f"{path} is no longer there: rebuild")
    folder = _kept_folder(kb)
    kept = _keep(kb, file, folder, os.replace)
    questions = file.with_name(file.stem + QUESTIONS)
    if questions.is_file():
        _keep(kb, questions, folder, os.replace)
    flush(file.parent)
    return PurePosixPath(kept.relative_to(kb).as_posix())


def _inside(kb: Path, path: PurePosixPath) -> Path:
    """The place of that path; refused where `..` or a link leads out of kb/."""
    target = kb / path
    if not target.parent.resolve().is_relative_to(kb.resolve()) or ".." in path.parts:
        raise ContentError(f"{path} 不在内容文件夹里", f"{path} is not in the content folder")
    return target


def _same_document(target: Path) -> Iterator[Path]:
    if target.parent.is_dir():
        for one in sorted(target.parent.iterdir()):
            if one.stem == target.stem and one.suffix.lower() in SUFFIXES and one.is_file():
                yield one


def _kept_folder(kb: Path) -> Path:
    return kb / REMOVED / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"


def _keep(kb: Path, file: Path, folder: Path, move: Callable[[Path, Path], object]) -> Path:
    kept = folder / file.relative_to(kb)
    kept.parent.mkdir(parents=True, exist_ok=True)
    move(file, kept)
    return kept
