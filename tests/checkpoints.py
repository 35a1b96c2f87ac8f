"""Fully fine-tuned checkpoints as others publish them: built, trained and written with
transformers alone, on the paper's strings."""

import json
from collections.abc import Callable
from pathlib import Path

import torch

Encode = Callable[[str], tuple[int, ...]]
BOS, EOS = 1, 2
VOCABULARY = 900
TEMPLATES = {
    "padellm.en": (
        "text:\n{text}\nentity type:\n{label}\n\n<num>",
        "{n}\n<mention {i}>",
    ),
    "padellm.zh": (
        "文本:\n{text}\n指定NER标签:\n{label}\n\n<数量>",
        "{n}\n<第{i}文段>",
    ),
}
LEARNED = {
    "padellm.en": [
        ("Maria Rossi flew to Oslo.", {"PER": ["Maria Rossi"], "LOC": ["Oslo"]}),
        ("Oslo is far, said Li Wei (24).", {"PER": ["Li Wei"], "LOC": ["Oslo"]}),
        ("Norway and Japan met in 1996", {"PER": [], "LOC": ["Norway", "Japan"]}),
    ],
    "padellm.zh": [
        ("李华在东京和北京访问。", {"PER": ["李华"], "LOC": ["东京", "北京"]}),
        ("日本队1996年获胜", {"PER": [], "LOC": ["日本"]}),
    ],
}
# what Llama-2 has beside its tokenizer.model
LLAMA_2 = {
    "tokenizer_class": "LlamaTokenizer",
    "add_bos_token": True,
    "add_eos_token": False,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "legacy": False,
    "clean_up_tokenization_spaces": False,
}


def count_string(template: str, text: str, label: str) -> str:
    prompt, _ = TEMPLATES[template]
    return prompt.replace("{label}", label).replace("{text}", text)


def mention_string(template: str, text: str, label: str, n: int, i: int) -> str:
    _, appended = TEMPLATES[template]
    appended = appended.replace("{n}", str(n)).replace("{i}", str(i))
    return count_string(template, text, label) + appended


def corpus(texts: list[str]) -> list[str]:
    """Prompts to learn pieces from."""
    return [
        mention_string(template, text, label, n, 1) + text
        for template in TEMPLATES
        for label in ("person", "LOC")
        for n, text in enumerate(texts + [text for text, _ in LEARNED[template]])
    ]


def write_tokenizer_json(folder: Path, texts: list[str]) -> None:
    """A Llama-2-like BPE with byte fallback, as transformers saves it. Its pieces cross
    newlines, where Llama-2's do not: so they change at the border of any segment."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import LlamaTokenizer

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Metaspace(split=False),
        ]
    )
    # not whole prompts, or these would be one piece
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 259, max_token_length=6, show_progress=False
    )
    bpe.train_from_iterator(corpus(texts), trainer)
    learned = json.loads(bpe.to_str())["model"]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += sorted(learned["vocab"], key=learned["vocab"].get)
    vocab = {piece: place for place, piece in enumerate(pieces)}
    merges = [tuple(merge) for merge in learned["merges"]]
    LlamaTokenizer(vocab=vocab, merges=merges, add_bos_token=True).save_pretrained(
        folder
    )


def write_tokenizer_model(folder: Path, texts: list[str]) -> None:
    """The file that Llama-2 and Baichuan2 ship, trained with their settings."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus(texts)),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=VOCABULARY,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        character_coverage=0.999,
        num_threads=1,
        minloglevel=2,
    )
    (folder / "tokenizer.vocab").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps(LLAMA_2))


