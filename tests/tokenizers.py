"""Tokenizers of other kinds than the tiny base's: what is true of one need not be of
all."""

import json

import pytest


@pytest.fixture(scope="session")
def metaspace(workshop):
    """As sentencepiece: `▁` for a space, pieces over any border, bytes where needed."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    from spacy_padellm.bases.tokenizer import PlainTokenizer

    special = ["<unk>", "<s>", "</s>"]
    unigram = Tokenizer(models.Unigram())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    trainer = trainers.UnigramTrainer(
        vocab_size=600,
        special_tokens=special,
        unk_token="<unk>",
        max_piece_length=8,
        show_progress=False,
    )
    # from text like the prompts' come pieces such as `m>4` and `>Chain`
    texts = [
        f"{row.text} type:{n} <num>{n} <mention {n}>{row.text}"
        for n, row in enumerate(workshop)
    ]
    unigram.train_from_iterator(texts, trainer)
    pieces = [
        (piece, score)
        for piece, score in unigram_pieces(unigram)
        if piece not in special
    ]
    vocab = [(piece, 0.0) for piece in special] + pieces
    vocab += [(f"<0x{byte:02X}>", -20.0) for byte in range(256)]
    unigram.model = models.Unigram(vocab, unk_id=0, byte_fallback=True)
    unigram.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    unigram.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return PlainTokenizer(
        PreTrainedTokenizerFast(
            tokenizer_object=unigram,
            unk_token="<unk>",
            bos_token="<s>",
            eos_token="</s>",
        )
    )


def unigram_pieces(tokenizer) -> list[tuple[str, float]]:
    return [tuple(entry) for entry in json.loads(tokenizer.to_str())["model"]["vocab"]]


@pytest.fixture(scope="session")
def split_by_regex(workshop):
    """As in Llama 3 and Qwen: a sign before a word belongs to it, three digits are one
    token; nothing starts a prompt."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from spacy_padellm.bases.tokenizer import PlainTokenizer

    pattern = (
        r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500,
        special_tokens=["<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [f"{row.text} x({row.text}) {n}" for n, row in enumerate(workshop)]
    bpe.train_from_iterator(texts, trainer)
    return PlainTokenizer(
        PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|end|>")
    )


@pytest.fixture(scope="session")
def real_tokenizer(smollm):
    """The embedded base's own."""
    from transformers import AutoTokenizer

    from spacy_padellm.bases.tokenizer import PlainTokenizer

    return PlainTokenizer(AutoTokenizer.from_pretrained(smollm))
