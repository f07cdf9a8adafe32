"""LangChain's Embeddings, retriever and vector store over an index; nothing of Jiawen itself needs them."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import Field, GetPydanticSchema
from pydantic_core import core_schema

from bot.answer import Answerer, open_bot
from bot.config import BotConfig
from indexer.config import IndexConfig
from indexer.embed import Encoder, Vectors, open_encoder
from indexer.errors import ContentError
from indexer.store import Index
from indexer.text import sentence_spans, simplify
from indexer.types import Chunk
from indexer.versions import open_index

_SHOWN = 20  # characters of a text that an error repeats


class JiawenEmbeddings(Embeddings):
    """Vectors as an index has them: length 1, of simplified characters, questions and passages by prompts of their own.

    A text of more tokens than the encoder reads is a ContentError: its end would be left out unsaid.
    """

    def __init__(self, encoder: Encoder | None = None) -> None:
        self.encoder = encoder or open_encoder(IndexConfig.from_environment().encoder)

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        vector: list[float] = self.encoder.encode_query(self._read_whole(text)).tolist()
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of passages."""
        vectors: list[list[float]] = self.encoder.encode_passages([self._read_whole(text) for text in texts]).tolist()
        return vectors

    def _read_whole(self, text: str) -> str:
        simple = simplify(text)
        tokens, most = self.encoder.count_tokens(simple), self.encoder.max_tokens
        if tokens > most:
            raise ContentError(
                f"“{text[:_SHOWN]}…”有 {tokens} 个词元，编码模型最多读 {most} 个；请切成几段",
                f"“{text[:_SHOWN]}…” has {tokens} tokens, the encoder reads {most}: split it",
            )
        return simple


class JiawenRetriever(BaseRetriever):
    """The passages that `jiawen search` finds, best first; `invoke` takes another `k` too."""

    # Pydantic would take the dataclass apart, and its repr holds every document.
    bot: Annotated[Answerer, GetPydanticSchema(lambda *_: core_schema.is_instance_schema(Answerer)), Field(repr=False)]
    k: int = 10

    @classmethod
    def from_index(cls, path: str | Path = ".jiawen", k: int = 10) -> "JiawenRetriever":
        """Over the published version; whatever the settings say no language model is opened, as none is asked."""
        return cls(bot=open_bot(path, replace(BotConfig.from_environment(), model="")), k=k)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        hits = self.bot.search(query, self.k if k is None else k)
        return [_passage(self.bot.index, hit.chunk, score=hit.score) for hit in hits]


class JiawenVectorStore(VectorStore):
    """Passages in memory, each with a vector for every sentence and as near as the nearest of them, as in an index.

    Cosines alone rank here; JiawenRetriever has the words, known questions and spelling of `jiawen search` as well.
    """

    def __init__(self, embedding: Embeddings) -> None:
        self._embedding = embedding
        self._kept: dict[str, tuple[Document, Vectors]] = {}

    @classmethod
    def from_index(cls, path: str | Path = ".jiawen") -> "JiawenVectorStore":
        """With the passages and vectors of the published version; what is then added or deleted leaves the index be."""
        embedding = JiawenEmbeddings()
        index = open_index(Path(path), embedding.encoder.fingerprint)
        store = cls(embedding)
        store._kept = {
            chunk.id: (_passage(index, chunk), index.vectors_of(index.rows_of(number)))
            for number, chunk in enumerate(index.chunks)
        }
        return store

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> "JiawenVectorStore":
        """With these texts."""
        store = cls(embedding)
        store.add_texts(texts, metadatas, ids=ids, **kwargs)
        return store

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts and questions."""
        return self._embedding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,  # LangChain's `index` gives a batch_size
    ) -> list[str]:
        """Adds all texts or none and gives their ids; an id that is there already has this text from now on."""
        texts = list(texts)
        names = [one or str(uuid.uuid4()) for one in (ids if ids is not None else [None] * len(texts))]
        added = {}
        for name, text, metadata in zip(names, texts, metadatas or [{}] * len(texts), strict=True):
            sentences = [text[start:end] for start, end in sentence_spans(text)] or [text]
            document = Document(id=name, page_content=text, metadata=metadata)
            added[name] = document, _unit(self._embedding.embed_documents(sentences))
        self._kept |= added
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Deletes those, or all; an id that is not there is none too many."""
        for name in list(self._kept) if ids is None else ids:
            self._kept.pop(name, None)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Those that are there."""
        return [self._kept[name][0].model_copy(deep=True) for name in ids if name in self._kept]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The k nearest, best first."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(self, query: str, k: int = 4) -> list[tuple[Document, float]]:
        """The k nearest, best first, with their cosines."""
        vector = _unit([self._embedding.embed_query(query)])[0]
        near = [
            (document, float((vectors @ vector).max(initial=-1.0)))  # a heading with no text has no sentence
            for document, vectors in list(self._kept.values())
        ]
        best = sorted(near, key=lambda one: -one[1])[:k]
        return [(document.model_copy(deep=True), cosine) for document, cosine in best]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: min(max(cosine, 0.0), 1.0)


def _passage(index: Index, chunk: Chunk, **more: Any) -> Document:
    source = index.documents[chunk.doc_id]
    metadata = {
        "doc_id": chunk.doc_id,
        "chunk_id": chunk.id,
        "start": chunk.start,
        "end": chunk.end,
        "title": source.title,
        "headings": list(chunk.headings),
        "url": source.url,
    }
    return Document(id=chunk.id, page_content=chunk.text, metadata=metadata | more)


def _unit(vectors: list[list[float]]) -> Vectors:
    array = np.asarray(vectors, np.float32)
    unit: Vectors = array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return unit
