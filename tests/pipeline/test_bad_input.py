"""Wrong settings, adapters and bases: an error with the value, before any doc."""

import json
import shutil

import pytest
import spacy
import torch

from spacy_padellm.bases.embedded import EMBEDDED
from spacy_padellm.bases.fingerprint import base_fingerprint
from spacy_padellm.bases.manifest import write_manifest

from .conftest import GOLD, examples, learn


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            {"alignment_mode": "loose"},
            "E801.*'loose'.*'strict', 'contract' or 'expand'",
        ),
        ({"batch_tokens": 0}, "E502.*batch_tokens is 0"),
        ({"batch_tokens": "4096"}, "E502.*batch_tokens is '4096'"),
        ({"windows": {"max_tokens": "50"}}, "E502.*max_tokens is '50'"),
        ({"threshold": -0.1}, "E805.*threshold is -0.1.*from 0 to 1"),
        ({"threshold": 1.5}, "E805.*threshold is 1.5"),
        ({"spans_key": ""}, "E803.*spans_key is ''"),
        ({"spans_key": " "}, "E803.*spans_key is ' '"),
        ({"colour": "blue"}, "padellm_ner -> colour"),
        ({"threshold": "high"}, "padellm_ner -> threshold"),
        ({"format": {"colour": "blue"}}, "padellm_ner.format -> colour"),
        ({"windows": {"stride": 3}}, "padellm_ner.windows -> stride"),
        ({"format": {"max_count": 0}}, "E502.*max_count is 0"),
        ({"format": {"template": "json"}}, "E501.*'json'.*compact"),
        ({"windows": {"max_tokens": 0}}, "E502.*max_tokens is 0"),
        ({"windows": {"join_tokens": 0}}, "E502.*join_tokens is 0"),
        ({"model": {"device": "gpu"}}, "E702.*'gpu'"),
        ({"model": {"device": "cuda:one"}}, "E702.*'cuda:one'"),
        ({"model": {"dtype": "int4"}}, "E704.*'int4'"),
        ({"model": {"train_batch_tokens": 0}}, "E502.*train_batch_tokens is 0"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_setting_is_refused_when_the_pipe_is_added(make_nlp, config, said):
    with pytest.raises(ValueError, match=said):
        make_nlp(labels=["LOC"], **config)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_cuda_where_there_is_none_is_refused_when_the_pipe_is_added(make_nlp, device):
    with pytest.raises(ValueError, match=f"E703.*'{device}'.*'cpu' or 'auto'"):
        make_nlp(labels=["LOC"], model={"device": device})


def test_another_model_than_a_causal_one_is_refused():
    model = {"@architectures": "spacy.HashEmbedCNN.v2"}
    settings = {"width": 8, "depth": 1, "embed_size": 8, "window_size": 1}
    settings |= {
        "maxout_pieces": 1,
        "subword_features": False,
        "pretrained_vectors": None,
    }
    with pytest.raises(ValueError, match="E705"):
        spacy.blank("en").add_pipe("padellm_ner", config={"model": model | settings})


@pytest.fixture
def folder(adapter_folder, tmp_path):
    """A copy of an adapter's folder, to be spoiled."""
    return shutil.copytree(adapter_folder, tmp_path / "adapter")


def edit(file, **changes) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def no_weights(folder):
    (folder / "adapter_model.safetensors").unlink()


def no_config(folder):
    (folder / "adapter_config.json").unlink()


def cut_weights(folder):
    file = folder / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def cut_config(folder):
    file = folder / "adapter_config.json"
    file.write_text(file.read_text()[:-20])


def pickled(folder):
    no_weights(folder)
    torch.save({}, folder / "adapter_model.bin")


def another_kind(folder):
    edit(folder / "adapter_config.json", peft_type="IA3")


def a_foreign_card(folder):
    edit(folder / "padellm.json", colour="blue")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (shutil.rmtree, "E320"),
        (no_weights, "E321.*adapter_model.safetensors"),
        (no_config, "E321.*adapter_config.json"),
        (cut_weights, "E324.*adapter_model.safetensors"),
        (cut_config, "E324.*adapter_config.json"),
        (pickled, "E322.*adapter_model.bin"),
        (another_kind, "E323.*'IA3'"),
        (a_foreign_card, "E324.*padellm.json.*colour"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_spoiled_adapter_is_refused_with_its_path(make_nlp, folder, spoil, said):
    spoil(folder)
    nlp = make_nlp(model={"adapter": str(folder)})
    doc = nlp.make_doc(GOLD[1][0])
    with pytest.raises(ValueError, match=said) as caught:
        nlp.get_pipe("padellm_ner")(doc)
    assert str(folder) in str(caught.value)
    assert not doc.has_annotation("ENT_IOB"), "no doc was touched"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(cut_weights, "E324"), (pickled, "E322"), (shutil.rmtree, "E320")],
)
def test_a_saved_pipeline_with_a_spoiled_adapter_does_not_load(
    trained, tmp_path, spoil, said
):
    trained.to_disk(tmp_path)
    spoil(tmp_path / "padellm_ner" / "adapter")
    with pytest.raises(ValueError, match=said) as caught:
        spacy.load(tmp_path)
    assert str(tmp_path / "padellm_ner" / "adapter") in str(caught.value)


