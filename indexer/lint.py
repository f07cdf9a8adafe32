"""What is wrong with the content, and how the index will see it: Pages → Findings. A rule is a function."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import attrgetter

from indexer.conflicts import conflicts
from indexer.duplicates import copies
from indexer.page import NOTE, PROBLEM, Finding, Page, Place, words_of
from indexer.read import QUESTIONS
from indexer.text import Span, fold, one_line, sentence_spans
from indexer.types import Chunk, KnownQuestion

_WORD = re.compile(r"\w")
_REPEATED_IN = 3  # documents from which a line is boilerplate, and a share of them in a large folder
_REPEATED_SHARE = 0.02
_LINE = 4  # word characters from which a repeated line is worth a word
_BARE, _LITTLE = 10, 0.2  # word characters, and the share of a document, under which it holds nothing of its own
_DIGITS = re.compile(r"\d+")


def lint(pages: Sequence[Page]) -> list[Finding]:
    """All findings, in the order of the pages and of their text."""
    rules: tuple[Callable[[Page], Iterator[Finding]], ...] = (
        uncovered, over_long, mid_sentence, orphan_headings, lost_questions, disputed_questions
    )  # fmt: skip
    found = [finding for rule in rules for page in pages for finding in rule(page)]
    repeated = repeated_lines(pages)
    found += boilerplate(pages, repeated)
    found += empty(pages, repeated)
    found += near_duplicates(pages, repeated)
    found += contradictions(pages)
    order = {page.document.id: number for number, page in enumerate(pages)}
    return sorted(found, key=lambda one: (order[one.doc_id], one.start, one.end, one.rule))


def uncovered(page: Page) -> Iterator[Finding]:
    """Characters outside every chunk, chunks that are not their span's text, words outside every sentence."""
    text = page.document.text
    for start, end in _gaps(len(text), sorted((chunk.start, chunk.end) for chunk in page.chunks)):
        yield page.finding(
            "coverage", PROBLEM, (start, end),
            f"这 {end - start} 个字不在任何一段里，检索不到；请报告这个错误",
            f"{end - start} characters are in no passage and cannot be found: report this fault",
        )  # fmt: skip
    for chunk in page.chunks:
        if chunk.text != text[chunk.start : chunk.end]:
            yield page.finding(
                "coverage", PROBLEM, (chunk.start, chunk.end),
                "这一段与原文不符；请报告这个错误", "the passage is not the text of its span: report this fault",
            )  # fmt: skip
    seen = [(sentence.start, sentence.end) for inside in page.sentences for sentence in inside]
    for start, end in _gaps(len(text), sorted([*seen, *(span for span, _, _ in page.headings)])):
        if text[start:end].strip():
            yield page.finding(
                "coverage", PROBLEM, (start, end),
                f"“{page.quote(start, end)}”不在任何一句里，引用不到；请报告这个错误",
                "this is in no sentence and cannot be cited: report this fault",
            )  # fmt: skip


def _gaps(length: int, spans: Sequence[Span]) -> Iterator[Span]:
    """Spans of [0, length) outside all of the spans, which are in order of their starts."""
    position = 0
    for start, end in [*spans, (length, length)]:
        if start > position:
            yield position, start
        position = max(position, end)


def over_long(page: Page) -> Iterator[Finding]:
    """Sentences that the encoder would truncate, so that their pieces are embedded one by one."""
    for chunk, sentences in zip(page.chunks, page.sentences, strict=True):
        starts = [sentence.start - chunk.start for sentence in sentences]
        for start, end in sentence_spans(chunk.text):
            pieces = bisect_left(starts, end) - bisect_left(starts, start)
            if pieces > 1:
                span = chunk.start + start, chunk.start + end
                yield page.finding(
                    "over-long", PROBLEM, span,
                    f"“{page.quote(*span)}”这句超过编码模型的长度，被拆成 {pieces} 截分别检索；请断成几句",
                    f"longer than the encoder reads, searched in {pieces} pieces: make several sentences of it",
                )  # fmt: skip


