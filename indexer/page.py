"""A document as the index will see it and where an editor sees it, and what was found in it: Page, Place, Finding."""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from indexer.chunk import cut_document
from indexer.config import IndexConfig
from indexer.embed import open_encoder
from indexer.read import decode, read_folder
from indexer.text import FENCE, Span, fold, one_line
from indexer.types import Chunk, Document, Sentence

PROBLEM, NOTE = "problem", "note"  # a problem loses or distorts answers
_QUOTED = 40  # characters of the content that a message repeats


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the content: `line` is 1-based in the file as an editor sees it, the span is in `Document.text`."""

    doc_id: str
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: where it is, what it is and what to do, as `中文 | English`."""

    rule: str
    severity: str  # PROBLEM or NOTE
    doc_id: str
    line: int
    start: int
    end: int
    message: str
    other: Place | None = None


@dataclass(frozen=True)
class Page:
    """A document as the index will see it, and where an editor sees it."""

    document: Document
    chunks: Sequence[Chunk]
    sentences: Sequence[Sequence[Sentence]]  # of each chunk
    file: str = ""
    first_line: int = 1  # of the file, at which the text begins

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.document.text)]

    @cached_property
    def headings(self) -> list[tuple[Span, int, str]]:
        """As the document gives them."""
        return self.document.headings

    @cached_property
    def _fences(self) -> list[Span]:
        return [match.span() for match in FENCE.finditer(self.document.text)]

    def in_code(self, offset: int) -> bool:
        """The character stands in a code fence."""
        before = bisect_right(self._fences, (offset, sys.maxsize)) - 1
        return before >= 0 and offset < self._fences[before][1]

    @cached_property
    def lines(self) -> list[tuple[str, int, int]]:
        """(letters and digits, folded, each number as 0; start; end) of the lines of prose that hold any."""
        headings = {span[0] for span, _, _ in self.headings}
        found = []
        for match in re.finditer(r"[^\n]+", self.document.text):
            words = re.sub(r"\d+", "0", words_of(match[0]))
            if words and match.start() not in headings and not self.in_code(match.start()):
                found.append((words, *match.span()))
        return found

    def place(self, start: int, end: int) -> Place:
        """The place of a span of the text."""
        return Place(self.document.id, self.first_line + bisect_left(self._line_ends, start), start, end)

    def visible(self, start: int, end: int) -> Span:
        """The span without white space at its ends."""
        text = self.document.text[start:end]
        left = start + len(text) - len(text.lstrip())
        return left, max(left, start + len(text.rstrip()))

    def quote(self, start: int, end: int) -> str:
        """The span's beginning in one line, fit for a terminal."""
        text = one_line(self.document.text[start:end])
        return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"

    def finding(
        self, rule: str, severity: str, span: Span, chinese: str, english: str, other: Place | None = None
    ) -> Finding:
        """A finding about a span of the text."""
        here = self.place(*span)
        return Finding(rule, severity, here.doc_id, here.line, *span, f"{chinese} | {english}", other)


def words_of(text: str) -> str:
    """The letters and digits, folded."""
    return "".join(re.findall(r"\w", fold(text)))


def open_pages(kb: Path, config: IndexConfig) -> tuple[list[Page], list[Finding]]:
    """(the documents of `kb`, cut as a build would cut them, the files that cannot be read); nothing is embedded."""
    content, encoder = read_folder(kb), open_encoder(config.encoder)
    found = []
    for document in content.documents:
        file = kb / document.file
        front_matter = ""
        if file.suffix.lower() == ".md":
            front_matter = decode(file).removesuffix(document.text)
        inside = cut_document(document, config, encoder.count_tokens, encoder.max_tokens)
        found.append(Page(document, *inside, str(file), front_matter.count("\n") + 1))
    unreadable = [Finding("unreadable", PROBLEM, one.doc_id, 0, 0, 0, str(one.error)) for one in content.skipped]
    return found, unreadable