@pytest.fixture(scope="module")
def other_base(tiny_base, tmp_path_factory):
    """A base of the same shape with other weights."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("other") / "base"
    shutil.copytree(tiny_base, folder)
    tensors = load_file(folder / "model.safetensors")
    tensors = {name: tensor + 0.01 for name, tensor in tensors.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_another_base_than_the_adapter_s_is_refused(
    trained, tmp_path, other_base, tiny_base
):
    trained.to_disk(tmp_path)
    override = {"components.padellm_ner.model.base": str(other_base)}
    nlp = spacy.load(tmp_path, config=override)
    doc = nlp.make_doc(GOLD[1][0])
    with pytest.raises(ValueError, match="E326") as caught:
        nlp.get_pipe("padellm_ner")(doc)
    for path in (tmp_path / "padellm_ner" / "adapter", other_base, tiny_base):
        assert str(path) in str(caught.value)
    assert not doc.has_annotation("ENT_IOB")


def test_the_same_base_in_another_place_is_as_good(trained, tmp_path, tiny_base):
    trained.to_disk(tmp_path / "model")
    shutil.copytree(tiny_base, tmp_path / "moved")
    override = {"components.padellm_ner.model.base": str(tmp_path / "moved")}
    nlp = spacy.load(tmp_path / "model", config=override)
    assert [len(nlp(text).ents) for text, _ in GOLD] == [1, 2, 0, 3]
    assert (
        nlp.config["components"]["padellm_ner"]["model"]["base"]
        == override.popitem()[1]
    )


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_saved_pipeline_without_its_base_names_the_command(
    trained, tmp_path, monkeypatch, tiny_base, name
):
    """It loads, because loading needs no base, and works once the base is there."""
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    trained.to_disk(tmp_path / "model")
    override = {"components.padellm_ner.model.base": name}
    nlp = spacy.load(tmp_path / "model", config=override)
    doc = nlp.make_doc(GOLD[1][0])
    with pytest.raises(ValueError, match=f"E301.*spacy_padellm download {name}$"):
        nlp.get_pipe("padellm_ner")(doc)
    assert not doc.has_annotation("ENT_IOB")
    folder = shutil.copytree(tiny_base, tmp_path / "home" / name)
    write_manifest(folder, fingerprint=base_fingerprint(folder))
    assert [len(nlp(text).ents) for text, _ in GOLD] == [1, 2, 0, 3]


@pytest.mark.parametrize(
    "base", ["/no/such/base", "./no-such-base", "~/no/such/base", "org/model/more"]
)
def test_a_base_that_is_nowhere_is_named(make_nlp, base):
    nlp = make_nlp(labels=["LOC"], model={"base": base})
    with pytest.raises(ValueError, match=f"E304.*{base}"):
        nlp("Oslo")


def test_an_adapter_answers_only_in_its_own_format(
    make_nlp, adapter_folder, tmp_path, trained
):
    settings = {
        "model": {"adapter": str(adapter_folder)},
        "format": {
            "@misc": "spacy_padellm.PaDeLLM.v1",
            "template": "padellm.en",
        },
    }
    nlp = make_nlp(**settings)
    doc = nlp.make_doc("Oslo")
    said = r"E802.* \S*adapter was .*'PaDeLLM compact, prefix LM'.*'PaDeLLM padellm.en'"
    with pytest.raises(ValueError, match=said):
        nlp.get_pipe("padellm_ner")(doc)
    assert not doc.has_annotation("ENT_IOB")
    with pytest.raises(ValueError, match=said):
        nlp.initialize(lambda: examples(nlp))
    trained.to_disk(tmp_path)
    override = {"components.padellm_ner.format.template": "padellm.en"}
    with pytest.raises(ValueError, match=said):
        spacy.load(tmp_path, config=override)


def test_a_new_adapter_may_be_of_any_format(make_nlp):
    nlp = make_nlp(format={"template": "padellm.zh"})
    learn(nlp, examples(nlp), updates=1)
    nlp(GOLD[0][0])


def test_an_adapter_with_missing_and_foreign_tensors_is_refused(make_nlp, folder):
    from safetensors.numpy import load_file, save_file

    file = folder / "adapter_model.safetensors"
    tensors = load_file(file)
    name = next(iter(tensors))
    save_file({name + "x": tensors.pop(name), **tensors}, file)
    card = folder / "padellm.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"sha256": {}}))
    with pytest.raises(ValueError, match=f"E325.*{folder}.*missing.*foreign"):
        make_nlp(model={"adapter": str(folder)})("Oslo")


def test_an_update_names_the_folder_that_has_no_adapter(make_nlp, tmp_path):
    nlp = make_nlp(model={"adapter": str(tmp_path / "gone")}, labels=None)
    with pytest.raises(ValueError, match=f"E320.*{tmp_path / 'gone'}"):
        nlp.update(examples(nlp))


def test_an_adapter_that_does_not_load_is_not_tried_for_each_half_of_a_batch(
    make_nlp, folder, monkeypatch
):
    nlp, tried = make_nlp(model={"adapter": str(folder)}), []
    (folder / "adapter_config.json").unlink()
    ner = nlp.get_pipe("padellm_ner")
    real = ner._open
    monkeypatch.setattr(ner, "_open", lambda name: tried.append(name) or real(name))
    failed = []
    nlp.set_error_handler(lambda name, pipe, docs, error: failed.extend(docs))
    assert list(nlp.pipe(["Oslo"] * 16)) == []
    assert len(failed) == 16 and len(tried) <= 2


def test_after_an_error_the_same_base_still_serves_others(make_nlp, folder, trained):
    test_an_adapter_with_missing_and_foreign_tensors_is_refused(make_nlp, folder)
    assert [len(trained(text).ents) for text, _ in GOLD] == [1, 2, 0, 3]


def test_a_bare_add_pipe_without_the_shipped_adapter_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "spacy_padellm.adapters.shipped.shipped_folder", lambda name: tmp_path / "gone"
    )
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner")
    with pytest.raises(ValueError, match=f"E320.*{tmp_path / 'gone'}"):
        nlp("Oslo")
