"""Files of kb/ → Documents, whatever their encoding."""

import unicodedata
from pathlib import Path
from typing import Any

import yaml
from charset_normalizer import from_bytes

from indexer.errors import ContentError
from indexer.text import heading_lines
from indexer.types import Document

SUFFIXES = (".md", ".txt")
LARGEST_FILE = 32 * 1024 * 1024  # bytes: a text of 10 million characters is no document an editor wrote
# GB18030 is what Windows in China writes; Big5 what Taiwan and Hong Kong wrote. Both accept almost any bytes, so the
# choice between them is left to a statistical detector.
_LEGACY_ENCODINGS = ["gb18030", "big5"]


def read_folder(kb: Path) -> list[Document]:
    """All documents under `kb`, in order of their ids; `README.md` at the top and hidden files are not content."""
    if not kb.is_dir():
        raise ContentError(
            f"没有内容文件夹 {kb}；请新建它并放入文章", f"no folder {kb}: create it and put articles in it"
        )
    documents: dict[str, Document] = {}
    for path in sorted(kb.rglob("*")):
        inside = path.relative_to(kb)
        hidden = any(part.startswith((".", "~")) for part in inside.parts)
        if hidden or path.suffix.lower() not in SUFFIXES or not path.is_file() or inside.as_posix() == "README.md":
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


def read_document(path: Path, doc_id: str) -> Document:
    """One file as a Document, its front matter (title, source, published, url, questions) taken off the text."""
    text = decode(path)
    metadata, body = split_front_matter(text, path)
    if not body.strip():
        raise ContentError(
            f"{path} 没有正文；请补上正文或删除文件", f"{path} has no text: write some or remove the file"
        )
    questions = metadata.get("questions") or []
    if not isinstance(questions, list):
        raise ContentError(f"{path}：questions 应写成列表", f"{path}: write `questions` as a list, a line `- …` each")
    first_heading = next((title for _, _, title in heading_lines(body)), "")
    return Document(
        id=doc_id,
        title=str(metadata.get("title") or first_heading or path.stem),
        text=body,
        source=str(metadata.get("source") or ""),
        published=str(metadata.get("published") or ""),
        url=str(metadata.get("url") or ""),
        questions=tuple(map(str, questions)),
    )


def decode(path: Path) -> str:
    """The file's text in NFC, from UTF-8, UTF-16 with a mark, GB18030 or Big5; line ends become LF."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ContentError(f"{path} 超过 32 MB；请拆成几个文件", f"{path} is larger than 32 MB: split it")
        raw = path.read_bytes()
    except OSError as error:
        raise ContentError(f"读不了 {path}：{error.strerror}", f"cannot read {path}: {error.strerror}") from error
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        best = None if b"\0" in raw else from_bytes(raw, cp_isolation=_LEGACY_ENCODINGS).best()
        if best is None:
            raise ContentError(
                f"{path} 不是文本文件，或编码无法识别；请另存为 UTF-8",
                f"{path} is not text in a known encoding: save it as UTF-8",
            ) from None
        text = str(best)
    if "\0" in text:
        raise ContentError(f"{path} 含有二进制内容；请另存为纯文本", f"{path} holds binary data: save it as plain text")
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def split_front_matter(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """(metadata, body): the YAML between a first line `---` and the next `---`, and everything after that line."""
    if not text.startswith("---\n"):
        return {}, text
    head, fence, body = text[4:].partition("\n---\n")
    if not fence:
        return {}, text
    try:
        metadata = yaml.safe_load(head) or {}
    except yaml.YAMLError as error:
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
    return metadata, body