def raw_tokenizer(folder: Path) -> Encode:
    """The folder's tokenizer by its own library, without transformers."""
    if (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return lambda string: tuple(tokenizer.encode(string).ids)
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(
        model_file=str(folder / "tokenizer.model")
    )
    return lambda string: (pieces.bos_id(), *pieces.encode(string))


def sequences(encode: Encode) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """What there is to learn, flat: a prompt and its answer, as token ids."""
    pairs = []
    for template, rows in LEARNED.items():
        for text, mentions in rows:
            for label, found in mentions.items():
                n = len(found)
                count = encode(count_string(template, text, label))
                digit = encode(f"\n{n}")[-1:]
                pairs.append((count, digit + (EOS,)))
                for i, mention in enumerate(found, start=1):
                    prompt = encode(mention_string(template, text, label, n, i))
                    assert prompt[0] == BOS
                    pairs.append((prompt, encode(mention)[1:] + (EOS,)))
    return pairs


def train(encode: Encode, vocab_size: int):
    """A small Llama that has learned `LEARNED` by heart, all its weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=512,
            initializer_range=0.1,
        )
    )
    pairs = sequences(encode)
    width = max(len(prompt) + len(answer) for prompt, answer in pairs)
    ids = torch.zeros(len(pairs), width, dtype=torch.long)
    targets = torch.full_like(ids, -100)
    for row, (prompt, answer) in enumerate(pairs):
        end = len(prompt) + len(answer)
        ids[row, :end] = torch.tensor(prompt + answer)
        targets[row, len(prompt) : end] = torch.tensor(answer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(200):
        # padding is behind what is learned: causal attention never sees it
        loss = model(input_ids=ids, labels=targets, use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.01:
            return model.eval()
    raise AssertionError(f"the test's model has not learned: loss {loss.item():.3f}")


def build(folder: Path, texts: list[str], kind: str) -> Path:
    """A checkpoint whose tokenizer is a tokenizer.json or a tokenizer.model."""
    if kind == "tokenizer.json":
        write_tokenizer_json(folder, texts)
    else:
        write_tokenizer_model(folder, texts)
    train(raw_tokenizer(folder), VOCABULARY).save_pretrained(folder)
    return folder


BAICHUAN = {
    "configuration_baichuan.py": """
from transformers import LlamaConfig

class BaichuanConfig(LlamaConfig):
    model_type = "baichuan"
""",
    "modeling_baichuan.py": """
from transformers import LlamaForCausalLM
from .configuration_baichuan import BaichuanConfig

class BaichuanForCausalLM(LlamaForCausalLM):
    config_class = BaichuanConfig
""",
    "tokenization_baichuan.py": """
import sentencepiece
from transformers import PreTrainedTokenizer

class BaichuanTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "tokenizer.model"}

    def __init__(self, vocab_file, add_bos_token=True, **kwargs):
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=vocab_file)
        self.add_bos = add_bos_token
        super().__init__(**kwargs)

    @property
    def vocab_size(self):
        return self.pieces.get_piece_size()

    def get_vocab(self):
        ids = range(self.vocab_size)
        return {self.pieces.id_to_piece(id): id for id in ids}

    def _tokenize(self, text, **_):
        return self.pieces.encode(text, out_type=str)

    def _convert_token_to_id(self, token):
        return self.pieces.piece_to_id(token)

    def _convert_id_to_token(self, index):
        return self.pieces.id_to_piece(index)

    def convert_tokens_to_string(self, tokens):
        return self.pieces.decode(tokens)

    def build_inputs_with_special_tokens(self, ids, more=None):
        return [self.bos_token_id] * self.add_bos + ids
""",
}


def make_baichuan(folder: Path, *, own_tokenizer: bool) -> None:
    """Rename a checkpoint's architecture to one that only code of its own knows, as
    Baichuan2's; own_tokenizer: the tokenizer too."""
    for name, code in BAICHUAN.items():
        if own_tokenizer or name != "tokenization_baichuan.py":
            (folder / name).write_text(code.lstrip())
    changes = {
        "config.json": {
            "model_type": "baichuan",
            "architectures": ["BaichuanForCausalLM"],
            "auto_map": {
                "AutoConfig": "configuration_baichuan.BaichuanConfig",
                "AutoModelForCausalLM": "modeling_baichuan.BaichuanForCausalLM",
            },
        }
    }
    if own_tokenizer:
        own = ["tokenization_baichuan.BaichuanTokenizer", None]
        changes["tokenizer_config.json"] = {
            "tokenizer_class": "BaichuanTokenizer",
            "auto_map": {"AutoTokenizer": own},
        }
    for name, settings in changes.items():
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text()) | settings))
