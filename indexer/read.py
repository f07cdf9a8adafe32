"""Files of kb/ → Documents, whatever their format and encoding; a file that cannot be read is named and skipped."""

import json
import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import yaml

from indexer.convert import CannotConvert, Converted, from_docx, from_html, from_pdf
from indexer.dates import date_line
from indexer.errors import ContentError
from indexer.faq import asked_and_answered
from indexer.text import heading_lines, headline, normal_text
from indexer.types import Document, KnownQuestion

QUESTIONS = ".questions.jsonl"  # in place of a document's suffix: the file of its known questions
SUFFIXES = (".md", ".txt", ".html", ".htm", ".docx", ".pdf")  # of files with one name but for this, the first is read
_CONVERTERS = {".docx": from_docx, ".pdf": from_pdf}
# What lies beside articles and holds none.
_COMPANIONS = re.compile(
    r"\.(png|jpe?g|gif|webp|svg|bmp|tiff?|ico|mp[34]|wav|m4a|avi|mov|css|js|json|ya?ml|db|ini|tmp|bak|lock|part|crdownload)$"
    r"|~$|\.___",
    re.IGNORECASE,
)
LARGEST_FILE = 32 * 1024 * 1024  # bytes: a text of 10 million characters is no document an editor wrote
_LONGEST_FRONT_MATTER = 100_000  # characters: thousands of questions; ten times as many take 20 s to parse
_KEYS = ("title", "source", "published", "url", "questions")
_FRONT_MATTER = re.compile(r"\A(?:[ \t]*\n)*---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(rf"^({'|'.join(_KEYS)})[ \t]*(?:(:)|：)", re.MULTILINE | re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be read: its path under kb/, the id it would have had, and why."""

    file: str
    doc_id: str
    error: ContentError


@dataclass(frozen=True, slots=True)
class Content:
    """What a folder holds: the documents in order of their ids, and the files that could not be read."""

    documents: list[Document]
    skipped: list[Skipped]


def check_folder(kb: Path) -> None:
    """Raises ContentError where there is no such folder."""
    if not kb.is_dir():
        raise ContentError(
            f"没有内容文件夹 {kb}；请新建它并放入文章", f"no folder {kb}: create it and put articles in it"
        )


def read_folder(kb: Path) -> Content:
    """All documents under `kb`; `README.md` at the top and hidden files are not content."""
    check_folder(kb)
    kb = kb.resolve()  # so that a reason, which names its file, is the same from wherever the folder is read
    documents: dict[str, Document] = {}
    skipped = []
    files = sorted(content_files(kb), key=_in_order)
    questions = {path for path in files if path.name.endswith(QUESTIONS)}
    for path in files:
        if path in questions:
            continue
        inside = path.relative_to(kb)
        doc_id = _shown(inside.with_suffix(""))
        try:
            if doc_id in documents and path.suffix.lower() in SUFFIXES:
                raise ContentError(
                    f"{_shown(path)} 与另一个文件只有后缀不同；请改名或删除一个",
                    f"{_shown(path)}: another file differs only in its suffix; rename or remove one",
                )
            documents[doc_id] = read_document(path, doc_id)
        except ContentError as error:
            skipped.append(Skipped(_shown(inside), doc_id, error))
    if not documents and not skipped:
        raise ContentError(
            f"{kb} 里没有文章（{' '.join(SUFFIXES)}）；请放入一篇",
            f"{kb} holds no article ({' '.join(SUFFIXES)}): add one",
        )
    for path in sorted(questions):
        name = _shown(path.relative_to(kb))
        try:
            _add_known(documents, path, name.removesuffix(QUESTIONS), [one.doc_id for one in skipped])
        except ContentError as error:
            skipped.append(Skipped(name, name, error))
    return Content([documents[key] for key in sorted(documents)], skipped)


def _add_known(documents: dict[str, Document], path: Path, doc_id: str, skipped: list[str]) -> None:
    """Gives the document the known questions of the file; one that was skipped keeps what it had."""
    if doc_id in documents:
        known, wrong = read_known(path)
        documents[doc_id] = replace(documents[doc_id], known=(*documents[doc_id].known, *known))
        if wrong:
            raise ContentError(
                f'{_shown(path)} 第 {wrong} 行应写成 {{"question": "…", "quote": "原文"}}，没有答案则写 null；请改正',
                f'{_shown(path)}, line {wrong}: write {{"question": "…", "quote": "words of the document"}}, or null',
            )
    elif doc_id not in skipped:
        raise ContentError(
            f"{_shown(path)} 旁边没有同名的文档；请改名或删除",
            f"{_shown(path)}: no document of that name lies beside it; rename or remove it",
        )


def _in_order(path: Path) -> tuple[str, int]:
    suffix = path.suffix.lower()
    return _shown(path.with_suffix("")), SUFFIXES.index(suffix) if suffix in SUFFIXES else len(SUFFIXES)


def _shown(path: PurePath) -> str:
    """The path as text, whatever bytes its name has."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def content_files(kb: Path) -> list[Path]:
    """Every file below the folder that may be content; links are followed, each folder once."""

    def refuse(error: OSError) -> None:
        raise _unreadable(Path(str(error.filename)), error) from error

    found: list[Path] = []
    seen = {os.path.realpath(kb)}
    for folder, folders, names in os.walk(kb, onerror=refuse, followlinks=True):
        here = Path(folder)
        fresh = {name: os.path.realpath(here / name) for name in sorted(folders) if name[0] not in ".~"}
        folders[:] = [name for name, real in fresh.items() if real not in seen]
        seen.update(fresh.values())
        found.extend(here / name for name in names if may_be_content(name) and (here, name) != (kb, "README.md"))
    return found


def may_be_content(name: str) -> bool:
    """A file of that name could be an article: not hidden, no editor's temporary file, no picture or script."""
    return name[0] not in ".~" and not _COMPANIONS.search(name)


def read_document(path: Path, doc_id: str) -> Document:
    """One file as a Document, its front matter (title, source, published, url, questions) taken off the text."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise ContentError(
            f"文件名的编码不是 UTF-8：{_shown(path)}；请改名", f"the name {_shown(path)} is not UTF-8: rename the file"
        ) from None
    check_format(path)
    suffix = path.suffix.lower()
    metadata: dict[str, Any] = {}
    pages: tuple[int, ...] = ()
    if suffix in (".md", ".txt"):
        text = decode(path)
        if suffix == ".md":
            metadata, text = split_front_matter(text, path)
    else:
        converted = _convert(path, suffix)
        text, pages = _without_controls(converted.text), converted.pages
        metadata = {name: _without_controls(getattr(converted, name)) for name in _KEYS[:3]}
        if text != converted.text:
            pages = tuple(len(_without_controls(converted.text[:page])) for page in pages)
    if not text.strip():
        raise ContentError(
            f"{path} 没有正文；请补上正文或删除文件", f"{path} has no text: write some or remove the file"
        )
    first = headline(text) if suffix == ".txt" else None
    first_line = text[slice(*first)].strip() if first else ""
    first_heading = next((title for _, _, title in heading_lines(text)), "")
    title = metadata.get("title") or first_line or first_heading or path.stem
    return Document(
        id=doc_id,
        title=title,
        text=text,
        source=metadata.get("source", ""),
        published=metadata.get("published") or date_line(text),
        url=metadata.get("url", ""),
        questions=tuple(question for question in metadata.get("questions", ()) if question.strip()),
        file=_shown(PurePath(doc_id).with_name(path.name)),
        pages=pages,
        known=tuple(asked_and_answered(title, text)),
    )


def read_known(path: Path) -> tuple[list[KnownQuestion], int]:
    """(the questions of a file with {"question", "quote"} a line, the first line that is not so or 0).

    A quote of null says that the document does not answer; an empty one is a mistake.
    """
    known = []
    wrong = 0
    for number, line in enumerate(decode(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            quote = row["quote"]
            one = KnownQuestion(row["question"].strip(), "" if quote is None else quote.strip())
            one.question.encode(), one.quote.encode()  # no half of a surrogate pair
            if not one.question or (quote is not None and not one.quote):
                raise ValueError("empty")
            known.append(one)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            wrong = wrong or number
    return known, wrong


def check_format(path: PurePath) -> None:
    """Raises ContentError unless files with that suffix are read."""
    if path.suffix.lower() not in SUFFIXES:
        readable = " ".join(SUFFIXES)
        raise ContentError(
            f"{path} 的格式读不了（可读 {readable}）；请另存",
            f"{path}: cannot read this format ({readable} are read): save it as one of them",
        )


def too_large(path: PurePath) -> ContentError:
    """The error for a file of more than LARGEST_FILE bytes."""
    return ContentError(f"{path} 超过 32 MB；请拆成几个文件", f"{path} is larger than 32 MB: split it")


def _convert(path: Path, suffix: str) -> Converted:
    try:
        return _CONVERTERS[suffix](_raw(path)) if suffix in _CONVERTERS else from_html(decode(path))
    except CannotConvert as error:
        raise ContentError(
            f"读不了 {path}：{error.chinese}；请另存为可复制文字的文件",
            f"cannot read {path}: {error.english}; save it anew with its text",
        ) from error


def _without_controls(text: str) -> str:
    """As `decode` gives a text; what it refuses one for is left out: no editor sees the &#8; in a page or its title."""
    return _CONTROLS.sub("", normal_text(text))


def _raw(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            raise ContentError(f"{path} 不是普通文件；请移走", f"{path} is no regular file: move it elsewhere")
        if found.st_size > LARGEST_FILE:
            raise too_large(path)
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def decode(path: Path) -> str:
    """The file's text in NFC, from UTF-8, UTF-16 with a mark, GB18030 or Big5; line ends become LF."""
    raw = _raw(path)
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
    return normal_text(text)


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


# Codec, first bytes and lowest second byte of the characters in daily use: level 1 of GB 2312 with its punctuation,
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
    """(metadata as strings, body): the YAML between a first line `---` and the next or `...`, if it has a key we know.

    Blank lines may stand before it; keys may have capitals, and a full-width colon, as a Chinese keyboard types it.
    """
    match = _FRONT_MATTER.match(text)
    if not match or (match[1].strip() and not _KEY.search(match[1])):
        return {}, text  # a text that begins with a rule
    written = _KEY.sub(lambda key: key[1].lower() + (":" if key[2] else ": "), match[1].rstrip())
    if len(written) > _LONGEST_FRONT_MATTER:
        raise ContentError(
            f"{path}：文件头超过 {_LONGEST_FRONT_MATTER} 字；请删减",
            f"{path}: the front matter has more than {_LONGEST_FRONT_MATTER} characters: shorten it",
        )
    first = text[: match.start(1)].count("\n") + 1
    try:
        tokens = yaml.scan(written, Loader=yaml.BaseLoader)
        lines = [one.start_mark.line for one in tokens if isinstance(one, (yaml.AnchorToken, yaml.AliasToken))]
        metadata = {} if lines else yaml.load(written, Loader=yaml.BaseLoader) or {}
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:  # "\U0011FFFF" is no character
        where = getattr(error, "problem_mark", None)
        line = first + (where.line if where else 0)
        raise ContentError(
            f"{path} 第 {line} 行：文件头不是合法的 YAML；请检查冒号和引号",
            f"{path}, line {line}: the front matter is not valid YAML; check its colons and quotes",
        ) from error
    if lines:  # one text named a thousand times would be written into the index a thousand times
        raise ContentError(
            f"{path} 第 {first + lines[0]} 行：文件头里以 & 或 * 开头的文字要加引号",
            f"{path}, line {first + lines[0]}: put quotes around what begins with & or * in the front matter",
        )
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
