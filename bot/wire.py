"""Answers and hits as the JSON that scripts outside this project read. The keys are a fixed contract."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.types import Answer, Evidence, Hit
from indexer.table import Part, parts, texts
from indexer.types import Document


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """`jiawen ask --json`; `nearest` has the passages nearest to a refused question, with their likeliest sentences."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "verdict": str(answer.verdict),
        "confidence": answer.confidence,
        "sentences": [asdict(sentence) for sentence in answer.sentences],
        "citations": [asdict(citation) for citation in answer.citations],
        "answerer": answer.answerer,
        "index_version": answer.index_version,
        "timings_ms": dict(answer.timings_ms),
        "nearest": [_nearest(rank, one) for rank, one in enumerate(answer.nearest, 1)],
        "searched": answer.searched,
        "note": answer.note,
    }


def growing_answer_to_json(answer: Answer, documents: Mapping[str, Document]) -> dict[str, Any]:
    """An answer of POST /api/ask/stream and in a terminal: what is shown as well; `nearest` says of which text.

    A citation, or sentence of a hit, with a table in it has it in `parts`. Without its timings: the same answer, given
    again, is the same text and has the same share link.
    """
    written = answer_to_json(answer)
    del written["timings_ms"]
    for hit in written["nearest"]:
        document = documents[hit["doc_id"]]
        hit |= {"title": document.title, "digest": document.digest}
    quotes = [(one["doc_id"], one) for one in written["citations"]]
    quotes += [(hit["doc_id"], hit["sentence"]) for hit in written["nearest"]]
    for doc_id, one in quotes:
        if "|" in one["quote"]:  # as in every row
            found = parts_to_json(documents[doc_id].text, one["start"], one["end"])
            if any(isinstance(part, dict) for part in found):
                one["parts"] = found
    return written | {"refusal": answer.refusal, "pending": answer.pending}


def parts_to_json(text: str, start: int, end: int) -> list[str | dict[str, Any]]:
    """text[start:end] in strings, and tables by the texts of their cells."""

    def shown(part: Part) -> str | dict[str, Any]:
        if not part.names:
            return text[part.start : part.end]
        names, *rows = [texts(text, cells) for cells in (part.names, *part.rows)]
        return {"table": part.names[0][0], "names": names, "rows": rows}

    return [shown(part) for part in parts(text, start, end)]


def hits_to_json(question: str, hits: Sequence[Hit], index_version: str) -> dict[str, Any]:
    """`jiawen search --json`."""
    return {
        "question": question,
        "hits": [_hit(rank, hit) for rank, hit in enumerate(hits, 1)],
        "index_version": index_version,
    }


def _nearest(rank: int, one: Evidence) -> dict[str, Any]:
    chunk = one.hit.chunk
    quote = chunk.text[one.start - chunk.start : one.end - chunk.start]
    return _hit(rank, one.hit) | {"sentence": {"start": one.start, "end": one.end, "quote": quote}}


def _hit(rank: int, hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "rank": rank,
        "score": round(hit.score, 4),
        "doc_id": chunk.doc_id,
        "chunk_id": chunk.id,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
    }
