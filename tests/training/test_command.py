"""Both commands: what they say, how they fail, and that one needs no spaCy."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from spacy_padellm.cli.app import app
from spacy_padellm.training import trainer
from spacy_padellm.training.prepared import Prepared

from ..models.test_light_imports import blocked
from ..pipeline.conftest import GOLD
from .conftest import NER, same, train, weights

SPACY = ("spacy", "thinc", "srsly", "confection", "catalogue", "wasabi", "typer")


def run_prepare(*arguments):
    return CliRunner().invoke(app, ["prepare", *map(str, arguments)])


def test_prepare_writes_the_folder_and_says_what_is_in_it(
    config_file, prepared, tmp_path
):
    result = run_prepare(config_file, tmp_path / "new", "--training.max_steps", 5)
    assert result.exit_code == 0, result.output
    first, second, third = result.stdout.splitlines()
    assert first.startswith("train: 4 docs, 4 windows with ")
    assert first.endswith("entities: LOC 4, PERSON 2")
    assert second.startswith("dev: 4 docs, 4 windows with ")
    assert third == f"Wrote {tmp_path / 'new'}: 6 steps from a new adapter"
    here, there = Prepared.read(tmp_path / "new"), Prepared.read(prepared)
    assert here.digest() == there.digest()


def test_prepare_takes_overrides_as_spacy_train_does(
    config_file, spacy_adapter, tmp_path
):
    options = "--training.max_steps=1", f"--{NER}.model.adapter", spacy_adapter
    result = run_prepare(config_file, tmp_path, *options)
    assert result.stdout.splitlines()[-1].endswith("2 steps from the adapter in it")
    shutil.copytree(tmp_path, tmp_path / "moved")
    assert Prepared.read(tmp_path / "moved").adapter is not None


def test_prepare_warns_and_fails_with_a_line(config_file, tmp_path):
    labels = f"--{NER}.labels", '["PERSON", "ORG"]'
    result = run_prepare(config_file, tmp_path, *labels)
    assert result.exit_code == 1
    assert result.stderr.startswith("✘ [E871]") and not any(tmp_path.iterdir())
    result = run_prepare(config_file, tmp_path, *labels, "--skip-unknown-labels")
    assert result.exit_code == 0
    warnings = result.stderr.splitlines()
    assert [line[:8] for line in warnings] == ["⚠ [W872]", "⚠ [W871]"]


def test_an_option_that_there_is_not_is_refused(config_file, tmp_path):
    result = run_prepare(config_file, tmp_path, "--skip-labels")
    assert result.exit_code == 2 and "--skip-labels" in result.stderr


def test_code_of_the_user_s_is_imported(read_config, write_corpus, tmp_path):
    path = write_corpus(tmp_path / "gold.spacy", GOLD)
    (tmp_path / "mine.py").write_text(
        "import spacy\n"
        "from spacy.training import Corpus\n"
        "@spacy.registry.readers('mine')\n"
        f"def mine(): return Corpus({path!r}, limit=3)\n"
    )
    config = read_config()
    config["corpora"]["dev"] = {"@readers": "mine"}
    config.to_disk(tmp_path / "mine.cfg")
    arguments = tmp_path / "mine.cfg", tmp_path / "out", "--code", tmp_path / "mine.py"
    result = run_prepare(*arguments)
    assert result.exit_code == 0, result.output
    assert "dev: 3 docs" in result.stdout


def test_training_needs_no_spacy(prepared, tmp_path):
    """And writes the very adapter that it writes where there is spaCy."""
    code = blocked(*SPACY) + (
        "from spacy_padellm.training.__main__ import main\n"
        f"sys.exit(main([{str(prepared)!r}, '--output', {str(tmp_path / 'a')!r}, "
        "'--device', 'cpu']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Training" not in done.stderr, "no progress bar where nobody looks"
    lines = done.stdout.splitlines()
    assert lines[0].startswith("6 steps on cpu: ")
    assert lines[0].endswith(" in float32, labels PERSON, LOC")
    assert lines[1].split() == ["#", "LOSS", "DEV", "LOSS", "DEV", "F", "TOKENS/S"]
    assert [line.split()[0] for line in lines[2:5]] == ["0", "2", "4"]
    assert lines[5] == f"Wrote {tmp_path / 'a' / 'adapter-last'} after 6 steps."
    assert lines[6].startswith(f"Wrote {tmp_path / 'a' / 'adapter-best'}, the best")
    assert train(prepared, tmp_path / "b") == 0
    adapters = (tmp_path / name / "adapter-last" for name in "ab")
    assert same(*map(weights, adapters))


def test_the_module_is_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "spacy_padellm.training", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "python -m spacy_padellm.training" in done.stdout


@pytest.fixture
def other_base(tiny_base, tmp_path):
    """A copy of the base, to be spoiled."""
    return shutil.copytree(tiny_base, tmp_path / "base")


def test_the_base_may_lie_elsewhere(prepared, other_base, tiny_base, tmp_path):
    assert train(prepared, tmp_path / "out", "--base", str(other_base)) == 0
    card = json.loads((tmp_path / "out" / "adapter-last" / "padellm.json").read_text())
    assert card["base"] == str(tiny_base), "the name that the config has"


def test_another_base_is_refused(prepared, other_base, tmp_path, capsys):
    file = other_base / "model.safetensors"
    tensors = {name: tensor + 0.01 for name, tensor in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})
    assert train(prepared, tmp_path / "out", "--base", str(other_base)) == 1
    said = capsys.readouterr().err
    assert f"[E879] The base in {other_base} is another" in said and "weights" in said
    assert not (tmp_path / "out").exists()


def test_a_base_with_another_tokenizer_is_refused(
    prepared, other_base, tmp_path, capsys
):
    file = other_base / "tokenizer.json"
    tokenizer = json.loads(file.read_text(encoding="utf8"))
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:20]
    file.write_text(json.dumps(tokenizer), encoding="utf8")
    assert train(prepared, tmp_path / "out", "--base", str(other_base)) == 1
    assert "another tokenizer" in capsys.readouterr().err


def test_an_adapter_of_another_base_is_refused(
    prepared_folder, spacy_adapter, tmp_path, capsys
):
    adapter = shutil.copytree(spacy_adapter, tmp_path / "adapter")
    card = json.loads((adapter / "padellm.json").read_text())
    (adapter / "padellm.json").write_text(json.dumps(card | {"fingerprint": "0" * 64}))
    folder = prepared_folder({f"{NER}.model.adapter": str(adapter)})
    assert train(folder, tmp_path / "out") == 1
    assert f"[E326] The adapter {folder / 'adapter'}" in capsys.readouterr().err


def test_a_text_longer_than_the_context_is_named_before_anything_is_trained(
    prepared_folder, write_corpus, tmp_path, capsys
):
    long = ("Oslo " + "no " * 1200, [(0, 4, "LOC")])
    path = write_corpus(tmp_path / "long.spacy", [*GOLD, long])
    changes = {"paths.dev": path, f"{NER}.windows.max_tokens": 5000}
    assert train(prepared_folder(changes), tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "[E885] Doc 4 of the dev data" in said and "2048" in said
    assert "Oslo no no" in said and not (tmp_path / "out").exists()


def test_a_loss_that_is_no_number_ends_the_run(prepared, tmp_path, monkeypatch, capsys):
    real, calls = trainer.accumulate_gradients, []

    def accumulate(*args):
        calls.append(args)
        return real(*args) if len(calls) < 4 else float("nan")

    monkeypatch.setattr(trainer, "accumulate_gradients", accumulate)
    assert train(prepared, tmp_path) == 1
    said = capsys.readouterr().err
    assert "[E881] The loss of step 3 is nan" in said and "--resume goes on" in said
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["done"] == 3


@pytest.mark.parametrize("option", ["--batch-tokens", "--save-every"])
@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_numbers_are_positive(prepared, tmp_path, option, value, capsys):
    with pytest.raises(SystemExit):
        train(prepared, tmp_path, f"{option}={value}")
    assert option in capsys.readouterr().err


@pytest.mark.gpu
def test_it_trains_on_a_gpu(prepared, tmp_path, make_nlp, capsys):
    assert train(prepared, tmp_path, "--device", "cuda") == 0
    said = capsys.readouterr().out
    assert "6 steps on cuda:0" in said and "in bfloat16" in said
    assert "Peak GPU memory" in said
    assert {t.dtype.name for t in weights(tmp_path / "adapter-last").values()} == {
        "float32"
    }
    make_nlp(model={"adapter": str(tmp_path / "adapter-last")})("Oslo")
