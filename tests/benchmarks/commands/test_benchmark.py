"""The whole benchmark on a tiny random base: what it writes, and how it goes on."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.commands.benchmark import DEFAULT_SYSTEMS
from benchmarks.data.corpus import Sizes
from benchmarks.experiments import benchmark as module
from benchmarks.experiments.benchmark import Benchmark, BenchmarkSettings
from benchmarks.systems.registry import SYSTEMS
from benchmarks.training.configs import TrainingSettings
from benchmarks.training.formats import FORMATS

NAMES = DEFAULT_SYSTEMS.split(",")
COMPARED = ("spans", "strings", "length", "steps")


@pytest.fixture
def settings(data, tiny_base, tmp_path):
    def settings(**changes):
        return BenchmarkSettings(
            **{
                "data": data,
                "work": tmp_path / "work",
                "sets": ["shop"],
                "systems": NAMES,
                "sizes": Sizes(train=0, dev=1, test=2),
                "training": TrainingSettings(base=str(tiny_base)),
                "batch_tokens": [64],
                **changes,
            }
        )

    return settings


def test_all_systems_run_from_the_command_line(data, tiny_base, tmp_path, monkeypatch):
    # so that all systems of an adapter may write the same
    monkeypatch.setitem(FORMATS["padellm"], "only_in_text", False)
    # a random model hardly ever ends
    for name in ("struct", "aug"):
        monkeypatch.setitem(FORMATS[name], "max_new_tokens", 48)
    arguments = ["benchmark", "--data", data, "--sets", "shop", "--base", tiny_base]
    arguments += ["--dev", 1, "--test", 4, "--batch-tokens", "64,128"]
    arguments += ["--work", tmp_path / "work", "--output", tmp_path / "metrics"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "metrics" / "benchmark.json").read_text())
    measured = written["sets"]["shop"]
    assert list(measured) == NAMES
    for name, done in measured.items():
        assert len(done["latencies"]) == 4 and min(done["latencies"]) > 0
        sizes = [] if SYSTEMS[name].one_by_one else ["64", "128"]
        assert list(done["throughputs"]) == sizes
        assert 0 <= done["scores"]["strings"]["f"] <= 1
    page = (tmp_path / "metrics" / "benchmark.md").read_text(encoding="utf8")
    for name in NAMES:
        assert f"| {SYSTEMS[name].title} |" in page
    assert measured["pointer"]["scores"]["length"] == 0, "it generates nothing"
    for kind in ("speedup", "latency", "length"):
        assert f"shop-{kind}.svg" in page
        assert (tmp_path / "metrics" / f"shop-{kind}.svg").stat().st_size > 1000
        png = (tmp_path / "metrics" / f"shop-{kind}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
    for same in (
        ("padellm_batch", "padellm_multi", "official"),
        ("struct", "struct_generate"),
        ("aug", "aug_generate"),
    ):
        found = [
            {key: measured[name]["scores"][key] for key in COMPARED} for name in same
        ]
        assert found == found[:1] * len(same), "same model, same answers"


def test_an_interrupted_run_loses_only_the_system_that_was_running(
    settings, monkeypatch
):
    systems = ["one_step", "struct", "padellm_batch"]
    chosen = settings(systems=systems)
    done = []

    def measure(title, *args, **kwargs):
        if title == "AutoReg struct" and "interrupted" not in done:
            done.append("interrupted")
            raise KeyboardInterrupt
        done.append(title)
        return real(title, *args, **kwargs)

    real = module.measure
    monkeypatch.setattr(module, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        Benchmark(chosen).run()
    monkeypatch.setattr("benchmarks.training.train.train", None)  # is done
    run = Benchmark(chosen)
    run.run()
    assert done == ["OneStep", "interrupted", "AutoReg struct", "PaDeLLM-Batch"]
    assert list(run.results["shop"]) == systems


def test_other_settings_are_measured_anew(settings, monkeypatch):
    measured = []
    real = module.measure
    monkeypatch.setattr(
        module,
        "measure",
        lambda title, *a, **k: measured.append(title) or real(title, *a, **k),
    )
    for tokens in (64, 64, 32):
        Benchmark(settings(systems=["one_step"], batch_tokens=[tokens])).run()
    assert measured == ["OneStep", "OneStep"]


def test_an_unknown_system_is_refused_before_anything_is_done(settings, tmp_path):
    with pytest.raises(ValueError, match=r"E611.*'gliner'.*padellm_batch"):
        Benchmark(settings(systems=["one_step", "gliner"])).run()
    assert not (tmp_path / "work").exists()
