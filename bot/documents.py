"""What the Sources part asks of the server: the documents and how each was cut; for an editor, files and versions."""

import re
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from bot.content import Exists, check_file, put, remove, safe_path
from bot.editor import editor_only, signed_in
from bot.live import Live, Rebuild
from bot.shared import NotFound, TooMany, written
from bot.source import changed_sentences
from bot.wire import parts_to_json
from indexer.errors import ContentError
from indexer.read import LARGEST_FILE, SUFFIXES, content_files, too_large
from indexer.store import Index
from indexer.text import one_line
from indexer.types import Document
from indexer.versions import describe_versions, documents_of, roll_back, someone_builds

_PASSAGES = 100  # of a document in one answer
_FOUND = 100  # documents that hold what is looked for
_EXCERPT = 30  # characters shown on either side of it
_TITLE = 80  # characters shown of a title in a message
_CHANGES = 400  # sentences shown of a changed document


class Version(BaseModel):
    """The body of POST /api/versions/rollback."""

    version: str = Field(max_length=100)


class Documents:
    """What the routes do; safe to use from several threads."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._changing = threading.Lock()  # one change of kb/ at a time
        self._starting = threading.Lock()

    def overview(self, request: Request) -> dict[str, object]:
        """The documents, in order of their ids; for an editor also what a rebuild has to say."""
        index = self._live.bot.index
        passages = Counter(chunk.doc_id for chunk in index.chunks)
        rows = [
            {
                "id": one.id,
                "title": one.title,
                "source": one.source,
                "published": one.published,
                "file": one.file,
                "characters": len(one.text),
                "pages": len(one.pages),
                "passages": passages[one.id],
                "digest": one.digest,
            }
            for one in index.documents.values()
        ]
        return {"documents": rows, **self.state(request)}

    def state(self, request: Request) -> dict[str, object]:
        """What changes while the page is open."""
        manifest = self._live.bot.index.manifest
        state = {"version": manifest.version, "built_at": manifest.built_at, "rebuilding": self._live.rebuild.running}
        if not signed_in(request):
            return state
        skipped = [one._asdict() for one in manifest.skipped]
        rebuild = asdict(self._live.rebuild)
        return state | {"kb": self._kb() is not None, "skipped": skipped, "gate": manifest.gate, "rebuild": rebuild}

    def find(self, text: str = Query(min_length=1, max_length=100)) -> dict[str, object]:
        """The documents whose title or text holds these very characters, and the first place in each."""
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        rows: list[dict[str, object]] = []
        for document in self._live.bot.index.documents.values():
            first = pattern.search(document.text)
            if first or pattern.search(document.title):
                row: dict[str, object] = {"id": document.id, "count": 0}
                if first:
                    start, end = first.span()
                    excerpt = [document.text[max(0, start - _EXCERPT) : start], first[0]]
                    count = sum(1 for _ in pattern.finditer(document.text))
                    row = {"id": document.id, "count": count, "start": start, "end": end}
                    row["excerpt"] = [*excerpt, document.text[end : end + _EXCERPT]]
                rows.append(row)
            if len(rows) == _FOUND:
                break
        return {"found": rows}

    def passages(self, doc_id: str, first: int = Query(0, ge=0)) -> dict[str, object]:
        """How the document was cut: its passages from that number on, each in pieces, those embedded as sentences.

        `tables` are what pieces that are rows show, by the number of the piece.
        """
        index = self._live.bot.index
        document = _document(index, doc_id)
        numbers = [number for number, chunk in enumerate(index.chunks) if chunk.doc_id == doc_id]
        shown = numbers[first : first + _PASSAGES]
        return {
            "of": len(numbers),
            "passages": [
                {
                    "number": first + at + 1,
                    "headings": index.chunks[number].headings,
                    "page": document.page_of(index.chunks[number].start),
                    "pieces": pieces,
                    "tables": _tables(document, index.chunks[number].start, pieces),
                }
                for at, number in enumerate(shown)
                for pieces in [_pieces(index, document, number)]
            ],
        }

    async def upload(
        self, request: Request, file: str = Query(max_length=1000), replace: bool = False
    ) -> dict[str, str]:
        """Puts the body under kb/ as a file of that name. Refuses, before anything is changed, what cannot be read."""
        path = safe_path(file)
        kb = self._folder()
        with TemporaryDirectory() as folder:
            uploaded = Path(folder) / path.name
            with uploaded.open("wb") as copy:
                async for piece in request.stream():
                    if copy.tell() + len(piece) > LARGEST_FILE:
                        raise too_large(PurePosixPath(path.name))
                    copy.write(piece)

            def take() -> None:
                read = check_file(uploaded)
                with self._changing, written(kb):
                    try:
                        put(kb, path, uploaded, replace)
                    except Exists as error:
                        raise self._described(error, path, *read) from None

            await run_in_threadpool(take)
        return {"file": str(path)}

    def _described(self, error: Exists, path: PurePosixPath, title: str, characters: str) -> Exists:
        """The question whether to replace, with title and length of both: another file may be meant."""
        chinese, english = f"新的《{_shown(title)}》{characters} 字", f"new: “{_shown(title)}”, {characters} characters"
        if old := self._live.bot.index.documents.get(str(path.with_suffix(""))):
            chinese = f"现有《{_shown(old.title)}》{len(old.text):,} 字，{chinese}"
            english = f"now: “{_shown(old.title)}”, {len(old.text):,} characters; {english}"
        return Exists(f"{error.chinese}{chinese}", f"{error.english} {english}")

    def remove(self, doc_id: str) -> dict[str, str]:
        """Moves the document's file out of the index's sight; not the last, which would stay for want of another."""
        index = self._live.bot.index
        file = PurePosixPath(_document(index, doc_id).file)
        kb = self._folder()
        # Those that no build could read, ever, publish nothing either.
        empty = {kb / one.file for one in index.manifest.skipped if not one.kept}
        with self._changing, written(kb):
            articles = {path for path in content_files(kb) if path.suffix.lower() in SUFFIXES} - empty
            if all(path.with_suffix("") == (kb / file).with_suffix("") for path in articles):
                raise ContentError(
                    "这是最后一篇，移走后没有内容可发布，仍会据它回答；请先添加另一篇",
                    "this is the last document: with none to publish it would go on being answered; add another first",
                )
            return {"kept": str(remove(kb, file))}

    def rebuild(self) -> dict[str, str]:
        """Starts a rebuild as `jiawen index` by hand does, gate and all."""
        kb = self._folder()
        with self._starting:
            if self._live.rebuild.running:
                raise _busy()
            self._live.rebuild = Rebuild(running=True)
        threading.Thread(target=self._live.rebuild_from, args=(kb,), daemon=True).start()
        return {"status": "started"}

    def versions(self) -> list[dict[str, object]]:
        """All versions, the newest first."""
        return describe_versions(self._live.index)[::-1]

    def compare(self, before: str, after: str) -> dict[str, object]:
        """What came, went and changed between two versions, with the sentences."""
        old, new = documents_of(self._live.index, before), documents_of(self._live.index, after)
        both = [doc_id for doc_id in new if doc_id in old and new[doc_id] != old[doc_id]]
        return {
            "added": [_named(new[doc_id]) for doc_id in new if doc_id not in old],
            "removed": [_named(old[doc_id]) for doc_id in old if doc_id not in new],
            "changed": [_named(new[doc_id]) | _difference(old[doc_id], new[doc_id]) for doc_id in both],
        }

    def roll_back(self, body: Version) -> dict[str, str]:
        """Publishes an earlier version, which is checked first, and serves it at once."""
        if self._live.rebuild.running or someone_builds(self._live.index):
            raise _busy()
        manifest = roll_back(self._live.index, body.version)
        self._live.refresh()
        return {"version": manifest.version}

    def _kb(self) -> Path | None:
        kb = self._live.bot.index.manifest.kb
        return Path(kb) if kb and Path(kb).is_dir() else None

    def _folder(self) -> Path:
        kb = self._kb()
        if kb is None:
            raise ContentError(
                "索引的内容文件夹已不在，只能阅读；请用 jiawen index --kb 重建",
                "the folder of this index is gone, only reading works: rebuild with `jiawen index --kb`",
            )
        return kb


def _busy() -> TooMany:
    return TooMany("正在重建，请稍候", "a rebuild is running: wait for it")


def _document(index: Index, doc_id: str) -> Document:
    if doc_id not in index.documents:
        raise NotFound("没有这篇文档；它可能刚被删除", "no such document: it may have just been removed")
    return index.documents[doc_id]


def _shown(title: str) -> str:
    """The title within a message, whose languages a bar parts."""
    return one_line(title).replace("|", "｜")[:_TITLE]


def _pieces(index: Index, document: Document, number: int) -> list[tuple[str, bool]]:
    """The passage's text, whole and in order: (piece, whether it is an embedded sentence or stands between two)."""
    chunk = index.chunks[number]
    rows = index.sentences[index.rows_of(number)]
    pieces = []
    at = chunk.start
    for _, start, end in rows.tolist():
        pieces += [(document.text[at:start], False), (document.text[start:end], True)]
        at = end
    return [piece for piece in [*pieces, (document.text[at : chunk.end], False)] if piece[0]]


