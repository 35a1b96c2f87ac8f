"""You can use checkpoints that others fine-tuned in the paper's format: set a folder or
a hub id, and a template, but no adapter."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import spacy
import torch

from benchmarks.systems.generate import GenerateEngine
from benchmarks.systems.official import OfficialPaDeLLM
from spacy_padellm.bases.weights import TRUST, load_base, resolve_base
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.templates import TEMPLATES
from spacy_padellm.model.shim import causal_lm_shim

from .. import checkpoints
from ..checkpoints import LEARNED, count_string, mention_string, raw_tokenizer

NAMES = {"LOC": "LOC", "PER": "PER"}
# texts that begin and end with what pieces may take in from the template around them
BORDERS = [
    "7",
    "Team 7",
    "7 of 9 met in 1996",
    "(Oslo)",
    "It cost 10.50 (ten)  here. ",
    " leading space",
    "trailing newline\n",
    "\ttabs\tand\r\nreturns\u2028and\u00a0odd\u3000spaces  twice ",
    "entity type:\nperson\n\n<num>3\n<mention 1>",
    "<num>",
    "{text} {label} {n} {i}",
    "▁ Straße 👩‍👩‍👧 e\u0301 שלום",
    "李华在东京，北京（北京）。",
    "2024年第1文段",
    "1\n<第",
]


@pytest.fixture(scope="module", params=["tokenizer.json", "tokenizer.model"])
def folder(request, tmp_path_factory, workshop) -> Path:
    """Checkpoints with the files of sentencepiece-like tokenizers. The second one is
    like those of Llama 2 and Baichuan2."""
    if request.param == "tokenizer.model":
        pytest.importorskip("sentencepiece")
        pytest.importorskip("google.protobuf")
    folder = tmp_path_factory.mktemp("full")
    texts = [row.text for row in workshop[:60]]
    return checkpoints.build(folder, texts, request.param)


def pipeline(base, template, **model):
    nlp = spacy.blank("en" if template == "padellm.en" else "zh")
    nlp.add_pipe(
        "padellm_ner",
        config={
            "model": {"base": str(base), "device": "cpu", **model},
            # a list would have them read as "location" and "person"
            "labels": NAMES,
            "format": {
                "@misc": "spacy_padellm.PaDeLLM.v1",
                "template": template,
                "count_threshold": None,
                "among_allowed": False,
            },
        },
    )
    return nlp


def component(base, template):
    return pipeline(base, template).get_pipe("padellm_ner")


def found(nlp, template):
    """Return the predictions for the texts that the checkpoint was trained on."""
    docs = nlp.pipe([text for text, _ in LEARNED[template]])
    return [sorted((e.label_, e.text) for e in doc.ents) for doc in docs]


def learned(template):
    return [
        sorted((label, text) for label in mentions for text in mentions[label])
        for _, mentions in LEARNED[template]
    ]


@pytest.mark.parametrize("template", LEARNED)
def test_a_checkpoint_finds_what_it_has_learned_elsewhere(folder, template):
    nlp = pipeline(folder, template)
    assert found(nlp, template) == learned(template)
    assert causal_lm_shim(nlp.get_pipe("padellm_ner").model).lm.name is None


@pytest.mark.parametrize("template", LEARNED)
def test_prompts_are_the_ids_of_the_whole_strings(folder, template, workshop):
    """Tokens are the same as in the tokenizer's library, including the start token."""
    tokenizer = causal_lm_shim(component(folder, template).model).tokenizer
    encode = raw_tokenizer(folder)
    learned = [text for rows in LEARNED.values() for text, _ in rows]
    for text in BORDERS + learned + [row.text for row in workshop[:40]]:
        prompts = TEMPLATES[template].prompts(text, tokenizer)
        for label in ("PER", "person", "组织 7"):
            whole = count_string(template, text, label)
            assert prompts.count(label) == encode(whole)
            assert prompts.count(label)[0] == tokenizer.bos_id == checkpoints.BOS
            for n, i in ((1, 1), (3, 2), (12, 10)):
                whole = mention_string(template, text, label, n, i)
                assert prompts.mention(label, n, i) == encode(whole)


@pytest.mark.parametrize("template", LEARNED)
def test_pieces_do_change_at_the_borders_of_segments(folder, template):
    """This shows that the test above is meaningful."""
    encode = raw_tokenizer(folder)
    changed = 0
    for text in BORDERS:
        whole = mention_string(template, text, "PER", 3, 1)
        segments = whole.replace(text, f"\0{text}\0").split("\0")
        ids = [token for segment in segments for token in encode(segment)[1:]]
        changed += encode(whole)[1:] != tuple(ids)
    assert changed == len(BORDERS)


@pytest.mark.parametrize("template", LEARNED)
def test_the_papers_own_inference_finds_the_same(folder, template, workshop):
    pipe = component(folder, template)
    shim = causal_lm_shim(pipe.model)
    texts = [text for text, _ in LEARNED[template]] + BORDERS
    format = replace(pipe.format, only_in_text=False)  # the paper's has no such limit
    queries = [Query(t, NAMES) for t in [*texts, *(r.text for r in workshop[:20])]]
    with shim.engine.session(len(queries)) as session:
        packed = extract_in_session(
            queries, session, tokenizer=shim.tokenizer, format=format
        )
    vocabulary = shim.lm.base.model.config.vocab_size
    algorithm = OfficialPaDeLLM(format, shim.tokenizer, vocabulary)
    engine = GenerateEngine(shim.lm, shim.tokenizer)
    with engine.session(len(queries)) as session:
        official = extract_in_session(
            queries, session, tokenizer=shim.tokenizer, format=algorithm
        )
    for one, other in zip(packed, official, strict=True):
        assert (one.counts, one.lengths) == (other.counts, other.lengths)
        for mention, same in zip(one.mentions, other.mentions, strict=True):
            assert (mention.label, mention.text) == (same.label, same.text)
            assert mention.logprob == pytest.approx(same.logprob, abs=1e-4)
            assert mention.count_logprob == pytest.approx(same.count_logprob, abs=1e-4)
    assert sum(len(extraction.mentions) for extraction in packed) > 20


