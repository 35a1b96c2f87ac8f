"""The commands that measure one thing, with tiny random models."""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
import spacy
import torch
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.experiments import peers as peers_module
from benchmarks.training.formats import FORMATS
from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.model.shim import causal_lm_shim

from ...conftest import REPOSITORY

PADELLM, POINTER = OURS = peers_module.OURS
FAKE_VLLM = Path(__file__).parents[1] / "systems" / "fake_vllm"
TEXTS = REPOSITORY / "assets" / "workshop" / "test.jsonl"
LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}


@pytest.fixture(scope="module")
def base(tiny_base, tiny_tokenizer, tmp_path_factory) -> Path:
    """The tiny base, fond of digits: it counts something."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("base") / "digits"
    shutil.copytree(tiny_base, folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    digits = [
        tiny_tokenizer.encode(f"\n{digit}", add_special_tokens=False).ids[-1]
        for digit in (1, 2, 3)
    ]
    with torch.no_grad():
        model.get_input_embeddings().weight[digits] *= 3.0
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def work(base, workshop, tmp_path_factory) -> Path:
    """What `benchmark` leaves: a pipeline a format, with a random adapter each, whose
    mentions may be anything, and documents."""
    work = tmp_path_factory.mktemp("work")
    limits = {
        "pointer": {},
        "padellm": {"only_in_text": False, "max_mention_tokens": 4},
        "struct": {"max_new_tokens": 24},
        "aug": {"max_new_tokens": 24},
    }
    for name, more in limits.items():
        nlp = spacy.blank("en")
        config = {
            "labels": LABELS,
            "model": {"base": str(base)},
            "format": FORMATS[name] | more,
            "windows": {"@misc": "spacy_padellm.WholeDoc.v1"},
        }
        ner = nlp.add_pipe("padellm_ner", config=config)
        nlp.initialize()
        torch.manual_seed(0)
        with torch.no_grad():
            for parameter in causal_lm_shim(ner.model).lm.parameters().values():
                parameter.normal_(std=0.025)
        folder = work / "shop" / "training" / name
        folder.mkdir(parents=True)
        nlp.to_disk(folder / "model-last")
    docs = [nlp.make_doc(row.text) for row in workshop[:6]]
    for doc, row in zip(docs, workshop, strict=False):
        doc.ents = [
            doc.char_span(*span, label, alignment_mode="expand")
            for label, spans in row.spans.items()
            for span in spans
        ]
    write_docbin(docs, work / "shop" / "corpus" / "test.spacy")
    return work


def run(command, *arguments, code=0):
    """Run a command in this process; what it prints."""
    result = CliRunner().invoke(app, [command, *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def vllm_environment(tmp_path_factory) -> Path:
    """As scripts/install_vllm.sh makes it, with a vLLM that is none."""
    python = tmp_path_factory.mktemp("vllm") / "bin" / "python"
    python.parent.mkdir()
    path = f"{FAKE_VLLM}:{REPOSITORY}"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return python.parents[1]


def options(work, tmp_path):
    return ["--work", work, "--set", "shop", "--cores", 0, "--output", tmp_path]


def test_peers_are_compared_in_alternating_runs(work, vllm_environment, tmp_path):
    done = run(
        "peers",
        *options(work, tmp_path),
        *("--alone", 3, "--docs", 4, "--rounds", 2),
        *("--vllm", vllm_environment, "--vllm-eager"),
        *("--systems", "official,aug_generate,padellm_vllm,pointer"),
    )
    saved = json.loads((tmp_path / "peers.json").read_text())
    systems = saved["systems"]
    peers = ["official", "aug_generate", "padellm_vllm"]
    assert list(systems) == [PADELLM, *peers, POINTER]
    our = systems[PADELLM]
    for name, one in systems.items():
        assert len(one["latencies_ms"]) == 3 and len(one["docs_a_second"]) == 2
        assert 0 < one["alone"]["tokens"] <= one["alone"]["padded"]
        assert set(one["against"]) == set(OURS) - {name}
        for faster, ratio in one["against"].items():
            latencies = one["latencies_ms"], systems[faster]["latencies_ms"]
            pairs = zip(*latencies, strict=True)
            expected = median(theirs / ours for theirs, ours in pairs)
            assert ratio["latency"]["median"] == pytest.approx(expected)
        if name in ("official", "padellm_vllm"):
            assert one["f"] == our["f"]  # the same adapter finds the same
    used = systems[POINTER]["alone"]
    assert (used["passes"], used["generated"]) == (1, 0)
    # what vLLM was asked and wrote is what our engine was asked and wrote
    count = "generated"
    assert systems["padellm_vllm"]["alone"][count] == our["alone"][count] > 6
    assert systems["padellm_vllm"]["version"] == "vLLM 0.0"
    assert systems["padellm_vllm"]["peak_mb"] > 100
    # flat prompts repeat the text for every label and mention
    assert systems["official"]["alone"]["tokens"] > 1.5 * our["alone"]["tokens"]
    assert list(saved["ours"]) == list(OURS)
    for one in saved["ours"].values():
        assert one["padded_over_real"] >= 1 and 0 < one["share_of_peak"] < 1
    assert saved["ours"][POINTER]["passes_a_batch"] == 1
    page = (tmp_path / "peers.md").read_text(encoding="utf8")
    assert page in done.stdout
    for ours in OURS:
        ratio = systems["official"]["against"][ours]["throughput"]["median"]
        assert f"{ratio:.2f}×" in page
    assert "| 6× |" in page
    assert "| all documents at once | PaDeLLM-Batch | Pointer | goal |" in page


def test_peers_are_all_that_can_run(work, tmp_path):
    limits = ["--alone", 1, "--docs", 1, "--rounds", 1, "--vllm", tmp_path]
    done = run("peers", *options(work, tmp_path), *limits)
    systems = json.loads((tmp_path / "peers.json").read_text())["systems"]
    assert list(systems) == [*OURS, "official", "struct_generate", "aug_generate"]
    assert done.stderr.count("left out: ") == 4


def test_our_engine_alone_may_compute_in_other_numbers(work, tmp_path, monkeypatch):
    loaded = []
    real = peers_module.load_component

    def load_component(pipeline, *, device, dtype):
        loaded.append(dtype)
        return real(pipeline, device=device, dtype=dtype)

    monkeypatch.setattr(peers_module, "load_component", load_component)
    run(
        "peers",
        *options(work, tmp_path),
        *("--alone", 2, "--docs", 2, "--rounds", 1),
        *("--systems", "pointer,official", "--our-dtype", "int8"),
    )
    assert loaded == ["int8", "int8", "float32"]
    saved = json.loads((tmp_path / "peers.json").read_text())
    assert (saved["dtype"], saved["our_dtype"]) == ("float32", "int8")
    page = (tmp_path / "peers.md").read_text(encoding="utf8")
    assert "compute in float32, but ours in int8" in page
    assert "best matrix product" not in page, "float32's is no measure of it"


def test_peers_say_what_is_missing(work, tmp_path):
    for arguments, said in (
        (["--work", tmp_path], "python -m benchmarks benchmark --data"),
        (["--vllm", tmp_path, "--systems", "aug_vllm"], "scripts/install_vllm.sh"),
        (["--systems", "official_template"], "--systems official_template"),
        (["--systems", "nonesuch"], "[E611] There is no system"),
    ):
        done = run("peers", *options(work, tmp_path), *arguments, code=1)
        assert said in done.stderr


def test_cost_is_measured_and_drawn(work, tmp_path):
    done = run(
        "cost",
        *options(work, tmp_path),
        *("--text-length", "4,8,16", "--labels", "1,5", "--mentions", "0,3"),
        *("--batch-size", "6,12", "--documents", "2,4", "--rounds", 1),
    )
    saved = json.loads((tmp_path / "cost.json").read_text())
    points = {(one["axis"], one["x"]): one for one in saved["points"]}
    assert len(points) == 3 + 2 + 2 + 2 + 2
    for one in points.values():
        assert one["ms"] > 0 and one["padded"] >= one["tokens"] > 0
    lengths = [points["text length", n]["tokens"] for n in (4, 8, 16)]
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]
    assert points["labels", 1]["tokens"] < points["labels", 5]["tokens"]
    # the same six documents twice in a batch take no more passes
    of_six, of_twelve = (points["batch size", n] for n in (6, 12))
    assert of_twelve["passes"] == pytest.approx(of_six["passes"] / 2)
    assert of_twelve["mentions"] == of_six["mentions"] > 0
    for axis in ("text-length", "labels", "mentions", "batch-size", "documents"):
        assert (tmp_path / f"cost-{axis}.svg").stat().st_size > 1000
        assert (tmp_path / f"cost-{axis}.png").read_bytes().startswith(b"\x89PNG")
    assert "a straight line explains" in done.stdout


def test_pointer_costs_one_pass(work, tmp_path):
    none = [x for axis in ("mentions", "documents") for x in (f"--{axis}", "")]
    run(
        "cost",
        *options(work, tmp_path),
        *("--format", "pointer", "--text-length", "4,8", "--labels", "1,5"),
        *("--batch-size", 6, *none, "--rounds", 1),
    )
    points = json.loads((tmp_path / "cost.json").read_text())["points"]
    assert [one["passes"] for one in points] == [1, 1, 1, 1, pytest.approx(1 / 6)]


@pytest.mark.slow
def test_memory_is_of_a_process_for_each_point(work, tmp_path):
    done = run("memory", *options(work, tmp_path), "--docs", 8)
    systems = json.loads((tmp_path / "memory.json").read_text())["systems"]
    assert list(systems) == list(OURS)
    for (one,) in systems.values():
        assert one["peak_mb"] >= one["loaded_mb"] > 50
    assert "PaDeLLM-Batch,     8 documents: " in done.stdout
    assert (tmp_path / "memory.svg").stat().st_size > 1000


def test_the_engine_writes_what_plain_decoding_writes(work):
    arguments = ["--work", work, "--set", "shop", "--cores", 0, "--docs", 4]
    said = run(
        "identical", *arguments, "--texts", TEXTS, "--formats", "padellm,aug"
    ).stdout
    assert said.count("4 texts") == 2
    assert said.count("; 0 completions differ") == 2
    refused = run("identical", *arguments, "--formats", "pointer", code=1)
    assert "[E611] There is no format 'pointer'" in refused.stderr


def test_a_difference_is_shown_with_its_margin(work, monkeypatch):
    def second_best(positions, logits):
        tokens = logits.topk(2).indices[:, 1]
        return tokens.tolist(), [0.0] * len(tokens), torch.zeros(len(tokens))

    # in the packed engine alone: plain decoding chooses by itself
    monkeypatch.setattr("spacy_padellm.engines.session.sample_greedily", second_best)
    arguments = ["--work", work, "--set", "shop", "--cores", 0, "--docs", 1]
    said = run("identical", *arguments, "--texts", TEXTS, code=1).stdout
    assert "with drafts, " in said and "without drafts, " in said and "nats" in said


def pointer_adapter(work) -> Path:
    (folder,) = work.rglob("pointer_head.safetensors")
    return folder.parent


def test_pointer_finds_the_same_however_it_is_computed(work, base):
    arguments = ["--adapter", pointer_adapter(work), "--base", base, "--cores", 0]
    arguments += ["--texts", TEXTS, "--docs", 5, "--orders", 3]
    said = run("one_pass", *arguments).stdout
    assert "5 texts. Other entities in other batches: 0; in 3 orders" in said
    assert "orders of labels: 0. The largest difference" in said


def test_pointer_that_differs_from_the_plain_version_fails(work, base, monkeypatch):
    # the plain version scales by its own copy of the name
    monkeypatch.setattr("benchmarks.experiments.one_pass.SCALE", 4.5)
    arguments = ["--adapter", pointer_adapter(work), "--base", base, "--cores", 0]
    arguments += ["--texts", TEXTS, "--docs", 2, "--orders", 1]
    said = run("one_pass", *arguments, code=1).stdout
    assert "in other batches: 0; in 1 orders of labels: 0" in said


def test_training_speed_is_of_each_dtype_and_size(base):
    sizes, dtypes = ["--sizes", "64,256"], ["--dtypes", "float32,bfloat16"]
    limits = ["--docs", 2, "--rounds", 1, "--base", base]
    said = run("train_batch_tokens", *sizes, *dtypes, *limits).stdout
    assert said.count("tokens per second") == 4
    assert "bfloat16,    256 padded tokens: " in said


def test_random_models_are_measured_without_spacy(tmp_path):
    code = (
        "import sys, runpy\n"
        "sys.modules['spacy'] = sys.modules['thinc'] = None\n"
        f"sys.argv = ['', 'gpu', '--device', 'cpu', '--tiny', '--dtype', 'float32',\n"
        f"    '--output', {str(tmp_path)!r}]\n"
        "runpy.run_module('benchmarks', run_name='__main__')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)
    saved = json.loads((tmp_path / "gpu.json").read_text())
    tiny = saved["shapes"]["tiny"]
    assert saved["copy_gb_a_second"] > 0.1
    assert tiny["passes_alone"] >= 2 and tiny["times_the_least"] > 1
    assert tiny["weights_gb"] == pytest.approx(4 * (2 * 36864 + 128000) / 1e9)
    assert set(tiny["batches"]) == {"4", "8"}
    for one in tiny["batches"].values():
        assert one["padded_over_real"] >= 1 and 0 < one["share_of_peak"] < 1
