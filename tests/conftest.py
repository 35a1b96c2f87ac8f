"""Models and data that tests share: a tiny random base, the real one, ../shared/data"""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent

SENTENCES = [
    "text:\nJapan began the defence of their Asian Cup title with a 2-1 win.\n",
    "entity type:\nperson\n\n<num>3\n<mention 1>Maria Rossi\n<mention 2>Li Wei\n",
    "The European Commission said on Thursday it disagreed with German advice.\n",
    "Labels: person, organization, location, miscellaneous; count and mention.\n",
]


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory) -> Path:
    """The folder of a random 2-layer Llama (float32) with a byte-level tokenizer.

    Any text round-trips; each digit is a token of its own; `<|im_start|>` is the bos,
    `<|im_end|>` the eos and the padding.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tiny_tokenizer()
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        # wide enough that greedy choices vary and are never a near tie
        initializer_range=0.2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    folder = tmp_path_factory.mktemp("tiny_base")
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tiny_tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        unk_token="<|endoftext|>",
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
    )


@pytest.fixture(scope="session")
def smollm() -> Path:
    """The folder of the embedded base; skips where it was never downloaded.

    With SPACY_PADELLM_REQUIRE_BASE=1 its absence is a failure.
    """
    from spacy_padellm.models.weights import DEFAULT_BASE, resolve_base

    try:
        return resolve_base(DEFAULT_BASE)
    except ValueError as error:
        if os.environ.get("SPACY_PADELLM_REQUIRE_BASE") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data sets beside the repository; skips where they are not."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}")
    return folder