def test_shards_from_the_hub_are_a_checkpoint_too(folder, tmp_path, monkeypatch):
    """Large checkpoints have a hub id, several shards and an index."""
    from transformers import LlamaForCausalLM

    hub = Path(shutil.copytree(folder, tmp_path / "snapshot"))
    (hub / "model.safetensors").unlink()
    LlamaForCausalLM.from_pretrained(folder).save_pretrained(
        hub, max_shard_size="100KB"
    )
    shards = sorted(hub.glob("model-*-of-*.safetensors"))
    assert len(shards) > 2 and (hub / "model.safetensors.index.json").is_file()
    asked = []

    def snapshot_download(name, *, allow_patterns, **_):
        asked.append(name)
        assert all(any(f.match(p) for p in allow_patterns) for f in hub.iterdir())
        return str(hub)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    nlp = pipeline("someone/padellm-llama2-7b", "padellm.en")
    assert found(nlp, "padellm.en") == learned("padellm.en")
    assert set(asked) == {"someone/padellm-llama2-7b"}

    shards[1].unlink()
    with pytest.raises(ValueError, match=f"E302.*lacks {shards[1].name}"):
        resolve_base(str(hub))


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """The folder to which transformers copies the code of trusted checkpoints."""
    cache = str(tmp_path / "modules")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", cache)


@pytest.fixture
def consent(monkeypatch):
    monkeypatch.setenv(TRUST, "1")


@pytest.mark.usefixtures("modules", "consent")
@pytest.mark.parametrize("own_tokenizer", [False, True])
def test_code_of_a_checkpoint_runs_only_if_it_is_trusted(
    folder, tmp_path, own_tokenizer
):
    """Like Baichuan2, whose model and tokenizer are Python files next to the weights.
    Its tokenizer is slow and has no offsets."""
    if own_tokenizer and not (folder / "tokenizer.model").is_file():
        pytest.skip("Baichuan's tokenizer reads a tokenizer.model")
    base = Path(shutil.copytree(folder, tmp_path / "baichuan"))
    checkpoints.make_baichuan(base, own_tokenizer=own_tokenizer)
    with pytest.raises(ValueError, match="E307.*trust_remote_code = true") as error:
        found(pipeline(base, "padellm.zh"), "padellm.zh")
    assert str(base) in str(error.value)

    trusting = pipeline(base, "padellm.zh", trust_remote_code=True)
    assert found(trusting, "padellm.zh") == learned("padellm.zh")
    shim = causal_lm_shim(trusting.get_pipe("padellm_ner").model)
    assert type(shim.lm.base.model).__name__ == "BaichuanForCausalLM"
    assert shim.tokenizer._tokenizer.is_fast is not own_tokenizer
    encode = raw_tokenizer(folder)
    for text in BORDERS:
        prompts = TEMPLATES["padellm.zh"].prompts(text, shim.tokenizer)
        whole = mention_string("padellm.zh", text, "PER", 3, 2)
        assert prompts.mention("PER", 3, 2) == encode(whole)


@pytest.mark.usefixtures("modules", "consent")
@pytest.mark.parametrize("text", ["a </s> b", "</s>", "<s>x</s><unk>", "<0x41>"])
def test_a_text_with_a_slow_tokenizer_never_ends_its_prompt(folder, tmp_path, text):
    if not (folder / "tokenizer.model").is_file():
        pytest.skip("Baichuan's tokenizer reads a tokenizer.model")
    base = Path(shutil.copytree(folder, tmp_path / "baichuan"))
    checkpoints.make_baichuan(base, own_tokenizer=True)
    nlp = pipeline(base, "padellm.zh", trust_remote_code=True)
    tokenizer = causal_lm_shim(nlp.get_pipe("padellm_ner").model).tokenizer
    bos, *ids = tokenizer.encode(text).ids
    assert bos == tokenizer.bos_id
    assert {tokenizer.bos_id, tokenizer.eos_id}.isdisjoint(ids)
    assert tokenizer.decode(ids).strip() == text


@pytest.fixture
def llama_2(tiny_base, tmp_path) -> Path:
    """A base whose only tokenizer file is tokenizer.model, with any content."""
    base = Path(shutil.copytree(tiny_base, tmp_path / "llama_2"))
    (base / "tokenizer.json").unlink()
    (base / "tokenizer.model").write_bytes(b"sentencepiece")
    (base / "tokenizer_config.json").write_text(json.dumps(checkpoints.LLAMA_2))
    return base


def test_the_packages_that_a_tokenizer_needs_are_named(llama_2, monkeypatch):
    for package in ("sentencepiece", "protobuf"):
        monkeypatch.setattr(f"transformers.utils.is_{package}_available", lambda: False)
    with pytest.raises(ValueError, match="E331.*pip install sentencepiece protobuf$"):
        load_base(llama_2, device="cpu", dtype=torch.float32)


def test_a_tokenizer_model_without_its_settings_is_refused(llama_2):
    """It could be loaded, but prompts would lack a start token and find nothing."""
    (llama_2 / "tokenizer_config.json").unlink()
    with pytest.raises(ValueError, match="E302.*lacks tokenizer_config.json"):
        resolve_base(str(llama_2))
