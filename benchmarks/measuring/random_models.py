"""Models of known shapes with random weights, where no checkpoint can be had."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

from spacy_padellm.models.lora import AdaptedLM, LoraSettings
from spacy_padellm.models.shared_base import SharedBase
from spacy_padellm.models.tokenizer import PlainTokenizer

SHAPES = {
    # Llama-3.2-1B's and Llama-2-7B's
    "1B": {
        "vocab_size": 128256,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "tie_word_embeddings": True,
    },
    "7B": {
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
    },
    "tiny": {
        "vocab_size": 2000,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
}
CORPUS = Path(__file__).parents[2] / "assets" / "workshop" / "train.jsonl"


@dataclass(frozen=True, slots=True)
class Gold:
    """A text, and the strings of its mentions by label."""

    text: str
    mentions: dict[str, list[str]]


def random_lm(shape: str, device: torch.device, dtype: torch.dtype) -> AdaptedLM:
    """A model with a new adapter, which changes nothing but is there as in use."""
    config = LlamaConfig(**SHAPES[shape], max_position_embeddings=2048)
    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(
            config, dtype=dtype, attn_implementation="sdpa"
        )
    base = SharedBase(model.eval().requires_grad_(False), tokenizer())
    return AdaptedLM.fresh(base, LoraSettings())


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE learned from the project's own corpus; a token a digit."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SHAPES["tiny"]["vocab_size"],
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator((gold.text for gold in corpus()), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<s>", eos_token="</s>"
    )


def plain_tokenizer(lm: AdaptedLM) -> PlainTokenizer:
    return PlainTokenizer(lm.base.tokenizer)


def corpus() -> list[Gold]:
    """The project's own texts with their gold mentions."""
    found = []
    for line in CORPUS.read_text(encoding="utf8").splitlines():
        row = json.loads(line)
        mentions: dict[str, list[str]] = {}
        for start, end, label in sorted(row["entities"]):
            mentions.setdefault(label, []).append(row["text"][start:end])
        found.append(Gold(row["text"], mentions))
    return found
