"""Files of kb/ → Documents, whatever their encoding."""

import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml

from indexer.errors import ContentError
from indexer.text import heading_lines
from indexer.types import Document

SUFFIXES = (".md", ".txt")
LARGEST_FILE = 32 * 1024 * 1024  # bytes: a text of 10 million characters is no document an editor wrote
_KEYS = ("title", "source", "published", "url", "questions")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def read_folder(kb: Path) -> list[Document]:
    """All documents under `kb`, in order of their ids; `README.md` at the top and hidden files are not content."""
    if not kb.is_dir():
        raise ContentError(
            f"没有内容文件夹 {kb}；请新建它并放入文章", f"no folder {kb}: create it and put articles in it"
        )
    documents: dict[str, Document] = {}
    for path in _files(kb):
        inside = path.relative_to(kb)
        hidden = any(part.startswith((".", "~")) for part in inside.parts)
        if hidden or path.suffix.lower() not in SUFFIXES or inside.as_posix() == "README.md":
            continue
        document = read_document(path, inside.with_suffix("").as_posix())
        if document.id in documents:
            raise ContentError(
                f"两个文件同名（只有后缀不同）：{path}；请改名",
                f"{path}: another file differs only in its suffix; rename one",
            )
        documents[document.id] = document
    if not documents:
        raise ContentError(f"{kb} 里没有文章（.md 或 .txt）", f"{kb} holds no article (.md or .txt): add one")
    return [documents[key] for key in sorted(documents)]


def _files(kb: Path) -> list[Path]:
    """Every file below the folder, sorted; links are followed, each folder once; an unreadable one is an error."""

    def refuse(error: OSError) -> None:
        raise _unreadable(Path(str(error.filename)), error) from error

    found: list[Path] = []
    seen = {os.path.realpath(kb)}
    for folder, folders, names in os.walk(kb, onerror=refuse, followlinks=True):
        here = Path(folder)
        fresh = {name: os.path.realpath(here / name) for name in sorted(folders)}
        folders[:] = [name for name, real in fresh.items() if real not in seen]
        seen.update(fresh.values())
        found.extend(here / name for name in names)
    for path in found:
        try:
            str(path).encode("utf-8")
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode("utf-8", "backslashreplace")
            raise ContentError(
                f"文件名的编码不是 UTF-8：{shown}；请改名", f"the name {shown} is not UTF-8: rename the file"
            ) from None
    return sorted(found)


def read_document(path: Path, doc_id: str) -> Document:
    """One file as a Document, its front matter (title, source, published, url, questions) taken off the text."""
    text = decode(path)
    metadata, body = split_front_matter(text, path) if path.suffix.lower() == ".md" else ({}, text)
    if not body.strip():
        raise ContentError(
            f"{path} 没有正文；请补上正文或删除文件", f"{path} has no text: write some or remove the file"
        )
    first_heading = next((title for _, _, title in heading_lines(body)), "")
    return Document(
        id=doc_id,
        title=metadata.get("title") or first_heading or path.stem,
        text=body,
        source=metadata.get("source", ""),
        published=metadata.get("published", ""),
        url=metadata.get("url", ""),
        questions=tuple(question for question in metadata.get("questions", ()) if question.strip()),
    )


def decode(path: Path) -> str:
    """The file's text in NFC, from UTF-8, UTF-16 with a mark, GB18030 or Big5; line ends become LF."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ContentError(f"{path} 超过 32 MB；请拆成几个文件", f"{path} is larger than 32 MB: split it")
        raw = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    encodings = ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig"]
    text = _decoded(raw, encodings[0])
    if text is None and encodings == ["utf-8-sig"]:
        readings = {name: reading for name in ("gb18030", "big5") if (reading := _decoded(raw, name))}
        common = {name: _common_share(reading, name) for name, reading in readings.items()}
        # Windows in China writes GB18030, old files from Taiwan and Hong Kong are Big5; both accept most bytes.
        if common and max(common.values()) >= 0.5:
            text = readings[max(common, key=lambda name: common[name] + (name == "gb18030") * 0.1)]
    if text is None or _CONTROLS.search(text):
        raise ContentError(
            f"{path} 不是文本文件，或编码无法识别；请另存为 UTF-8",
            f"{path} is not text in a known encoding: save it as UTF-8",
        )
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None

    """Share of the characters beyond ASCII that are in daily use; low where the reading is wrong."""


# the frequent plane of Big5.
_DAILY = {"gb18030": ("gbk", ((0xA1, 0xA3), (0xB0, 0xD7)), 0xA1), "big5": ("big5", ((0xA1, 0xC6),), 0x40)}


def _common_share(text: str, encoding: str) -> float:
    """Share of the characters beyond ASCII that are in daily use; low where the reading is wrong."""
    codec, firsts, second = _DAILY[encoding]
    codes = [character.encode(codec, "ignore") for character in text[:20_000] if character > "\x7f"]
    common = sum(
        len(code) == 2 and code[1] >= second and any(low <= code[0] <= high for low, high in firsts) for code in codes
    )
    return common / len(codes) if codes else 0.0


def _unreadable(path: Path, error: OSError) -> ContentError:
    return ContentError(
        f"读不了 {path}：{error.strerror}；请检查链接和权限",
        f"cannot read {path} ({error.strerror}): check links and permissions",
    )


def split_front_matter(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """(metadata as strings, body): the YAML between the first line `---` and the next, if it has a key we know."""
    match = _FRONT_MATTER.match(text)
    known = re.compile(rf"^({'|'.join(_KEYS)})[ \t]*:", re.MULTILINE)
    if not match or (match[1].strip() and not known.search(match[1])):
        return {}, text  # a text that begins with a rule
    try:
        metadata = yaml.load(match[1].rstrip(), Loader=yaml.BaseLoader) or {}
    except (yaml.YAMLError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = where.line + 2 if where else 2
        raise ContentError(
            f"{path} 第 {line} 行：文件头不是合法的 YAML；请检查冒号和引号",
            f"{path}, line {line}: the front matter is not valid YAML; check its colons and quotes",
        ) from error
    if not isinstance(metadata, dict):
        raise ContentError(
            f"{path}：文件头应写成“title: …”这样的行", f"{path}: write the front matter as lines like `title: …`"
        )
    questions = metadata.setdefault("questions", [])
    texts = [metadata.get(key, "") for key in _KEYS[:4]]
    if not isinstance(questions, list) or not all(isinstance(value, str) for value in [*texts, *questions]):
        raise ContentError(
            f"{path}：文件头每项写一行文字，questions 写成列表（含冒号的句子加引号）",
            f"{path}: write each fact as one line of text and `questions` as a list (quote what holds a colon)",
        )
    if any("\ud800" <= character <= "\udfff" for value in [*texts, *questions] for character in value):
        raise ContentError(
            f"{path}：文件头里有无效字符", f"{path}: the front matter holds characters that are not text"
        )
    return metadata, text[match.end() :]