def mid_sentence(page: Page) -> Iterator[Finding]:
    """Sentences of the document that two chunks share."""
    bounds = [chunk.start for chunk in page.chunks]
    for start, end in sentence_spans(page.document.text):
        cut = bisect_left(bounds, end) > bisect_right(bounds, start)
        if cut and not page.in_code(start):
            yield page.finding(
                "mid-sentence", PROBLEM, (start, end),
                f"“{page.quote(start, end)}”这句（{end - start} 字）被切到两段里；请断成短句，或把所在的长段落分开",
                f"this sentence of {end - start} characters is cut between two passages:"
                " make several sentences of it, or break up the long paragraph it is in",
            )  # fmt: skip


def orphan_headings(page: Page) -> Iterator[Finding]:
    """Headings with nothing below them before the next of the same or a higher level, or the end."""
    text = page.document.text
    after = [*page.headings, ((len(text), len(text)), 0, "")]
    for (span, level, _), ((next_start, _), next_level, _) in pairwise(after):
        if next_level <= level and not _WORD.search(text, span[1], next_start):
            yield page.finding(
                "orphan-heading", PROBLEM, span,
                f"标题“{page.quote(*span)}”下面没有正文，标题本身不会被引用；请补上正文、去掉 #，或删除",
                "a heading without text is never cited: write its text, take its # away, or remove it",
            )  # fmt: skip


def repeated_lines(pages: Sequence[Page]) -> dict[str, list[Place]]:
    """Words of the lines that stand in many documents, as navigation and copyright do → a place in each of them."""
    holders: defaultdict[str, dict[str, Place]] = defaultdict(dict)
    for page in pages:
        for words, start, end in page.lines:
            if len(words) >= _LINE and page.document.id not in holders[words]:
                holders[words][page.document.id] = page.place(start, end)
    enough = max(_REPEATED_IN, len(pages) * _REPEATED_SHARE)
    return {words: [*places.values()] for words, places in holders.items() if len(places) >= enough}


def lost_questions(page: Page) -> Iterator[Finding]:
    """Known questions whose quote touches no sentence: the document no longer has it."""
    text = page.document.text
    sentences = [(one.start, one.end) for inside in page.sentences for one in inside]
    for known in filter(attrgetter("quote"), page.document.known):
        left = text.find(known.quote)
        if left < 0 or not any(start < left + len(known.quote) and left < end for start, end in sentences):
            file, question = f"{page.document.id}{QUESTIONS}", one_line(known.question)
            yield page.finding(
                "lost-question", PROBLEM, page.visible(0, len(text)),
                f"{file} 里“{question}”的 quote 不在正文的句子里，不起作用；请改正或删去这一行",
                f"{file}: the quote of “{question}” stands in no sentence: mend it, or delete the line",
            )  # fmt: skip


def disputed_questions(page: Page) -> Iterator[Finding]:
    """Known questions that stand both with the words that answer and as not answered."""
    answered = {_asked(known) for known in page.document.known if known.quote}
    for known in page.document.known:
        if not known.quote and _asked(known) in answered:
            file, question = f"{page.document.id}{QUESTIONS}", one_line(known.question)
            yield page.finding(
                "disputed-question", PROBLEM, page.visible(0, len(page.document.text)),
                f"{file} 里“{question}”既有 quote 又写了 null；请删去其一",
                f"{file}: “{question}” stands both with a quote and with null: delete one of the lines",
            )  # fmt: skip


def _asked(known: KnownQuestion) -> str:
    """The question, folded, without white space and the mark at its end."""
    return "".join(fold(known.question).split()).rstrip("?!。")


def boilerplate(pages: Sequence[Page], repeated: Mapping[str, Sequence[Place]]) -> Iterator[Finding]:
    """Repeated lines where they first stand; neighbours are one finding."""
    known: set[str] = set()
    for page in pages:
        for new, run in groupby(page.lines, lambda line: line[0] in repeated and line[0] not in known):
            lines = list(run)
            if new:
                known.update(words for words, _, _ in lines)
                places = repeated[lines[0][0]]
                span = lines[0][1], lines[-1][2]
                yield page.finding(
                    "boilerplate", NOTE, span,
                    f"“{page.quote(*span)}”在 {len(places)} 篇文档里都有；若是栏目、导航或版权文字，请从正文删去",
                    f"stands in {len(places)} documents: if it is navigation or a notice, take it out of the text",
                    places[1],
                )  # fmt: skip


