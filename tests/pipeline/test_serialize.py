"""Saved, loaded, pickled and copied: the same component, without the base's weights."""

import copy
import json
import pickle
import shutil
import subprocess
import sys

import pytest
import spacy
from safetensors.numpy import load_file

from spacy_padellm.about import __version__
from spacy_padellm.adapters.files import WEIGHTS
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.pipeline.saved_cfg import LAYOUT

from .conftest import GOLD, examples, found

EXPECTED = [entities for _, entities in GOLD]


def found_in_gold(nlp) -> list[list[tuple[int, int, str]]]:
    return [found(doc) for doc in nlp.pipe(text for text, _ in GOLD)]


def again(nlp, tmp_path, way: str):
    if way == "disk":
        nlp.to_disk(tmp_path / "nlp")
        return spacy.load(tmp_path / "nlp")
    if way == "bytes":
        return spacy.blank("en", config=nlp.config).from_bytes(nlp.to_bytes())
    return pickle.loads(pickle.dumps(nlp)) if way == "pickle" else copy.deepcopy(nlp)


@pytest.mark.parametrize("way", ["disk", "bytes", "pickle", "copy"])
def test_a_trained_pipeline_finds_the_same_when_it_comes_back(trained, tmp_path, way):
    twin = again(trained, tmp_path, way)
    assert found_in_gold(twin) == EXPECTED
    ner, ner2 = trained.get_pipe("padellm_ner"), twin.get_pipe("padellm_ner")
    assert ner2.label_data == ner.label_data
    assert ner2.to_bytes() == ner.to_bytes()
    assert twin.config == trained.config


@pytest.mark.parametrize("way", ["disk", "bytes", "pickle", "copy"])
def test_a_copy_that_learns_on_leaves_the_first_as_it_was(trained, tmp_path, way):
    before = trained.get_pipe("padellm_ner").to_bytes()
    twin = again(trained, tmp_path, way)
    sgd = twin.resume_training()
    sgd.learn_rate = 0.1
    for _ in range(3):
        twin.update(examples(twin), sgd=sgd)
    assert twin.get_pipe("padellm_ner").to_bytes() != before
    assert trained.get_pipe("padellm_ner").to_bytes() == before
    assert found_in_gold(trained) == EXPECTED


def test_the_saved_folder_holds_an_adapter_that_peft_reads_and_no_base(
    trained, tmp_path, tiny_base
):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    trained.to_disk(tmp_path)
    folder = tmp_path / "padellm_ner" / "adapter"
    assert sorted(file.name for file in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "padellm.json",
    ]
    tensors = load_file(folder / "adapter_model.safetensors")
    assert all(".lora_A." in name or ".lora_B." in name for name in tensors)
    size = sum(tensor.nbytes for tensor in tensors.values())
    saved = sum(file.stat().st_size for file in (tmp_path / "padellm_ner").rglob("*"))
    assert saved < size + 50_000
    base = AutoModelForCausalLM.from_pretrained(tiny_base)
    loaded = PeftModel.from_pretrained(base, folder).state_dict()
    for name, tensor in tensors.items():
        at = name.replace(".weight", ".default.weight")
        assert (loaded[at].numpy() == tensor).all()


def test_the_card_says_what_the_adapter_is_for(trained, tmp_path, tiny_base):
    trained.get_pipe("padellm_ner").to_disk(tmp_path)
    card = json.loads((tmp_path / "adapter" / "padellm.json").read_text())
    assert card.pop("fingerprint")
    assert list(card.pop("base_files")) == ["config", "tokenizer", "weights"]
    assert list(card.pop("sha256")) == ["adapter_config.json", WEIGHTS]
    assert card == {
        "base": str(tiny_base),
        "revision": None,
        "format": "PaDeLLM compact, prefix LM",
        "labels": {"PERSON": "person", "LOC": "location"},
        "head": None,
        "join_tokens": 9,
    }
    assert list(card["labels"]) == ["PERSON", "LOC"], "in the order that was asked for"


IN_A_NEW_PROCESS = """
import json, os, socket, sys

def refuse(*args, **options):
    raise AssertionError("the network was asked for")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
assert "HF_HUB_OFFLINE" not in os.environ
import spacy
nlp = spacy.load(sys.argv[1])
for doc in nlp.pipe(json.loads(sys.stdin.read())):
    print(json.dumps([[e.start_char, e.end_char, e.label_] for e in doc.ents]))
"""


def test_a_new_process_without_a_network_finds_the_same(trained, tmp_path, monkeypatch):
    trained.to_disk(tmp_path)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    result = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS, str(tmp_path)],
        input=json.dumps([text for text, _ in GOLD]),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    entities = [json.loads(line) for line in result.stdout.splitlines()]
    assert [[tuple(ent) for ent in ents] for ents in entities] == EXPECTED


