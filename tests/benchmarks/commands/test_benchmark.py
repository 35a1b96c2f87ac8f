"""The whole benchmark on a tiny random base: what it writes, and how it goes on."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks import run as run_module
from benchmarks.corpus import Sizes
from benchmarks.run import Benchmark, BenchmarkSettings
from benchmarks.systems import FORMATS, SYSTEMS
from benchmarks.training import TrainingSettings
from spacy_padellm.cli.app import app


@pytest.fixture
def settings(data, tiny_base, tmp_path):
    def settings(**changes):
        return BenchmarkSettings(
            **{
                "data": data,
                "work": tmp_path / "work",
                "sets": ["shop"],
                "sizes": Sizes(train=0, dev=1, test=2),
                "training": TrainingSettings(base=str(tiny_base)),
                "batch_tokens": [64],
                **changes,
            }
        )

    return settings


def test_all_systems_run_from_the_command_line(data, tiny_base, tmp_path):
    arguments = ["benchmark", "--data", data, "--sets", "shop", "--base", tiny_base]
    arguments += ["--dev", 1, "--test", 3, "--batch-tokens", "64,128"]
    arguments += ["--work", tmp_path / "work", "--output", tmp_path / "metrics"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "metrics" / "benchmark.json").read_text())
    measured = written["sets"]["shop"]
    assert list(measured) == list(SYSTEMS)
    for name, done in measured.items():
        assert len(done["latencies"]) == 3 and min(done["latencies"]) > 0
        sizes = [] if SYSTEMS[name].one_by_one else ["64", "128"]
        assert list(done["throughputs"]) == sizes
        assert 0 <= done["scores"]["strings"]["f"] <= 1
    page = (tmp_path / "metrics" / "benchmark.md").read_text(encoding="utf8")
    for system in SYSTEMS.values():
        assert f"| {system.title} |" in page
    for kind in ("speedup", "latency", "length"):
        assert f"shop-{kind}.svg" in page
        assert (tmp_path / "metrics" / f"shop-{kind}.svg").stat().st_size > 1000
        png = (tmp_path / "metrics" / f"shop-{kind}.png").read_bytes()
        assert png.startswith(b"\x89PNG")


def test_systems_of_one_adapter_find_the_same(settings, monkeypatch):
    """Packed trees, a device a sequence, generate, the official algorithm: same model,
    same answers, where mentions may be anything."""
    monkeypatch.setitem(FORMATS["padellm"], "only_in_text", False)
    run = Benchmark(settings(sizes=Sizes(train=0, dev=1, test=4)))
    run.run()
    found = {
        name: {key: done.scores[key] for key in ("spans", "strings", "length", "steps")}
        for name, done in run.results["shop"].items()
    }
    for same in (
        ("padellm_batch", "padellm_multi", "official"),
        ("struct", "struct_generate"),
        ("aug", "aug_generate"),
    ):
        assert len({json.dumps(found[name]) for name in same}) == 1


def test_an_interrupted_run_loses_only_the_system_that_was_running(
    settings, monkeypatch
):
    systems = ["one_step", "struct", "padellm_batch"]
    chosen = settings(systems=systems)
    done = []

    def measure(system, *args, **kwargs):
        if system.title == "AutoReg struct" and "interrupted" not in done:
            done.append("interrupted")
            raise KeyboardInterrupt
        done.append(system.title)
        return real(system, *args, **kwargs)

    real = run_module.measure
    monkeypatch.setattr(run_module, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        Benchmark(chosen).run()
    monkeypatch.setattr("benchmarks.training.train", None)  # is done
    said = []
    run = Benchmark(chosen, say=said.append)
    run.run()
    assert done == ["OneStep", "interrupted", "AutoReg struct", "PaDeLLM-Batch"]
    assert list(run.results["shop"]) == systems
    assert "shop: OneStep was measured before" in said


def test_other_settings_are_measured_anew(settings, monkeypatch):
    measured = []
    real = run_module.measure
    monkeypatch.setattr(
        run_module,
        "measure",
        lambda system, *a, **k: measured.append(system.title) or real(system, *a, **k),
    )
    for tokens in (64, 64, 32):
        Benchmark(settings(systems=["one_step"], batch_tokens=[tokens])).run()
    assert measured == ["OneStep", "OneStep"]


def test_an_unknown_system_is_refused_before_anything_is_done(settings, tmp_path):
    with pytest.raises(ValueError, match=r"E920.*'gliner'.*padellm_batch"):
        Benchmark(settings(systems=["one_step", "gliner"])).run()
    assert not (tmp_path / "work").exists()
