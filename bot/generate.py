"""A model's text, as it comes → checked sentences with citations. Supported is only what some passage carries."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from bot.cite import CitedSentence, Splitter
from bot.llm import THOUGHT, Model, ModelError
from bot.orders import give_orders
from bot.prompt import NOT_SAID, answer_prompt, is_chinese
from bot.types import AnswerSentence, Citation, Hit, cite
from bot.verify import ADDRESS, Passage, verify, weight_held
from indexer.config import DEFAULT_ENCODER
from indexer.embed import token_reader
from indexer.store import Index
from indexer.table import as_read, table_at, tables_in
from indexer.text import Span, simplify, substituted

_ORDER = "…"  # what stands in place of one
_MEANT = 12  # letters from which a sentence without any Chinese is in another language, not just a name
_SENTENCE, _SHORT_ONES = 8, 10  # letters from which none is said twice; how often less is said: 免费。 in a list
_CHINESE_ENDS = ("。", "！", "？")  # an English answer may list Chinese names


class Draft:
    """An answer that grows by a sentence at a time, each checked when it is finished. For one answer, by one thread."""

    def __init__(self, index: Index, hits: Sequence[Hit]) -> None:
        self._index, self._hits = index, hits
        self._passages = [self._passage(hit) for hit in hits]
        self._begin()

    def _begin(self) -> None:
        self.sentences: list[AnswerSentence] = []
        self.citations: list[Citation] = []
        self.pending = ""  # what has come of the next sentence
        self.declined = False  # the model said that the passages do not hold the answer
        self._said: Counter[str] = Counter()
        self._splitter = Splitter(len(self._passages))

    def _passage(self, hit: Hit) -> Passage:
        """What the model may read of the passage and what may carry a sentence: without orders to whoever answers.

        A table's rows are given as they are read, with the names of the columns, which may stand in another passage.
        """
        document, chunk = self._index.documents[hit.chunk.doc_id], hit.chunk
        rows = np.array(self._index.rows_of(hit.number), np.int64)
        known = self._index.manifest.encoder == DEFAULT_ENCODER  # of another's vectors nothing is recognised
        said_over = (document.title, *chunk.headings, document.source)  # 我市 is 嘉峪关市 in the 嘉峪关日报
        over = [_ORDER if known and _gives_orders(one) else one for one in said_over]
        spans = self._spans(hit)
        given = dict(zip(spans, self._index.readings(rows.tolist()), strict=True))
        if known:
            orders = rows[give_orders(self._index.vectors_of(rows))]
            given.update(((start, end), _ORDER) for _, start, end in self._index.sentences[orders].tolist())
            given.update((span, _ORDER) for span in spans if _is_under_orders(document.text, span))
            given.update(
                (span, _ORDER)
                for span, _, title in document.headings  # one that a known question quotes is a sentence as well
                if chunk.start <= span[0] < chunk.end and _gives_orders(title)
            )
        text = substituted(
            chunk.text, {(start - chunk.start, end - chunk.start): said for (start, end), said in given.items()}
        )
        context = "\n".join(filter(None, [*over, document.published]))
        return Passage(text, context, tables_in(document.text, spans))

    def _spans(self, hit: Hit) -> list[Span]:
        """Where the sentences of the passage stand."""
        rows = self._index.sentences[self._index.rows_of(hit.number), 1:]
        return [(start, end) for start, end in rows.tolist()]

    def write(self, model: Model, question: str, chinese: bool, seconds: float) -> Iterator[None]:
        """Grows by what the model streams, yielding at every piece; the answer is to be in Chinese, or in English.

        Begins anew where all that has come proves to be thought aloud.
        Raises ModelError where the model fails or goes astray.
        """
        shown = [(passage.context, passage.text) for passage in self._passages]
        text = ""
        for piece in model.stream(*answer_prompt(question, shown, chinese), seconds):
            text += piece
            _, thought, rest = text.rpartition(THOUGHT)
            if thought:
                self._begin()
                text = piece = rest
            finished = self._splitter.feed(piece)
            self.pending += piece
            for sentence in finished:
                self._take(sentence, chinese)
            yield
            if self.declined:
                return
        for sentence in self._splitter.finish():
            self._take(sentence, chinese)
        self.pending = ""
        if self.sentences and not any(one.supported for one in self.sentences):
            self.declined |= self.sentences[0].text.startswith(NOT_SAID)
        yield

    def _take(self, sentence: CitedSentence, chinese: bool) -> None:
        self.pending = self.pending[len(sentence.written) :]
        claim = sentence.claim
        if not claim or self.declined:
            return
        letters = sum("a" <= one.lower() <= "z" for one in ADDRESS.sub("", claim))
        meant = letters >= _MEANT if chinese else not letters and claim.endswith(_CHINESE_ENDS)
        if meant and is_chinese(claim) != chinese:
            raise ModelError("它用了别的语言", "it answered in another language")
        key = re.sub(r"\W", "", unicodedata.normalize("NFKC", claim)).casefold()
        self._said[key] += 1
        if self._said[key] > (1 if len(key) >= _SENTENCE else _SHORT_ONES):
            raise ModelError("它反复说同一句话", "it repeats itself")
        if not self.sentences and claim.rstrip("。.") in NOT_SAID:
            self.declined = True
            return
        self.sentences.append(self._checked(claim, sentence))

    def _checked(self, claim: str, sentence: CitedSentence) -> AnswerSentence:
        support = verify(claim, self._passages, [number - 1 for number in sentence.citations])
        numbers = [self._cite(place, claim) for place in support.carriers]
        return AnswerSentence(
            claim,
            tuple(dict.fromkeys(numbers)),
            support.supported,
            sentence.unresolved,
            support.reason,
            support.mended,
            sentence.before,
        )

    def _cite(self, place: int, claim: str) -> int:
        """The number of the citation of that passage: its likest sentence if that alone carries the claim, or all."""
        hit, passage = self._hits[place], self._passages[place]
        document = self._index.documents[hit.chunk.doc_id]
        start, end = hit.chunk.start, hit.chunk.end
        texts = {span: as_read(document.text, *span) for span in self._spans(hit)}
        weights = {span: weight_held(claim, text) for span, text in texts.items() if text in passage.text}
        likest = max(weights, key=lambda span: weights[span], default=None)
        # An English claim may hold no word of any.
        if likest and weights[likest] and verify(claim, [replace(passage, text=texts[likest])]).supported:
            start, end = likest
        for citation in self.citations:
            if (citation.doc_id, citation.start, citation.end) == (document.id, start, end):
                return citation.number
        self.citations.append(cite(len(self.citations) + 1, document, hit.chunk, start, end))
        return len(self.citations)


def _is_under_orders(text: str, span: Span) -> bool:
    """It is in a table's row, which is read with the names of the columns, and these give orders."""
    table = table_at(text, span[0])
    return table is not None and _gives_orders(text[slice(*table.line)])


@lru_cache(maxsize=4096)
def _gives_orders(heading: str) -> bool:
    """A heading has no vector in the index."""
    return bool(give_orders(token_reader().vectors("passage", [simplify(heading)]))[0])
