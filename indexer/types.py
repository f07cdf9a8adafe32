"""The nouns of the index: Document, KnownQuestion, Chunk. Frozen; everything else is a step between two of them."""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass

from indexer.text import Span, heading_lines, headline


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question as people ask it, and the words of the document that answer it."""

    question: str
    quote: str  # empty: the document is known not to answer it
    in_text: bool = False  # the document asks it itself, and the quote stands below


@dataclass(frozen=True, slots=True)
class Document:
    """One file of `kb/`: `text` is its body in NFC with LF line ends; every offset in Jiawen points into it."""

    id: str  # path under kb/ without suffix, with "/"
    title: str
    text: str
    source: str = ""
    published: str = ""
    url: str = ""
    questions: tuple[str, ...] = ()  # that the document answers: the chat offers them to start with
    file: str = ""  # path under kb/ with suffix
    pages: tuple[int, ...] = ()  # where each page of a PDF begins in the text; empty for anything else
    known: tuple[KnownQuestion, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """The page, from 1, that holds that character; None where there are no pages."""
        return bisect_right(self.pages, offset) or None

    @property
    def headings(self) -> list[tuple[Span, int, str]]:
        """As `heading_lines` gives them; the first line of a plain text file that is its title is one too."""
        found = list(heading_lines(self.text))
        first = headline(self.text) if self.file.lower().endswith(".txt") else None
        if first and self.text[slice(*first)].strip() == self.title:
            found.insert(0, (first, 1, self.title))
        return found

    @property
    def digest(self) -> str:
        """sha256 of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document: `text == document.text[start:end]`, always; `headings` from the outermost in."""

    doc_id: str
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`doc#start-end`, stable while the document before it does not change."""
        return f"{self.doc_id}#{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is embedded and cited: a span of the document inside one chunk, and the text the encoder sees for it."""

    start: int
    end: int
    embedded_text: str  # headings in front; never shown, never cited