@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_what_is_excluded_stays_as_it_is(trained, make_nlp, tmp_path, way):
    ner = trained.get_pipe("padellm_ner")
    ner.to_disk(tmp_path)
    saved = ner.to_bytes()

    def load(into: PaDeLLMNER, exclude) -> PaDeLLMNER:
        if way == "disk":
            return into.from_disk(tmp_path, exclude=exclude)
        return into.from_bytes(saved, exclude=exclude)

    def fresh() -> PaDeLLMNER:
        ner = make_nlp().get_pipe("padellm_ner")
        ner.labels = ["DISH"]
        return ner

    without_cfg = load(fresh(), ["vocab", "cfg"])
    assert without_cfg.labels == ("DISH",)
    assert without_cfg._adapters.own.card() is not None, "the adapter was not excluded"
    without_adapter = load(fresh(), ["vocab", "adapter"])
    assert without_adapter.labels == ("PERSON", "LOC")
    assert without_adapter._adapters.own.card() is None
    strings = load(fresh(), ["cfg", "adapter"]).vocab.strings
    assert "Khan" in strings
    assert "Khan" not in load(fresh(), ["vocab"]).vocab.strings


def test_bytes_written_without_the_adapter_leave_the_one_in_use(trained):
    ner = trained.get_pipe("padellm_ner")
    twin = pickle.loads(pickle.dumps(ner))
    twin.from_bytes(ner.to_bytes(exclude=["adapter"]))
    assert twin.to_bytes() == ner.to_bytes()


def test_a_pipeline_without_an_adapter_comes_back_without_one(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"])
    nlp.to_disk(tmp_path)
    assert not (tmp_path / "padellm_ner" / "adapter").exists()
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("padellm_ner").labels == ("LOC",)
    assert loaded("Oslo").has_annotation("ENT_IOB")


def test_a_saved_pipeline_is_loaded_with_other_labels(trained, tmp_path):
    trained.to_disk(tmp_path)
    override = {"components.padellm_ner.labels": ["DISH", "LOC"]}
    ner = spacy.load(tmp_path, config=override).get_pipe("padellm_ner")
    assert ner.label_data == {"DISH": "DISH", "LOC": "location"}
    assert ner._adapters.own.card() is not None, "with the adapter that was saved"


def test_labels_changed_on_a_live_pipeline_are_saved(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"])
    nlp.get_pipe("padellm_ner").labels = {"DISH": "food"}
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("padellm_ner").label_data == {"DISH": "food"}
    override = {"components.padellm_ner.labels": None}
    loaded = spacy.load(tmp_path, config=override)
    assert loaded.get_pipe("padellm_ner").label_data == {"DISH": "food"}


@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_what_a_newer_version_saved_is_refused_with_both_versions(
    trained, make_nlp, tmp_path, way, monkeypatch
):
    ner = trained.get_pipe("padellm_ner")
    with monkeypatch.context() as newer:
        newer.setattr("spacy_padellm.pipeline.saving.LAYOUT", LAYOUT + 1)
        newer.setattr("spacy_padellm.pipeline.saving.__version__", "9.7.5")
        ner.to_disk(tmp_path)
        saved = ner.to_bytes()
    into = make_nlp().get_pipe("padellm_ner")
    with pytest.raises(ValueError, match=rf"E808.*9\.7\.5.*this is {__version__}.*>=9"):
        into.from_disk(tmp_path) if way == "disk" else into.from_bytes(saved)
    assert into.labels == (), "nothing was taken"


def test_what_an_older_version_saved_is_read(trained, make_nlp, tmp_path):
    ner = trained.get_pipe("padellm_ner")
    ner.to_disk(tmp_path)
    saved = json.loads((tmp_path / "cfg").read_text())
    older = {key: saved[key] for key in ("labels", "adapter")}
    (tmp_path / "cfg").write_text(json.dumps(older))
    into = make_nlp(labels=["DISH"]).get_pipe("padellm_ner")
    assert into.from_disk(tmp_path).label_data == ner.label_data


def test_saving_and_loading_need_no_base(trained, tmp_path):
    trained.to_disk(tmp_path / "first")
    override = {"components.padellm_ner.model.base": "/no/such/base"}
    nlp = spacy.load(tmp_path / "first", config=override)
    nlp.to_disk(tmp_path / "second")
    first, second = (
        tmp_path / place / "padellm_ner" / "adapter" / "adapter_model.safetensors"
        for place in ("first", "second")
    )
    assert first.read_bytes() == second.read_bytes()


def test_a_saved_pipeline_does_not_need_the_adapter_that_it_began_with(
    make_nlp, adapter_folder, tmp_path
):
    shutil.copytree(adapter_folder, tmp_path / "first")
    nlp = make_nlp(
        model={"adapter": str(tmp_path / "first")}, windows={"max_tokens": 9}
    )
    nlp.to_disk(tmp_path / "nlp")
    saved = nlp.to_bytes()
    shutil.rmtree(tmp_path / "first")
    assert found_in_gold(spacy.load(tmp_path / "nlp")) == EXPECTED
    twin = spacy.blank("en", config=nlp.config).from_bytes(saved)
    assert found_in_gold(twin) == EXPECTED


def test_another_name_than_the_factory_s(make_nlp, tmp_path):
    nlp = make_nlp(name="who_and_where")
    gold = examples(nlp)
    sgd = nlp.initialize(lambda: gold)
    losses = nlp.update(gold, sgd=sgd)
    assert list(losses) == ["who_and_where"]
    nlp.to_disk(tmp_path)
    assert (tmp_path / "who_and_where" / "adapter").is_dir()
    loaded = spacy.load(tmp_path)
    assert loaded.pipe_labels == {"who_and_where": ["PERSON", "LOC"]}
