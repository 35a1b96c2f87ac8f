"""Models and data that tests share: a tiny random base, the real one, ../shared/data"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from .engines.plain import PlainSession
from .loras import LORA
from .tokenizers import metaspace, real_tokenizer, split_by_regex  # noqa: F401

# machines are shared: a slow example is no failure
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

REPOSITORY = Path(__file__).parent.parent

SENTENCES = [
    "text:\nJapan began the defence of their Asian Cup title with a 2-1 win.\n",
    "entity type:\nperson\n\n<num>3\n<mention 1>Maria Rossi\n<mention 2>Li Wei\n",
    "The European Commission said on Thursday it disagreed with German advice.\n",
    "Labels: person, organization, location, miscellaneous; count and mention.\n",
]


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Several threads make tiny models slower, much so beside another program."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
    model = LlamaForCausalLM(config)
    # the padding's row is zero at first: a model could never learn to write the eos
    eos_row = model.get_input_embeddings().weight[tokenizer.eos_token_id]
    torch.nn.init.normal_(eos_row.data, std=config.initializer_range)
    model.save_pretrained(folder)
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
def tiny_model(tiny_base):
    """The tiny base as transformers has it, for plain slow versions to compare with."""
    from transformers import LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(
        tiny_base, attn_implementation="eager"
    ).eval()


@pytest.fixture(scope="session")
def tiny_tokenizer(tiny_base):
    """The tiny base's tokenizer as prompts want it."""
    from transformers import AutoTokenizer

    from spacy_padellm.bases.tokenizer import PlainTokenizer

    return PlainTokenizer(AutoTokenizer.from_pretrained(tiny_base))


@pytest.fixture
def open_tiny(tiny_base):
    """The tiny base to put adapters on; components of one test share it."""
    import torch

    from spacy_padellm.adapters.shared_base import SharedBase

    return SharedBase.open(
        tiny_base, device="cpu", dtype=torch.float32, trust_remote_code=False
    )


@pytest.fixture(scope="module")
def engine(tiny_base, tiny_tokenizer):
    """The packed engine, in float32 on the tiny base alone."""
    import torch

    from spacy_padellm.adapters.adapted import AdaptedLM
    from spacy_padellm.adapters.shared_base import SharedBase
    from spacy_padellm.engines.packed import PackedEngine

    base = SharedBase.open(
        tiny_base, device="cpu", dtype=torch.float32, trust_remote_code=False
    )
    return PackedEngine(AdaptedLM.plain(base), tiny_tokenizer)


@pytest.fixture(scope="module")
def plain(tiny_model, tiny_tokenizer):
    """A session that completes each branch by itself."""
    return PlainSession(tiny_model, tiny_tokenizer)


@pytest.fixture
def build(tiny_base):
    """A model on the tiny base, its adapter as if trained, from seed 0."""

    import torch

    from spacy_padellm.model.architectures import build_causal_lm_v1
    from spacy_padellm.model.shim import causal_lm_shim

    def build(seed=0, **settings):
        model = build_causal_lm_v1(
            **({"base": str(tiny_base), "lora": LORA} | settings)
        )
        torch.manual_seed(seed)
        shim = causal_lm_shim(model)
        shim.initialize()
        with torch.no_grad():
            for parameter in shim.lm.parameters().values():
                parameter.normal_(std=0.05)
        return model

    return build


@dataclass(frozen=True, slots=True)
class GoldText:
    """A text, and the characters of its mentions in text order, by label."""

    text: str
    spans: dict[str, list[tuple[int, int]]]


@pytest.fixture(scope="session")
def workshop() -> list[GoldText]:
    """The shipped corpus: 442 sentences with PART, TOOL and FAULT."""
    texts = []
    for name in ("train", "dev", "test"):
        file = REPOSITORY / "assets" / "workshop" / f"{name}.jsonl"
        for line in file.read_text(encoding="utf8").splitlines():
            row = json.loads(line)
            texts.append(GoldText(row["text"], by_label(row["entities"])))
    return texts


@pytest.fixture(scope="session")
def conll03(shared_data) -> list[GoldText]:
    """CoNLL03's test sentences, tokens joined by spaces; skips where it is not."""
    from spacy_padellm.corpora.registry import read

    file = shared_data / "conll03" / "test.json"
    if not file.is_file():
        pytest.skip(f"no {file}")
    return [
        GoldText(row.text, by_label((e.start, e.end, e.label) for e in row.entities))
        for row in read(file).texts
    ]


def by_label(entities) -> dict[str, list[tuple[int, int]]]:
    spans: dict[str, list[tuple[int, int]]] = {}
    for start, end, label in sorted(entities):
        spans.setdefault(label, []).append((start, end))
    return spans


@pytest.fixture(scope="session")
def smollm() -> Path:
    """The folder of the embedded base; skips where it was never downloaded.

    With SPACY_PADELLM_REQUIRE_BASE=1 its absence is a failure.
    """
    from spacy_padellm.bases.weights import DEFAULT_BASE, resolve_base

    try:
        return resolve_base(DEFAULT_BASE)
    except ValueError as error:
        if os.environ.get("SPACY_PADELLM_REQUIRE_BASE") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def gemma() -> Path:
    """The folder of gemma-3-270m; skips where its terms were never accepted."""
    from spacy_padellm.bases.embedded import GEMMA_3
    from spacy_padellm.bases.weights import resolve_base

    try:
        return resolve_base(GEMMA_3.name)
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data sets beside the repository; skips where they are not."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}")
    return folder
