"""LangChain's standard suites, and by hand what they do not ask: the same passages as `jiawen search`, exact places."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import EmbeddingsUnitTests

from bot import open_bot
from bot.app import main
from bot.langchain import JiawenEmbeddings, JiawenRetriever, JiawenVectorStore
from indexer.errors import ContentError
from indexer.store import checksums
from indexer.versions import open_index
from tests.conftest import CountingEncoder

TEXT = """---
title: 题
url: https://example.org/a
---
# 第一章

甲甲甲乙。丙丙丁。

## 第二节
乙乙。

丁丁戊。己。
"""


@pytest.fixture
def index(built, kb: Path, counting: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A heading and three passages, embedded by counting letters."""
    monkeypatch.setattr("bot.langchain.open_encoder", lambda name: counting)
    (kb / "a.md").write_text(TEXT, encoding="utf-8")
    built(merge_characters=1)
    return kb.parent / "index"


@pytest.fixture
def store(index: Path) -> JiawenVectorStore:
    return JiawenVectorStore.from_index(index)


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    """With the default encoder."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return JiawenEmbeddings


class TestEmbeddings(EmbeddingsIntegrationTests):
    """With the default encoder."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return JiawenEmbeddings


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def opened(self, index: Path) -> None:
        self.bot = open_bot(index)

    @property
    def retriever_constructor(self) -> type[JiawenRetriever]:
        return JiawenRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return {"bot": self.bot}

    @property
    def retriever_query_example(self) -> str:
        return "甲乙"


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self) -> VectorStore:
        return JiawenVectorStore(self.get_embeddings())


def test_a_retriever_opens_no_language_model(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIAWEN_LLM", "nobody:knows-it")
    retriever = JiawenRetriever.from_index(index, k=1)
    assert retriever.bot.model is None
    assert len(retriever.invoke("甲乙")) == 1


def test_a_retriever_in_a_chain_gives_what_jiawen_search_gives(index: Path) -> None:
    bot = open_bot(index)
    chain = RunnableLambda(lambda asked: asked["question"]) | JiawenRetriever(bot=bot, k=2)
    found = chain.invoke({"question": "乙丁"})
    printed = CliRunner().invoke(main, ["search", "--index", str(index), "--json", "-k", "2", "乙丁"])
    hits = json.loads(printed.stdout)["hits"]
    assert len(hits) == 2
    same = ("doc_id", "chunk_id", "start", "end")
    assert [[one.page_content, *(one.metadata[key] for key in same)] for one in found] == [
        [hit["text"], *(hit[key] for key in same)] for hit in hits
    ]
    assert [one.metadata["score"] for one in found] == pytest.approx([hit["score"] for hit in hits], abs=1e-4)


def test_a_passage_is_the_document_s_text_at_its_place(index: Path, store: JiawenVectorStore) -> None:
    bot = open_bot(index)
    retrieved = JiawenRetriever(bot=bot).invoke("甲")
    assert len(retrieved) == 3
    for passage in retrieved + store.similarity_search("甲", 10):
        place = json.loads(json.dumps(passage.metadata))  # nothing that only Python can read
        assert bot.index.documents[place["doc_id"]].text[place["start"] : place["end"]] == passage.page_content
        assert (place["title"], place["url"]) == ("题", "https://example.org/a")
        assert passage.id == place["chunk_id"]
    assert retrieved[-1].metadata["headings"] == ["第一章", "第二节"]


def test_a_store_of_an_index_is_as_near_as_its_nearest_sentence(store: JiawenVectorStore) -> None:
    found = store.similarity_search_with_score("乙甲甲甲", 10)
    assert [document.page_content.split()[-1] for document, _ in found] == [
        "甲甲甲乙。丙丙丁。",  # as a whole it is at 0.82
        "乙乙。",
        "丁丁戊。己。",
        "第一章",  # no sentence
    ]
    assert [cosine for _, cosine in found] == pytest.approx([1, 10**-0.5, 0, -1])


def test_an_added_text_is_as_near_as_its_nearest_sentence_and_the_index_stays(
    index: Path, store: JiawenVectorStore
) -> None:
    before = checksums(index)
    store.add_texts(["戊戊。己己己庚。", "无"], [{"from": "here"}, {}], ids=["mine", "none"])
    assert store.similarity_search_with_score("己己己庚", 1) == [
        (Document(id="mine", page_content="戊戊。己己己庚。", metadata={"from": "here"}), pytest.approx(1))
    ]
    store.delete()
    assert store.similarity_search("甲") == []
    assert checksums(index) == before
    assert len(JiawenVectorStore.from_index(index).similarity_search("甲", 10)) == 4


def test_what_is_done_to_a_found_document_stays_outside(store: JiawenVectorStore) -> None:
    (found,) = store.similarity_search("甲", 1)
    found.metadata["headings"].append("mine")
    (again,) = store.get_by_ids([found.id])
    again.metadata["headings"].append("mine")
    assert store.similarity_search("甲", 1)[0].metadata["headings"] == ["第一章"]


def test_a_text_is_found_by_its_nearest_sentence_whatever_embeds() -> None:
    store = JiawenVectorStore.from_texts(["One. Two.", "Three."], VectorStoreIntegrationTests.get_embeddings())
    assert store.similarity_search_with_score("Two.", 1)[0][1] == pytest.approx(1)
    assert store.embeddings == VectorStoreIntegrationTests.get_embeddings()


def test_all_texts_are_added_or_none(store: JiawenVectorStore) -> None:
    with pytest.raises(ContentError, match=r"“甲甲.*”有 41 个词元.*41 tokens, the encoder reads 40: split it$"):
        store.add_texts(["乙。", "甲" * 41])
    with pytest.raises(ValueError, match="longer"):
        store.add_texts(["乙。", "丙。"], ids=["one"])
    assert len(store.similarity_search("乙", 10)) == 4


def test_a_threshold_counts_cosines_and_an_unknown_filter_is_refused(store: JiawenVectorStore) -> None:
    near = store.as_retriever(search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.7})
    assert [one.page_content[-5:].strip() for one in near.invoke("丁")] == ["戊。己。"]
    with pytest.raises(TypeError, match="filter"):
        store.similarity_search("甲", filter={"doc_id": "a"})


def test_vectors_are_those_of_the_index(index: Path, counting: CountingEncoder) -> None:
    opened = open_index(index, counting.fingerprint)
    embeddings = JiawenEmbeddings(counting)
    texts = [
        f"{' '.join(opened.chunks[row[0]].headings)} {opened.sentence_text(number)}"
        for number, row in enumerate(opened.sentences)
    ]
    np.testing.assert_array_equal(np.float32(embeddings.embed_documents(texts)), opened.vectors_of(range(len(texts))))
    counting.seen.clear()
    embeddings.embed_documents(["長城甲"])
    assert counting.seen == ["长城甲"]
