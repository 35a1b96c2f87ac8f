"""`merge` writes a checkpoint that makes the same predictions."""

import pytest
import spacy
from safetensors import SafetensorError
from thinc.api import Config
from typer.testing import CliRunner

from spacy_padellm.cli.app import app

from ..pipeline.conftest import GOLD, examples, found, learn, make_nlp  # noqa: F401

TEXTS = [text for text, _ in GOLD]


@pytest.fixture(scope="module")
def saved(make_nlp, tmp_path_factory):  # noqa: F811
    nlp = make_nlp(windows={"max_tokens": 9})
    learn(nlp, examples(nlp))
    nlp.to_disk(tmp_path_factory.mktemp("saved"))
    return nlp, tmp_path_factory.getbasetemp() / "saved0"


def run(*arguments):
    return CliRunner().invoke(app, ["merge", *map(str, arguments)])


def test_the_printed_component_reads_the_same_with_the_checkpoint(saved, tmp_path):
    nlp, folder = saved
    result = run(folder, tmp_path / "merged")
    assert result.exit_code == 0, result.output
    _, _, config = result.stdout.partition("\n\n")
    config = Config().from_str(config)["components"]["padellm_ner"]
    merged = spacy.blank("en")
    merged.add_pipe(config.pop("factory"), config=config)
    assert [found(doc) for doc in merged.pipe(TEXTS)] == [gold for _, gold in GOLD]
    lm = merged.get_pipe("padellm_ner").active_lm
    assert lm.name is None and merged.get_pipe("padellm_ner").labels == (
        "PERSON",
        "LOC",
    )


def test_settings_of_a_live_pipeline_are_printed(saved, tmp_path):
    nlp = spacy.load(saved[1])
    ner = nlp.get_pipe("padellm_ner")
    ner.cfg["format"]["count_threshold"] = 0.3
    ner.overwrite_ents = True
    nlp.to_disk(tmp_path / "changed")
    result = run(tmp_path / "changed", tmp_path / "merged")
    _, _, config = result.stdout.partition("\n\n")
    config = Config().from_str(config)["components"]["padellm_ner"]
    assert config["format"]["count_threshold"] == 0.3 and config["overwrite_ents"]


def test_a_checkpoint_has_the_layers_of_the_adapter(make_nlp, tmp_path):  # noqa: F811
    nlp = make_nlp(model={"adapter": None, "layers": 1})
    learn(nlp, examples(nlp))
    nlp.to_disk(tmp_path / "pipeline")
    result = run(tmp_path / "pipeline", tmp_path / "merged")
    assert result.exit_code == 0, result.output
    _, _, config = result.stdout.partition("\n\n")
    config = Config().from_str(config)["components"]["padellm_ner"]
    merged = spacy.blank("en")
    ner = merged.add_pipe(config.pop("factory"), config=config)
    expected = [found(doc) for doc in nlp.pipe(TEXTS)]
    assert any(expected) and [found(doc) for doc in merged.pipe(TEXTS)] == expected
    assert len(ner.active_lm.base.body.layers) == 1


def test_the_windows_of_the_adapter_stay(saved, tmp_path):
    longer = {"components.padellm_ner.windows.max_tokens": 96}
    nlp = spacy.load(saved[1], config=longer)
    nlp.get_pipe("padellm_ner")._adapters.own.join_tokens = 40  # as after training
    nlp.to_disk(tmp_path / "pipeline")
    result = run(tmp_path / "pipeline", tmp_path / "merged")
    _, _, config = result.stdout.partition("\n\n")
    windows = Config().from_str(config)["components"]["padellm_ner"]["windows"]
    assert windows["join_tokens"] == 40 and windows["max_tokens"] == 96


def test_an_adapter_by_name(saved, tmp_path):
    nlp, folder = saved
    other = spacy.load(folder)
    ner = other.get_pipe("padellm_ner")
    ner.add_adapter("first", folder / "padellm_ner" / "adapter")
    ner.remove_adapter("first")
    ner.add_adapter("second", folder / "padellm_ner" / "adapter")
    other.to_disk(tmp_path / "with_names")
    wrong = run(tmp_path / "with_names", tmp_path / "a", "--adapter", "first")
    assert wrong.exit_code == 1 and "[E812]" in wrong.stderr
    right = run(tmp_path / "with_names", tmp_path / "b", "--adapter", "second")
    assert right.exit_code == 0
    assert (tmp_path / "b" / "model.safetensors").is_file()


def test_a_full_disk_leaves_no_checkpoint(saved, tmp_path, monkeypatch):
    from transformers import PreTrainedModel

    def fail(model, folder):
        (folder / "config.json").write_text("{}")
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr(PreTrainedModel, "save_pretrained", fail)
    result = run(saved[1], tmp_path / "merged")
    assert result.exit_code == 1
    for told in ("E333", str(tmp_path / "merged"), "No space left on device"):
        assert told in result.output.replace("\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(saved, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    result = run(saved[1], tmp_path)
    assert result.exit_code == 1
    assert "[E405]" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("names", [[], ["one", "two"]])
def test_the_component_must_be_clear(make_nlp, names, tmp_path):  # noqa: F811
    nlp = spacy.blank("en")
    for name in names:
        nlp.add_pipe("padellm_ner", name=name)
    nlp.to_disk(tmp_path / "pipeline")
    result = run(tmp_path / "pipeline", tmp_path / "merged")
    assert result.exit_code == 1
    assert "[E406]" in result.stderr
    assert ", ".join(names) in result.stderr
    assert not (tmp_path / "merged").exists()