def _tables(document: Document, start: int, pieces: list[tuple[str, bool]]) -> dict[int, object]:
    """Number of a piece that is of one table, and only of it → that table with what of its rows is in the piece."""
    tables: dict[int, object] = {}
    for number, (piece, embedded) in enumerate(pieces):
        if embedded and "|" in piece and re.search(r"\w", piece):  # as in every row; a rule shows nothing
            match parts_to_json(document.text, start, start + len(piece)):
                case [{} as table]:
                    tables[number] = table
        start += len(piece)
    return tables


def _named(document: Document) -> dict[str, object]:
    return {"id": document.id, "title": document.title}


def _difference(old: Document, new: Document) -> dict[str, object]:
    sentences = changed_sentences(old.text, new.text)
    return {"sentences": sentences[:_CHANGES], "more": max(0, len(sentences) - _CHANGES)}


def document_routes(live: Live) -> APIRouter:
    """The routes of the Sources part; those that change something, and old versions, are the editor's."""
    server = Documents(live)
    router = APIRouter(prefix="/api")
    router.get("/documents")(server.overview)
    router.get("/documents/state")(server.state)
    router.get("/documents/find")(server.find)
    router.get("/documents/passages")(server.passages)
    editors = APIRouter(dependencies=[Depends(editor_only)])
    editors.put("/documents")(server.upload)
    editors.delete("/documents")(server.remove)
    editors.post("/rebuild")(server.rebuild)
    editors.get("/versions")(server.versions)
    editors.get("/versions/compare")(server.compare)
    editors.post("/versions/rollback")(server.roll_back)
    router.include_router(editors)
    return router
