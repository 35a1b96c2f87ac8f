"""A real vLLM server finds what the packed engine finds.

    SPACY_PADELLM_VLLM=training/vllm python -m pytest -m external -s THIS_FILE

The folder is one that scripts/install_vllm.sh has made. The model is small and random,
and learns some sentences by heart: numbers in float32, reading from left to right.
"""

import os
from pathlib import Path

import pytest
import spacy
from spacy.training import Example

from benchmarks.systems.vllm.server import MODEL, VLLMServer
from spacy_padellm.adapters.merged import write_checkpoint

from ...conftest import REPOSITORY

pytestmark = [pytest.mark.external, pytest.mark.slow]
FORMAT = {"@misc": "spacy_padellm.PaDeLLM.v1", "prefix_lm": False}
LABELS = {"PART": "part", "TOOL": "tool", "FAULT": "fault"}
N_TEXTS = 100
LORA = "workshop"


@pytest.fixture(scope="module")
def environment() -> Path:
    folder = Path(os.environ.get("SPACY_PADELLM_VLLM", REPOSITORY / "training/vllm"))
    if not (folder / "bin" / "python").is_file():
        pytest.skip(f"no vLLM in {folder}: run scripts/install_vllm.sh")
    return folder


@pytest.fixture(scope="module")
def base(tiny_base, tmp_path_factory) -> Path:
    """The tiny base with heads of 32 numbers, as vLLM has none for 16."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("base")
    config = LlamaConfig.from_pretrained(tiny_base, head_dim=32)
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def packed(base, workshop):
    """A pipeline that has learned the first texts."""
    nlp = spacy.blank("en")
    model = {"base": str(base), "dtype": "float32", "device": "cpu"}
    config = {"model": model, "format": FORMAT, "labels": LABELS, "save_trace": True}
    nlp.add_pipe("padellm_ner", config=config | {"spans_key": "sc"})
    examples = [example(nlp, gold) for gold in workshop[:8]]
    sgd = nlp.initialize(lambda: examples)
    sgd.learn_rate = 0.01
    for _ in range(40):
        nlp.update(examples, sgd=sgd)
    return nlp


def example(nlp, gold):
    doc = nlp.make_doc(gold.text)
    places = [(*place, label) for label in gold.spans for place in gold.spans[label]]
    return Example.from_dict(doc, {"entities": places})


@pytest.fixture(scope="module", params=[MODEL, LORA])
def served(request, packed, base, environment, tmp_path_factory):
    """A server, and the name by which it has the adapter: merged into the base, or as a
    LoRA beside it."""
    folder = tmp_path_factory.mktemp("served")
    options = ["--dtype", "float32", "--enforce-eager"]
    checkpoint = base
    if request.param == LORA:
        packed.to_disk(folder / "pipeline")
        adapter = folder / "pipeline" / "padellm_ner" / "adapter"
        options += ["--enable-lora", "--lora-modules", f"{LORA}={adapter}"]
    else:
        checkpoint = folder / "merged"
        write_checkpoint(packed.get_pipe("padellm_ner").active_lm, checkpoint)
    server = VLLMServer.start(environment, checkpoint, folder / "vllm.log", options)
    yield server, request.param
    server.close()


def test_a_server_finds_what_the_packed_engine_finds(packed, served, base, workshop):
    server, name = served
    nlp = spacy.blank("en")
    config = packed.get_pipe_config("padellm_ner")
    engine = {"@misc": "spacy_padellm.VLLM.v1", "url": server.url, "model": name}
    engine["timeout"] = 900  # the first request waits for a compiler
    config = {name: config[name] for name in ("format", "labels", "spans_key")}
    model = {"base": str(base), "adapter": None}
    nlp.add_pipe("padellm_ner", config=config | {"model": model, "engine": engine})
    texts = [gold.text for gold in workshop[:N_TEXTS]]
    found = [mentions(doc) for doc in nlp.pipe(texts)]
    expected = [mentions(doc) for doc in packed.pipe(texts)]
    differ = [n for n in range(N_TEXTS) if found[n].keys() != expected[n].keys()]
    n_found = sum(map(len, expected))
    print(
        f"\n{server.name}: {len(differ)} of {N_TEXTS} texts differ: {n_found} entities"
    )
    assert n_found > N_TEXTS / 5
    assert len(differ) <= 2, "near ties may fall either way"
    same = [n for n in range(N_TEXTS) if n not in differ]
    scores = [(found[n][at], expected[n][at]) for n in same for at in expected[n]]
    assert max(abs(one - other) for one, other in scores) < 0.001
    tokens = server.tokens()
    print(f"{tokens.cached / tokens.prompt:.0%} of {tokens.prompt} tokens were cached")
    assert tokens.cached > tokens.prompt / 4


def mentions(doc):
    return {(ent.start, ent.end, ent.label_): ent._.score for ent in doc.ents}
