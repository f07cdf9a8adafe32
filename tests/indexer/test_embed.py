"""The two adapters of the default model agree; any other sentence-transformers folder works."""

from pathlib import Path

import numpy as np
import pytest

from indexer import embed
from indexer.build import build
from indexer.config import DEFAULT_ENCODER, IndexConfig
from indexer.embed import E5Encoder, SentenceTransformerEncoder, bulk_encoder, fingerprint_of, open_encoder
from indexer.errors import EncoderError, IndexMismatch
from indexer.versions import open_index

TEXTS = [
    *(line for line in (Path(__file__).parent.parent / "data/article.txt").read_text("utf-8").splitlines() if line),
    "",
    "a  b   c\td",
    "ＡＢＣ１２３",
    "鐵路𠮷野家",
    "naïve café ﬁ",
]

# transformers, on import and load, warns of its own doings
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def engine() -> E5Encoder:
    return E5Encoder()


@pytest.fixture(scope="module")
def bulk() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(DEFAULT_ENCODER)


def test_both_adapters_give_the_same_passages(engine: E5Encoder, bulk: SentenceTransformerEncoder) -> None:
    cosines = (engine.encode_passages(TEXTS) * bulk.encode_passages(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.9995
    assert engine.fingerprint == bulk.fingerprint == fingerprint_of(DEFAULT_ENCODER)


def test_both_adapters_give_the_same_queries(engine: E5Encoder, bulk: SentenceTransformerEncoder) -> None:
    queries = engine.encode_queries(TEXTS[:5])
    assert (queries * bulk.encode_queries(TEXTS[:5])).sum(axis=1).min() > 0.9995
    assert queries[2] == pytest.approx(engine.encode_query(TEXTS[2]), abs=1e-5)
    assert bulk.encode_query(TEXTS[2]) @ queries[2] > 0.9995


def test_both_adapters_count_the_same_tokens(engine: E5Encoder, bulk: SentenceTransformerEncoder) -> None:
    ids = [bulk._model[0].preprocess([text], prompt="passage: ")["input_ids"].shape[1] for text in TEXTS]
    assert [engine.count_tokens(text) for text in TEXTS] == ids


def test_vectors_have_length_one_and_queries_differ_from_passages(engine: E5Encoder) -> None:
    passages = engine.encode_passages(TEXTS)
    assert passages.shape == (len(TEXTS), engine.dimension)
    assert passages.dtype == np.float32
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1, abs=1e-5)
    assert engine.encode_query(TEXTS[2]) @ passages[2] < 0.999
    assert engine.encode_passages([]).shape == (0, 384)


def test_a_nul_does_not_hide_what_follows(engine: E5Encoder) -> None:
    one, other = engine.encode_passages(["甲\0国家安全", "甲\0番茄炒蛋"])
    assert one @ other < 0.99


def test_bulk_text_goes_to_pytorch(engine: E5Encoder) -> None:
    assert bulk_encoder(engine, embed.BULK_CHARACTERS - 1) is engine
    assert isinstance(bulk_encoder(engine, embed.BULK_CHARACTERS), SentenceTransformerEncoder)


def test_a_vector_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(EncoderError, match="NaN"):
        embed._checked([[0.5, float("nan")]])


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A two-layer BERT with random weights over a few characters, saved as sentence-transformers saves models."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    base = tmp_path / "base"
    base.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"国家安全教育日番茄炒蛋。？"]
    (base / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer(str(base / "vocab.txt"), model_max_length=32).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32,
    )  # fmt: skip
    BertModel(config).save_pretrained(base)
    folder = tmp_path / "model"
    SentenceTransformer(modules=[Transformer(str(base)), Pooling(16, "mean")], device="cpu").save(str(folder))
    return folder


def test_a_folder_with_a_model(model_folder: Path, kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIAWEN_ENCODER", str(model_folder))
    config = IndexConfig.from_environment()
    encoder = open_encoder(config.encoder)
    assert encoder.count_tokens("国家安全") == 6
    assert np.linalg.norm(encoder.encode_passages(["国家", "安全"]), axis=1) == pytest.approx(1, abs=1e-5)

    (kb / "a.md").write_text("国家安全教育日。番茄炒蛋。" + "国家" * 40, encoding="utf-8")
    index = kb.parent / "index"
    build(kb, index, config)
    opened = open_index(index, open_encoder(config.encoder).fingerprint)
    assert opened.manifest.dimension == encoder.dimension == 16
    assert opened.manifest.sentences > 3  # the long one was cut to fit 32 tokens
    rows, cosines = opened.nearest_sentences(encoder.encode_passages(["番茄炒蛋。"])[0], 1)
    assert (rows[0], cosines[0]) == (1, pytest.approx(1, abs=1e-5))

    with pytest.raises(IndexMismatch, match="run `jiawen index`"):
        open_index(index, fingerprint_of(DEFAULT_ENCODER))


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot load the encoder"):
        open_encoder(str(tmp_path / "nothing"))
