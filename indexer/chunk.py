"""Document → Chunks that tile it, and Chunk → the Sentences that are embedded and cited."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from langchain_text_splitters import RecursiveCharacterTextSplitter

from indexer.config import IndexConfig
from indexer.table import as_read
from indexer.text import SENTENCE_END, Span, sentence_spans, simplify
from indexer.types import Chunk, Document, Sentence

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_CLAUSE_END = r"[，,；;：:、]"


def chunk_document(document: Document, config: IndexConfig) -> list[Chunk]:
    """Chunks in order that join back to the text exactly: paragraphs, under the headings they stand below."""
    spans = []
    for start, end in _section_spans(document):
        spans.extend(_paragraph_spans(document.text, start, end, config))
    headings = [(span[0], level, title) for span, level, title in document.headings]
    chunks = []
    path: list[tuple[int, str]] = []
    for start, end in spans:
        while headings and headings[0][0] < end:
            _, level, title = headings.pop(0)
            path = [(outer, name) for outer, name in path if outer < level] + [(level, title)]
        names = tuple(name for _, name in path)
        chunks.append(Chunk(document.id, start, end, document.text[start:end], names))
    return chunks


def cut_document(
    document: Document, config: IndexConfig, count_tokens: Callable[[str], int], max_tokens: int
) -> tuple[list[Chunk], list[list[Sentence]]]:
    """(chunks in order, the sentences of each), as the index holds them."""
    chunks = chunk_document(document, config)
    return chunks, chunk_sentences(document, chunks, count_tokens, max_tokens)


def _section_spans(document: Document) -> list[Span]:
    """Spans from heading to heading; headings with nothing between them open one section together."""
    starts = [0]
    previous_end = 0
    for (start, end), _, _ in document.headings:
        if document.text[previous_end:start].strip():
            starts.append(start)
        previous_end = end
    return list(zip(starts, [*starts[1:], len(document.text)], strict=True))


def _paragraph_spans(text: str, start: int, end: int, config: IndexConfig) -> list[Span]:
    """Spans of paragraphs in text[start:end]: short ones joined to the next, long ones cut at sentence ends."""
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=config.chunk_characters,
        chunk_overlap=0,
        separators=[r"\n", SENTENCE_END.pattern, _CLAUSE_END, ""],
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
    )
    spans: list[Span] = []
    for cut in [*(match.end() for match in _BLANK_LINES.finditer(text, start, end)), end]:
        if cut < end and cut - start < config.merge_characters:
            continue
        for piece in splitter.split_text(text[start:cut]):  # they join back exactly, so a span is a running sum
            spans.append((start, start + len(piece)))
            start += len(piece)
    joined: list[Span] = []
    for left, right in spans:
        short = len(text[left:right].strip()) < config.merge_characters
        if joined and short and right - joined[-1][0] <= config.chunk_characters + config.merge_characters:
            left, _ = joined.pop()
        joined.append((left, right))
    return joined


def chunk_sentences(
    document: Document, chunks: Sequence[Chunk], count_tokens: Callable[[str], int], max_tokens: int
) -> list[list[Sentence]]:
    """The sentences of each chunk; one that the encoder would truncate is cut at a clause.

    Of headings, which are near to all that is asked of what they stand above, only those that a known question quotes.
    """
    headings = document.headings
    starts = [start for (start, _), _, _ in headings]

    def heading_at(place: int) -> int | None:
        number = bisect_right(starts, place) - 1
        return number if number >= 0 and place < headings[number][0][1] else None

    quoted = {heading_at(document.text.find(known.quote)) for known in document.known if known.quote}
    titles: dict[int, int] = {}
    for (left, _), _, title in (headings[number] for number in quoted if number is not None):
        start = document.text.index(title, left)
        titles[start] = start + len(title)
    found = []
    for chunk in chunks:
        # The document's title would be the same for every sentence.
        context = " ".join(name for name in chunk.headings if name != document.title)
        sentences: list[Sentence] = []
        spans = [(chunk.start + start, chunk.start + end) for start, end in sentence_spans(chunk.text)]
        body = [span for span in spans if heading_at(span[0]) is None]
        own = [(start, min(end, chunk.end)) for start, end in titles.items() if chunk.start <= start < chunk.end]
        pending = sorted(body + own)
        while pending:
            start, end = pending.pop(0)
            text = document.text[start:end]
            bare = simplify(text)
            read = as_read(document.text, start, end)
            whole = bare if start in titles else simplify(f"{context} {read}".strip())
            fitting = next((one for one in (whole, bare) if count_tokens(one) <= max_tokens), "")
            if fitting:
                sentences.append(Sentence(start, end, fitting))
            else:
                pending[:0] = _halves(document.text, start, end)
        found.append(sentences)
    return found


def _halves(text: str, start: int, end: int) -> list[Span]:
    """Two spans that cover text[start:end], cut at the clause end nearest the middle, without white space there."""
    middle = (start + end) // 2
    clauses = [match.end() for match in re.finditer(_CLAUSE_END, text[start:end])]
    cut = min(
        (start + offset for offset in clauses if start + offset < end), key=lambda at: abs(at - middle), default=middle
    )
    return [(start, start + len(text[start:cut].rstrip())), (end - len(text[cut:end].lstrip()), end)]