def empty(pages: Sequence[Page], repeated: Mapping[str, Sequence[Place]]) -> Iterator[Finding]:
    """Documents with hardly a word below their headings, or with hardly one that is not in many others."""
    for page in pages:
        text = page.document.text
        span = page.visible(0, len(text))
        whole = len(words_of(text)) - sum(len(words_of(title)) for _, _, title in page.headings)
        own = whole - sum(len(words) for words, _, _ in page.lines if words in repeated)
        if whole < _BARE:
            yield page.finding(
                "empty", PROBLEM, span,
                f"除标题外只有 {whole} 个字；请补上正文，或删除文件",
                f"{whole} characters besides headings: write its text, or remove the file",
            )  # fmt: skip
        elif own < _LITTLE * whole:
            yield page.finding(
                "empty", NOTE, span,
                f"{whole} 个字里只有 {own} 个是自己的，其余在多篇文档里都有；请补上正文，或删除文件",
                f"{own} of {whole} characters are its own, the rest stands in many documents:"
                " write its text, or remove the file",
            )  # fmt: skip


def _own_words(page: Page, chunk: Chunk, repeated: Mapping[str, Sequence[Place]]) -> Iterator[str]:
    """Letters and digits of the chunk's lines, without code and repeated lines."""
    for match in re.finditer(r"[^\n]+", chunk.text):
        words = words_of(match[0])
        if _DIGITS.sub("0", words) not in repeated and not page.in_code(chunk.start + match.start()):
            yield words


def near_duplicates(pages: Sequence[Page], repeated: Mapping[str, Sequence[Place]]) -> Iterator[Finding]:
    """Passages much like an earlier one, repeated lines left out; neighbours like one document are one finding."""
    passages = [(page, chunk) for page in pages for chunk in page.chunks]
    texts = ["".join(_own_words(page, chunk, repeated)) for page, chunk in passages]
    runs: list[list[tuple[int, int]]] = []  # of (number of the copy, number of the original)
    for copy, original in sorted(copies(texts).items()):
        between = passages[copy][0], passages[original][0]
        if runs and runs[-1][-1][0] == copy - 1 and between == tuple(passages[number][0] for number in runs[-1][-1]):
            runs[-1].append((copy, original))
        else:
            runs.append([(copy, original)])
    for run in runs:
        page, first = passages[run[0][0]]
        source, original_chunk = passages[run[0][1]]
        span = page.visible(first.start, passages[run[-1][0]][1].end)
        other = source.place(*source.visible(original_chunk.start, original_chunk.end))
        yield page.finding(
            "near-duplicate", NOTE, span,
            f"“{page.quote(*span)}”等 {len(run)} 段与 {other.doc_id} 第 {other.line} 行起几乎相同，会挤占检索结果；"
            "请只留一处",
            f"{len(run)} passages are much like {other.doc_id}, line {other.line}, and crowd the results: keep one",
            other,
        )  # fmt: skip


def contradictions(pages: Sequence[Page]) -> Iterator[Finding]:
    """The same quantity with another number in another document; of other years, it may have changed."""
    by_id = {page.document.id: page for page in pages}
    for first, second in conflicts([page.document for page in pages]):
        page, source = by_id[second.document.id], by_id[first.document.id]
        years = {one.document.published[:4] for one in (first, second)} - {""}
        other = source.place(*first.span)
        yield page.finding(
            "conflict", NOTE if len(years) > 1 else PROBLEM, second.span,
            f"“{page.quote(*second.span)}”与 {other.doc_id} 第 {other.line} 行“{source.quote(*first.span)}”数字不同；"
            "若是一回事，请改正其一，若不是，请在句中写明各指什么",
            f"another number than in {other.doc_id}, line {other.line}:"
            " correct one, or say in each sentence what it is about",
            other,
        )  # fmt: skip
